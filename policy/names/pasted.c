/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an administrator pasted in place of a name: takes away layer by layer
 * what tools, browsers and letters put around one, until a name is left, or
 * several. Whether a text is allowed is decided by who asks.
 */
#include "policy/names/pasted_internal.h"

#include <stdio.h>
#include <string.h>

/* One of several: what is left of it is a host. */
static bool peel_part(const struct peeling *whole, const char *from, size_t length, char part[PASTED_MAX])
{
    char what[PASTED_WHAT] = "";
    struct peeling peeling = {part, whole->as, whole->issuer, what, 1};

    memcpy(part, from, length);
    part[length] = '\0';
    pasted_peel(&peeling);
    return pasted_is_host_like(part, strlen(part))
           || (whole->as == PASTED_ADDRESS && strchr(part, '@') != NULL);
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

        if (length == 1 && *rest == '-' && count > 0 && strspn(made, "0123456789.") < used) {
            rest += strspn(rest, "-,; "); /* "a.com - b.com": an item of a list that is indented too far */
            continue;
        }
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
    pasted_set_what(peeling, count > 1 ? "is several names in one" : "has a separator at its end");
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
    if (strpbrk(pasted->text, ",; ") != NULL && as != PASTED_ATTRIBUTE && split(&peeling)) {
        pasted->count = peeling.count;
        return true;
    }
    pasted_peel(&peeling);
    if (strpbrk(pasted->text, ",; ") != NULL && as != PASTED_ATTRIBUTE && split(&peeling))
        pasted->count = peeling.count;
    return pasted->what[0] != '\0';
}
