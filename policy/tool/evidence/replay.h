/* SPDX-License-Identifier: BSD-2-Clause */
/* What a policy would have done to the mail of the past, summed by partner. */
#ifndef POLICY_TOOL_EVIDENCE_REPLAY_H
#define POLICY_TOOL_EVIDENCE_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/names/json.h"
#include "policy/policy.h"
#include "policy/tool/evidence/database.h"
#include "policy/tool/evidence/evidence.h"
#include "policy/tool/evidence/rejudge.h"

enum { REPLAY_NAMES_MAX = 256, REPLAY_CLIENTS = 5 };

struct share;

/* The caller sets only the first members. */
struct replay {
    const struct policy *policy;
    const struct policy *before; /* to compare with; NULL: compare with the action in the log */
    const char *partner[REPLAY_NAMES_MAX];
    size_t partners; /* 0: all */

    struct share *share; /* sorted by name */
    size_t shares;
    int64_t not_judged[WHY_COUNT];
    bool exhausted;
};

/*
 * Judges the mail of the sources. Returns EX_OK even if some logs cannot be read; then *status is the exit
 * status. Otherwise stderr says why nothing can be shown. Call replay_clear() in any case.
 */
int replay_run(struct replay *replay, struct evidence_source *source, const char *title, int *status);

/* Writes the members of a JSON object. */
void replay_json(struct json *json, const struct replay *replay);

/* Prints a table, and what is not judged. -1: out of memory. */
int replay_text(const struct replay *replay);

void replay_clear(struct replay *replay);

#endif
