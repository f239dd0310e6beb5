/* SPDX-License-Identifier: BSD-2-Clause */
/* libyaml's events, with the mistakes in them reported: for node.c only. */
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
    struct spot quote, quote_end; /* the text in quotes over several lines that was read last */
    yaml_parser_t parser;
    bool has_ahead; /* `ahead` was read before it was asked for */
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
 * Reads the next event ahead. False: reading broke off. Then what was read last is not passed on: its lines
 * may be part of the mistake, and what is wrong with it would be a consequence.
 */
bool node_look_ahead(struct node_reader *reader);

/* Reports an anchor or a tag; a top that is no mapping, perhaps for want of a blank. */
void node_check_properties(struct node_reader *reader, const yaml_event_t *event);
void node_tell_no_mapping(struct node_reader *reader, const yaml_event_t *event);

/* Notes the bracket that opens a list or a mapping in one line. */
void node_note_bracket(struct node_reader *reader, const yaml_event_t *event);

#endif
