/* SPDX-License-Identifier: BSD-2-Clause */
/* A Postfix configuration, as postconf(1) prints it. */
#ifndef POLICY_TOOL_DOCTOR_POSTCONF_H
#define POLICY_TOOL_DOCTOR_POSTCONF_H

#include <stdbool.h>
#include <stddef.h>

/* A line of master.cf. */
struct service {
    const char *name, *type, *command; /* "127.0.0.1:10025", "inet", "smtpd" */
    const char *label;                 /* "127.0.0.1:10025/inet: ", a prefix for remarks about the service */
    bool chrooted;
};

struct postconf;

/*
 * Asks postconf for parameters and services of the configuration in `directory` (NULL: the usual one). NULL:
 * it failed. *why then says so in a line, to be freed, or is NULL (out of memory).
 */
struct postconf *postconf_read(const char *directory, char **why);
void postconf_free(struct postconf *postconf); /* NULL is fine */

/*
 * Returns the expanded value of a parameter as a service sees it (`service` NULL: that of main.cf). NULL:
 * this Postfix has no such parameter.
 */
const char *postconf_value(const struct postconf *postconf, const struct service *service, const char *name);
/* The same, but "" for a parameter that this Postfix does not have. */
const char *postconf_text(const struct postconf *postconf, const struct service *service, const char *name);
/* Returns the value as written, with its $references. If it is not set: the default, expanded. */
const char *postconf_written(const struct postconf *postconf, const struct service *service,
                             const char *name);
/* Returns the default that this Postfix has for the parameter. NULL: not known. */
const char *postconf_default(const struct postconf *postconf, const char *name);
/* Whether a boolean parameter is "yes". */
bool postconf_is_yes(const struct postconf *postconf, const struct service *service, const char *name);
/* A time ("3600s", "1h", "100") in seconds. */
long postconf_seconds(const char *value);
/*
 * Whether the service has a value of its own: by -o, or because the value refers to
 * a parameter that -o overrides.
 */
bool postconf_overrides(const struct postconf *postconf, const struct service *service, const char *name);

size_t postconf_service_count(const struct postconf *postconf);
const struct service *postconf_service(const struct postconf *postconf, size_t i);

/* Returns the version as a number: "3.7.11" is 3 * 1000 + 7. */
unsigned postconf_version(const struct postconf *postconf);

/* Returns what postconf warned of (unused parameters, overridden entries), a line each; "" for nothing. */
const char *postconf_warnings(const struct postconf *postconf);

/* Returns the directory of the configuration. */
const char *postconf_directory(const struct postconf *postconf);

#endif
