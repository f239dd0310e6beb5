/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks the daemon. Finds its sockets in the policy file without loading the policy, which may be large or
 * have mistakes. An answer is JSON, and JSON is YAML, so the reader of policies reads it.
 */
#include "policy/tool/daemon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "policy/names/socket_form.h"
#include "policy/tool/stream.h"

enum { ANSWER_ROOM = 64 << 10, ANSWER_MAX = 128 << 20 }; /* octets of the first buffer, and at most */

/* ---- where the sockets are ---- */

static void use(char into[DAEMON_SOCKET_MAX], const char *text)
{
    if (text != NULL && socket_form_check(text) == NULL)
        snprintf(into, DAEMON_SOCKET_MAX, "%s", text);
}

/* Reads the `milter` section of a file, whatever else the file holds. */
static void read_sections(struct daemon_sockets *sockets, const char *file)
{
    struct node_reader *reader = node_open(file, NULL, NULL);
    struct arena arena = {0};
    const struct node *key, *value;

    if (reader == NULL)
        return;
    while ((key = node_next_key(reader, &arena)) != NULL && (value = node_value(reader, &arena)) != NULL) {
        if (node_is(key, "milter") && value->kind == NODE_MAPPING) {
            use(sockets->milter, daemon_text(value, "socket"));
            use(sockets->status, daemon_text(value, "status"));
            break;
        }
        arena_reset(&arena);
    }
    node_close(reader);
    arena_free(&arena);
}

void daemon_sockets_read(struct daemon_sockets *sockets, const char *file)
{
    const char *path;

    snprintf(sockets->milter, sizeof sockets->milter, "%s", MILTER_USUAL_SOCKET);
    snprintf(sockets->status, sizeof sockets->status, "%s", STATUS_USUAL_SOCKET);
    read_sections(sockets, file);
    path = socket_form_path(sockets->status);
    if (path == NULL)
        path = socket_form_path(STATUS_USUAL_SOCKET);
    memmove(sockets->status, path, strlen(path) + 1);
    snprintf(sockets->control, sizeof sockets->control, "%.*s%s", DAEMON_SOCKET_MAX - 20, sockets->status,
             STATUS_CONTROL_SUFFIX);
}

/* ---- questions and answers ---- */

/* A line being read. */
struct line {
    char *text;
    size_t length, room;
};

/* Makes room for more. Returns 0 or an errno. */
static int line_grow(struct line *line)
{
    size_t room = line->room == 0 ? ANSWER_ROOM : line->room * 2;
    char *text;

    if (line->length + 1 < line->room)
        return 0;
    if (room > ANSWER_MAX)
        return EMSGSIZE;
    text = realloc(line->text, room);
    if (text == NULL)
        return ENOMEM;
    line->text = text;
    line->room = room;
    return 0;
}

/* Reads a line. Returns 0 or an errno. */
static int read_line(struct stream *stream, char **text)
{
    struct line line = {0};
    char *end = NULL;
    int why = 0;

    while (why == 0 && end == NULL) {
        size_t count = 0;

        why = line_grow(&line);
        if (why == 0)
            why = stream_receive(stream, line.text + line.length, line.room - 1 - line.length, &count);
        if (why == 0) {
            end = memchr(line.text + line.length, '\n', count);
            line.length += count;
        }
    }
    if (why != 0) {
        free(line.text);
        return why;
    }
    *end = '\0';
    *text = line.text;
    return 0;
}

/* Returns the top-level keys of the file as one mapping. NULL: it has none, or cannot be read. */
static const struct node *read_mapping(struct arena *arena, const char *file)
{
    struct node_reader *reader = node_open(file, NULL, NULL);
    struct node *top = arena_alloc(arena, sizeof *top);
    const struct node *key, *value, **link = top != NULL ? &top->first : NULL;

    while (reader != NULL && top != NULL && (key = node_next_key(reader, arena)) != NULL
           && (value = node_value(reader, arena)) != NULL) {
        struct node *kept = (struct node *)value; /* it lies in our arena */

        kept->key = key;
        *link = kept;
        link = &kept->next;
        top->count++;
    }
    if (reader == NULL || node_failed(reader) || (top != NULL && top->count == 0))
        top = NULL;
    if (top != NULL)
        top->kind = NODE_MAPPING;
    node_close(reader);
    return top;
}

static const struct node *parse(struct arena *arena, const char *line)
{
    size_t length = strlen(line);
    const struct node *top = NULL;
    char path[40];
    int fd = memfd_create("answer", MFD_CLOEXEC);

    if (fd < 0)
        return NULL;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (fchmod(fd, S_IRUSR | S_IWUSR) == 0 && write(fd, line, length) == (ssize_t)length)
        top = read_mapping(arena, path);
    close(fd);
    return top;
}

static bool fail(struct daemon_answer *answer, int error, const char *path, const char *why)
{
    answer->error = error;
    snprintf(answer->why, sizeof answer->why, "%.100s: %.90s", path, why);
    return false;
}

bool daemon_ask(struct daemon_answer *answer, const char *path, const char *request, int seconds)
{
    struct stream stream;
    char line[64];
    int length = snprintf(line, sizeof line, "%s\n", request), error;

    *answer = (struct daemon_answer){0};
    error = stream_open(&stream, path, seconds);
    if (error == 0)
        error = stream_send(&stream, line, (size_t)length);
    if (error == 0)
        error = read_line(&stream, &answer->line);
    stream_close(&stream);
    if (error != 0)
        return fail(answer, error, path, strerror(error));
    answer->top = parse(&answer->arena, answer->line);
    if (answer->top == NULL)
        return fail(answer, EPROTO, path, "the answer cannot be read");
    if (daemon_text(answer->top, "error") != NULL)
        return fail(answer, 0, path, daemon_text(answer->top, "error"));
    return true;
}

void daemon_answer_free(struct daemon_answer *answer)
{
    free(answer->line);
    arena_free(&answer->arena);
    *answer = (struct daemon_answer){0};
}

const char *daemon_text(const struct node *mapping, const char *key)
{
    const struct node *value =
        mapping != NULL && mapping->kind == NODE_MAPPING ? node_find(mapping, key) : NULL;

    return value != NULL && value->kind == NODE_SCALAR ? value->text : NULL;
}

bool daemon_same_file(const char *a, const char *b)
{
    struct stat first, second;

    if (stat(a, &first) != 0 || stat(b, &second) != 0)
        return strcmp(a, b) == 0;
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}
