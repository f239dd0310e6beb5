/* SPDX-License-Identifier: BSD-2-Clause */
/* From nodes to the parts of a policy, with every mistake told. */
#ifndef POLICY_COMPILE_H
#define POLICY_COMPILE_H

#include "policy/internal.h"
#include "policy/yaml/node.h"
#include "policy/names/pasted.h"

/* A profile's name that waits until all profiles are read. */
struct profile_use {
    const char *name;
    struct place place;
    const struct profile **slot;
};

enum { TEXTS_KEPT = 1024, TERMS_KEPT = 8 };

/* A policy being loaded. */
struct loading {
    struct policy *policy;
    diag_fn *diag;
    void *arg;
    unsigned errors;
    bool out_of_memory;
    const char *file; /* the file being read, as told to people */
    unsigned short file_index;
    struct arena scratch;                  /* the nodes being read */
    arena_ref texts[TEXTS_KEPT];           /* of the policy, by their hash: the one that was kept last */
    const struct terms *terms[TERMS_KEPT]; /* of the partners read last */
    unsigned terms_count;
    const char *last_name;                    /* of the partners, as long as their names ascend; then NULL */
    struct slots names;                       /* of the partners, once their names do not ascend */
    struct acknowledgement *acknowledgements; /* of the partner being read */
    size_t acknowledgement_count;
    size_t use_count, use_room;
    struct profile_use *uses; /* malloc'd */
};

/*
 * Reports an error or a warning at a node (NULL: of the file as a whole). A warning that the partner being read
 * acknowledges is noted there and not reported.
 */
void loading_error(struct loading *loading, const struct node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A warning, or an error for WARNING_NONE. */
void loading_finding(struct loading *loading, const struct node *node, enum warning warning,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));
void loading_warning(struct loading *loading, const struct node *node, enum warning warning,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Notes that memory ran out; the load fails and says so once. */
void loading_exhausted(struct loading *loading);

struct place loading_place(const struct loading *loading, const struct node *node);

/* The column as partners and identities keep it: those behind the 65,535th are one. */
unsigned short loading_column(const struct node *node);

/* Memory of the policy, and memory until the next partner or key is read; NULL after loading_exhausted(). */
void *loading_alloc(struct loading *loading, size_t size);
void *loading_scratch(struct loading *loading, size_t size);

/* A text of the policy, shared with others that read the same; NULL, 0 after loading_exhausted(). */
const char *loading_text(struct loading *loading, const char *text);
arena_ref loading_keep(struct loading *loading, const char *text);

/* A key of a mapping and who reads its value. */
struct key {
    const char *name;
    void (*read)(struct loading *loading, const struct node *value, void *into);
};

/* Reads a mapping by a table that ends with a NULL name; tells unknown keys with what is allowed. False: no mapping. */
bool compile_mapping(struct loading *loading, const struct node *node, const struct key *keys, void *into,
                     const char *what);
void compile_unknown_key(struct loading *loading, const struct node *key, const struct key *keys,
                         const char *what);

/* Text (not what YAML reads as another type), the name of a partner or profile, a boolean, a number, a date; told and
 * false where it is none. */
bool compile_text(struct loading *loading, const struct node *node, const char **text);
bool compile_name(struct loading *loading, const struct node *node, const char **text);
bool compile_boolean(struct loading *loading, const struct node *node, bool *value);
bool compile_number(struct loading *loading, const struct node *node, unsigned max, unsigned *value);
bool compile_date(struct loading *loading, const struct node *node, int64_t *date);
/* One of `words` (ends with NULL): its index; -1 and told where it is none. */
int compile_word(struct loading *loading, const struct node *node, const char *const *words,
                 const char *what);

/*
 * The items of a list, or a lone scalar as a list of one where `lone` allows it. Answers how many there are
 * and the first one; 0 and told where it is no list or an empty one.
 */
size_t compile_list(struct loading *loading, const struct node *node, bool lone, const struct node **first);

/*
 * Tells where a host or an address was copied with more than itself (a URL, a port, quotation marks,
 * several in one), and what to write: a warning where it loads as it is, else an error. False: an error was
 * told.
 */
bool compile_pasted(struct loading *loading, const struct node *node, const char *text, enum pasted_as as);
/*
 * The same of a name in a certificate, which is compared whole: a warning where the name is `good`, else an
 * error. False: nothing is odd.
 */
bool compile_doubt_name(struct loading *loading, const struct node *node, enum pasted_as as, bool good);
/* Warns of names that prove less than they seem to, or not for long. The node is the identity. */
void compile_doubt_identity(struct loading *loading, const struct node *node, const struct name_rule *subject,
                            const struct name_rule *issuer);
/*
 * As compile_text(), of a text for people or of a name in a certificate; warns where a "#" behind a blank
 * cut it.
 */
bool compile_free_text(struct loading *loading, const struct node *node, const char **text);
/*
 * The word that a text is but for what nobody sees and quotation marks, and in `what` which these are;
 * NULL: none.
 */
const char *compile_seen_word(const char *text, const char *const *words, char what[PASTED_WHAT]);
/* Tells an error where a value that is no text holds such. False: it does not. */
bool compile_unseen(struct loading *loading, const struct node *node);

/* Warns of a selector that is a top-level domain or a public suffix; `clients` NULL is fine. */
void compile_doubt_suffix(struct loading *loading, const struct node *node, const char *domain, bool below);
void compile_doubt_clients(struct loading *loading, const struct node *node, const struct clients *clients);

/* Parts shared by several keys. NULL: told. */
const struct clients *compile_clients(struct loading *loading, const struct node *node);
bool compile_address_pattern(struct loading *loading, const struct node *node,
                             struct address_pattern *pattern);
const struct address_pattern *compile_address_patterns(struct loading *loading, const struct node *node,
                                                       size_t *count);
/* The patterns as numbers; `scope`: with what local mail is in scope of. */
struct pattern_set compile_pattern_set(struct loading *loading, const struct address_pattern *patterns,
                                       size_t count, bool scope);
bool compile_domain(struct loading *loading, const struct node *node, const char *text, arena_ref *domain);
bool compile_mode(struct loading *loading, const struct node *node, enum mode *mode);
const struct actions *compile_actions(struct loading *loading, const struct node *node);
void compile_message(struct loading *loading, const struct node *node, const char **message);

/* `require`, `defaults`, `profiles`, `exempt`, `milter`. */
void compile_require(struct loading *loading, const struct node *node, struct require *require,
                     const char *what);
void compile_defaults(struct loading *loading, const struct node *node);
void compile_profiles(struct loading *loading, const struct node *node);
void compile_exempt(struct loading *loading, const struct node *node);
void compile_milter(struct loading *loading, const struct node *node);

/* `certificates`; 0 after loading_exhausted(). `exceptions`; NULL: told. */
arena_ref compile_certificates(struct loading *loading, const struct node *node);
const struct exception *compile_exceptions(struct loading *loading, const struct node *node, size_t *count);

/* `acknowledge`; NULL: reported. */
struct acknowledgement *compile_acknowledge(struct loading *loading, const struct node *node, size_t *count);

/* `domains` and `clients`, each NULL where there is none, of the partner that was added last. */
void compile_selectors(struct loading *loading, const struct node *partner, const struct node *domains,
                       const struct node *clients);

/* One entry of `partners`. */
void compile_partner(struct loading *loading, const struct node *node);

/*
 * When all files are read: puts the profiles in the place of their names; tells circles and partners that have too
 * many. False: told, and what a partner requires is not known.
 */
bool compile_profiles_resolved(struct loading *loading);

/* When all files are read: the profiles, quarantine by recipient, what the policy needs. */
void compile_finish(struct loading *loading);

#endif
