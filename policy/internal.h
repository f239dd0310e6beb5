/* SPDX-License-Identifier: BSD-2-Clause */
/* What a policy is made of: for policy/ only. Everything lives in the policy's arena unless said otherwise. */
#ifndef POLICY_INTERNAL_H
#define POLICY_INTERNAL_H

#include <stdatomic.h>
#include "policy/arena.h"
#include "policy/policy.h"

/* ---- what a transaction is compared with ---- */

struct client_name {
    const char *domain; /* compared form */
    bool suffix;        /* any host below it, not itself */
};

/* A list of addresses, blocks and names. */
struct clients {
    size_t network_count, name_count;
    const struct network *networks;
    const struct client_name *names;
    const char *text; /* as written, for people */
};

struct sender_pattern {
    bool null; /* "<>" */
    struct address_pattern address;
};

/* ---- requirements ---- */

struct ciphers {
    struct suite_set set;     /* suites that satisfy the list */
    struct suite_set literal; /* weak ones that it names */
    const char *text;         /* as written */
};

/* One attribute of a wanted name; type NULL: the common name. */
struct name_attribute {
    const char *type, *value;
};

/* All attributes must match. */
struct name_pattern {
    size_t count;
    const struct name_attribute *attributes;
};

/* Alternatives; count 0: not asked for. */
struct name_rule {
    size_t count;
    const struct name_pattern *patterns;
    const char *text; /* as written, for people */
};

enum identity_kind { IDENTITY_NAMES, IDENTITY_FINGERPRINT, IDENTITY_KEY_FINGERPRINT };

struct identity {
    enum identity_kind kind;
    struct name_rule subject, issuer;   /* of NAMES */
    const unsigned char *fingerprint;   /* of the others */
    const char *file;                   /* `file:` as written, or NULL */
    const struct certfile *certificate; /* what the file held, or NULL */
    int64_t from, until;                /* DATE_BEGIN, DATE_END where not given */
    struct place place;
};

struct certificates {
    bool trusted; /* any that the MTA verified; then there are no identities */
    size_t count;
    const struct identity *identities;
    struct place place;
};

struct profile;

/* The keys of a `require`; `keys` has a bit per enum requirement that was given. */
struct require {
    unsigned keys;
    enum tls_version min_tls_version;
    unsigned min_cipher_bits;
    bool forward_secrecy;
    const struct ciphers *ciphers;
    const struct certificates *certificates;
    const struct clients *clients;
    bool has_profiles; /* `profile` was given, if only as an empty list */
    size_t profile_count;
    const struct profile **profiles; /* resolved when everything is read */
};

struct profile {
    const char *name;
    const struct builtin_profile *builtin; /* NULL: an own one */
    const struct require *require;
    struct place place;
};

/* ---- partners ---- */

/* What follows from each reason that can be unmet. */
struct actions {
    bool mapped; /* by reason; else all are the same */
    enum action otherwise;
    unsigned char by_reason[REASON_FIRST_UNKNOWN];
};

struct step {
    int64_t from;
    enum mode mode;                /* MODE_COUNT: as before */
    const struct actions *actions; /* NULL: as before */
};

struct exception {
    const struct clients *clients; /* NULL: any */
    size_t sender_count, recipient_count;
    const struct sender_pattern *senders;
    const struct address_pattern *recipients;
    int64_t until;
    const char *reason;
    struct place place;
};

/* What few partners have. */
struct extras {
    size_t recipient_count, exception_count, step_count;
    const struct address_pattern *recipients; /* empty: all mail */
    const struct exception *exceptions;
    const struct step *steps; /* ascending */
    const char *message, *contact, *comment;
};

struct partner {
    const char *name;
    const struct require *require; /* own keys; NULL: none */
    const struct actions *actions; /* NULL: the defaults' */
    const struct extras *extras;   /* never NULL */
    unsigned line;
    unsigned short column, file;
    unsigned selector_first, selector_count; /* in policy->selectors */
    unsigned char mode;                      /* enum mode; MODE_COUNT: the defaults' */
    unsigned char identities;                /* SELECTED_ENVELOPE_FROM, SELECTED_HEADER_FROM */
};

enum selector_kind {
    SELECT_DOMAIN,
    SELECT_SUBDOMAINS,
    SELECT_EVERYONE,
    SELECT_CLIENT_NAME,
    SELECT_CLIENT_SUFFIX,
    SELECT_NETWORK
};

struct selector {
    union {
        const char *domain;            /* compared form, without the dot of a suffix; "*" of EVERYONE */
        const struct network *network; /* of NETWORK */
    };
    unsigned partner;
    unsigned line : 28, kind : 4;
};

struct policy {
    atomic_uint references;
    struct arena arena;
    struct suites *suites;
    size_t file_count;
    const char **files; /* malloc'd array of arena texts */
    struct milter_settings milter;

    struct clients exempt_clients;
    bool exempt_authenticated;
    size_t exempt_daemon_count;
    const char *const *exempt_daemons;

    struct require require; /* the defaults */
    enum mode mode;
    const struct actions *actions;
    const char *message;

    size_t profile_count;
    struct profile *profiles; /* malloc'd */

    size_t partner_count, selector_count;
    struct partner *partners;       /* malloc'd */
    struct selector *selectors;     /* malloc'd */
    size_t slot_count;              /* a power of two, or 0 */
    unsigned *slots;                /* malloc'd; 1 + index into selectors, 0: free */
    size_t name_slot_count;         /* a power of two, or 0 */
    unsigned *name_slots;           /* malloc'd; 1 + index into partners by name, 0: free */
    unsigned char prefixes[2][129]; /* [v6][prefix]: blocks of that length exist */
    unsigned everyone;              /* 1 + partner of "*"; 0: none */
    unsigned needs;                 /* NEED_* */
    unsigned labels_max;            /* of a domain selector */
};

/*
 * The pieces of which a partner's requirements consist: own keys, what the
 * defaults add, profiles. Returns how many there are; more than PIECES_MAX are
 * counted and not stored.
 */
size_t require_pieces(const struct policy *policy, const struct require *own, struct piece piece[PIECES_MAX]);

/* Whether an address, a verified name or both are in the list. UNKNOWN: what would tell is not known, *reason says why. */
enum met clients_match(const struct clients *clients, const struct facts *facts, enum reason *reason);

/* Weighs all that judged->partner requires: fills its pieces and findings. */
void weigh_partner(const struct policy *policy, const struct facts *facts, int64_t now,
                   struct judged *judged);

/*
 * The strictest of what the pieces say of min_tls_version, min_cipher_bits or forward_secrecy. False: none
 * says anything, and *value is 0.
 */
bool weigh_strictest(const struct judged *judged, enum requirement requirement, unsigned *value);

/* One more finding, to be filled. */
struct finding *weigh_add(struct judged *judged, enum requirement requirement);

/* Weighs one `certificates` list. Sets met, reason and identity of the finding. */
void certificate_weigh(const struct certificates *certificates, const struct facts *facts, int64_t now,
                       struct finding *finding);

/* Mode and actions in force at `now`, rollout included. */
enum mode partner_in_force(const struct policy *policy, const struct partner *partner, int64_t now,
                           const struct actions **actions);

#endif
