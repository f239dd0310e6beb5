/* SPDX-License-Identifier: BSD-2-Clause */
/* Warnings about the dates of identities (of clients and servers) and of the certificates in their files. */
#include "policy/language/doubts.h"
#include "policy/names/date.h"

void doubt_certificate_file(struct doubts *doubts, const struct particulars *particulars, struct place place,
                            const char *who)
{
    const struct certfile *certificate = particulars->certificate;
    char date[32];

    if (certificate == NULL)
        return;
    date_format(certificate->not_before, date);
    if (certificate->not_before > doubts->now)
        doubts_report(doubts, place, WARNING_CERTIFICATE_NOT_YET_VALID,
                      ": the certificate in %s is not valid before %s; a %s may not show it yet",
                      particulars->file, date, who);
    date_format(certificate->not_after, date);
    if (certificate->not_after < doubts->now)
        doubts_report(doubts, place, WARNING_CERTIFICATE_EXPIRED, ": the certificate in %s expired on %s",
                      particulars->file, date);
    else if (certificate->not_after - doubts->now < SOON)
        doubts_report(doubts, place, WARNING_CERTIFICATE_EXPIRES,
                      ": the certificate in %s expires on %s, days left: %d", particulars->file, date,
                      (int)((certificate->not_after - doubts->now) / DAY));
}

void doubt_identity_dates(struct doubts *doubts, const struct identities *list, struct place place)
{
    bool clients = list->clients != NULL;
    const char *identity = clients ? "certificate identity" : "identity of the servers";
    const char *mail = clients ? "mail" : "mail to the partner", *reason = clients ? " (policy_dates)" : "";
    int64_t end = identities_covered_until(list, doubts->now);
    size_t next = identities_next(list, end);
    char from[32], until[32];

    if (end == DATE_END)
        return;
    date_format(end, from);
    if (next < list->count) {
        date_format(identities_dates(list, next)->from, until);
        doubts_report(doubts, place, WARNING_IDENTITY_GAP,
                      ": no %s is in force from %s to %s; %s is deferred then%s", identity,
                      end == doubts->now ? "now" : from, until, mail, reason);
    } else if (end == doubts->now) {
        doubts_report(doubts, place, WARNING_NO_IDENTITY, ": no %s is in force any more; %s is deferred%s",
                      identity, mail, reason);
    } else if (end - doubts->now < SOON) {
        doubts_report(doubts, place, WARNING_IDENTITY_ENDS, ": the last %s ends on %s, days left: %d",
                      identity, from, (int)((end - doubts->now) / DAY));
    }
}
