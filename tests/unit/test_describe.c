/* SPDX-License-Identifier: BSD-2-Clause */
/* Findings in words: what was wanted, and what was found. */
#include "tests/unit/loading.h"

#define ONE(identity) P ", require: {certificates: [" identity "]}}\n"

struct told {
    enum requirement requirement;
    const char *wanted, *found; /* found NULL: nothing to show */
};

static void check_told(const struct policy *policy, const struct facts *facts, const struct told *told, size_t count)
{
    static struct verdict verdict;
    const struct judged *judged = &verdict.partner[0];

    policy_evaluate(policy, facts, date("2026-06-01"), &verdict);
    assert_int_equal(verdict.partner_count, 1);
    assert_int_equal(judged->finding_count, count);
    for (size_t i = 0; i < count; i++) {
        char wanted[512], found[512];
        bool shown = finding_found(policy, judged, &judged->finding[i], facts, found, sizeof found);

        assert_int_equal(judged->finding[i].requirement, told[i].requirement);
        finding_wanted(policy, judged, &judged->finding[i], wanted, sizeof wanted);
        assert_string_equal(wanted, told[i].wanted);
        if (shown != (told[i].found != NULL) || (shown && strcmp(found, told[i].found) != 0))
            fail_msg("%s: found %s", requirement_name(told[i].requirement), shown ? found : "nothing");
        finding_wanted(policy, judged, &judged->finding[i], wanted, 3); /* cut, not overrun */
        assert_true(strlen(wanted) <= 2);
    }
}

#define TELL(told) check_told(policy, &facts, told, sizeof (told) / sizeof *(told))

#define SUITES "AESGCM, TLS_AES_128_GCM_SHA256 and CAMELLIA"
#define IDENTITIES "subject a or b + O=c, issuer CA, from 2026-01-01, until 2026-12-01T08:00:00Z or fingerprint " \
                   "sha256:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99"

static void findings_in_words(void **state)
{
    static const struct told plain[] = {
        {REQUIRE_TLS, "TLS", "plaintext"}, {REQUIRE_MIN_TLS_VERSION, "TLSv1.3", NULL}, {REQUIRE_CIPHERS, SUITES, NULL},
        {REQUIRE_MIN_CIPHER_BITS, "256", NULL}, {REQUIRE_FORWARD_SECRECY, "true", NULL},
        {REQUIRE_CERTIFICATES, IDENTITIES, NULL},
        {REQUIRE_CERTIFICATES, "trusted", NULL}, {REQUIRE_CLIENTS, "192.0.2.0/24, mx.p.example", "192.0.2.7 (a.example)"},
    };
    static const struct told encrypted[] = {
        {REQUIRE_TLS, "TLS", "TLS"}, {REQUIRE_MIN_TLS_VERSION, "TLSv1.3", "TLSv1.2"},
        {REQUIRE_CIPHERS, SUITES, "AES128-SHA"}, {REQUIRE_MIN_CIPHER_BITS, "256", "128"}, {REQUIRE_FORWARD_SECRECY, "true", "false"},
        {REQUIRE_CERTIFICATES, IDENTITIES, "subject (no common name), issuer CA"},
        {REQUIRE_CERTIFICATES, "trusted", "subject (no common name), issuer CA"}, {REQUIRE_CLIENTS, "192.0.2.0/24, mx.p.example", NULL},
    };
    struct policy *policy = load_good("profiles: {more: {ciphers: [CAMELLIA], certificates: trusted, min_tls_version: TLSv1.3}}\n" P ", require: {profile: more, "
                                      "ciphers: [AESGCM, TLS_AES_128_GCM_SHA256], min_cipher_bits: 256, forward_secrecy: true, clients: "
                                      "[192.0.2.0/24, mx.p.example], certificates: [{subject: [a, {CN: b, O: c}], issuer: CA, from: 2026-01-01, "
                                      "until: \"2026-12-01T08:00:00Z\"}, {fingerprint: \"" FP "\"}]}}\n");
    struct facts facts;

    (void)state;
    facts_begin(&facts);
    facts.senders = 1;
    address_read(&facts.sender[0], "a@p.example");
    facts.tls = TLS_OFF;
    facts.client_known = network_read_address(&facts.client, "192.0.2.7");
    facts.client_name_state = CLIENT_NAME_VERIFIED;
    domain_normalise(&facts.client_name, "a.example", 9);
    TELL(plain);
    facts.tls = TLS_ON;
    facts.tls_version = TLS_VERSION_1_2;
    facts.macro[MACRO_TLS_VERSION] = "TLSv1.2";
    facts.macro[MACRO_CIPHER] = "AES128-SHA";
    facts.macro[MACRO_CIPHER_BITS] = "128";
    facts.cipher_bits = 128;
    facts.certificate = CERTIFICATE_TRUSTED;
    facts.issuer_cn = "CA";
    facts.client_known = false;
    TELL(encrypted);
    policy_unref(policy);
}

static void certificates_in_words(void **state)
{
    static const char pinned[] = "fingerprint sha256:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99 or "
                                 "key_fingerprint sha256:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99";
    static const char zero[] = "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00";
    static const struct {
        enum certificate_state certificate;
        enum pin_state pin;
        const char *found;
    } cases[] = {
        {CERTIFICATE_MACROS, PIN_MACROS, NULL},
        {CERTIFICATE_NOT_REQUESTED, PIN_MACROS, "not requested by the MTA"},
        {CERTIFICATE_VERIFY_TEMPORARY, PIN_MACROS, "not verified for the time being"},
        {CERTIFICATE_NONE, PIN_ABSENT, "no certificate"},
        {CERTIFICATE_UNTRUSTED, PIN_MACROS, "a certificate that is not trusted"},
        {CERTIFICATE_TRUSTED, PIN_UNSHOWN, "subject s, issuer (none)"},
        {CERTIFICATE_NONE, PIN_KNOWN, "fingerprint sha256:%s, key_fingerprint sha256:%s"},
        {CERTIFICATE_TRUSTED, PIN_KNOWN, "subject s, issuer (none), fingerprint sha256:%s, key_fingerprint sha256:%s"},
    };
    struct policy *policy = load_good(ONE("{fingerprint: \"" FP "\"}, {key_fingerprint: \"" FP "\"}"));

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512] = "";
        struct facts facts;
        struct told told[] = {{REQUIRE_TLS, "TLS", "TLS"}, {REQUIRE_MIN_TLS_VERSION, "TLSv1.2", NULL}, {REQUIRE_CIPHERS, "no weak suite", NULL},
                              {REQUIRE_CERTIFICATES, pinned, cases[i].found}};

        for (const char *from = cases[i].found; from != NULL && *from != '\0'; from++) {
            if (*from == '%')
                strcat(text, zero);
            else if (from[0] != 's' || from == cases[i].found || from[-1] != '%')
                snprintf(text + strlen(text), 2, "%c", *from);
        }
        told[3].found = cases[i].found == NULL ? NULL : text;
        facts_begin(&facts);
        facts.senders = 1;
        address_read(&facts.sender[0], "a@p.example");
        facts.shown = NEED_DATA;
        facts.tls = TLS_ON;
        facts.certificate = cases[i].certificate;
        facts.subject_cn = "s";
        facts.certificate_pin.state = facts.key_pin.state = cases[i].pin;
        memset(facts.certificate_pin.fingerprint, 0, FINGERPRINT_SIZE);
        memset(facts.key_pin.fingerprint, 0, FINGERPRINT_SIZE);
        TELL(told);
    }
    policy_unref(policy);
}

static void undecidable_in_words(void **state)
{
    static const struct told outdated[] = {{REQUIRE_DECIDABLE, "a session begun under this policy", NULL}};
    static const struct told unreadable[] = {{REQUIRE_DECIDABLE, "a From header that can be read", NULL}};
    static const struct told exhausted[] = {{REQUIRE_DECIDABLE, "memory to judge it", NULL}};
    struct policy *policy = load_good(P ", identities: [header_from]}\n");
    struct header_from from = {.cut = true};
    struct facts facts;

    (void)state;
    facts_begin(&facts);
    TELL(outdated);
    facts.shown = NEED_HEADERS | NEED_HELO;
    facts.header_from = &from;
    TELL(unreadable);
    from = (struct header_from){.exhausted = true};
    TELL(exhausted);
    policy_unref(policy);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_in_words),
        cmocka_unit_test(certificates_in_words),
        cmocka_unit_test(undecidable_in_words),
    };

    return cmocka_run_group_tests_name("describe", tests, NULL, NULL);
}
