/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text of a refusal's SMTP reply: a sentence that is constant for its reason, so that log tools can count
 * it; in brackets the partner, the reason, what was seen and what is needed; then the partner's message. All
 * words are ours or the policy's. The client chooses none of them, except a version, suite or number that we
 * know.
 */
#include "policy/verdict/reply.h"

#include <stdio.h>
#include "policy/requirement/requirement.h"

/* The reply to a transaction that `action` refuses because of this partner. */
static bool make(struct reply *reply, const struct policy *policy, const struct judged *judged,
                 enum action action, const struct facts *facts)
{
    const struct weighing weighing = {.policy = policy, .facts = facts, .judged = judged};
    const struct reason_words *words = requirement_reason(judged->reason);
    bool reject = action == ACTION_REJECT;
    char detail[200];
    const char *message;
    int length;

    if ((!reject && action != ACTION_TEMPFAIL) || words == NULL)
        return false;
    if (reject && words->reject == NULL)
        return false;
    snprintf(reply->code, sizeof reply->code, "%s", reject ? words->reject : "451");
    snprintf(reply->status, sizeof reply->status, "%s",
             reject ? words->reject_status : words->tempfail_status);
    requirement_detail(&weighing, detail, sizeof detail);
    message = partner_message(policy, judged->partner);
    message = message == NULL ? "" : message;
    length =
        snprintf(reply->text, sizeof reply->text, "%s [%s %s%s]%s%s", words->sentence, judged->partner->name,
                 reason_name(judged->reason), detail, message[0] == '\0' ? "" : " ", message);
    return length > 0;
}

bool reply_make(struct reply *reply, const struct policy *policy, const struct verdict *verdict,
                const struct facts *facts)
{
    return verdict->partner_count != 0 && make(reply, policy, &verdict->partner[0], verdict->action, facts);
}

bool reply_make_enforced(struct reply *reply, const struct policy *policy, const struct verdict *verdict,
                         const struct facts *facts)
{
    for (size_t i = 0; i < verdict->partner_count; i++)
        if (verdict->partner[i].would == verdict->would)
            return make(reply, policy, &verdict->partner[i], verdict->would, facts);
    return false;
}
