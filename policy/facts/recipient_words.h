/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a recipient is stored, for recipient.c and recipients.c only: one word of counts and flags, and then
 * three rows of pattern numbers.
 */
#ifndef POLICY_FACTS_RECIPIENT_WORDS_H
#define POLICY_FACTS_RECIPIENT_WORDS_H

#include "policy/facts/recipients.h"

enum {
    ROW_SCOPE,    /* the patterns that it is in scope of */
    ROW_ARGUMENT, /* the patterns that its argument matches as written */
    ROW_MACRO,    /* the patterns that {rcpt_addr} matches as written */
    ROW_BITS = 8,
    ROW_MASK = (1 << ROW_BITS) - 1
};

#define HAS_MACRO (1u << 24)  /* {rcpt_addr} is a second reading */
#define EVERYWHERE (1u << 25) /* in scope of everything */

static inline size_t row_count(const uint32_t *recipient, unsigned row)
{
    return recipient[0] >> row * ROW_BITS & ROW_MASK;
}

static inline size_t recipient_size(const uint32_t *recipient)
{
    return 1 + row_count(recipient, ROW_SCOPE) + row_count(recipient, ROW_ARGUMENT)
           + row_count(recipient, ROW_MACRO);
}

#endif
