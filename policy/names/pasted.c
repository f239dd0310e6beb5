/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an administrator pasted in place of a name: removes, layer by layer,
 * what tools, browsers and letters put around a name, until one name is left, or
 * several. The caller decides whether a text is allowed.
 */
#include "policy/names/pasted_internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Peels one of several parts. False: what is left is no host, nor the address that is wanted. */
static bool peel_part(const struct peeling *whole, const char *from, size_t length, char part[PASTED_MAX])
{
    char what[PASTED_WHAT] = "";
    struct peeling peeling = {part, whole->as, whole->issuer, what, 1};

    memcpy(part, from, length);
    part[length] = '\0';
    pasted_peel(&peeling);
    length = strlen(part);
    return (pasted_is_host_like(part, length) && part[length - 1] != '-')
           || (whole->as == PASTED_ADDRESS && strchr(part, '@') != NULL);
}

static const char *separators(const struct peeling *peeling)
{
    return peeling->as == PASTED_COMMON_NAME ? ",; |&\t\n/" : ",; |&\t\n";
}

/* The length of "or " and the like between two names; 0: none. */
static size_t conjunction(const char *text)
{
    static const char *const words[] = {"or ", "and ", "oder ", "und "};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strncasecmp(text, words[i], strlen(words[i])) == 0)
            return strlen(words[i]);
    return 0;
}

/* "a.com, b.com", "DNS:a.com, DNS:b.com", "a.com b.com", "a.com|b.com", "a.com or b.com": all are hosts. */
static bool split(struct peeling *peeling)
{
    const char *between = separators(peeling);
    char made[PASTED_MAX] = "", part[PASTED_MAX];
    const char *rest = peeling->text;
    size_t used = 0;
    unsigned count = 0;

    while (*rest != '\0') {
        size_t length = strcspn(rest, between);

        if (count > 0 && conjunction(rest) > 0) {
            rest += conjunction(rest);
            continue;
        }
        if (length == 1 && *rest == '-' && count > 0 && strspn(made, "0123456789.") < used) {
            /* "a.com - b.com": an item of a list that is indented too far */
            rest++;
            rest += strspn(rest, between);
            continue;
        }
        if (length > 0 && !peel_part(peeling, rest, length, part))
            return false;
        if (length > 0 && used + strlen(part) + 3 > sizeof made)
            return false;
        if (length > 0)
            used += (size_t)snprintf(made + used, sizeof made - used, "%s%s", count++ > 0 ? ", " : "", part);
        rest += length;
        rest += strspn(rest, between);
    }
    if (count == 0 || (count == 1 && (strcmp(made, peeling->text) == 0 || rest[-1] == '/')))
        return false;
    strcpy(peeling->text, made);
    peeling->count = count;
    pasted_set_what(peeling, count > 1 ? "is several names in one" : "has a separator at its end");
    return true;
}

/*
 * Whether a quick look shows a plain name, as nearly all are: lists may have a million. It has letters,
 * digits and what else names have, no blank at its ends (in a common name no dot either), and not both dots
 * and blanks.
 */
static bool is_plain(const char *text, size_t length, enum pasted_as as)
{
    bool dot = false, blank = false;

    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] >= 0x80
            || (!pasted_is_host_octet(text[i]) && text[i] != ' ' && text[i] != '*'))
            return false;
        dot |= text[i] == '.';
        blank |= text[i] == ' ';
    }
    if (length == 0 || text[0] == ' ' || text[length - 1] == ' ' || (dot && blank))
        return false;
    return as != PASTED_COMMON_NAME || (text[0] != '.' && text[length - 1] != '.');
}

/* Splits what may be several names, also a list in brackets. */
static bool split_list(struct peeling *peeling)
{
    char *text = peeling->text, whole[PASTED_MAX];
    size_t length = strlen(text);
    const char *pair = length > 2 ? strchr("{}[]()", text[0]) : NULL;

    if (peeling->as == PASTED_ATTRIBUTE || strpbrk(text, separators(peeling)) == NULL)
        return false;
    if (split(peeling))
        return true;
    if (pair == NULL || text[length - 1] != pair[1] || strpbrk(text, ",;") == NULL)
        return false;
    strcpy(whole, text);
    memmove(text, text + 1, length - 2);
    text[length - 2] = '\0';
    if (split(peeling))
        return true;
    strcpy(text, whole);
    return false;
}

bool pasted_read(struct pasted *pasted, const char *text, enum pasted_as as)
{
    bool issuer = as == PASTED_ISSUER;
    struct peeling peeling = {pasted->text, issuer ? PASTED_COMMON_NAME : as, issuer, pasted->what, 1};
    size_t length = strlen(text);

    as = peeling.as;

    pasted->what[0] = '\0';
    pasted->count = 1;
    if (length == 0 || length + 2 >= PASTED_MAX || is_plain(text, length, as))
        return false;
    memcpy(pasted->text, text, length + 1);
    pasted_peel_blanks(&peeling);
    if (split_list(&peeling)) {
        pasted->count = peeling.count;
        return true;
    }
    pasted_peel(&peeling);
    if (split_list(&peeling))
        pasted->count = peeling.count;
    return pasted->what[0] != '\0';
}
