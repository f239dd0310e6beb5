/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Warns of partners' mail that is exempt because of its client. If a proxy, a tunnel or the port driver of a
 * container connects to the MTA, every client has its address (127.0.0.1), and no partner is judged.
 */
#ifndef MILTER_EXEMPT_H
#define MILTER_EXEMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/policy.h"

/* Seconds between two warnings. */
#define EXEMPT_INTERVAL 3600

/* What is counted until the next warning. Begins zeroed. */
struct exempt_sum {
    bool warned;        /* there was a warning, at `since` */
    int64_t since;      /* seconds since 1970 */
    size_t count;       /* mails since then */
    char partners[256]; /* their partners' names, each once, with commas; "..." at the end: there are more */
};

/*
 * Counts one mail of these partners. True: a warning is due, because it is the first such mail, or the last
 * warning was an hour ago, or the clock went back. exempt_warned() begins the next hour.
 */
bool exempt_count(struct exempt_sum *sum, const struct verdict *verdict, int64_t now);
void exempt_warned(struct exempt_sum *sum, int64_t now);

/*
 * Call it for each mail with EXEMPT_CLIENT that is logged. Logs the first mail at once, then once an hour,
 * with the first mail after the hour, how many there were. Takes a lock; mail of no partner never comes here.
 */
void exempt_note(const struct verdict *verdict, const struct facts *facts, int64_t now);

/* At the end of the process: logs what was counted since the last warning, if anything. */
void exempt_finish(int64_t now);

#endif
