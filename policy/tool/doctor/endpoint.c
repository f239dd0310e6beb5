/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compares how Postfix writes a milter or a policy server with how libmilter writes a socket. Looks up hosts
 * and directories, and connects to nothing.
 */
#include "policy/tool/doctor/endpoint.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "policy/names/socket_form.h"
#include "policy/tool/doctor/internet.h"

static const char separators[] = ", \t\r\n";

/* Returns how many octets the next word has. Braces hold blanks together. */
static size_t word_length(const char *text)
{
    size_t length = 0;
    unsigned depth = 0;

    for (; text[length]; length++) {
        if (depth == 0 && strchr(separators, text[length]) != NULL)
            break;
        depth += text[length] == '{';
        depth -= text[length] == '}' && depth > 0;
    }
    return length;
}

static void copy(char *to, size_t size, const char *from, size_t length)
{
    snprintf(to, size, "%.*s", (int)(length < size ? length : size - 1), from);
}

bool element_next(struct element *element, const char **rest)
{
    const char *text = *rest + strspn(*rest, separators);
    size_t length = word_length(text), inner;

    if (length == 0)
        return false;
    *rest = text + length;
    element->at = text;
    element->length = length;
    element->options[0] = '\0';
    if (*text == '{') {
        text += 1 + strspn(text + 1, separators);
        length = (size_t)(*rest - text);
        length -= length > 0 && text[length - 1] == '}';
        inner = word_length(text);
        inner = inner < length ? inner : length;
        copy(element->options, sizeof element->options, text + inner, length - inner);
        length = inner;
    }
    copy(element->text, sizeof element->text, text, length);
    return true;
}

bool element_in(const char *list, const char *word)
{
    struct element element;

    while (element_next(&element, &list))
        if (strcasecmp(element.text, word) == 0)
            return true;
    return false;
}

bool element_option(const struct element *element, const char *name, char *value, size_t size)
{
    const char *rest = element->options;
    size_t length = strlen(name);

    for (;;) {
        const char *text = rest + strspn(rest, separators);
        size_t word = word_length(text), end = word;

        if (word == 0)
            return false;
        rest = text + word;
        if (*text == '{') { /* { name = value } */
            text += 1 + strspn(text + 1, separators);
            end = (size_t)(rest - text) - 1;
        }
        if (end <= length || strncmp(text, name, length) != 0)
            continue;
        text += length;
        end -= length;
        while (end > 0 && *text == ' ') {
            text++;
            end--;
        }
        if (end == 0 || *text != '=')
            continue;
        for (text++, end--; end > 0 && *text == ' '; end--)
            text++;
        while (end > 0 && text[end - 1] == ' ')
            end--;
        copy(value, size, text, end);
        return true;
    }
}

/* Splits Postfix's "host:port". A port alone means this machine. */
static void split_internet(const char *text, char host[256], char port[16])
{
    const char *colon = strrchr(text, ':');
    bool bracket = *text == '[';

    if (colon == NULL) {
        snprintf(host, 256, "localhost");
        copy(port, 16, text, strlen(text));
        return;
    }
    copy(host, 256, text + bracket, bracket ? strcspn(text + 1, "]") : (size_t)(colon - text));
    copy(port, 16, colon + 1, strlen(colon + 1));
}

/*
 * Finds the real path of something that may not exist: follows symbolic links in the part that exists, and
 * drops "//" and "/./" from the rest. False: it is too long.
 */
static bool real_path(const char *path, char real[PATH_MAX])
{
    char known[PATH_MAX];
    size_t length = strlen(path);
    const char *rest;

    do {
        copy(known, sizeof known, path, length > 0 ? length : 1);
        if (realpath(known, real) != NULL)
            break;
        strcpy(real, "/");
        while (length > 0 && path[length - 1] == '/')
            length--;
        while (length > 0 && path[length - 1] != '/')
            length--;
    } while (length > 0);
    for (rest = path + length; *rest;) {
        size_t word, end = strlen(real);

        rest += strspn(rest, "/");
        word = strcspn(rest, "/");
        if (word > 0 && !(word == 1 && *rest == '.')
            && snprintf(real + end, PATH_MAX - end, "%s%.*s", end > 1 ? "/" : "", (int)word, rest)
                   >= (int)(PATH_MAX - end))
            return false;
        rest += word;
    }
    return true;
}

static bool same_path(const char *a, const char *b)
{
    char left[PATH_MAX], right[PATH_MAX];

    return real_path(a, left) && real_path(b, right) && strcmp(left, right) == 0;
}

/* Returns what follows the type, which may be in any case: UNIX:, Inet:. NULL: the type is another one. */
static const char *behind_type(const char *endpoint, const char *type)
{
    return strncasecmp(endpoint, type, strlen(type)) == 0 ? endpoint + strlen(type) : NULL;
}

static enum same compare_internet(const char *text, const char *ours)
{
    char host[2][256], port[2][16];
    const struct internet on = {host[0], port[0], strncmp(ours, "inet6:", 6) == 0};
    struct internet to = {host[1], port[1], false};

    if (!socket_form_internet(ours, host[0], port[0]))
        return SAME_NOT;
    split_internet(text, host[1], port[1]);
    return internet_reaches(&to, &on) ? SAME : SAME_NOT;
}

static enum same compare_path(const char *path, const char *our_path, const char *queue_directory,
                              bool chrooted)
{
    char seen[PATH_MAX];

    snprintf(seen, sizeof seen, "%s/%s", queue_directory, path);
    if (same_path(*path == '/' && !chrooted ? path : seen, our_path))
        return path[strlen(path) - 1] == '/' ? SAME_MISWRITTEN : SAME;
    return *path == '/' && same_path(path, our_path) ? SAME_UNCHROOTED : SAME_NOT;
}

enum same endpoint_compare(const char *endpoint, const char *ours, const char *queue_directory, bool chrooted)
{
    bool exact = strncmp(endpoint, "unix:", 5) == 0 || strncmp(endpoint, "local:", 6) == 0
                 || strncmp(endpoint, "inet:", 5) == 0;
    const char *path = behind_type(endpoint, "unix:"), *our_path = socket_form_path(ours);
    const char *internet = behind_type(endpoint, "inet:");
    enum same same;

    if (path == NULL)
        path = behind_type(endpoint, "local:");
    if (path == NULL && strchr(endpoint, '/') != NULL && strchr(endpoint, ':') == NULL)
        path = endpoint; /* the type was forgotten */
    if (internet != NULL)
        same = compare_internet(internet, ours);
    else if (path != NULL && *path != '\0' && our_path != NULL)
        same = compare_path(path, our_path, queue_directory, chrooted);
    else
        return SAME_NOT;
    return same == SAME_NOT || exact ? same : SAME_MISWRITTEN;
}

/* Returns the part of a path below a directory, both real. NULL: the path is elsewhere. */
static const char *below(const char *path, const char *directory, char real[PATH_MAX])
{
    char real_directory[PATH_MAX];
    size_t length;

    if (!real_path(path, real) || !real_path(directory, real_directory))
        return NULL;
    length = strlen(real_directory);
    return strncmp(real, real_directory, length) == 0 && real[length] == '/' ? real + length + 1 : NULL;
}

void endpoint_write(const char *ours, const char *queue_directory, char *text, size_t size, bool *good)
{
    const char *path = socket_form_path(ours), *inner;
    char host[256], port[16], real[PATH_MAX];

    *good = true;
    if (socket_form_internet(ours, host, port)) {
        if (internet_is_any(host))
            snprintf(host, sizeof host, "%s", strchr(host, ':') != NULL ? "::1" : "127.0.0.1");
        snprintf(text, size, strchr(host, ':') != NULL ? "inet:[%s]:%s" : "inet:%s:%s", host, port);
    } else if (path != NULL && (inner = below(path, queue_directory, real)) != NULL) {
        snprintf(text, size, "unix:%s", inner);
    } else {
        *good = false;
        snprintf(text, size, "unix:%s", path != NULL ? path : ours);
    }
}
