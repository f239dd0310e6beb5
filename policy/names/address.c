/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Envelope addresses, read as an MTA that accepts them would resolve them.
 *
 * Knows the spellings of one address (RFC 5321 and 5322, and what Postfix and
 * Sendmail accept beyond them). Judges no syntax: every text has a reading, and
 * of a doubtful spelling the reading is the one that shows the domain. Knows no
 * policy, no header fields, and allocates nothing itself.
 */
#include "policy/names/address.h"

#include <string.h>
#include "policy/names/address_octets.h"
#include "policy/names/ascii.h"
#include "policy/names/casefold.h"
#include "policy/names/network.h"

enum { LOCAL_MAX = sizeof((struct address *)NULL)->local - 1, TAIL_MAX = 4096 };

/* The end of a domain: of a very long one only the last octets are kept. */
struct tail {
    size_t length;
    char text[TAIL_MAX + 1];
};

/* What one pass over a text finds. */
struct parts {
    struct address *address; /* the local part is written there */
    size_t local_length;
    bool split;     /* the separator was found: `domain` is valid */
    bool word;      /* the octet before was part of a word */
    bool bracketed; /* the domain was in square brackets */
    struct address_reader behind_route;
    struct tail domain;
};

static void put_local(struct parts *parts, char octet)
{
    if (parts->local_length == LOCAL_MAX) {
        parts->address->local_cut = true;
        return;
    }
    if (octet >= 'A' && octet <= 'Z')
        octet = (char)(octet - 'A' + 'a');
    parts->address->local[parts->local_length++] = octet;
}

static void put_domain(struct parts *parts, char octet)
{
    struct tail *tail = &parts->domain;

    if (tail->length == TAIL_MAX) {
        tail->length = TAIL_MAX / 2;
        memcpy(tail->text, tail->text + TAIL_MAX - tail->length, tail->length);
    }
    tail->text[tail->length++] = octet;
}

static void clear_parts(struct parts *parts)
{
    parts->local_length = 0;
    parts->address->local_cut = false;
    parts->split = parts->bracketed = parts->word = false;
    parts->domain.length = 0;
}

/* Whether Sendmail puts a dot before this octet, in place of the blanks between two words. */
static bool dot_before(struct parts *parts, struct address_octet octet)
{
    bool dot = parts->word && octet.word && octet.gap;

    parts->word = octet.word;
    return dot;
}

/* Moves to the local part what was taken for the domain: another separator follows it. */
static void domain_to_local(struct parts *parts, char separator)
{
    size_t i;

    put_local(parts, separator);
    for (i = 0; i < parts->domain.length; i++)
        put_local(parts, parts->domain.text[i]);
    parts->domain.length = 0;
    parts->bracketed = false;
}

/* Drops the brackets: whether they hold an address literal is decided when the whole domain is there. */
static void add_to_domain(struct parts *parts, struct address_octet octet)
{
    if (octet.plain && octet.value == '[' && parts->domain.length == 0)
        parts->bracketed = true;
    else if ((!octet.plain || (octet.value != '[' && octet.value != ']')) && !ascii_blank(octet.value))
        put_domain(parts, octet.value);
}

/*
 * Splits the text from `reader` to its end at the last plain `separator` that
 * something follows. Skips a source route ("@a,@b:") that something follows.
 * After a domain, an unclosed "(" begins a comment.
 */
static void split_last(struct parts *parts, struct address_reader reader, char separator)
{
    bool route = false, route_ended = false, pending = false, inside = false;
    struct address_octet octet;

    clear_parts(parts);
    parts->behind_route = reader;
    while (address_next(&reader, &octet)) {
        char syntax = octet.plain ? octet.value : '\0';
        bool dot = dot_before(parts, octet);

        if (syntax == '(' && parts->domain.length > 0)
            break;
        if (syntax == '(')
            continue;
        if (route_ended) {
            clear_parts(parts);
            route = route_ended = pending = false;
        }
        if (syntax == '[' || syntax == ']')
            inside = syntax == '[';
        if (syntax == ':' && route && !inside) {
            route_ended = true;
            parts->behind_route = reader;
        } else if (syntax == separator && !parts->split) {
            parts->split = true;
            route = separator == '@' && parts->local_length == 0;
        } else if (syntax == separator && parts->domain.length > 0) {
            pending = true;
        } else if (syntax == separator || !parts->split) {
            if (dot)
                put_local(parts, '.');
            put_local(parts, octet.value);
        } else {
            if (pending)
                domain_to_local(parts, separator);
            pending = false;
            if (dot)
                put_domain(parts, '.');
            add_to_domain(parts, octet);
        }
    }
}

/* Splits "domain!user" at the first plain "!". */
static void split_bang(struct parts *parts, struct address_reader reader)
{
    struct address_octet octet;

    clear_parts(parts);
    while (address_next(&reader, &octet)) {
        bool dot = dot_before(parts, octet);

        if (octet.plain && octet.value == '(')
            continue;
        if (octet.plain && octet.value == '!' && !parts->split) {
            parts->split = true;
        } else if (parts->split) {
            if (dot)
                put_local(parts, '.');
            put_local(parts, octet.value);
        } else {
            if (dot)
                put_domain(parts, '.');
            add_to_domain(parts, octet);
        }
    }
}

/* A text between angle brackets, or before or after them, and how likely it is to be the address. */
struct stretch {
    struct address_reader from;
    const char *end;
    bool filled, has_at, closed; /* by ">" */
};

static unsigned rank(const struct stretch *stretch)
{
    if (!stretch->filled)
        return 0;
    return 1 + (stretch->closed ? 1 : 0) + (stretch->has_at ? 2 : 0);
}

/*
 * Returns the stretch that holds the address: one with an "@" rather than one without, then one
 * closed by ">" rather than one that is not; of equals, the first that is closed, else the last.
 */
static struct address_reader find_address(const char *text)
{
    struct address_reader reader = {.at = text, .end = text + strlen(text)};
    struct stretch best = {.from = reader, .end = text}, stretch = {.from = reader};
    struct address_octet octet;
    bool more;

    do {
        more = address_next(&reader, &octet);
        if (more && !(octet.plain && (octet.value == '<' || octet.value == '>'))) {
            if (octet.plain && octet.value == '@')
                stretch.has_at = true;
            if (!octet.plain || octet.value != '(')
                stretch.filled = true;
            continue;
        }
        stretch.closed = more && octet.value == '>';
        stretch.end = more ? reader.at - 1 : reader.end;
        if (rank(&stretch) > rank(&best) || (rank(&stretch) == rank(&best) && !best.closed))
            best = stretch;
        stretch = (struct stretch){.from = reader};
    } while (more);
    best.from.end = best.end;
    return best.from;
}

bool address_is_literal(const char *text)
{
    struct network network;

    return strchr(text, ':') != NULL || network_read_address(&network, text);
}

bool address_uucp(const struct domain *domain, struct domain *within)
{
    static const char uucp[] = ".uucp";
    size_t suffix = strlen(uucp);

    if (domain->length <= suffix || strcmp(domain->text + domain->length - suffix, uucp) != 0)
        return false;
    if (within != NULL) {
        within->length = (unsigned char)(domain->length - suffix);
        memcpy(within->text, domain->text, within->length);
        within->text[within->length] = '\0';
    }
    return true;
}

/* Splits "domain!user" or "user%domain", as both MTAs do if there is no "@"; else all is local part. */
static void split_without_at(struct parts *parts)
{
    struct address_reader from = parts->behind_route;

    split_bang(parts, from);
    if (!parts->split || parts->domain.length == 0)
        split_last(parts, from, '%');
    if (!parts->split || (parts->domain.length == 0 && !parts->bracketed))
        split_last(parts, from, '@');
}

static bool is_plain(char octet)
{
    return ascii_letter_or_digit(octet) || octet == '.' || octet == '-' || octet == '_' || octet == '+'
           || octet == '=';
}

/* How many octets from `text` on mean the same in every reading. */
static size_t plain_octets(const char *text)
{
    size_t count = 0;

    while (is_plain(text[count]))
        count++;
    return count;
}

/*
 * Reads an address as nearly all are written, "<user@example.com>" or without the brackets. False: it is
 * written otherwise. read_any() would read the same, but costs many times more.
 */
static bool read_plain(struct address *address, const char *text)
{
    const char *local = text + (text[0] == '<'), *domain;
    size_t local_length = plain_octets(local), domain_length;

    if (local_length == 0 || local_length > LOCAL_MAX || local[local_length] != '@')
        return false;
    domain = local + local_length + 1;
    domain_length = plain_octets(domain);
    if (strcmp(domain + domain_length, text[0] == '<' ? ">" : "") != 0
        || domain_normalise(&address->domain, domain, domain_length) != DOMAIN_VALID)
        return false;
    for (size_t i = 0; i < local_length; i++)
        address->local[i] = local[i] >= 'A' && local[i] <= 'Z' ? (char)(local[i] - 'A' + 'a') : local[i];
    address->local[local_length] = '\0';
    address->local_cut = false;
    address->kind = ADDRESS_DOMAIN;
    return true;
}

/* Reads an address, however it is written. */
static void read_any(struct address *address, const char *text)
{
    struct parts parts;
    enum domain_form form = DOMAIN_NONE;
    struct address_reader from = find_address(text);

    parts.address = address;
    address->domain.length = 0;
    address->domain.text[0] = '\0';
    split_last(&parts, from, '@');
    if (!parts.split)
        split_without_at(&parts);
    address->local[parts.local_length] = '\0';
    address->local_cut |= !casefold(address->local, sizeof address->local);
    parts.domain.text[parts.domain.length] = '\0';
    if (parts.split && !(parts.bracketed && address_is_literal(parts.domain.text)))
        form = domain_normalise(&address->domain, parts.domain.text, parts.domain.length);
    if (form != DOMAIN_NONE)
        address->kind = form == DOMAIN_UNREAD ? ADDRESS_UNREAD : ADDRESS_DOMAIN;
    else
        address->kind = parts.local_length > 0 || parts.bracketed ? ADDRESS_LOCAL : ADDRESS_NULL;
}

void address_read(struct address *address, const char *text)
{
    if (text == NULL)
        text = "";
    if (!read_plain(address, text))
        read_any(address, text);
}

bool address_matches(const struct address *address, const struct address_pattern *pattern)
{
    if (address->kind != ADDRESS_DOMAIN)
        return false;
    if (pattern->local != NULL && (address->local_cut || strcmp(address->local, pattern->local) != 0))
        return false;
    if (pattern->suffix)
        return domain_below(address->domain.text, pattern->domain);
    return strcmp(address->domain.text, pattern->domain) == 0;
}
