/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last messages of each run. A message with several results has several lines. It counts once per
 * partner, with the most severe result.
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
    uint32_t kind, client; /* where it is counted: ids of rows of these tables */
    unsigned severity;
    bool final; /* its line was written at the end of the message */
};

struct messages {
    struct database *database;
    const struct runs *all_runs;
    struct slots slots;
    struct message *message;
    size_t count, sweep; /* allocated for `sweep` messages; when full, old ones are removed */
    uint64_t *newest;    /* the highest message number, by run */
    size_t runs;
    bool exhausted;
};

/* Loads the messages of the database. `runs` tell which lines were read. */
bool messages_open(struct messages *messages, struct database *database, const struct runs *runs);
void messages_close(struct messages *messages);

/* Finds the message with that run, number and partner. NULL: it is new. Valid until the next addition. */
struct message *messages_find(const struct messages *messages, const struct message *wanted);
void messages_add(struct messages *messages, const struct message *message);

/*
 * Writes the messages that may get a further line. If they are too many, writes the ones read last; and as
 * many final ones, in case files are read in the wrong order.
 */
void messages_write(struct messages *messages);

#endif
