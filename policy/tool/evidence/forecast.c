/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Judges mail of the past by the policy a second before a date and at the date. The difference is what the
 * date changes.
 */
#include "policy/tool/evidence/forecast.h"

#include <string.h>
#include "policy/tool/evidence/past.h"
#include "policy/tool/evidence/rejudge.h"
#include "policy/tool/evidence/stamp.h"

static bool is_short(const struct answer *answer)
{
    return answer->outcome == OUTCOME_FAIL || answer->outcome == OUTCOME_UNDECIDABLE;
}

static void judge(struct forecast *forecast, const struct policy *policy, const struct past_facts *facts)
{
    const struct past *past = facts->past;
    struct answer before = answer_ask(policy, facts, (forecast->date - 1) * STAMP_SECOND);
    struct answer after = answer_ask(policy, facts, forecast->date * STAMP_SECOND);
    bool fails = is_short(&after) && (!is_short(&before) || after.own > before.own);

    if (answer_doubt(past, &before, fails) != WHY_COUNT || answer_doubt(past, &after, fails) != WHY_COUNT)
        return;
    forecast->judged += past->n;
    forecast->fails += fails ? past->n : 0;
}

/* False: out of memory. */
static bool add_row(struct forecast list[], size_t count, const struct policy *policy,
                    const struct past *past)
{
    struct past_facts facts;
    bool read = false, good = true;

    for (size_t i = 0; i < count && good; i++) {
        if (strcmp(list[i].partner, past->kind[KIND_PARTNER]) != 0)
            continue;
        if (!read)
            good = past_read(&facts, past);
        read = true;
        if (good)
            judge(&list[i], policy, &facts);
    }
    if (read)
        past_clear(&facts);
    return good;
}

bool forecast_add(struct forecast list[], size_t count, const struct policy *policy,
                  struct database *database, int64_t since, int64_t until)
{
    sqlite3_stmt *rows = past_open(database, since);
    struct past past;
    bool good = rows != NULL;

    while (good && past_next(database, rows, &past))
        if (strcmp(past.kind[KIND_DIRECTION], "inbound") == 0 && past.first < until)
            good = add_row(list, count, policy, &past);
    sqlite3_finalize(rows);
    return good && !database->failed;
}
