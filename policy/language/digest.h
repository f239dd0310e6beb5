/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of a policy's digest: for digest*.c only. */
#ifndef POLICY_LANGUAGE_DIGEST_H
#define POLICY_LANGUAGE_DIGEST_H

#include <openssl/evp.h>
#include "policy/requirement/weigh.h"
#include "policy/language/canonical.h"

enum { DIGEST_OCTETS = 32, TERMS_REMEMBERED = 8 };

/* What a partner's terms and mode come to, hashed. */
struct terms_hash {
    const struct terms *terms;
    unsigned mode;
    unsigned char hash[DIGEST_OCTETS];
};

/* A digest being computed. */
struct digesting {
    const struct policy *policy;
    EVP_MD_CTX *hashing;
    bool failed;
    struct canonical text, suites;
    struct suite_set last_suites; /* those that last_suites_hash is of */
    unsigned char last_suites_hash[DIGEST_OCTETS];
    struct terms_hash terms[TERMS_REMEMBERED]; /* of the partners before */
    unsigned terms_count;
};

/* The hash of what was written; on failure digesting->failed is set. */
void digest_hash(struct digesting *digesting, const struct canonical *text,
                 unsigned char hash[DIGEST_OCTETS]);

/* Each writes one thing. */
void digest_pattern(struct canonical *to, const struct address_pattern *pattern);
void digest_patterns(struct canonical *to, const struct address_pattern *patterns, size_t count);
void digest_network(struct canonical *to, const struct network *network);
void digest_clients(struct canonical *to, const struct clients *clients);

/*
 * What a partner requires, with the defaults and profiles; certificates apart, because partners whose
 * terms are one object may have different ones.
 */
void digest_requirements(struct digesting *digesting, const struct partner *partner);
void digest_certificates(struct digesting *digesting, const struct partner *partner);
void digest_outbound(struct digesting *digesting,
                     const struct partner *partner); /* nothing where there is none */

#endif
