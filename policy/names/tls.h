/* SPDX-License-Identifier: BSD-2-Clause */
/* TLS protocol versions and cipher suites, by the names that OpenSSL and IANA give them. */
#ifndef POLICY_NAMES_TLS_H
#define POLICY_NAMES_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tls_version {
    TLS_VERSION_UNREADABLE, /* a text that names no version */
    TLS_VERSION_SSL2,
    TLS_VERSION_SSL3,
    TLS_VERSION_1_0,
    TLS_VERSION_1_1,
    TLS_VERSION_1_2,
    TLS_VERSION_1_3
};

/* Reads a version exactly as SSL_get_version() writes it: "SSLv2", "SSLv3", "TLSv1" to "TLSv1.3". */
enum tls_version tls_version_read(const char *text);
const char *tls_version_name(enum tls_version version); /* "TLSv1.2"; "unknown" for UNREADABLE */

enum { CIPHER_BITS_MAX = 256 }; /* of any suite: AES-256, CAMELLIA256, ARIA256, ChaCha20 */

/* The suites of this OpenSSL, and those that it or its predecessors no longer know. */
struct suites;

#define SUITES_MAX 512
struct suite_set {
    uint64_t bits[SUITES_MAX / 64];
};

/* Asks OpenSSL for its suites. NULL: out of memory, or OpenSSL cannot be set up. Immutable from then on. */
struct suites *suites_new(void);
void suites_free(struct suites *suites); /* NULL is fine */

/* The suite of exactly that OpenSSL or IANA name (also in an older spelling, "EDH-RSA-..."), or -1. */
int suites_find(const struct suites *suites, const char *name);

/* The known name (either spelling) nearest to a misspelt one: at most 3 letters off, without case, or NULL */
const char *suites_nearest(const struct suites *suites, const char *name);

size_t suites_count(const struct suites *suites);
const char *suites_name(const struct suites *suites, int suite);      /* OpenSSL's */
const char *suites_iana_name(const struct suites *suites, int suite); /* IANA's, or NULL */
bool suites_is_tls13(const struct suites *suites, int suite);
bool suites_is_ephemeral(const struct suites *suites, int suite); /* TLS 1.3, (EC)DHE, also anonymous ones */

/*
 * Whether the suite satisfies a partner only if it is named literally: it has no
 * encryption or no authentication, is EXPORT, RC2, RC4, DES, 3DES or MD5, or is no
 * longer known to this OpenSSL.
 */
bool suites_is_weak(const struct suites *suites, int suite);

/* Whether this OpenSSL can use the suite; and the secret bits of its cipher, 0 if OpenSSL cannot. */
bool suites_is_usable(const struct suites *suites, int suite);
int suites_bits(const struct suites *suites, int suite);

/* The suites of a kind, as a set. */
enum suite_kind {
    SUITES_USABLE,
    SUITES_WEAK,
    SUITES_EPHEMERAL,
    SUITES_TLS13,
    SUITES_OFFERED, /* of TLS 1.3, by OpenSSL unless it is configured otherwise */
    SUITE_KINDS
};
const struct suite_set *suites_of(const struct suites *suites, enum suite_kind kind);

/* Whether a text has the form of a suite name at all: letters, digits, "-" and "_", at most 64. */
bool suites_is_name(const char *text);

/*
 * Whether the name of a suite that is in no table shows that it is weak in the sense of suites_is_weak():
 * one of its words is NULL, anon, ADH, EXPORT, RC4, DES, MD5 or the like, or it is one of the suites of
 * RFC 9150, which do not encrypt.
 */
bool suites_name_is_weak(const char *name);

/*
 * Whether the name of a suite that is in no table shows forward secrecy: it begins with
 * TLS_AES_, TLS_CHACHA20_, TLS_ECDHE_, ECDHE-, TLS_DHE_, DHE- or EDH-.
 */
bool suites_name_is_ephemeral(const char *name);

/*
 * Reads one entry of a `ciphers` list into *set (members are added): a suite
 * name (then *literal is its index, else -1), or an OpenSSL cipher string such as
 * "ECDHE+AESGCM:!aNULL" over the suites up to TLS 1.2. Every element of a string must be
 * known to select something (after "!", "-" or "+" a word of OpenSSL's language may
 * select nothing); "@...", SUITEB..., and a DEFAULT that is not first are refused.
 * NULL if good; else a static text that says what is wrong, to be put after the entry
 * ("selects no suite"), and nothing is written.
 */
const char *suites_read(const struct suites *suites, const char *entry, struct suite_set *set, int *literal);

static inline bool suite_set_has(const struct suite_set *set, int suite)
{
    return suite >= 0 && ((set->bits[suite / 64] >> (suite % 64)) & 1);
}
static inline void suite_set_add(struct suite_set *set, int suite)
{
    set->bits[suite / 64] |= (uint64_t)1 << (suite % 64);
}
static inline void suite_set_keep(struct suite_set *set, const struct suite_set *these)
{
    for (size_t word = 0; word < SUITES_MAX / 64; word++)
        set->bits[word] &= these->bits[word];
}
static inline void suite_set_leave_out(struct suite_set *set, const struct suite_set *these)
{
    for (size_t word = 0; word < SUITES_MAX / 64; word++)
        set->bits[word] &= ~these->bits[word];
}
/* Whether some suite is in both sets. */
static inline bool suite_set_meets(const struct suite_set *set, const struct suite_set *other)
{
    uint64_t both = 0;

    for (size_t word = 0; word < SUITES_MAX / 64; word++)
        both |= set->bits[word] & other->bits[word];
    return both != 0;
}

#endif
