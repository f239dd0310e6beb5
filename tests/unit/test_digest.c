/* SPDX-License-Identifier: BSD-2-Clause */
/* policy/language/digest.c, canonical.c: what changes the digest of a policy, and what does not. */
#include <ctype.h>
#include <sys/stat.h>
#include "policy/language/canonical.h"
#include "tests/unit/loading.h"

#define Q "- {name: q, domains: [q.example]"

static const char *digest_of(const char *text, char digest[POLICY_DIGEST_TEXT])
{
    struct policy *policy = load_good(text);

    snprintf(digest, POLICY_DIGEST_TEXT, "%s", policy_digest(policy));
    policy_unref(policy);
    return digest;
}

static void form(void **state)
{
    char digest[POLICY_DIGEST_TEXT];

    (void)state;
    digest_of(P "}\n", digest);
    assert_int_equal(strlen(digest), 16);
    for (size_t i = 0; i < 16; i++)
        assert_true(isdigit((unsigned char)digest[i]) || (digest[i] >= 'a' && digest[i] <= 'f'));
}

/* A fleet compares digests, so one must not change with the machine. (A cipher string depends on OpenSSL.) */
static void does_not_depend_on_the_machine(void **state)
{
    char digest[POLICY_DIGEST_TEXT];

    (void)state;
    assert_string_equal(digest_of("exempt: {clients: [192.0.2.0/24], daemons: [submission]}\n" P
                                  ", require: {ciphers: [TLS_AES_128_GCM_SHA256]}}\n" Q ", mode: testing}\n",
                                  digest),
                        "bd1541b7ec6777dc");
}

struct pair {
    const char *one, *other;
};

static void compare(const struct pair *pair, bool same)
{
    char one[POLICY_DIGEST_TEXT], other[POLICY_DIGEST_TEXT];

    digest_of(pair->one, one);
    digest_of(pair->other, other);
    if ((strcmp(one, other) == 0) != same)
        fail_msg("%s digest:\n%s---\n%s", same ? "another" : "the same", pair->one, pair->other);
}

#define OUT(keys) P ", outbound: {" keys "}}\n"
#define CERT(list) P ", require: {certificates: " list "}}\n"

static const struct pair same[] = {
    {P "}\n" Q "}\n", "partners:\n" Q "}\n- {name: p, domains: [p.example]}\n"},
    {P "}\n", "# who\n" P "}  # why\n"},
    {P "}\n", "partners:\n- name: p\n  \"domains\":\n  - 'P.Example.'\n"},
    {P "}\n", P ", mode: enforce, action: tempfail, identities: [envelope_from]}\n"},
    {P "}\n", P ", action: {default: tempfail, no_tls: tempfail}}\n"},
    {P "}\n", P ", require: {min_tls_version: TLSv1.2, min_cipher_bits: 0, forward_secrecy: false}}\n"},
    {P "}\n", P ", contact: a@p.example, comment: \"ours\"}\n"},
    {P "}\n", P ", rollout: [{from: 2027-01-01, mode: enforce}]}\n"},
    {P "}\n", "milter: {socket: 'inet:8895@127.0.0.1', mta: auto, recipient_delimiter: +}\n" P "}\n"},
    {P "}\n", "milter: {watch: true}\n" P "}\n"},
    {OUT(""), "milter: {outbound: 'inet:8896@127.0.0.1'}\n" OUT("")},
    {"milter: {outbound_upstream: 'inet:8642@127.0.0.1'}\n" OUT(""), "milter: {outbound_upstream: 'unix:/run/tlspol.sock'}\n" OUT("")},
    {OUT(""), OUT("mode: enforce, require: {min_tls_version: TLSv1.2, certificates: domain}")},
    {"defaults: {outbound: {mode: testing}}\n" OUT(""), OUT("mode: testing")},
    {OUT("next_hops: ['[mx.p.example]']"), OUT("next_hops: ['[MX.P.example]:25']")},
    {OUT("next_hops: ['[mx.p.example]:587']"), OUT("next_hops: ['[mx.p.example]:Submission']")},
    {OUT("next_hops: ['[mx.p.example]:0587']"), OUT("next_hops: ['[mx.p.example]:587']")},
    {OUT("next_hops: ['[mx.p.example]:']"), OUT("next_hops: ['[mx.p.example]:25']")},
    {OUT("require: {certificates: [{name: a.example}, {name: .b.example}]}"), OUT("require: {certificates: [{name: .B.example}, {name: a.example}]}")},
    {OUT("exceptions: [{until: 2027-01-01, reason: a}]"), OUT("exceptions: [{until: 2027-01-01, reason: b}]")},
    {P "}\n", "exempt: {clients: [\"::1\", 127.0.0.0/8], authenticated: true, daemons: []}\n" P "}\n"},
    {P "}\n", "profiles: {unused: {min_cipher_bits: 256}}\n" P "}\n"},
    {"partners:\n- {name: u, domains: [\"b\xc3\xbc" "cher.example\"]}\n",
     "partners:\n- {name: u, domains: [xn--bcher-kva.example]}\n"},
    {"partners:\n- {name: p, domains: [a.example, .a.example, b.example], clients: [192.0.2.1, \"2001:db8::/32\"]}\n",
     "partners:\n- {name: p, clients: [\"2001:0db8::/32\", \"::ffff:192.0.2.1\"], domains: [b.example, .a.example, a.example]}\n"},
    {P ", recipients: [a@x.example, .y.example]}\n", P ", recipients: [.Y.example, A@x.example]}\n"},
    {P ", exceptions: [{clients: [192.0.2.1], until: 2027-01-01, reason: a}, {senders: [<>, a.example], until: 2027-02-01, reason: b}]}\n",
     P ", exceptions: [{senders: [a.example, <>], until: 2027-02-01T00:00:00Z, reason: c}, {until: 2027-01-01, clients: [192.0.2.1], reason: a}]}\n"},
    {"defaults: {mode: testing, action: reject, message: Ask, require: {min_tls_version: TLSv1.3}}\n" P "}\n",
     P ", mode: testing, action: reject, message: Ask, require: {min_tls_version: TLSv1.3}}\n"},
    {"defaults: {require: {certificates: trusted, clients: [192.0.2.1]}}\n" P "}\n",
     P ", require: {clients: [192.0.2.1], certificates: trusted}}\n"},
    {"profiles: {house: {min_cipher_bits: 256, certificates: trusted}}\n" P ", require: {profile: house}}\n",
     "profiles: {home: {min_cipher_bits: 256}}\n" P ", require: {profile: [home], certificates: trusted}}\n"},
    {"profiles: {a: {profile: b, min_cipher_bits: 128}, b: {min_cipher_bits: 256}}\n" P ", require: {profile: a}}\n",
     P ", require: {min_cipher_bits: 256}}\n"},
    {P ", require: {ciphers: [ECDHE-RSA-AES128-GCM-SHA256, ECDHE-RSA-AES256-GCM-SHA384]}}\n",
     P ", require: {ciphers: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]}}\n"},
    {CERT("[{subject: a.example, issuer: CA}, {fingerprint: \"" FP "\"}]"),
     CERT("[{fingerprint: \"" FP "\"}, {issuer: {CN: ca}, subject: [A.example]}]")},
    {CERT("[{subject: [a.example, b.example]}]"), CERT("[{subject: [b.example, a.example]}]")},
    {CERT("[{subject: {O: Bank, C: DE}}]"), CERT("[{subject: {C: de, O: Bank}}]")},
};

static const struct pair different[] = {
    {P "}\n", P "}\n" Q "}\n"},
    {P "}\n", "partners:\n- {name: r, domains: [p.example]}\n"},
    {P "}\n", "partners:\n- {name: p, domains: [.p.example]}\n"},
    {P "}\n", "partners:\n- {name: p, domains: [\"*\"]}\n"},
    {P "}\n", "partners:\n- {name: p, clients: [p.example]}\n"},
    {P "}\n", P ", clients: [192.0.2.0/24]}\n"},
    {P ", clients: [192.0.2.0/24]}\n", P ", clients: [192.0.2.0/25]}\n"},
    {P ", clients: [192.0.2.0]}\n", P ", clients: [\"c000:200::\"]}\n"},
    {P ", clients: [mail.a.example]}\n", P ", clients: [.mail.a.example]}\n"},
    {P ", clients: [a.example]}\n", P ", require: {clients: [a.example]}}\n"},
    {P "}\n", P ", mode: testing}\n"},
    {P ", mode: none}\n", P ", mode: testing}\n"},
    {P "}\n", "defaults: {mode: testing}\n" P "}\n"},
    {P "}\n", P ", action: reject}\n"},
    {P "}\n", P ", action: {default: tempfail, cipher: reject}}\n"},
    {P ", action: {default: tempfail, cipher: reject}}\n", P ", action: {default: tempfail, no_tls: reject}}\n"},
    {P "}\n", P ", identities: [envelope_from, header_from]}\n"},
    {P ", identities: [header_from]}\n", P ", identities: [envelope_from, header_from]}\n"},
    {P "}\n", P ", message: Ask us}\n"},
    {P ", message: Ask us}\n", P ", message: Ask US}\n"},
    {P "}\n", P ", recipients: [a.example]}\n"},
    {P ", recipients: [a.example]}\n", P ", recipients: [.a.example]}\n"},
    {P ", recipients: [a.example]}\n", P ", recipients: [a@a.example]}\n"},
    {P ", mode: testing}\n", P ", mode: testing, rollout: [{from: 2027-01-01, mode: enforce}]}\n"},
    {P ", mode: testing, rollout: [{from: 2027-01-02, mode: enforce}]}\n",
     P ", mode: testing, rollout: [{from: 2027-01-01, mode: enforce}]}\n"},
    {P ", rollout: [{from: 2027-01-01, action: reject}]}\n", P ", action: reject}\n"},
    {P ", mode: testing, rollout: [{from: 1970-01-01, mode: enforce}]}\n",
     P ", mode: enforce, rollout: [{from: 1970-01-01, mode: testing}]}\n"},
    {P "}\n", P ", exceptions: [{clients: [192.0.2.1], until: 2027-01-01, reason: a}]}\n"},
    {P ", exceptions: [{clients: [192.0.2.1], until: 2027-01-02, reason: a}]}\n",
     P ", exceptions: [{clients: [192.0.2.1], until: 2027-01-01, reason: a}]}\n"},
    {P ", exceptions: [{senders: [a.example], until: 2027-01-01, reason: a}]}\n",
     P ", exceptions: [{recipients: [a.example], until: 2027-01-01, reason: a}]}\n"},
    {P ", exceptions: [{senders: [<>], until: 2027-01-01, reason: a}]}\n",
     P ", exceptions: [{senders: [a.example], until: 2027-01-01, reason: a}]}\n"},
    {P ", exceptions: [{clients: [192.0.2.1], senders: [a.example], until: 2027-01-01, reason: a}]}\n",
     P ", exceptions: [{clients: [192.0.2.1], until: 2027-01-01, reason: a}, {senders: [a.example], until: 2027-01-01, reason: a}]}\n"},
    {P "}\n", P ", require: {min_tls_version: TLSv1.3}}\n"},
    {P "}\n", P ", require: {min_cipher_bits: 128}}\n"},
    {P "}\n", P ", require: {forward_secrecy: true}}\n"},
    {P "}\n", P ", require: {ciphers: [ECDHE-RSA-AES128-GCM-SHA256]}}\n"},
    {P "}\n", P ", require: {profile: mozilla-modern}}\n"},
    {P ", require: {profile: mozilla-intermediate}}\n", P ", require: {profile: mozilla-modern}}\n"},
    {"profiles: {a: {min_cipher_bits: 128}}\n" P ", require: {profile: a}}\n",
     "profiles: {a: {min_cipher_bits: 256}}\n" P ", require: {profile: a}}\n"},
    {"defaults: {require: {profile: mozilla-modern}}\n" P "}\n", "defaults: {require: {profile: mozilla-modern}}\n" P ", require: {profile: []}}\n"},
    {P "}\n", CERT("trusted")},
    {CERT("trusted"), CERT("[{issuer: CA}]")},
    {CERT("[{subject: CA}]"), CERT("[{issuer: CA}]")},
    {CERT("[{subject: a.example}]"), CERT("[{subject: {O: a.example}}]")},
    {CERT("[{subject: {O: a, OU: b}}]"), CERT("[{subject: [{O: a}, {OU: b}]}]")},
    {CERT("[{subject: [a.example, b.example]}]"), CERT("[{subject: a.example}, {issuer: b.example}]")},
    {CERT("[{subject: a.example}]"), CERT("[{subject: a.example, until: 2027-01-01}]")},
    {CERT("[{subject: a.example, from: 2027-01-01}]"), CERT("[{subject: a.example, until: 2027-01-01}]")},
    {CERT("[{fingerprint: \"" FP "\"}]"), CERT("[{key_fingerprint: \"" FP "\"}]")},
    {CERT("[{fingerprint: \"" FP "\"}]"), CERT("[{fingerprint: \"sha256:BBBBCCDDEEFF00112233445566778899AABBCCDDEEFF00112233445566778899\"}]")},
    {"defaults: {require: {certificates: [{subject: a.example}]}}\n" P "}\n",
     "profiles: {a: {certificates: [{subject: a.example}]}}\n" P ", require: {profile: a, certificates: [{subject: b.example}]}}\n"},
    {P "}\n", "milter: {mta: postfix}\n" P "}\n"},
    {OUT(""), "milter: {outbound_upstream: 'inet:8642@127.0.0.1'}\n" OUT("")},
    {P "}\n", OUT("")},
    {OUT(""), OUT("mode: testing")},
    {OUT(""), OUT("rollout: [{from: 2027-01-01, mode: testing}]")},
    {OUT(""), OUT("next_hops: ['[mx.p.example]']")},
    {OUT(""), OUT("require: {min_tls_version: TLSv1.3}")},
    {OUT(""), OUT("require: {certificates: none}")},
    {OUT("require: {certificates: none}"), OUT("require: {certificates: dane}")},
    {OUT("require: {certificates: [{name: a.example}]}"), OUT("require: {certificates: [{name: .a.example}]}")},
    {OUT(""), OUT("exceptions: [{until: 2027-01-01, reason: a}]")},
    {P "}\n", P ", require: {authenticated: true}}\n"},
    {P "}\n", "milter: {recipient_delimiter: \"+-\"}\n" P "}\n"},
    {P "}\n", "milter: {postfix_facts: 'inet:8896@127.0.0.1'}\n" P "}\n"},
    {P "}\n", "exempt: {clients: []}\n" P "}\n"},
    {P "}\n", "exempt: {clients: [127.0.0.0/8, \"::1\", 192.0.2.1]}\n" P "}\n"},
    {P "}\n", "exempt: {authenticated: false}\n" P "}\n"},
    {P "}\n", "exempt: {daemons: [submission]}\n" P "}\n"},
    /* What is true of one partner and not of the other. */
    {P ", mode: testing}\n" Q "}\n", P "}\n" Q ", mode: testing}\n"},
    {"partners:\n- {name: p, domains: [a.example, b.example]}\n- {name: q, domains: [c.example]}\n",
     "partners:\n- {name: p, domains: [a.example]}\n- {name: q, domains: [b.example, c.example]}\n"},
};

static void what_means_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        compare(&same[i], true);
}

static void what_means_something_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof different / sizeof *different; i++)
        compare(&different[i], false);
}

/* More kinds of terms than the digest remembers, and back to the first. */
static void many_terms(void **state)
{
    char text[8000] = "partners:\n", again[8000] = "partners:\n", *at = text + strlen(text), *back = again + strlen(again);
    struct pair pair = {text, again};

    (void)state;
    for (int i = 0; i < 40; i++) {
        at += sprintf(at, "- {name: p%d, domains: [p%d.example], require: {min_cipher_bits: %d}}\n", i, i, i % 13);
        back += sprintf(back, "- {name: p%d, domains: [p%d.example], require: {min_cipher_bits: %d}}\n", 39 - i, 39 - i, (39 - i) % 13);
    }
    compare(&pair, true);
}

static void files(const char *directory, const char *name, const char *text)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    chmod(path, 0644);
}

/* In how many files a policy lies, and where, does not count. */
static void paths(void **state)
{
    char one[] = "/tmp/test_digest.XXXXXX", path[256], digest[POLICY_DIGEST_TEXT];
    const char *const names[] = {"main.yaml", "a.yaml", "b.yaml"};
    struct policy *policy;

    (void)state;
    assert_non_null(mkdtemp(one));
    files(one, "main.yaml", "version: 1\ninclude: [b.yaml, a.yaml]\n");
    files(one, "a.yaml", P "}\n");
    files(one, "b.yaml", "partners:\n" Q "}\n");
    snprintf(path, sizeof path, "%s/main.yaml", one);
    policy = policy_load(path, NULL, NULL);
    assert_non_null(policy);
    assert_string_equal(policy_digest(policy), digest_of(P "}\n" Q "}\n", digest));
    policy_unref(policy);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", one, names[i]);
        unlink(path);
    }
    rmdir(one);
}

/* ---- canonical ---- */

static void write_set(struct canonical *to, const char *members)
{
    struct canonical_set set = canonical_begin(to);

    for (; *members != '\0'; members++) {
        struct canonical_set inner;

        canonical_member(to);
        inner = canonical_begin(to);
        canonical_member(to);
        canonical_octets(to, members, 1);
        canonical_member(to);
        canonical_text(to, "inner");
        canonical_end(to, inner);
    }
    canonical_end(to, set);
}

static void sets(void **state)
{
    static const struct {
        const char *one, *other;
        bool same;
    } rows[] = {
        {"", "", true}, {"abc", "cba", true}, {"abcabcaa", "cba", true}, {"ab", "abc", false}, {"", "a", false},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct canonical one = {0}, other = {0};

        write_set(&one, rows[i].one);
        write_set(&other, rows[i].other);
        assert_int_equal(one.length == other.length && memcmp(one.octets, other.octets, one.length) == 0, rows[i].same);
        canonical_free(&one);
        canonical_free(&other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(form),
        cmocka_unit_test(does_not_depend_on_the_machine),
        cmocka_unit_test(what_means_the_same),
        cmocka_unit_test(what_means_something_else),
        cmocka_unit_test(many_terms),
        cmocka_unit_test(paths),
        cmocka_unit_test(sets),
    };

    return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
