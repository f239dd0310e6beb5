/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a record reports without being asked: certificates that change, identities that end, partners
 * whose mail begins to fail, recovers, or stays away, lines with the number of another. One alert for a
 * cause, however many mails it has. An alert is put into the database in the transaction of the lines that it
 * is about, and taken out when it was printed: a record that is killed swallows none.
 */
#ifndef POLICY_TOOL_EVIDENCE_ALERTS_H
#define POLICY_TOOL_EVIDENCE_ALERTS_H

#include <stdbool.h>
#include <stdint.h>
#include "policy/policy.h"
#include "policy/tool/evidence/ledger.h"

/* Causes that are older are kept in mind, and not printed. */
enum { ALERT_YOUNG = STAMP_DAY };

struct alerts {
    struct ledger *ledger;
    struct database *database;
    int64_t now;
    const struct policy *policy; /* for the identities that end; NULL: none */
    sqlite3_stmt *read, *write, *post, *word;
    bool exhausted;
};

/*
 * Looks for causes after ledger_write(), and puts the alerts into the database; commit it. False: it
 * failed, stderr says why, and nothing must be committed.
 */
bool alerts_raise(struct ledger *ledger, const struct policy *policy);

/*
 * Prints the alerts of a database that was committed, those of an earlier record that was killed
 * included, and forgets them. Answers how many; -1: they could not all be printed, and stay.
 */
int alerts_print(struct database *database);

/* ---- of the files alert_*.c ---- */

/* About whom an alert is, by numbers of words, and what else tells its cause from others of the partner. */
struct alert_key {
    uint32_t partner, direction;
    const char *alert, *subject;
};

/* What is kept of a cause; `at` 0: nothing. */
struct alert_state {
    int64_t state, at;
};

struct alert_state alert_state(struct alerts *alerts, const struct alert_key *key);
void alert_keep(struct alerts *alerts, const struct alert_key *key, struct alert_state state);

/* Puts an alert into the database; the text is printf's. */
void alert_post(struct alerts *alerts, const struct alert_key *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The word of that number; valid until the next call; "" where there is none. */
const char *alert_word(struct alerts *alerts, uint32_t number);

void alert_certificates(struct alerts *alerts);
void alert_courses(struct alerts *alerts);
void alert_ends(struct alerts *alerts);
void alert_conflicts(struct alerts *alerts);

#endif
