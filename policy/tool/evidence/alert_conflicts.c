/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Alerts about lines that have the number of another line: at most one a day, however many lines there are.
 */
#include <inttypes.h>
#include "policy/tool/evidence/alerts.h"

void alert_conflicts(struct alerts *alerts)
{
    uint64_t count = alerts->ledger->counter[COUNTER_CONFLICTING];
    const struct alert_key key = {.partner = alerts->ledger->conflict_partner,
                                  .direction = words_add(&alerts->ledger->words, "inbound"),
                                  .alert = "conflicting_lines",
                                  .subject = ""};

    if (count == 0 || alert_state(alerts, &key).at > alerts->now - STAMP_DAY)
        return;
    alert_keep(alerts, &key, (struct alert_state){(int64_t)count, alerts->now});
    alert_post(alerts, &key,
               "%" PRIu64
               " line%s of the log ha%s the number of another line: somebody writes in the name of "
               "the filter, or has altered a log; the line that was read first counts",
               count, count == 1 ? "" : "s", count == 1 ? "s" : "ve");
}
