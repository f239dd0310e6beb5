/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of a From field: atoms, quoted strings, comments and blanks as RFC
 * 5322 3.2 has them, and encoded words. Knows no addresses.
 */
#include "policy/facts/header_from_internal.h"

#include <string.h>
#include "policy/names/ascii.h"

/* The octets of an atom: all but RFC 5322's specials, blanks and the end; eight-bit ones too. */
static bool is_atom(char octet)
{
    switch (octet) {
    case '\0':
    case '(':
    case ')':
    case '<':
    case '>':
    case '[':
    case ']':
    case ':':
    case ';':
    case '@':
    case '\\':
    case ',':
    case '.':
    case '"':
        return false;
    default:
        return !ascii_blank(octet);
    }
}

/* Octets that end a word and begin something else; for some readers even after a backslash. */
static bool is_syntax(char octet)
{
    return octet != '\0' && strchr("()<>[]:;@\\,\"", octet) != NULL;
}

bool list_skip_blank(struct list *list)
{
    size_t depth = 0;

    for (; *list->at != '\0'; list->at++) {
        if (*list->at == '(')
            depth++;
        else if (depth > 0 && *list->at == ')')
            depth--;
        else if (depth > 0 && *list->at == '\\' && list->at[1] != '\0')
            list->at++;
        else if (depth == 0 && !ascii_blank(*list->at))
            break;
    }
    return depth == 0;
}

bool list_skip(struct list *list, char syntax)
{
    if (*list->at != syntax)
        return false;
    list->at++;
    return list_skip_blank(list);
}

const char *list_behind_encoded_word(struct list *list)
{
    const char *at = list->at;
    int marks = 0;

    if (at[0] != '=' || at[1] != '?' || at < list->no_encoded_word)
        return NULL;
    for (at += 2; is_atom(*at) || *at == '@' || *at == '.'; at++) {
        if (*at != '?')
            continue;
        if (marks >= 2 && at[1] == '=')
            return at + 2;
        marks++;
    }
    list->no_encoded_word = at; /* one that begins before this octet would have been found */
    return NULL;
}

bool list_read_enclosed(struct list *list, char open, char close, char **copy)
{
    if (*list->at++ != open)
        return false;
    for (; *list->at != close; list->at++) {
        if (*list->at == '\\')
            list->at++;
        if (*list->at == '\0' || (*list->at == open && list->at[-1] != '\\'))
            return false;
        if (copy != NULL && !ascii_blank(*list->at))
            *(*copy)++ = *list->at;
    }
    list->at++;
    return true;
}

bool list_read_word(struct list *list, char **copy)
{
    if (*list->at == '"')
        return list_read_enclosed(list, '"', '"', copy);
    if (!is_atom(*list->at) && *list->at != '\\')
        return false;
    while (is_atom(*list->at) || *list->at == '\\') {
        if (*list->at == '\\') {
            list->at++;
            list->doubtful |= is_syntax(*list->at);
        }
        if (*list->at == '\0')
            return false;
        if (copy != NULL)
            *(*copy)++ = *list->at;
        list->at++;
    }
    return true;
}

bool list_begins_word(char octet)
{
    return is_atom(octet) || octet == '"' || octet == '\\';
}
