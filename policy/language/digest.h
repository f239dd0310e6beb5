/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of a policy's digest: for digest*.c only. */
#ifndef POLICY_LANGUAGE_DIGEST_H
#define POLICY_LANGUAGE_DIGEST_H

#include <openssl/evp.h>
#include "policy/requirement/weigh.h"
#include "policy/language/canonical.h"

enum { DIGEST_OCTETS = 32, TERMS_REMEMBERED = 8 };

/* The hash of a partner's terms and mode. */
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
    struct suite_set last_suites; /* the suites of last_suites_hash */
    unsigned char last_suites_hash[DIGEST_OCTETS];
    struct terms_hash terms[TERMS_REMEMBERED]; /* of the partners hashed last */
    unsigned terms_count;
};

/* Computes the hash of what was written. On failure, sets digesting->failed. */
void digest_hash(struct digesting *digesting, const struct canonical *text,
                 unsigned char hash[DIGEST_OCTETS]);

/* Write one thing each. */
void digest_pattern(struct canonical *to, const struct address_pattern *pattern);
void digest_patterns(struct canonical *to, const struct address_pattern *patterns, size_t count);
void digest_network(struct canonical *to, const struct network *network);
void digest_clients(struct canonical *to, const struct clients *clients);

/*
 * Write what a partner requires, with the defaults and profiles. Certificates are written separately, because
 * partners that share their terms may have different certificates.
 */
void digest_requirements(struct digesting *digesting, const struct partner *partner);
void digest_certificates(struct digesting *digesting, const struct partner *partner);
void digest_outbound(struct digesting *digesting,
                     const struct partner *partner); /* nothing if there is none */

#endif
