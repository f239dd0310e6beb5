/* SPDX-License-Identifier: BSD-2-Clause */
/* Which identity of a list is in force, and for how long. Knows dates only. */
#include "policy/language/identities.h"

#include "policy/names/date.h"

struct identities identities_of_clients(const struct policy *policy, const struct certificates *certificates)
{
    return (struct identities){policy, certificates->identities, NULL, certificates->count};
}

struct identities identities_of_servers(const struct policy *policy,
                                        const struct server_certificates *certificates)
{
    return (struct identities){policy, NULL, certificates->identities, certificates->count};
}

const struct particulars *identities_dates(const struct identities *list, size_t i)
{
    return list->clients != NULL ? identity_particulars(list->policy, &list->clients[i])
                                 : &list->servers[i].particulars;
}

size_t identities_in_force(const struct identities *list, int64_t date)
{
    size_t found = list->count;

    for (size_t i = 0; i < list->count; i++) {
        const struct particulars *dates = identities_dates(list, i);

        if (particulars_in_force(dates, date)
            && (found == list->count || dates->from > identities_dates(list, found)->from))
            found = i;
    }
    return found;
}

size_t identities_next(const struct identities *list, int64_t date)
{
    size_t found = list->count;

    for (size_t i = 0; i < list->count; i++) {
        const struct particulars *dates = identities_dates(list, i);

        if (dates->from > date
            && (found == list->count || dates->from < identities_dates(list, found)->from))
            found = i;
    }
    return found;
}

int64_t identities_covered_until(const struct identities *list, int64_t at)
{
    bool moved = true;

    while (moved && at != DATE_END) {
        moved = false;
        for (size_t i = 0; i < list->count; i++) {
            const struct particulars *dates = identities_dates(list, i);

            if (particulars_in_force(dates, at)) {
                at = dates->until;
                moved = true;
            }
        }
    }
    return at;
}
