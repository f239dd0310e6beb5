/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last messages of each run. A message with several results has several lines; it counts once for a
 * partner, by the most severe one.
 */
#ifndef POLICY_TOOL_EVIDENCE_MESSAGES_H
#define POLICY_TOOL_EVIDENCE_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/slots.h"
#include "policy/tool/evidence/runs.h"

struct message {
    uint64_t msg;
    int64_t at;
    uint32_t run, partner;
    uint32_t kind, client; /* where it is counted: rows of these tables */
    unsigned severity;
    bool final; /* its line was written at the end of the message */
};

struct messages {
    struct database *database;
    const struct runs *all_runs;
    struct slots slots;
    struct message *message;
    size_t count, sweep; /* there is room for `sweep` messages; then the old ones go */
    uint64_t *newest;    /* the highest number of a message, by run */
    size_t runs;
    bool exhausted;
};

/* Takes up the messages that the database has. `runs` say which lines were read. */
bool messages_open(struct messages *messages, struct database *database, const struct runs *runs);
void messages_close(struct messages *messages);

/*
 * The message of that run, number and partner, if it is known; NULL: it is new. Valid until the next
 * addition.
 */
struct message *messages_find(const struct messages *messages, const struct message *wanted);
void messages_add(struct messages *messages, const struct message *message);

/*
 * Writes those of which a further line may come, of which there may be too many: the ones that were read
 * last, and as many of the final ones, in case that files are read in the wrong order.
 */
void messages_write(struct messages *messages);

#endif
