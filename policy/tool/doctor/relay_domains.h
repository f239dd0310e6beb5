/* SPDX-License-Identifier: BSD-2-Clause */
/* relay_domains of Postfix: the domains whose mail leaves by relay_transport. */
#ifndef POLICY_TOOL_DOCTOR_RELAY_DOMAINS_H
#define POLICY_TOOL_DOCTOR_RELAY_DOMAINS_H

#include "policy/tool/doctor/postfix.h"

struct relay_domains;

/*
 * Reads the list. Its tables are asked for each of `names`, one a line. NULL: a table cannot be asked. *why
 * then says so in a line, to be freed, or is NULL (out of memory).
 */
struct relay_domains *relay_domains_read(const struct postfix *postfix, const char *names, char **why);
void relay_domains_free(struct relay_domains *domains); /* NULL is fine */

/* Whether the list has the name, which must be one of `names`. False if `domains` is NULL. */
bool relay_domains_has(const struct relay_domains *domains, const char *name);

#endif
