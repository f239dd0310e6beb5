/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The room of requirements. This header is its result: the pieces of a partner's requirements, and a finding
 * for each requirement that was weighed. The room knows the facts and the parts of a policy. It does not know
 * which partner mail selects, nor what happens to the mail.
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

/* The result of weighing one requirement of one partner. */
struct finding {
    enum requirement requirement;
    enum met met;
    enum reason reason;                      /* if not met */
    const struct certificates *certificates; /* of REQUIRE_CERTIFICATES */
    const struct clients *clients;           /* of REQUIRE_CLIENTS */
    /* of REQUIRE_CERTIFICATES, from 1: the one that matched, else the nearest; 0: none */
    unsigned identity;
};

/* A part of a partner's requirements: its own keys, those that the defaults add, or a profile. */
struct piece {
    const struct require *require;
    const struct certificates *certificates; /* of REQUIRE_CERTIFICATES */
    unsigned keys;                           /* bit per enum requirement: the keys that count */
};

enum { PIECES_MAX = 8 };
#define REQUIREMENT_MOST(NAME, name, most) +(most)
enum { FINDINGS_MAX = 0 REQUIREMENTS(REQUIREMENT_MOST) };

/*
 * One partner that mail selected, and the result for it. Points into the policy. This room fills the pieces
 * and the findings, and the outcome and reason as far as they follow from those; policy/verdict/ fills the
 * rest.
 */
struct judged {
    const struct partner *partner;
    unsigned selected_by; /* SELECTED_* */
    enum mode mode;
    enum outcome outcome;
    enum action action; /* the partner's action: ACTION_ACCEPT unless mode is enforce */
    enum action would;  /* the action if a mode of testing were enforce; else the same as `action` */
    enum reason reason; /* the deciding one, if the outcome is fail or undecidable */
    const struct exception *exception; /* if the outcome is excepted: of several, the last to end */
    size_t piece_count, finding_count;
    struct piece piece[PIECES_MAX];
    struct finding finding[FINDINGS_MAX]; /* in the order of enum requirement */
};

/*
 * Write what a finding wanted and what was found, for people and for JSON, at most size - 1 octets. These are
 * UTF-8, or any octets that the MTA sent. finding_found() returns false if there is nothing to show (null).
 */
void finding_wanted(const struct policy *policy, const struct judged *judged, const struct finding *finding,
                    char *text, size_t size);
bool finding_found(const struct policy *policy, const struct judged *judged, const struct finding *finding,
                   const struct facts *facts, char *text, size_t size);

/*
 * Whether a `certificates` finding is unknown because the MTA reports fingerprints by another digest: the
 * reported one is that of the certificate in a `file:`, but not its SHA-256.
 */
bool finding_is_other_digest(const struct policy *policy, const struct finding *finding,
                             const struct facts *facts);

#endif
