/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader of keys: turns nodes into checked values, and reports each mistake with its place. Knows the
 * parts of a policy and the usual mistakes in writing them. Does not know which sections and keys the
 * language has.
 */
#ifndef POLICY_READING_READING_H
#define POLICY_READING_READING_H

#include "policy/internal.h"
#include "policy/names/pasted.h"
#include "policy/yaml/node.h"

/* A use of a profile by its name, which is looked up when all profiles are read. */
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
    const char *file; /* the name of the file being read, as messages show it */
    unsigned short file_index;
    struct arena scratch;                  /* the nodes being read */
    arena_ref texts[TEXTS_KEPT];           /* texts of the policy: the last one for each hash */
    const struct terms *terms[TERMS_KEPT]; /* of the partners read last */
    unsigned terms_count;
    const char *last_name;                    /* of the last partner, as long as names ascend; then NULL */
    struct slots names;                       /* of all partners, once a name does not ascend */
    struct acknowledgement *acknowledgements; /* of the partner being read */
    size_t acknowledgement_count;
    size_t use_count;
    struct profile_use *uses; /* malloc'd */
};

/*
 * Reports an error or a warning at a node (NULL: about the whole file). If the partner being read
 * acknowledges a warning, it is not reported; the acknowledgement notes that it was found.
 */
void loading_error(struct loading *loading, const struct node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A warning, or an error for WARNING_NONE. */
void loading_finding(struct loading *loading, const struct node *node, enum warning warning,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));
void loading_warning(struct loading *loading, const struct node *node, enum warning warning,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Notes that memory ran out. The load fails, and reports that once. */
void loading_exhausted(struct loading *loading);

struct place loading_place(const struct loading *loading, const struct node *node);

/* Returns the column as partners and identities store it: at most 65,535. */
unsigned short loading_column(const struct node *node);

/*
 * Return memory that lasts as long as the policy, and memory that lasts until the next partner or key is
 * read. NULL: out of memory, and loading_exhausted() was called.
 */
void *loading_alloc(struct loading *loading, size_t size);
void *loading_scratch(struct loading *loading, size_t size);

/* Store a text in the policy; equal texts may share memory. NULL, 0: as above. */
const char *loading_text(struct loading *loading, const char *text);
arena_ref loading_keep(struct loading *loading, const char *text);

/* Notes the state of a file that is about to be read. */
void loading_note_file(struct loading *loading, const char *path);

/* A key of a mapping, and the function that reads its value. */
struct key {
    const char *name;
    void (*read)(struct loading *loading, const struct node *value, void *into);
};

/*
 * A key that belongs elsewhere in the language. `why` completes the message: why it is wrong here, what to
 * do.
 */
struct refused_key {
    const char *name, *why;
};

/*
 * Reads a mapping by a table that ends with a NULL name; reports unknown keys, with those that are allowed.
 * False: the node is not a mapping.
 */
bool compile_mapping(struct loading *loading, const struct node *node, const struct key *keys, void *into,
                     const char *what);
/*
 * The same. `refused`, a table that ends with a NULL name, says why certain other keys are wrong here. NULL:
 * there are none.
 */
bool compile_mapping_refusing(struct loading *loading, const struct node *node, const struct key *keys,
                              const struct refused_key *refused, void *into, const char *what);
void compile_unknown_key(struct loading *loading, const struct node *key, const struct key *keys,
                         const char *what);

/*
 * Read a text (not one that YAML reads as another type), the name of a partner or profile, a boolean, a
 * number, a date. False: the node is not such a value; reported.
 */
bool compile_text(struct loading *loading, const struct node *node, const char **text);
bool compile_name(struct loading *loading, const struct node *node, const char **text);
bool compile_boolean(struct loading *loading, const struct node *node, bool *value);
bool compile_number(struct loading *loading, const struct node *node, unsigned max, unsigned *value);
bool compile_date(struct loading *loading, const struct node *node, int64_t *date);
/* Returns the index of the node's text in `words` (ends with NULL). -1: it is none of them; reported. */
int compile_word(struct loading *loading, const struct node *node, const char *const *words,
                 const char *what);

/*
 * Reads a list, or, if `lone`, a lone scalar as a list of one. Returns the number of items and sets *first.
 * 0: it is not a list, or it is empty; reported.
 */
size_t compile_list(struct loading *loading, const struct node *node, bool lone, const struct node **first);

/*
 * Reports a host or an address that was copied with more than itself (a URL, a port, quotation marks, several
 * in one), and what to write: a warning if it loads as it is, else an error. False: an error was reported.
 */
bool compile_pasted(struct loading *loading, const struct node *node, const char *text, enum pasted_as as);
/*
 * The same for a name in a certificate, which is compared as a whole: a warning if the name is `good`, else
 * an error. False: nothing is odd.
 */
bool compile_doubt_name(struct loading *loading, const struct node *node, enum pasted_as as, bool good);
/*
 * As compile_text(), for a text that people read, or a name in a certificate. Warns if a "#" after a blank
 * cut the text.
 */
bool compile_free_text(struct loading *loading, const struct node *node, const char **text);
/*
 * Returns the word of `words` that the text is without invisible characters, quotation marks and the like;
 * `what` says which it has. NULL: none.
 */
const char *compile_seen_word(const char *text, const char *const *words, char what[PASTED_WHAT]);
/* Reports an error if a value that is not a text has such characters. False: it has none. */
bool compile_unseen(struct loading *loading, const struct node *node);

/*
 * Warn of a selector that is a top-level domain or a public suffix, and of clients that are, or blocks that
 * hold a large part of the internet. `node` is the list of the clients; `clients` may be NULL.
 */
void compile_doubt_suffix(struct loading *loading, const struct node *node, const char *domain, bool below);
void compile_doubt_clients(struct loading *loading, const struct node *node, const struct clients *clients);
/* Warns of an address whose domain is a single label or a public suffix. `domain` is in compared form. */
void compile_doubt_address(struct loading *loading, const struct node *node, const char *text,
                           const char *domain);

/* Reads an address or network. False: reported, with the network that was meant, if that is known. */
bool compile_network(struct loading *loading, const struct node *node, const char *text,
                     struct network *network);

/* False: the text is "*", which a list of clients cannot have; reported. */
bool compile_no_star(struct loading *loading, const struct node *node, const char *text);

/* Parts that several keys share. NULL, false: reported. */
const struct clients *compile_clients(struct loading *loading, const struct node *node);
bool compile_address_pattern(struct loading *loading, const struct node *node,
                             struct address_pattern *pattern);
const struct address_pattern *compile_address_patterns(struct loading *loading, const struct node *node,
                                                       size_t *count);
/*
 * Returns the patterns as numbers. `scope`: with those of their local parts, by which local mail is in scope.
 */
struct pattern_set compile_pattern_set(struct loading *loading, const struct address_pattern *patterns,
                                       size_t count, bool scope);
bool compile_domain(struct loading *loading, const struct node *node, const char *text, arena_ref *domain);

#endif
