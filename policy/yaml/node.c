/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * YAML text to nodes. Knows libyaml's events and what the policy language
 * leaves out of YAML: anchors, aliases, tags, further documents, depth over 16,
 * scalars over 4 KiB. Knows nothing of partners; the file and its octets are source.c's. Reads on
 * after a mistake if it can, so that one run reports all mistakes.
 */
#include "policy/yaml/node.h"

#include <stdlib.h>
#include <string.h>
#include "policy/yaml/node_event.h"

enum { DEPTH_MAX = 16, SCALAR_MAX = 4096, KEYS_MAX = 1000 };

static struct node *node_new(struct node_reader *reader, struct arena *arena, const yaml_event_t *event)
{
    struct node *node = arena_alloc(arena, sizeof *node);

    if (node == NULL) {
        source_tell(reader->source, 0, 0, "out of memory");
        node_break_off(reader);
        return NULL;
    }
    node->line = (unsigned)event->start_mark.line + 1;
    node->column = (unsigned)event->start_mark.column + 1;
    return node;
}

/* Keeps the comment after a plain scalar if it may have been meant as part of it. False: out of memory. */
static bool take_comment(struct node_reader *reader, struct arena *arena, struct node *node,
                         const yaml_mark_t *end)
{
    char text[COMMENT_MAX];

    if (!source_comment(reader->source, (unsigned)end->line + 1, (unsigned)end->column + 1, text))
        return true;
    node->comment = arena_text(arena, text, strlen(text));
    return node->comment != NULL;
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
    if (node->text == NULL || (!node->quoted && !take_comment(reader, arena, node, &event->end_mark))) {
        source_tell(reader->source, 0, 0, "out of memory");
        node_break_off(reader);
        return false;
    }
    return true;
}

static struct node *take_node(struct node_reader *reader, struct arena *arena, yaml_event_t *event,
                              unsigned depth);

/*
 * Reads the node that begins with the next event. NULL: the collection ends, and *end is true; or reading
 * broke off, and *end is false.
 */
static struct node *read_node(struct node_reader *reader, struct arena *arena, unsigned depth, bool *end)
{
    yaml_event_t event;
    struct node *node = NULL;

    *end = false;
    if (!node_event(reader, &event))
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

/* Reports a key that is no text or that occurs twice; false: the entry is left out. */
static bool check_key(struct node_reader *reader, const struct node *mapping, const struct node *key)
{
    if (key->kind != NODE_SCALAR) {
        source_tell(reader->source, key->line, key->column, "a key must be a word");
        return false;
    }
    for (const struct node *value = mapping->first; value != NULL; value = value->next)
        if (node_is(value->key, key->text)) {
            source_tell(reader->source, key->line, key->column,
                        "duplicate key \"%.64s\"; the first is in line %u", key->text, value->key->line);
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
            node_break_off(reader);
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

/* Reads the whole node that begins with `event`. NULL: reading broke off. */
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
        node_break_off(reader);
        return NULL;
    }
    node_check_properties(reader, event);
    node_note_bracket(reader, event);
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
    yaml_parser_set_input(&reader->parser, node_read_octets, reader);
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

/* Skips the starts of stream and document, and enters the first node, which must be a mapping. */
static bool enter_top(struct node_reader *reader)
{
    yaml_event_t event;
    bool again = true;

    reader->opened = true;
    while (again && node_event(reader, &event)) {
        again = event.type == YAML_STREAM_START_EVENT || event.type == YAML_DOCUMENT_START_EVENT;
        if (event.type == YAML_STREAM_END_EVENT) {
            source_tell(reader->source, 0, 0, "is empty");
            node_break_off(reader);
        } else if (event.type == YAML_MAPPING_START_EVENT) {
            node_check_properties(reader, &event);
        } else if (!again) {
            node_tell_no_mapping(reader, &event);
            node_break_off(reader);
        }
        yaml_event_delete(&event);
    }
    return !reader->ended;
}

/* Nothing may follow the top mapping. */
static void leave_top(struct node_reader *reader)
{
    yaml_event_t event;
    bool end = false;

    while (!end && node_event(reader, &event)) {
        end = event.type == YAML_STREAM_END_EVENT;
        if (event.type == YAML_DOCUMENT_START_EVENT) {
            source_tell(reader->source, (unsigned)event.start_mark.line + 1,
                        (unsigned)event.start_mark.column + 1, "a second document; a policy file holds one");
            node_break_off(reader);
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
        node_break_off(reader);
        return NULL;
    }
    return key;
}

/* Reads a node, and ahead the event after it. NULL: the collection ends, or reading broke off. */
static const struct node *read_sound_node(struct node_reader *reader, struct arena *arena, unsigned depth)
{
    bool end;
    const struct node *node = read_node(reader, arena, depth, &end);

    return node != NULL && node_look_ahead(reader) ? node : NULL;
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
    if (!node_event(reader, &event))
        return false;
    entered = event.type == YAML_SEQUENCE_START_EVENT;
    if (entered) {
        node_check_properties(reader, &event);
        node_note_bracket(reader, &event);
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
