/* SPDX-License-Identifier: BSD-2-Clause */
/* A sendmail.cf, line by line. */
#ifndef POLICY_TOOL_DOCTOR_SENDMAIL_CF_H
#define POLICY_TOOL_DOCTOR_SENDMAIL_CF_H

#include <stdbool.h>
#include <stddef.h>

struct sendmail_cf;

/* Reads the file. NULL: it cannot be read; errno says why. */
struct sendmail_cf *sendmail_cf_read(const char *path);
void sendmail_cf_free(struct sendmail_cf *cf); /* NULL is fine */

/*
 * Returns what follows the letter in the i-th line that begins with it, with
 * continuations joined. NULL: no more.
 */
const char *sendmail_cf_line(const struct sendmail_cf *cf, char letter, size_t i);

/* Returns the i-th line with its letter, continuations joined. NULL: no more. */
const char *sendmail_cf_at(const struct sendmail_cf *cf, size_t i);

/*
 * Returns the value of "O Name=value" that counts, the last one; names match in
 * any case. NULL: it is not set.
 */
const char *sendmail_cf_option(const struct sendmail_cf *cf, const char *name);
/* The same for an option that may occur several times: its i-th value. */
const char *sendmail_cf_option_at(const struct sendmail_cf *cf, const char *name, size_t i);

/* Returns the version as a number: "8.17.1.9" is 8 * 10000 + 17 * 100 + 1. 0: the file does not say. */
unsigned sendmail_cf_version(const struct sendmail_cf *cf);

/*
 * Gets the value of an equate: "S=unix:/x" in "name, S=unix:/x, F=T". The first counts whose name begins with
 * `name`, in any case. False: there is none.
 */
bool sendmail_equate(const char *line, const char *name, char *value, size_t size);

#endif
