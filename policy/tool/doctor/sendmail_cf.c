/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The form of a sendmail.cf: a letter, what belongs to it, and continuation lines that begin with a blank.
 * Does not know what a line means.
 */
#include "policy/tool/doctor/sendmail_cf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include "policy/arena.h"

enum { LINES_MAX = 20000 };

struct sendmail_cf {
    struct arena arena;
    size_t count;
    const char *line[LINES_MAX];
};

/* Takes a line, or joins a continuation to the line before. False: out of memory. */
static bool take(struct sendmail_cf *cf, const char *text, size_t length)
{
    const char *last = cf->count > 0 ? cf->line[cf->count - 1] : NULL;
    char *copy;
    size_t size;

    while (length > 0 && strchr("\r\n", text[length - 1]) != NULL)
        length--;
    if (length == 0 || *text == '#')
        return true;
    if (strchr(" \t", *text) == NULL || last == NULL) {
        copy = arena_text(&cf->arena, text, length);
        if (copy != NULL && cf->count < LINES_MAX)
            cf->line[cf->count++] = copy;
        return copy != NULL;
    }
    size = strlen(last) + length + 2;
    copy = arena_alloc(&cf->arena, size);
    if (copy == NULL)
        return false;
    snprintf(copy, size, "%s %.*s", last, (int)length, text);
    cf->line[cf->count - 1] = copy;
    return true;
}

struct sendmail_cf *sendmail_cf_read(const char *path)
{
    struct sendmail_cf *cf = calloc(1, sizeof *cf);
    FILE *file = cf != NULL ? fopen(path, "re") : NULL;
    struct stat found;
    char *text = NULL;
    size_t room = 0;
    ssize_t length;
    bool good = file != NULL;

    if (good && (fstat(fileno(file), &found) != 0 || !S_ISREG(found.st_mode))) {
        good = false;
        errno = EINVAL;
    }
    while (good && (length = getline(&text, &room, file)) > 0)
        good = take(cf, text, strnlen(text, (size_t)length));
    free(text);
    if (file != NULL)
        fclose(file);
    if (good)
        return cf;
    sendmail_cf_free(cf);
    return NULL;
}

void sendmail_cf_free(struct sendmail_cf *cf)
{
    if (cf != NULL)
        arena_free(&cf->arena);
    free(cf);
}

const char *sendmail_cf_line(const struct sendmail_cf *cf, char letter, size_t i)
{
    for (size_t at = 0; at < cf->count; at++)
        if (cf->line[at][0] == letter && i-- == 0)
            return cf->line[at] + 1;
    return NULL;
}

const char *sendmail_cf_at(const struct sendmail_cf *cf, size_t i)
{
    return i < cf->count ? cf->line[i] : NULL;
}

const char *sendmail_cf_option_at(const struct sendmail_cf *cf, const char *name, size_t i)
{
    const char *line;
    size_t length = strlen(name);

    for (size_t at = 0; (line = sendmail_cf_line(cf, 'O', at)) != NULL; at++) {
        if (*line != ' ')
            continue;
        line += strspn(line, " ");
        if (strncasecmp(line, name, length) != 0)
            continue;
        line += length;
        line += strspn(line, " ");
        if (*line == '=' && i-- == 0)
            return line + 1 + strspn(line + 1, " ");
    }
    return NULL;
}

const char *sendmail_cf_option(const struct sendmail_cf *cf, const char *name)
{
    const char *value = NULL, *next;

    for (size_t i = 0; (next = sendmail_cf_option_at(cf, name, i)) != NULL; i++)
        value = next;
    return value;
}

/* Returns the number that the text begins with, and moves past it and a dot. */
static unsigned next_number(const char **text)
{
    char *rest;
    unsigned number = (unsigned)strtoul(*text, &rest, 10);

    *text = rest + (*rest == '.');
    return number;
}

unsigned sendmail_cf_version(const struct sendmail_cf *cf)
{
    const char *line;

    for (size_t i = 0; (line = sendmail_cf_line(cf, 'D', i)) != NULL; i++) {
        if (*line == 'Z' && strchr(line, '.') != NULL) {
            const char *text = line + 1;
            unsigned major = next_number(&text), minor = next_number(&text);

            return major * 10000 + minor * 100 + next_number(&text);
        }
    }
    return 0;
}

bool sendmail_equate(const char *line, const char *name, char *value, size_t size)
{
    size_t length = strlen(name);

    while (*line) {
        size_t end = strcspn(line, ",");
        const char *equals = memchr(line, '=', end);

        if (equals != NULL && strncasecmp(line, name, length) == 0) {
            equals += 1 + strspn(equals + 1, " ");
            snprintf(value, size, "%.*s", (int)(end - (size_t)(equals - line)), equals);
            for (size_t last = strlen(value); last > 0 && value[last - 1] == ' ';)
                value[--last] = '\0';
            return true;
        }
        line += end;
        line += strspn(line, ", \t");
    }
    return false;
}
