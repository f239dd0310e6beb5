/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explain --outbound --mta sendmail: what happens to a recipient when Sendmail has a session with a server.
 * The options are the fields of the ruleset's request; the answer is made by the daemon's own code.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "policy/names/growing.h"
#include "policy/names/json.h"
#include "policy/outbound/server_session.h"
#include "policy/requirement/outbound_rule.h"
#include "policy/tool/explain/answer.h"
#include "policy/tool/explain/question.h"
#include "policy/tool/table.h"
#include "policy/tool/verbs.h"
#include "policy/verdict/select.h"

enum { TEMPFAIL = 10, TEXT_SIZE = 4096 };

struct explained {
    const struct policy *policy;
    struct server_session session;
    struct server_judgement judgement;
};

static void fill_session(struct server_session *session, const struct question *question)
{
    const char *const *macro = question->macro;

    *session = (struct server_session){.field = {
                                           [SESSION_SENDER] = question->from,
                                           [SESSION_RECIPIENT] = question->to.value[0],
                                           [SESSION_TLS_VERSION] = macro[MACRO_TLS_VERSION],
                                           [SESSION_CIPHER] = macro[MACRO_CIPHER],
                                           [SESSION_CIPHER_BITS] = macro[MACRO_CIPHER_BITS],
                                           [SESSION_VERIFY] = macro[MACRO_VERIFY],
                                           [SESSION_CN_SUBJECT] = macro[MACRO_CN_SUBJECT],
                                           [SESSION_CN_ISSUER] = macro[MACRO_CN_ISSUER],
                                           [SESSION_CERT_SUBJECT] = macro[MACRO_CERT_SUBJECT],
                                           [SESSION_CERT_ISSUER] = macro[MACRO_CERT_ISSUER],
                                           [SESSION_CERT_FP] = macro[MACRO_CERT_FP],
                                           [SESSION_ALTERNATIVE] = question->alternative_name,
                                       }};
}

/* Whether outbound_access may have a tag for the domain. */
static bool has_tag(const struct policy *policy, const char *domain)
{
    const struct partner *found[2];

    select_exact(policy, domain, strlen(domain), found);
    return (found[0] != NULL && found[0]->terms->outbound != NULL)
           || (found[1] != NULL && found[1]->terms->outbound != NULL) || hops_find(policy, domain) != NULL;
}

/*
 * Calls `each` for the domains by which Sendmail looks for a tag: the recipient's, then
 * its parents, until one has a tag.
 */
static void each_key(const struct explained *explained, void (*each)(void *arg, const char *key), void *arg)
{
    struct address address;

    address_read(&address, explained->session.field[SESSION_RECIPIENT]);
    if (address.kind != ADDRESS_DOMAIN)
        return;
    for (const char *at = address.domain.text; at != NULL; at = strchr(at, '.')) {
        at += *at == '.';
        each(arg, at);
        if (has_tag(explained->policy, at))
            return;
    }
}

/* ---- findings in words ---- */

static void describe_wanted(const struct explained *explained, const struct finding *finding, char *to,
                            size_t size)
{
    const struct server_certificates *certificates =
        outbound_certificates(explained->policy, explained->judgement.choice.rule);
    struct growing text = growing_begin(to, size);
    char identity[512];

    if (finding->requirement != REQUIRE_CERTIFICATES) {
        finding_wanted(explained->policy, &explained->judgement.verdict.partner[0], finding, to, size);
        return;
    }
    if (certificates->proof != PROOF_LIST)
        growing_add(&text, "%s", proof_name(certificates->proof));
    for (size_t i = 0; i < certificates->count; i++) {
        server_identity_describe(&certificates->identities[i], identity, sizeof identity);
        growing_item(&text, " or ", identity);
    }
}

/* False: there is nothing to show. */
static bool describe_found(const struct explained *explained, const struct finding *finding, char *to,
                           size_t size)
{
    const struct facts *facts = &explained->judgement.facts;
    const char *verify = facts->macro[MACRO_VERIFY];

    if (finding->requirement != REQUIRE_CERTIFICATES)
        return finding_found(explained->policy, &explained->judgement.verdict.partner[0], finding, facts, to,
                             size);
    if (facts->tls != TLS_ON)
        return false;
    snprintf(to, size, "subject %s, verify %s", facts->subject_cn != NULL ? facts->subject_cn : "(none)",
             verify != NULL ? verify : "(none)");
    return true;
}

/* Writes "OK" or "451 4.7.0 ...". False: Sendmail does not ask. */
static bool write_answer(const struct explained *explained, char *text, size_t size)
{
    const struct server_judgement *judgement = &explained->judgement;
    const struct reply *reply = &judgement->reply;

    if (judgement->choice.partner == NULL && !judgement->deferred)
        return false;
    if (judgement->deferred)
        snprintf(text, size, "%s %s %s", reply->code, reply->status, reply->text);
    else
        snprintf(text, size, "OK");
    return true;
}

/* ---- JSON ---- */

static void json_one_key(void *json, const char *key)
{
    json_string(json, key);
}

static void json_finding(struct json *json, const struct explained *explained, const struct finding *finding)
{
    char wanted[TEXT_SIZE], found[TEXT_SIZE];
    bool known;

    describe_wanted(explained, finding, wanted, sizeof wanted);
    known = describe_found(explained, finding, found, sizeof found);
    answer_json_finding(json, finding, wanted, known ? found : NULL);
}

static void show_json(const struct explained *explained)
{
    const struct server_judgement *judgement = &explained->judgement;
    const struct partner *partner = judgement->choice.partner;
    const struct judged *judged = &judgement->verdict.partner[0];
    struct json json = {stdout, false};
    char text[TEXT_SIZE];

    json_open(&json, '{');
    json_member(&json, "direction", "outbound");
    json_member(&json, "partner", partner != NULL ? partner_name(partner) : NULL);
    json_member(&json, "mode", partner != NULL ? mode_name(judgement->choice.mode) : NULL);
    json_open_list(&json, "keys");
    each_key(explained, json_one_key, &json);
    json_close(&json, ']');
    json_member(&json, "answer", write_answer(explained, text, sizeof text) ? text : NULL);
    json_member(&json, "outcome", outcome_name(judgement->verdict.outcome));
    json_open_list(&json, "requirements");
    for (size_t i = 0; judgement->verdict.partner_count != 0 && i < judged->finding_count; i++)
        json_finding(&json, explained, &judged->finding[i]);
    json_close(&json, ']');
    json_close(&json, '}');
    puts("");
}

/* ---- for people ---- */

static void print_key(void *count, const char *key)
{
    printf("%sForceTLS:", (*(size_t *)count)++ == 0 ? "" : ", ");
    text_show(stdout, key);
}

static void show_finding(const struct explained *explained, const struct finding *finding)
{
    char text[TEXT_SIZE];

    printf("  %s %s: ",
           finding->met == MET     ? "met"
           : finding->met == UNMET ? "unmet"
                                   : "unknown",
           requirement_name(finding->requirement));
    describe_wanted(explained, finding, text, sizeof text);
    text_show(stdout, text);
    if (describe_found(explained, finding, text, sizeof text)) {
        fputs("; found ", stdout);
        text_show(stdout, text);
    }
    if (finding->met != MET)
        printf(" [%s]", reason_name(finding->reason));
    putchar('\n');
}

static void show_partner(const struct explained *explained)
{
    const struct server_judgement *judgement = &explained->judgement;
    const struct judged *judged = &judgement->verdict.partner[0];
    struct place place = partner_place(explained->policy, judged->partner);

    printf("partner:   %s (", partner_name(judged->partner));
    text_show(stdout, place.file);
    printf(":%u), mode %s\n", place.line, mode_name(judged->mode));
    if (judgement->choice.excepted != NULL) {
        fputs("exception: ", stdout);
        text_show(stdout, judgement->choice.excepted);
        putchar('\n');
    }
    for (size_t i = 0; i < judged->finding_count; i++)
        show_finding(explained, &judged->finding[i]);
}

static void show_text(const struct explained *explained)
{
    const struct server_judgement *judgement = &explained->judgement;
    char text[TEXT_SIZE];
    size_t count = 0;

    fputs("asked:     ", stdout);
    each_key(explained, print_key, &count);
    putchar('\n');
    if (judgement->verdict.partner_count != 0)
        show_partner(explained);
    else
        puts("partner:   none with outbound");
    if (!write_answer(explained, text, sizeof text))
        snprintf(text, sizeof text, "none: Sendmail sends without asking");
    printf("answer:    %s\n", text);
    if (!judgement->deferred && judgement->verdict.would == ACTION_TEMPFAIL)
        printf("enforced:  the mail would be deferred [%s]\n", reason_name(judgement->verdict.reason));
}

int answer_session(const struct question *question)
{
    struct policy *policy = load_policy(question->file);
    struct explained explained = {.policy = policy};

    if (policy == NULL)
        return EX_CONFIG;
    fill_session(&explained.session, question);
    server_session_judge(&explained.judgement, policy, &explained.session, question->now);
    if (question->json)
        show_json(&explained);
    else
        show_text(&explained);
    server_judgement_clear(&explained.judgement);
    policy_unref(policy);
    return explained.judgement.deferred ? TEMPFAIL : EX_OK;
}
