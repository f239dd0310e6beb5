/* SPDX-License-Identifier: BSD-2-Clause */
/* policy/language/survey.c: what a policy needs from the MTA, and whether TLS sessions on offer can pass (T27, T31). */
#include "tests/unit/loading.h"
#include "policy/language/survey.h"

#define NOW "2026-06-01"

static struct survey survey_of(const char *text)
{
    struct policy *policy = load_good(text);
    struct survey survey = policy_survey(policy, date(NOW));

    /* The names lie in the policy; only whether they are there is compared. */
    policy_unref(policy);
    return survey;
}

static void headers_and_quarantine(void **state)
{
    static const struct {
        const char *text;
        bool header_from, quarantine;
    } rows[] = {
        {P "}\n", false, false},
        {P ", identities: [header_from]}\n", true, false},
        {P ", identities: [envelope_from, header_from]}\n", true, false},
        {P ", identities: [header_from], mode: testing}\n", true, false},
        {P ", identities: [header_from], mode: none}\n", false, false},
        {P ", identities: [header_from], mode: none, rollout: [{from: 2027-01-01, mode: testing}]}\n", true, false},
        {P ", identities: [header_from], rollout: [{from: 2026-01-01, mode: none}]}\n", false, false},
        {P ", action: quarantine}\n", false, true},
        {P ", action: {no_tls: reject, certificate_dates: quarantine, default: tempfail}}\n", false, true},
        {"defaults: {action: quarantine}\n" P "}\n", false, true},
        {"defaults: {action: quarantine}\n" P ", action: reject}\n", false, false},
        {P ", rollout: [{from: 2027-01-01, action: {default: quarantine}}]}\n", false, true},
        {P ", rollout: [{from: 2025-01-01, action: quarantine}, {from: 2026-01-01, action: reject}]}\n", false, false},
        {P ", rollout: [{from: 2025-01-01, action: quarantine}]}\n", false, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct survey survey = survey_of(rows[i].text);
        if ((survey.header_from != NULL) != rows[i].header_from || (survey.quarantine != NULL) != rows[i].quarantine)
            fail_msg("%s: header_from %d, quarantine %d", rows[i].text, survey.header_from != NULL,
                     survey.quarantine != NULL);
    }
}

static void t27_client_names(void **state)
{
    static const struct {
        const char *text;
        bool partner, exempt;
    } rows[] = {
        {P ", clients: [192.0.2.1, \"2001:db8::/32\"]}\n", false, false},
        {P ", clients: [mail.p.example]}\n", true, false},
        {P ", clients: [192.0.2.1, .p.example]}\n", true, false},
        {P ", require: {clients: [mail.p.example]}}\n", true, false},
        {"defaults: {require: {clients: [mail.p.example]}}\n" P "}\n", true, false},
        {"defaults: {require: {clients: [mail.p.example]}}\n" P ", require: {clients: [192.0.2.1]}}\n", false, false},
        {"profiles: {house: {clients: [.p.example]}}\n" P ", require: {profile: house}}\n", true, false},
        {P ", exceptions: [{clients: [mail.p.example], until: 2027-01-01, reason: x}]}\n", true, false},
        {P ", exceptions: [{clients: [mail.p.example], until: 2026-01-01, reason: x}]}\n", false, false},
        {P ", exceptions: [{senders: [a@p.example], until: 2027-01-01, reason: x}]}\n", false, false},
        {P ", clients: [mail.p.example], mode: none}\n", false, false},
        {"exempt: {clients: [127.0.0.1, relay.example]}\n" P "}\n", false, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct survey survey = survey_of(rows[i].text);
        if ((survey.client_names != NULL) != rows[i].partner || survey.exempt_names != rows[i].exempt)
            fail_msg("%s: %d %d", rows[i].text, survey.client_names != NULL, survey.exempt_names);
    }
}

#define STRONG {"TLS_AES_256_GCM_SHA384", TLS_VERSION_1_3, 256}
#define MIDDLE {"ECDHE-RSA-AES128-GCM-SHA256", TLS_VERSION_1_2, 128}
#define LASTING {"AES256-GCM-SHA384", TLS_VERSION_1_2, 256}
#define OLD {"AES128-SHA", TLS_VERSION_1_1, 128}
#define NO_CIPHER {"NULL-SHA256", TLS_VERSION_1_2, 0}

static void t31_sessions_on_offer(void **state)
{
    static const struct {
        const char *text;
        struct tls_offer offer[2];
        enum reason reason; /* REASON_NONE: the partner is served */
        const char *wanted;
    } rows[] = {
        {P "}\n", {STRONG, MIDDLE}, REASON_NONE, ""},
        {P "}\n", {MIDDLE, OLD}, REASON_NONE, ""},
        {P "}\n", {OLD, OLD}, REASON_TLS_VERSION, "TLSv1.2"},
        {P "}\n", {NO_CIPHER, OLD}, REASON_CIPHER, ""},
        {P ", require: {min_tls_version: TLSv1}}\n", {OLD, OLD}, REASON_NONE, ""},
        {P ", require: {min_tls_version: TLSv1.3}}\n", {MIDDLE, LASTING}, REASON_TLS_VERSION, "TLSv1.3"},
        {P ", require: {min_tls_version: TLSv1.3}, mode: testing}\n", {MIDDLE, LASTING}, REASON_TLS_VERSION, "TLSv1.3"},
        {P ", require: {min_tls_version: TLSv1.3}, mode: none}\n", {MIDDLE, LASTING}, REASON_NONE, ""},
        {P ", require: {min_cipher_bits: 256}}\n", {MIDDLE, OLD}, REASON_CIPHER_BITS, "256"},
        {P ", require: {min_cipher_bits: 256}}\n", {MIDDLE, LASTING}, REASON_NONE, ""},
        {P ", require: {min_cipher_bits: 256, forward_secrecy: true}}\n", {LASTING, MIDDLE}, REASON_FORWARD_SECRECY, "true"},
        {P ", require: {ciphers: [AES256-GCM-SHA384]}}\n", {MIDDLE, OLD}, REASON_CIPHER, "AES256-GCM-SHA384"},
        {P ", require: {ciphers: [AES256-GCM-SHA384]}}\n", {STRONG, OLD}, REASON_NONE, ""},
        {"profiles: {house: {min_tls_version: TLSv1.3}}\n" P ", require: {profile: house}}\n", {MIDDLE, OLD}, REASON_TLS_VERSION,
         "TLSv1.3"},
        {"defaults: {require: {min_cipher_bits: 256}}\n" P "}\n", {MIDDLE, OLD}, REASON_CIPHER_BITS, "256"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct policy *policy = load_good(rows[i].text);
        const struct tls_offers offers = {rows[i].offer, 2};
        struct unserved unserved = {"", REASON_NONE, ""};
        bool found = policy_unserved(policy, date(NOW), &offers, &unserved);

        if (found != (rows[i].reason != REASON_NONE) || unserved.reason != rows[i].reason)
            fail_msg("%s: %s", rows[i].text, reason_name(unserved.reason));
        if (found && (strcmp(unserved.partner, "p") != 0 || strstr(unserved.wanted, rows[i].wanted) == NULL))
            fail_msg("%s: %s wants %s", rows[i].text, unserved.partner, unserved.wanted);
        policy_unref(policy);
    }
}

/* With no offer at all everyone is unserved; without partners nobody is. */
static void t31_nothing_on_offer(void **state)
{
    const struct tls_offers none = {NULL, 0};
    struct policy *policy = load_good(P "}\n"), *empty = load_good("allow_empty: true\npartners: []\n");
    struct unserved unserved;

    (void)state;
    assert_true(policy_unserved(policy, date(NOW), &none, &unserved));
    assert_int_equal(unserved.reason, REASON_NO_TLS);
    assert_false(policy_unserved(empty, date(NOW), &none, &unserved));
    policy_unref(policy);
    policy_unref(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_and_quarantine),
        cmocka_unit_test(t27_client_names),
        cmocka_unit_test(t31_sessions_on_offer),
        cmocka_unit_test(t31_nothing_on_offer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
