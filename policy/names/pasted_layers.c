/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The layers that tools, logs, browsers and letters put around a name, and how
 * to remove each. Knows these forms and nothing of policies.
 */
#include "policy/names/pasted_internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { LAYERS_MAX = 10 };

static const char blanks[] = "has blanks at its ends";

void pasted_set_what(struct peeling *peeling, const char *what)
{
    if (peeling->what[0] == '\0' || strcmp(peeling->what, blanks) == 0)
        snprintf(peeling->what, PASTED_WHAT, "%s", what);
}

static void cut_front(char *text, size_t length)
{
    memmove(text, text + length, strlen(text + length) + 1);
}

/* ---- shapes ---- */

static bool has_letter(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z')
            || (unsigned char)text[i] >= 0x80)
            return true;
    return false;
}

/* ---- layers: each function removes one, and returns whether it was there ---- */

static bool peel_characters(struct peeling *peeling)
{
    char what[PASTED_WHAT];
    bool found = pasted_clean(peeling->text, what);

    if (found)
        pasted_set_what(peeling, what);
    if (peeling->as == PASTED_ATTRIBUTE || strchr(peeling->text, ' ') != NULL)
        return found;
    if (pasted_hyphens(peeling->text, what)) {
        pasted_set_what(peeling, what);
        found = true;
    }
    /* Domains may have these: they are converted as the MTA converts them. The @ is no part of a domain. */
    if (peeling->as == PASTED_HOST || (peeling->as == PASTED_ADDRESS && strchr(peeling->text, '@') != NULL)
        || !pasted_widths(peeling->text, what))
        return found;
    pasted_set_what(peeling, what);
    return true;
}

static bool peel_blanks(struct peeling *peeling)
{
    char *text = peeling->text;
    size_t front = strspn(text, " \r\n"), length = strlen(text), end = length;

    while (end > front && strchr(" \r\n", text[end - 1]) != NULL)
        end--;
    if (front == 0 && end == length)
        return false;
    text[end] = '\0';
    cut_front(text, front);
    pasted_set_what(peeling, blanks);
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

/* Removes quotation marks around the whole, or at one end of a host. */
static bool peel_quotes(struct peeling *peeling)
{
    char *text = peeling->text;
    size_t front = pasted_quote_in_front(text), end = pasted_quote_at_end(text), length = strlen(text);

    if (front + end == 0 || front + end >= length)
        return false;
    if (!is_pair(text, front, end) && !pasted_is_host_like(text + front, length - front - end))
        return false;
    text[length - end] = '\0';
    cut_front(text, front);
    pasted_set_what(peeling, "has quotation marks that are part of it");
    return true;
}

/* Leaves the first of several texts in quotes: 'subject="x" issuer="y"'. */
static void keep_quoted(char *text)
{
    char *close = text[0] == '"' ? strchr(text + 1, '"') : NULL;

    if (close == NULL || close[1] == '\0')
        return;
    *close = '\0';
    cut_front(text, 1);
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
        pasted_set_what(peeling, "is a line as openssl prints it");
        keep_quoted(text);
        return true;
    }
    return false;
}

/* Whether a text begins with a name, so that the word before it is a label. */
static bool begins_with_name(const char *text)
{
    char value[PASTED_MAX];

    return pasted_attribute(text, "CN", value) || strncasecmp(text, "DNS:", 4) == 0
           || (pasted_is_host_like(text, strlen(text)) && has_letter(text, strlen(text)));
}

/* The length of "Common Name (CN) " before a host, as browsers have it in any language; 0: none. */
static size_t abbreviation_in_front(const char *text)
{
    const char *end = strcasestr(text, "(CN)");
    size_t length = end == NULL ? 0 : (size_t)(end - text) + 4;

    length += length == 0 ? 0 : strspn(text + length, " :");
    return length > 0 && begins_with_name(text + length) ? length : 0;
}

/* "subject_CN=mail.contoso.com, issuer=...", "Client CN "mail.contoso.com"", "Owner: CN=mail.contoso.com" */
static bool peel_label(struct peeling *peeling)
{
    char *text = peeling->text, value[PASTED_MAX];
    size_t word = pasted_word_in_front(text);

    if (peeling->as != PASTED_COMMON_NAME || pasted_attribute(text, "CN", value))
        return false;
    if (pasted_label(text, peeling->issuer)) {
        pasted_set_what(peeling, "has a label in front, as logs have");
        return true;
    }
    if (word == 0 || !begins_with_name(text + word))
        word = abbreviation_in_front(text);
    if (word == 0)
        return false;
    cut_front(text, word);
    pasted_set_what(peeling, "has a label in front");
    return true;
}

/* "mail.contoso.com (DigiCert)", "(mail.contoso.com)" */
static bool peel_parentheses(struct peeling *peeling)
{
    char *text = peeling->text, *open = strchr(text, '(');
    size_t length = strlen(text), before = open == NULL ? 0 : (size_t)(open - text);

    if (peeling->as == PASTED_ATTRIBUTE || open == NULL || text[length - 1] != ')')
        return false;
    while (before > 0 && text[before - 1] == ' ')
        before--;
    if (before > 0 && pasted_is_host_like(text, before)) {
        text[before] = '\0';
        pasted_set_what(peeling, "has a remark behind it");
        return true;
    }
    if (open != text || !pasted_is_host_like(text + 1, length - 2))
        return false;
    text[length - 1] = '\0';
    cut_front(text, 1);
    pasted_set_what(peeling, "has brackets around it");
    return true;
}

/* Leaves the common name of a whole name, or nothing if it has none. */
static bool peel_whole_name(struct peeling *peeling)
{
    char value[PASTED_MAX];

    if (peeling->as == PASTED_ATTRIBUTE || !pasted_attribute(peeling->text, "CN", value))
        return false;
    if (value[0] == '\0')
        pasted_attribute(peeling->text, "commonName", value);
    if (peeling->text[0] == '/')
        pasted_decode(value);
    strcpy(peeling->text, value);
    pasted_set_what(peeling, "is a whole name as openssl prints it");
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
        pasted_set_what(peeling, "is an alternative name as openssl prints it");
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
        pasted_set_what(peeling, "is a URL");
        return true;
    }
    if (slashes == NULL || scheme == 0 || text + scheme != slashes || peeling->as == PASTED_ATTRIBUTE)
        return false;
    cut_front(text, scheme + 3);
    text[strcspn(text, "/?#")] = '\0';
    at = strrchr(text, '@');
    if (at != NULL)
        cut_front(text, (size_t)(at - text) + 1);
    pasted_set_what(peeling, "is a URL");
    return true;
}

/* "postmaster@contoso.com", "Post <postmaster@contoso.com>"; for a host also "@contoso.com" */
static bool peel_address(struct peeling *peeling)
{
    char *text = peeling->text, *open = strchr(text, '<'), *close = strrchr(text, '>'), *at;

    if (peeling->as == PASTED_ATTRIBUTE)
        return false;
    if (open != NULL && close != NULL && close > open + 1 && close[1] == '\0'
        && strpbrk(open, ".@") != NULL) {
        *close = '\0';
        cut_front(text, (size_t)(open - text) + 1);
        pasted_set_what(peeling, "has brackets around it");
        return true;
    }
    at = strrchr(text, '@');
    if (at == NULL || strchr(text, ' ') != NULL || !pasted_is_host_like(at + 1, strlen(at + 1))
        || peeling->as == PASTED_ADDRESS)
        return false;
    cut_front(text, (size_t)(at - text) + 1);
    if (peeling->as == PASTED_COMMON_NAME)
        text[0] = '\0'; /* its host is not known */
    pasted_set_what(peeling, "is a mail address");
    return true;
}

/* "mail. contoso.com", as a letter may break it; but "St. Gallen" is a name. */
static bool peel_inner_blanks(struct peeling *peeling)
{
    char joined[PASTED_MAX], *to = joined;
    unsigned dots = 0;

    if (peeling->as != PASTED_COMMON_NAME || strchr(peeling->text, ' ') == NULL)
        return false;
    for (const char *from = peeling->text; *from != '\0'; from++) {
        dots += *from == '.';
        if (*from != ' ')
            *to++ = *from;
        else if (from > peeling->text && from[-1] != '.' && from[1] != '.')
            return false;
        if (*from >= 'A' && *from <= 'Z')
            return false;
    }
    *to = '\0';
    if (dots < 2 || !pasted_is_host_like(joined, strlen(joined)))
        return false;
    strcpy(peeling->text, joined);
    pasted_set_what(peeling, "has a blank in it");
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
        pasted_set_what(peeling, "has brackets around it");
        return true;
    }
    if (colon != NULL && pasted_is_host_like(text, (size_t)(colon - text))
        && strspn(colon + 1, "0123456789") > 0 && colon[1 + strspn(colon + 1, "0123456789")] == '\0') {
        *colon = '\0';
        pasted_set_what(peeling, "has a port behind it");
        return true;
    }
    if (text[strcspn(text, "/")] == '/' && text[strcspn(text, "/") + 1] == '\0'
        && pasted_is_host_like(text, strcspn(text, "/")) && has_letter(text, strlen(text))) {
        text[strcspn(text, "/")] = '\0';
        pasted_set_what(peeling, "has a slash behind it");
        return true;
    }
    return false;
}

/* Removes or replaces dots at the ends, which are right in a domain of a policy but not in a common name. */
static bool peel_dots(struct peeling *peeling)
{
    char *text = peeling->text;
    size_t length = strlen(text);

    if (peeling->as != PASTED_COMMON_NAME || length < 3 || length + 2 > PASTED_MAX)
        return false;
    if (text[length - 1] == '.' && pasted_is_host_like(text, length - 1)) {
        text[length - 1] = '\0';
        pasted_set_what(peeling, "has a dot at its end");
        return true;
    }
    if (text[0] == '.' && pasted_is_host_like(text + 1, length - 1)) {
        memmove(text + 1, text, length + 1);
        text[0] = '*';
        pasted_set_what(peeling, "has a dot in front, where \"*.\" stands for one further label");
        return true;
    }
    return false;
}

void pasted_peel(struct peeling *peeling)
{
    static bool (*const layers[])(struct peeling *) = {
        peel_characters, peel_blanks,       peel_quotes,       peel_line,  peel_whole_name,
        peel_url,        peel_address,      peel_alternative,  peel_label, peel_parentheses,
        peel_port,       pasted_peel_glued, peel_inner_blanks, peel_dots,
    };
    bool again = true;

    for (int round = 0; again && round < LAYERS_MAX; round++) {
        again = false;
        for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
            again |= layers[i](peeling);
    }
}

void pasted_peel_blanks(struct peeling *peeling)
{
    peel_characters(peeling);
    peel_blanks(peeling);
}
