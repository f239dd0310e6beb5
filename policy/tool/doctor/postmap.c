/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parses postmap's output: keys with their values. Knows the form of that output and how a list names
 * tables, and not what an entry means.
 */
#include "policy/tool/doctor/postmap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/arena.h"
#include "policy/array.h"
#include "policy/tool/command.h"
#include "policy/tool/doctor/endpoint.h"
#include "policy/tool/text.h"

struct postmap {
    struct arena arena;
    size_t count;
    struct table_entry *entry;
};

/* Takes "key<TAB>value". False: out of memory. */
static bool take_line(struct postmap *postmap, const char *line, size_t length, size_t order)
{
    char *key = arena_text(&postmap->arena, line, length), *tab;
    struct table_entry *grown;

    if (key == NULL)
        return false;
    tab = strchr(key, '\t');
    if (tab == NULL)
        return true;
    *tab = '\0';
    grown = array_grow(postmap->entry, postmap->count, sizeof *grown);
    if (grown == NULL)
        return false;
    postmap->entry = grown;
    grown[postmap->count++] = (struct table_entry){key, tab + 1, order};
    return true;
}

static bool take_lines(struct postmap *postmap, const char *text, size_t order)
{
    while (*text) {
        size_t length = strcspn(text, "\n");

        if (!take_line(postmap, text, length, order))
            return false;
        text += length;
        text += *text == '\n';
    }
    return true;
}

/* Returns the first line of a program's error output; to be freed. */
static char *complaint(const struct output *output)
{
    const char *text = output->error != NULL && *output->error ? output->error : "postmap cannot be run";

    return text_format("%.*s", (int)strcspn(text, "\n"), text);
}

/* Whether the program answered. If it finds no key, postmap exits with 1 and prints nothing. */
static bool is_answered(const struct output *output)
{
    return output->out != NULL && (output->good || (output->error != NULL && *output->error == '\0'));
}

static bool ask(struct postmap *postmap, const char *directory, const char *table, const char *keys,
                size_t order, char **why)
{
    const char *const query[] = {"postmap", "-c", directory, "-q", "-", table, NULL};
    const char *const list[] = {"postmap", "-c", directory, "-s", table, NULL};
    struct output output = keys != NULL ? command_run_with(query, keys) : command_run(list);
    bool good = keys != NULL ? is_answered(&output) : true;

    if (!good)
        *why = complaint(&output);
    else if (output.out != NULL)
        good = take_lines(postmap, output.out, order);
    output_free(&output);
    return good;
}

static int compare(const void *a, const void *b)
{
    const struct table_entry *one = a, *other = b;
    int order = strcmp(one->key, other->key);

    return order != 0 ? order : (one->order > other->order) - (one->order < other->order);
}

struct postmap *postmap_ask(const char *directory, const char *maps, const char *keys, char **why)
{
    struct postmap *postmap = calloc(1, sizeof *postmap);
    struct element element;
    bool good = postmap != NULL;

    *why = NULL;
    for (size_t order = 0; good && element_next(&element, &maps); order++) {
        char *table = strndup(element.at, element.length);
        bool proxied =
            table != NULL && strncmp(table, "proxy:", 6) == 0; /* asked directly: proxymap(8) may not run */

        good = table != NULL && ask(postmap, directory, table + (proxied ? 6 : 0), keys, order, why);
        free(table);
    }
    if (!good) {
        postmap_free(postmap);
        return NULL;
    }
    if (postmap->count > 0)
        qsort(postmap->entry, postmap->count, sizeof *postmap->entry, compare);
    return postmap;
}

void postmap_free(struct postmap *postmap)
{
    if (postmap == NULL)
        return;
    free(postmap->entry);
    arena_free(&postmap->arena);
    free(postmap);
}

const char *postmap_find(const struct postmap *postmap, const char *key)
{
    size_t first = 0, end = postmap->count;

    while (first < end) {
        size_t middle = first + (end - first) / 2;

        if (strcmp(postmap->entry[middle].key, key) < 0)
            first = middle + 1;
        else
            end = middle;
    }
    return first < postmap->count && strcmp(postmap->entry[first].key, key) == 0 ? postmap->entry[first].value
                                                                                 : NULL;
}

size_t postmap_count(const struct postmap *postmap)
{
    return postmap->count;
}

const struct table_entry *postmap_entry(const struct postmap *postmap, size_t i)
{
    return &postmap->entry[i];
}
