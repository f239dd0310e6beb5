/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows a verdict: first the decision and the reply, then each partner with everything that it
 * required. It judges nothing: policy.h puts into words what was wanted and found, and reply.h
 * makes the reply, as in the daemon.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "policy/language/rule.h"
#include "policy/names/date.h"
#include "policy/tool/explain/answer.h"
#include "policy/names/json.h"
#include "policy/tool/table.h"
#include "policy/verdict/exemption.h"
#include "policy/verdict/reply.h"

enum { TEXT_SIZE = 4096, RECIPIENTS_SHOWN = 5 };

static int exit_status(enum action action)
{
    switch (action) {
    case ACTION_TEMPFAIL:
        return 10;
    case ACTION_REJECT:
        return 11;
    case ACTION_QUARANTINE:
        return 12;
    default:
        return 0;
    }
}

/* Writes "530 5.7.0 text". False: there is no reply, because the mail is accepted or quarantined. */
static bool reply_line(const struct answer *answer, char *line, size_t size)
{
    struct reply reply;

    if (!reply_make(&reply, answer->policy, answer->verdict, answer->facts))
        return false;
    snprintf(line, size, "%s %s %s", reply.code, reply.status, reply.text);
    return true;
}

/* The same as if every partner in testing mode were enforced. */
static bool enforced_line(const struct answer *answer, char *line, size_t size)
{
    struct reply reply;

    if (!reply_make_enforced(&reply, answer->policy, answer->verdict, answer->facts))
        return false;
    snprintf(line, size, "%s %s %s", reply.code, reply.status, reply.text);
    return true;
}

/* The recipients of a partner, counted and listed. */
struct recipient_list {
    char *text;
    size_t size, count;
};

static void add_recipient(void *arg, const struct rule_line *line)
{
    struct recipient_list *list = arg;
    size_t length = strlen(list->text);

    if (strcmp(line->key, "recipients") != 0)
        return;
    if (list->count < RECIPIENTS_SHOWN)
        snprintf(list->text + length, list->size - length, "%s%s", list->count > 0 ? ", " : "", line->value);
    list->count++;
}

void answer_recipients(const struct policy *policy, const struct partner *partner, char *text, size_t size)
{
    struct recipient_list list = {text, size, 0};
    size_t length, left;

    text[0] = '\0';
    rule_each(policy, partner, add_recipient, &list);
    length = strlen(text);
    left = list.count > RECIPIENTS_SHOWN ? list.count - RECIPIENTS_SHOWN : 0;
    if (left > 0)
        snprintf(text + length, size - length, " and %zu other%s", left, left > 1 ? "s" : "");
}

void answer_json_finding(struct json *json, const struct finding *finding, const char *wanted,
                         const char *found)
{
    json_open(json, '{');
    json_member(json, "requirement", requirement_name(finding->requirement));
    json_key(json, "met");
    if (finding->met == MET || finding->met == UNMET)
        json_bool(json, finding->met == MET);
    else
        json_string(json, NULL);
    json_member(json, "wanted", wanted);
    json_member(json, "found", found);
    if (finding->met != MET)
        json_member(json, "reason", reason_name(finding->reason));
    json_close(json, '}');
}

static void json_requirement(struct json *json, const struct answer *answer, const struct judged *judged,
                             const struct finding *finding)
{
    char wanted[TEXT_SIZE], found[TEXT_SIZE];
    bool known;

    finding_wanted(answer->policy, judged, finding, wanted, sizeof wanted);
    known = finding_found(answer->policy, judged, finding, answer->facts, found, sizeof found);
    answer_json_finding(json, finding, wanted, known ? found : NULL);
}

/* Writes the exception that applies, or null. */
static void json_exception(struct json *json, const struct judged *judged)
{
    char until[32];

    if (judged->outcome != OUTCOME_EXCEPTED) {
        json_string(json, NULL);
        return;
    }
    date_format(exception_until(judged->exception), until);
    json_open(json, '{');
    json_member(json, "until", until);
    json_member(json, "reason", exception_reason(judged->exception));
    json_close(json, '}');
}

static void json_judged(struct json *json, const struct answer *answer, const struct judged *judged)
{
    json_open(json, '{');
    json_member(json, "name", partner_name(judged->partner));
    json_open_list(json, "selected_by");
    for (unsigned flag = SELECTED_ENVELOPE_FROM; flag <= SELECTED_CLIENT; flag <<= 1) {
        if (judged->selected_by & flag)
            json_string(json, selected_by_name(flag));
    }
    json_close(json, ']');
    json_member(json, "mode", mode_name(judged->mode));
    json_member(json, "outcome", outcome_name(judged->outcome));
    json_open_list(json, "requirements");
    for (size_t i = 0; i < judged->finding_count; i++)
        json_requirement(json, answer, judged, &judged->finding[i]);
    json_close(json, ']');
    json_member(json, "would", action_name(judged->would));
    json_key(json, "exception");
    json_exception(json, judged);
    json_close(json, '}');
}

/* Lists the partners that judge mail to some recipients only, if the question has no recipient. */
static void json_scoped(struct json *json, const struct answer *answer)
{
    size_t count = answer->unaddressed != NULL ? answer->unaddressed->scoped_count : 0;
    char text[TEXT_SIZE];

    json_open(json, '[');
    for (size_t i = 0; i < count; i++) {
        const struct partner *partner = answer->unaddressed->scoped[i];

        answer_recipients(answer->policy, partner, text, sizeof text);
        json_open(json, '{');
        json_member(json, "name", partner_name(partner));
        json_member(json, "recipients", text);
        json_close(json, '}');
    }
    json_close(json, ']');
}

/* Keys that later releases have added. */
static void json_circumstances(struct json *json, const struct answer *answer)
{
    const struct verdict *verdict = answer->verdict;
    char text[TEXT_SIZE];

    json_member(json, "would", action_name(verdict->would));
    json_member(json, "would_reply", enforced_line(answer, text, sizeof text) ? text : NULL);
    json_key(json, "exempt_by");
    exemption_describe(answer->policy, answer->facts, verdict->exempt, text, sizeof text);
    json_string(json, text[0] ? text : NULL);
    json_key(json, "scoped");
    json_scoped(json, answer);
}

int answer_json(const struct answer *answer)
{
    const struct verdict *verdict = answer->verdict;
    struct json json = {stdout, false};
    char line[TEXT_SIZE];

    json_open(&json, '{');
    json_member(&json, "outcome", outcome_name(verdict->outcome));
    json_member(&json, "action", action_name(verdict->action));
    json_member(&json, "reply", reply_line(answer, line, sizeof line) ? line : NULL);
    json_open_list(&json, "partners");
    for (size_t i = 0; i < verdict->partner_count; i++)
        json_judged(&json, answer, &verdict->partner[i]);
    json_close(&json, ']');
    json_circumstances(&json, answer);
    json_close(&json, '}');
    puts("");
    return exit_status(verdict->action);
}

/* Returns the first partner with an exception that applies. NULL: none. */
static const struct judged *excepted_partner(const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->partner_count; i++)
        if (verdict->partner[i].outcome == OUTCOME_EXCEPTED)
            return &verdict->partner[i];
    return NULL;
}

/* Prints "until 2026-12-01: reason". */
static void show_exception(const struct exception *exception)
{
    char until[32];

    date_format(exception_until(exception), until);
    printf("until %s: ", until);
    text_show(stdout, exception_reason(exception));
}

/* Says why the mail is accepted, if testing mode is not the reason. */
static void show_accepted(const struct answer *answer)
{
    const struct verdict *verdict = answer->verdict;
    const struct judged *excepted = excepted_partner(verdict);
    char rule[TEXT_SIZE];

    printf("accepted: ");
    if (verdict->outcome == OUTCOME_EXEMPT) {
        exemption_describe(answer->policy, answer->facts, verdict->exempt, rule, sizeof rule);
        printf("it is exempt by ");
        text_show(stdout, rule);
    } else if (verdict->outcome == OUTCOME_NO_PARTNER && verdict->partner_count > 0) {
        printf("its partner's mode is none");
    } else if (verdict->outcome == OUTCOME_NO_PARTNER) {
        bool scoped = answer->unaddressed != NULL && answer->unaddressed->scoped_count > 0;

        printf("it belongs to no partner%s", scoped ? " as long as no recipient is given" : "");
    } else if (excepted != NULL) {
        printf("an exception of %s holds ", partner_name(excepted->partner));
        show_exception(excepted->exception);
    } else {
        printf("all requirements are met");
    }
    putchar('\n');
}

/* Says what would happen if all partners were enforced. The caller knows that this is more severe. */
static void show_enforced(const struct answer *answer)
{
    char line[TEXT_SIZE];

    if (answer->verdict->would == ACTION_QUARANTINE)
        puts("enforcing would quarantine it");
    else if (enforced_line(answer, line, sizeof line))
        printf("enforcing would answer %s\n", line);
    else
        printf("enforcing would %s it\n", answer->verdict->would == ACTION_REJECT ? "reject" : "defer");
}

static void show_decision(const struct answer *answer)
{
    const struct verdict *verdict = answer->verdict;
    bool testing = verdict->would > verdict->action;
    char line[TEXT_SIZE];

    if (verdict->action == ACTION_ACCEPT && testing)
        printf("accepted (testing); ");
    else if (verdict->action == ACTION_ACCEPT)
        show_accepted(answer);
    else if (!reply_line(answer, line, sizeof line))
        printf("quarantined: accepted, and held by the MTA\n");
    else
        printf("%s: %s\n", verdict->action == ACTION_REJECT ? "rejected" : "deferred", line);
    if (verdict->action != ACTION_ACCEPT && testing)
        printf("another partner is in testing; ");
    if (testing)
        show_enforced(answer);
}

/* Without a recipient in the question: says what depends on the recipient. */
static void show_scoped(const struct answer *answer)
{
    const struct verdict *unaddressed = answer->unaddressed;
    char recipients[TEXT_SIZE];

    if (unaddressed == NULL || !(unaddressed->pending & NEED_RCPT))
        return;
    for (size_t i = 0; i < unaddressed->scoped_count; i++) {
        answer_recipients(answer->policy, unaddressed->scoped[i], recipients, sizeof recipients);
        printf("%s: only mail to ", partner_name(unaddressed->scoped[i]));
        text_show(stdout, recipients);
        puts(" is judged: give --to");
    }
    if (unaddressed->scoped_count == 0)
        puts("an exception depends on the recipient: give --to");
}

static void met_text(const struct finding *finding, char *text, size_t size)
{
    if (finding->met == MET)
        snprintf(text, size, "yes");
    else
        snprintf(text, size, "%s: %s", finding->met == UNMET ? "no" : "unknown",
                 reason_name(finding->reason));
}

static int show_requirements(const struct answer *answer, const struct judged *judged)
{
    struct table *table = table_new(4, 2);

    table_row(table, (const char *const[]){"REQUIREMENT", "WANTED", "FOUND", "MET"});
    for (size_t i = 0; i < judged->finding_count; i++) {
        const struct finding *finding = &judged->finding[i];
        char wanted[TEXT_SIZE], found[TEXT_SIZE], met[64];

        finding_wanted(answer->policy, judged, finding, wanted, sizeof wanted);
        if (!finding_found(answer->policy, judged, finding, answer->facts, found, sizeof found))
            strcpy(found, "-");
        met_text(finding, met, sizeof met);
        table_row(table, (const char *const[]){requirement_name(finding->requirement), wanted, found, met});
    }
    return table_print(table, stdout);
}

static void show_line(const char *label, const char *text)
{
    if (text == NULL)
        return;
    printf("  %s: ", label);
    text_show(stdout, text);
    putchar('\n');
}

static int show_judged(const struct answer *answer, const struct judged *judged)
{
    struct place place = partner_place(answer->policy, judged->partner);
    const char *separator = "";

    printf("\n%s: %s (selected by ", partner_name(judged->partner), outcome_name(judged->outcome));
    for (unsigned flag = SELECTED_ENVELOPE_FROM; flag <= SELECTED_CLIENT; flag <<= 1) {
        if (judged->selected_by & flag) {
            printf("%s%s", separator, selected_by_name(flag));
            separator = ", ";
        }
    }
    printf("; mode %s", mode_name(judged->mode));
    if (judged->would != judged->action)
        printf(", would %s", action_name(judged->would));
    printf(") ");
    text_show(stdout, place.file);
    printf(":%u\n", place.line);
    show_line("contact", partner_contact(judged->partner));
    show_line("comment", partner_comment(judged->partner));
    if (judged->outcome == OUTCOME_EXCEPTED) {
        place = exception_place(judged->exception);
        printf("  exception: ");
        show_exception(judged->exception);
        printf(" (");
        text_show(stdout, place.file);
        printf(":%u)\n", place.line);
    }
    return judged->finding_count > 0 ? show_requirements(answer, judged) : 0;
}

int answer_show(const struct answer *answer)
{
    show_decision(answer);
    show_scoped(answer);
    for (size_t i = 0; i < answer->verdict->partner_count; i++) {
        if (show_judged(answer, &answer->verdict->partner[i]) != 0) {
            fputs("forcetls explain: out of memory\n", stderr);
            return EX_OSERR;
        }
    }
    return exit_status(answer->verdict->action);
}
