/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one log line of a decision: its keys and their values. Knows what was judged and how it ended, but
 * neither libmilter nor sessions.
 */
#include "milter/decision_line.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "policy/facts/mta.h"
#include "policy/names/date.h"

unsigned decision_reasons(const struct verdict *verdict)
{
    unsigned reasons = 0;
    const struct judged *judged;

    if (verdict->partner_count == 0)
        return verdict->reason == REASON_NONE ? 0 : 1u << verdict->reason;
    judged = &verdict->partner[0];
    for (size_t i = 0; i < judged->finding_count; i++)
        if (judged->finding[i].met == UNMET || judged->finding[i].met == UNKNOWN)
            reasons |= 1u << judged->finding[i].reason;
    if (judged->outcome == OUTCOME_FAIL || judged->outcome == OUTCOME_UNDECIDABLE)
        reasons |= 1u << judged->reason;
    return reasons & ~(1u << REASON_NONE);
}

enum outcome decision_outcome(const struct verdict *verdict)
{
    bool own = verdict->partner_count != 0 && verdict->outcome != OUTCOME_EXEMPT;

    return own ? verdict->partner[0].outcome : verdict->outcome;
}

static void log_reasons(struct log_line *line, unsigned reasons)
{
    char text[512] = "";
    size_t length = 0;

    for (unsigned reason = 0; reason < REASON_COUNT; reason++) {
        int size;

        if (!((reasons >> reason) & 1))
            continue;
        size = snprintf(text + length, sizeof text - length, "%s%s", length ? "," : "", reason_name(reason));
        if (size < 0 || (size_t)size >= sizeof text - length)
            break;
        length += (size_t)size;
    }
    log_word(line, "reasons", text);
}

static void log_reply(struct log_line *line, const struct reply *reply)
{
    char text[sizeof *reply + 2];

    if (reply != NULL)
        snprintf(text, sizeof text, "%s %s %s", reply->code, reply->status, reply->text);
    log_text(line, "reply", reply != NULL ? text : NULL);
}

void decision_line_client(struct log_line *line, const struct facts *facts)
{
    const char *address = facts->macro[MACRO_CLIENT_ADDR];
    char text[64];

    if (address != NULL && strncasecmp(address, "IPv6:", 5) == 0)
        address += 5;
    if (address == NULL && facts->client_known) {
        network_format(&facts->client, text);
        address = text;
    }
    log_quoted(line, "client", address);
}

/* A list with commas, as long as a value may be. */
struct list {
    size_t length;
    bool cut;
    char text[LOG_VALUE_MAX + 1];
};

/* False: the list is full, and the item is left out. A header_from_name_fn. */
static bool list_add(void *arg, const char *item, size_t length)
{
    struct list *list = arg;

    list->cut = list->cut || list->length + (list->length != 0) + length >= sizeof list->text;
    if (list->cut)
        return false;
    if (list->length != 0)
        list->text[list->length++] = ',';
    memcpy(list->text + list->length, item, length);
    list->length += length;
    list->text[list->length] = '\0';
    return true;
}

/* The partners other than the deciding one. */
static void log_others(struct log_line *line, const struct verdict *verdict)
{
    struct list list = {.length = 0};

    for (size_t i = 1; i < verdict->partner_count; i++) {
        const struct judged *judged = &verdict->partner[i];
        char item[LOG_VALUE_MAX + 1];
        int size = snprintf(item, sizeof item, "%s:%s", partner_name(judged->partner),
                            outcome_name(judged->outcome));

        if (!list_add(&list, item, (size_t)size))
            break;
    }
    log_quoted(line, "also", list.length != 0 ? list.text : NULL);
    if (list.cut)
        log_note_cut(line, "also");
}

/* The domain in the argument of MAIL, if it is not the domain that the MTA made of it. */
static void log_argument(struct log_line *line, const struct facts *facts)
{
    const char *argument = NULL;

    if (facts->senders == 2) {
        const struct domain *resolved = &facts->sender[0].domain, *given = &facts->sender[1].domain;
        const char *name = given->length != 0 ? given->text : "";

        argument = strcmp(resolved->length != 0 ? resolved->text : "", name) != 0 ? name : NULL;
    }
    log_quoted(line, "argument", argument);
}

/* The identity that matched the certificate: its number in the deciding partner's list. */
static void log_identity(struct log_line *line, const struct judged *judged)
{
    for (size_t i = 0; judged != NULL && i < judged->finding_count; i++) {
        const struct finding *finding = &judged->finding[i];

        if (finding->requirement == REQUIRE_CERTIFICATES && finding->met == MET && finding->identity != 0) {
            log_number(line, "identity", finding->identity);
            return;
        }
    }
    log_word(line, "identity", NULL);
}

/* If plaintext is certain, the bare word "none"; else what the MTA calls the TLS version, in quotes. */
static void log_tls(struct log_line *line, const struct facts *facts)
{
    if (facts->tls == TLS_OFF)
        log_word(line, "tls", "none");
    else
        log_quoted(line, "tls", facts->macro[MACRO_TLS_VERSION]);
}

/* A pin that was seen, or why none was; without TLS no certificate was shown. */
static void log_pin(struct log_line *line, const char *key, const struct facts *facts, const struct pin *pin)
{
    static const char *const words[] = {
        [PIN_UNSHOWN] = "unshown", [PIN_MACROS] = "missing", [PIN_PENDING] = NULL,
        [PIN_MISSING] = "missing", [PIN_ABSENT] = "none",
    };
    char text[FINGERPRINT_TEXT];

    if (facts->tls != TLS_OFF && pin->state == PIN_KNOWN) {
        fingerprint_format(pin->fingerprint, text);
        log_quoted(line, key, text);
    } else {
        log_word(line, key, facts->tls == TLS_OFF ? "none" : words[pin->state]);
    }
}

/* The end of the exception that held for the deciding partner. */
static void log_exception(struct log_line *line, const struct judged *judged)
{
    char until[32] = "";

    if (judged != NULL && judged->outcome == OUTCOME_EXCEPTED && judged->exception != NULL)
        date_format(exception_until(judged->exception), until);
    log_word(line, "exception", until);
}

static void log_exempt(struct log_line *line, enum exempt exempt)
{
    static const char *const words[] = {
        [EXEMPT_NOT] = NULL,
        [EXEMPT_AUTHENTICATED] = "auth",
        [EXEMPT_DAEMON] = "daemon",
        [EXEMPT_CLIENT] = "client",
    };

    log_word(line, "exempt", words[exempt]);
}

/* The identities that selected the deciding partner. */
static void log_selected(struct log_line *line, const struct judged *judged)
{
    struct list list = {.length = 0};

    for (unsigned flag = SELECTED_ENVELOPE_FROM; flag <= SELECTED_CLIENT; flag <<= 1)
        if (judged != NULL && (judged->selected_by & flag) != 0)
            list_add(&list, selected_by_name(flag), strlen(selected_by_name(flag)));
    log_word(line, "selected", list.text);
}

/* The MTA may give a message without a From field the envelope sender as one. */
static void add_missing_from(struct list *list, const struct facts *facts)
{
    for (unsigned i = 0; i < facts->senders; i++) {
        const struct domain *domain = &facts->sender[i].domain;
        bool same = i != 0 && strcmp(domain->text, facts->sender[0].domain.text) == 0;

        if (facts->sender[i].kind == ADDRESS_DOMAIN && !same)
            list_add(list, domain->text, domain->length);
    }
}

/* The domains of the header From; no value if the header is not known, "" if it has none. */
static void log_header_from(struct log_line *line, const struct facts *facts)
{
    const struct header_from *from = facts->header_from;
    struct list list = {.length = 0};

    if (from != NULL) {
        header_from_each_domain(from, list_add, &list);
        if (!from->present && mta_rewrites(facts->mta))
            add_missing_from(&list, facts);
    }
    log_quoted(line, "header_from", from != NULL ? list.text : NULL);
    if (list.cut || (from != NULL && (from->cut || from->too_much || from->exhausted)))
        log_note_cut(line, "header_from");
}

/* With milliseconds: "2026-11-28T14:36:07.768Z". */
static void log_at(struct log_line *line, const struct timespec *at)
{
    char text[40];
    size_t length;

    date_format_whole(at->tv_sec, text);
    length = strlen(text);
    if (length != 0)
        snprintf(text + length - 1, sizeof text - length, ".%03ldZ", at->tv_nsec / 1000000 % 1000);
    log_word(line, "at", text);
}

/* The keys after identity=. */
static void log_circumstances(struct log_line *line, const struct decision *decision,
                              const struct judged *judged)
{
    const struct facts *facts = decision->facts;

    log_pin(line, "fingerprint", facts, &facts->certificate_pin);
    log_pin(line, "key_fingerprint", facts, &facts->key_pin);
    log_word(line, "would", action_name(decision->verdict->would));
    log_word(line, "policy", decision->policy != NULL ? policy_digest(decision->policy) : NULL);
    log_exception(line, judged);
    log_word(line, "mta", mta_name(facts->mta));
    log_quoted(line, "resolve", facts->macro[MACRO_CLIENT_RESOLVE]);
    log_exempt(line, decision->verdict->exempt);
    log_quoted(line, "daemon", facts->macro[MACRO_DAEMON_NAME]);
    log_selected(line, judged);
    log_header_from(line, facts);
    log_cut(line);
    log_at(line, &decision->at);
    log_number(line, "msg", decision->message);
}

void decision_line(struct log_line *line, const struct decision *decision)
{
    const struct verdict *verdict = decision->verdict;
    const struct judged *judged = verdict->partner_count != 0 ? &verdict->partner[0] : NULL;
    const struct facts *facts = decision->facts;

    log_begin(line, "decision");
    log_word(line, "partner", judged != NULL ? partner_name(judged->partner) : NULL);
    log_word(line, "mode", judged != NULL ? mode_name(judged->mode) : NULL);
    log_word(line, "verdict", outcome_name(decision_outcome(verdict)));
    log_word(line, "action", action_name(verdict->action));
    log_reasons(line, decision_reasons(verdict));
    log_reply(line, decision->reply);
    log_quoted(line, "qid", decision->qid);
    decision_line_client(line, facts);
    log_quoted(line, "client_port", facts->macro[MACRO_CLIENT_PORT]);
    log_quoted(line, "client_name", facts->macro[MACRO_CLIENT_NAME]);
    log_quoted(line, "helo", facts->helo);
    log_quoted(line, "from", facts->macro[MACRO_MAIL_ADDR]);
    log_tls(line, facts);
    log_quoted(line, "cipher", facts->macro[MACRO_CIPHER]);
    log_quoted(line, "bits", facts->macro[MACRO_CIPHER_BITS]);
    log_quoted(line, "subject", facts->macro[MACRO_CERT_SUBJECT]);
    log_quoted(line, "issuer", facts->macro[MACRO_CERT_ISSUER]);
    log_quoted(line, "verify", facts->macro[MACRO_VERIFY]);
    log_others(line, verdict);
    log_argument(line, facts);
    log_identity(line, judged);
    log_circumstances(line, decision, judged);
}
