/* SPDX-License-Identifier: BSD-2-Clause */
/* What a policy warns of at a given present. */
#include "tests/unit/loading.h"
#include <sys/stat.h>

static void check_warnings(const char *text, const char *now, const char *wanted)
{
    struct policy *policy = load_good(text);

    findings[0] = '\0';
    policy_warn(policy, date(now), note, findings);
    if (strcmp(findings, wanted) != 0)
        fail_msg("%s at %s: got \"%s\", wanted \"%s\"", text, now, findings, wanted);
    policy_warn(policy, date(now), NULL, NULL);
    policy_unref(policy);
}

static void t22_warnings_of_dates(void **state)
{
#define TWO P ", require: {certificates: [{subject: a, until: 2026-06-01}, {subject: b, from: 2026-07-01, until: 2026-08-01}]}}\n"
#define GAP "3:59 partner p: no certificate identity is in force from "
    static const struct {
        const char *text, *now, *warnings;
    } cases[] = {
        {TWO, "2026-01-01", GAP "2026-06-01 to 2026-07-01; mail is deferred then (policy_dates) [identity_gap]\n"},
        {TWO, "2026-05-31T23:59:59Z", GAP "2026-06-01 to 2026-07-01; mail is deferred then (policy_dates) [identity_gap]\n"},
        {TWO, "2026-06-01", GAP "now to 2026-07-01; mail is deferred then (policy_dates) [identity_gap]\n"},
        {TWO, "2026-07-01", ""},
        {TWO, "2026-07-02", ""}, /* 30 days to go */
        {TWO, "2026-07-02T00:00:01Z", "3:59 partner p: the last certificate identity ends on 2026-08-01, days left: 29 [identity_ends]\n"},
        {TWO, "2026-07-31T23:59:59Z", "3:59 partner p: the last certificate identity ends on 2026-08-01, days left: 0 [identity_ends]\n"},
        {TWO, "2026-08-01", "3:59 partner p: no certificate identity is in force any more; mail is deferred (policy_dates) [no_identity]\n"},
        {P ", require: {certificates: [{subject: a, until: 2026-06-01}, {subject: b, from: 2026-05-01}]}}\n", "2026-05-20", ""},
        {P ", require: {certificates: [{subject: b, from: 2026-05-01}, {subject: a, until: 2026-05-01}]}}\n", "2026-04-20", ""},
        {P ", require: {certificates: [{subject: a}]}}\n", "2026-05-20", ""},
        {P ", require: {certificates: trusted}}\n", "2026-05-20", ""},
        {"defaults: {require: {certificates: [{subject: a, until: 2026-06-01}]}}\nallow_empty: true\n", "2026-06-01",
         "2:36 defaults: no certificate identity is in force any more; mail is deferred (policy_dates) [no_identity]\n"},
        {"profiles: {h: {certificates: [{subject: a, until: 2026-06-01}]}}\nallow_empty: true\n", "2026-06-01",
         "2:30 profile h: no certificate identity is in force any more; mail is deferred (policy_dates) [no_identity]\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_warnings(cases[i].text, cases[i].now, cases[i].warnings);
}

static void warnings_of_exceptions(void **state)
{
#define EXCEPTION(keys) P ", exceptions: [{" keys ", until: 2026-06-01, reason: r}]}\n"
    (void)state;
    check_warnings(EXCEPTION("clients: [192.0.2.1]"), "2026-05-31T23:59:59Z", "");
    check_warnings(EXCEPTION("clients: [192.0.2.1]"), "2026-06-01", "3:48 partner p: this exception ended on 2026-06-01 and has no effect [exception_expired]\n");
    check_warnings(EXCEPTION("senders: [a@p.example]"), "2026-05-01", "3:48 partner p: an exception without clients; anyone can write that sender [exception_without_clients]\n");
    check_warnings(EXCEPTION("recipients: [a@p.example]"), "2026-05-01",
                   "3:48 partner p: an exception without clients; anyone can write that recipient [exception_without_clients]\n");
}

static void warnings_of_what_is_not_shown(void **state)
{
#define ONE(identity) P ", require: {certificates: [" identity "]}}\n"
#define AT "3:60 partner p: "
    static const struct {
        const char *text, *warnings;
    } cases[] = {
        {ONE("{subject: {CN: a, O: b}}"), AT "Postfix shows a milter no attribute of a name but CN; mail is deferred for this rule (mta_facts) [not_shown]\n"},
        {ONE("{subject: a, issuer: {C: DE}}"), AT "Postfix shows a milter no attribute of a name but CN; mail is deferred for this rule (mta_facts) [not_shown]\n"},
        {ONE("{subject: {CN: a}, issuer: [{CN: b}, c]}"), ""},
        {"milter: {mta: sendmail}\n" ONE("{subject: {O: b}}"), ""},
        {ONE("{fingerprint: \"" FP "\"}"),
         AT "Postfix shows a milter no fingerprint; without milter.postfix_facts mail is deferred for this rule (mta_facts) [not_shown]\n"},
        {"milter: {postfix_facts: \"unix:/run/f.sock\"}\n" ONE("{key_fingerprint: \"" FP "\"}"), ""},
        {"milter: {mta: sendmail}\n" ONE("{fingerprint: \"" FP "\"}"), ""},
        {"milter: {mta: sendmail}\n" ONE("{key_fingerprint: \"" FP "\"}"),
         "4:60 partner p: Sendmail shows no fingerprint of the key; mail is deferred for this rule (mta_facts) [not_shown]\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_warnings(cases[i].text, "2026-05-01", cases[i].warnings);
}

static void warnings_of_shadows(void **state)
{
    static const char text[] = "partners:\n- {name: wide, domains: [.p.example, p.example], clients: [10.0.0.0/8, .hosts.example]}\n"
                               "- {name: a, domains: [a.p.example], mode: testing, rollout: [{from: 2026-06-01, mode: enforce}]}\n"
                               "- {name: b, domains: [.b.p.example], mode: none}\n- {name: c, clients: [10.1.0.0/16], mode: none}\n"
                               "- {name: d, clients: [mx.hosts.example], mode: none}\n- {name: e, clients: [.e.hosts.example], mode: none}\n"
                               "- {name: f, domains: [f.example], clients: [192.0.2.1], mode: none}\n";

    (void)state;
    check_warnings(text, "2026-05-31", "4:3 partner a (mode testing) takes mail from partner wide, which enforces [shadows_enforced]\n"
                                       "5:3 partner b (mode none) takes mail from partner wide, which enforces [shadows_enforced]\n"
                                       "6:3 partner c (mode none) takes mail from partner wide, which enforces [shadows_enforced]\n"
                                       "7:3 partner d (mode none) takes mail from partner wide, which enforces [shadows_enforced]\n"
                                       "8:3 partner e (mode none) takes mail from partner wide, which enforces [shadows_enforced]\n");
    check_warnings("partners:\n- {name: wide, domains: [.p.example], mode: none, rollout: [{from: 2026-06-01, mode: enforce}]}\n"
                   "- {name: a, domains: [a.p.example], mode: none}\n", "2026-05-31", "");
    check_warnings("partners:\n- {name: wide, domains: [.p.example], mode: none, rollout: [{from: 2026-06-01, mode: enforce}]}\n"
                   "- {name: a, domains: [a.p.example], mode: none}\n", "2026-06-01",
                   "4:3 partner a (mode none) takes mail from partner wide, which enforces [shadows_enforced]\n");
}

/* A certificate valid from 2000-01-01 to 2999-01-01. */
static const char certificate[] = "-----BEGIN CERTIFICATE-----\n"
                                   "MIIBJzCBzgIBATAKBggqhkjOPQQDAjAfMR0wGwYDVQQDDBRtYWlsLnBhcnRuZXIu\n"
                                   "ZXhhbXBsZTAgFw0wMDAxMDEwMDAwMDBaGA8yOTk5MDEwMTAwMDAwMFowHzEdMBsG\n"
                                   "A1UEAwwUbWFpbC5wYXJ0bmVyLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMB\n"
                                   "BwNCAATRHRas4WZNCOMa4CumJ+CFckXHoTwTsjzI4f/JFVfCq40Yj007dbPFttqd\n"
                                   "SY/Ko24ypF+BjFTESwN7I+YhYcqpMAoGCCqGSM49BAMCA0gAMEUCIDUqY1ODUaI9\n"
                                   "ScnjszVAh1AYGgpXYVldGlmQDEM5oT8yAiEAggsfDDueQRuunFU0s/QtNEEF4MNR\n"
                                   "4rYFjJ2jNgHsbg8=\n"
                                   "-----END CERTIFICATE-----\n";

static void warnings_of_files(void **state)
{
    static const struct {
        const char *now, *warnings;
    } cases[] = {
        {"2026-01-01", ""},
        {"2998-12-02", ""},
        {"2998-12-02T00:00:01Z", "4:60 partner p: the certificate in %s expires on 2999-01-01, days left: 29 [certificate_expires]\n"},
        {"2999-01-01", "4:60 partner p: the certificate in %s expires on 2999-01-01, days left: 0 [certificate_expires]\n"},
        {"2999-01-01T00:00:01Z", "4:60 partner p: the certificate in %s expired on 2999-01-01 [certificate_expired]\n"},
    };
    char path[] = "/tmp/test_policy.XXXXXX", text[512], wanted[512];
    int file = mkstemp(path);

    (void)state;
    assert_true(file >= 0);
    assert_int_equal(write(file, certificate, sizeof certificate - 1), sizeof certificate - 1);
    close(file);
    snprintf(text, sizeof text, "milter: {mta: sendmail}\n" ONE("{file: %s}, {subject: a}"), path);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *name = strstr(cases[i].warnings, "%s");

        snprintf(wanted, sizeof wanted, "%.*s%s%s", name == NULL ? 0 : (int)(name - cases[i].warnings), cases[i].warnings, name == NULL ? "" : path,
                 name == NULL ? "" : name + 2);
        check_warnings(text, cases[i].now, wanted);
    }
    unlink(path);
}

static void acknowledged_warnings(void **state)
{
#define ACK(warning) ", acknowledge: [{warning: " warning ", reason: r}]"
#define UNUSED(place, id) place " partner p: the warning " id " does not occur here; the acknowledgement has no effect [acknowledge_unused]\n"
    (void)state;
    check_warnings(P ACK("exception_expired") ", exceptions: [{clients: [192.0.2.1], until: 2026-06-01, reason: r}]}\n", "2026-06-01", "");
    check_warnings(P ACK("exception_expired") ", exceptions: [{clients: [192.0.2.1], until: 2026-06-01, reason: r}]}\n", "2026-05-31",
                   UNUSED("3:49", "exception_expired"));
    check_warnings(P ACK("exception_expired") ", exceptions: [{senders: [a@p.example], until: 2026-06-01, reason: r}]}\n", "2026-06-01",
                   "3:104 partner p: an exception without clients; anyone can write that sender [exception_without_clients]\n");
    /* found when the policy is read, whatever the order of the keys, and not here */
    check_warnings(P ACK("shared_certificate") ", require: {certificates: [{subject: mail.protection.outlook.com, issuer: x}]}}\n", "2026-06-01", "");
    check_warnings(P ", require: {certificates: [{subject: mail.protection.outlook.com, issuer: x}]}" ACK("shared_certificate") "}\n", "2026-06-01", "");
    /* of its own partner alone */
    check_warnings("milter: {mta: sendmail}\npartners:\n- {name: p, domains: [p.example], require: {certificates: [{key_fingerprint: \"" FP "\"}]}" ACK("not_shown") "}\n"
                   "- {name: q, domains: [q.example], require: {certificates: [{key_fingerprint: \"" FP "\"}]}}\n", "2026-06-01",
                   "5:60 partner q: Sendmail shows no fingerprint of the key; mail is deferred for this rule (mta_facts) [not_shown]\n");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(t22_warnings_of_dates),
        cmocka_unit_test(warnings_of_exceptions),
        cmocka_unit_test(warnings_of_what_is_not_shown),
        cmocka_unit_test(warnings_of_shadows),
        cmocka_unit_test(warnings_of_files),
        cmocka_unit_test(acknowledged_warnings),
    };

    return cmocka_run_group_tests_name("warn", tests, NULL, NULL);
}
