/* SPDX-License-Identifier: BSD-2-Clause */
/* What a policy is made of: for policy/ only. Everything lives in the policy's arena unless said otherwise. */
#ifndef POLICY_INTERNAL_H
#define POLICY_INTERNAL_H

#include <stdatomic.h>
#include "policy/arena.h"
#include "policy/names/patterns.h"
#include "policy/policy.h"
#include "policy/slots.h"
#include "policy/warning.h"

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
};

/* Room for a rule that is one common name. */
struct lone_name {
    struct name_attribute attribute;
    struct name_pattern pattern;
};

enum identity_kind { IDENTITY_NAMES, IDENTITY_FINGERPRINT, IDENTITY_KEY_FINGERPRINT };

/* What an identity has beside names. */
struct particulars {
    int64_t from, until;                /* DATE_BEGIN, DATE_END where not given */
    const unsigned char *fingerprint;   /* of a pin */
    const char *file;                   /* `file:` as written, or NULL */
    const struct certfile *certificate; /* what the file held, or NULL */
};

/*
 * Partners, their selectors and their certificate identities come by the million: they refer to what else lies in
 * the policy's arena by arena_ref, and an identity's names are a lone common name unless they are more.
 */
struct identity {
    unsigned line;
    unsigned short column;
    unsigned char kind;        /* enum identity_kind */
    bool subject_rule : 1;     /* subject is a struct name_rule, not a text */
    bool issuer_rule : 1;      /* issuer likewise */
    arena_ref subject, issuer; /* of NAMES; 0: not asked for */
    arena_ref particulars;     /* 0: none, in force always */
};

struct certificates {
    unsigned line;
    unsigned short column, file;
    unsigned trusted : 1; /* any that the MTA verified; then there are no identities */
    unsigned count : 31;
    struct identity identities[];
};

struct profile;

/* The keys of a `require`; `keys` has a bit per enum requirement that was given. */
struct require {
    unsigned keys;
    enum tls_version min_tls_version;
    unsigned min_cipher_bits;
    bool forward_secrecy;
    const struct ciphers *ciphers;
    arena_ref certificates; /* struct certificates; 0 in a partner's terms: the partner has it itself */
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
    struct pattern_set excepted; /* the same as numbers */
    int64_t until;
    const char *reason;
    struct place place;
};

/* A warning about a partner that somebody has looked at. */
struct acknowledgement {
    enum warning warning;
    bool seen; /* it was found when the policy was read */
    unsigned short column;
    unsigned line;
    const char *reason;
};

/* What partners have in common, or few of them have. */
struct terms {
    struct require require;        /* own keys */
    const struct actions *actions; /* NULL: the defaults' */
    size_t recipient_count, exception_count, step_count;
    const struct address_pattern *recipients; /* empty: all mail */
    struct pattern_set scope;                 /* the same as numbers, with the local parts alone */
    const struct exception *exceptions;
    const struct step *steps; /* ascending */
    size_t acknowledgement_count;
    const struct acknowledgement *acknowledgements;
    const char *message, *contact, *comment;
};

struct partner {
    const char *name;
    const struct terms *terms; /* never NULL; shared with other partners */
    arena_ref certificates;    /* of its own `require`; 0: none */
    unsigned selector_first;   /* in policy->selectors; those up to the next partner's are its own */
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

/* A text or a block and all that one line of the file says of it ("[contoso.com, .contoso.com]" is one). */
struct selector {
    arena_ref text; /* a domain in compared form, without the dot of a suffix; "*"; or a struct network */
    unsigned partner : 26; /* below PARTNERS_MAX */
    unsigned kinds : 6;    /* bit per enum selector_kind */
    unsigned line;
};

struct policy {
    atomic_uint references;
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
};

/*
 * The pieces of which a partner's requirements consist: own keys, what the
 * defaults add, profiles. Returns how many there are; more than PIECES_MAX are
 * counted and not stored.
 */
size_t require_pieces(const struct policy *policy, const struct partner *partner,
                      struct piece piece[PIECES_MAX]);

/* The partner's selectors. */
const struct selector *partner_selectors(const struct policy *policy, const struct partner *partner,
                                         size_t *count);

/* A selector of one kind in the policy's compared form: ".contoso.com", "192.0.2.0/24". */
void selector_format(const struct policy *policy, const struct selector *entry, unsigned kind, char *text,
                     size_t size);

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

/* Weighs the `certificates` list of the finding. Sets its met, reason and identity. */
void certificate_weigh(const struct policy *policy, const struct facts *facts, int64_t now,
                       struct finding *finding);

/* What an identity has beside names, never NULL; its rule for one side, in which `lone` holds a lone common name. */
const struct particulars *identity_particulars(const struct policy *policy, const struct identity *identity);
struct name_rule identity_subject(const struct policy *policy, const struct identity *identity,
                                  struct lone_name *lone);
struct name_rule identity_issuer(const struct policy *policy, const struct identity *identity,
                                 struct lone_name *lone);

/* Keys of a `require` that hold for a partner together with others, and who gave them. */
struct rule_set {
    const struct require *require;
    const struct certificates *certificates;
    unsigned keys;                         /* those of `require` that count */
    const struct builtin_profile *builtin; /* or NULL */
    char from[80];                         /* "" the partner, "defaults", "profile NAME" */
};

enum { RULE_SETS_MAX = PIECES_MAX + 2 };

/* All that holds for the partner: its own keys, those of the defaults that it does not have, profiles. How many. */
size_t rule_sets(const struct policy *policy, const struct partner *partner,
                 struct rule_set sets[RULE_SETS_MAX]);

/* The set with the strictest min_tls_version, min_cipher_bits or forward_secrecy; NULL: none has any. */
const struct rule_set *rule_strictest(const struct rule_set *sets, size_t count,
                                      enum requirement requirement);

/* An identity in words: "subject mail.contoso.com, issuer CA, until 2027-06-01"; at most size - 1 octets. */
void identity_describe(const struct policy *policy, const struct identity *identity, char *text, size_t size);

/* Mode and actions in force at `now`, rollout included. */
enum mode partner_in_force(const struct policy *policy, const struct partner *partner, int64_t now,
                           const struct actions **actions);

#endif
