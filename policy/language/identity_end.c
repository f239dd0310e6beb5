/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a partner's identities. Knows the requirements of a policy that loaded. */
#include "policy/language/identity_end.h"

#include "policy/internal.h"
#include "policy/language/identities.h"
#include "policy/names/date.h"
#include "policy/requirement/weigh.h"

/* If no identity is in force at `now`: returns when the last one ended; `now` if none has begun yet. */
static int64_t ended(const struct identities *list, int64_t now)
{
    int64_t last = DATE_BEGIN;

    for (size_t i = 0; i < list->count; i++) {
        int64_t until = identities_dates(list, i)->until;

        if (until <= now && until > last)
            last = until;
    }
    return last != DATE_BEGIN ? last : now;
}

int64_t policy_identity_end(const struct policy *policy, const struct partner *partner, int64_t now)
{
    struct piece piece[PIECES_MAX];
    size_t count = require_pieces(policy, partner, piece);
    int64_t first = DATE_END;

    for (size_t i = 0; i < count && i < PIECES_MAX; i++) {
        const struct certificates *certificates = piece[i].certificates;
        struct identities list;
        int64_t end;

        if (!(piece[i].keys >> REQUIRE_CERTIFICATES & 1) || certificates == NULL || certificates->trusted
            || certificates->count == 0)
            continue;
        list = identities_of_clients(policy, certificates);
        end = identities_covered_until(&list, now);
        if (end == now)
            end = ended(&list, now);
        if (end < first)
            first = end;
    }
    return first;
}
