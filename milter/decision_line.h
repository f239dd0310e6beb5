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
    const struct policy *policy; /* that judged; NULL: none did */
    struct timespec at;          /* of MAIL */
    uint64_t message;            /* its number in this run, from 1 */
};

/* Puts the line together, but for its end (log_write()). */
void decision_line(struct log_line *line, const struct decision *decision);

/* Adds who connected: the keys client=, client_port= and client_name=. */
void decision_line_client(struct log_line *line, const struct facts *facts);

/* The outcome of the deciding partner; the verdict's where mail is exempt or no partner decides. */
enum outcome decision_outcome(const struct verdict *verdict);

/* The unmet and unknown reasons of the deciding partner, as bits; a reason without a partner alone. */
unsigned decision_reasons(const struct verdict *verdict);

#endif
