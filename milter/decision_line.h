/* SPDX-License-Identifier: BSD-2-Clause */
/* A decision as a line of the log. */
#ifndef MILTER_DECISION_LINE_H
#define MILTER_DECISION_LINE_H

#include <stdint.h>
#include <time.h>
#include "milter/log.h"
#include "policy/policy.h"
#include "policy/verdict/reply.h"

/* What a decision's log line is made of. */
struct decision {
    const struct facts *facts;
    const struct verdict *verdict;
    const struct reply *reply;   /* NULL: accepted */
    const char *qid;             /* NULL: none yet */
    const struct policy *policy; /* the one that judged; NULL: none */
    struct timespec at;          /* the time of MAIL */
    uint64_t message;            /* its number in this run, from 1 */
};

/* Makes the whole line except its end, which log_write() adds. */
void decision_line(struct log_line *line, const struct decision *decision);

/* Adds the key client=, the client's address. */
void decision_line_client(struct log_line *line, const struct facts *facts);

/* The outcome of the deciding partner; the verdict's if mail is exempt or no partner decides. */
enum outcome decision_outcome(const struct verdict *verdict);

/* The unmet and unknown reasons of the deciding partner, as bits; without a partner, the verdict's reason. */
unsigned decision_reasons(const struct verdict *verdict);

#endif
