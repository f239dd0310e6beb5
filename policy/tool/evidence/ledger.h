/* SPDX-License-Identifier: BSD-2-Clause */
/* From entries of logs to counts in a database: each line counts once, each message once for a partner. */
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

/* What is counted beside mails; the names are those of the table `counter` and of the report. */
/* clang-format off */
enum ledger_counter {
    COUNTER_UNREADABLE, COUNTER_FOREIGN, COUNTER_FUTURE,
    COUNTER_CONFLICTING, /* the number is that of another line */
    COUNTER_COUNT
};
/* clang-format on */
extern const char *const ledger_counter_names[COUNTER_COUNT];

struct ledger {
    struct database *database;
    struct words words;
    struct rows kinds, clients;
    struct recall *known_kinds, *known_clients; /* of them, by their words */
    struct counts hourly, daily;
    struct messages messages;
    struct runs runs;
    struct marks marks;
    sqlite3_stmt *line, *noted, *event, *judged;
    int64_t now;
    int64_t since, until; /* times of mails that count; INT64_MIN and INT64_MAX: all */
    bool anonymous;       /* client addresses are shortened, and queue ids, names and HELO left out */
    bool without_clients; /* only kinds are counted */
    unsigned source;      /* SOURCE_* of the lines that come */
    uint64_t counter[COUNTER_COUNT]; /* new ones */
    uint64_t decisions;              /* new ones that count */
    uint32_t conflict_partner;       /* a word: the partner of the first line that conflicts */
    struct touch {
        int64_t first, last; /* first > last: none */
    } * touch;               /* by the number of a kind: the times of new mails */
    size_t touches;
    size_t kind_place[KIND_COLUMNS], client_place[CLIENT_COLUMNS]; /* of the last words, in `words` */
    size_t gateway_place, policy_place;
    bool exhausted;
};

/* Takes up what the database has. False: stderr says why; close it all the same. */
bool ledger_open(struct ledger *ledger, struct database *database, int64_t now);

/*
 * Notes a line of the daemon (ENTRY_OURS) written by `gateway` at `at` (STAMP_NONE: not known). True: it is
 * a new one that can be read. What it says is counted where it is a decision within since and until.
 */
bool ledger_note(struct ledger *ledger, const struct entry *entry, const char *gateway, int64_t at);

/* Counts a line that cannot be counted otherwise, once. True: it is new. `at` may be STAMP_NONE. */
bool ledger_count(struct ledger *ledger, enum ledger_counter counter, const struct entry *entry, int64_t at);

/*
 * Notes a line of a delivery, which has no number. False: one of the same second, process and text was noted
 * before.
 */
bool ledger_add_delivery(struct ledger *ledger, const struct entry *entry, int64_t at);

/* Whether it was noted. */
bool ledger_has_delivery(struct ledger *ledger, const struct entry *entry, int64_t at);

/*
 * Writes everything; no line can be noted any more. False: not all of it could be, and it must not be
 * committed; stderr says why.
 */
bool ledger_write(struct ledger *ledger);

void ledger_close(struct ledger *ledger);

/* Counts a decision for its partners; `run` NULL: a line without numbers. Of ledger_note(). */
void tally_decision(struct ledger *ledger, const struct entry *entry, const char *gateway, int64_t at,
                    const struct run *run);

/* Notes the time of a new mail of that kind. */
void ledger_touch(struct ledger *ledger, uint32_t kind, int64_t at);

/* Whether the words of a decision are ones that this version knows. */
bool tally_knows(const struct entry *entry);

#endif
