/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What record reports on its own: certificates that change, identities that end, partners whose mail begins
 * to fail, recovers, or stays away, and lines with the number of another line. There is one alert per cause,
 * however many mails it has. An alert is stored in the transaction of its lines and deleted once it is
 * printed. So a record that is killed loses none.
 */
#ifndef POLICY_TOOL_EVIDENCE_ALERTS_H
#define POLICY_TOOL_EVIDENCE_ALERTS_H

#include <stdbool.h>
#include <stdint.h>
#include "policy/policy.h"
#include "policy/tool/evidence/ledger.h"

/* Older causes are remembered but not printed. */
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
 * Looks for causes after ledger_write(), and stores the alerts in the database; the caller commits. False: it
 * failed, stderr says why, and nothing may be committed.
 */
bool alerts_raise(struct ledger *ledger, const struct policy *policy);

/*
 * Prints and deletes the stored alerts of a committed database, also those of an earlier record that was
 * killed. Returns their number. -1: not all could be printed, and all are kept.
 */
int alerts_print(struct database *database);

/* ---- for the files alert_*.c ---- */

/*
 * The partner and direction of an alert, by ids of words, and what tells its cause from others of the
 * partner.
 */
struct alert_key {
    uint32_t partner, direction;
    const char *alert, *subject;
};

/* What is remembered of a cause; `at` 0: nothing. */
struct alert_state {
    int64_t state, at;
};

struct alert_state alert_state(struct alerts *alerts, const struct alert_key *key);
void alert_keep(struct alerts *alerts, const struct alert_key *key, struct alert_state state);

/* Stores an alert in the database. The arguments are those of printf(). */
void alert_post(struct alerts *alerts, const struct alert_key *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Returns the word of an id, valid until the next call; "": none. */
const char *alert_word(struct alerts *alerts, uint32_t number);

void alert_certificates(struct alerts *alerts);
void alert_courses(struct alerts *alerts);
void alert_ends(struct alerts *alerts);
void alert_conflicts(struct alerts *alerts);

#endif
