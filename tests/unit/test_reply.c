/* SPDX-License-Identifier: BSD-2-Clause */
/* Replies: code and status of every reason as the manual's table has them, what is in brackets, length, no foreign text. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "policy/policy.h"
#include "policy/verdict/reply.h"

#define NAME_64 "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
#define MESSAGE_50 "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"
#define MESSAGE_200 MESSAGE_50 MESSAGE_50 MESSAGE_50 MESSAGE_50

static struct policy *policy; /* p has no message, m has one, the third has the longest of everything */

static int setup(void **state)
{
    static const char text[] = "version: 1\npartners:\n- {name: p, domains: [p.example], require: {min_tls_version: TLSv1.3, min_cipher_bits: 256}}\n"
                               "- {name: m, domains: [m.example], message: \"See https://example.org/tls\"}\n"
                               "- {name: " NAME_64 ", domains: [l.example], message: " MESSAGE_200 "}\n";
    char path[] = "/tmp/test_reply.XXXXXX";
    int file = mkstemp(path);

    (void)state;
    if (file < 0 || write(file, text, sizeof text - 1) != sizeof text - 1)
        return 1;
    close(file);
    policy = policy_load(path, NULL, NULL);
    unlink(path);
    return policy == NULL;
}

static int teardown(void **state)
{
    (void)state;
    policy_unref(policy);
    return 0;
}

/* The requirement that gives such a reason. */
static enum requirement requirement_of(enum reason reason)
{
    switch (reason) {
    case REASON_NO_TLS:
        return REQUIRE_TLS;
    case REASON_TLS_VERSION:
        return REQUIRE_MIN_TLS_VERSION;
    case REASON_CIPHER:
        return REQUIRE_CIPHERS;
    case REASON_CIPHER_BITS:
        return REQUIRE_MIN_CIPHER_BITS;
    case REASON_FORWARD_SECRECY:
        return REQUIRE_FORWARD_SECRECY;
    case REASON_CLIENT_NOT_ALLOWED:
    case REASON_CLIENT_NAME_TEMPORARY:
        return REQUIRE_CLIENTS;
    case REASON_NOT_AUTHENTICATED:
        return REQUIRE_AUTHENTICATED;
    case REASON_HEADER_FROM:
    case REASON_SESSION_OUTDATED:
    case REASON_INTERNAL:
        return REQUIRE_DECIDABLE;
    default:
        return REQUIRE_CERTIFICATES;
    }
}

/* A verdict on one partner for one reason, with the pieces that judging would give. */
static void decide(struct verdict *verdict, struct facts *facts, const char *name, enum reason reason, enum action action)
{
    facts_begin(facts);
    policy_evaluate(policy, facts, 0, verdict); /* a verdict in which everything is set */
    *verdict = (struct verdict){.outcome = reason < REASON_FIRST_UNKNOWN ? OUTCOME_FAIL : OUTCOME_UNDECIDABLE,
                                .action = action,
                                .reason = reason,
                                .partner_count = 1};
    verdict->partner[0].partner = policy_find_partner(policy, name);
    verdict->partner[0].action = action;
    verdict->partner[0].reason = reason;
    verdict->partner[0].finding_count = 1;
    verdict->partner[0].finding[0] = (struct finding){.requirement = requirement_of(reason),
                                                      .met = reason < REASON_FIRST_UNKNOWN ? UNMET : UNKNOWN,
                                                      .reason = reason};
}

static const struct {
    enum reason reason;
    const char *name, *code, *status, *tempfail_status, *sentence;
} table[] = {
    {REASON_NO_TLS, "no_tls", "530", "5.7.0", "4.7.0", "Must issue a STARTTLS command first: mail from this domain must come over TLS"},
    {REASON_TLS_VERSION, "tls_version", "554", "5.7.0", "4.7.0", "TLS version too old for mail from this domain"},
    {REASON_CIPHER, "cipher", "554", "5.7.0", "4.7.0", "TLS cipher suite not accepted for mail from this domain"},
    {REASON_CIPHER_BITS, "cipher_bits", "554", "5.7.0", "4.7.0", "TLS encryption too weak for mail from this domain"},
    {REASON_FORWARD_SECRECY, "forward_secrecy", "554", "5.7.0", "4.7.0", "TLS without forward secrecy not accepted for mail from this domain"},
    {REASON_CERTIFICATE_MISSING, "certificate_missing", "554", "5.7.5", "4.7.5", "Verified TLS client certificate needed for mail from this domain"},
    {REASON_CERTIFICATE_UNTRUSTED, "certificate_untrusted", "554", "5.7.5", "4.7.5", "TLS client certificate not trusted for mail from this domain"},
    {REASON_CERTIFICATE_SUBJECT, "certificate_subject", "554", "5.7.1", "4.7.1",
     "TLS client certificate bears another name than agreed for mail from this domain"},
    {REASON_CERTIFICATE_ISSUER, "certificate_issuer", "554", "5.7.1", "4.7.1",
     "TLS client certificate has another issuer than agreed for mail from this domain"},
    {REASON_CERTIFICATE_FINGERPRINT, "certificate_fingerprint", "554", "5.7.1", "4.7.1",
     "TLS client certificate is not the one agreed for mail from this domain"},
    {REASON_CERTIFICATE_DATES, "certificate_dates", "554", "5.7.1", "4.7.1",
     "TLS client certificate used outside the dates agreed for mail from this domain"},
    {REASON_CLIENT_NOT_ALLOWED, "client_not_allowed", "554", "5.7.1", "4.7.1", "Client host not allowed to send mail from this domain"},
    {REASON_NOT_AUTHENTICATED, "not_authenticated", "530", "5.7.0", "4.7.0", "Authentication required for mail from this domain"},
    {REASON_MTA_MACROS, "mta_macros", NULL, NULL, "4.3.5",
     "Local configuration problem, not yours: TLS state of this session not known, try again later"},
    {REASON_MTA_FACTS, "mta_facts", NULL, NULL, "4.3.5",
     "Local configuration problem, not yours: TLS client certificate not visible, try again later"},
    {REASON_VERIFY_NOT_REQUESTED, "verify_not_requested", NULL, NULL, "4.3.5",
     "Local configuration problem, not yours: no TLS client certificate was asked for, try again later"},
    {REASON_VERIFY_TEMPORARY, "verify_temporary", NULL, NULL, "4.3.5",
     "Local problem, not yours: TLS client certificate could not be verified, try again later"},
    {REASON_CLIENT_NAME_TEMPORARY, "client_name_temporary", NULL, NULL, "4.3.5",
     "Local problem, not yours: name of the client host could not be looked up, try again later"},
    {REASON_HEADER_FROM, "header_from", NULL, NULL, "4.3.5", "From header of this message cannot be read, try again later"},
    {REASON_POLICY_DATES, "policy_dates", NULL, NULL, "4.3.5",
     "Local configuration problem, not yours: no TLS client certificate is agreed for today, try again later"},
    {REASON_SESSION_OUTDATED, "session_outdated", NULL, NULL, "4.3.5", "Local policy changed during this session, try again later in a new one"},
    {REASON_INTERNAL, "internal", NULL, NULL, "4.3.5", "Local problem, not yours: try again later"},
};

static void check_reply(const struct reply *reply, const char *code, const char *status, size_t row)
{
    char begin[256];

    assert_string_equal(reply->code, code);
    assert_string_equal(reply->status, status);
    snprintf(begin, sizeof begin, "%s [p %s", table[row].sentence, table[row].name);
    if (strncmp(reply->text, begin, strlen(begin)) != 0 || strchr("]:", reply->text[strlen(begin)]) == NULL)
        fail_msg("got \"%s\", wanted \"%s\"", reply->text, begin);
    assert_int_equal(reply->text[strlen(reply->text) - 1], ']');
}

static void table_of_reasons(void **state)
{
    static struct verdict verdict;
    struct facts facts;
    struct reply reply;

    (void)state;
    assert_int_equal(sizeof table / sizeof *table, REASON_COUNT - 1);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_int_equal(table[i].reason, i + 1); /* the order in which the first decides */
        assert_string_equal(reason_name(table[i].reason), table[i].name);
        decide(&verdict, &facts, "p", table[i].reason, ACTION_TEMPFAIL);
        assert_true(reply_make(&reply, policy, &verdict, &facts));
        check_reply(&reply, "451", table[i].tempfail_status, i);
        decide(&verdict, &facts, "p", table[i].reason, ACTION_REJECT);
        if (table[i].code == NULL) {
            assert_false(reply_make(&reply, policy, &verdict, &facts)); /* never 5xx */
        } else {
            assert_true(reply_make(&reply, policy, &verdict, &facts));
            check_reply(&reply, table[i].code, table[i].status, i);
        }
    }
}

static void no_reply_where_mail_passes(void **state)
{
    static struct verdict verdict;
    struct facts facts;
    struct reply reply = {"x", "x", "untouched"};

    (void)state;
    decide(&verdict, &facts, "p", REASON_NO_TLS, ACTION_ACCEPT);
    assert_false(reply_make(&reply, policy, &verdict, &facts));
    decide(&verdict, &facts, "p", REASON_NO_TLS, ACTION_QUARANTINE);
    assert_false(reply_make(&reply, policy, &verdict, &facts));
    decide(&verdict, &facts, "p", REASON_NO_TLS, ACTION_REJECT);
    verdict.partner_count = 0;
    assert_false(reply_make(&reply, policy, &verdict, &facts));
    decide(&verdict, &facts, "p", REASON_NONE, ACTION_REJECT);
    assert_false(reply_make(&reply, policy, &verdict, &facts));
    assert_string_equal(reply.text, "untouched");
}

static void brackets(void **state)
{
    static const struct {
        enum reason reason;
        const char *cipher;
        enum tls_version version;
        int bits;
        const char *brackets;
    } cases[] = {
        {REASON_NO_TLS, NULL, TLS_VERSION_UNREADABLE, -1, "[p no_tls]"},
        {REASON_TLS_VERSION, NULL, TLS_VERSION_1_1, -1, "[p tls_version: TLSv1.1 seen, TLSv1.3 needed]"},
        {REASON_TLS_VERSION, NULL, TLS_VERSION_SSL3, -1, "[p tls_version: SSLv3 seen, TLSv1.3 needed]"},
        {REASON_CIPHER, "ECDHE-RSA-AES256-GCM-SHA384", TLS_VERSION_1_2, -1, "[p cipher: ECDHE-RSA-AES256-GCM-SHA384 seen]"},
        {REASON_CIPHER, "TLS_RSA_WITH_AES_128_CBC_SHA", TLS_VERSION_1_2, -1, "[p cipher: AES128-SHA seen]"},
        {REASON_CIPHER, "EVIL-CLIENT-TEXT", TLS_VERSION_1_2, -1, "[p cipher: unknown suite seen]"},
        {REASON_CIPHER, NULL, TLS_VERSION_1_2, -1, "[p cipher: unknown suite seen]"},
        {REASON_FORWARD_SECRECY, "AES128-SHA", TLS_VERSION_1_2, -1, "[p forward_secrecy: AES128-SHA seen]"},
        {REASON_CIPHER_BITS, NULL, TLS_VERSION_1_2, 112, "[p cipher_bits: 112 bits seen, 256 needed]"},
        {REASON_CERTIFICATE_MISSING, NULL, TLS_VERSION_1_2, -1, "[p certificate_missing: no certificate]"},
        {REASON_CERTIFICATE_UNTRUSTED, NULL, TLS_VERSION_1_2, -1, "[p certificate_untrusted]"},
        {REASON_MTA_MACROS, NULL, TLS_VERSION_1_2, -1, "[p mta_macros]"},
    };
    static struct verdict verdict;
    struct facts facts;
    struct reply reply;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static const struct piece none;
        static struct verdict judged;

        decide(&verdict, &facts, "p", cases[i].reason, ACTION_TEMPFAIL);
        facts.senders = 1; /* so that the partner's own requirements are known to the reply */
        address_read(&facts.sender[0], "<a@p.example>");
        facts.tls = TLS_ON;
        policy_evaluate(policy, &facts, 0, &judged);
        assert_int_equal(judged.partner_count, 1);
        memcpy(verdict.partner[0].piece, judged.partner[0].piece, sizeof verdict.partner[0].piece);
        verdict.partner[0].piece_count = judged.partner[0].piece_count;
        assert_ptr_not_equal(verdict.partner[0].piece[0].require, none.require);
        facts.macro[MACRO_CIPHER] = cases[i].cipher;
        facts.tls_version = cases[i].version;
        facts.cipher_bits = cases[i].bits;
        assert_true(reply_make(&reply, policy, &verdict, &facts));
        assert_string_equal(strchr(reply.text, '['), cases[i].brackets);
        facts_clear(&facts);
    }
}

static void t14_certificate_without_a_name(void **state)
{
    static struct verdict verdict;
    struct facts facts;
    struct reply reply;

    (void)state;
    decide(&verdict, &facts, "p", REASON_CERTIFICATE_SUBJECT, ACTION_REJECT);
    facts.certificate = CERTIFICATE_TRUSTED;
    assert_true(reply_make(&reply, policy, &verdict, &facts));
    assert_string_equal(strchr(reply.text, '['), "[p certificate_subject: certificate without a common name]");
    facts.subject_cn = "evil.client.text";
    assert_true(reply_make(&reply, policy, &verdict, &facts));
    assert_string_equal(strchr(reply.text, '['), "[p certificate_subject]");
}

static void message_stands_behind(void **state)
{
    static struct verdict verdict;
    struct facts facts;
    struct reply reply;

    (void)state;
    decide(&verdict, &facts, "m", REASON_NO_TLS, ACTION_REJECT);
    assert_true(reply_make(&reply, policy, &verdict, &facts));
    assert_string_equal(reply.text, "Must issue a STARTTLS command first: mail from this domain must come over TLS [m no_tls] See https://example.org/tls");
}

/* Whatever the client chose, each in the same verdict: none of it is in any reply, which stays one printable line. */
static void f11_longest_and_no_foreign_text(void **state)
{
    static const char evil[] = "EVIL\r\n250 ok %s%n\x1b[0m\xff";
    static struct verdict verdict;
    struct facts facts;
    struct reply reply;

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (int action = ACTION_TEMPFAIL; action <= ACTION_REJECT; action++) {
            decide(&verdict, &facts, NAME_64, table[i].reason, (enum action)action);
            for (size_t k = 0; k < MACRO_COUNT; k++)
                facts.macro[k] = evil;
            facts.argument = facts.helo = facts.subject_cn = facts.issuer_cn = facts.subject_dn = facts.issuer_dn = evil;
            facts.tls = TLS_ON;
            facts.certificate = CERTIFICATE_TRUSTED;
            if (!reply_make(&reply, policy, &verdict, &facts))
                continue;
            assert_null(strstr(reply.text, "EVIL"));
            if (strlen(reply.text) > 500)
                fail_msg("%zu octets: %s", strlen(reply.text), reply.text);
            for (const char *c = reply.text; *c != '\0'; c++)
                assert_true(*c >= 0x20 && *c <= 0x7E);
            assert_string_equal(reply.text + strlen(reply.text) - 200, MESSAGE_200); /* nothing is cut */
            assert_non_null(strstr(reply.text, "[" NAME_64 " "));
            assert_int_equal(reply.code[0], reply.status[0]);
            assert_int_equal(reply.code[0], action == ACTION_REJECT ? '5' : '4');
        }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_of_reasons), cmocka_unit_test(no_reply_where_mail_passes), cmocka_unit_test(brackets),
        cmocka_unit_test(t14_certificate_without_a_name), cmocka_unit_test(message_stands_behind),
        cmocka_unit_test(f11_longest_and_no_foreign_text),
    };

    return cmocka_run_group_tests_name("reply", tests, setup, teardown);
}
