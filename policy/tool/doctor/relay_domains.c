/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * relay_domains: how Postfix matches a domain with a list of names, tables, files of these ("/etc/x") and
 * exclamation marks, which negate. The first match decides.
 */
#include "policy/tool/doctor/relay_domains.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "policy/arena.h"
#include "policy/array.h"
#include "policy/tool/doctor/endpoint.h"
#include "policy/tool/doctor/postmap.h"

/* An element of the list. */
struct pattern {
    bool inverted;
    const char *name;      /* NULL: a table */
    struct postmap *table; /* its entries for the names that were given */
};

struct relay_domains {
    struct arena arena; /* of the names */
    bool parents;       /* a name also matches what is below it */
    size_t count;
    struct pattern *pattern;
};

/* ---- reading ---- */

static bool has_parents(const struct postfix *postfix)
{
    const char *rest = postfix_text(postfix, "parent_domain_matches_subdomains");
    struct element element;

    while (element_next(&element, &rest))
        if (strcmp(element.text, "relay_domains") == 0)
            return true;
    return false;
}

/*
 * Writes the keys with which Postfix asks for a name: itself, then its parents, with leading dots or without.
 */
static void write_keys(FILE *stream, const char *name, size_t length, bool parents)
{
    const char *at = name, *end = name + length;

    fprintf(stream, "%.*s\n", (int)length, name);
    while ((at = memchr(at, '.', (size_t)(end - at))) != NULL) {
        fprintf(stream, "%.*s\n", (int)(end - at) - parents, at + parents);
        at++;
    }
}

static char *collect_keys(const char *names, bool parents)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    if (stream == NULL)
        return NULL;
    while (*names != '\0') {
        size_t length = strcspn(names, "\n");

        write_keys(stream, names, length, parents);
        names += length + (names[length] != '\0');
    }
    if (fclose(stream) == 0)
        return text;
    free(text);
    return NULL;
}

/* What is needed to read the list. */
struct reading {
    struct relay_domains *domains;
    const char *directory; /* of main.cf */
    const char *keys;      /* those to ask tables for */
    char **why;
};

/* Adds a name or a table. False: out of memory, or *why says what failed. */
static bool add_pattern(const struct reading *reading, const char *text, bool inverted)
{
    struct relay_domains *domains = reading->domains;
    struct pattern *grown = array_grow(domains->pattern, domains->count, sizeof *grown);
    bool is_table = text != NULL && strchr(text, ':') != NULL;
    struct postmap *table = NULL;

    if (grown != NULL)
        domains->pattern = grown;
    if (grown == NULL || text == NULL)
        return false;
    if (is_table)
        table = postmap_ask(reading->directory, text, reading->keys, reading->why);
    domains->pattern[domains->count++] = (struct pattern){inverted, is_table ? NULL : text, table};
    return !is_table || table != NULL;
}

static bool add_list(const struct reading *reading, const char *list, bool inverted, unsigned depth);

/* Adds the contents of a file: lines as in the list itself, and comments. */
static bool add_file(const struct reading *reading, const char *path, bool inverted, unsigned depth)
{
    enum { FILES_MAX = 8 };
    FILE *file = depth < FILES_MAX ? fopen(path, "re") : NULL;
    char *line = NULL;
    size_t size = 0;
    bool good = file != NULL;

    if (file == NULL && asprintf(reading->why, "%s: the file cannot be read", path) < 0)
        *reading->why = NULL;
    while (good && getline(&line, &size, file) > 0)
        good = *line == '#' || add_list(reading, line, inverted, depth + 1);
    free(line);
    if (file != NULL)
        fclose(file);
    return good;
}

static bool add_list(const struct reading *reading, const char *list, bool inverted, unsigned depth)
{
    struct element element;
    bool good = true;

    while (good && element_next(&element, &list)) {
        size_t marks = strspn(element.at, "!"),
               length = element.length - (marks < element.length ? marks : 0);
        const char *text = arena_text(&reading->domains->arena, element.at + element.length - length, length);
        bool turned = (marks % 2 != 0) != inverted;

        good = text != NULL && *text == '/' ? add_file(reading, text, turned, depth)
                                            : add_pattern(reading, text, turned);
    }
    return good;
}

struct relay_domains *relay_domains_read(const struct postfix *postfix, const char *names, char **why)
{
    struct relay_domains *domains = calloc(1, sizeof *domains);
    struct reading reading = {domains, postconf_directory(postfix->postconf), NULL, why};
    char *keys;
    bool good;

    *why = NULL;
    if (domains == NULL)
        return NULL;
    domains->parents = has_parents(postfix);
    keys = collect_keys(names, domains->parents);
    reading.keys = keys;
    good = keys != NULL && add_list(&reading, postfix_text(postfix, "relay_domains"), false, 0);
    free(keys);
    if (good)
        return domains;
    relay_domains_free(domains);
    return NULL;
}

void relay_domains_free(struct relay_domains *domains)
{
    if (domains == NULL)
        return;
    for (size_t i = 0; i < domains->count; i++)
        postmap_free(domains->pattern[i].table);
    free(domains->pattern);
    arena_free(&domains->arena);
    free(domains);
}

/* ---- matching ---- */

static bool is_in_table(const struct postmap *table, const char *name, bool parents)
{
    if (postmap_find(table, name) != NULL)
        return true;
    for (const char *dot = strchr(name, '.'); dot != NULL; dot = strchr(dot + 1, '.'))
        if (postmap_find(table, dot + parents) != NULL)
            return true;
    return false;
}

/*
 * Whether the name is the pattern, or below it. The latter counts only with `parents`, or if
 * the pattern begins with a dot.
 */
static bool is_below(const char *pattern, const char *name, bool parents)
{
    size_t length = strlen(name), more = strlen(pattern);
    const char *tail;

    if (length < more)
        return false;
    tail = name + (length - more);
    if (strcasecmp(tail, pattern) != 0)
        return false;
    return length == more || (parents ? tail[-1] == '.' : *pattern == '.');
}

bool relay_domains_has(const struct relay_domains *domains, const char *name)
{
    for (size_t i = 0; domains != NULL && i < domains->count; i++) {
        const struct pattern *pattern = &domains->pattern[i];
        bool matches = pattern->table != NULL ? is_in_table(pattern->table, name, domains->parents)
                                              : is_below(pattern->name, name, domains->parents);

        if (matches)
            return !pattern->inverted;
    }
    return false;
}
