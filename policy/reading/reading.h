/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader of keys: from nodes to checked values, each mistake reported with its place. Knows what the
 * parts of a policy look like and how people write them wrong. Does not know which sections and keys the
 * language has.
 */
#ifndef POLICY_READING_READING_H
#define POLICY_READING_READING_H

#include "policy/internal.h"
#include "policy/names/pasted.h"
#include "policy/yaml/node.h"

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
    const char *file; /* the file being read, as people know it */
    unsigned short file_index;
    struct arena scratch;                  /* the nodes being read */
    arena_ref texts[TEXTS_KEPT];           /* of the policy, by their hash: the one that was kept last */
    const struct terms *terms[TERMS_KEPT]; /* of the partners read last */
    unsigned terms_count;
    const char *last_name;                    /* of the partners, as long as their names ascend; then NULL */
    struct slots names;                       /* of the partners, once their names do not ascend */
    struct acknowledgement *acknowledgements; /* of the partner being read */
    size_t acknowledgement_count;
    size_t use_count;
    struct profile_use *uses; /* malloc'd */
};

/*
 * Reports an error or a warning at a node (NULL: of the file as a whole). A warning that the partner
 * being read acknowledges is noted there and not reported.
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

/* Notes the state of a file that is about to be read. */
void loading_note_file(struct loading *loading, const char *path);

/* A key of a mapping and who reads its value. */
struct key {
    const char *name;
    void (*read)(struct loading *loading, const struct node *value, void *into);
};

/* A key of another place of the language, and why it does not belong here: behind the key, what to do. */
struct refused_key {
    const char *name, *why;
};

/*
 * Reads a mapping by a table that ends with a NULL name; reports unknown keys with what is allowed.
 * False: no mapping.
 */
bool compile_mapping(struct loading *loading, const struct node *node, const struct key *keys, void *into,
                     const char *what);
/*
 * The same where `refused`, a table that ends with a NULL name, says of some other keys why they are
 * wrong.
 */
bool compile_mapping_refusing(struct loading *loading, const struct node *node, const struct key *keys,
                              const struct refused_key *refused, void *into, const char *what);
void compile_unknown_key(struct loading *loading, const struct node *key, const struct key *keys,
                         const char *what);

/* Text (not what YAML reads as another type), the name of a partner or profile, a boolean, a number, a
 * date; reported and false where it is none. */
bool compile_text(struct loading *loading, const struct node *node, const char **text);
bool compile_name(struct loading *loading, const struct node *node, const char **text);
bool compile_boolean(struct loading *loading, const struct node *node, bool *value);
bool compile_number(struct loading *loading, const struct node *node, unsigned max, unsigned *value);
bool compile_date(struct loading *loading, const struct node *node, int64_t *date);
/* One of `words` (ends with NULL): its index; -1 and reported where it is none. */
int compile_word(struct loading *loading, const struct node *node, const char *const *words,
                 const char *what);

/*
 * The items of a list, or a lone scalar as a list of one where `lone` allows it. Answers how many there are
 * and the first one; 0 and reported where it is no list or an empty one.
 */
size_t compile_list(struct loading *loading, const struct node *node, bool lone, const struct node **first);

/*
 * Reports where a host or an address was copied with more than itself (a URL, a port, quotation marks,
 * several in one), and what to write: a warning where it loads as it is, else an error. False: an error was
 * reported.
 */
bool compile_pasted(struct loading *loading, const struct node *node, const char *text, enum pasted_as as);
/*
 * The same of a name in a certificate, which is compared whole: a warning where the name is `good`, else an
 * error. False: nothing is odd.
 */
bool compile_doubt_name(struct loading *loading, const struct node *node, enum pasted_as as, bool good);
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
/* Reports an error where a value that is no text holds such. False: it does not. */
bool compile_unseen(struct loading *loading, const struct node *node);

/*
 * Warns of a selector that is a top-level domain or a public suffix, and of clients that are so, or
 * blocks that hold a large part of the internet. `node` is the list of the clients; NULL clients are
 * fine.
 */
void compile_doubt_suffix(struct loading *loading, const struct node *node, const char *domain, bool below);
void compile_doubt_clients(struct loading *loading, const struct node *node, const struct clients *clients);
/* Warns of an address whose domain is a single label or a public suffix. `domain` is as compared. */
void compile_doubt_address(struct loading *loading, const struct node *node, const char *text,
                           const char *domain);

/* Reads an address or network. False: reported, with the network that is meant where that is known. */
bool compile_network(struct loading *loading, const struct node *node, const char *text,
                     struct network *network);

/* False: the text is "*", which no list of clients has; reported. */
bool compile_no_star(struct loading *loading, const struct node *node, const char *text);

/* Parts shared by several keys. NULL: reported. */
const struct clients *compile_clients(struct loading *loading, const struct node *node);
bool compile_address_pattern(struct loading *loading, const struct node *node,
                             struct address_pattern *pattern);
const struct address_pattern *compile_address_patterns(struct loading *loading, const struct node *node,
                                                       size_t *count);
/* The patterns as numbers; `scope`: with what local mail is in scope of. */
struct pattern_set compile_pattern_set(struct loading *loading, const struct address_pattern *patterns,
                                       size_t count, bool scope);
bool compile_domain(struct loading *loading, const struct node *node, const char *text, arena_ref *domain);

#endif
