/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads tables as text: comments, continuation lines, keys and values (postmap(1), makemap(8)). Knows nothing
 * of what keys and values mean.
 */
#include "policy/tool/import/map_lines.h"

#include <string.h>
#include <strings.h>

static const char blanks[] = " \t\r\n";

/* Returns the length of a line without trailing blanks, and in *after the start of the next one. */
static size_t line_length(const char *line, const char **after)
{
    size_t length = strcspn(line, "\n");

    *after = line + length + (line[length] == '\n');
    while (length > 0 && strchr(blanks, line[length - 1]) != NULL)
        length--;
    return length;
}

static struct map_line *new_line(struct import *import, const char *file, unsigned number, const char *text)
{
    struct map_line *line = import_alloc(import, sizeof *line);
    size_t key = strcspn(text, blanks);

    line->origin = (struct origin){file, number, text, NULL};
    line->key = import_text(import, text, key);
    line->value = text + key + strspn(text + key, blanks);
    return line;
}

struct map_line *map_lines_read(struct import *import, const char *file, bool continued)
{
    struct map_line *first = NULL, **last = &first, *line = NULL;
    unsigned number = 0;
    const char *after, *at = import_read(import, file, false);

    for (; at != NULL && *at; at = after) {
        size_t length = line_length(at, &after), blank = strspn(at, blanks);

        number++;
        if (length == 0 || at[blank < length ? blank : 0] == '#')
            continue;
        if (blank == 0) {
            line = new_line(import, file, number, import_text(import, at, length));
            *last = line;
            last = &line->next;
        } else if (!continued) {
            import_error(import, file, number, "begins with a blank, which makemap does not take");
        } else if (line == NULL) {
            import_error(import, file, number,
                         "begins with a blank, but there is no line above that it continues");
        } else {
            unsigned began = line->origin.line;

            *line = *new_line(
                import, file, began,
                import_format(import, "%s %.*s", line->origin.text, (int)(length - blank), at + blank));
        }
    }
    if (at != NULL && first == NULL && import->errors == 0)
        import_error(import, file, 0, "has no lines but comments");
    return first;
}

const char *map_item(struct import *import, const char **at, const char *separators)
{
    const char *start;
    size_t length = 0;

    while (**at && (strchr(blanks, **at) != NULL || strchr(separators, **at) != NULL))
        ++*at;
    start = *at;
    while (start[length] && strchr(blanks, start[length]) == NULL
           && strchr(separators, start[length]) == NULL)
        length++;
    *at += length;
    return length > 0 ? import_text(import, start, length) : NULL;
}

bool map_is_word(const char *text, const char *const words[])
{
    for (; *words != NULL; words++)
        if (strcasecmp(text, *words) == 0)
            return true;
    return false;
}

/* Reads "{ name = value }", from the brace on, and returns "name=value". */
static const char *attribute_in_braces(struct import *import, const char **at)
{
    const char *start = *at + 1, *equals, *value;
    size_t length = 0, depth = 1, name;

    for (; start[length]; length++) {
        depth += start[length] == '{';
        depth -= start[length] == '}';
        if (depth == 0)
            break;
    }
    *at = start + length + (start[length] != '\0');
    start = import_text(import, start, length);
    start += strspn(start, blanks);
    length = strlen(start);
    while (length > 0 && strchr(blanks, start[length - 1]) != NULL)
        length--;
    equals = memchr(start, '=', length);
    if (equals == NULL)
        return import_text(import, start, length);
    for (name = (size_t)(equals - start); name > 0 && strchr(blanks, start[name - 1]) != NULL; name--)
        continue;
    value = equals + 1 + strspn(equals + 1, blanks);
    return import_format(import, "%.*s=%.*s", (int)name, start,
                         value < start + length ? (int)(start + length - value) : 0, value);
}

const char *map_attribute(struct import *import, const char **at)
{
    *at += strspn(*at, " \t\r\n,");
    return **at == '{' ? attribute_in_braces(import, at) : map_item(import, at, ",");
}
