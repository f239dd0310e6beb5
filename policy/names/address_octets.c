/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An address octet by octet. Knows quoted strings, quoted pairs and comments,
 * also unclosed ones. Does not know the parts of an address.
 */
#include "policy/names/address_octets.h"

#include <stddef.h>
#include <string.h>
#include "policy/names/ascii.h"

/* After so many unclosed parentheses no more is searched for its end: the time stays linear. */
enum { UNCLOSED_MAX = 32 };

/* The quotation mark that closes the string opened at `open`; NULL: none does. */
static const char *closing_quote(const char *open, const char *end)
{
    const char *at;

    for (at = open + 1; at < end; at++) {
        if (*at == '"')
            return at;
        if (*at == '\\')
            at++;
    }
    return NULL;
}

/* Returns what follows the comment that begins at `open`; NULL: it is never closed. */
static const char *behind_comment(const char *open, const char *end)
{
    const char *at;
    size_t depth = 0;

    for (at = open; at < end; at++) {
        if (*at == '\\')
            at++;
        else if (*at == '(')
            depth++;
        else if (*at == ')' && --depth == 0)
            return at + 1;
    }
    return NULL;
}

/* The next octet inside a quoted string; false: the string ended. */
static bool next_quoted(struct address_reader *reader, struct address_octet *octet)
{
    if (reader->at < reader->quote_end && *reader->at == '\\' && reader->at + 1 < reader->quote_end)
        reader->at++;
    if (reader->at < reader->quote_end) {
        *octet = (struct address_octet){.value = *reader->at++};
        return true;
    }
    reader->quote_end = NULL;
    reader->at++;
    return false;
}

/*
 * Skips an opening parenthesis: with its comment if that is closed (true),
 * else alone (false).
 */
static bool skip_comment(struct address_reader *reader)
{
    const char *behind = NULL;

    if (reader->unclosed < UNCLOSED_MAX)
        behind = behind_comment(reader->at, reader->end);
    if (behind == NULL)
        reader->unclosed++;
    reader->at = behind != NULL ? behind : reader->at + 1;
    return behind != NULL;
}

/* What Sendmail takes for syntax: the octets of its OperatorChars, and those that always end a word. */
static bool is_operator(char octet)
{
    return strchr(".:%@!^/[]+()<>,;\"", octet) != NULL;
}

/* The next octet outside quotation marks. False: it does not count: a blank, a comment, a quotation mark. */
static bool next_unquoted(struct address_reader *reader, struct address_octet *octet)
{
    *octet = (struct address_octet){.value = *reader->at, .plain = true};
    if (octet->value == '(') {
        bool comment = skip_comment(reader);

        reader->gap |= comment;
        return !comment;
    }
    reader->at++;
    if (ascii_blank(octet->value)) {
        reader->gap = true;
        return false;
    }
    if (octet->value == '"') {
        reader->quote_end = closing_quote(reader->at - 1, reader->end);
        return reader->quote_end == NULL;
    }
    if (octet->value == '\\') {
        if (reader->at == reader->end)
            return false;
        octet->value = *reader->at++;
        octet->plain = octet->value == '!'; /* "\!" is "!" to Sendmail: shells may leave it so */
        octet->word = !octet->plain;
    } else {
        octet->word = !is_operator(octet->value);
    }
    return octet->value != ')' || !octet->plain;
}

bool address_next(struct address_reader *reader, struct address_octet *octet)
{
    bool found = false;

    while (!found && (reader->quote_end != NULL || reader->at < reader->end))
        found = reader->quote_end != NULL ? next_quoted(reader, octet) : next_unquoted(reader, octet);
    if (found) {
        octet->gap = reader->gap;
        reader->gap = false;
    }
    return found;
}
