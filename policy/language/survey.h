/* SPDX-License-Identifier: BSD-2-Clause */
/* What a policy asks of the MTA as a whole: for those who look whether the MTA can give it. */
#ifndef POLICY_SURVEY_H
#define POLICY_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/policy.h"

/*
 * Of the partners in mode enforce or testing, now or by a later step of their rollout. Each name is that of
 * the first such partner; NULL: there is none.
 */
struct survey {
    size_t partners, enforcing;  /* partners at all; in mode enforce now */
    const char *names;           /* a rule counts on a certificate that the MTA verified */
    const char *names_alone;     /* likewise, and no pin stands beside it */
    const char *trusted;         /* `certificates: trusted`, or names without an issuer */
    const char *pins, *key_pins; /* fingerprints of certificates; of their keys */
    const char *dates;           /* none of its certificate identities is in force */
    const char *header_from;     /* it is selected by the header From */
    const char *quarantine;      /* some failure of its mail is held, now or by a later step of its rollout */
    const char *client_names;    /* a selector, a requirement or an exception names clients by name */
    bool exempt_names;           /* `exempt: {clients: ...}` has names */
    bool authenticated_exempt;
};

struct survey policy_survey(const struct policy *policy, int64_t now);

/* A kind of TLS session that an MTA offers. */
struct tls_offer {
    const char *cipher; /* OpenSSL's name */
    enum tls_version version;
    int bits;
};

/* All that it offers; costs least where the best stand first. */
struct tls_offers {
    const struct tls_offer *offer;
    size_t count;
};

/* A partner that can never pass: what it requires that no offer has. Texts for people. */
struct unserved {
    const char *partner;
    enum reason reason; /* REASON_NO_TLS (there is no offer) to REASON_FORWARD_SECRECY */
    char wanted[128];
};

/*
 * Finds the first partner that is not switched off and whose rules about version, suite, bits and forward
 * secrecy no offer meets. False: there is none, and *unserved is not written.
 */
bool policy_unserved(const struct policy *policy, int64_t now, const struct tls_offers *offers,
                     struct unserved *unserved);

/* Whether mail of this client, or through the daemon of this name, is never judged. */
bool policy_exempts_client(const struct policy *policy, const struct network *address);
bool policy_exempts_daemon(const struct policy *policy, const char *name);

/* The files that the policy was read from. */
size_t policy_file_count(const struct policy *policy);
const char *policy_file(const struct policy *policy, size_t i);

#endif
