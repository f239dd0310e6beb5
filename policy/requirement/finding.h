/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The room of what a session may be held to. This is what it hands on: the pieces of which a partner's
 * requirements consist, and of each requirement what weighing it found. The room knows the facts and
 * what a policy is made of. It does not know which partner mail selects, nor what follows for the mail.
 */
#ifndef POLICY_REQUIREMENT_FINDING_H
#define POLICY_REQUIREMENT_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/words.h"

struct facts;
struct policy;
struct partner;
struct exception;
struct require;
struct certificates;
struct clients;

/* One requirement of one partner, weighed. */
struct finding {
    enum requirement requirement;
    enum met met;
    enum reason reason;                      /* while not met */
    const struct certificates *certificates; /* of REQUIRE_CERTIFICATES */
    const struct clients *clients;           /* of REQUIRE_CLIENTS */
    unsigned
        /* REQUIRE_CERTIFICATES: 1-based, the one that matched, else the one that came nearest; 0: none */
        identity;
};

/* A part of what a partner requires: its own keys, what the defaults add, each profile. */
struct piece {
    const struct require *require;
    const struct certificates *certificates; /* of REQUIRE_CERTIFICATES */
    unsigned keys;                           /* bit per enum requirement: which of its keys count */
};

enum { PIECES_MAX = 8 };
#define REQUIREMENT_MOST(NAME, name, most) +(most)
enum { FINDINGS_MAX = 0 REQUIREMENTS(REQUIREMENT_MOST) };

/*
 * One partner that mail selected, and what became of it. Points into the policy. This room fills the
 * pieces and the findings, and outcome and reason as far as they follow from those; the rest is for
 * policy/verdict/.
 */
struct judged {
    const struct partner *partner;
    unsigned selected_by; /* SELECTED_* */
    enum mode mode;
    enum outcome outcome;
    enum action action; /* what happens for its sake: ACTION_ACCEPT unless mode is enforce */
    enum action would;  /* what would happen if a mode of testing were enforce; else the same as `action` */
    enum reason reason; /* the deciding one, while the outcome is fail or undecidable */
    const struct exception
        *exception; /* that holds, while the outcome is excepted; of several the last to end */
    size_t piece_count, finding_count;
    struct piece piece[PIECES_MAX];
    struct finding finding[FINDINGS_MAX]; /* in the order of enum requirement */
};

/*
 * What a finding wanted and what was found, for people and for JSON, at most
 * size - 1 octets; UTF-8 or whatever octets the MTA sent. `found` answers false where there is nothing
 * to show (null).
 */
void finding_wanted(const struct policy *policy, const struct judged *judged, const struct finding *finding,
                    char *text, size_t size);
bool finding_found(const struct policy *policy, const struct judged *judged, const struct finding *finding,
                   const struct facts *facts, char *text, size_t size);

/*
 * Whether a `certificates` finding is not known because the MTA reports fingerprints by another digest: the
 * reported one is that of the certificate in a `file:`, but not its SHA-256.
 */
bool finding_is_other_digest(const struct policy *policy, const struct finding *finding,
                             const struct facts *facts);

#endif
