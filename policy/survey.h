/* SPDX-License-Identifier: BSD-2-Clause */
/* What a policy asks of the MTA as a whole: for those who look whether the MTA can give it. */
#ifndef POLICY_SURVEY_H
#define POLICY_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/policy.h"

/* Of the partners that are not switched off; each name is that of the first such partner, NULL: none. */
struct survey {
    size_t partners, enforcing;  /* partners at all; in mode enforce now */
    const char *names;           /* a rule counts on a certificate that the MTA verified */
    const char *names_alone;     /* likewise, and no pin stands beside it */
    const char *trusted;         /* `certificates: trusted`, or names without an issuer */
    const char *pins, *key_pins; /* fingerprints of certificates; of their keys */
    const char *dates;           /* none of its certificate identities is in force */
    bool authenticated_exempt;
};

struct survey policy_survey(const struct policy *policy, int64_t now);

/* Whether mail of this client, or through the daemon of this name, is never judged. */
bool policy_exempts_client(const struct policy *policy, const struct network *address);
bool policy_exempts_daemon(const struct policy *policy, const char *name);

/* The files that the policy was read from. */
size_t policy_file_count(const struct policy *policy);
const char *policy_file(const struct policy *policy, size_t i);

#endif
