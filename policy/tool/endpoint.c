/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Postfix's way to write a milter or a policy server, set against libmilter's
 * way to write a socket. Text and file names only: nothing is connected to.
 */
#include "policy/tool/doctor/endpoint.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "policy/socket_form.h"

static const char separators[] = ", \t\r\n";

/* The octets up to where the word ends; braces hold blanks together. */
static size_t word_length(const char *text)
{
    size_t length = 0;
    unsigned depth = 0;

    for (; text[length]; length++) {
        if (depth == 0 && strchr(separators, text[length]))
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
    element->options[0] = '\0';
    if (*text == '{') {
        text += 1 + strspn(text + 1, separators);
        length = (size_t)(*rest - text);
        length -= length > 0 && text[length - 1] == '}';
        inner = word_length(text);
        inner = inner < length ? inner : length;
        copy(element->options, sizeof(element->options), text + inner, length - inner);
        length = inner;
    }
    copy(element->text, sizeof(element->text), text, length);
    return true;
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

bool endpoint_internet(const char *ours, char host[256], char port[16])
{
    const char *rest = strncmp(ours, "inet:", 5) == 0    ? ours + 5
                       : strncmp(ours, "inet6:", 6) == 0 ? ours + 6
                                                         : NULL;
    const char *at = rest ? strchr(rest, '@') : NULL;

    if (!at)
        return false;
    copy(port, 16, rest, (size_t)(at - rest));
    at += at[1] == '[' ? 2 : 1;
    copy(host, 256, at, strcspn(at, "]"));
    return true;
}

/* Postfix's "host:port"; a port alone is one of this machine. */
static void split_internet(const char *text, char host[256], char port[16])
{
    const char *colon = strrchr(text, ':');
    bool bracket = *text == '[';

    if (!colon) {
        snprintf(host, 256, "localhost");
        copy(port, 16, text, strlen(text));
        return;
    }
    copy(host, 256, text + bracket, bracket ? strcspn(text + 1, "]") : (size_t)(colon - text));
    copy(port, 16, colon + 1, strlen(colon + 1));
}

static bool same_host(const char *a, const char *b)
{
    static const char *const local[] = {"localhost", "127.0.0.1", "::1"};
    bool local_a = false, local_b = false;

    for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
        local_a |= strcasecmp(a, local[i]) == 0;
        local_b |= strcasecmp(b, local[i]) == 0;
    }
    return strcasecmp(a, b) == 0
           || (local_a && local_b && (strcasecmp(a, "localhost") == 0 || strcasecmp(b, "localhost") == 0));
}

/* The same place in the file system, whether or not it is there. */
static bool same_path(const char *a, const char *b)
{
    char path[2][PATH_MAX];
    const char *const given[2] = {a, b};

    for (int i = 0; i < 2; i++) {
        char directory[PATH_MAX], real[PATH_MAX];
        const char *slash = strrchr(given[i], '/');

        copy(directory, sizeof(directory), given[i],
             slash && slash > given[i] ? (size_t)(slash - given[i]) : 1);
        if (!slash || !realpath(directory, real))
            copy(real, sizeof(real), directory, strlen(directory));
        if (snprintf(path[i], PATH_MAX, "%s/%s", real, slash ? slash + 1 : given[i]) >= PATH_MAX)
            return false;
    }
    return strcmp(path[0], path[1]) == 0;
}

enum same endpoint_compare(const char *endpoint, const char *ours, const char *queue_directory, bool chrooted)
{
    const char *path = strncmp(endpoint, "unix:", 5) == 0 || strncmp(endpoint, "local:", 6) == 0
                           ? strchr(endpoint, ':') + 1
                           : NULL;
    const char *our_path = socket_form_path(ours);
    char host[2][256], port[2][16], seen[PATH_MAX];

    if (strncmp(endpoint, "inet:", 5) == 0 && endpoint_internet(ours, host[0], port[0])) {
        split_internet(endpoint + 5, host[1], port[1]);
        return same_host(host[0], host[1]) && strcmp(port[0], port[1]) == 0 ? SAME : SAME_NOT;
    }
    if (!path || !our_path)
        return SAME_NOT;
    snprintf(seen, sizeof(seen), "%s/%s", queue_directory, path + (*path == '/'));
    if (same_path(*path == '/' && !chrooted ? path : seen, our_path))
        return SAME;
    return *path == '/' && same_path(path, our_path) ? SAME_UNCHROOTED : SAME_NOT;
}

void endpoint_write(const char *ours, const char *queue_directory, char *text, size_t size, bool *good)
{
    const char *path = socket_form_path(ours);
    char host[256], port[16];
    size_t length = strlen(queue_directory);

    *good = true;
    if (endpoint_internet(ours, host, port)) {
        snprintf(text, size, strchr(host, ':') ? "inet:[%s]:%s" : "inet:%s:%s", host, port);
    } else if (path && strncmp(path, queue_directory, length) == 0 && path[length] == '/') {
        snprintf(text, size, "unix:%s", path + length + 1);
    } else {
        *good = false;
        snprintf(text, size, "unix:%s", path ? path : ours);
    }
}
