/* SPDX-License-Identifier: BSD-2-Clause */
/* The built-in requirement profiles: data, in one place. */
#ifndef POLICY_REQUIREMENT_PROFILES_H
#define POLICY_REQUIREMENT_PROFILES_H

#include <stddef.h>
#include "policy/names/tls.h"

struct builtin_profile {
    const char *name;
    enum tls_version min_tls_version;
    const char *const *ciphers; /* OpenSSL or IANA names, then NULL; skip those unknown to suites_find() */
    const char *source;         /* document and edition */
    const char *date;           /* of that edition, "2025-05" */
    const char *note;           /* remarks ("second-hand", "no ChaCha20"), or NULL */
};

extern const struct builtin_profile builtin_profiles[];
extern const size_t builtin_profile_count;

/* Certificates that all customers of a provider share: they prove the platform, not the partner. */
struct provider {
    const char *name;    /* "Exchange Online" */
    const char *subject; /* common name; "*.pphosted.com" covers itself and every name below pphosted.com */
    const char *issuers; /* issuers seen, with dates, for people */
    const char *note;    /* what it proves and what not */
};

extern const struct provider providers[];
extern const size_t provider_count;

/*
 * Returns the provider whose shared certificate has the common name that a policy wants, or NULL. Ignores
 * case; a wildcard of the policy may match, too.
 */
const struct provider *provider_of_subject(const char *subject);

#endif
