/* SPDX-License-Identifier: BSD-2-Clause */
/* What a policy would have done to the mail of the past, summed up by partner. */
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

/* Starts with the first members only. */
struct replay {
    const struct policy *policy;
    const struct policy *before; /* what it is compared with; NULL: what was done, as the log says */
    const char *partner[REPLAY_NAMES_MAX];
    size_t partners; /* 0: all */

    struct share *share; /* by name */
    size_t shares;
    int64_t not_judged[WHY_COUNT];
    bool exhausted;
};

/*
 * Judges the mail of the sources. EX_OK, also where some logs cannot be read, and *status then is the
 * exit status; else stderr says why nothing can be shown. Clear it either way.
 */
int replay_run(struct replay *replay, struct evidence_source *source, const char *title, int *status);

/* The members of one JSON object. */
void replay_json(struct json *json, const struct replay *replay);

/* A table, and what is not judged. -1: out of memory. */
int replay_text(const struct replay *replay);

void replay_clear(struct replay *replay);

#endif
