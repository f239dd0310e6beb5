/* SPDX-License-Identifier: BSD-2-Clause */
/* CAs that issue from several intermediate CAs, so that a renewed certificate may have another issuer. */
#ifndef POLICY_NAMES_ISSUERS_H
#define POLICY_NAMES_ISSUERS_H

#include <stdbool.h>
#include <stddef.h>

struct issuer_family {
    const char *ca;             /* "Let's Encrypt" */
    const char *const *members; /* common names of issuers, then NULL; those of today, and some of the past */
    const char *prefix;         /* a common name that begins so is a member, too; NULL: no others */
    bool complete;  /* the members are all that the CA says it uses: they can be written as alternatives */
    bool at_random; /* the CA picks one for each certificate; else it changes it from time to time */
    bool slow;      /* the CA keeps one for years: worth a note, no warning */
    const char *source; /* the source of all this, and its date */
};

extern const struct issuer_family issuer_families[];
extern const size_t issuer_family_count;

/* The family that the common name of an issuer belongs to (no regard to case), or NULL. */
const struct issuer_family *issuer_family_of(const char *issuer);

#endif
