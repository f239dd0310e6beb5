/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Splits a request of Sendmail's ruleset, and judges it by the requirements of a partner's outbound rule.
 * Knows how Sendmail shows its session with a server. server_reply.c has the reply for a deferred recipient,
 * server_certificate.c compares the certificate.
 */
#include "policy/outbound/server_session.h"

#include <string.h>
#include "policy/facts/macros.h"
#include "policy/names/address.h"
#include "policy/outbound/server_internal.h"
#include "policy/requirement/outbound_rule.h"

/* ---- the request ---- */

const char *session_field_macro(enum session_field field)
{
    static const char *const macros[SESSION_FIELDS] = {
        [SESSION_QUEUE_ID] = "$&i",
        [SESSION_SENDER] = "$&f",
        [SESSION_SERVER] = "$&{server_name}",
        [SESSION_SERVER_ADDRESS] = "$&{server_addr}",
        [SESSION_TLS_VERSION] = "$&{tls_version}",
        [SESSION_CIPHER] = "$&{cipher}",
        [SESSION_CIPHER_BITS] = "$&{cipher_bits}",
        [SESSION_VERIFY] = "$&{verify}",
        [SESSION_CN_SUBJECT] = "$&{cn_subject}",
        [SESSION_CN_ISSUER] = "$&{cn_issuer}",
        [SESSION_CERT_SUBJECT] = "$&{cert_subject}",
        [SESSION_CERT_ISSUER] = "$&{cert_issuer}",
        [SESSION_CERT_FP] = "$&{cert_fp}",
    };

    return macros[field];
}

/* Removes the blanks that Sendmail may put around a field. NULL: the field is empty. */
static const char *trim(char *text)
{
    size_t length;

    text += strspn(text, " ");
    length = strlen(text);
    while (length > 0 && text[length - 1] == ' ')
        text[--length] = '\0';
    return length == 0 ? NULL : text;
}

bool server_session_read(struct server_session *session, char *text)
{
    char *at = text;

    for (size_t i = 0; i < SESSION_FIELDS; i++) {
        char *end;

        if (at == NULL)
            return false;
        end = strchr(at, SESSION_SEPARATOR);
        if (end != NULL)
            *end++ = '\0';
        session->field[i] = trim(at);
        at = end;
    }
    return at == NULL;
}

/* ---- the facts ---- */

/*
 * Whether {verify} says that the session has no TLS. Other macros may be left over from an earlier session.
 */
static bool is_plaintext(const char *verify)
{
    return verify != NULL && (strcmp(verify, "NONE") == 0 || strcmp(verify, "CLEAR") == 0);
}

/* Whether {verify} says that a TLSA record vouches for the certificate. */
static bool is_dane(const char *verify)
{
    return verify != NULL && strcmp(verify, "TRUSTED") == 0;
}

/* A macro_fn: presents the session as the macros that a milter gets. */
static const char *macro_value(void *arg, const char *name)
{
    static const struct {
        enum macro macro;
        enum session_field field;
    } same[] = {
        {MACRO_TLS_VERSION, SESSION_TLS_VERSION}, {MACRO_CIPHER, SESSION_CIPHER},
        {MACRO_CIPHER_BITS, SESSION_CIPHER_BITS}, {MACRO_CERT_SUBJECT, SESSION_CERT_SUBJECT},
        {MACRO_CERT_ISSUER, SESSION_CERT_ISSUER}, {MACRO_CN_SUBJECT, SESSION_CN_SUBJECT},
        {MACRO_CN_ISSUER, SESSION_CN_ISSUER},     {MACRO_CERT_FP, SESSION_CERT_FP},
    };
    const struct server_session *session = arg;
    const char *verify = session->field[SESSION_VERIFY];

    if (strcmp(name, macro_names[MACRO_CLIENT_PORT]) == 0)
        return "0"; /* has a value if all macros were asked for: an absent macro has no value then */
    if (strcmp(name, macro_names[MACRO_MAIL_ADDR]) == 0)
        return session->field[SESSION_SENDER];
    if (strcmp(name, macro_names[MACRO_VERIFY]) == 0)
        return is_dane(verify) ? "OK" : verify;
    for (size_t i = 0; i < sizeof same / sizeof *same && !is_plaintext(verify); i++)
        if (strcmp(name, macro_names[same[i].macro]) == 0)
            return session->field[same[i].field];
    return NULL;
}

/* False: out of memory. */
static bool read_facts(struct facts *facts, const struct server_session *session)
{
    const char *sender = session->field[SESSION_SENDER];
    const struct envelope envelope = {.argument = sender != NULL ? sender : "", .mta = MTA_SENDMAIL};
    struct server_session copy = *session;
    bool good = facts_read(facts, &envelope, macro_value, &copy);

    facts->macro[MACRO_CLIENT_PORT] = NULL;
    facts->macro[MACRO_VERIFY] = session->field[SESSION_VERIFY];
    return good;
}

/* ---- the requirements ---- */

/* Weighs the requirements of a session; server_certificate_weigh() weighs certificates. */
static void weigh_session(const struct weighing *weighing, struct judged *judged)
{
    static const enum requirement asked[] = {REQUIRE_TLS, REQUIRE_MIN_TLS_VERSION, REQUIRE_CIPHERS,
                                             REQUIRE_MIN_CIPHER_BITS, REQUIRE_FORWARD_SECRECY};

    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        const struct requirement_row *row = requirement_row(asked[i]);
        unsigned value = 0;

        if (!row->always && (!weigh_strictest(judged, asked[i], &value) || value == 0))
            continue;
        if (weighing->facts->tls != TLS_ON)
            row = requirement_row(REQUIRE_TLS);
        row->weigh(weighing, weigh_add(judged, asked[i]));
    }
}

static void weigh(struct server_judgement *judgement, const struct policy *policy,
                  const struct server_session *session, int64_t now, struct judged *judged)
{
    const struct weighing weighing = {policy, &judgement->facts, now, judged};
    const struct server_shown shown = {&judgement->facts, session->field[SESSION_ALTERNATIVE],
                                       is_dane(session->field[SESSION_VERIFY])};

    judged->piece_count = outbound_pieces(policy, judgement->choice.rule, judged->piece);
    if (judged->piece_count > PIECES_MAX)
        judged->piece_count = PIECES_MAX;
    weigh_session(&weighing, judged);
    server_certificate_weigh(&shown, policy, &judgement->choice, now, judged);
    (void)weigh_conclude(judged);
}

/* ---- what follows ---- */

static void enter(struct server_judgement *judgement, struct judged *judged)
{
    struct verdict *verdict = &judgement->verdict;
    bool short_of = judged->outcome == OUTCOME_FAIL || judged->outcome == OUTCOME_UNDECIDABLE;

    if (judgement->choice.mode == MODE_NONE) {
        judged->outcome = OUTCOME_OFF;
        short_of = false;
    } else if (judgement->choice.exception != NULL && short_of) {
        judged->outcome = OUTCOME_EXCEPTED;
        judged->exception = judgement->choice.exception;
        short_of = false;
    }
    judged->mode = judgement->choice.mode;
    judged->would = short_of ? ACTION_TEMPFAIL : ACTION_ACCEPT;
    judged->action = judged->mode == MODE_ENFORCE ? judged->would : ACTION_ACCEPT;
    verdict->outcome = judged->outcome;
    verdict->action = judged->action;
    verdict->would = judged->would;
    verdict->reason = short_of ? judged->reason : REASON_NONE;
    verdict->partner_count = 1;
    verdict->partner[0] = *judged;
}

/* Defers mail if memory ran out: it is not known whose mail it is, or whether the session meets the rule. */
static void leave_undecided(struct server_judgement *judgement)
{
    facts_clear(&judgement->facts);
    facts_begin(&judgement->facts);
    judgement->choice.partner = NULL;
    judgement->verdict.outcome = OUTCOME_UNDECIDABLE;
    judgement->verdict.action = judgement->verdict.would = ACTION_TEMPFAIL;
    judgement->verdict.reason = REASON_INTERNAL;
    judgement->verdict.partner_count = 0;
}

/*
 * Chooses the partner of the recipient's domain. A domain in brackets, which goes to a host of that name,
 * counts as a domain.
 */
static void choose(struct server_judgement *judgement, const struct policy *policy,
                   const struct server_session *session, int64_t now)
{
    const char *recipient = session->field[SESSION_RECIPIENT];
    struct address address;

    judgement->choice = (struct outbound_choice){.mode = MODE_NONE};
    if (recipient == NULL)
        return;
    address_read(&address, recipient);
    if (address.kind == ADDRESS_DOMAIN)
        outbound_choose(&judgement->choice, policy, address.domain.text, address.domain.length, now);
    judgement->choice.unread |= address.kind == ADDRESS_UNREAD;
}

void server_session_judge(struct server_judgement *judgement, const struct policy *policy,
                          const struct server_session *session, int64_t now)
{
    struct judged judged = {.partner = NULL};

    facts_begin(&judgement->facts);
    judgement->verdict = (struct verdict){.outcome = OUTCOME_NO_PARTNER};
    choose(judgement, policy, session, now);
    if (judgement->choice.partner == NULL && !judgement->choice.unread) {
        judgement->deferred = false;
        return;
    }
    if (judgement->choice.unread || !read_facts(&judgement->facts, session)) {
        leave_undecided(judgement);
    } else {
        judged.partner = judgement->choice.partner;
        weigh(judgement, policy, session, now, &judged);
        enter(judgement, &judged);
    }
    judgement->deferred = judgement->verdict.action == ACTION_TEMPFAIL;
    if (judgement->deferred)
        server_reply_make(&judgement->reply, policy, judgement, now);
}

void server_judgement_clear(struct server_judgement *judgement)
{
    facts_clear(&judgement->facts);
}
