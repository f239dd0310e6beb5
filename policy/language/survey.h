/* SPDX-License-Identifier: BSD-2-Clause */
/* What a policy as a whole needs from the MTA, for code that checks whether the MTA can give it. */
#ifndef POLICY_LANGUAGE_SURVEY_H
#define POLICY_LANGUAGE_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/policy.h"

/*
 * A summary of the partners in mode enforce or testing, now or by a later step of their rollout. Each text
 * names the first partner for which the description is true; NULL: none.
 */
struct survey {
    size_t partners, enforcing;  /* all partners; those in mode enforce now */
    const char *names;           /* a rule needs a certificate that the MTA verified */
    const char *names_alone;     /* the same, and the rule has no pin as an alternative */
    const char *trusted;         /* `certificates: trusted`, or names without an issuer */
    const char *pins, *key_pins; /* fingerprints of certificates; of their keys */
    const char *dates;           /* none of its certificate identities is in force */
    const char *header_from;     /* the header From selects it */
    const char *quarantine;      /* some failing mail is quarantined, now or by a later step of its rollout */
    const char *mailboxes;       /* its rule is for some recipients only, one of them with a local part */
    const char *client_names;    /* a selector, a requirement or an exception names clients by name */
    bool exempt_names;           /* `exempt: {clients: ...}` has names */
    bool authenticated_exempt;
};

struct survey policy_survey(const struct policy *policy, int64_t now);

/*
 * A summary of the partners whose `outbound` is in mode enforce or testing, now or by a later step of its
 * rollout. Each text names the first partner for which the description is true; NULL: none.
 */
struct outbound_survey {
    size_t partners, enforcing;  /* these partners; those that enforce, now or later */
    const char *names;           /* the server must prove a name */
    const char *pins, *key_pins; /* fingerprints of certificates; of their keys */
    const char *dane;            /* `certificates: dane` */
};

struct outbound_survey policy_outbound_survey(const struct policy *policy, int64_t now);

/* A domain to which an outbound rule applies. */
struct outbound_domain {
    const struct partner *partner;
    const char *domain; /* in compared form, without the dot of a suffix; valid during the call */
    bool below;         /* the names below the domain, not the domain itself */
    enum mode mode;     /* the strictest, now or by a later step: testing or enforce */
};
/* Calls `found` for every domain of a partner whose `outbound` is in one of these modes. */
void policy_each_outbound_domain(const struct policy *policy, int64_t now,
                                 void (*found)(void *arg, const struct outbound_domain *domain), void *arg);

/* A kind of TLS session that an MTA offers. */
struct tls_offer {
    const char *cipher; /* OpenSSL's name */
    enum tls_version version;
    int bits;
};

/* All kinds that an MTA offers. Fastest if the best ones come first. */
struct tls_offers {
    const struct tls_offer *offer;
    size_t count;
};

/* A partner that can never pass, and what it requires that no offer has. Texts for people. */
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

/*
 * A rule by names that some partner's mail must satisfy, now or later. `issuers` are alternatives: the CA's
 * common name, or its organisation if the rule gives no common name.
 */
struct issuer_rule {
    const char *partner;
    const char *const *issuers;
    size_t count; /* at least 1 */
};
/*
 * Calls `found` for every rule that names issuers, of partners that are not switched off. Texts belong to the
 * policy.
 */
void policy_each_issuer(const struct policy *policy, int64_t now,
                        void (*found)(void *arg, const struct issuer_rule *rule), void *arg);

/*
 * Calls `found` with the path of every certificate that a rule names by `file:`; the text is valid during the
 * call.
 */
void policy_each_certificate_file(const struct policy *policy, void (*found)(void *arg, const char *path),
                                  void *arg);

/*
 * Call `found` for what `exempt` lists, in the form of a policy: "127.0.0.0/8", ".example.com"; daemons by
 * name.
 */
void policy_each_exempt_client(const struct policy *policy, void (*found)(void *arg, const char *text),
                               void *arg);
void policy_each_exempt_daemon(const struct policy *policy, void (*found)(void *arg, const char *text),
                               void *arg);

/* Whether mail of this client, or through the daemon of this name, is never judged. */
bool policy_exempts_client(const struct policy *policy, const struct network *address);
bool policy_exempts_daemon(const struct policy *policy, const char *name);

/* The files that the policy was read from. */
size_t policy_file_count(const struct policy *policy);
const char *policy_file(const struct policy *policy, size_t i);

#endif
