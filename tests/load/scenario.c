/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads scenarios and compares what came of a mail with what had to. Knows
 * nothing of the protocol; what is right stands in the file alone.
 */
#include "scenario.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "packet.h"

static void add(const char **list, size_t *count, size_t max, const char *value)
{
    if (*count == max)
        give_up("more than %zu fields of one name: %s", max, value);
    list[(*count)++] = value;
}

static void read_field(struct kind *kind, char *field)
{
    char *value = strchr(field, '=');
    if (value == NULL)
        give_up("no value: %s", field);
    *value++ = '\0';
    if (strcmp(field, "from") == 0)
        kind->from = value;
    else if (strcmp(field, "helo") == 0)
        kind->helo = value;
    else if (strcmp(field, "client") == 0)
        kind->client = value;
    else if (strcmp(field, "report") == 0)
        kind->report = value;
    else if (strcmp(field, "lists") == 0)
        kind->default_lists = true;
    else if (strcmp(field, "rcpt") == 0)
        add(kind->rcpt, &kind->rcpt_count, RCPT_MAX, value);
    else if (strcmp(field, "header") == 0)
        add(kind->header, &kind->header_count, HEADER_MAX, value);
    else if (strcmp(field, "expect") == 0)
        add(kind->expect, &kind->expect_count, EXPECT_MAX, value);
    else if ((field[0] == '{' || field[1] == '\0') && kind->macro_count < MACRO_MAX)
        kind->macro[kind->macro_count++] = (struct macro){field, value};
    else
        give_up("unknown field, or too many macros: %s", field);
}

/* What Postfix would make of a plain argument: no brackets, lower case. */
static void make_mail_addr(struct kind *kind)
{
    size_t length = 0;
    for (const char *octet = kind->from; *octet != '\0' && length + 1 < sizeof kind->mail_addr; octet++)
        if (strchr("<>", *octet) == NULL)
            kind->mail_addr[length++] = (char)tolower((unsigned char)*octet);
    kind->mail_addr[length] = '\0';
}

static void read_kind(struct kind *kind, char *line)
{
    *kind = (struct kind){.helo = "mail.client.example", .client = "192.0.2.1"};
    for (char *field; (field = strsep(&line, "\t")) != NULL;)
        read_field(kind, field);
    if (kind->from == NULL)
        give_up("a line without from=");
    if (kind->rcpt_count == 0)
        add(kind->rcpt, &kind->rcpt_count, RCPT_MAX, "<user@local.example>");
    if (kind->header_count == 0)
        add(kind->header, &kind->header_count, HEADER_MAX, "From: Somebody <somebody@client.example>");
    make_mail_addr(kind);
}

static bool same_session(const struct kind *a, const struct kind *b)
{
    const char *va = kind_macro(a, "v"), *vb = kind_macro(b, "v");
    return strcmp(a->client, b->client) == 0 && a->default_lists == b->default_lists
           && strcmp(va != NULL ? va : "", vb != NULL ? vb : "") == 0;
}

/* Joins the kinds that fit into one session to rings. */
static void join(struct scenario *scenario)
{
    size_t rings = 0;
    struct kind **last = calloc(scenario->count, sizeof *last);
    if (last == NULL)
        give_up("out of memory");
    for (size_t i = 0, ring; i < scenario->count; i++) {
        struct kind *kind = &scenario->kinds[i];
        for (ring = 0; ring < rings && !same_session(last[ring], kind); ring++)
            continue;
        kind->next = ring < rings ? last[ring]->next : kind;
        if (ring < rings)
            last[ring]->next = kind;
        else
            rings++;
        last[ring] = kind;
    }
    free(last);
}

void scenario_read(struct scenario *scenario, const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        give_up("%s: %s", path, strerror(errno));
    char *line = NULL;
    size_t room = 0, space = 0;
    *scenario = (struct scenario){0};
    for (ssize_t length; (length = getline(&line, &space, file)) > 0; line = NULL, space = 0) {
        if (scenario->count == room) {
            room = room == 0 ? 64 : 2 * room;
            scenario->kinds = reallocarray(scenario->kinds, room, sizeof *scenario->kinds);
            if (scenario->kinds == NULL)
                give_up("out of memory");
        }
        line[strcspn(line, "\n")] = '\0';
        read_kind(&scenario->kinds[scenario->count++], line); /* which points into the line */
    }
    free(line);
    fclose(file);
    if (scenario->count == 0)
        give_up("%s: empty", path);
    join(scenario);
}

const char *kind_macro(const struct kind *kind, const char *name)
{
    for (size_t i = 0; i < kind->macro_count; i++)
        if (strcmp(kind->macro[i].name, name) == 0)
            return kind->macro[i].value;
    return NULL;
}

/* A `*` never reaches over the " + " to the next answer. */
static bool matches(const char *pattern, const char *text)
{
    for (; *pattern != '\0' && *pattern != '*'; pattern++, text++)
        if (*pattern != *text)
            return false;
    if (*pattern == '\0')
        return *text == '\0';
    do {
        if (matches(pattern + 1, text))
            return true;
    } while (strncmp(text, " + ", 3) != 0 && *text++ != '\0');
    return false;
}

bool kind_expects(const struct kind *kind, const char *outcome)
{
    for (size_t i = 0; i < kind->expect_count; i++)
        if (matches(kind->expect[i], outcome))
            return true;
    return kind->expect_count == 0;
}
