/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A reader of log lines that shares nothing with their writer: keys of small letters and "_"; bare words
 * of letters, digits and a few marks; in quotation marks any printable ASCII, where a backslash stands
 * before a quotation mark, itself, or xNN of an octet that does not print.
 */
#include "tests/fuzz/logfmt.h"

#include <stdio.h>
#include <string.h>

static const char *read_key(struct logfmt_pair *pair, const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz_");

    if (length == 0 || length >= sizeof pair->key || text[length] != '=')
        return NULL;
    memcpy(pair->key, text, length);
    pair->key[length] = '\0';
    return text + length + 1;
}

static const char *read_bare(struct logfmt_pair *pair, const char *text)
{
    pair->printed = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._,:-");
    if (pair->printed >= sizeof pair->value)
        return NULL;
    memcpy(pair->value, text, pair->printed);
    pair->value[pair->printed] = '\0';
    return text + pair->printed;
}

/* The octet behind a backslash, and *text behind it; -1: no such escape. */
static int read_escape(const char **text)
{
    unsigned octet;
    int size = 0;

    if (**text == '"' || **text == '\\')
        return *(*text)++;
    if (strspn(*text + 1, "0123456789ABCDEF") < 2 || sscanf(*text, "x%2X%n", &octet, &size) != 1 || size != 3)
        return -1;
    *text += size;
    return octet != 0 && (octet < 0x20 || octet > 0x7E) ? (int)octet : -1;
}

static const char *read_quoted(struct logfmt_pair *pair, const char *text)
{
    const char *start = text;
    size_t length = 0;

    while (*text != '"') {
        int octet = (unsigned char)*text++;

        if (octet == '\\')
            octet = read_escape(&text);
        else if (octet < 0x20 || octet > 0x7E)
            return NULL;
        if (octet < 0 || length + 1 >= sizeof pair->value)
            return NULL;
        pair->value[length++] = (char)octet;
    }
    pair->value[length] = '\0';
    pair->printed = (size_t)(text - start);
    return text + 1;
}

bool logfmt_read(struct logfmt *line, const char *text)
{
    for (line->count = 0; line->count < LOGFMT_PAIRS; text++) {
        struct logfmt_pair *pair = &line->pair[line->count++];

        text = read_key(pair, text);
        if (text == NULL)
            return false;
        pair->quoted = *text == '"';
        text = pair->quoted ? read_quoted(pair, text + 1) : read_bare(pair, text);
        if (text == NULL || *text == '\0')
            return text != NULL;
        if (*text != ' ')
            return false;
    }
    return false;
}
