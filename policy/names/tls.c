/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLS versions and cipher suites by name. Asks OpenSSL once, in suites_new(),
 * which suites it has and which of them each word of its cipher string
 * language selects; from then on everything is a look-up, so that a list with
 * a million partners asks OpenSSL no more than one with a single partner.
 * Knows nothing of partners or profiles, and opens no connection.
 */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "policy/names/scalar.h"
#include "policy/names/tls_internal.h"

enum { NEAR = 3 };

static const char *const version_names[] = {"unknown", "SSLv2",   "SSLv3",  "TLSv1",
                                            "TLSv1.1", "TLSv1.2", "TLSv1.3"};

enum tls_version tls_version_read(const char *text)
{
    if (text != NULL)
        for (int i = TLS_VERSION_SSL2; i <= TLS_VERSION_1_3; i++)
            if (strcmp(text, version_names[i]) == 0)
                return (enum tls_version)i;
    return TLS_VERSION_UNREADABLE;
}

const char *tls_version_name(enum tls_version version)
{
    return version_names[(unsigned)version <= TLS_VERSION_1_3 ? version : TLS_VERSION_UNREADABLE];
}

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool suites_is_name(const char *text)
{
    size_t length = text == NULL ? 0 : strlen(text);

    if (length == 0 || length > SUITE_NAME_LENGTH)
        return false;
    return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == length;
}

bool suites_name_is_ephemeral(const char *name)
{
    static const char *const prefixes[] = {"TLS_AES_", "TLS_CHACHA20_", "TLS_ECDHE_", "TLS_DHE_",
                                           "ECDHE-",   "DHE-",          "EDH-"};

    if (!suites_is_name(name))
        return false;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (has_prefix(name, prefixes[i]))
            return true;
    return false;
}

/* Compares without case; digits may follow the wanted word ("RC4128", "DES40"). */
static bool is_weak_word(const char *word, size_t length)
{
    static const char *const weak[] = {"NULL", "aNULL", "eNULL", "anon", "ADH", "AECDH", "EXP",    "EXPORT",
                                       "RC2",  "RC4",   "DES",   "3DES", "MD4", "MD5",   "ARCFOUR"};

    for (size_t i = 0; i < sizeof weak / sizeof *weak; i++) {
        size_t own = strlen(weak[i]);

        if (own <= length && strncasecmp(word, weak[i], own) == 0
            && strspn(word + own, "0123456789") >= length - own)
            return true;
    }
    return false;
}

bool suites_name_is_weak(const char *name)
{
    if (!suites_is_name(name))
        return false;
    if (strcmp(name, "TLS_SHA256_SHA256") == 0 || strcmp(name, "TLS_SHA384_SHA384") == 0)
        return true;
    while (*name != '\0') {
        size_t length = strcspn(name, "-_");

        if (is_weak_word(name, length))
            return true;
        name += length + (name[length] != '\0');
    }
    return false;
}

/* Whether a forgotten suite is ephemeral, by OpenSSL's name for it. */
static bool forgotten_is_ephemeral(const char *name)
{
    if (has_prefix(name, "EXP-"))
        name += strlen("EXP-");
    else if (has_prefix(name, "EXP1024-"))
        name += strlen("EXP1024-");
    return suites_name_is_ephemeral(name) || has_prefix(name, "ADH-") || has_prefix(name, "AECDH-");
}

static bool cipher_is_ephemeral(const SSL_CIPHER *cipher)
{
    switch (SSL_CIPHER_get_kx_nid(cipher)) {
    case NID_kx_any: /* TLS 1.3 */
    case NID_kx_dhe:
    case NID_kx_ecdhe:
    case NID_kx_dhe_psk:
    case NID_kx_ecdhe_psk:
        return true;
    default:
        return false;
    }
}

static bool cipher_is_weak(const SSL_CIPHER *cipher)
{
    int key_bits = 0;

    if (SSL_CIPHER_get_auth_nid(cipher) == NID_auth_null || SSL_CIPHER_get_digest_nid(cipher) == NID_md5)
        return true;
    switch (SSL_CIPHER_get_cipher_nid(cipher)) {
    case NID_rc2_cbc:
    case NID_rc4:
    case NID_des_cbc:
    case NID_des_ede3_cbc:
        return true;
    default: /* NULL, EXPORT; by the key, as OpenSSL >= 3.2 rates the strength of CCM8 suites at 64 bits */
        SSL_CIPHER_get_bits(cipher, &key_bits);
        return key_bits < 112;
    }
}

/* Keeps the spellings sorted; one that does not fit is left out. */
static void spelling_add(struct suites *suites, const char *text, size_t suite)
{
    size_t place = suites->spelling_count;

    if (place == sizeof suites->spelling / sizeof *suites->spelling)
        return;
    while (place > 0 && strcmp(suites->spelling[place - 1].text, text) > 0)
        place--;
    memmove(&suites->spelling[place + 1], &suites->spelling[place],
            (suites->spelling_count - place) * sizeof *suites->spelling);
    suites->spelling[place] = (struct spelling){text, (int)suite};
    suites->spelling_count++;
}

static void suite_add(struct suites *suites, const struct suite *suite)
{
    if (suites->count == SUITES_MAX)
        return;
    suites->suite[suites->count] = *suite;
    spelling_add(suites, suite->name, suites->count);
    if (suite->iana != NULL && strcmp(suite->name, suite->iana) != 0)
        spelling_add(suites, suite->iana, suites->count);
    suites->count++;
}

static int spelling_compare(const void *left, const void *right)
{
    return strcmp(((const struct spelling *)left)->text, ((const struct spelling *)right)->text);
}

static void take_openssl(struct suites *suites, const SSL_CTX *tls)
{
    const STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(tls);

    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
        const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(ciphers, i);
        struct suite suite = {SSL_CIPHER_get_name(cipher),
                              SSL_CIPHER_standard_name(cipher),
                              SSL_CIPHER_get_kx_nid(cipher) == NID_kx_any,
                              cipher_is_ephemeral(cipher),
                              cipher_is_weak(cipher),
                              false,
                              SSL_CIPHER_get_bits(cipher, NULL)};

        suite_add(suites, &suite);
    }
}

static void take_forgotten(struct suites *suites)
{
    for (size_t i = 0; i < forgotten_suite_count; i++) {
        const char *name = forgotten_suites[i].name, *iana = forgotten_suites[i].iana;
        const struct suite suite = {name, iana, false, forgotten_is_ephemeral(name), true, true, 0};
        int same = iana == NULL ? -1 : suites_find(suites, iana);

        if (suites_find(suites, name) >= 0)
            continue;
        if (same >= 0)
            spelling_add(suites, name, (size_t)same);
        else
            suite_add(suites, &suite);
    }
}

static void take_word(struct suites *suites, SSL_CTX *tls, size_t word)
{
    const STACK_OF(SSL_CIPHER) *ciphers;
    char string[64];

    snprintf(string, sizeof string, "%s:@SECLEVEL=0", cipher_words[word]);
    if (SSL_CTX_set_cipher_list(tls, string) != 1)
        return;
    ciphers = SSL_CTX_get_ciphers(tls);
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
        int suite = suites_find(suites, SSL_CIPHER_get_name(sk_SSL_CIPHER_value(ciphers, i)));

        if (suite >= 0 && !suites->suite[suite].tls13)
            suite_set_add(&suites->selected[word], suite);
    }
}

static bool is_offered(const struct suite *suite)
{
    static const char *const names[] = {"TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
                                        "TLS_AES_128_GCM_SHA256"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(suite->name, names[i]) == 0)
            return suite->tls13;
    return false;
}

/* Sets, because rules are compared set by set, not suite by suite. */
static void note_kinds(struct suites *suites)
{
    for (int i = 0; i < (int)suites->count; i++) {
        const struct suite *suite = &suites->suite[i];
        const bool is[SUITE_KINDS] = {[SUITES_USABLE] = !suite->gone,
                                      [SUITES_WEAK] = suite->weak,
                                      [SUITES_EPHEMERAL] = suite->ephemeral,
                                      [SUITES_TLS13] = suite->tls13,
                                      [SUITES_OFFERED] = is_offered(suite)};

        for (int kind = 0; kind < SUITE_KINDS; kind++)
            if (is[kind])
                suite_set_add(&suites->of[kind], i);
    }
}

struct suites *suites_new(void)
{
    struct suites *suites = calloc(1, sizeof *suites);
    SSL_CTX *tls = NULL;
    bool good = false;

    ERR_set_mark();
    tls = SSL_CTX_new(TLS_method());
    if (suites == NULL || tls == NULL)
        goto out;
    /* An OpenSSL built without one of these keeps its own list. */
    (void)SSL_CTX_set_ciphersuites(tls, "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"
                                        "TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256:"
                                        "TLS_AES_128_CCM_8_SHA256");
    if (SSL_CTX_set_cipher_list(tls, "ALL:COMPLEMENTOFALL:@SECLEVEL=0") != 1)
        goto out;
    take_openssl(suites, tls);
    take_forgotten(suites);
    for (size_t i = 0; i < CIPHER_WORDS; i++)
        take_word(suites, tls, i);
    note_kinds(suites);
    good = true;
out:
    SSL_CTX_free(tls);
    ERR_pop_to_mark();
    if (!good) {
        free(suites);
        suites = NULL;
    }
    return suites;
}

void suites_free(struct suites *suites)
{
    free(suites);
}

int suites_find(const struct suites *suites, const char *name)
{
    const struct spelling wanted = {name, 0}, *found = NULL;

    if (name != NULL)
        found = bsearch(&wanted, suites->spelling, suites->spelling_count, sizeof wanted, spelling_compare);
    return found == NULL ? -1 : found->suite;
}

const char *suites_nearest(const struct suites *suites, const char *name)
{
    const struct spelling *nearest = NULL;
    unsigned most = NEAR, least;
    size_t length = name == NULL ? 0 : strlen(name);

    if (length / 4 < most)
        most = (unsigned)length / 4;
    least = most + 1;

    for (size_t i = 0; length > 0 && i < suites->spelling_count; i++) {
        const struct spelling *candidate = &suites->spelling[i];
        unsigned steps = scalar_distance(name, candidate->text, most);

        /* Of two that are equally near, the weak one is not meant. */
        if (steps < least
            || (steps == least && steps <= most && nearest != NULL && suites_is_weak(suites, nearest->suite)
                && !suites_is_weak(suites, candidate->suite))) {
            nearest = candidate;
            least = steps;
        }
    }
    return nearest == NULL ? NULL : nearest->text;
}

size_t suites_count(const struct suites *suites)
{
    return suites->count;
}

/* An index that is none stands for a suite of which nothing good is known. */
static const struct suite *suite_at(const struct suites *suites, int suite)
{
    static const struct suite none = {"unknown", NULL, false, false, true, true, 0};

    return suite >= 0 && (size_t)suite < suites->count ? &suites->suite[suite] : &none;
}

const struct suite_set *suites_of(const struct suites *suites, enum suite_kind kind)
{
    return &suites->of[kind];
}

const char *suites_name(const struct suites *suites, int suite)
{
    return suite_at(suites, suite)->name;
}

const char *suites_iana_name(const struct suites *suites, int suite)
{
    return suite_at(suites, suite)->iana;
}

bool suites_is_tls13(const struct suites *suites, int suite)
{
    return suite_at(suites, suite)->tls13;
}

bool suites_is_ephemeral(const struct suites *suites, int suite)
{
    return suite_at(suites, suite)->ephemeral;
}

bool suites_is_usable(const struct suites *suites, int suite)
{
    return !suite_at(suites, suite)->gone;
}

int suites_bits(const struct suites *suites, int suite)
{
    return suite_at(suites, suite)->bits;
}

bool suites_is_weak(const struct suites *suites, int suite)
{
    return suite_at(suites, suite)->weak;
}
