/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The From header fields of a message, read for the domains of their addresses.
 *
 * Knows the address list of RFC 5322 3.4 with its obsolete forms, what senders
 * write beyond it as long as that can mean one thing only, and what Sendmail's
 * rules take for an address. A field that can mean two things does not parse:
 * then every name that occurs in it counts (header_from_unparsed.c). Knows
 * neither policy nor envelope.
 */
#include "policy/facts/header_from_internal.h"

#include <stdlib.h>
#include <string.h>
#include "policy/names/address.h"
#include "policy/names/ascii.h"
#include "policy/names/invisible.h"

enum { EFFORT_ADDRESS = 32 }; /* what address_read() costs, in octets of plain text */

static bool has_control(const char *text)
{
    while ((unsigned char)*text >= 0x20 && *text != 0x7F)
        text++;
    return *text != '\0';
}

/* Appends the labels and dots of a domain at *end. Skips the blanks and comments beside them. */
static bool read_labels(struct list *list, char **end)
{
    bool more = true;

    while (more) {
        bool quoted;
        const char *start;

        while (*list->at == '.') {
            *(*end)++ = '.';
            if (!list_skip(list, '.'))
                return false;
        }
        if (!list_begins_word(*list->at))
            return true;
        quoted = *list->at == '"';
        if (!list_read_word(list, end))
            return false;
        start = list->at;
        if (!list_skip_blank(list))
            return false;
        more = *list->at == '.';
        if (list->reader == READER_SENDMAIL && list->at > start && !quoted && *list->at != '"'
            && list_begins_word(*list->at)) {
            *(*end)++ = '.'; /* Sendmail's BlankSub; not beside a quoted string */
            more = true;
        }
    }
    return true;
}

/* Reads what follows an "@": labels, or text in square brackets. */
static bool read_domain(struct list *list)
{
    char *end = list->domain;
    const char *start;
    bool bracketed;

    if (!list_skip_blank(list))
        return false;
    start = list->at;
    bracketed = *start == '[';
    if (bracketed && (!list_read_enclosed(list, '[', ']', &end) || !list_skip_blank(list)))
        return false;
    if (!bracketed && !read_labels(list, &end))
        return false;
    *end = '\0';
    if (end == list->domain || has_control(list->domain)
        || (!bracketed && strpbrk(list->domain, "@<>,;:()\"\\") != NULL))
        return false;
    list->literal = bracketed && address_is_literal(list->domain);
    list->length = list->literal ? 0 : (size_t)(end - list->domain);
    return list->length == 0 || !bracketed || list->reader == READER_POSTFIX
           || (size_t)(list->at - start) == list->length + 2; /* here, too, Sendmail makes dots of blanks */
}

/* The text before an "@", a "<" or a ":". */
struct phrase {
    unsigned words;
    bool dotted;  /* words and dots alternate as in a local part */
    bool bracket; /* it has square brackets, as some display names do */
    bool encoded; /* it has an encoded word */
};

static bool read_phrase(struct list *list, struct phrase *phrase)
{
    bool after_word = false;

    *phrase = (struct phrase){.dotted = true};
    for (;;) {
        const char *encoded = list_behind_encoded_word(list);

        if (*list->at == '.') {
            list->at++;
            after_word = false;
        } else if (*list->at == '[') {
            if (!list_read_enclosed(list, '[', ']', NULL))
                return false;
            phrase->bracket = true;
        } else if (encoded != NULL || list_begins_word(*list->at)) {
            if (encoded != NULL)
                list->at = encoded;
            else if (!list_read_word(list, NULL))
                return false;
            phrase->encoded |= encoded != NULL;
            phrase->dotted &= !after_word;
            after_word = true;
            phrase->words++;
        } else {
            return true;
        }
        if (!list_skip_blank(list))
            return false;
    }
}

/* Whether the phrase is a local part. Sendmail makes dots of the blanks in one. */
static bool is_local(const struct list *list, const struct phrase *phrase)
{
    return phrase->words > 0 && !phrase->bracket
           && (phrase->dotted || (list->reader == READER_SENDMAIL && !phrase->encoded));
}

/* Skips the "@" after the local part at `start`. False: an encoded word in that part shows another "@". */
static bool skip_at(struct list *list, const char *start)
{
    size_t length = (size_t)(list->at - start);

    list->at++;
    return memmem(start, length, "=?", 2) == NULL || !header_from_shows_at(list->from, start, length);
}

/* Skips a source route, "@a,@b:", before the address in angle brackets. */
static bool skip_route(struct list *list)
{
    while (*list->at == '@') {
        list->at++;
        if (!read_domain(list))
            return false;
        while (*list->at == ',')
            if (!list_skip(list, ','))
                return false;
    }
    return list_skip(list, ':');
}

/* Reads an address without "@" that ends here. Sendmail finds a domain in "a%domain" and "domain!a". */
static void read_without_at(struct list *list, const char *start)
{
    size_t length = (size_t)(list->at - start);
    struct address address;

    list->length = 0;
    if (list->reader == READER_POSTFIX || memchr(start, '\0', length) != NULL)
        return;
    memcpy(list->domain, start, length);
    list->domain[length] = '\0';
    if (strpbrk(list->domain, "%!") == NULL || !header_from_spend(list->from, EFFORT_ADDRESS))
        return;
    address_read(&address, list->domain);
    list->from->exhausted |= address.kind == ADDRESS_UNREAD;
    if (address.kind != ADDRESS_DOMAIN)
        return;
    list->length = address.domain.length;
    memcpy(list->domain, address.domain.text, list->length + 1);
}

/* The field is doubtful if the address from `start` to here has a macro of Sendmail's. */
static void note_macros(struct list *list, const char *start)
{
    if (list->reader == READER_SENDMAIL)
        list->doubtful |= header_from_has_macros(list->from, start, (size_t)(list->at - start));
}

/* "<a@b>"; "<>" and "<a>" have no domain. */
static bool read_angle(struct list *list)
{
    struct phrase local;
    const char *start;

    if (!list_skip(list, '<'))
        return false;
    if (*list->at == '@' && !skip_route(list))
        return false;
    list->length = 0;
    list->literal = false;
    if (*list->at == '>')
        return list_skip(list, '>');
    start = list->at;
    if (!read_phrase(list, &local) || !is_local(list, &local))
        return false;
    if (*list->at != '@')
        read_without_at(list, start);
    else if (!skip_at(list, start) || !read_domain(list))
        return false;
    return list_skip(list, '>');
}

/* Adds the domain of an address, and the domain that Sendmail may turn it into. */
static void add_domain(struct list *list, const struct domain *domain)
{
    struct domain within;

    name_set_add(&list->from->names, HEADER_FROM_DOMAIN, domain->text, domain->length);
    if (list->reader == READER_SENDMAIL && address_uucp(domain, &within))
        name_set_add(&list->from->names, HEADER_FROM_DOMAIN, within.text, within.length);
}

/*
 * A domain may hold invisible characters. False: UTS 46 drops them; no honest sender writes them, so the
 * field does not parse. If UTS 46 keeps one, such as U+200D, this is not the domain that readers see. The
 * domain that they see then counts as a name in a field that does not parse.
 */
static bool read_visible(struct list *list, const struct domain *domain)
{
    struct domain visible;
    size_t length;

    if (ascii_only(list->domain, list->length))
        return true;
    length = text_without_invisible(list->domain, list->domain, list->length);
    if (length == list->length)
        return true;
    (void)header_from_normalise(list->from, &visible, list->domain, length);
    if (strcmp(visible.text, domain->text) == 0)
        return false;
    name_set_add(&list->from->names, HEADER_FROM_NAMES, visible.text, visible.length);
    list->from->unparsed = true;
    return true;
}

/*
 * Reads the rest of a mailbox that begins at `start` with `phrase`. "a@b <c@b>" is common, but no mailbox of
 * RFC 5322; it means one thing if both addresses have the same domain.
 */
static bool read_address(struct list *list, const struct phrase *phrase, const char *start)
{
    struct domain named = {.length = 0}, domain;
    bool two = *list->at == '@';

    list->length = 0;
    list->literal = false;
    if (two) {
        if (!is_local(list, phrase) || !skip_at(list, start) || !read_domain(list))
            return false;
        (void)header_from_normalise(list->from, &named, list->domain, list->length);
        two = *list->at == '<';
    } else if (*list->at != '<') {
        if (!is_local(list, phrase))
            return false;
        read_without_at(list, start);
    }
    if (*list->at == '<' && !read_angle(list))
        return false;
    if (list->length == 0 && !list->literal)
        return !two && !header_from_shows_at(list->from, start, (size_t)(list->at - start));
    list->addresses = true;
    if (list->length == 0)
        return true;
    if (header_from_normalise(list->from, &domain, list->domain, list->length) != DOMAIN_VALID)
        return false;
    if (two && strcmp(domain.text, named.text) != 0)
        return false;
    if (!read_visible(list, &domain))
        return false;
    add_domain(list, &domain);
    return true;
}

/* Skips the comma between two addresses; false: there is none, or more than one. */
static bool skip_comma(struct list *list)
{
    return list_skip(list, ',') && *list->at != ',';
}

/* Reads addresses up to `end`: NUL for a field, which may have groups among them; ";" for a group. */
static bool read_list(struct list *list, char end)
{
    struct phrase phrase;

    if (!list_skip_blank(list) || (*list->at == ',' && !skip_comma(list)))
        return false;
    while (*list->at != end) {
        const char *start = list->at;

        if (!read_phrase(list, &phrase))
            return false;
        if (end == '\0' && *list->at == ':' && phrase.words > 0) {
            if (!list_skip(list, ':') || !read_list(list, ';') || !list_skip(list, ';'))
                return false;
        } else {
            const char *address = *list->at == '<' ? list->at : start;

            if (!read_address(list, &phrase, start))
                return false;
            note_macros(list, address);
        }
        if (*list->at != end && !skip_comma(list))
            return false;
    }
    return true;
}

/* Whether the field parses and means one thing, or memory ran out. Adds its domains if it parses. */
static bool read_field(struct header_from *from, const char *value, enum header_reader reader)
{
    size_t length = strlen(value), before = from->names.length;
    struct list list = {.from = from, .reader = reader, .at = value};
    bool parsed;

    list.domain = malloc(length + sizeof(struct domain));
    from->exhausted |= list.domain == NULL;
    if (list.domain == NULL)
        return true;
    parsed = read_list(&list, '\0') && (list.addresses || !header_from_shows_at(from, value, length));
    if (!parsed)
        name_set_cut(&from->names, before);
    free(list.domain);
    return parsed && !list.doubtful;
}

void header_from_add(struct header_from *from, const char *value, enum header_reader reader)
{
    size_t length = strlen(value);

    from->present |= value[strspn(value, " \t\n\v\f\r")] != '\0';
    from->cut |= length + strlen("From: ") >= HEADER_FROM_CUT;
    if (from->too_much || from->exhausted || !header_from_spend(from, length))
        return;
    if (!read_field(from, value, reader)) {
        from->unparsed = true;
        if (reader == READER_SENDMAIL)
            (void)header_from_has_macros(from, value, length);
        header_from_add_unparsed(from, value, reader);
    }
    from->too_much |= from->names.full;
    from->exhausted |= from->names.exhausted;
}
