/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The From header fields of a message, read for the domains of their addresses.
 *
 * Knows the address list of RFC 5322 3.4 with its obsolete forms and what
 * senders write beyond it, as long as that can mean one thing only. Whatever
 * can mean two is kept raw: then it counts which domains occur in it. Knows
 * neither policy nor envelope.
 */
#include "policy/header_from.h"

#include <stdlib.h>
#include <string.h>
#include "policy/address.h"

/* More than anyone writes; who writes it shall not make us hold gigabytes. */
enum { DOMAINS_MOST = 16384, ENCODED_WORD_MOST = 512 };

/*
 * One field while it is read. Each function below that reads something
 * answers false where the text is not that, and the field does not parse then.
 */
struct list {
    struct header_from *from;
    const char *at;
    char *domain;  /* room for any domain of the field, or the field itself */
    size_t length; /* of the domain read last; 0: there is none, or an address literal */
};

static bool is_blank(char octet)
{
    return octet == ' ' || (octet >= '\t' && octet <= '\r');
}

/* The octets of an atom: all but RFC 5322's specials, blanks and the end; eight-bit ones too. */
static bool is_atom(char octet)
{
    return octet != '\0' && !is_blank(octet) && strchr("()<>[]:;@\\,.\"", octet) == NULL;
}

/* Passes over blanks and comments; false: a comment is not closed. */
static bool skip_blank(struct list *list)
{
    size_t depth = 0;

    for (; *list->at != '\0'; list->at++) {
        if (*list->at == '(')
            depth++;
        else if (depth > 0 && *list->at == ')')
            depth--;
        else if (depth > 0 && *list->at == '\\' && list->at[1] != '\0')
            list->at++;
        else if (depth == 0 && !is_blank(*list->at))
            break;
    }
    return depth == 0;
}

/* Passes over `syntax` and the blanks behind it. */
static bool skip(struct list *list, char syntax)
{
    if (*list->at != syntax)
        return false;
    list->at++;
    return skip_blank(list);
}

/* What follows the encoded word (RFC 2047) at `at`; NULL: none, or it has other specials than "@" and ".". */
static const char *behind_encoded_word(const char *at)
{
    const char *start = at;
    int marks = 0;

    if (at[0] != '=' || at[1] != '?')
        return NULL;
    for (at += 2; (is_atom(*at) || *at == '@' || *at == '.') && at - start < ENCODED_WORD_MOST; at++) {
        if (*at != '?')
            continue;
        if (marks >= 2 && at[1] == '=')
            return at + 2;
        marks++;
    }
    return NULL;
}

/* Text between `open` and `close`, its octets to `copy` (NULL: nowhere) without backslashes. */
static bool read_enclosed(struct list *list, char open, char close, char **copy)
{
    if (*list->at++ != open)
        return false;
    for (; *list->at != close; list->at++) {
        if (*list->at == '\\')
            list->at++;
        if (*list->at == '\0' || (*list->at == open && list->at[-1] != '\\'))
            return false;
        if (copy != NULL && !is_blank(*list->at))
            *(*copy)++ = *list->at;
    }
    list->at++;
    return true;
}

/* An atom or a quoted string, its octets to `copy` (NULL: nowhere). */
static bool read_word(struct list *list, char **copy)
{
    if (*list->at == '"')
        return read_enclosed(list, '"', '"', copy);
    if (!is_atom(*list->at) && *list->at != '\\')
        return false;
    while (is_atom(*list->at) || *list->at == '\\') {
        if (*list->at == '\\')
            list->at++;
        if (*list->at == '\0')
            return false;
        if (copy != NULL)
            *(*copy)++ = *list->at;
        list->at++;
    }
    return true;
}

static bool has_control(const char *text)
{
    while ((unsigned char)*text >= 0x20 && *text != 0x7F)
        text++;
    return *text != '\0';
}

/* What stands behind an "@": labels with dots, blanks and comments between, or square brackets. */
static bool read_domain(struct list *list)
{
    char *end = list->domain;
    bool bracketed, more = true;

    if (!skip_blank(list))
        return false;
    bracketed = *list->at == '[';
    if (bracketed) {
        if (!read_enclosed(list, '[', ']', &end) || !skip_blank(list))
            return false;
        more = false;
    }
    while (more) {
        while (*list->at == '.') {
            *end++ = '.';
            if (!skip(list, '.'))
                return false;
        }
        more = is_atom(*list->at) || *list->at == '"' || *list->at == '\\';
        if (more && (!read_word(list, &end) || !skip_blank(list)))
            return false;
        more = more && *list->at == '.';
    }
    *end = '\0';
    if (end == list->domain || has_control(list->domain)
        || (!bracketed && strpbrk(list->domain, "@<>,;:()\"\\") != NULL))
        return false;
    list->length = bracketed && address_is_literal(list->domain) ? 0 : (size_t)(end - list->domain);
    return true;
}

/* What may stand before an "@", a "<" or a ":". */
struct phrase {
    unsigned words;
    bool dotted;  /* words and dots alternate as in a local part */
    bool bracket; /* it has square brackets, which a display name in the wild has */
};

static bool read_phrase(struct list *list, struct phrase *phrase)
{
    bool after_word = false;

    *phrase = (struct phrase){.dotted = true};
    for (;;) {
        const char *encoded = behind_encoded_word(list->at);

        if (*list->at == '.') {
            list->at++;
            after_word = false;
        } else if (*list->at == '[') {
            if (!read_enclosed(list, '[', ']', NULL))
                return false;
            phrase->bracket = true;
        } else if (encoded != NULL || is_atom(*list->at) || *list->at == '"' || *list->at == '\\') {
            if (encoded != NULL)
                list->at = encoded;
            else if (!read_word(list, NULL))
                return false;
            if (after_word)
                phrase->dotted = false;
            after_word = true;
            phrase->words++;
        } else {
            return true;
        }
        if (!skip_blank(list))
            return false;
    }
}

/* A phrase that is a local part. */
static bool is_local(const struct phrase *phrase)
{
    return phrase->words > 0 && phrase->dotted && !phrase->bracket;
}

/* "@a,@b:" before the address in angle brackets. */
static bool skip_route(struct list *list)
{
    while (*list->at == '@') {
        list->at++;
        if (!read_domain(list))
            return false;
        while (*list->at == ',')
            if (!skip(list, ','))
                return false;
    }
    return skip(list, ':');
}

/* "<a@b>"; "<>" and "<a>" have no domain. */
static bool read_angle(struct list *list)
{
    struct phrase local;

    if (!skip(list, '<'))
        return false;
    if (*list->at == '@' && !skip_route(list))
        return false;
    list->length = 0;
    if (*list->at == '>')
        return skip(list, '>');
    if (!read_phrase(list, &local) || !is_local(&local))
        return false;
    if (*list->at == '@') {
        list->at++;
        if (!read_domain(list))
            return false;
    }
    return skip(list, '>');
}

static void add_domain(struct header_from *from, const struct domain *domain)
{
    if (from->count >= DOMAINS_MOST) {
        from->exhausted = true;
        return;
    }
    if (from->count == from->room) {
        size_t room = from->room > 0 ? from->room * 2 : 2;
        struct domain *domains = realloc(from->domains, room * sizeof(*domains));

        if (domains == NULL) {
            from->exhausted = true;
            return;
        }
        from->domains = domains;
        from->room = room;
    }
    from->domains[from->count++] = *domain;
}

/*
 * A mailbox whose phrase has been read. "a@b <c@b>" is often seen and no
 * mailbox; it means one thing where both are of one domain.
 */
static bool read_address(struct list *list, const struct phrase *phrase)
{
    struct domain named, domain;
    enum domain_form form;
    bool two = *list->at == '@';

    list->length = 0;
    if (two) {
        list->at++;
        if (!is_local(phrase) || !read_domain(list))
            return false;
        if (domain_normalise(&named, list->domain, list->length) == DOMAIN_UNREAD)
            list->from->exhausted = true;
        two = *list->at == '<';
    } else if (*list->at != '<') {
        return is_local(phrase);
    }
    if (*list->at == '<' && !read_angle(list))
        return false;
    form = domain_normalise(&domain, list->domain, list->length);
    if (form == DOMAIN_UNREAD)
        list->from->exhausted = true;
    else if (form != DOMAIN_NONE)
        add_domain(list->from, &domain);
    return !two || strcmp(domain.text, named.text) == 0;
}

/* Passes over the comma between two addresses; false: there is none, or it is not the only one. */
static bool skip_comma(struct list *list)
{
    return skip(list, ',') && *list->at != ',';
}

/* Addresses up to `end`: of a field (NUL), which may have groups among them, or of a group (";"). */
static bool read_list(struct list *list, char end)
{
    struct phrase phrase;

    if (!skip_blank(list) || (*list->at == ',' && !skip_comma(list)))
        return false;
    while (*list->at != end) {
        if (!read_phrase(list, &phrase))
            return false;
        if (end == '\0' && *list->at == ':' && phrase.words > 0) {
            if (!skip(list, ':') || !read_list(list, ';') || !skip(list, ';'))
                return false;
        } else if (!read_address(list, &phrase)) {
            return false;
        }
        if (*list->at != end && !skip_comma(list))
            return false;
    }
    return true;
}

void header_from_add(struct header_from *from, const char *value)
{
    size_t length = strlen(value), count = from->count;
    struct list list = {.from = from, .at = value};

    if (length + strlen("From: ") >= HEADER_FROM_CUT)
        from->cut = true;
    list.domain = malloc(length + 1);
    if (list.domain == NULL) {
        from->exhausted = true;
        return;
    }
    if (!read_list(&list, '\0')) {
        from->count = count;
        header_from_keep_unparsed(from, value, list.domain);
    }
    free(list.domain);
}

void header_from_clear(struct header_from *from)
{
    free(from->domains);
    free(from->unparsed);
    *from = (struct header_from){0};
}
