/* SPDX-License-Identifier: BSD-2-Clause */
/* The policy as a thing: loading, references, what it answers about itself. */
#include "tests/lib/print_policy.h"
#include "tests/unit/loading.h"
#include <glob.h>
#include <sys/stat.h>
#include "policy/internal.h"

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
        {P ", require: {profile: ncsc}}\n", "! 3:54 unknown profile \"ncsc\"; did you mean \"ncsc-nl\"?\n"},
        {P ", require: {profile: pci}}\n", "! 3:54 unknown profile \"pci\"; \"forcetls list --profiles\" shows those there are\n"},
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
    assert_string_equal(findings, "! 0:0 there are no partners; write \"allow_empty: true\" if this is intended\n");
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
    assert_non_null(strstr(findings, "! 2003:10 duplicate partner \"p777\"; the first is at /tmp/test_policy."));
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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(references),
        cmocka_unit_test(defaults),
        cmocka_unit_test(settings),
        cmocka_unit_test(rollout),
        cmocka_unit_test(f13_needs),
        cmocka_unit_test(selectors_and_profiles),
        cmocka_unit_test(f01_profiles),
        cmocka_unit_test(f01_f05_load_fails),
        cmocka_unit_test(f02_many_partners),
        cmocka_unit_test(f01_f06_samples),
    };

    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
