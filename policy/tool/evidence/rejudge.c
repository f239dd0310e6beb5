/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Judges mail of the past with the daemon's own code. Knows which facts the evidence lacks. If a policy needs
 * one of these, the mail counts as not judged.
 */
#include "policy/tool/evidence/rejudge.h"

#include <string.h>
#include "policy/language/rule.h"
#include "policy/tool/evidence/stamp.h"

static const struct {
    const char *name, *text;
} whys[WHY_COUNT] = {
    [WHY_RECIPIENTS] = {"recipients", "the policy looks at recipients, which no log has"},
    [WHY_HEADER_FROM] = {"header_from", "the policy looks at the header From, which was not logged"},
    [WHY_PINS] = {"pins", "the policy looks at fingerprints, which were not known"},
    [WHY_SENDERS] = {"senders", "the policy has exceptions by sender, and local parts are not kept"},
    [WHY_AUTHENTICATION] = {"authentication", "the policy asks for authentication, which is not logged"},
    [WHY_VALUES] = {"values", "values were cut, too many, or shortened to networks"},
    [WHY_DATES] = {"dates", "a date of the policy lies between mails that are counted together"},
    [WHY_SESSION] = {"session", "the filter could not judge it for a reason of its own"},
    [WHY_OLD] = {"old_lines", "lines of version 0.2.0 and before lack what is needed"},
};

const char *why_name(enum why why)
{
    return whys[why].name;
}

const char *why_text(enum why why)
{
    return whys[why].text;
}

static void find_senders(void *arg, const struct rule_line *line)
{
    if (strstr(line->key, "exceptions") != NULL && strstr(line->value, "senders") != NULL)
        *(bool *)arg = true;
}

struct answer answer_ask(const struct policy *policy, const struct past_facts *facts, int64_t at)
{
    static _Thread_local struct verdict verdict; /* too large for the stack */
    struct answer answer;

    policy_evaluate(policy, &facts->facts, at / STAMP_SECOND, &verdict);
    answer = (struct answer){.action = verdict.action,
                             .reason = verdict.reason,
                             .pending = verdict.pending,
                             .overall = verdict.outcome,
                             .outcome = OUTCOME_NO_PARTNER,
                             .own = ACTION_ACCEPT};
    if (verdict.action == ACTION_REJECT || verdict.action == ACTION_TEMPFAIL)
        answer.pending = 0; /* a refusal is final, whatever else becomes known */
    if (verdict.partner_count > 0)
        answer.senders |= !rule_each(policy, verdict.partner[0].partner, find_senders, &answer.senders);
    for (size_t i = 0; i < verdict.partner_count; i++)
        if (strcmp(partner_name(verdict.partner[i].partner), facts->past->kind[KIND_PARTNER]) == 0) {
            answer.outcome = verdict.partner[i].outcome;
            answer.own = verdict.partner[i].action;
        }
    return answer;
}

static bool has(const char *list, const char *word)
{
    return strstr(list, word) != NULL;
}

/* Whether a value of the row is not what the client showed. */
static bool is_altered(const struct past *past)
{
    for (size_t i = 0; i < KIND_COLUMNS; i++)
        if (strcmp(past->kind[i], KIND_MANY) == 0)
            return true;
    for (size_t i = 0; i < CLIENT_COLUMNS; i++)
        if (strcmp(past->client[i], KIND_MANY) == 0)
            return true;
    return *past->client[CLIENT_CUT] != '\0' || has(past->client[CLIENT_ADDRESS], "/");
}

enum why answer_doubt(const struct past *past, const struct answer *answer, bool changed)
{
    const char *reasons = past->kind[KIND_REASONS];

    if (*past->kind[KIND_MTA] == '\0' && !has(reasons, "mta_macros"))
        return WHY_OLD;
    if (has(reasons, "session_outdated") || has(reasons, "internal") || has(reasons, "header_from"))
        return WHY_SESSION;
    if ((answer->pending & NEED_RCPT) != 0)
        return WHY_RECIPIENTS;
    if ((answer->pending & NEED_HEADERS) != 0)
        return WHY_HEADER_FROM;
    if ((answer->pending & NEED_DATA) != 0)
        return WHY_PINS;
    if (changed && answer->senders)
        return WHY_SENDERS;
    if (changed && answer->reason == REASON_NOT_AUTHENTICATED && !has(reasons, "not_authenticated"))
        return WHY_AUTHENTICATION;
    return changed && is_altered(past) ? WHY_VALUES : WHY_COUNT;
}
