/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The TLS policies of the upstream map, such as postfix-tlspol: a level, then attributes, "name=value" or "{
 * name = value }". Knows which level is stronger than which; does not know the partner's own rule.
 */
#include "policy/outbound/upstream.h"

#include <string.h>
#include <strings.h>

static const char separators[] = ", "; /* of words; text with other ones, such as tabs, is refused */

static bool is_printable(const char *text)
{
    while (*text >= ' ' && *text <= '~')
        text++;
    return *text == '\0';
}

static struct upstream policy_of(const char *text)
{
    text += strspn(text, separators);
    if (*text == '\0' || !is_printable(text))
        return (struct upstream){UPSTREAM_FAILED, NULL};
    return (struct upstream){UPSTREAM_OK, text};
}

struct upstream upstream_read(char *octets, size_t length, bool bare)
{
    static const char *const failures[] = {"TEMP", "TIMEOUT", "PERM"};

    octets[length] = '\0';
    if (strlen(octets) != length)
        return (struct upstream){UPSTREAM_FAILED, NULL};
    if (strncmp(octets, "OK ", 3) == 0)
        return policy_of(octets + 3);
    if (strcmp(octets, "NOTFOUND") == 0 || strncmp(octets, "NOTFOUND ", 9) == 0)
        return (struct upstream){UPSTREAM_NOT_FOUND, NULL};
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
        if (strncmp(octets, failures[i], strlen(failures[i])) == 0)
            return (struct upstream){UPSTREAM_FAILED, NULL};
    return bare ? policy_of(octets) : (struct upstream){UPSTREAM_FAILED, NULL};
}

const char *upstream_key(struct next_hop *hop, const char *key, size_t length)
{
    enum next_hop_form form = next_hop_read(hop, key, length);

    if (form == NEXT_HOP_UNREAD)
        return NULL;
    return form == NEXT_HOP_DOMAIN && !hop->port ? hop->text : key;
}

/*
 * Returns the length of the next word, as Postfix splits words: braces can open anywhere, and nothing in
 * braces separates. *open: the braces that are not closed at its end.
 */
static size_t word_length(const char *text, unsigned *open)
{
    size_t length = 0;

    for (*open = 0; text[length] != '\0' && (*open > 0 || strchr(separators, text[length]) == NULL);
         length++) {
        if (text[length] == '{')
            ++*open;
        else if (text[length] == '}' && *open > 0)
            --*open;
    }
    return length;
}

/* Whether a brace is left open: what is written after the policy would be a part of its last word. */
static bool is_open(const char *text)
{
    unsigned open = 0;

    for (; *text != '\0'; text += strspn(text, separators))
        text += word_length(text, &open);
    return open > 0;
}

enum upstream_worth upstream_worth(const struct upstream *upstream)
{
    static const struct {
        const char *level;
        enum upstream_worth worth;
    } levels[] = {
        {"none", UPSTREAM_NOTHING}, {"may", UPSTREAM_NOTHING},       {"encrypt", UPSTREAM_NOTHING},
        {"dane", UPSTREAM_NOTHING}, {"dane-only", UPSTREAM_DANE},    {"verify", UPSTREAM_NAMES},
        {"secure", UPSTREAM_NAMES}, {"fingerprint", UPSTREAM_NAMES},
    };
    unsigned open;
    size_t length;

    if (upstream->state != UPSTREAM_OK)
        return upstream->state == UPSTREAM_NOT_FOUND ? UPSTREAM_NOTHING : UPSTREAM_UNREADABLE;
    if (is_open(upstream->text))
        return UPSTREAM_UNREADABLE;
    length = word_length(upstream->text, &open);
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (strlen(levels[i].level) == length && strncasecmp(levels[i].level, upstream->text, length) == 0)
            return levels[i].worth;
    return UPSTREAM_UNREADABLE;
}

/* Whether the partner's rule sets the attribute itself. Postfix ignores the case of names. */
static bool is_ours(const char *attribute)
{
    static const char *const names[] = {"protocols", "exclude", "ciphers"};

    attribute += strspn(attribute, "{ ");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncasecmp(attribute, names[i], strlen(names[i])) == 0
            && strchr("= ", attribute[strlen(names[i])]) != NULL)
            return true;
    return false;
}

void upstream_add(struct growing_text *text, const struct upstream *upstream)
{
    const char *at = upstream->text;
    unsigned open;
    size_t length = word_length(at, &open);

    text_add(text, at, length);
    for (at += length, at += strspn(at, separators); *at != '\0';
         at += length, at += strspn(at, separators)) {
        length = word_length(at, &open);
        if (is_ours(at))
            continue;
        text_add_string(text, " ");
        text_add(text, at, length);
    }
}
