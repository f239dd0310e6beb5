/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From fields that do not parse: what is kept of them, and the names that one
 * finds there who minds no syntax.
 */
#include "policy/header_from.h"

#include <stdlib.h>
#include <string.h>

/* Several times what anyone writes, and what can be searched in a moment. */
enum { UNPARSED_MOST = 1 << 18 };

/* What may stand between a label and a dot, comments apart. */
static bool is_filler(char octet)
{
    return octet != '\0' && strchr(" \t\n\v\f\r\"", octet) != NULL;
}

static bool is_letter(char octet)
{
    return (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') || (octet >= '0' && octet <= '9')
           || octet == '-' || octet == '_' || (unsigned char)octet >= 0x80;
}

static size_t label_length(const char *at, const char *end)
{
    const char *start = at;

    while (at < end && is_letter(*at) && domain_separator(at, (size_t)(end - at)) == 0)
        at++;
    return (size_t)(at - start);
}

static void append(struct header_from *from, const char *octets, size_t length)
{
    size_t needed = from->unparsed_length + length + 1;

    from->exhausted |= needed > UNPARSED_MOST;
    if (from->exhausted)
        return;
    if (needed > from->unparsed_room) {
        size_t room = needed > 2 * from->unparsed_room ? needed : 2 * from->unparsed_room;
        char *unparsed = realloc(from->unparsed, room);

        if (unparsed == NULL) {
            from->exhausted = true;
            return;
        }
        from->unparsed = unparsed;
        from->unparsed_room = room;
    }
    memcpy(from->unparsed + from->unparsed_length, octets, length);
    from->unparsed_length += length;
    from->unparsed[from->unparsed_length] = '\0';
}

/* A label of eight-bit octets is kept in its compared form: it may be looked at many times. */
static void append_label(struct header_from *from, const char *label, size_t length)
{
    struct domain compared;
    bool plain = true;

    for (size_t i = 0; i < length; i++)
        plain &= (unsigned char)label[i] < 0x80;
    if (plain)
        append(from, label, length);
    else if (domain_normalise(&compared, label, length) == DOMAIN_UNREAD)
        from->exhausted = true;
    else
        append(from, compared.text, compared.length);
}

/* Keeps a field, behind a line feed if it is not the first. */
static void keep(struct header_from *from, const char *value)
{
    const char *end = value + strlen(value);

    if (from->unparsed_length > 0)
        append(from, "\n", 1);
    while (value < end && !from->exhausted) {
        size_t length = label_length(value, end), separator = domain_separator(value, (size_t)(end - value));

        if (length > 0)
            append_label(from, value, length);
        else
            append(from, separator > 0 ? "." : value, 1);
        value += length > 0 ? length : separator > 0 ? separator : 1;
    }
}

/*
 * The field as one reads it who minds no syntax: without its comments and backslashes, and without the
 * blanks and quotation marks beside a dot. A parenthesis without its twin stays; one that is no syntax
 * becomes a ";".
 */
static void write_joined(char *joined, const char *value)
{
    size_t length = 0, depth = 0;
    bool quoted = false;

    for (; *value != '\0'; value++) {
        bool escaped = *value == '\\' && value[1] != '\0', parenthesis;

        value += escaped;
        parenthesis = *value == '(' || *value == ')';
        if (*value == '"' && !escaped && depth == 0) {
            quoted = !quoted;
        } else if (*value == '(' && !escaped && !quoted) {
            depth++;
        } else if (*value == ')' && !escaped && !quoted && depth > 0) {
            depth--;
            while (joined[--length] != '(')
                ;
            continue;
        }
        while (*value == '.' && length > 0 && is_filler(joined[length - 1]))
            length--;
        if (escaped || !is_filler(*value) || length == 0 || joined[length - 1] != '.')
            joined[length++] = parenthesis && (escaped || quoted) ? ';' : *value;
    }
    joined[length] = '\0';
}

void header_from_keep_unparsed(struct header_from *from, const char *value, char *room)
{
    keep(from, value);
    write_joined(room, value);
    if (strcmp(room, value) != 0)
        keep(from, room);
}

void header_from_each_name(const struct header_from *from, unsigned max_labels, header_from_name_fn *found,
                           void *arg)
{
    const char *start = from->unparsed != NULL ? from->unparsed : "", *at;
    const char *end = start + from->unparsed_length;
    size_t separator;
    unsigned labels;

    while (start < end) {
        for (at = start, labels = 0; labels < max_labels; labels++) {
            size_t length = label_length(at, end);

            if (length == 0)
                break;
            at += length;
            found(arg, start, (size_t)(at - start));
            separator = domain_separator(at, (size_t)(end - at));
            if (separator == 0)
                break;
            at += separator;
        }
        start += label_length(start, end);
        separator = domain_separator(start, (size_t)(end - start));
        start += separator > 0 ? separator : 1;
    }
}
