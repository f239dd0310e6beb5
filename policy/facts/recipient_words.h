/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a recipient is kept, for recipient.c and recipients.c only: one word of counts and flags, and then
 * three rows of numbers of patterns.
 */
#ifndef POLICY_FACTS_RECIPIENT_WORDS_H
#define POLICY_FACTS_RECIPIENT_WORDS_H

#include "policy/facts/recipients.h"

enum {
    ROW_SCOPE,    /* what it is in scope of */
    ROW_ARGUMENT, /* what its argument matches as it stands */
    ROW_MACRO,    /* what {rcpt_addr} matches as it stands */
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
