/* SPDX-License-Identifier: BSD-2-Clause */
/* policy/language/survey.c: what a policy needs from the MTA, and whether TLS sessions on offer can pass (T27, T31). */
#include "policy/language/survey.h"
#include "tests/unit/loading.h"

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

/* ---- what a policy names ---- */

static char named[4096];

static void add(const char *text)
{
    size_t length = strlen(named);

    snprintf(named + length, sizeof named - length, "%s%s", length > 0 ? "|" : "", text);
}

static void add_text(void *arg, const char *text)
{
    assert_ptr_equal(arg, named);
    add(text);
}

static void add_rule(void *arg, const struct issuer_rule *rule)
{
    assert_ptr_equal(arg, named);
    add(rule->partner);
    for (size_t i = 0; i < rule->count; i++)
        add(rule->issuers[i]);
}

#define C P ", require: {certificates: ["

static void issuers(void **state)
{
    static const struct {
        const char *text, *found;
    } rows[] = {
        {P "}\n", ""},
        {C "{subject: a, issuer: A CA}]}}\n", "p|A CA"},
        {C "{subject: a, issuer: [A CA, B CA]}, {subject: b, issuer: C CA}]}}\n", "p|A CA|B CA|p|C CA"},
        {C "{subject: a}, {issuer: D CA}, {fingerprint: \"" FP "\"}]}}\n", "p|D CA"},
        {C "{subject: a, issuer: {CN: E CA, O: E}}, {subject: b, issuer: {O: F}}]}}\n", "p|E CA|p|F"},
        {C "{subject: a, issuer: {OU: G}}]}}\n", ""},
        {C "{subject: a, issuer: A CA, until: 2026-01-01}]}}\n", ""},
        {C "{subject: a, issuer: A CA, from: 2027-01-01}]}}\n", "p|A CA"},
        {P ", require: {certificates: trusted}}\n", ""},
        {"defaults: {require: {certificates: [{subject: a, issuer: A CA}]}}\n" P "}\n", "p|A CA"},
        {"profiles: {house: {certificates: [{subject: a, issuer: A CA}]}}\n" P ", require: {profile: house}}\n", "p|A CA"},
        {P ", mode: none, require: {certificates: [{subject: a, issuer: A CA}]}}\n", ""},
        {P ", mode: none, rollout: [{from: 2027-01-01, mode: testing}], require: {certificates: [{issuer: A CA}]}}\n", "p|A CA"},
        {P ", mode: none, rollout: [{from: 2026-01-01, action: reject}], require: {certificates: [{issuer: A CA}]}}\n", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct policy *policy = load_good(rows[i].text);

        named[0] = '\0';
        policy_each_issuer(policy, date(NOW), add_rule, named);
        if (strcmp(named, rows[i].found) != 0)
            fail_msg("%s: %s", rows[i].text, named);
        policy_unref(policy);
    }
}

/* The certificate of the tests, by its whole path and by one relative to the policy, which load() puts into /tmp. */
static void certificate_files(void **state)
{
    const char *srcdir = getenv("srcdir");
    char whole[512], text[4096], *target, link[] = "/tmp/test_survey.XXXXXX", wanted[1200];
    struct policy *policy;
    int file = mkstemp(link);

    (void)state;
    snprintf(whole, sizeof whole, "%s/tests/verdicts/policies/partner.pem", srcdir != NULL ? srcdir : ".");
    target = realpath(whole, NULL);
    assert_non_null(target);
    assert_true(file >= 0);
    close(file);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink(target, link), 0);
    snprintf(text, sizeof text,
             "profiles: {house: {certificates: [{file: %s}]}}\n"
             "defaults: {require: {certificates: [{file: %s}]}}\n" C "{file: %s}, {subject: a}]}}\n",
             target, link + 5, target);
    policy = load_good(text);
    named[0] = '\0';
    policy_each_certificate_file(policy, add_text, named);
    snprintf(wanted, sizeof wanted, "%s|%s|%s", link, target, target);
    assert_string_equal(named, wanted);
    policy_unref(policy);
    unlink(link);
    free(target);
}

static void exempt_lists(void **state)
{
    static const char *const texts[] = {"", "exempt: {clients: [192.0.2.0/24, .relay.example, mx.example], daemons: [a, b]}\n",
                                        "exempt: {clients: [], daemons: []}\n"};
    static const char *const found[] = {"127.0.0.0/8|::1", "192.0.2.0/24|.relay.example|mx.example|a|b", ""};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[512];
        struct policy *policy;

        snprintf(text, sizeof text, "%s" P "}\n", texts[i]);
        policy = load_good(text);
        named[0] = '\0';
        policy_each_exempt_client(policy, add_text, named);
        policy_each_exempt_daemon(policy, add_text, named);
        assert_string_equal(named, found[i]);
        policy_unref(policy);
    }
}

#define OUT(rest) "partners: [{name: a, domains: [a.example, .a.example], outbound: {" rest "}}]\n"
#define PROOF(certificates) OUT("require: {certificates: " certificates "}")
#define DIGITS "AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB"

static void count_domain(void *arg, const struct outbound_domain *domain)
{
    assert_string_equal(domain->domain, "a.example");
    *(unsigned *)arg += domain->below ? 10 : 1;
}

static void outbound(void **state)
{
    static const struct {
        const char *text, *needs; /* n names, p pins, k pins of keys, d DANE */
        size_t partners, enforcing;
    } rows[] = {
        {"partners: [{name: a, domains: [a.example]}]\n", "", 0, 0},
        {OUT(""), "n", 1, 1},
        {OUT("mode: none"), "", 0, 0},
        {OUT("mode: testing"), "n", 1, 0},
        {OUT("mode: testing, rollout: [{from: 2027-01-01, mode: enforce}]"), "n", 1, 1},
        {OUT("rollout: [{from: 2026-01-01, mode: none}]"), "", 0, 0},
        {PROOF("none"), "", 1, 1},
        {PROOF("dane"), "d", 1, 1},
        {PROOF("[{name: .b.example}]"), "n", 1, 1},
        {PROOF("[{fingerprint: 'sha256:" DIGITS "'}]"), "p", 1, 1},
        {PROOF("[{key_fingerprint: 'sha256:" DIGITS "'}]"), "k", 1, 1},
        {PROOF("[{name: b.example, until: 2026-01-01}]"), "", 1, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct policy *policy = load_good(rows[i].text);
        struct outbound_survey survey = policy_outbound_survey(policy, date(NOW));
        unsigned domains = 0;
        char needs[8];

        snprintf(needs, sizeof needs, "%s%s%s%s", survey.names ? "n" : "", survey.pins ? "p" : "",
                 survey.key_pins ? "k" : "", survey.dane ? "d" : "");
        policy_each_outbound_domain(policy, date(NOW), count_domain, &domains);
        if (strcmp(needs, rows[i].needs) != 0 || survey.partners != rows[i].partners
            || survey.enforcing != rows[i].enforcing || domains != 11 * rows[i].partners)
            fail_msg("%s: needs %s, %zu partners, %zu enforced", rows[i].text, needs, survey.partners,
                     survey.enforcing);
        policy_unref(policy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_and_quarantine),
        cmocka_unit_test(t27_client_names),
        cmocka_unit_test(t31_sessions_on_offer),
        cmocka_unit_test(t31_nothing_on_offer),
        cmocka_unit_test(issuers),
        cmocka_unit_test(certificate_files),
        cmocka_unit_test(exempt_lists),
        cmocka_unit_test(outbound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
