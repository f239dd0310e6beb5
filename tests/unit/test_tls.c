/* SPDX-License-Identifier: BSD-2-Clause */
/* Versions, suites and cipher strings. What a string selects is compared with what OpenSSL makes of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include "policy/names/tls_internal.h"

static struct suites *suites;

static int setup(void **state)
{
    (void)state;
    suites = suites_new();
    return suites == NULL;
}

static int teardown(void **state)
{
    (void)state;
    suites_free(suites);
    suites_free(NULL);
    return 0;
}

static void t06_versions(void **state)
{
    static const char *const names[] = {"SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"};
    static const char *const unreadable[] = {
        "", "UNKNOWN", "unknown", "tlsv1.2", "TLSV1.2", " TLSv1.2", "TLSv1.2 ", "TLSv1.2\n", "TLSv1.0",
        "TLSv1.4",
        "TLSv1.20", "TLSv1.", "TLSv2", "TLS1.2", "TLS", "1.2", "DTLSv1.2", "SSLv1", "SSLv23", "TLSv1,2",
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        enum tls_version version = tls_version_read(names[i]);

        assert_int_equal(version, TLS_VERSION_SSL2 + i);
        assert_string_equal(tls_version_name(version), names[i]);
    }
    for (size_t i = 0; i < sizeof unreadable / sizeof *unreadable; i++)
        if (tls_version_read(unreadable[i]) != TLS_VERSION_UNREADABLE)
            fail_msg("\"%s\" was read", unreadable[i]);
    assert_int_equal(tls_version_read(NULL), TLS_VERSION_UNREADABLE);
    assert_string_equal(tls_version_name(TLS_VERSION_UNREADABLE), "unknown");
    assert_string_equal(tls_version_name((enum tls_version)99), "unknown");
}

static void t06_versions_are_ordered(void **state)
{
    (void)state;
    assert_true(TLS_VERSION_UNREADABLE < TLS_VERSION_SSL2 && TLS_VERSION_SSL2 < TLS_VERSION_SSL3);
    assert_true(tls_version_read("SSLv3") < tls_version_read("TLSv1"));
    assert_true(tls_version_read("TLSv1") < tls_version_read("TLSv1.1"));
    assert_true(tls_version_read("TLSv1.1") < tls_version_read("TLSv1.2"));
    assert_true(tls_version_read("TLSv1.2") < tls_version_read("TLSv1.3"));
}

/* OpenSSL's name, IANA's, and what is said of the suite. */
static const struct {
    const char *name, *iana;
    bool tls13, ephemeral, weak;
} known[] = {
    {"TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384", true, true, false},
    {"TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256", true, true, false},
    {"TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_SHA256", true, true, false},
    {"TLS_AES_128_CCM_8_SHA256", "TLS_AES_128_CCM_8_SHA256", true, true, false},
    {"DHE-RSA-AES256-CCM8", "TLS_DHE_RSA_WITH_AES_256_CCM_8", false, true, false},
    {"ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", false, true, false},
    {"ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", false, true, false},
    {"ECDHE-RSA-AES256-SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", false, true, false},
    {"DHE-RSA-AES256-SHA", "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", false, true, false},
    {"DHE-PSK-AES128-CBC-SHA", "TLS_DHE_PSK_WITH_AES_128_CBC_SHA", false, true, false},
    {"ECDHE-PSK-AES128-CBC-SHA", "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA", false, true, false},
    {"AES128-SHA", "TLS_RSA_WITH_AES_128_CBC_SHA", false, false, false},
    {"AES256-GCM-SHA384", "TLS_RSA_WITH_AES_256_GCM_SHA384", false, false, false},
    {"PSK-AES128-GCM-SHA256", "TLS_PSK_WITH_AES_128_GCM_SHA256", false, false, false},
    {"ADH-AES256-GCM-SHA384", "TLS_DH_anon_WITH_AES_256_GCM_SHA384", false, true, true},
    {"AECDH-AES128-SHA", "TLS_ECDH_anon_WITH_AES_128_CBC_SHA", false, true, true},
    {"NULL-SHA256", "TLS_RSA_WITH_NULL_SHA256", false, false, true},
    {"NULL-MD5", "TLS_RSA_WITH_NULL_MD5", false, false, true},
    {"ECDHE-RSA-NULL-SHA", "TLS_ECDHE_RSA_WITH_NULL_SHA", false, true, true},
    {"RC4-MD5", "TLS_RSA_WITH_RC4_128_MD5", false, false, true},
    {"RC4-SHA", "TLS_RSA_WITH_RC4_128_SHA", false, false, true},
    {"DES-CBC3-SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA", false, false, true},
    {"DES-CBC-SHA", "TLS_RSA_WITH_DES_CBC_SHA", false, false, true},
    {"ECDHE-RSA-RC4-SHA", "TLS_ECDHE_RSA_WITH_RC4_128_SHA", false, true, true},
    {"ECDHE-RSA-DES-CBC3-SHA", "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", false, true, true},
    {"DHE-RSA-DES-CBC3-SHA", "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA", false, true, true},
    {"AECDH-DES-CBC3-SHA", "TLS_ECDH_anon_WITH_3DES_EDE_CBC_SHA", false, true, true},
    {"ADH-RC4-MD5", "TLS_DH_anon_WITH_RC4_128_MD5", false, true, true},
    {"EXP-RC4-MD5", "TLS_RSA_EXPORT_WITH_RC4_40_MD5", false, false, true},
    {"EXP-EDH-RSA-DES-CBC-SHA", "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA", false, true, true},
    {"EXP-ADH-RC4-MD5", "TLS_DH_anon_EXPORT_WITH_RC4_40_MD5", false, true, true},
    {"EXP-DH-RSA-DES-CBC-SHA", "TLS_DH_RSA_EXPORT_WITH_DES40_CBC_SHA", false, false, true},
    {"ECDH-RSA-AES128-SHA", "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA", false, false, true},
    {"KRB5-RC4-MD5", "TLS_KRB5_WITH_RC4_128_MD5", false, false, true},
    {"DHE-PSK-RC4-SHA", "TLS_DHE_PSK_WITH_RC4_128_SHA", false, true, true},
};

static void t08_t09_known_suites(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        int suite = suites_find(suites, known[i].name);

        if (suite < 0 || suites_find(suites, known[i].iana) != suite)
            fail_msg("%s: %d, not so %s", known[i].name, suite, known[i].iana);
        assert_string_equal(suites_name(suites, suite), known[i].name);
        assert_string_equal(suites_iana_name(suites, suite), known[i].iana);
        if (suites_is_tls13(suites, suite) != known[i].tls13 || suites_is_weak(suites, suite) != known[i].weak
            || suites_is_ephemeral(suites, suite) != known[i].ephemeral)
            fail_msg("%s is misjudged", known[i].name);
    }
}

/* One suite has one index, whatever it is called, and no name is lost. */
static void t08_names_and_indices(void **state)
{
    int alias;

    (void)state;
    assert_true(suites_count(suites) > 200);
    assert_true(suites_count(suites) <= SUITES_MAX);
    for (int suite = 0; suite < (int)suites_count(suites); suite++) {
        const char *iana = suites_iana_name(suites, suite);

        assert_true(suites_is_name(suites_name(suites, suite)));
        assert_int_equal(suites_find(suites, suites_name(suites, suite)), suite);
        if (iana != NULL)
            assert_int_equal(suites_find(suites, iana), suite);
    }
    for (size_t i = 0; i < forgotten_suite_count; i++) {
        int suite = suites_find(suites, forgotten_suites[i].name);

        assert_true(suites_is_weak(suites, suite));
        if (forgotten_suites[i].iana != NULL)
            assert_int_equal(suites_find(suites, forgotten_suites[i].iana), suite);
    }
    alias = suites_find(suites, "EDH-RSA-DES-CBC3-SHA");
    assert_int_equal(alias, suites_find(suites, "DHE-RSA-DES-CBC3-SHA"));
    assert_int_not_equal(alias, suites_find(suites, "DHE-DSS-DES-CBC3-SHA"));
}

static void t08_unknown_names(void **state)
{
    static const char *const cases[] = {
        "", "aes128-sha", "AES128-SHA ", " AES128-SHA", "AES128", "ECDHE", "ALL", "TLS_AES_256_GCM_SHA38",
        "TLS_AES_256_GCM_SHA3845", "NONE", "unknown", "(NONE)",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (suites_find(suites, cases[i]) != -1)
            fail_msg("\"%s\" was found", cases[i]);
    assert_int_equal(suites_find(suites, NULL), -1);
    /* of an index that is none, nothing good is said */
    for (int suite = -1; suite < 4096; suite += 4096) {
        assert_true(suites_is_weak(suites, suite));
        assert_false(suites_is_tls13(suites, suite) || suites_is_ephemeral(suites, suite));
        assert_null(suites_iana_name(suites, suite));
        assert_string_equal(suites_name(suites, suite), "unknown");
    }
}

static void t08_names_alone(void **state)
{
    static const struct {
        const char *name;
        bool is_name, ephemeral;
    } cases[] = {
        {"TLS_AES_512_GCM_SHA512", true, true}, {"TLS_CHACHA20_POLY1305_SHA512", true, true},
        {"ECDHE-RSA-X", true, true}, {"TLS_ECDHE_RSA_WITH_X", true, true}, {"DHE-RSA-X", true, true},
        {"EDH-RSA-X", true, true}, {"TLS_DHE_RSA_WITH_X", true, true}, {"AES128-SHA", true, false},
        {"TLS_RSA_WITH_X", true, false}, {"ECDH-RSA-X", true, false}, {"DH-RSA-X", true, false},
        {"TLS_ECDH_RSA_WITH_X", true, false}, {"TLS_DH_anon_WITH_X", true, false},
        {"X-ECDHE-RSA", true, false},
        {"TLS_AESX", true, false}, {"ecdhe-rsa-x", true, false}, {"a", true, false}, {"", false, false},
        {"ECDHE-RSA X", false, false}, {"ECDHE-RSA\n", false, false}, {"ECDHE-RSA+X", false, false},
        {"ECDHE-\xc3\xa4", false, false},
        {"ECDHE-7890123456789012345678901234567890123456789012345678901234", true, true},
        {"ECDHE-78901234567890123456789012345678901234567890123456789012345", false, false},
    };
    char name[66];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (suites_is_name(cases[i].name) != cases[i].is_name)
            fail_msg("%s as a name", cases[i].name);
        if (suites_name_is_ephemeral(cases[i].name) != cases[i].ephemeral)
            fail_msg("%s as an ephemeral one", cases[i].name);
    }
    memset(name, 'A', 65);
    name[64] = '\0';
    assert_true(suites_is_name(name));
    name[64] = 'A';
    name[65] = '\0';
    assert_false(suites_is_name(name));
    assert_false(suites_is_name(NULL) || suites_name_is_ephemeral(NULL));
    for (int suite = 0; suite < (int)suites_count(suites); suite++) /* the table and the names agree */
        if (suites_name_is_ephemeral(suites_name(suites, suite)))
            assert_true(suites_is_ephemeral(suites, suite));
}

static void t28_weak_by_name(void **state)
{
    static const char *const weak[] = {
        "NULL-SHA512", "TLS_NULL_WITH_NULL_NULL", "X-ADH-Y", "AECDH-X", "TLS_DH_anon_WITH_X", "TLS_ECDH_ANON_WITH_X",
        "EXP-X", "EXP1024-X", "TLS_X_EXPORT_WITH_Y", "TLS_X_EXPORT1024_WITH_Y", "X-RC4-SHA", "X_RC4128_SHA", "rc4-x",
        "X-RC2-CBC", "X-DES-CBC", "DES40-X", "DES3-X", "TLS_X_WITH_3DES_EDE_CBC_SHA", "X-MD5", "ARCFOUR-X",
        "GOST2012256-NULL-GOST12", "TLS_SHA256_SHA256", "TLS_SHA384_SHA384", "NULL"};
    static const char *const good[] = {"TLS_SM4_GCM_SM3",  "TLS_FUTURE_SUITE", "ECDHE-RSA-NEW256-GCM", "X-DESIGN-GCM",
                                       "EXPANDED-X",       "NULLIFY-X",        "RC4X-Y",               "X-AES256-SHA512",
                                       "TLS_SHA256_SHA384", "-_-",             "",                     "RC4 X"};

    (void)state;
    for (size_t i = 0; i < sizeof weak / sizeof *weak; i++)
        if (!suites_name_is_weak(weak[i]))
            fail_msg("%s is weak", weak[i]);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (suites_name_is_weak(good[i]))
            fail_msg("nothing in %s shows that it is weak", good[i]);
    assert_false(suites_name_is_weak(NULL));
    for (int suite = 0; suite < (int)suites_count(suites); suite++) { /* the table and the names agree */
        const char *iana = suites_iana_name(suites, suite);

        if (!suites_is_weak(suites, suite) && (suites_name_is_weak(suites_name(suites, suite)) || (iana != NULL && suites_name_is_weak(iana))))
            fail_msg("%s is not weak", suites_name(suites, suite));
    }
}

static void nearest_names(void **state)
{
    static const struct {
        const char *name, *nearest;
    } cases[] = {
        {"ECDHE-RSA-AES128-GCM-SHA265", "ECDHE-RSA-AES128-GCM-SHA256"},
        {"ECDHE-RSA-AES-128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
        {"ecdhe-rsa-aes128-gcm-sha256", "ECDHE-RSA-AES128-GCM-SHA256"},
        {"ECDHE_RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
        {"TLS_AES_256_GCM_SHA_384", "TLS_AES_256_GCM_SHA384"},
        {"TLS_RSA_WITH_AES_128_CBC_SHA1", "TLS_RSA_WITH_AES_128_CBC_SHA"},
        {"RC4-SHA1", "RC4-SHA"},
        {"AES128-SHA", "AES128-SHA"},
        {"AES", NULL},
        {"", NULL},
        {"Contoso", NULL},
        {"ECDHE-RSA-SERPENT256-GCM-SHA256", NULL},
        {"x23456789012345678901234567890123456789012345678901234567890123456789012345678901234567890", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *nearest = suites_nearest(suites, cases[i].name);

        if (nearest == NULL || cases[i].nearest == NULL)
            assert_ptr_equal(nearest, cases[i].nearest);
        else
            assert_string_equal(nearest, cases[i].nearest);
    }
    assert_null(suites_nearest(suites, NULL));
}

/* Whether OpenSSL makes the same set of the string; false also if it knows no suite for it. */
static bool openssl_agrees(SSL_CTX *tls, const char *string, const struct suite_set *set)
{
    const STACK_OF(SSL_CIPHER) *ciphers;
    struct suite_set theirs = {{0}};
    char text[1024];

    snprintf(text, sizeof text, "%s:@SECLEVEL=0", string);
    if (SSL_CTX_set_cipher_list(tls, text) != 1) {
        ERR_clear_error();
        return false;
    }
    ciphers = SSL_CTX_get_ciphers(tls);
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
        int suite = suites_find(suites, SSL_CIPHER_get_name(sk_SSL_CIPHER_value(ciphers, i)));

        if (!suites_is_tls13(suites, suite))
            suite_set_add(&theirs, suite);
    }
    return memcmp(&theirs, set, sizeof theirs) == 0;
}

static void t08_strings_as_openssl_has_them(void **state)
{
    static const char *const cases[] = {
        "ECDHE+AESGCM", "ECDHE+AESGCM:!aNULL", "HIGH:!aNULL:!MD5", "ALL", "DEFAULT", "DEFAULT:!SHA1",
        "COMPLEMENTOFALL",
        "COMPLEMENTOFDEFAULT", "ALL:!aNULL:!eNULL:!EXPORT:!LOW:!RC4:!3DES", "HIGH,!aNULL", "HIGH !aNULL",
        "HIGH;!aNULL",
        "EECDH+AESGCM:EDH+AESGCM:AES256+EECDH:AES256+EDH", "ECDHE:-ECDHE:DHE",
        "ECDHE:!ECDHE:ECDHE+AES256:DHE",
        "ECDHE:-ECDHE:ECDHE+AES256", "RSA+AES:+AES128", "AES128-SHA", "AES128-SHA:AES256-SHA",
        "AES128-SHA+RSA:DHE",
        "ALL:-ALL:AES128-SHA", "TLSv1.2+HIGH", "SHA384:SHA256", "kRSA+AESGCM+AES256", "ECDHE+CHACHA20",
        ":HIGH::", "RSA",
        "aNULL", "NULL", "ALL:!KRB5:!IDEA:!SEED:!RC2:!DES:!EXP:!SSLv2:!kDHr:!ECDHE-RSA-RC4-SHA",
        "HIGH:+RC4:!PSK:!SRP",
    };
    SSL_CTX *tls = SSL_CTX_new(TLS_method());

    (void)state;
    assert_non_null(tls);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct suite_set set = {{0}};
        int literal = -7;
        const char *wrong = suites_read(suites, cases[i], &set, &literal);

        if (wrong != NULL)
            fail_msg("%s %s", cases[i], wrong);
        if (!openssl_agrees(tls, cases[i], &set))
            fail_msg("%s: OpenSSL selects otherwise", cases[i]);
        assert_int_equal(literal, suites_find(suites, cases[i]));
    }
    SSL_CTX_free(tls);
}

/* OpenSSL forgets these beside a word of strength, and selects more than both words do. */
static bool is_forgotten_in_pairs(const char *word)
{
    return strcmp(word, "COMPLEMENTOFDEFAULT") == 0 || strcmp(word, "FIPS") == 0;
}

/* Every pair of words selects what OpenSSL selects, or is refused where OpenSSL knows nothing. */
static void t08_all_pairs_of_words(void **state)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_method());
    int good = 0;

    (void)state;
    assert_non_null(tls);
    for (size_t i = 1; i < CIPHER_WORDS; i++)
        for (size_t j = 1; j < CIPHER_WORDS; j++) {
            struct suite_set set = {{0}};
            int literal;
            char text[64];
            bool read;

            snprintf(text, sizeof text, "%s+%s", cipher_words[i], cipher_words[j]);
            read = suites_read(suites, text, &set, &literal) == NULL;
            if (is_forgotten_in_pairs(cipher_words[i]) || is_forgotten_in_pairs(cipher_words[j]))
                continue;
            if (openssl_agrees(tls, text, &set) != read)
                fail_msg("%s: %d", text, read);
            good += read;
        }
    assert_true(good > 1000);
    SSL_CTX_free(tls);
}

static void t09_literal_names(void **state)
{
    static const char *const cases[] = {
        "RC4-SHA", "TLS_RSA_WITH_RC4_128_SHA", "TLS_AES_128_GCM_SHA256", "ADH-AES256-SHA", "NULL-SHA256",
        "EDH-RSA-DES-CBC3-SHA", "ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct suite_set set = {{0}}, expected = {{0}};
        int literal = -7;

        suite_set_add(&set, 3); /* members are added */
        suite_set_add(&expected, 3);
        suite_set_add(&expected, suites_find(suites, cases[i]));
        assert_null(suites_read(suites, cases[i], &set, &literal));
        assert_int_equal(literal, suites_find(suites, cases[i]));
        assert_memory_equal(&set, &expected, sizeof set);
    }
}

static void t08_no_tls13_through_a_string(void **state)
{
    struct suite_set set = {{0}};
    int literal = -7;

    (void)state;
    assert_null(suites_read(suites, "ALL:COMPLEMENTOFALL", &set, &literal));
    assert_int_equal(literal, -1);
    for (int suite = 0; suite < (int)suites_count(suites); suite++) {
        bool gone = suites->suite[suite].gone;

        if (suite_set_has(&set, suite) == (suites_is_tls13(suites, suite) || gone))
            fail_msg("%s", suites_name(suites, suite));
    }
    assert_false(suite_set_has(&set, -1));
}

static void t09_refused_entries(void **state)
{
    static const struct {
        const char *entry, *part;
    } cases[] = {
        {"", "selects no suite"},
        {":", "selects no suite"},
        {"!aNULL", "selects no suite"},
        {"-ALL:+RSA", "selects no suite"},
        {"ECDHE:!ECDHE", "selects no suite"},
        {"ECDHE:!ALL:!eNULL", "selects no suite"},
        {"ECDHE-RSA-AES128-GCM-SHA265", "neither a cipher suite nor a cipher string"},
        {"ecdhe+aesgcm", "neither a cipher suite nor a cipher string"},
        {"ECDHE+AESGMC", "neither a cipher suite nor a cipher string"},
        {"HIGH:!aNUL", "neither a cipher suite nor a cipher string"},
        {"HIGH:-FOO+BAR", "neither a cipher suite nor a cipher string"},
        {"HIGH:+FOO", "neither a cipher suite nor a cipher string"},
        {"HIGHER", "neither a cipher suite nor a cipher string"},
        {"DEFAULTS", "neither a cipher suite nor a cipher string"},
        {"PROFILE=SYSTEM", "neither a cipher suite nor a cipher string"},
        {"HIGH\n!aNULL", "neither a cipher suite nor a cipher string"},
        {"\xc3\xa4", "neither a cipher suite nor a cipher string"},
        {"A2345678901234567890123456789012345678901234567890123456789012345", "neither a cipher suite"},
        {"KRB5", "selects no suite of this OpenSSL"},
        {"HIGH:EXPORT", "selects no suite of this OpenSSL"},
        {"ECDHE+RSA-PSK-AES128-CBC-SHA", "selects no suite of this OpenSSL"},
        {"HIGH:ECDH-RSA-AES128-SHA", "selects no suite of this OpenSSL"},
        {"HIGH:@STRENGTH", "\"@\""},
        {"DEFAULT@SECLEVEL=1", "\"@\""},
        {"@SECLEVEL=0", "\"@\""},
        {"HIGH:DEFAULT", "DEFAULT that is not the first word"},
        {"HIGH:!DEFAULT", "neither a cipher suite nor a cipher string"},
        {"DEFAULT:DEFAULT", "DEFAULT that is not the first word"},
        {":DEFAULT", "DEFAULT that is not the first word"},
        {"SUITEB128", "SUITEB"},
        {"HIGH:SUITEB192", "SUITEB"},
        {"HIGH:TLS_AES_128_GCM_SHA256", "TLS 1.3"},
        {"HIGH:!TLS_AES_128_GCM_SHA256", "TLS 1.3"},
        {"TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384", "TLS 1.3"},
        {"ECDHE+", "is not written"},
        {"+", "is not written"},
        {"!", "is not written"},
        {"HIGH:!", "is not written"},
        {"ECDHE++AESGCM", "is not written"},
        {"HIGH:!!aNULL", "neither a cipher suite nor a cipher string"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct suite_set set = {{5}}, before = set;
        int literal = -7;
        const char *wrong = suites_read(suites, cases[i].entry, &set, &literal);

        if (wrong == NULL || strstr(wrong, cases[i].part) == NULL)
            fail_msg("%s: %s", cases[i].entry, wrong == NULL ? "good" : wrong);
        assert_memory_equal(&set, &before, sizeof set);
        assert_int_equal(literal, -7);
    }
}

/* OpenSSL's queue of errors belongs to the thread: what is asked here leaves nothing behind. */
static void no_errors_left_behind(void **state)
{
    struct suites *again;

    (void)state;
    ERR_clear_error();
    again = suites_new();
    assert_non_null(again);
    assert_int_equal(suites_count(again), suites_count(suites));
    suites_free(again);
    assert_int_equal(ERR_peek_error(), 0);
}

static void kinds_are_those_of_each_suite(void **state)
{
    size_t count[SUITE_KINDS] = {0};

    (void)state;
    for (int suite = 0; suite < SUITES_MAX; suite++) {
        bool there = suite < (int)suites_count(suites);
        const char *name = suites_name(suites, suite);
        const bool is[SUITE_KINDS] = {
            [SUITES_USABLE] = there && suites_is_usable(suites, suite),
            [SUITES_WEAK] = there && suites_is_weak(suites, suite),
            [SUITES_EPHEMERAL] = there && suites_is_ephemeral(suites, suite),
            [SUITES_TLS13] = there && suites_is_tls13(suites, suite),
            [SUITES_OFFERED] = strcmp(name, "TLS_AES_256_GCM_SHA384") == 0 || strcmp(name, "TLS_AES_128_GCM_SHA256") == 0
                               || strcmp(name, "TLS_CHACHA20_POLY1305_SHA256") == 0,
        };

        for (int kind = 0; kind < SUITE_KINDS; kind++) {
            if (suite_set_has(suites_of(suites, (enum suite_kind)kind), suite) != is[kind])
                fail_msg("kind %d of %s", kind, name);
            count[kind] += is[kind];
        }
    }
    assert_true(count[SUITES_USABLE] > 100 && count[SUITES_WEAK] > 10 && count[SUITES_EPHEMERAL] > 50);
    assert_true(count[SUITES_TLS13] >= 3 && count[SUITES_OFFERED] == 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t06_versions),
        cmocka_unit_test(kinds_are_those_of_each_suite),
        cmocka_unit_test(t06_versions_are_ordered),
        cmocka_unit_test(t08_t09_known_suites),
        cmocka_unit_test(t08_names_and_indices),
        cmocka_unit_test(t08_unknown_names),
        cmocka_unit_test(t08_names_alone), cmocka_unit_test(t28_weak_by_name),
        cmocka_unit_test(nearest_names),
        cmocka_unit_test(t08_strings_as_openssl_has_them),
        cmocka_unit_test(t08_all_pairs_of_words),
        cmocka_unit_test(t09_literal_names),
        cmocka_unit_test(t08_no_tls13_through_a_string),
        cmocka_unit_test(t09_refused_entries),
        cmocka_unit_test(no_errors_left_behind),
    };

    return cmocka_run_group_tests_name("tls", tests, setup, teardown);
}
