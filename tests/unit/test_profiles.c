/* SPDX-License-Identifier: BSD-2-Clause */
/* The built-in profiles and the providers' shared certificates. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "policy/requirement/profiles.h"

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
    return 0;
}

static const struct builtin_profile *profile_named(const char *name)
{
    for (size_t i = 0; i < builtin_profile_count; i++)
        if (strcmp(builtin_profiles[i].name, name) == 0)
            return &builtin_profiles[i];
    fail_msg("no profile %s", name);
    return NULL;
}

/* Whether the profile's list holds the suite, by whichever name. */
static bool lists(const struct builtin_profile *profile, const char *name)
{
    for (size_t i = 0; profile->ciphers[i] != NULL; i++)
        if (suites_find(suites, profile->ciphers[i]) == suites_find(suites, name))
            return true;
    return false;
}

static void the_six_profiles(void **state)
{
    static const struct {
        const char *name;
        enum tls_version version;
        size_t count;
        const char *date;
    } cases[] = {
        {"exchange-online", TLS_VERSION_1_2, 9, "2020-10"},
        {"mozilla-modern", TLS_VERSION_1_3, 3, "2026-04"},
        {"mozilla-intermediate", TLS_VERSION_1_2, 9, "2026-04"},
        {"nist-sp-800-52r2", TLS_VERSION_1_2, 60, "2019-08"},
        {"bsi-tr-02102-2", TLS_VERSION_1_2, 23, "2023-01"},
        {"ncsc-nl", TLS_VERSION_1_2, 12, "2025-05"},
    };

    (void)state;
    assert_int_equal(builtin_profile_count, sizeof cases / sizeof *cases);
    for (size_t i = 0; i < builtin_profile_count; i++) {
        const struct builtin_profile *profile = profile_named(cases[i].name);
        size_t count = 0;

        while (profile->ciphers[count] != NULL)
            count++;
        assert_int_equal(count, cases[i].count);
        assert_int_equal(profile->min_tls_version, cases[i].version);
        assert_string_equal(profile->date, cases[i].date);
        assert_true(strlen(profile->source) > 0);
    }
}

/* A misspelt name would silently be skipped. */
static void every_name_is_a_suite(void **state)
{
    (void)state;
    for (size_t i = 0; i < builtin_profile_count; i++) {
        const char *const *ciphers = builtin_profiles[i].ciphers;

        for (size_t j = 0; ciphers[j] != NULL; j++) {
            int suite = suites_find(suites, ciphers[j]);

            if (suite < 0)
                fail_msg("%s: %s", builtin_profiles[i].name, ciphers[j]);
            for (size_t k = 0; k < j; k++)
                if (suites_find(suites, ciphers[k]) == suite)
                    fail_msg("%s: %s twice", builtin_profiles[i].name, ciphers[j]);
            /* Only NIST's list is so old that it has what OpenSSL gave up. */
            if (strcmp(builtin_profiles[i].name, "nist-sp-800-52r2") != 0 || strstr(ciphers[j], "DHE_"))
                assert_false(suites_is_weak(suites, suite));
        }
    }
}

static void profiles_hold_and_lack(void **state)
{
    static const struct {
        const char *profile, *suite;
        bool held;
    } cases[] = {
        {"exchange-online", "TLS_AES_256_GCM_SHA384", true},
        {"exchange-online", "TLS_AES_128_GCM_SHA256", false},
        {"exchange-online", "ECDHE-RSA-AES128-SHA", true},
        {"exchange-online", "AES128-GCM-SHA256", true},
        {"exchange-online", "AES128-SHA", false},
        {"exchange-online", "ECDHE-ECDSA-AES256-GCM-SHA384", false},
        {"mozilla-modern", "TLS_CHACHA20_POLY1305_SHA256", true},
        {"mozilla-modern", "ECDHE-RSA-AES256-GCM-SHA384", false},
        {"mozilla-intermediate", "ECDHE-RSA-CHACHA20-POLY1305", true},
        {"mozilla-intermediate", "DHE-RSA-AES128-GCM-SHA256", false},
        {"mozilla-intermediate", "ECDHE-RSA-AES128-SHA256", false},
        {"nist-sp-800-52r2", "TLS_AES_128_CCM_8_SHA256", true},
        {"nist-sp-800-52r2", "TLS_CHACHA20_POLY1305_SHA256", false},
        {"nist-sp-800-52r2", "ECDHE-RSA-CHACHA20-POLY1305", false},
        {"nist-sp-800-52r2", "DHE-RSA-AES128-SHA", true},
        {"nist-sp-800-52r2", "ECDHE-ECDSA-AES256-CCM8", true},
        {"nist-sp-800-52r2", "AES256-GCM-SHA384", false},
        {"nist-sp-800-52r2", "ECDH-RSA-AES128-SHA256", true},
        {"bsi-tr-02102-2", "TLS_AES_128_CCM_SHA256", true},
        {"bsi-tr-02102-2", "TLS_CHACHA20_POLY1305_SHA256", false},
        {"bsi-tr-02102-2", "ECDHE-RSA-AES128-SHA256", true},
        {"bsi-tr-02102-2", "ECDHE-RSA-AES128-SHA", false},
        {"bsi-tr-02102-2", "DHE-DSS-AES256-GCM-SHA384", true},
        {"bsi-tr-02102-2", "ECDHE-ECDSA-AES128-CCM8", false},
        {"ncsc-nl", "TLS_AES_256_GCM_SHA384", true},
        {"ncsc-nl", "TLS_AES_128_CCM_SHA256", true},
        {"ncsc-nl", "TLS_AES_128_CCM_8_SHA256", false},
        {"ncsc-nl", "ECDHE-RSA-AES128-GCM-SHA256", true},
        {"ncsc-nl", "ECDHE-RSA-AES256-SHA384", false},
        {"ncsc-nl", "DHE-RSA-AES256-GCM-SHA384", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(suites_find(suites, cases[i].suite) >= 0);
        if (lists(profile_named(cases[i].profile), cases[i].suite) != cases[i].held)
            fail_msg("%s: %s", cases[i].profile, cases[i].suite);
    }
}

/* What is second-hand says so. */
static void doubts_are_named(void **state)
{
    static const char *const names[] = {"bsi-tr-02102-2", "nist-sp-800-52r2"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_non_null(strstr(profile_named(names[i])->note, "second-hand"));
        assert_non_null(strstr(profile_named(names[i])->note, "no ChaCha20"));
    }
    assert_non_null(strstr(profile_named("exchange-online")->note, "not verified"));
}

static void t18_shared_certificates(void **state)
{
    static const struct {
        const char *subject, *provider;
    } cases[] = {
        {"mail.protection.outlook.com", "Exchange Online"},
        {"MAIL.Protection.Outlook.COM", "Exchange Online"},
        {"contoso-com.mail.protection.outlook.com", "Exchange Online"},
        {"*.mail.protection.outlook.com", "Exchange Online"},
        {"*.protection.outlook.com", "Exchange Online"}, /* would match the first */
        {"smtp.gmail.com", "Google Workspace and Gmail"},
        {"*.gmail.com", "Google Workspace and Gmail"},
        {"*.pphosted.com", "Proofpoint"},
        {"mx0a-0010.pphosted.com", "Proofpoint"},
        {"MX0A-0010.PPHosted.com", "Proofpoint"},
        {"a.b.pphosted.com", "Proofpoint"},
        {"*.b.pphosted.com", "Proofpoint"},
        {"pphosted.com", NULL},
        {".pphosted.com", NULL},
        {"evilpphosted.com", NULL},
        {"pphosted.com.evil.test", NULL},
        {"mail.contoso.com", NULL},
        {"outlook.com", NULL},
        {"xsmtp.gmail.com", NULL},
        {"mx1.hgst.iphmx.com", NULL}, /* per customer */
        {"*", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct provider *provider = provider_of_subject(cases[i].subject);

        if (cases[i].provider == NULL ? provider != NULL
                                      : provider == NULL || strcmp(provider->name, cases[i].provider) != 0)
            fail_msg("%s: %s", cases[i].subject, provider == NULL ? "none" : provider->name);
    }
}

/* An issuer is worth what the CA file is worth: the catalogue tells which names were seen, and when. */
static void t17_t18_providers_are_described(void **state)
{
    (void)state;
    assert_true(provider_count >= 3);
    for (size_t i = 0; i < provider_count; i++) {
        assert_ptr_equal(provider_of_subject(providers[i].subject), &providers[i]);
        assert_true(strlen(providers[i].issuers) > 0);
        assert_non_null(strstr(providers[i].note, "platform, not the partner"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_six_profiles),        cmocka_unit_test(every_name_is_a_suite),
        cmocka_unit_test(profiles_hold_and_lack),  cmocka_unit_test(doubts_are_named),
        cmocka_unit_test(t18_shared_certificates), cmocka_unit_test(t17_t18_providers_are_described),
    };

    return cmocka_run_group_tests_name("profiles", tests, setup, teardown);
}
