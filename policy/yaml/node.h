/* SPDX-License-Identifier: BSD-2-Clause */
/* A policy file as a tree of nodes that know their place in the file: the only interface to libyaml. */
#ifndef POLICY_YAML_NODE_H
#define POLICY_YAML_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include "policy/arena.h"
#include "policy/yaml/diag.h"

enum node_kind { NODE_SCALAR, NODE_SEQUENCE, NODE_MAPPING };

/* Lives in the arena it was read into. */
struct node {
    enum node_kind kind;
    bool quoted;            /* a scalar in quotes, or a block scalar: always text */
    unsigned line, column;  /* from 1 */
    const char *text;       /* of a scalar */
    const char *comment;    /* after a plain scalar, if it begins as text does ("#2 Mail"); else NULL */
    size_t count;           /* of a sequence or mapping */
    const struct node *key; /* of a value in a mapping */
    const struct node *first, *next;
};

/* Whether a scalar is that word. */
static inline bool node_is(const struct node *node, const char *word)
{
    return node->text[0] == word[0] && strcmp(node->text, word) == 0;
}

/* The value of `key` in a mapping, or NULL. */
const struct node *node_find(const struct node *mapping, const char *key);

struct node_reader;

/*
 * Opens a policy file: a regular file that group and others cannot write, of at most 512 MiB.
 * Its findings go to `diag` as they come, with `path` as the file's name; `path` must outlive
 * the reader. NULL: the file cannot be read, and diag has the reason; or out of memory, and it has none.
 */
struct node_reader *node_open(const char *path, diag_fn *diag, void *arg);
void node_close(struct node_reader *reader); /* NULL is fine */

/*
 * The file's top is a mapping; node_next_key() returns its keys one by one (NULL: no more, or
 * reading broke off), each valid until `arena` is reset. The value must be read before the next key:
 * whole by node_value(), or item by item by node_enter_sequence() and node_next_item().
 */
const struct node *node_next_key(struct node_reader *reader, struct arena *arena);
const struct node *node_value(struct node_reader *reader, struct arena *arena); /* NULL: reading broke off */

/*
 * Enters the value if it is a sequence. False: it is none, and *other is the whole value;
 * or reading broke off, and *other is NULL. node_next_item() returns the items one by one; NULL: no more,
 * or reading broke off.
 */
bool node_enter_sequence(struct node_reader *reader, struct arena *arena, const struct node **other);
const struct node *node_next_item(struct node_reader *reader, struct arena *arena);

/* Whether reading broke off (a syntax error, too deep, out of memory): diag has the reason. */
bool node_failed(const struct node_reader *reader);

#endif
