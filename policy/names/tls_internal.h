/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of the suites: for tls.c, tls_names.c and cipher_string.c only. */
#ifndef POLICY_NAMES_TLS_INTERNAL_H
#define POLICY_NAMES_TLS_INTERNAL_H

#include "policy/names/tls.h"

enum { SUITE_NAME_LENGTH = 64, CIPHER_WORDS = 101 };

/*
 * Suites that OpenSSL once had, under its names. Suites that this OpenSSL still knows are taken
 * from it; a further spelling of such a suite becomes an alias.
 */
struct forgotten_suite {
    const char *name, *iana; /* iana NULL: of SSLv2 */
};
extern const struct forgotten_suite forgotten_suites[];
extern const size_t forgotten_suite_count;

/* The words of OpenSSL's cipher strings, those of older versions included; DEFAULT is the first. */
extern const char *const cipher_words[CIPHER_WORDS];

struct suite {
    const char *name, *iana; /* of static storage, OpenSSL's or ours */
    bool tls13, ephemeral, weak;
    bool gone; /* no longer known to this OpenSSL */
    int bits;  /* of the cipher's key, as OpenSSL counts them; 0: the suite is gone */
};

/* One of the names of a suite. */
struct spelling {
    const char *text;
    int suite;
};

struct suites {
    size_t count, spelling_count;
    struct suite suite[SUITES_MAX];
    struct spelling spelling[2 * SUITES_MAX]; /* sorted by text */
    struct suite_set selected[CIPHER_WORDS];  /* what each word selects; no TLS 1.3 suite */
    struct suite_set of[SUITE_KINDS];
};

#endif
