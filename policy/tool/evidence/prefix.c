/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads what rsyslog, syslog-ng, journalctl, postlogd(8) and container runtimes put before a message. The
 * first ": " after the stamp ends the tag. What follows is the message, whose writer can write anything.
 */
#include "policy/tool/evidence/prefix.h"

#include <stdlib.h>
#include <string.h>
#include "policy/names/ascii.h"

/* Returns the number of leading digits. */
static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* Skips "<22>", if it is there. */
static char *skip_priority(char *line)
{
    size_t length = line[0] == '<' ? digits(line + 1) : 0;

    return length > 0 && length <= 3 && line[1 + length] == '>' ? line + length + 2 : line;
}

/*
 * Skips "forcetls-1 | " of docker compose, "[forcetls] | " of podman-compose, or "[pod/mx-0/forcetls] " of
 * kubectl logs --prefix. The name needs no check: the user chose which containers are in such a log.
 */
static char *skip_container(char *line)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-[]";
    char *end = strchr(line, ' '), *bar = end;

    if (end == NULL || end == line)
        return line;
    while (*bar == ' ')
        bar++;
    if (bar[0] == '|' && bar[1] == ' ' && strspn(line, letters) == (size_t)(end - line))
        return bar + 2;
    return end[-1] == ']' && strncmp(line, "[pod/", 5) == 0 ? end + 1 : line;
}

/* Notes an instant; if a line has several, the first one counts. */
static void note_instant(struct entry *entry, int64_t instant)
{
    if (entry->stamp == STAMP_NONE)
        entry->stamp = instant;
    entry->has_local = false;
}

/* The same for a local time, unless there is an instant. */
static void note_local(struct entry *entry, const struct stamp_local *local)
{
    if (entry->stamp != STAMP_NONE)
        return;
    entry->has_local = true;
    entry->local = *local;
}

/* Reads a stamp and skips the blank after it. Returns `line` if there is none. */
static char *read_stamp(struct entry *entry, char *line)
{
    int64_t instant;
    struct stamp_local local;
    size_t length = stamp_read(line, &instant);

    if (length == 0)
        length = stamp_read_tai64n(line, &instant);
    if (length != 0 && line[length] == ' ') {
        note_instant(entry, instant);
        return line + length + 1;
    }
    length = stamp_read_local(line, &local);
    if (length == 0 || line[length] != ' ')
        return line;
    note_local(entry, &local);
    return line + length + 1;
}

/*
 * The same for the stamp of tai64nlocal(8), svlogd(8) or s6-log(8). Other writers have a host or a zone after
 * a time of this form. So this one counts only if a message or another stamp follows.
 */
static char *read_supervisor(struct entry *entry, char *line)
{
    struct stamp_local local, own;
    size_t length = stamp_read_zoneless(line, &local);
    char *behind = line + length + strspn(line + length, " ");

    if (length == 0 || line[length] != ' '
        || (strncmp(behind, "event=", 6) != 0 && stamp_read_local(behind, &own) == 0))
        return line;
    note_local(entry, &local);
    return behind;
}

/* Ends the word at `at` with a NUL, and returns what follows. NULL: there is no blank after it. */
static char *end_word(char *at)
{
    char *end = strchr(at, ' ');

    if (end == NULL)
        return NULL;
    *end = '\0';
    return end + 1;
}

/* Skips structured data of RFC 5424 and the blank after it. NULL: it has no end. */
static char *skip_data(char *at)
{
    if (strncmp(at, "- ", 2) == 0)
        return at + 2;
    while (*at == '[') {
        for (bool quoted = false; *++at != ']' || quoted;) {
            if (*at == '"')
                quoted = !quoted;
            else if (quoted && *at == '\\' && at[1] != '\0')
                at++;
            else if (*at == '\0')
                return NULL;
        }
        at++;
        if (*at == ' ')
            return at + 1;
    }
    return NULL;
}

/* Reads RFC 5424 after its version: stamp or "-", host, application, process, message id, data, message. */
static bool read_5424(struct prefix *prefix, struct entry *entry, char *line)
{
    char *host = line + 2, *tag, *pid, *rest;

    if (strncmp(line, "- ", 2) != 0) {
        entry->stamp = STAMP_NONE; /* drop the relay's */
        host = read_stamp(entry, line);
    }
    if (host == line || (tag = end_word(host)) == NULL || (pid = end_word(tag)) == NULL
        || (rest = end_word(pid)) == NULL)
        return false;
    rest = end_word(rest); /* skips the message id */
    rest = rest != NULL ? skip_data(rest) : NULL;
    if (rest == NULL)
        return false;
    if (strncmp(rest, "\xEF\xBB\xBF", 3) == 0)
        rest += 3; /* a byte order mark: the message is UTF-8 */
    entry->host = strcmp(host, "-") != 0 ? host : "";
    entry->pid = strtoul(pid, NULL, 10);
    prefix->tag = tag;
    prefix->text = rest;
    return true;
}

/* Whether RFC 5424 begins here, with or without its priority: "1 2026-11-28T..." or "1 - ...". NULL: no. */
static char *version_1(char *line)
{
    int64_t unused;
    char *at = skip_priority(line);

    if (at[0] != '1' || at[1] != ' ')
        return NULL;
    return strncmp(at + 2, "- ", 2) == 0 || stamp_read(at + 2, &unused) != 0 ? at + 2 : NULL;
}

/* Skips "stdout F " and the like of the container runtimes of Kubernetes. */
static char *skip_stream(char *line)
{
    if ((strncmp(line, "stdout ", 7) == 0 || strncmp(line, "stderr ", 7) == 0)
        && (line[7] == 'F' || line[7] == 'P') && line[8] == ' ')
        return line + 9;
    return line;
}

/* Reads "TAG", "TAG[77]" or "TAG[77][4711]". */
static void read_tag(struct prefix *prefix, struct entry *entry, char *tag)
{
    char *pid = strchr(tag, '[');

    prefix->tag = tag;
    if (pid == NULL)
        return;
    *pid++ = '\0';
    entry->pid = strtoul(pid, NULL, 10);
    prefix->readdressed = strcmp(pid + digits(pid), "]") != 0;
}

/*
 * Reads "HOST TAG[PID]", which `end` ends; the host may be missing or occur twice. After a stamp of an
 * unknown form the host is the last word, because earlier words are parts of the stamp.
 */
static void read_origin(struct prefix *prefix, struct entry *entry, char *origin, char *end)
{
    char *tag;

    *end = '\0';
    prefix->text = end + 2;
    tag = strrchr(origin, ' ');
    if (tag == NULL) {
        read_tag(prefix, entry, origin);
        return;
    }
    *tag++ = '\0';
    if (entry->stamp == STAMP_NONE && !entry->has_local && strrchr(origin, ' ') != NULL)
        origin = strrchr(origin, ' ') + 1;
    entry->host = origin;
    (void)end_word(origin);
    read_tag(prefix, entry, tag);
}

void prefix_read(struct prefix *prefix, struct entry *entry, char *line)
{
    char *start = read_supervisor(entry, skip_container(skip_priority(line)));
    char *behind = skip_stream(read_stamp(entry, start)), *modern, *end;

    *prefix = (struct prefix){.tag = (char *)"", .text = line};
    entry->host = "";
    entry->pid = 0;
    behind = read_stamp(entry, behind); /* in a container's log the program's own stamp follows */
    prefix->text = behind;
    if (strncmp(behind, "event=", 6) == 0)
        return;
    modern = version_1(behind);
    if (modern == NULL && (modern = strchr(behind, ' ')) != NULL)
        modern = version_1(modern + 1);
    if (modern != NULL && read_5424(prefix, entry, modern))
        return;
    end = strstr(behind, ": ");
    if (end != NULL)
        read_origin(prefix, entry, behind, end);
}

/* ---- Docker's json-file ---- */

/* Reads four hexadecimal digits. -1: not hexadecimal. */
static int read_code(const char *text)
{
    int code = 0;

    for (size_t i = 0; i < 4; i++) {
        if (ascii_hex(text[i]) < 0)
            return -1;
        code = code * 16 + ascii_hex(text[i]);
    }
    return code;
}

/* Reads what follows a backslash, writes its meaning, and moves *at past it. False: not an escape. */
static bool read_escaped(char **at, char **to)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *letter = **at != '\0' ? strchr(letters, **at) : NULL;
    int code = **at == 'u' ? read_code(*at + 1) : -1;

    if (letter != NULL) {
        *(*to)++ = meant[letter - letters];
        (*at)++;
        return true;
    }
    if (code < 0)
        return false;
    *at += 5;
    *(*to)++ = code < 0x80 ? (char)code : '?'; /* our lines are ASCII, and no other characters matter here */
    return true;
}

char *prefix_unwrap(struct entry *entry, char *line, size_t *length)
{
    static const char time[] = "\"time\":\"";
    char *text = line + strlen(PREFIX_JSON), *at = text, *to = text, *stamp;

    while (*at != '"') {
        if (*at == '\0')
            return line;
        if (*at != '\\') {
            *to++ = *at++;
            continue;
        }
        at++;
        if (!read_escaped(&at, &to))
            return line;
    }
    stamp = strstr(at, time);
    if (stamp != NULL)
        (void)stamp_read(stamp + strlen(time), &entry->stamp);
    while (to > text && (to[-1] == '\n' || to[-1] == '\r'))
        to--;
    *to = '\0';
    *length = (size_t)(to - text);
    return text;
}
