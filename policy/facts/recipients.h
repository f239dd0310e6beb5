/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The recipients of a message as one policy sees them: for each, only which patterns of the policy it
 * matches. Recipients that match the same patterns are stored once, so that any number of recipients in no
 * partner's scope costs nothing.
 */
#ifndef POLICY_FACTS_RECIPIENTS_H
#define POLICY_FACTS_RECIPIENTS_H

#include "policy/names/patterns.h"

struct policy;

enum {
    RECIPIENT_PATTERNS_MAX = 96,  /* patterns that one recipient may match */
    RECIPIENT_WORDS_MAX = 1 << 15 /* words for all different recipients of a message, 128 KiB */
};

/* One recipient: a head that counts the pattern numbers, and these numbers. See recipient_words.h. */
struct recipient {
    uint32_t words[1 + RECIPIENT_PATTERNS_MAX];
};

/* Recipients one after the other; a view that is only read. */
struct recipients {
    size_t count;  /* how many there are; 0: none was accepted */
    size_t length; /* in words, of the different ones */
    const uint32_t *words;
    const struct slots *in_scope; /* every pattern that one of them is in scope of; NULL: not indexed */
    bool everywhere;              /* one of them is in scope of everything */
};

/* Recipients with the memory they are in. Zeroed when empty; freed by recipients_free(). */
struct recipient_store {
    struct recipients all;
    uint32_t *words;
    size_t room;
    struct slots index, in_scope;
};

/*
 * Reads a RCPT: its argument, and {rcpt_addr} or NULL; `completes`: mta_completes_recipients().
 *
 * The recipient is in scope of every pattern that either of the two matches. Here the sender must not escape
 * by another spelling: a local part also matches up to a delimiter of the policy (any delimiter, at any
 * place); an address without a domain, or at an address literal or a name of one label, is local mail and
 * matches by its local part alone; of "user%domain@relay", "domain!user@relay" and "user@domain"@relay the
 * inner address counts, too. If the MTA completes recipients, a {rcpt_addr} at a domain that is not in the
 * argument is local mail: the argument has no domain, however it is written.
 *
 * The recipient is excepted by every pattern that both match as written. A {rcpt_addr} without a domain is no
 * second reading: Sendmail writes local mailboxes so.
 *
 * False: out of memory, or more than RECIPIENT_PATTERNS_MAX patterns match; *recipient is not to be used.
 */
bool recipient_read(struct recipient *recipient, const struct policy *policy, bool completes,
                    const char *argument, const char *rcpt_addr);

/* A view of this recipient alone; valid as long as the recipient is. */
struct recipients recipients_of_one(const struct recipient *recipient);

/* Adds a recipient. False: out of memory or too many different ones; the recipients are unchanged. */
bool recipients_add(struct recipient_store *store, const struct recipient *recipient);
void recipients_free(struct recipient_store *store);

/* The different recipient after `recipient`, or the first for NULL. Returns NULL after the last. */
const uint32_t *recipients_next(const struct recipients *recipients, const uint32_t *recipient);

/* Whether such a recipient is in the scope of a list, or is excepted by a list. */
bool recipient_in_scope(const uint32_t *recipient, const struct pattern_set *scope);
bool recipient_excepted(const uint32_t *recipient, const struct pattern_set *exception);

/* Whether any recipient is in scope. */
bool recipients_in_scope(const struct recipients *recipients, const struct pattern_set *scope);

#endif
