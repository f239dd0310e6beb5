/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host name with something glued to it: a service, an address, the mark of a
 * list, a pattern. Knows these forms and nothing of policies.
 */
#include "policy/names/pasted_internal.h"

#include <string.h>
#include <strings.h>
#include "policy/names/ascii.h"

/* Whether a text is a host name whose last label begins with two letters: neither an address nor "e.V". */
static bool is_host(const char *text, size_t length)
{
    const char *dot = length == 0 ? NULL : memrchr(text, '.', length);

    return dot != NULL && dot + 2 < text + length && ascii_letter(dot[1]) && ascii_letter(dot[2])
           && text[0] != '.' && text[0] != '-' && pasted_is_host_like(text, length);
}

/* The length of the host name that the text begins with; 0: none. */
static size_t host_in_front(const char *text)
{
    size_t length = strncmp(text, "*.", 2) == 0 ? 2 : 0;

    while (pasted_is_host_octet(text[length]))
        length++;
    while (length > 0 && (text[length - 1] == '.' || text[length - 1] == '-'))
        length--;
    return is_host(text, length) ? length : 0;
}

/* Whether the text is a service and nothing else: "smtp", "25". */
static bool is_service(const char *text)
{
    size_t length = 0;

    while (pasted_is_host_octet(text[length]) && text[length] != '.')
        length++;
    return length > 0 && text[length] == '\0';
}

/* Whether the text is an attribute after commas and blanks: ", O=Bank". */
static bool has_attribute(const char *text)
{
    size_t front = strspn(text, ", "), word = 0;

    while (ascii_letter(text[front + word]))
        word++;
    return front > 0 && word > 0 && text[front + word + strspn(text + front + word, " ")] == '=';
}

/* "mail.contoso.com:smtp", "mail.contoso.com[192.0.2.1]:25", "contoso.com&nbsp;", "contoso.com,O=x" */
static bool cut_behind(struct peeling *peeling)
{
    char *text = peeling->text, *behind = text + host_in_front(text);
    const char *what;

    if (behind == text || *behind == '\0')
        return false;
    if (*behind == ':' && is_service(behind + 1))
        what = "has a port behind it";
    else if (*behind == '[')
        what = "has an address behind it";
    else if (peeling->as == PASTED_COMMON_NAME && has_attribute(behind))
        what = "has other attributes behind it";
    else if (peeling->as == PASTED_COMMON_NAME && strchr(":]|\\<>{}()$^=?~%&;\"`", *behind) != NULL)
        what = "has other text behind it";
    else
        return false;
    *behind = '\0';
    pasted_set_what(peeling, what);
    return true;
}

/* The length of a mark before an item of a list or after a key: "1. ", "* ", "= ", "> "; 0: none. */
static size_t mark_in_front(const char *text)
{
    static const char *const bullets[] = {"* ",
                                          "\xe2\x80\xa2",
                                          "\xc2\xb7",
                                          "\xe2\x97\x8f",
                                          "\xe2\x96\xaa",
                                          "\xe2\x80\x93 ",
                                          "\xe2\x80\x94 ",
                                          "\xe2\x86\x92",
                                          NULL};
    size_t digits = strspn(text, "0123456789"), length = strspn(text, "=:>|+~#,-");

    if (digits > 0 && text[digits] != '\0' && strchr(".):", text[digits]) != NULL && text[digits + 1] == ' ')
        length = digits + 1;
    for (size_t i = 0; length == 0 && bullets[i] != NULL; i++)
        if (strncmp(text, bullets[i], strlen(bullets[i])) == 0)
            length = strlen(bullets[i]);
    return length == 0 ? 0 : length + strspn(text + length, " ");
}

static bool cut_in_front(struct peeling *peeling)
{
    char *text = peeling->text;
    size_t mark = mark_in_front(text), length = strlen(text);

    if (mark == 0 || peeling->as != PASTED_COMMON_NAME || !is_host(text + mark, length - mark))
        return false;
    memmove(text, text + mark, length - mark + 1);
    pasted_set_what(peeling, "has a mark in front");
    return true;
}

/* "IPv6:2001:db8::1", as in the MTAs' macros; "ip4:192.0.2.1", as in SPF; "smtp:contoso.com". */
static bool cut_kind(struct peeling *peeling)
{
    static const struct {
        const char *word, *what;
    } words[] = {{"IPv6:", "has IPv6: in front"},   {"ip6:", "has ip6: in front"},
                 {"ip4:", "has ip4: in front"},     {"smtp:", "has smtp: in front"},
                 {"relay:", "has relay: in front"}, {"SmtpDomain:", "has SmtpDomain: in front"}};

    for (size_t i = 0; i < sizeof words / sizeof *words && peeling->as == PASTED_HOST; i++) {
        if (strncasecmp(peeling->text, words[i].word, strlen(words[i].word)) != 0)
            continue;
        memmove(peeling->text, peeling->text + strlen(words[i].word),
                strlen(peeling->text + strlen(words[i].word)) + 1);
        pasted_set_what(peeling, words[i].what);
        return true;
    }
    return false;
}

/* "^mail\.contoso\.com$", "(mail|mx).contoso.com", "mx[12].contoso.com", "mx?.contoso.com" */
static bool undo_pattern(struct peeling *peeling)
{
    char made[PASTED_MAX] = "", *to = made;
    const char *text = peeling->text;
    bool exact = true;

    if (peeling->as != PASTED_COMMON_NAME || strpbrk(text, "\\()[]|?^$") == NULL)
        return false;
    for (; *text != '\0'; text++) {
        if (pasted_is_host_octet(*text))
            *to++ = *text;
        else if (strchr("\\()[]|?^$+*{}/,", *text) == NULL)
            return false;
        exact &= pasted_is_host_octet(*text) || strchr("\\^$/", *text) != NULL;
    }
    *to = '\0';
    if (host_in_front(made + (made[0] == '.')) == 0)
        return false;
    strcpy(peeling->text, exact ? made : "");
    pasted_set_what(peeling, "is a pattern");
    return true;
}

bool pasted_peel_glued(struct peeling *peeling)
{
    if (peeling->as != PASTED_COMMON_NAME && peeling->as != PASTED_HOST)
        return false;
    return cut_kind(peeling) || cut_in_front(peeling) || cut_behind(peeling) || undo_pattern(peeling);
}
