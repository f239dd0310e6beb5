/* SPDX-License-Identifier: BSD-2-Clause */
/* policy/language/dated.c: all that has a date in a policy, and its words. */
#include "policy/language/dated.h"
#include "tests/unit/loading.h"

static char lines[8192];

static void add_line(void *arg, const struct dated *dated)
{
    char at[32];
    size_t length = strlen(arg);

    date_format(dated->date, at);
    snprintf((char *)arg + length, sizeof lines - length, "%s %s%s %s [%s] %s\n", at, dated->partner, dated->outbound ? ">" : "",
             dated_kind_name(dated->kind), dated->subject, dated->text);
}

static void check(const char *policy_text, const char *wanted)
{
    struct policy *policy = load_good(policy_text);

    lines[0] = '\0';
    policy_each_dated(policy, add_line, lines);
    policy_unref(policy);
    assert_string_equal(lines, wanted);
}

#define CERTIFICATES(list) P ", mode: enforce, require: {certificates: [" list "]}}\n"
#define OLD "{subject: a.example, issuer: CA, until: 2027-01-01}"
#define OLD_ENDS "2027-01-01 p identity_ends [a.example by CA] a.example by CA is no longer accepted; "
#define PIN_TEXT "sha256:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99"

static void no_dates(void **state)
{
    (void)state;
    check(P "}\n", "");
    check(P ", require: {certificates: trusted}}\n", "");
    check(CERTIFICATES("{subject: a.example}"), "");
    check(P ", outbound: {require: {certificates: dane}}}\n", "");
}

static void what_follows_an_identity(void **state)
{
    (void)state;
    check(CERTIFICATES(OLD), OLD_ENDS "no other follows: after that, mail is deferred (policy_dates)\n");
    check(CERTIFICATES(OLD ", {subject: b.example, until: 2026-12-31}"),
          OLD_ENDS "no other follows: after that, mail is deferred (policy_dates)\n"
                   "2026-12-31 p identity_ends [b.example] b.example is no longer accepted; a.example by CA is still accepted\n");
    check(CERTIFICATES(OLD ", {subject: [b.example, c.example], from: 2027-01-01}"),
          OLD_ENDS "its successor b.example or c.example is accepted from 2027-01-01 on\n"
                   "2027-01-01 p identity_begins [b.example or c.example] b.example or c.example is accepted from then on\n");
    check(CERTIFICATES(OLD ", {issuer: CA2, from: 2027-03-01}, {subject: c.example, from: 2027-02-01T08:00:00Z}"),
          OLD_ENDS "c.example begins on 2027-02-01T08:00:00Z: until then, mail is deferred (policy_dates)\n"
                   "2027-03-01 p identity_begins [any certificate by CA2] any certificate by CA2 is accepted from then on\n"
                   "2027-02-01T08:00:00Z p identity_begins [c.example] c.example is accepted from then on\n");
    check(CERTIFICATES("{key_fingerprint: \"" FP "\", until: 2027-01-01}, {subject: b.example}, {subject: c.example, from: 2026-01-01}"),
          "2027-01-01 p identity_ends [the key " PIN_TEXT "] the key " PIN_TEXT
          " is no longer accepted; its successor c.example is accepted from 2026-01-01 on\n"
          "2026-01-01 p identity_begins [c.example] c.example is accepted from then on\n");
}

static void the_mode_of_that_day(void **state)
{
    const char *modes[] = {"mode: testing", "mode: none", "mode: enforce, rollout: [{from: 2026-12-31, mode: testing}]"};

    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        char text[512];

        snprintf(text, sizeof text, P ", %s, require: {certificates: [" OLD "]}}\n", modes[i]);
        check(text, i < 2 ? OLD_ENDS "no other follows: after that, mail would be deferred in mode enforce (policy_dates)\n"
                          : OLD_ENDS "no other follows: after that, mail would be deferred in mode enforce (policy_dates)\n"
                                     "2026-12-31 p rollout [mode becomes testing] mode becomes testing\n");
    }
}

static void defaults_and_profiles(void **state)
{
    (void)state;
    check("defaults: {mode: enforce, require: {certificates: [" OLD "]}}\n"
          "profiles: {house: {certificates: [{subject: b.example, until: 2027-05-01}]}}\n"
          "partners:\n- {name: p, domains: [p.example]}\n- {name: q, domains: [q.example], require: {certificates: trusted}}\n"
          "- {name: r, domains: [r.example], require: {profile: house, certificates: [{subject: c.example}]}}\n",
          OLD_ENDS "no other follows: after that, mail is deferred (policy_dates)\n"
                   "2027-05-01 r identity_ends [b.example] b.example is no longer accepted; no other follows: after that, mail is deferred "
                   "(policy_dates)\n");
}

static void rollouts_and_exceptions(void **state)
{
    (void)state;
    check(P ", rollout: [{from: 2027-01-01, mode: testing}, {from: 2027-02-01, mode: enforce, action: reject},"
            " {from: 2027-03-01, action: {no_tls: reject, default: tempfail}}],"
            " exceptions: [{clients: [192.0.2.1], until: 2020-01-01, reason: ticket 1}]}\n",
          "2027-01-01 p rollout [mode becomes testing] mode becomes testing\n"
          "2027-02-01 p rollout [mode becomes enforce, action becomes reject] mode becomes enforce, action becomes reject\n"
          "2027-03-01 p rollout [action becomes by reason, otherwise tempfail] action becomes by reason, otherwise tempfail\n"
          "2020-01-01 p exception_ends [ticket 1] the exception \"ticket 1\" ends; the rule holds again for its mail\n");
}

static void outbound(void **state)
{
    (void)state;
    check(P ", outbound: {mode: testing, rollout: [{from: 2027-02-01, mode: enforce}], exceptions: [{until: 2027-01-15, reason: x}],"
            " require: {certificates: [{name: a.example, until: 2027-02-01}, {name: .b.example, from: 2027-03-01, until: 2027-04-01},"
            " {fingerprint: \"" FP "\", from: 2027-04-01}]}}}\n",
          "2027-02-01 p> identity_ends [a.example] a.example is no longer accepted; .b.example begins on 2027-03-01: until then, "
          "mail to the partner is deferred\n"
          "2027-03-01 p> identity_begins [.b.example] .b.example is accepted from then on\n"
          "2027-04-01 p> identity_ends [.b.example] .b.example is no longer accepted; its successor the certificate " PIN_TEXT
          " is accepted from 2027-04-01 on\n"
          "2027-04-01 p> identity_begins [the certificate " PIN_TEXT "] the certificate " PIN_TEXT " is accepted from then on\n"
          "2027-02-01 p> rollout [mode becomes enforce] mode becomes enforce\n"
          "2027-01-15 p> exception_ends [x] the exception \"x\" ends; the rule holds again for its mail\n");
    check("defaults: {outbound: {mode: testing, require: {certificates: [{name: a.example, until: 2027-02-01}]}}}\n" P ", outbound: {}}\n",
          "2027-02-01 p> identity_ends [a.example] a.example is no longer accepted; no other follows: after that, mail to the partner would be "
          "deferred in mode enforce\n");
}

/* A link beside the policy leads to a certificate; the certificate's end is the end unless `until` is earlier. */
static void the_certificate_of_a_file(void **state)
{
    static const struct {
        const char *more, *start;
    } rows[] = {{"", "certificate_ends ["}, {", until: 9999-01-01", "certificate_ends ["}, {", until: 2026-11-01", "identity_ends ["}};
    const char *srcdir = getenv("srcdir");
    char path[512], text[2048], *found;

    (void)state;
    snprintf(path, sizeof path, "%s/tests/verdicts/policies/partner.pem", srcdir != NULL ? srcdir : ".");
    found = realpath(path, NULL);
    assert_non_null(found);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int server = 0; server < 2; server++) {
            struct policy *policy;

            snprintf(text, sizeof text, P ", %srequire: {certificates: [{file: \"%s\"%s}]}}%s\n", server ? "outbound: {" : "", found, rows[i].more,
                     server ? "}" : "");
            policy = load_good(text);
            lines[0] = '\0';
            policy_each_dated(policy, add_line, lines);
            assert_non_null(strstr(lines, rows[i].start));
            assert_null(strchr(strchr(lines, '\n') + 1, '\n')); /* one end only */
            assert_non_null(strstr(lines, i < 2 ? " expires; no other follows" : " is no longer accepted; no other follows"));
            policy_unref(policy);
        }
    free(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_dates),
        cmocka_unit_test(what_follows_an_identity),
        cmocka_unit_test(the_mode_of_that_day),
        cmocka_unit_test(defaults_and_profiles),
        cmocka_unit_test(rollouts_and_exceptions),
        cmocka_unit_test(outbound),
        cmocka_unit_test(the_certificate_of_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
