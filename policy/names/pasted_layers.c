/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an administrator pasted in place of a name: takes away layer by layer
 * what tools, browsers and letters put around one, until a name is left. Knows
 * these forms and nothing of policies; whether a text is allowed is decided by
 * who asks.
 */
#include "policy/names/pasted.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { LAYERS_MAX = 10 };

/* The value being peeled. */
struct peeling {
    char *text; /* of PASTED_MAX octets */
    enum pasted_as as;
    char *what; /* of the first layer, of PASTED_WHAT octets */
    unsigned count;
};

static const char blanks[] = "has blanks at its ends";

/* The first layer is told of, blanks only where there is no other. */
static void set_what(struct peeling *peeling, const char *what)
{
    if (peeling->what[0] == '\0' || strcmp(peeling->what, blanks) == 0)
        snprintf(peeling->what, PASTED_WHAT, "%s", what);
}

static void cut_front(char *text, size_t length)
{
    memmove(text, text + length, strlen(text + length) + 1);
}

/* ---- shapes ---- */

static bool is_host_octet(char octet)
{
    return (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') || (octet >= '0' && octet <= '9')
           || octet == '-' || octet == '_' || octet == '.' || (unsigned char)octet >= 0x80;
}

/* A name with a dot inside it, such as hosts have; "*." and "." may stand before it. */
static bool is_host_like(const char *text, size_t length)
{
    size_t start = length > 2 && strncmp(text, "*.", 2) == 0 ? 2 : 0;
    bool dot = false;

    for (size_t i = start; i < length; i++) {
        if (!is_host_octet(text[i]))
            return false;
        dot |= text[i] == '.' && i > start && i + 1 < length;
    }
    return dot;
}

static bool has_letter(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z')
            || (unsigned char)text[i] >= 0x80)
            return true;
    return false;
}

/* ---- layers: each takes one away, and returns whether it was there ---- */

static bool peel_characters(struct peeling *peeling)
{
    char what[PASTED_WHAT];
    bool found = pasted_clean(peeling->text, what);

    if (found)
        set_what(peeling, what);
    if (peeling->as == PASTED_ATTRIBUTE || strchr(peeling->text, ' ') != NULL)
        return found;
    if (!pasted_hyphens(peeling->text, what))
        return found;
    set_what(peeling, what);
    return true;
}

static bool peel_blanks(struct peeling *peeling)
{
    char *text = peeling->text;
    size_t front = strspn(text, " "), length = strlen(text), end = length;

    while (end > front && text[end - 1] == ' ')
        end--;
    if (front == 0 && end == length)
        return false;
    text[end] = '\0';
    cut_front(text, front);
    set_what(peeling, blanks);
    return true;
}

/* Whether the marks at both ends are a pair around the whole: not those of '"Bank" AG "x"'. */
static bool is_pair(const char *text, size_t front, size_t end)
{
    size_t length = strlen(text);

    if (front != 1 || end != 1)
        return front > 0 && end > 0;
    return text[0] == text[length - 1] && memchr(text + 1, text[0], length - 2) == NULL;
}

/* Marks around the whole, or at one end of a host. */
static bool peel_quotes(struct peeling *peeling)
{
    char *text = peeling->text;
    size_t front = pasted_quote_in_front(text), end = pasted_quote_at_end(text), length = strlen(text);

    if (front + end == 0 || front + end >= length)
        return false;
    if (!is_pair(text, front, end) && !is_host_like(text + front, length - front - end))
        return false;
    text[length - end] = '\0';
    cut_front(text, front);
    set_what(peeling, "has quotation marks that are part of it");
    return true;
}

/* "subject=", "Issuer: ", "depth=0 ", " 0 s:", "   i:" */
static bool peel_line(struct peeling *peeling)
{
    static const char *const words[] = {"subject", "issuer", "s", "i", "depth"};
    char *text = peeling->text, value[PASTED_MAX];
    size_t number = strspn(text, "0123456789"), start = number > 0 ? number + strspn(text + number, " ") : 0;

    if (peeling->as == PASTED_ATTRIBUTE)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i]);
        const char *rest = text + start + length;

        if (strncasecmp(text + start, words[i], length) != 0)
            continue;
        rest += strspn(rest, " ");
        if (*rest != '=' && *rest != ':')
            continue;
        rest += 1 + strspn(rest + 1, " ");
        if (i == 4)
            rest += strspn(rest, "0123456789 ");
        if ((i >= 2 || start > 0) && !pasted_attribute(rest, "CN", value))
            continue;
        cut_front(text, (size_t)(rest - text));
        set_what(peeling, "is a line as openssl prints it");
        return true;
    }
    return false;
}

/* A whole name: its common name is left, or nothing where it has none. */
static bool peel_whole_name(struct peeling *peeling)
{
    char value[PASTED_MAX];

    if (peeling->as == PASTED_ATTRIBUTE || !pasted_attribute(peeling->text, "CN", value))
        return false;
    if (value[0] == '\0')
        pasted_attribute(peeling->text, "commonName", value);
    strcpy(peeling->text, value);
    set_what(peeling, "is a whole name as openssl prints it");
    return true;
}

/* "DNS:mail.contoso.com", "DNS Name=", "IP Address:" */
static bool peel_alternative(struct peeling *peeling)
{
    static const char *const words[] = {"DNS",   "DNS Name",    "IP",  "IP Address",
                                        "email", "RFC822 Name", "URI", "URL"};
    char *text = peeling->text;

    for (size_t i = 0; i < sizeof words / sizeof *words && peeling->as != PASTED_ATTRIBUTE; i++) {
        size_t length = strlen(words[i]);
        const char *rest = text + length;

        if (strncasecmp(text, words[i], length) != 0)
            continue;
        if (*rest == '.')
            rest += 1 + strspn(rest + 1, "0123456789"); /* DNS.1 = of openssl.cnf */
        rest += strspn(rest, " ");
        if (*rest != ':' && *rest != '=')
            continue;
        cut_front(text, (size_t)(rest - text) + 1);
        set_what(peeling, "is an alternative name as openssl prints it");
        return true;
    }
    return false;
}

/* "https://mail.contoso.com:8443/path", "mailto:a@contoso.com" */
static bool peel_url(struct peeling *peeling)
{
    char *text = peeling->text, *slashes = strstr(text, "://"), *at;
    size_t scheme = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+.-");

    if (strncasecmp(text, "mailto:", 7) == 0) {
        cut_front(text, 7);
        set_what(peeling, "is a URL");
        return true;
    }
    if (slashes == NULL || scheme == 0 || text + scheme != slashes || peeling->as == PASTED_ATTRIBUTE)
        return false;
    cut_front(text, scheme + 3);
    text[strcspn(text, "/?#")] = '\0';
    at = strrchr(text, '@');
    if (at != NULL)
        cut_front(text, (size_t)(at - text) + 1);
    set_what(peeling, "is a URL");
    return true;
}

/* "postmaster@contoso.com", "Post <postmaster@contoso.com>"; for a host also "@contoso.com" */
static bool peel_address(struct peeling *peeling)
{
    char *text = peeling->text, *open = strchr(text, '<'), *close = strrchr(text, '>'), *at;

    if (peeling->as == PASTED_ATTRIBUTE)
        return false;
    if (open != NULL && close != NULL && close > open + 1 && close[1] == '\0') {
        *close = '\0';
        cut_front(text, (size_t)(open - text) + 1);
        set_what(peeling, "has brackets around it");
        return true;
    }
    at = strrchr(text, '@');
    if (at == NULL || strchr(text, ' ') != NULL || !is_host_like(at + 1, strlen(at + 1))
        || peeling->as == PASTED_ADDRESS)
        return false;
    cut_front(text, (size_t)(at - text) + 1);
    if (peeling->as == PASTED_COMMON_NAME)
        text[0] = '\0'; /* of which host is not known */
    set_what(peeling, "is a mail address");
    return true;
}

/* "IPv6:2001:db8::1", as the MTAs' macros have it. */
static bool peel_family(struct peeling *peeling)
{
    if (peeling->as != PASTED_HOST || strncasecmp(peeling->text, "IPv6:", 5) != 0)
        return false;
    cut_front(peeling->text, 5);
    set_what(peeling, "has IPv6: in front");
    return true;
}

/* "[192.0.2.1]", "[mail.contoso.com]:25", "mail.contoso.com:25", "mail.contoso.com/" */
static bool peel_port(struct peeling *peeling)
{
    char *text = peeling->text, *close = strchr(text, ']'), *colon = strrchr(text, ':');

    if (peeling->as == PASTED_ATTRIBUTE)
        return false;
    if (*text == '[' && close != NULL && close > text + 1 && (close[1] == '\0' || close[1] == ':')) {
        *close = '\0';
        cut_front(text, 1);
        set_what(peeling, "has brackets around it");
        return true;
    }
    if (colon != NULL && is_host_like(text, (size_t)(colon - text)) && strspn(colon + 1, "0123456789") > 0
        && colon[1 + strspn(colon + 1, "0123456789")] == '\0') {
        *colon = '\0';
        set_what(peeling, "has a port behind it");
        return true;
    }
    if (text[strcspn(text, "/")] == '/' && text[strcspn(text, "/") + 1] == '\0'
        && is_host_like(text, strcspn(text, "/")) && has_letter(text, strlen(text))) {
        text[strcspn(text, "/")] = '\0';
        set_what(peeling, "has a slash behind it");
        return true;
    }
    return false;
}

/* Dots that are right in a domain of a policy, and part of no common name. */
static bool peel_dots(struct peeling *peeling)
{
    char *text = peeling->text;
    size_t length = strlen(text);

    if (peeling->as != PASTED_COMMON_NAME || length < 3 || length + 2 > PASTED_MAX)
        return false;
    if (text[length - 1] == '.' && is_host_like(text, length - 1)) {
        text[length - 1] = '\0';
        set_what(peeling, "has a dot at its end");
        return true;
    }
    if (text[0] == '.' && is_host_like(text + 1, length - 1)) {
        memmove(text + 1, text, length + 1);
        text[0] = '*';
        set_what(peeling, "has a dot in front, where \"*.\" stands for one further label");
        return true;
    }
    return false;
}

/* ---- one and several ---- */

static void peel(struct peeling *peeling)
{
    static bool (*const layers[])(struct peeling *) = {
        peel_characters, peel_blanks,      peel_quotes, peel_line,   peel_whole_name, peel_url,
        peel_address,    peel_alternative, peel_port,   peel_family, peel_dots,
    };
    bool again = true;

    for (int round = 0; again && round < LAYERS_MAX; round++) {
        again = false;
        for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
            again |= layers[i](peeling);
    }
}

/* One of several: what is left of it is a host. */
static bool peel_part(const struct peeling *whole, const char *from, size_t length, char part[PASTED_MAX])
{
    char what[PASTED_WHAT] = "";
    struct peeling peeling = {part, whole->as, what, 1};

    memcpy(part, from, length);
    part[length] = '\0';
    peel(&peeling);
    return is_host_like(part, strlen(part)) || (whole->as == PASTED_ADDRESS && strchr(part, '@') != NULL);
}

/* "a.com, b.com", "DNS:a.com, DNS:b.com", "a.com b.com", "a.com;b.com": nothing but hosts. */
static bool split(struct peeling *peeling)
{
    char made[PASTED_MAX] = "", part[PASTED_MAX];
    const char *rest = peeling->text;
    size_t used = 0;
    unsigned count = 0;

    while (*rest != '\0') {
        size_t length = strcspn(rest, ",; ");

        if (length > 0 && !peel_part(peeling, rest, length, part))
            return false;
        if (length > 0 && used + strlen(part) + 3 > sizeof made)
            return false;
        if (length > 0)
            used += (size_t)snprintf(made + used, sizeof made - used, "%s%s", count++ > 0 ? ", " : "", part);
        rest += length;
        rest += strspn(rest, ",; ");
    }
    if (count == 0 || (count == 1 && strcmp(made, peeling->text) == 0))
        return false;
    strcpy(peeling->text, made);
    peeling->count = count;
    set_what(peeling, count > 1 ? "is several names in one" : "has a separator at its end");
    return true;
}

/*
 * Whether the text is seen at once to be a plain name, as nearly all are: lists come by the million.
 * Letters, digits and what else names have, no dot or blank at its ends, and no dot where there are blanks.
 */
static bool is_plain(const char *text, size_t length, enum pasted_as as)
{
    bool dot = false, blank = false;

    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] >= 0x80 || (!is_host_octet(text[i]) && text[i] != ' ' && text[i] != '*'))
            return false;
        dot |= text[i] == '.';
        blank |= text[i] == ' ';
    }
    if (length == 0 || text[0] == ' ' || text[length - 1] == ' ' || (dot && blank))
        return false;
    return as != PASTED_COMMON_NAME || (text[0] != '.' && text[length - 1] != '.');
}

bool pasted_read(struct pasted *pasted, const char *text, enum pasted_as as)
{
    struct peeling peeling = {pasted->text, as, pasted->what, 1};
    size_t length = strlen(text);

    pasted->what[0] = '\0';
    pasted->count = 1;
    if (length == 0 || length + 2 >= PASTED_MAX || is_plain(text, length, as))
        return false;
    memcpy(pasted->text, text, length + 1);
    peel_characters(&peeling);
    peel_blanks(&peeling);
    if (strpbrk(pasted->text, ",; ") != NULL && as != PASTED_ATTRIBUTE && split(&peeling)) {
        pasted->count = peeling.count;
        return true;
    }
    peel(&peeling);
    if (strpbrk(pasted->text, ",; ") != NULL && as != PASTED_ATTRIBUTE && split(&peeling))
        pasted->count = peeling.count;
    return pasted->what[0] != '\0';
}
