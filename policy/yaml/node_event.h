/* SPDX-License-Identifier: BSD-2-Clause */
/* libyaml's events, and reports of the mistakes in them: for node.c only. */
#ifndef POLICY_YAML_NODE_EVENT_H
#define POLICY_YAML_NODE_EVENT_H

#include <stdbool.h>
#include <yaml.h>
#include "policy/yaml/source.h"
#include "policy/yaml/syntax.h"

struct node_reader {
    struct source *source;
    bool failed, ended;
    bool opened;                  /* the top mapping was entered */
    struct spot bracket;          /* the innermost [ or { that is open, */
    char opener;                  /* and which of them it is */
    struct spot quote, quote_end; /* the last quoted text over several lines */
    yaml_parser_t parser;
    bool has_ahead; /* `ahead` is the next event, read already */
    yaml_event_t ahead;
};

/* libyaml's read callback: 1 good (0 octets: the end), 0 failure. */
int node_read_octets(void *arg, unsigned char *buffer, size_t size, size_t *got);

/* Notes that reading cannot go on. */
void node_break_off(struct node_reader *reader);

struct spot spot_of(const yaml_mark_t *mark);

/* The next event; false: reading broke off, and why was reported. The caller deletes a good one. */
bool node_event(struct node_reader *reader, yaml_event_t *event);

/*
 * Reads the next event ahead. False: reading broke off. The caller then drops the node that it read last: the
 * lines of that node may be part of the mistake, and errors found in it would only follow from it.
 */
bool node_look_ahead(struct node_reader *reader);

/* They report an anchor or a tag; and a top that is no mapping, perhaps because a blank is missing. */
void node_check_properties(struct node_reader *reader, const yaml_event_t *event);
void node_tell_no_mapping(struct node_reader *reader, const yaml_event_t *event);

/* Notes the bracket of a list in [ ] or a mapping in { } that begins with the event. */
void node_note_bracket(struct node_reader *reader, const yaml_event_t *event);

#endif
