/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From fields that do not parse: the names that a reader finds there who ignores
 * syntax, be it a mail program or Sendmail. Knows no addresses: "@", "%" and "!"
 * are not letters, so they end a name.
 */
#include "policy/facts/header_from_internal.h"

#include <stdlib.h>
#include <string.h>
#include "policy/facts/encoded_word.h"
#include "policy/names/ascii.h"

/* What it costs, in octets of plain text. */
enum {
    EFFORT_WORD = 384,         /* to decode an encoded word */
    EFFORT_UNPARSED = 12,      /* to read an octet of ASCII in every way */
    EFFORT_UNPARSED_WIDE = 32, /* to read an octet of other text in every way */
    EFFORT_ANOTHER = 10,       /* to read an octet of one more text */
    EFFORT_BLANKS = 4          /* to read an octet again, in the text with its blanks */
};

/* The most octets of UTF-8 that can be a label of a host name. */
enum { LABEL_MOST = 4 * 63 };

/* ---- names in a text ---- */

/* What may be between a label and a dot, apart from comments. */
static bool is_filler(char octet)
{
    return ascii_blank(octet) || octet == '"';
}

static bool is_letter(char octet)
{
    return ascii_letter_or_digit(octet) || octet == '-' || octet == '_' || (unsigned char)octet >= 0x80;
}

static size_t label_length(const char *at, const char *end)
{
    const char *start = at;

    while (at < end && is_letter(*at)
           && ((unsigned char)*at < 0x80 || domain_separator(at, (size_t)(end - at)) == 0))
        at++;
    return (size_t)(at - start);
}

/* Appends a label, in compared form, to the name that is being built. */
static void put_label(struct header_from *from, const char *label, size_t length)
{
    struct domain compared;

    compared.length = 0;
    if (length <= LABEL_MOST)
        (void)header_from_normalise(from, &compared, label, length);
    if (compared.length > 0)
        name_set_put(&from->names, compared.text, compared.length);
    else
        name_set_put(&from->names, label, length); /* no label of a host name */
}

/* The octets of the label separators that the text begins with. */
static size_t separators_length(const char *at, const char *end)
{
    const char *start = at;
    size_t separator;

    while ((separator = domain_separator(at, (size_t)(end - at))) > 0)
        at += separator;
    return (size_t)(at - start);
}

/* Adds every name of the text: labels with one or more dots between them. */
static void add_names(struct header_from *from, const char *text)
{
    const char *end = text + strlen(text);

    while (text < end && !from->too_much && !from->exhausted) {
        size_t length = label_length(text, end);

        if (length == 0) {
            text++;
            continue;
        }
        name_set_begin(&from->names, HEADER_FROM_NAMES);
        for (;;) {
            put_label(from, text, length);
            text += length;
            text += separators_length(text, end);
            length = label_length(text, end);
            if (length == 0 || text == end)
                break;
            name_set_put(&from->names, ".", 1);
        }
        name_set_end(&from->names);
        from->too_much |= from->names.full;
        from->exhausted |= from->names.exhausted;
    }
}

/* ---- the text as readers see it ---- */

/* What quotation marks are to a reader: the ends of quoted strings, or nothing at all. */
enum quotes { QUOTES_COUNT, QUOTES_GO };

/*
 * Writes the text without comments and backslashes, and without blanks and quotation marks beside a dot. An
 * unmatched parenthesis stays; a quoted or escaped one becomes ";". Each comment becomes `comment`; NUL: it
 * is dropped.
 */
static void write_joined(char *joined, const char *value, char comment, enum quotes quotes)
{
    size_t length = 0, depth = 0;
    bool quoted = false;

    for (; *value != '\0'; value++) {
        bool escaped = *value == '\\' && value[1] != '\0', parenthesis;
        char octet;

        value += escaped;
        octet = *value;
        parenthesis = octet == '(' || octet == ')';
        if (octet == '"' && !escaped && depth == 0) {
            if (quotes == QUOTES_GO)
                continue;
            quoted = !quoted;
        } else if (octet == '(' && !escaped && !quoted) {
            depth++;
        } else if (octet == ')' && !escaped && !quoted && depth > 0) {
            depth--;
            while (joined[--length] != '(')
                ;
            if (comment == '\0')
                continue;
            octet = comment;
        }
        while (octet == '.' && length > 0 && is_filler(joined[length - 1]))
            length--;
        if (escaped || !is_filler(octet) || length == 0 || joined[length - 1] != '.')
            joined[length++] = parenthesis && (escaped || quoted) ? ';' : octet;
    }
    joined[length] = '\0';
}

/*
 * Removes the octets in `without`, and makes a dot of the blanks between two letters,
 * as Sendmail's option BlankSub does. Other blanks become one. In place.
 */
static void write_as_sendmail(char *text, const char *without)
{
    char *to = text;
    bool gap = false;

    for (const char *at = text; *at != '\0'; at++) {
        gap |= ascii_blank(*at);
        if (ascii_blank(*at) || strchr(without, *at) != NULL)
            continue;
        if (gap) {
            *to = to > text && is_letter(to[-1]) && is_letter(*at) ? '.' : ' ';
            to++;
        }
        gap = false;
        *to++ = *at;
    }
    *to = '\0';
}

/* Whether a text may show more names with its blanks than without. */
static bool hides_between_blanks(const char *text)
{
    bool hides = false, blanks = false;

    for (; *text != '\0'; text++) {
        blanks |= ascii_blank(*text);
        hides |= !ascii_blank(*text) && ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7F);
    }
    return hides && blanks;
}

/* ---- together ---- */

/* Adds the names in the visible part of a text without its blanks; also with them, if that may show more. */
static void add_visible(struct header_from *from, const char *text)
{
    char *plain = header_from_plain(from, text), *shown = plain == NULL ? NULL : malloc(strlen(plain) + 1);

    from->exhausted |= shown == NULL;
    if (shown != NULL) {
        header_from_write_shown(shown, plain, '\0');
        if (strcmp(shown, text) != 0)
            add_names(from, shown);
        if (hides_between_blanks(text) && header_from_spend(from, EFFORT_BLANKS * strlen(text))) {
            header_from_write_shown(shown, plain, ';');
            add_names(from, shown);
        }
    }
    free(shown);
    free(plain);
}

/* Adds the names in a text, and in the visible part of it. */
static void add_text(struct header_from *from, const char *text)
{
    if (from->too_much || from->exhausted)
        return;
    add_names(from, text);
    add_visible(from, text);
}

/* Adds the names that Sendmail reads: it drops an unmatched ")" or ">", and adds missing quotation marks. */
static void add_sendmail_readings(struct header_from *from, const char *text, char *room)
{
    static const char *const without[] = {"", ")>\""};

    write_joined(room, text, ' ', QUOTES_COUNT);
    for (size_t i = 0; i < 2; i++) {
        write_as_sendmail(room, without[i]);
        if (strcmp(room, text) != 0)
            add_text(from, room);
    }
}

/* Adds the names in the text without Sendmail's macros. */
static void add_without_macros(struct header_from *from, const char *text, char *room)
{
    char *without;

    if (strpbrk(text, "\x81\x9A\xFF") == NULL || !header_from_spend(from, EFFORT_UNPARSED * strlen(text)))
        return;
    without = malloc(strlen(text) + 1);
    from->exhausted |= without == NULL;
    if (without == NULL)
        return;
    header_from_write_without_macros(without, text);
    add_text(from, without);
    write_joined(room, without, '\0', QUOTES_COUNT);
    add_text(from, room);
    add_sendmail_readings(from, without, room);
    free(without);
}

/* Adds the names for each way to ignore syntax. False: too much, or out of memory: no more is to be added. */
static bool add_readings(struct header_from *from, const char *text, enum header_reader reader)
{
    char *joined = malloc(strlen(text) + 1);

    from->exhausted |= joined == NULL;
    if (joined == NULL)
        return false;
    add_text(from, text);
    write_joined(joined, text, '\0', QUOTES_COUNT);
    if (strcmp(joined, text) != 0)
        add_text(from, joined);
    if (strchr(text, '"') != NULL && header_from_spend(from, EFFORT_ANOTHER * strlen(text))) {
        write_joined(joined, text, '\0', QUOTES_GO);
        add_text(from, joined);
    }
    if (reader == READER_SENDMAIL) {
        add_sendmail_readings(from, text, joined);
        add_without_macros(from, text, joined);
    }
    free(joined);
    return !from->too_much && !from->exhausted;
}

/*
 * Returns the length of the escape sequence of ISO 2022 at the start of the text; 0: none. Such sequences
 * switch the character set, as "ESC ( B" in Japanese mail, and show nothing. An "@" ends one only as in
 * "ESC $ @".
 */
static size_t shift_length(const char *text)
{
    size_t length = 1;

    if (text[0] != '\x1B')
        return 0;
    while (text[length] >= ' ' && text[length] <= '/')
        length++;
    if (length == 1 || text[length] < '0' || text[length] > '~' || (text[length] == '@' && text[1] != '$'))
        return 0;
    return length + 1;
}

/* Returns the text without such sequences, to be freed; NULL: it has none, or memory ran out. */
static char *unshifted(struct header_from *from, const char *text)
{
    size_t at = 0;
    char *plain;

    if (strchr(text, '\x1B') == NULL)
        return NULL;
    plain = malloc(strlen(text) + 1);
    from->exhausted |= plain == NULL;
    if (plain == NULL)
        return NULL;
    while (*text != '\0') {
        size_t length = shift_length(text);

        if (length == 0)
            plain[at++] = *text++;
        text += length;
    }
    plain[at] = '\0';
    return plain;
}

/* Whether no reading before the i-th gives the same text. */
static bool is_new(char *const decoded[], size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (decoded[k] != NULL && strcmp(decoded[k], decoded[i]) == 0)
            return false;
    return true;
}

/*
 * Calls `found` for the text with its encoded words decoded, in each way that gives another text. False:
 * `found` returned false, decoding would cost too much, or there are no encoded words.
 */
typedef bool text_fn(struct header_from *from, const char *text, enum header_reader reader);
static bool each_decoded(struct header_from *from, const char *text, enum header_reader reader,
                         text_fn *found)
{
    size_t words = encoded_words_count(text);
    char *decoded[ENCODED_READINGS] = {NULL};
    bool more = words > 0 && header_from_spend(from, EFFORT_WORD * words);

    for (size_t i = 0; more && i < ENCODED_READINGS; i++) {
        from->exhausted |= !encoded_words_decode(text, (enum encoded_reading)i, &decoded[i]);
        if (decoded[i] != NULL && is_new(decoded, i))
            more = (i < 2 || header_from_spend(from, EFFORT_ANOTHER * strlen(decoded[i])))
                   && found(from, decoded[i], reader);
    }
    for (size_t i = 0; i < ENCODED_READINGS; i++)
        free(decoded[i]);
    return more;
}

/* Decodes encoded words in the text with its comments; also without comments, if some words are in these. */
static bool add_decoded(struct header_from *from, const char *value, enum header_reader reader)
{
    char *joined;

    if (!each_decoded(from, value, reader, add_readings) || strchr(value, '(') == NULL)
        return !from->too_much && !from->exhausted;
    joined = malloc(strlen(value) + 1);
    from->exhausted |= joined == NULL;
    if (joined == NULL)
        return false;
    write_joined(joined, value, '\0', QUOTES_COUNT);
    if (encoded_words_count(joined) < encoded_words_count(value))
        (void)each_decoded(from, joined, reader, add_readings);
    free(joined);
    return !from->too_much && !from->exhausted;
}

void header_from_add_unparsed(struct header_from *from, const char *value, enum header_reader reader)
{
    size_t length = strlen(value);
    size_t effort = ascii_only(value, length) ? EFFORT_UNPARSED : EFFORT_UNPARSED_WIDE;
    char *plain;

    if (!header_from_spend(from, effort * length))
        return;
    plain = unshifted(from, value);
    if (add_readings(from, value, reader)
        && (plain == NULL || (header_from_spend(from, effort * length) && add_readings(from, plain, reader))))
        (void)add_decoded(from, value, reader);
    free(plain);
}

/* False: the text has an "@", or a character whose plain form is one. */
static bool shows_none(struct header_from *from, const char *text, enum header_reader reader)
{
    (void)from, (void)reader;
    return strchr(text, '@') == NULL && strstr(text, "\xEF\xBC\xA0") == NULL /* U+FF20, full width */
           && strstr(text, "\xEF\xB9\xAB") == NULL;                          /* U+FE6B, small */
}

bool header_from_shows_at(struct header_from *from, const char *value, size_t length)
{
    char *text;
    bool none = true;

    if (memchr(value, '@', length) != NULL)
        return true;
    if (ascii_only(value, length) && memmem(value, length, "=?", 2) == NULL)
        return false;
    text = strndup(value, length);
    from->exhausted |= text == NULL;
    if (text != NULL)
        none = shows_none(from, text, READER_POSTFIX)
               && (encoded_words_count(text) == 0 || each_decoded(from, text, READER_POSTFIX, shows_none));
    free(text);
    return !none;
}
