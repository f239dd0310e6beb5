/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libyaml's events one by one. Knows where brackets and quotation marks are open, which explains a mistake
 * that libyaml finds only later. Knows no nodes.
 */
#include "policy/yaml/node_event.h"

#include "policy/yaml/node.h"

void node_break_off(struct node_reader *reader)
{
    reader->failed = reader->ended = true;
}

int node_read_octets(void *arg, unsigned char *buffer, size_t size, size_t *got)
{
    struct node_reader *reader = arg;

    reader->failed = !source_read(reader->source, buffer, size, got);
    return !reader->failed;
}

struct spot spot_of(const yaml_mark_t *mark)
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

    if (reader->failed) /* the read callback has reported why */
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

/* Notes a quoted text over several lines: a quotation mark that is not closed runs on to the next one. */
static void note_quote(struct node_reader *reader, const yaml_event_t *event)
{
    if (event->type != YAML_SCALAR_EVENT || event->start_mark.line == event->end_mark.line
        || (event->data.scalar.style != YAML_DOUBLE_QUOTED_SCALAR_STYLE
            && event->data.scalar.style != YAML_SINGLE_QUOTED_SCALAR_STYLE))
        return;
    reader->quote = spot_of(&event->start_mark);
    reader->quote_end = spot_of(&event->end_mark);
}

bool node_event(struct node_reader *reader, yaml_event_t *event)
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
    node_break_off(reader);
    return false;
}

bool node_look_ahead(struct node_reader *reader)
{
    if (!reader->has_ahead)
        reader->has_ahead = node_event(reader, &reader->ahead);
    return reader->has_ahead;
}

void node_check_properties(struct node_reader *reader, const yaml_event_t *event)
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

void node_note_bracket(struct node_reader *reader, const yaml_event_t *event)
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

void node_tell_no_mapping(struct node_reader *reader, const yaml_event_t *event)
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
