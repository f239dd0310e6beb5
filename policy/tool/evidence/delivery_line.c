/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads what Postfix's smtp(8) logs with smtp_tls_loglevel = 1: the line of a TLS session, the line about a
 * certificate with another name, and the status of a delivery to one recipient. Does not know which session a
 * delivery had.
 */
#include "policy/tool/evidence/delivery_line.h"

#include <stdlib.h>
#include <string.h>

static const char *const labels[LABEL_COUNT] = {
    [LABEL_ANONYMOUS] = "Anonymous",
    [LABEL_UNTRUSTED] = "Untrusted",
    [LABEL_TRUSTED] = "Trusted",
    [LABEL_VERIFIED] = "Verified",
};

const char *delivery_label_name(enum delivery_label label)
{
    return labels[label];
}

bool delivery_tag(const char *tag)
{
    const char *last = strrchr(tag, '/');

    return last != NULL && strcmp(last, "/smtp") == 0;
}

/* Moves *at past a text if it is there. False: it is not. */
static bool skip(char **at, const char *text)
{
    size_t length = strlen(text);

    if (strncmp(*at, text, length) != 0)
        return false;
    *at += length;
    return true;
}

/*
 * Returns the text from *at up to `end`, and moves *at past `end`. NULL: no such end, or nothing before it.
 */
static char *take(char **at, const char *end)
{
    char *value = *at, *found = strstr(value, end);

    if (found == NULL || found == value)
        return NULL;
    *found = '\0';
    *at = found + strlen(end);
    return value;
}

/* The same for the value of a key that may be missing: then "". */
static const char *take_key(char **at, const char *key)
{
    return skip(at, key) ? take(at, ", ") : "";
}

/* ---- sessions ---- */

static bool read_session(struct delivery_line *line, char *at)
{
    enum delivery_label label = LABEL_ANONYMOUS;
    char *bits, *slash;

    while (label < LABEL_COUNT && !skip(&at, labels[label]))
        label++;
    if (label == LABEL_COUNT
        || (!skip(&at, " TLS connection established to ") && !skip(&at, " TLS connection reused to ")))
        return false;
    line->label = label;
    line->relay = take(&at, ": ");
    line->version = line->relay != NULL ? take(&at, " with cipher ") : NULL;
    line->cipher = line->version != NULL ? take(&at, " (") : NULL;
    bits = line->cipher != NULL ? take(&at, " bits)") : NULL;
    slash = bits != NULL ? strchr(bits, '/') : NULL;
    if (slash != NULL)
        *slash = '\0';
    line->bits = bits;
    return bits != NULL;
}

static bool read_mismatch(struct delivery_line *line, char *at)
{
    if (!skip(&at, "server certificate verification failed for "))
        return false;
    line->relay = take(&at, ": ");
    return line->relay != NULL && skip(&at, "num=62:");
}

/* ---- deliveries ---- */

/* Reads an address in angle brackets, from after the first one. A quoted local part may contain any octet. */
static const char *take_address(char **at)
{
    char *value = *at, *end = value;
    bool quoted = false;

    for (; *end != '\0' && (quoted || end[0] != '>' || end[1] != ','); end++) {
        if (*end == '"')
            quoted = !quoted;
        else if (quoted && *end == '\\' && end[1] != '\0')
            end++;
    }
    if (*end == '\0' || end[2] != ' ')
        return NULL;
    *end = '\0';
    *at = end + 3;
    return value;
}

/* Reads seconds as Postfix writes them, with decimals, in milliseconds. False: not a number. */
static bool read_seconds(char **at, int64_t *milliseconds)
{
    enum { DIGITS_MAX = 9 };
    char *end = *at;
    int64_t unit = 1000;

    *milliseconds = 0;
    for (; *end >= '0' && *end <= '9' && end - *at < DIGITS_MAX; end++)
        *milliseconds = *milliseconds * 10 + 1000 * (int64_t)(*end - '0');
    if (end == *at)
        return false;
    if (*end == '.')
        for (end++; *end >= '0' && *end <= '9'; end++)
            *milliseconds += (unit /= 10) * (int64_t)(*end - '0');
    *at = end;
    return true;
}

/* Reads "a/b/c/d": before the queue manager, in it, connecting, sending. Notes the sum of the last two. */
static bool read_delays(struct delivery_line *line, char **at)
{
    int64_t part[4];

    for (size_t i = 0; i < 4; i++)
        if (!read_seconds(at, &part[i]) || !skip(at, i < 3 ? "/" : ", "))
            return false;
    line->lasted = part[2] + part[3];
    return true;
}

/* Reads a status line after its queue id and "to=<". */
static bool read_status(struct delivery_line *line, char *at)
{
    line->recipient = take_address(&at);
    if (line->recipient == NULL || (skip(&at, "orig_to=<") && take_address(&at) == NULL)
        || !skip(&at, "relay="))
        return false;
    line->relay = take(&at, ", ");
    if (line->relay == NULL || take_key(&at, "conn_use=") == NULL || !skip(&at, "delay=")
        || take(&at, ", ") == NULL || !skip(&at, "delays=") || !read_delays(line, &at))
        return false;
    line->tls = take_key(&at, "tls=");
    if (line->tls == NULL || !skip(&at, "dsn="))
        return false;
    line->dsn = take(&at, ", ");
    if (line->dsn == NULL || !skip(&at, "status="))
        return false;
    line->status = take(&at, " (");
    line->text = at;
    return line->status != NULL;
}

static enum delivery_sort read_delivery(struct delivery_line *line, char *at)
{
    char *qid = at;

    at += strspn(at, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    line->qid = qid;
    if (at == qid || !skip(&at, ": to=<"))
        return DELIVERY_OTHER;
    qid[strcspn(qid, ":")] = '\0';
    return read_status(line, at) ? DELIVERY_STATUS : DELIVERY_UNREADABLE;
}

void delivery_line_read(struct delivery_line *line, const char *text, size_t length)
{
    if (length >= sizeof line->room)
        length = sizeof line->room - 1;
    memcpy(line->room, text, length);
    line->room[length] = '\0';
    line->sort = DELIVERY_OTHER;
    line->sort = read_delivery(line, line->room);
    if (line->sort == DELIVERY_OTHER && read_session(line, line->room))
        line->sort = DELIVERY_SESSION;
    else if (line->sort == DELIVERY_OTHER && read_mismatch(line, line->room))
        line->sort = DELIVERY_MISMATCH;
}
