/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The recipients of a message as one policy sees them: of each, only which patterns of the policy it
 * matches. Those that match the same are kept once, so that recipients of nobody's concern cost nothing,
 * however many they are.
 */
#ifndef POLICY_FACTS_RECIPIENTS_H
#define POLICY_FACTS_RECIPIENTS_H

#include "policy/names/patterns.h"

struct policy;

enum {
    RECIPIENT_PATTERNS_MAX = 96,  /* patterns that one recipient may match */
    RECIPIENT_WORDS_MAX = 1 << 15 /* what the different recipients of a message may take, 128 KiB */
};

/* One recipient: a head that says how many numbers of patterns follow, and those. See recipient_words.h. */
struct recipient {
    uint32_t words[1 + RECIPIENT_PATTERNS_MAX];
};

/* Recipients in a row; a view, to be read only. */
struct recipients {
    size_t count;  /* how many there are; 0: none was accepted */
    size_t length; /* in words, of the different ones */
    const uint32_t *words;
    const struct slots *in_scope; /* every pattern that one of them is in scope of; NULL: not indexed */
    bool everywhere;              /* one of them is in scope of everything */
};

/* The same with the memory they are in. Zeroed when empty; recipients_free() it. */
struct recipient_store {
    struct recipients all;
    uint32_t *words;
    size_t room;
    struct slots index, in_scope;
};

/*
 * Reads a RCPT: its argument, and {rcpt_addr} or NULL; `completes`: mta_completes_recipients().
 *
 * It is in scope of what either matches, and there the sender must not escape by another spelling: a
 * local part also matches up to a delimiter of the policy (any of them, wherever it stands); an address
 * without a domain, or at an address literal or a name of one label, is local mail and matches by its
 * local part alone; of "user%domain@relay", "domain!user@relay" and "user@domain"@relay the inner
 * address counts, too. Where the MTA completes recipients, a {rcpt_addr} at a domain that is not in the
 * argument is local mail: the argument has no domain, however it is written.
 *
 * It is excepted by what both match as they stand. A {rcpt_addr} without a domain is no second reading:
 * Sendmail writes local mailboxes so.
 *
 * False: out of memory, or it matches more than RECIPIENT_PATTERNS_MAX patterns; what it is, is not known.
 */
bool recipient_read(struct recipient *recipient, const struct policy *policy, bool completes,
                    const char *argument, const char *rcpt_addr);

/* That recipient alone; the view is valid as long as the recipient is. */
struct recipients recipients_of_one(const struct recipient *recipient);

/* One more recipient. False: out of memory or too many different ones, and nothing has changed. */
bool recipients_add(struct recipient_store *store, const struct recipient *recipient);
void recipients_free(struct recipient_store *store);

/* The next of the different recipients, the first for NULL; NULL: no more. */
const uint32_t *recipients_next(const struct recipients *recipients, const uint32_t *recipient);

/* Whether such a recipient is in the scope of a list, or excepted by one. */
bool recipient_in_scope(const uint32_t *recipient, const struct pattern_set *scope);
bool recipient_excepted(const uint32_t *recipient, const struct pattern_set *exception);

/* Whether any of them is in scope. */
bool recipients_in_scope(const struct recipients *recipients, const struct pattern_set *scope);

#endif
