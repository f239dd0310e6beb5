/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * YAML text to nodes. Knows libyaml's events and what the policy language
 * leaves out of YAML: anchors, aliases, tags, further documents, depth over 16,
 * scalars over 4 KiB. Knows nothing of partners; the file and its octets are source.c's. What can
 * be read in spite of a mistake is read on, so that one run reports all of them.
 */
#include "policy/node.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>
#include "policy/source.h"
#include "policy/syntax.h"

enum { DEPTH_MAX = 16, SCALAR_MAX = 4096, KEYS_MAX = 1000 };

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

/* Reading cannot go on. */
static void break_off(struct node_reader *reader)
{
    reader->failed = reader->ended = true;
}

/* ---- events ---- */

/* libyaml's read callback: 1 good (0 octets: the end), 0 failure. */
static int read_octets(void *arg, unsigned char *buffer, size_t size, size_t *got)
{
    struct node_reader *reader = arg;

    reader->failed = !source_read(reader->source, buffer, size, got);
    return !reader->failed;
}

static struct spot spot_of(const yaml_mark_t *mark)
{
    return (struct spot){(unsigned)mark->line + 1, (unsigned)mark->column + 1};
}

static void tell_syntax(struct node_reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    bool placed = parser->error == YAML_SCANNER_ERROR || parser->error == YAML_PARSER_ERROR;
    struct syntax syntax = {.problem = parser->problem,
                            .at = spot_of(placed ? &parser->problem_mark : &parser->mark),
                            .bracket = reader->bracket,
                            .opener = reader->opener,
                            .quote = reader->quote,
                            .quote_end = reader->quote_end};
    struct spot place;
    char text[400];

    if (reader->failed) /* the read callback told why */
        return;
    if (parser->error == YAML_MEMORY_ERROR) {
        source_tell(reader->source, 0, 0, "out of memory");
        return;
    }
    if (placed && parser->context != NULL) {
        syntax.context = parser->context;
        syntax.from = spot_of(&parser->context_mark);
    }
    syntax_explain(&syntax, source_path(reader->source), &place, text, sizeof text);
    source_tell(reader->source, place.line, place.column, "%s", text);
}

/* Notes a text in quotes that goes over several lines: where one is not closed, the next one closes it. */
static void note_quote(struct node_reader *reader, const yaml_event_t *event)
{
    if (event->type != YAML_SCALAR_EVENT || event->start_mark.line == event->end_mark.line
        || (event->data.scalar.style != YAML_DOUBLE_QUOTED_SCALAR_STYLE
            && event->data.scalar.style != YAML_SINGLE_QUOTED_SCALAR_STYLE))
        return;
    reader->quote = spot_of(&event->start_mark);
    reader->quote_end = spot_of(&event->end_mark);
}

/* The next event; false: reading broke off. The caller deletes a good one. */
static bool next_event(struct node_reader *reader, yaml_event_t *event)
{
    if (reader->ended)
        return false;
    if (reader->has_ahead) {
        *event = reader->ahead;
        reader->has_ahead = false;
        return true;
    }
    if (yaml_parser_parse(&reader->parser, event)) {
        note_quote(reader, event);
        return true;
    }
    tell_syntax(reader);
    break_off(reader);
    return false;
}

/*
 * Reads the next event ahead. False: reading broke off. Then what was read last is not passed on: its lines may be
 * part of the mistake, and what is wrong with it would be a consequence.
 */
static bool look_ahead(struct node_reader *reader)
{
    if (!reader->has_ahead)
        reader->has_ahead = next_event(reader, &reader->ahead);
    return reader->has_ahead;
}

static void check_properties(struct node_reader *reader, const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    unsigned line = (unsigned)event->start_mark.line + 1, column = (unsigned)event->start_mark.column + 1;

    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    if (anchor != NULL)
        source_tell(
            reader->source, line, column,
            "anchors are not allowed; write the value where it is needed, and a text that begins with "
            "\"&\" in quotes");
    if (tag != NULL)
        source_tell(reader->source, line, column,
                    "tags are not allowed; write a text that begins with \"!\" in quotes");
}

static struct node *node_new(struct node_reader *reader, struct arena *arena, const yaml_event_t *event)
{
    struct node *node = arena_alloc(arena, sizeof *node);

    if (node == NULL) {
        source_tell(reader->source, 0, 0, "out of memory");
        break_off(reader);
        return NULL;
    }
    node->line = (unsigned)event->start_mark.line + 1;
    node->column = (unsigned)event->start_mark.column + 1;
    return node;
}

static bool take_scalar(struct node_reader *reader, struct arena *arena, struct node *node,
                        const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;

    node->kind = NODE_SCALAR;
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (memchr(text, 0, length) != NULL) {
        source_tell(reader->source, node->line, node->column, "a NUL character in a text");
        length = strlen(text);
    }
    if (length > SCALAR_MAX) {
        source_tell(reader->source, node->line, node->column, "a text of %zu octets; at most %d are allowed",
                    length, SCALAR_MAX);
        length = SCALAR_MAX;
    }
    node->text = arena_text(arena, text, length);
    if (node->text == NULL) {
        source_tell(reader->source, 0, 0, "out of memory");
        break_off(reader);
    }
    return node->text != NULL;
}

static struct node *take_node(struct node_reader *reader, struct arena *arena, yaml_event_t *event,
                              unsigned depth);

/* Reads one node from the next event; NULL with *end set at the end of the collection, without when reading broke off. */
static struct node *read_node(struct node_reader *reader, struct arena *arena, unsigned depth, bool *end)
{
    yaml_event_t event;
    struct node *node = NULL;

    *end = false;
    if (!next_event(reader, &event))
        return NULL;
    if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT)
        *end = true;
    else
        node = take_node(reader, arena, &event, depth);
    yaml_event_delete(&event);
    return node;
}

static bool take_sequence(struct node_reader *reader, struct arena *arena, struct node *node, unsigned depth)
{
    const struct node **last = &node->first;
    struct node *item;
    bool end;

    node->kind = NODE_SEQUENCE;
    while ((item = read_node(reader, arena, depth + 1, &end)) != NULL) {
        *last = item;
        last = &item->next;
        node->count++;
    }
    return end;
}

/* Tells a key that is no text or that stands twice; false: the entry is left out. */
static bool check_key(struct node_reader *reader, const struct node *mapping, const struct node *key)
{
    if (key->kind != NODE_SCALAR) {
        source_tell(reader->source, key->line, key->column, "a key must be a word");
        return false;
    }
    for (const struct node *value = mapping->first; value != NULL; value = value->next)
        if (node_is(value->key, key->text)) {
            source_tell(reader->source, key->line, key->column,
                        "the key \"%.64s\" stands here a second time; the first is in line %u", key->text,
                        value->key->line);
            return false;
        }
    return true;
}

static bool take_mapping(struct node_reader *reader, struct arena *arena, struct node *node, unsigned depth)
{
    const struct node **last = &node->first;
    struct node *key, *value;
    bool end;

    node->kind = NODE_MAPPING;
    while ((key = read_node(reader, arena, depth + 1, &end)) != NULL) {
        value = read_node(reader, arena, depth + 1, &end);
        if (value == NULL)
            return false;
        if (node->count >= KEYS_MAX) {
            source_tell(reader->source, key->line, key->column, "more than %d keys", KEYS_MAX);
            break_off(reader);
            return false;
        }
        if (!check_key(reader, node, key))
            continue;
        value->key = key;
        *last = value;
        last = &value->next;
        node->count++;
    }
    return end;
}

/* Notes the bracket that opens a list or a mapping in one line. */
static void note_bracket(struct node_reader *reader, const yaml_event_t *event)
{
    bool list = event->type == YAML_SEQUENCE_START_EVENT
                && event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    bool mapping =
        event->type == YAML_MAPPING_START_EVENT && event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;

    if (!list && !mapping)
        return;
    reader->bracket = spot_of(&event->start_mark);
    reader->opener = list ? '[' : '{';
}

/* The node that begins with `event`, whole. */
static struct node *take_node(struct node_reader *reader, struct arena *arena, yaml_event_t *event,
                              unsigned depth)
{
    struct node *node = node_new(reader, arena, event);
    struct spot bracket = reader->bracket;
    char opener = reader->opener;
    bool good = false;

    if (node == NULL)
        return NULL;
    if (depth > DEPTH_MAX) {
        source_tell(reader->source, node->line, node->column, "nested more than %d deep", DEPTH_MAX);
        break_off(reader);
        return NULL;
    }
    check_properties(reader, event);
    note_bracket(reader, event);
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        good = take_scalar(reader, arena, node, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        good = take_sequence(reader, arena, node, depth);
        break;
    case YAML_MAPPING_START_EVENT:
        good = take_mapping(reader, arena, node, depth);
        break;
    case YAML_ALIAS_EVENT:
        source_tell(
            reader->source, node->line, node->column,
            "\"*%.64s\" is an alias in YAML, and aliases are not allowed; where the text is meant, put it "
            "in quotes: \"*%.64s\"",
            (const char *)event->data.alias.anchor, (const char *)event->data.alias.anchor);
        node->text = "";
        node->quoted = good = true;
        break;
    default:
        break;
    }
    if (good) {
        reader->bracket = bracket;
        reader->opener = opener;
    }
    return good ? node : NULL;
}

/* ---- the file ---- */

struct node_reader *node_open(const char *path, diag_fn *diag, void *arg)
{
    struct node_reader *reader = calloc(1, sizeof *reader);

    if (reader == NULL)
        return NULL;
    reader->source = source_open(path, diag, arg);
    if (reader->source == NULL || !yaml_parser_initialize(&reader->parser)) {
        source_close(reader->source);
        free(reader);
        return NULL;
    }
    yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input(&reader->parser, read_octets, reader);
    return reader;
}

void node_close(struct node_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->has_ahead)
        yaml_event_delete(&reader->ahead);
    yaml_parser_delete(&reader->parser);
    source_close(reader->source);
    free(reader);
}

bool node_failed(const struct node_reader *reader)
{
    return reader->failed;
}

/* Tells that the file's top is no mapping, perhaps for want of a blank. */
static void tell_no_mapping(struct node_reader *reader, const yaml_event_t *event)
{
    struct spot at = spot_of(&event->start_mark);
    const char *text = event->type == YAML_SCALAR_EVENT && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE
                           ? (const char *)event->data.scalar.value
                           : "";
    char explanation[200];

    if (syntax_glued_key(text) == 0) {
        source_tell(reader->source, at.line, at.column, "the file must hold a mapping (key: value)");
        return;
    }
    syntax_explain_glued(text, explanation, sizeof explanation);
    source_tell(reader->source, at.line, at.column + (unsigned)syntax_glued_key(text), "%s", explanation);
}

/* Passes stream and document start up to the first node, which must be a mapping. */
static bool enter_top(struct node_reader *reader)
{
    yaml_event_t event;
    bool again = true;

    reader->opened = true;
    while (again && next_event(reader, &event)) {
        again = event.type == YAML_STREAM_START_EVENT || event.type == YAML_DOCUMENT_START_EVENT;
        if (event.type == YAML_STREAM_END_EVENT) {
            source_tell(reader->source, 0, 0, "is empty");
            break_off(reader);
        } else if (event.type == YAML_MAPPING_START_EVENT) {
            check_properties(reader, &event);
        } else if (!again) {
            tell_no_mapping(reader, &event);
            break_off(reader);
        }
        yaml_event_delete(&event);
    }
    return !reader->ended;
}

/* Behind the top mapping nothing may follow. */
static void leave_top(struct node_reader *reader)
{
    yaml_event_t event;
    bool end = false;

    while (!end && next_event(reader, &event)) {
        end = event.type == YAML_STREAM_END_EVENT;
        if (event.type == YAML_DOCUMENT_START_EVENT) {
            source_tell(reader->source, (unsigned)event.start_mark.line + 1,
                        (unsigned)event.start_mark.column + 1, "a second document; a policy file holds one");
            break_off(reader);
        }
        yaml_event_delete(&event);
    }
    if (!reader->failed)
        source_check_unchanged(reader->source);
    reader->ended = true;
}

const struct node *node_next_key(struct node_reader *reader, struct arena *arena)
{
    const struct node *key;
    bool end;

    if (!reader->opened && !enter_top(reader))
        return NULL;
    key = read_node(reader, arena, 2, &end);
    if (key == NULL && end)
        leave_top(reader);
    if (key != NULL && key->kind != NODE_SCALAR) {
        source_tell(reader->source, key->line, key->column, "a key must be a word");
        break_off(reader);
        return NULL;
    }
    return key;
}

/* A node with what follows it in order, or NULL. */
static const struct node *read_sound_node(struct node_reader *reader, struct arena *arena, unsigned depth)
{
    bool end;
    const struct node *node = read_node(reader, arena, depth, &end);

    return node != NULL && look_ahead(reader) ? node : NULL;
}

const struct node *node_value(struct node_reader *reader, struct arena *arena)
{
    return read_sound_node(reader, arena, 2);
}

bool node_enter_sequence(struct node_reader *reader, struct arena *arena, const struct node **other)
{
    yaml_event_t event;
    bool entered;

    *other = NULL;
    if (!next_event(reader, &event))
        return false;
    entered = event.type == YAML_SEQUENCE_START_EVENT;
    if (entered) {
        check_properties(reader, &event);
        note_bracket(reader, &event);
    } else
        *other = take_node(reader, arena, &event, 2);
    yaml_event_delete(&event);
    return entered;
}

const struct node *node_next_item(struct node_reader *reader, struct arena *arena)
{
    return read_sound_node(reader, arena, 3);
}

const struct node *node_find(const struct node *mapping, const char *key)
{
    for (const struct node *value = mapping->first; value != NULL; value = value->next)
        if (node_is(value->key, key))
            return value;
    return NULL;
}
