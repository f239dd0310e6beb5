/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The result of the last reload, for the status and for clients that wait for its end. The reload thread
 * writes, any thread reads.
 */
#ifndef MILTER_RELOADS_H
#define MILTER_RELOADS_H

#include <stdbool.h>
#include <stdint.h>
#include "policy/policy.h"

enum { RELOAD_TEXT = 3584, RELOAD_FINDINGS = 20, RELOAD_FINDING_TEXT = 512 };

/* An error that kept the old policy in force. */
struct reload_finding {
    char file[512], text[RELOAD_FINDING_TEXT];
    unsigned line, column;
};

/* A copy of what is known of a reload. */
struct reload_result {
    uint64_t number; /* of this process's reloads, from 1; 0: none has ended yet */
    int64_t time;    /* of its end, in seconds since 1970 */
    bool loaded;
    char digest[POLICY_DIGEST_TEXT]; /* of the policy in force at its end */
    char text[RELOAD_TEXT];          /* one line: what changed, or the first error */
    unsigned errors;                 /* how many there were */
    unsigned finding_count;          /* how many are kept below */
    struct reload_finding finding[RELOAD_FINDINGS];
};

/*
 * For the reload thread, in this order: the reload begins; it found something (a diag_fn, which also logs
 * it); the policy was loaded, and `text` says what changed, or it was not and the old one is kept; the reload
 * ends, and those who wait are answered.
 */
void reloads_begin(void);
void reloads_diag(void *unused, const struct diag *diag);
void reloads_note(const struct policy *policy, const char *text);
void reloads_note_failed(const struct policy *kept);
void reloads_end(void);

/* The number of the reload that begins next: it will read what is on disk now. */
uint64_t reloads_next(void);

/* How many have ended. */
uint64_t reloads_ended(void);

/* The last reload that ended. */
void reloads_read(struct reload_result *result);

#endif
