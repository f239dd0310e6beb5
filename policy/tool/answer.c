/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows a verdict: the decision and the reply first, then each partner with
 * everything it required. It weighs nothing itself: what was wanted and found
 * in words is policy.h's, the reply is reply.h's, as in the daemon.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "policy/verdict/reply.h"
#include "policy/tool/answer.h"
#include "policy/names/json.h"
#include "policy/tool/table.h"

enum { TEXT_SIZE = 4096 };

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

/* "530 5.7.0 text", or false where the mail is accepted. */
static bool reply_line(const struct answer *answer, char *line, size_t size)
{
    struct reply reply;

    if (!reply_make(&reply, answer->policy, answer->verdict, answer->facts))
        return false;
    snprintf(line, size, "%s %s %s", reply.code, reply.status, reply.text);
    return true;
}

static void json_requirement(struct json *json, const struct answer *answer, const struct judged *judged,
                             const struct finding *finding)
{
    char text[TEXT_SIZE];
    bool known;

    json_open(json, '{');
    json_key(json, "requirement");
    json_string(json, requirement_name(finding->requirement));
    json_key(json, "met");
    if (finding->met == MET || finding->met == UNMET)
        json_bool(json, finding->met == MET);
    else
        json_string(json, NULL);
    json_key(json, "wanted");
    finding_wanted(answer->policy, judged, finding, text, sizeof(text));
    json_string(json, text);
    json_key(json, "found");
    known = finding_found(answer->policy, judged, finding, answer->facts, text, sizeof(text));
    json_string(json, known ? text : NULL);
    if (finding->met != MET) {
        json_key(json, "reason");
        json_string(json, reason_name(finding->reason));
    }
    json_close(json, '}');
}

static void json_judged(struct json *json, const struct answer *answer, const struct judged *judged)
{
    json_open(json, '{');
    json_key(json, "name");
    json_string(json, partner_name(judged->partner));
    json_key(json, "selected_by");
    json_open(json, '[');
    for (unsigned flag = SELECTED_ENVELOPE_FROM; flag <= SELECTED_CLIENT; flag <<= 1) {
        if (judged->selected_by & flag)
            json_string(json, selected_by_name(flag));
    }
    json_close(json, ']');
    json_key(json, "mode");
    json_string(json, mode_name(judged->mode));
    json_key(json, "outcome");
    json_string(json, outcome_name(judged->outcome));
    json_key(json, "requirements");
    json_open(json, '[');
    for (size_t i = 0; i < judged->finding_count; i++)
        json_requirement(json, answer, judged, &judged->finding[i]);
    json_close(json, ']');
    json_close(json, '}');
}

int answer_json(const struct answer *answer)
{
    const struct verdict *verdict = answer->verdict;
    struct json json = {stdout, false};
    char line[TEXT_SIZE];

    json_open(&json, '{');
    json_key(&json, "outcome");
    json_string(&json, outcome_name(verdict->outcome));
    json_key(&json, "action");
    json_string(&json, action_name(verdict->action));
    json_key(&json, "reply");
    json_string(&json, reply_line(answer, line, sizeof(line)) ? line : NULL);
    json_key(&json, "partners");
    json_open(&json, '[');
    for (size_t i = 0; i < verdict->partner_count; i++)
        json_judged(&json, answer, &verdict->partner[i]);
    json_close(&json, ']');
    json_close(&json, '}');
    puts("");
    return exit_status(verdict->action);
}

/* Why a mail passes, in one phrase. */
static const char *why_accepted(const struct verdict *verdict)
{
    switch (verdict->outcome) {
    case OUTCOME_NO_PARTNER:
        return verdict->partner_count > 0 ? "its partner's mode is none" : "it belongs to no partner";
    case OUTCOME_EXEMPT:
        return "it is exempt";
    case OUTCOME_PASS:
        return "every partner it belongs to is satisfied";
    case OUTCOME_FAIL:
        return "it falls short, but its partner is not enforced";
    case OUTCOME_UNDECIDABLE:
        return "it cannot be judged, but its partner is not enforced";
    default:
        return outcome_name(verdict->outcome);
    }
}

static void show_decision(const struct answer *answer)
{
    char line[TEXT_SIZE];

    if (answer->verdict->action == ACTION_ACCEPT)
        printf("accepted: %s\n", why_accepted(answer->verdict));
    else if (!reply_line(answer, line, sizeof(line)))
        printf("quarantined: accepted, and held by the MTA\n");
    else
        printf("%s: %s\n", answer->verdict->action == ACTION_REJECT ? "rejected" : "deferred", line);
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

        finding_wanted(answer->policy, judged, finding, wanted, sizeof(wanted));
        if (!finding_found(answer->policy, judged, finding, answer->facts, found, sizeof(found)))
            strcpy(found, "-");
        met_text(finding, met, sizeof(met));
        table_row(table, (const char *const[]){requirement_name(finding->requirement), wanted, found, met});
    }
    return table_print(table, stdout);
}

static void show_line(const char *label, const char *text)
{
    if (!text)
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
    printf("; mode %s) ", mode_name(judged->mode));
    text_show(stdout, place.file);
    printf(":%u\n", place.line);
    show_line("contact", partner_contact(judged->partner));
    show_line("comment", partner_comment(judged->partner));
    return judged->finding_count > 0 ? show_requirements(answer, judged) : 0;
}

int answer_show(const struct answer *answer)
{
    show_decision(answer);
    for (size_t i = 0; i < answer->verdict->partner_count; i++) {
        if (show_judged(answer, &answer->verdict->partner[i]) != 0) {
            fputs("forcetls explain: out of memory\n", stderr);
            return EX_OSERR;
        }
    }
    return exit_status(answer->verdict->action);
}
