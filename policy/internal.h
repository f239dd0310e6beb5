/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of a policy: for policy/ only. Everything lives in the policy's arena unless a comment says
 * otherwise. Defines the parts and how they refer to each other, not how they are read, weighed or judged.
 */
#ifndef POLICY_INTERNAL_H
#define POLICY_INTERNAL_H

#include <stdatomic.h>
#include "policy/arena.h"
#include "policy/disk.h"
#include "policy/facts/facts.h"
#include "policy/names/patterns.h"
#include "policy/partner.h"
#include "policy/settings.h"
#include "policy/slots.h"
#include "policy/warning.h"
#include "policy/words.h"

/* ---- what a transaction is compared with ---- */

struct client_name {
    const char *domain; /* in compared form */
    bool suffix;        /* matches the hosts below the domain, not the domain itself */
};

/* A list of addresses, blocks and names. */
struct clients {
    size_t network_count, name_count;
    const struct network *networks;
    const struct client_name *names;
    const char *text;   /* as written, for people */
    struct place place; /* of the list */
};

struct sender_pattern {
    bool null; /* "<>" */
    struct address_pattern address;
};

/* ---- requirements ---- */

struct ciphers {
    struct suite_set set;     /* suites that satisfy the list */
    struct suite_set literal; /* weak suites that the list names */
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

/* Alternatives; count 0: any name will do. */
struct name_rule {
    size_t count;
    const struct name_pattern *patterns;
};

/* Memory for a rule that is one common name. */
struct lone_name {
    struct name_attribute attribute;
    struct name_pattern pattern;
};

enum identity_kind { IDENTITY_NAMES, IDENTITY_FINGERPRINT, IDENTITY_KEY_FINGERPRINT };

/* What an identity can have besides names. */
struct particulars {
    int64_t from, until;                /* DATE_BEGIN, DATE_END if not given */
    const unsigned char *fingerprint;   /* of a pin */
    const char *file;                   /* `file:` as written, or NULL */
    const struct certfile *certificate; /* what the file held, or NULL */
};

/*
 * A policy may have millions of partners, selectors and certificate identities. To save memory, they refer to
 * other things in the policy's arena by arena_ref, and an identity stores a lone common name as plain text.
 */
struct identity {
    unsigned line;
    unsigned short column;
    unsigned char kind;        /* enum identity_kind */
    bool subject_rule : 1;     /* subject is a struct name_rule, not a text */
    bool issuer_rule : 1;      /* issuer likewise */
    arena_ref subject, issuer; /* of NAMES; 0: any name will do */
    arena_ref particulars;     /* 0: none, always in force */
};

struct certificates {
    unsigned line;
    unsigned short column, file;
    unsigned trusted : 1; /* any certificate that the MTA verified; then there are no identities */
    unsigned count : 31;
    struct identity identities[];
};

struct profile;

/* The keys of a `require`; `keys` has a bit per enum requirement that was given. */
struct require {
    unsigned keys;
    /* of keys with a single value: a number, a boolean, an enum tls_version */
    unsigned value[REQUIREMENT_COUNT];
    const struct ciphers *ciphers;
    arena_ref certificates; /* struct certificates; not used in a partner's terms: see struct partner */
    const struct clients *clients;
    bool has_profiles; /* `profile` was given, if only as an empty list */
    size_t profile_count;
    const struct profile **profiles; /* resolved when everything is read */
};

struct profile {
    const char *name;
    const struct builtin_profile *builtin; /* NULL: defined in the policy */
    const struct require *require;
    struct place place;
};

/* ---- partners ---- */

/* The action for each reason for which a requirement is unmet. */
struct actions {
    bool mapped; /* the action depends on the reason; else it is `otherwise` for all */
    enum action otherwise;
    unsigned char by_reason[REASON_FIRST_UNKNOWN];
};

struct step {
    struct place place;
    int64_t from;
    enum mode mode;                /* MODE_COUNT: as before */
    const struct actions *actions; /* NULL: as before */
};

struct exception {
    const struct clients *clients; /* NULL: any */
    size_t sender_count, recipient_count;
    const struct sender_pattern *senders;
    const struct address_pattern *recipients;
    struct pattern_set excepted; /* the recipients as numbers */
    int64_t until;
    const char *reason;
    struct place place;
};

/* ---- outbound: what servers must show before mail leaves ---- */

/* What proves that a server is the partner's. */
enum proof {
    PROOF_DOMAIN, /* a name of the recipient domain, or below it */
    PROOF_LIST,   /* one of the identities */
    PROOF_DANE,   /* a TLSA record */
    PROOF_NONE    /* nothing: encryption is enough */
};

enum server_identity_kind { SERVER_NAME, SERVER_SUFFIX, SERVER_FINGERPRINT, SERVER_KEY_FINGERPRINT };

struct server_identity {
    enum server_identity_kind kind;
    unsigned line;
    unsigned short column;
    const char *name; /* of NAME and SUFFIX, in compared form, without the dot of a suffix */
    struct particulars particulars;
};

struct server_certificates {
    enum proof proof;
    struct place place;
    size_t count;
    const struct server_identity *identities; /* of LIST */
};

/* `require` of outbound. */
struct server_require {
    struct require require;                         /* without certificates and clients */
    const struct server_certificates *certificates; /* NULL: not given */
};

struct outbound {
    enum mode mode; /* MODE_COUNT: the defaults' */
    struct place place;
    size_t step_count, exception_count;
    const struct step *steps;           /* without actions */
    const struct exception *exceptions; /* without selectors: times in which the rule does not hold */
    struct server_require require;
};

/* A next hop that a partner lists: one more key by which the MTA asks for its rule. */
struct listed_hop {
    arena_ref text; /* as next_hop_read() writes it */
    unsigned partner;
    unsigned line;
    unsigned short column;
    bool domain; /* without brackets and port */
};

/* A warning that a partner's text acknowledges: the administrator knows of it. */
struct acknowledgement {
    enum warning warning;
    bool seen; /* it was found when the policy was read */
    unsigned short column;
    unsigned line;
    const char *reason;
};

/* What partners have in common, and what only few partners have. */
struct terms {
    struct require require;        /* own keys */
    const struct actions *actions; /* NULL: the defaults' */
    size_t recipient_count, exception_count, step_count;
    const struct address_pattern *recipients; /* empty: all mail */
    struct pattern_set scope;                 /* the recipients as numbers, and their local parts alone */
    const struct exception *exceptions;
    const struct step *steps; /* in ascending order of dates */
    size_t acknowledgement_count;
    const struct acknowledgement *acknowledgements;
    const char *message, *contact, *comment;
    const struct outbound *outbound; /* NULL: mail to the partner is not checked */
};

struct partner {
    const char *name;
    const struct terms *terms; /* never NULL; shared with other partners */
    arena_ref certificates;    /* of its own `require`; 0: none */
    unsigned selector_first; /* index in policy->selectors; its last one is before the next partner's first */
    unsigned line : 28;
    unsigned mode : 2;       /* enum mode; MODE_COUNT: the defaults' */
    unsigned identities : 2; /* SELECTED_ENVELOPE_FROM, SELECTED_HEADER_FROM */
    unsigned short column, file;
};

enum selector_kind {
    SELECT_DOMAIN,
    SELECT_SUBDOMAINS,
    SELECT_EVERYONE,
    SELECT_CLIENT_NAME,
    SELECT_CLIENT_SUFFIX,
    SELECT_NETWORK,
    SELECT_COUNT
};

enum { PARTNERS_MAX = 1 << 26, LINES_MAX = (1 << 28) - 1 };

/*
 * One selector: its text or block, and every kind given for it on one line ("contoso.com",
 * ".contoso.com").
 */
struct selector {
    arena_ref text; /* a domain in compared form, without the dot of a suffix; "*"; or a struct network */
    unsigned partner : 26; /* below PARTNERS_MAX */
    unsigned kinds : 6;    /* bit per enum selector_kind */
    unsigned line;
};

struct policy {
    atomic_uint references;
    atomic_uint *alive; /* counts this policy until it is freed; NULL: not counted */
    struct arena arena;
    struct suites *suites;
    size_t file_count;
    const char **files; /* malloc'd array of arena texts */
    struct milter_settings milter;
    struct patterns patterns;

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
    struct partner *partners;   /* malloc'd */
    struct selector *selectors; /* malloc'd */
    struct slots selector_slots;
    unsigned char prefixes[2][129]; /* [v6][prefix]: blocks of that length exist */
    unsigned everyone;              /* 1 + partner of "*"; 0: none */
    unsigned needs;                 /* NEED_* */
    struct label_counts labels;     /* of the domain selectors */
    char digest[POLICY_DIGEST_TEXT];
    struct disk *disk;

    struct outbound outbound; /* the defaults: mode and require */
    size_t outbound_count;    /* partners with `outbound` */
    size_t hop_count;
    struct listed_hop *hops; /* malloc'd, in the order of the partners */
    struct slots hop_slots;
};

/* Returns the partner's selectors and sets *count. */
const struct selector *partner_selectors(const struct policy *policy, const struct partner *partner,
                                         size_t *count);

/* Writes a selector of one kind in the policy's compared form: ".contoso.com", "192.0.2.0/24". */
void selector_format(const struct policy *policy, const struct selector *entry, unsigned kind, char *text,
                     size_t size);

/* Returns what an identity has besides names; never NULL. */
const struct particulars *identity_particulars(const struct policy *policy, const struct identity *identity);

/* Whether the dates of an identity, a client's or a server's, include `now`. */
bool particulars_in_force(const struct particulars *particulars, int64_t now);
/* Return the identity's rule for one name. If the rule is a lone common name, `lone` holds it. */
struct name_rule identity_subject(const struct policy *policy, const struct identity *identity,
                                  struct lone_name *lone);
struct name_rule identity_issuer(const struct policy *policy, const struct identity *identity,
                                 struct lone_name *lone);

/* Returns the mode and sets *actions as in force at `now`, rollout included. */
enum mode partner_in_force(const struct policy *policy, const struct partner *partner, int64_t now,
                           const struct actions **actions);

#endif
