/* SPDX-License-Identifier: BSD-2-Clause */
/* A message's facts and what Postfix reported of it, brought together at DATA. */
#ifndef MILTER_JOIN_H
#define MILTER_JOIN_H

#include <stdint.h>
#include "policy/facts/facts.h"

/* What came of it. */
enum join {
    JOIN_NOT_TRIED,
    JOIN_DONE,
    JOIN_NO_LISTENER,
    JOIN_NO_REPORT,
    JOIN_CONTRADICTION,
    JOIN_OTHER_DIGEST,
    JOIN_COUNT
};

/*
 * Completes pins that are still to come by the report of this message, if there is one behind `moment`
 * (listener_moment() at MAIL); else they are missing. Never waits. `queue_id` may be NULL.
 */
enum join join_report(struct facts *facts, const char *queue_id, uint64_t moment);

/* Tells the log why pins are missing: each reason once until join_tell_again(). */
void join_tell(enum join join, const struct facts *facts, const char *queue_id);
void join_tell_again(void);

#endif
