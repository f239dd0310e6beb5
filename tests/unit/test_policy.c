/* SPDX-License-Identifier: BSD-2-Clause */
/* The policy as a thing: loading, references, what it answers about itself, what it warns of at a given present. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "policy/date.h"
#include "policy/internal.h"
#include "tests/lib/print_policy.h"
#include "policy/policy.h"
#include "policy/scalar.h"

#define P "partners:\n- {name: p, domains: [p.example]"
#define FP "sha256:AABBCCDDEEFF00112233445566778899AABBCCDDEEFF00112233445566778899"

/* Findings as "3:5 text\n", errors with "! " in front. */
static char findings[8192];

static void note(void *arg, const struct diag *diag)
{
    size_t length = strlen(findings);

    assert_ptr_equal(arg, findings);
    assert_non_null(diag->place.file);
    snprintf(findings + length, sizeof findings - length, "%s%u:%u %s\n", diag->severity == SEVERITY_ERROR ? "! " : "", diag->place.line,
             diag->place.column, diag->text);
}

static struct policy *load(const char *text)
{
    char path[] = "/tmp/test_policy.XXXXXX";
    int file = mkstemp(path);
    struct policy *policy;

    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    close(file);
    findings[0] = '\0';
    policy = policy_load(path, note, findings);
    unlink(path);
    return policy;
}

static struct policy *load_good(const char *text)
{
    char whole[8192];
    struct policy *policy;

    snprintf(whole, sizeof whole, "version: 1\n%s", text);
    policy = load(whole);
    if (policy == NULL)
        fail_msg("does not load: %s", findings);
    return policy;
}

static int64_t date(const char *text)
{
    int64_t value;

    assert_true(date_parse(text, &value));
    return value;
}

static void references(void **state)
{
    struct policy *policy = load_good(P "}\n"), *other;

    (void)state;
    other = policy_ref(policy);
    assert_ptr_equal(other, policy);
    policy_unref(policy);
    assert_string_equal(partner_name(policy_partner(other, 0)), "p"); /* the last one frees it; a sanitizer would tell */
    policy_unref(other);
    policy_unref(NULL);
}

static void defaults(void **state)
{
    struct policy *policy = load_good(P "}\n");
    const struct milter_settings *settings = policy_milter(policy);
    const struct partner *partner = policy_find_partner(policy, "p");
    enum action action;

    (void)state;
    assert_string_equal(findings, "");
    assert_string_equal(settings->socket, "unix:/var/spool/postfix/forcetls/forcetls.sock");
    assert_int_equal(settings->socket_place.line, 0);
    assert_null(settings->postfix_facts);
    assert_int_equal(settings->mta, MTA_UNKNOWN);
    assert_int_equal(policy_partner_count(policy), 1);
    assert_ptr_equal(policy_partner(policy, 0), partner);
    assert_null(policy_find_partner(policy, "P"));
    assert_int_equal(partner_place(policy, partner).line, 3);
    assert_int_equal(partner_place(policy, partner).column, 3);
    assert_null(partner_contact(partner));
    assert_null(partner_comment(partner));
    assert_null(partner_message(policy, partner));
    assert_int_equal(partner_mode(policy, partner, 0), MODE_ENFORCE);
    assert_false(partner_action(policy, partner, 0, &action));
    assert_int_equal(action, ACTION_TEMPFAIL);
    policy_unref(policy);
}

static void settings(void **state)
{
    struct policy *policy = load_good("milter:\n  socket: inet:8895@127.0.0.1\n  postfix_facts: inet:8896@127.0.0.1\n  mta: sendmail\n"
                                      "defaults: {message: Ask us, mode: testing, action: {no_tls: reject, default: quarantine}}\n"
                                      "partners:\n- {name: p, domains: [p.example], contact: a@p.example, comment: \"c\"}\n"
                                      "- {name: q, domains: [q.example], message: Ask them, mode: none, action: reject}\n");
    const struct milter_settings *got = policy_milter(policy);
    enum action action;

    (void)state;
    assert_string_equal(got->socket, "inet:8895@127.0.0.1");
    assert_int_equal(got->socket_place.line, 3);
    assert_int_equal(got->socket_place.column, 11);
    assert_string_equal(got->postfix_facts, "inet:8896@127.0.0.1");
    assert_int_equal(got->postfix_facts_place.line, 4);
    assert_int_equal(got->mta, MTA_SENDMAIL);
    assert_string_equal(partner_message(policy, policy_partner(policy, 0)), "Ask us");
    assert_string_equal(partner_message(policy, policy_partner(policy, 1)), "Ask them");
    assert_string_equal(partner_contact(policy_partner(policy, 0)), "a@p.example");
    assert_string_equal(partner_comment(policy_partner(policy, 0)), "c");
    assert_int_equal(partner_mode(policy, policy_partner(policy, 0), 0), MODE_TESTING);
    assert_int_equal(partner_mode(policy, policy_partner(policy, 1), 0), MODE_NONE);
    assert_true(partner_action(policy, policy_partner(policy, 0), 0, &action));
    assert_int_equal(action, ACTION_QUARANTINE);
    assert_false(partner_action(policy, policy_partner(policy, 1), 0, &action));
    assert_int_equal(action, ACTION_REJECT);
    policy_unref(policy);
}

static void rollout(void **state)
{
    static const struct {
        const char *date;
        enum mode mode;
        enum action action;
        bool mapped;
    } cases[] = {
        {"2026-06-30T23:59:59Z", MODE_NONE, ACTION_TEMPFAIL, false}, {"2026-07-01", MODE_TESTING, ACTION_TEMPFAIL, false},
        {"2026-07-31T23:59:59Z", MODE_TESTING, ACTION_TEMPFAIL, false}, {"2026-08-01", MODE_TESTING, ACTION_REJECT, true},
        {"2026-09-01T07:59:59Z", MODE_TESTING, ACTION_REJECT, true}, {"2026-09-01T08:00:00Z", MODE_ENFORCE, ACTION_REJECT, true},
        {"9999-12-31", MODE_ENFORCE, ACTION_REJECT, true},
    };
    struct policy *policy = load_good(P ", mode: none, rollout: [{from: 2026-07-01, mode: testing}, {from: 2026-08-01, action: {cipher: tempfail, "
                                        "default: reject}}, {from: \"2026-09-01T10:00:00+02:00\", mode: enforce}]}\n");

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum action action;

        assert_int_equal(partner_mode(policy, policy_partner(policy, 0), date(cases[i].date)), cases[i].mode);
        assert_int_equal(partner_action(policy, policy_partner(policy, 0), date(cases[i].date), &action), cases[i].mapped);
        assert_int_equal(action, cases[i].action);
    }
    policy_unref(policy);
}

static void f13_needs(void **state)
{
#define PIN "certificates: [{fingerprint: \"" FP "\"}]"
    static const struct {
        const char *text;
        unsigned needs;
    } cases[] = {
        {"allow_empty: true\n", 0},
        {"partners:\n- {name: p, domains: [\"*\"]}\n", 0},
        {P "}\n", NEED_HELO},
        {"partners:\n- {name: p, domains: [.p.example]}\n", NEED_HELO},
        {"partners:\n- {name: p, clients: [192.0.2.1]}\n", NEED_CONNECT},
        {"partners:\n- {name: p, clients: [mx.example]}\n", NEED_CONNECT},
        {"partners:\n- {name: p, clients: [.mx.example]}\n", NEED_CONNECT},
        {P ", identities: [header_from]}\n", NEED_HELO | NEED_HEADERS},
        {P ", recipients: [r.example]}\n", NEED_HELO | NEED_RCPT},
        {P ", exceptions: [{recipients: [r.example], until: 2026-01-01, reason: r}]}\n", NEED_HELO | NEED_RCPT},
        {P ", exceptions: [{clients: [192.0.2.1], until: 2026-01-01, reason: r}]}\n", NEED_HELO},
        {P ", require: {" PIN "}}\n", NEED_HELO},
        {"milter: {postfix_facts: \"unix:/run/f.sock\"}\n" P ", require: {" PIN "}}\n", NEED_HELO | NEED_DATA},
        {"milter: {postfix_facts: \"unix:/run/f.sock\"}\ndefaults: {require: {" PIN "}}\n" P "}\n", NEED_HELO | NEED_DATA},
        {"milter: {postfix_facts: \"unix:/run/f.sock\"}\nprofiles: {a: {" PIN "}}\n" P ", require: {profile: a}}\n", NEED_HELO | NEED_DATA},
        {"milter: {postfix_facts: \"unix:/run/f.sock\"}\nprofiles: {a: {" PIN "}}\n" P "}\n", NEED_HELO},
        {"milter: {postfix_facts: \"unix:/run/f.sock\"}\n" P ", require: {certificates: [{subject: a}]}}\n", NEED_HELO},
        {"milter: {postfix_facts: \"unix:/run/f.sock\"}\n" P ", require: {certificates: trusted}}\n", NEED_HELO},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct policy *policy = load_good(cases[i].text);

        if (policy_needs(policy) != cases[i].needs)
            fail_msg("%s: got %u, wanted %u", cases[i].text, policy_needs(policy), cases[i].needs);
        policy_unref(policy);
    }
}

static void append(void *arg, const char *text)
{
    strcat(arg, text);
    strcat(arg, " ");
}

static void selectors_and_profiles(void **state)
{
    struct policy *policy = load_good("profiles: {house: {forward_secrecy: true}, other: {}}\npartners:\n- {name: a, domains: [x.example]}\n"
                                      "- {name: p, domains: [B\xc3\xbc" "cher.example, .P.example., \"*\"], clients: [192.0.2.0/24, "
                                      "\"2001:DB8::1\", MX.p.example, .p.example]}\n- {name: z, domains: [y.example]}\n");
    char text[512] = "";

    (void)state;
    partner_each_selector(policy, policy_find_partner(policy, "p"), append, text);
    assert_string_equal(text, "xn--bcher-kva.example .p.example * 192.0.2.0/24 2001:db8::1 mx.p.example .p.example ");
    text[0] = '\0';
    policy_each_profile(policy, append, text);
    assert_string_equal(text, "house other ");
    policy_unref(policy);
}

static void f01_profiles(void **state)
{
    static const struct {
        const char *text, *findings;
    } cases[] = {
        {"profiles: {a: {profile: a}}\n" P "}\n", "! 2:12 profile \"a\" contains itself\n"},
        {"profiles: {a: {profile: b}, b: {profile: [ncsc-nl, a]}}\n" P "}\n",
         "! 2:12 profile \"a\" contains itself\n! 2:29 profile \"b\" contains itself\n"},
        {P ", require: {profile: ncsc}}\n", "! 3:54 unknown profile \"ncsc\"; \"forcetls list --profiles\" shows those there are\n"},
        {P ", require: {profile: [ncsc-nl, hause]}}\nprofiles: {house: {}}\n", "! 3:64 unknown profile \"hause\"; did you mean \"house\"?\n"},
        {"profiles: {ncsc-nl: {}}\n" P "}\n", "! 2:12 \"ncsc-nl\" is a built-in profile; choose another name\n"},
        {P ", require: {min_cipher_bits: 1, profile: [ncsc-nl, mozilla-modern, bsi-tr-02102-2, exchange-online, nist-sp-800-52r2, "
           "mozilla-intermediate, a]}}\nprofiles: {a: {forward_secrecy: true}}\n",
         "! 3:3 partner \"p\": its profiles and those they name are more than 6 sets of requirements\n"},
        {P ", require: {min_cipher_bits: 1, profile: [ncsc-nl, mozilla-modern, bsi-tr-02102-2, exchange-online, nist-sp-800-52r2, "
           "mozilla-intermediate]}}\n", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[2048];
        struct policy *policy;

        snprintf(text, sizeof text, "version: 1\n%s", cases[i].text);
        policy = load(text);
        if (strcmp(findings, cases[i].findings) != 0)
            fail_msg("case %zu: got %s", i, findings);
        assert_int_equal(policy == NULL, cases[i].findings[0] != '\0');
        policy_unref(policy);
    }
}

static void f01_f05_load_fails(void **state)
{
    (void)state;
    findings[0] = '\0';
    assert_null(policy_load("/tmp/test_policy.no/such", note, findings));
    assert_string_equal(findings, "! 0:0 cannot be opened: No such file or directory\n");
    assert_null(policy_load("/tmp/test_policy.no/such", NULL, NULL));
    assert_null(load("version: 1\n"));
    assert_string_equal(findings, "! 0:0 there are no partners; write \"allow_empty: true\" where that is meant\n");
    assert_null(load("version: 1\npartners:\n- {name: p, domain: [p.example], mode: of}\n- {domains: [q.example], exceptions: [{until: x}]}\n"));
    assert_string_equal(findings,
                        "! 3:13 unknown key \"domain\" in a partner; did you mean \"domains\"?\n"
                        "! 3:40 unknown mode \"of\"; allowed are none, testing, enforce\n"
                        "! 3:3 partner \"p\" needs domains, clients or both\n"
                        "! 4:47 until must be a date such as 2026-12-01 or 2026-12-01T08:00:00Z, not \"x\"\n"
                        "! 4:39 an exception needs a reason\n"
                        "! 4:39 an exception needs clients, senders or recipients\n"
                        "! 4:3 a partner needs a name\n");
}

static void f02_many_partners(void **state)
{
    enum { COUNT = 2000 };
    char *text = malloc(COUNT * 100 + 200), name[32];
    size_t length = (size_t)sprintf(text, "version: 1\npartners:\n");
    struct policy *policy;

    (void)state;
    for (int i = 0; i < COUNT; i++)
        length += (size_t)sprintf(text + length, "- {name: p%d, domains: [d%d.example, .d%d.example], clients: [10.%d.%d.0/24]}\n", i, i, i, i / 250, i % 250);
    policy = load(text);
    assert_non_null(policy);
    assert_int_equal(policy_partner_count(policy), COUNT);
    for (int i = 0; i < COUNT; i += 37) {
        snprintf(name, sizeof name, "p%d", i);
        assert_ptr_equal(policy_find_partner(policy, name), policy_partner(policy, (size_t)i));
        assert_int_equal(partner_place(policy, policy_partner(policy, (size_t)i)).line, i + 3);
    }
    policy_unref(policy);
    sprintf(text + length, "- {name: p777, domains: [.d1234.example]}\n");
    assert_null(load(text));
    assert_non_null(strstr(findings, "! 2003:10 partner \"p777\" is defined a second time; the first is /tmp/test_policy."));
    assert_non_null(strstr(findings, ":780\n"));
    assert_non_null(strstr(findings, "! 2003:26 \".d1234.example\" selects partner \"p1234\" already: /tmp/test_policy."));
    free(text);
}

/* What the samples of tests/policies are for in detail; here only: each is accepted or refused, with an error told. */
static char *printed(const struct policy *policy)
{
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);

    assert_non_null(to);
    print_policy(to, policy);
    assert_int_equal(fclose(to), 0);
    return text;
}

/* A policy that is printed and loaded again is the same policy. */
static void check_printed(const struct policy *policy, const char *name)
{
    char *text = printed(policy), *again;
    struct policy *other = load(text);

    if (other == NULL)
        fail_msg("%s: printed, it does not load: %s\n%s", name, findings, text);
    again = printed(other);
    if (strcmp(text, again) != 0)
        fail_msg("%s: printed and loaded again it is another:\n%s\n%s", name, text, again);
    policy_unref(other);
    free(text);
    free(again);
}

static void f01_f06_samples(void **state)
{
    const char *top = getenv("srcdir");
    static const char *const kinds[] = {"good", "bad"};

    (void)state;
    if (top == NULL)
        skip();
    for (size_t kind = 0; kind < 2; kind++) {
        char pattern[1024];
        glob_t samples = {0};
        struct stat status;

        snprintf(pattern, sizeof pattern, "%s/tests/policies/%s/*.yaml", top, kinds[kind]);
        assert_int_equal(glob(pattern, 0, NULL, &samples), 0);
        for (size_t i = 0; i < samples.gl_pathc; i++) {
            struct policy *policy;

            assert_int_equal(stat(samples.gl_pathv[i], &status), 0);
            if ((status.st_mode & 022) != 0)
                continue; /* as a careless umask left it */
            findings[0] = '\0';
            policy = policy_load(samples.gl_pathv[i], note, findings);
            if ((policy == NULL) != (kind == 1) || (policy == NULL) != (strstr(findings, "! ") != NULL))
                fail_msg("%s: %s", samples.gl_pathv[i], findings);
            if (policy != NULL)
                check_printed(policy, samples.gl_pathv[i]);
            policy_unref(policy);
        }
        globfree(&samples);
    }
}

/* ---- warnings ---- */

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
        {TWO, "2026-01-01", GAP "2026-06-01 to 2026-07-01; mail is deferred then (policy_dates)\n"},
        {TWO, "2026-05-31T23:59:59Z", GAP "2026-06-01 to 2026-07-01; mail is deferred then (policy_dates)\n"},
        {TWO, "2026-06-01", GAP "now to 2026-07-01; mail is deferred then (policy_dates)\n"},
        {TWO, "2026-07-01", ""},
        {TWO, "2026-07-02", ""}, /* 30 days to go */
        {TWO, "2026-07-02T00:00:01Z", "3:59 partner p: the last certificate identity ends on 2026-08-01, days left: 29\n"},
        {TWO, "2026-07-31T23:59:59Z", "3:59 partner p: the last certificate identity ends on 2026-08-01, days left: 0\n"},
        {TWO, "2026-08-01", "3:59 partner p: no certificate identity is in force any more; mail is deferred (policy_dates)\n"},
        {P ", require: {certificates: [{subject: a, until: 2026-06-01}, {subject: b, from: 2026-05-01}]}}\n", "2026-05-20", ""},
        {P ", require: {certificates: [{subject: b, from: 2026-05-01}, {subject: a, until: 2026-05-01}]}}\n", "2026-04-20", ""},
        {P ", require: {certificates: [{subject: a}]}}\n", "2026-05-20", ""},
        {P ", require: {certificates: trusted}}\n", "2026-05-20", ""},
        {"defaults: {require: {certificates: [{subject: a, until: 2026-06-01}]}}\nallow_empty: true\n", "2026-06-01",
         "2:36 defaults: no certificate identity is in force any more; mail is deferred (policy_dates)\n"},
        {"profiles: {h: {certificates: [{subject: a, until: 2026-06-01}]}}\nallow_empty: true\n", "2026-06-01",
         "2:30 profile h: no certificate identity is in force any more; mail is deferred (policy_dates)\n"},
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
    check_warnings(EXCEPTION("clients: [192.0.2.1]"), "2026-06-01", "3:48 partner p: this exception ended on 2026-06-01 and has no effect\n");
    check_warnings(EXCEPTION("senders: [a@p.example]"), "2026-05-01", "3:48 partner p: an exception without clients; anyone can write that sender\n");
    check_warnings(EXCEPTION("recipients: [a@p.example]"), "2026-05-01",
                   "3:48 partner p: an exception without clients; anyone can write that recipient\n");
}

static void warnings_of_what_is_not_shown(void **state)
{
#define ONE(identity) P ", require: {certificates: [" identity "]}}\n"
#define AT "3:60 partner p: "
    static const struct {
        const char *text, *warnings;
    } cases[] = {
        {ONE("{subject: {CN: a, O: b}}"), AT "Postfix shows a milter no attribute of a name but CN; mail is deferred for this rule (mta_facts)\n"},
        {ONE("{subject: a, issuer: {C: DE}}"), AT "Postfix shows a milter no attribute of a name but CN; mail is deferred for this rule (mta_facts)\n"},
        {ONE("{subject: {CN: a}, issuer: [{CN: b}, c]}"), ""},
        {"milter: {mta: sendmail}\n" ONE("{subject: {O: b}}"), ""},
        {ONE("{fingerprint: \"" FP "\"}"),
         AT "Postfix shows a milter no fingerprint; without milter.postfix_facts mail is deferred for this rule (mta_facts)\n"},
        {"milter: {postfix_facts: \"unix:/run/f.sock\"}\n" ONE("{key_fingerprint: \"" FP "\"}"), ""},
        {"milter: {mta: sendmail}\n" ONE("{fingerprint: \"" FP "\"}"), ""},
        {"milter: {mta: sendmail}\n" ONE("{key_fingerprint: \"" FP "\"}"),
         "4:60 partner p: Sendmail shows no fingerprint of the key; mail is deferred for this rule (mta_facts)\n"},
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
    check_warnings(text, "2026-05-31", "4:3 partner a (mode testing) takes mail from partner wide, which enforces\n"
                                       "5:3 partner b (mode none) takes mail from partner wide, which enforces\n"
                                       "6:3 partner c (mode none) takes mail from partner wide, which enforces\n"
                                       "7:3 partner d (mode none) takes mail from partner wide, which enforces\n"
                                       "8:3 partner e (mode none) takes mail from partner wide, which enforces\n");
    check_warnings("partners:\n- {name: wide, domains: [.p.example], mode: none, rollout: [{from: 2026-06-01, mode: enforce}]}\n"
                   "- {name: a, domains: [a.p.example], mode: none}\n", "2026-05-31", "");
    check_warnings("partners:\n- {name: wide, domains: [.p.example], mode: none, rollout: [{from: 2026-06-01, mode: enforce}]}\n"
                   "- {name: a, domains: [a.p.example], mode: none}\n", "2026-06-01",
                   "4:3 partner a (mode none) takes mail from partner wide, which enforces\n");
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
        {"2998-12-02T00:00:01Z", "4:60 partner p: the certificate in %s expires on 2999-01-01, days left: 29\n"},
        {"2999-01-01", "4:60 partner p: the certificate in %s expires on 2999-01-01, days left: 0\n"},
        {"2999-01-01T00:00:01Z", "4:60 partner p: the certificate in %s expired on 2999-01-01\n"},
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

/* ---- findings in words ---- */

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

/* ---- scalars ---- */

static void f01_scalars(void **state)
{
    static const char *const booleans[] = {"yes", "no", "on", "off", "true", "False", "Y", "n"};
    static const char *const numbers[] = {"1", "010", "1.10", "-1", "+1", "0x1F", "0o17", "0b1", "1e5", "1.5E-3", ".5", "1_000", ".inf", "-.INF", ".nan"};
    static const char *const nulls[] = {"", "~", "null", "NULL"};
    static const char *const texts[] = {"nope", "1.2.3.4", "1.2.3", "0x", "0xG", ".", "-", "1e", "a1", "1a", "1-2", "x", "nul", "_"};
    static const char *const words[] = {"domains", "clients", "mode", NULL};
    char longest[66];
    unsigned number = 7;
    bool value = false;

    (void)state;
    for (size_t i = 0; i < sizeof booleans / sizeof *booleans; i++)
        assert_string_equal(scalar_other_type(booleans[i]), "a boolean");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (scalar_other_type(numbers[i]) == NULL || strcmp(scalar_other_type(numbers[i]), "a number") != 0)
            fail_msg("%s is taken for no number", numbers[i]);
    for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++)
        assert_string_equal(scalar_other_type(nulls[i]), "null");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (scalar_other_type(texts[i]) != NULL)
            fail_msg("%s is taken for %s", texts[i], scalar_other_type(texts[i]));
    assert_true(scalar_boolean("true", &value) && value);
    assert_true(scalar_boolean("false", &value) && !value);
    assert_false(scalar_boolean("True", &value) || scalar_boolean("1", &value) || scalar_boolean("", &value));
    assert_false(scalar_number("", 9, &number) || scalar_number("10", 9, &number) || scalar_number("-1", 9, &number));
    assert_false(scalar_number("00", 9, &number) || scalar_number("1 ", 9, &number) || scalar_number("99999999999999999999", 9, &number));
    assert_int_equal(number, 7);
    assert_true(scalar_number("9", 9, &number) && number == 9);
    assert_true(scalar_number("0", 9, &number) && number == 0);
    assert_string_equal(scalar_nearest("domian", words), "domains");
    assert_string_equal(scalar_nearest("Clients", words), "clients");
    assert_string_equal(scalar_nearest("mdoe", words), "mode");
    assert_null(scalar_nearest("priority", words));
    assert_null(scalar_nearest("", words));
    memset(longest, 'a', 65);
    longest[65] = '\0';
    assert_null(scalar_nearest(longest, words));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(references), cmocka_unit_test(defaults), cmocka_unit_test(settings), cmocka_unit_test(rollout),
        cmocka_unit_test(f13_needs), cmocka_unit_test(selectors_and_profiles), cmocka_unit_test(f01_profiles),
        cmocka_unit_test(f01_f05_load_fails), cmocka_unit_test(f02_many_partners), cmocka_unit_test(f01_f06_samples),
        cmocka_unit_test(t22_warnings_of_dates),
        cmocka_unit_test(warnings_of_exceptions), cmocka_unit_test(warnings_of_what_is_not_shown),
        cmocka_unit_test(warnings_of_shadows), cmocka_unit_test(warnings_of_files), cmocka_unit_test(findings_in_words),
        cmocka_unit_test(certificates_in_words), cmocka_unit_test(undecidable_in_words), cmocka_unit_test(f01_scalars),
    };

    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
