/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * YAML text to nodes. Knows libyaml's events and what the policy language
 * leaves out of YAML: anchors, aliases, tags, further documents, tabs, NUL,
 * bad UTF-8, depth over 16, scalars over 4 KiB, files over 512 MiB. Knows
 * nothing of partners. What can be read in spite of a mistake is read on, so that
 * one run reports all of them.
 */
#include "policy/node.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#define FILE_MAX ((off_t)512 << 20)

enum { DEPTH_MAX = 16, SCALAR_MAX = 4096, KEYS_MAX = 1000, OCTET_FINDINGS_MAX = 20, REPLACEMENT = '_' };

struct node_reader {
    const char *path;
    diag_fn *diag;
    void *arg;
    int file;
    off_t size;          /* octets read so far */
    struct stat status;  /* as it was opened */
    bool failed, ended;
    bool opened;         /* the top mapping was entered */
    yaml_parser_t parser;
    /* Where the octets handed to libyaml stand, for findings it cannot place. */
    unsigned line, column, octet_findings;
    unsigned continuation; /* UTF-8 octets still to come */
    bool after_cr;
};

__attribute__((format(printf, 4, 5)))
static void tell(struct node_reader *reader, unsigned line, unsigned column, const char *format, ...)
{
    char text[512];
    struct diag diag = {SEVERITY_ERROR, {reader->path, line, column}, text};
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (reader->diag != NULL)
        reader->diag(reader->arg, &diag);
}

/* Reading cannot go on. */
static void break_off(struct node_reader *reader)
{
    reader->failed = reader->ended = true;
}

/* ---- octets ---- */

static void tell_octet(struct node_reader *reader, const char *what)
{
    if (reader->octet_findings++ < OCTET_FINDINGS_MAX)
        tell(reader, reader->line, reader->column, "%s", what);
}

/* How many octets follow this first octet of a UTF-8 character, or -1. */
static int utf8_rest(unsigned char octet)
{
    if (octet < 0x80)
        return 0;
    if (octet >= 0xC2 && octet <= 0xDF)
        return 1;
    if ((octet & 0xF0) == 0xE0)
        return 2;
    return octet >= 0xF0 && octet <= 0xF4 ? 3 : -1;
}

/* Judges one octet that is not plain ASCII text; answers what libyaml gets to see of it. */
static unsigned char odd_octet(struct node_reader *reader, unsigned char octet)
{
    int rest;

    if (reader->continuation > 0) {
        if ((octet & 0xC0) == 0x80) {
            reader->continuation--;
            return octet;
        }
        reader->continuation = 0;
        tell_octet(reader, "not UTF-8");
        return REPLACEMENT;
    }
    if (octet == '\t') {
        tell_octet(reader, "a tab; indent and separate with blanks");
        return ' ';
    }
    if (octet < 0x20 || octet == 0x7F) {
        tell_octet(reader, octet == 0 ? "a NUL octet" : "a control character");
        return REPLACEMENT;
    }
    rest = utf8_rest(octet);
    if (rest < 0) {
        tell_octet(reader, "not UTF-8");
        return REPLACEMENT;
    }
    reader->continuation = (unsigned)rest;
    return octet;
}

/* Checks octets and keeps count of lines and columns. */
static void check_octets(struct node_reader *reader, unsigned char *octets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unsigned char octet = octets[i];

        if (octet == '\n' || octet == '\r') {
            if (reader->continuation > 0)
                octets[i] = odd_octet(reader, octet) == REPLACEMENT ? '\n' : octet;
            if (!(octet == '\n' && reader->after_cr))
                reader->line++;
            reader->column = 1;
            reader->after_cr = octet == '\r';
            continue;
        }
        reader->after_cr = false;
        if (octet < 0x20 || octet >= 0x7F || reader->continuation > 0)
            octets[i] = odd_octet(reader, octet);
        if ((octets[i] & 0xC0) != 0x80)
            reader->column++;
    }
}

/* libyaml's read callback: 1 good (0 octets: the end), 0 failure. */
static int read_octets(void *arg, unsigned char *buffer, size_t size, size_t *got)
{
    struct node_reader *reader = arg;
    ssize_t count;

    do
        count = read(reader->file, buffer, size);
    while (count < 0 && errno == EINTR);
    if (count < 0) {
        tell(reader, 0, 0, "cannot be read: %s", strerror(errno));
        reader->failed = true;
        return 0;
    }
    if (reader->size == 0 && count >= 3 && memcmp(buffer, "\xEF\xBB\xBF", 3) == 0) { /* libyaml counts a BOM as a column */
        memmove(buffer, buffer + 3, (size_t)count - 3);
        count -= 3;
    }
    reader->size += count;
    if (reader->size > FILE_MAX) {
        tell(reader, 0, 0, "larger than 512 MiB");
        reader->failed = true;
        return 0;
    }
    check_octets(reader, buffer, (size_t)count);
    *got = (size_t)count;
    return 1;
}

/* ---- events ---- */

static void tell_syntax(struct node_reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    bool placed = parser->error == YAML_SCANNER_ERROR || parser->error == YAML_PARSER_ERROR;
    const yaml_mark_t *mark = placed ? &parser->problem_mark : &parser->mark;

    if (reader->failed) /* the read callback told why */
        return;
    if (parser->error == YAML_MEMORY_ERROR)
        tell(reader, 0, 0, "out of memory");
    else
        tell(reader, (unsigned)mark->line + 1, (unsigned)mark->column + 1, "not YAML: %s%s%s",
             parser->problem != NULL ? parser->problem : "cannot be read",
             placed && parser->context != NULL ? ", " : "", placed && parser->context != NULL ? parser->context : "");
}

/* The next event; false: reading broke off. The caller deletes a good one. */
static bool next_event(struct node_reader *reader, yaml_event_t *event)
{
    if (reader->ended)
        return false;
    if (yaml_parser_parse(&reader->parser, event))
        return true;
    tell_syntax(reader);
    break_off(reader);
    return false;
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
        tell(reader, line, column, "anchors are not allowed; write the value where it is needed");
    if (tag != NULL)
        tell(reader, line, column, "tags are not allowed");
}

static struct node *node_new(struct node_reader *reader, struct arena *arena, const yaml_event_t *event)
{
    struct node *node = arena_alloc(arena, sizeof *node);

    if (node == NULL) {
        tell(reader, 0, 0, "out of memory");
        break_off(reader);
        return NULL;
    }
    node->line = (unsigned)event->start_mark.line + 1;
    node->column = (unsigned)event->start_mark.column + 1;
    return node;
}

static bool take_scalar(struct node_reader *reader, struct arena *arena, struct node *node, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;

    node->kind = NODE_SCALAR;
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (memchr(text, 0, length) != NULL) {
        tell(reader, node->line, node->column, "a NUL character in a text");
        length = strlen(text);
    }
    if (length > SCALAR_MAX) {
        tell(reader, node->line, node->column, "a text of %zu octets; at most %d are allowed", length, SCALAR_MAX);
        length = SCALAR_MAX;
    }
    node->text = arena_text(arena, text, length);
    if (node->text == NULL) {
        tell(reader, 0, 0, "out of memory");
        break_off(reader);
    }
    return node->text != NULL;
}

static struct node *take_node(struct node_reader *reader, struct arena *arena, yaml_event_t *event, unsigned depth);

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
        tell(reader, key->line, key->column, "a key must be a word");
        return false;
    }
    for (const struct node *value = mapping->first; value != NULL; value = value->next)
        if (strcmp(value->key->text, key->text) == 0) {
            tell(reader, key->line, key->column, "the key \"%.64s\" stands here a second time; the first is in line %u",
                 key->text, value->key->line);
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
            tell(reader, key->line, key->column, "more than %d keys", KEYS_MAX);
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

/* The node that begins with `event`, whole. */
static struct node *take_node(struct node_reader *reader, struct arena *arena, yaml_event_t *event, unsigned depth)
{
    struct node *node = node_new(reader, arena, event);
    bool good = false;

    if (node == NULL)
        return NULL;
    if (depth > DEPTH_MAX) {
        tell(reader, node->line, node->column, "nested more than %d deep", DEPTH_MAX);
        break_off(reader);
        return NULL;
    }
    check_properties(reader, event);
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
        tell(reader, node->line, node->column, "aliases are not allowed; write the value out");
        node->text = "";
        node->quoted = good = true;
        break;
    default:
        break;
    }
    return good ? node : NULL;
}

/* ---- the file ---- */

static bool check_file(struct node_reader *reader)
{
    const struct stat *status = &reader->status;

    if (fstat(reader->file, &reader->status) != 0)
        tell(reader, 0, 0, "cannot be read: %s", strerror(errno));
    else if (!S_ISREG(status->st_mode))
        tell(reader, 0, 0, "is no regular file");
    else if ((status->st_mode & (S_IWGRP | S_IWOTH)) != 0)
        tell(reader, 0, 0, "can be written by group or others (mode %04o); chmod go-w", (unsigned)status->st_mode & 07777);
    else if (status->st_size > FILE_MAX)
        tell(reader, 0, 0, "larger than 512 MiB");
    else
        return true;
    return false;
}

struct node_reader *node_open(const char *path, diag_fn *diag, void *arg)
{
    struct node_reader *reader = calloc(1, sizeof *reader);

    if (reader == NULL)
        return NULL;
    *reader = (struct node_reader){.path = path, .diag = diag, .arg = arg, .line = 1, .column = 1};
    reader->file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (reader->file < 0) {
        tell(reader, 0, 0, "cannot be opened: %s", strerror(errno));
        free(reader);
        return NULL;
    }
    if (!check_file(reader) || !yaml_parser_initialize(&reader->parser)) {
        close(reader->file);
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
    yaml_parser_delete(&reader->parser);
    close(reader->file);
    free(reader);
}

bool node_failed(const struct node_reader *reader)
{
    return reader->failed;
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
            tell(reader, 0, 0, "is empty");
            break_off(reader);
        } else if (event.type == YAML_MAPPING_START_EVENT) {
            check_properties(reader, &event);
        } else if (!again) {
            tell(reader, (unsigned)event.start_mark.line + 1, (unsigned)event.start_mark.column + 1,
                 "the file must hold a mapping (key: value)");
            break_off(reader);
        }
        yaml_event_delete(&event);
    }
    return !reader->ended;
}

/* A file that changes under the reader may be half of one version and half of another. */
static void check_unchanged(struct node_reader *reader)
{
    const struct stat *before = &reader->status;
    struct stat now;

    if (fstat(reader->file, &now) != 0 || now.st_size != before->st_size || now.st_mtim.tv_sec != before->st_mtim.tv_sec
        || now.st_mtim.tv_nsec != before->st_mtim.tv_nsec)
        tell(reader, 0, 0, "changed while it was being read");
}

/* Behind the top mapping nothing may follow. */
static void leave_top(struct node_reader *reader)
{
    yaml_event_t event;
    bool end = false;

    while (!end && next_event(reader, &event)) {
        end = event.type == YAML_STREAM_END_EVENT;
        if (event.type == YAML_DOCUMENT_START_EVENT) {
            tell(reader, (unsigned)event.start_mark.line + 1, (unsigned)event.start_mark.column + 1,
                 "a second document; a policy file holds one");
            break_off(reader);
        }
        yaml_event_delete(&event);
    }
    if (!reader->failed)
        check_unchanged(reader);
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
        tell(reader, key->line, key->column, "a key must be a word");
        break_off(reader);
        return NULL;
    }
    return key;
}

const struct node *node_value(struct node_reader *reader, struct arena *arena)
{
    bool end;

    return read_node(reader, arena, 2, &end);
}

bool node_enter_sequence(struct node_reader *reader, struct arena *arena, const struct node **other)
{
    yaml_event_t event;
    bool entered;

    *other = NULL;
    if (!next_event(reader, &event))
        return false;
    entered = event.type == YAML_SEQUENCE_START_EVENT;
    if (entered)
        check_properties(reader, &event);
    else
        *other = take_node(reader, arena, &event, 2);
    yaml_event_delete(&event);
    return entered;
}

const struct node *node_next_item(struct node_reader *reader, struct arena *arena)
{
    bool end;

    return read_node(reader, arena, 3, &end);
}

const struct node *node_find(const struct node *mapping, const char *key)
{
    for (const struct node *value = mapping->first; value != NULL; value = value->next)
        if (strcmp(value->key->text, key) == 0)
            return value;
    return NULL;
}
