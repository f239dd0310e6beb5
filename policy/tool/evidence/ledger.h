/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns entries of logs into counts in a database: each line counts once, each message once per partner. */
#ifndef POLICY_TOOL_EVIDENCE_LEDGER_H
#define POLICY_TOOL_EVIDENCE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>
#include "policy/tool/evidence/counts.h"
#include "policy/tool/evidence/entry.h"
#include "policy/tool/evidence/kinds.h"
#include "policy/tool/evidence/marks.h"
#include "policy/tool/evidence/messages.h"
#include "policy/tool/evidence/recall.h"
#include "policy/tool/evidence/runs.h"
#include "policy/tool/evidence/words.h"

enum { LEDGER_KINDS_AN_HOUR = 200, LEDGER_CLIENTS_A_DAY = 1000 };

/* What is counted besides mails. The names are those of the table `counter` and of the report. */
/* clang-format off */
enum ledger_counter {
    COUNTER_UNREADABLE, COUNTER_FOREIGN, COUNTER_FUTURE,
    COUNTER_CONFLICTING, /* another line has the same number */
    COUNTER_COUNT
};
/* clang-format on */
extern const char *const ledger_counter_names[COUNTER_COUNT];

struct ledger {
    struct database *database;
    struct words words;
    struct rows kinds, clients;
    struct recall *known_kinds, *known_clients; /* the rows of recent lists of words */
    struct counts hourly, daily;
    struct messages messages;
    struct runs runs;
    struct marks marks;
    sqlite3_stmt *line, *noted, *event, *judged;
    int64_t now;
    int64_t since, until;            /* mails within this time count; INT64_MIN and INT64_MAX: all */
    bool anonymous;                  /* shortens client addresses, and leaves out queue ids, names and HELO */
    bool without_clients;            /* only kinds are counted */
    unsigned source;                 /* SOURCE_* of the current lines */
    uint64_t counter[COUNTER_COUNT]; /* new lines */
    uint64_t decisions;              /* new decisions that count */
    uint32_t conflict_partner;       /* a word: the partner of the first conflicting line */
    struct touch {
        int64_t first, last; /* first > last: none */
    } * touch;               /* by the id of a kind: the times of new mails */
    size_t touches;
    size_t kind_place[KIND_COLUMNS], client_place[CLIENT_COLUMNS]; /* places of the last words, in `words` */
    size_t gateway_place, policy_place;
    bool exhausted;
};

/* Loads the state from the database. False: stderr says why; call ledger_close() all the same. */
bool ledger_open(struct ledger *ledger, struct database *database, int64_t now);

/*
 * Notes a line of the daemon (ENTRY_OURS), written by `gateway` at `at` (STAMP_NONE: unknown). True: the line
 * is new. A readable decision within since and until is counted.
 */
bool ledger_note(struct ledger *ledger, const struct entry *entry, const char *gateway, int64_t at);

/* Counts, once, a line that does not count as a mail. True: the line is new. `at` may be STAMP_NONE. */
bool ledger_count(struct ledger *ledger, enum ledger_counter counter, const struct entry *entry, int64_t at);

/*
 * Notes the line of a delivery, which has no number. False: a line with the same second, process and text was
 * noted before.
 */
bool ledger_add_delivery(struct ledger *ledger, const struct entry *entry, int64_t at);

/* Whether the line of a delivery was noted. */
bool ledger_has_delivery(struct ledger *ledger, const struct entry *entry, int64_t at);

/*
 * Writes everything; after that no line can be noted. False: incomplete, so it must not be committed; stderr
 * says why.
 */
bool ledger_write(struct ledger *ledger);

void ledger_close(struct ledger *ledger);

/* For ledger_note(): counts a decision for its partners; `run` NULL: a line without a number. */
void tally_decision(struct ledger *ledger, const struct entry *entry, const char *gateway, int64_t at,
                    const struct run *run);

/* Notes the time of a new mail of that kind. */
void ledger_touch(struct ledger *ledger, uint32_t kind, int64_t at);

/* Whether this version knows the words of a decision. */
bool tally_knows(const struct entry *entry);

#endif
