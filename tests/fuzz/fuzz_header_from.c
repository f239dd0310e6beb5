/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From fields. However a mailbox is spelt, with what names, comments, folds,
 * groups and neighbours, its domain is read; where the rest of the field cannot be
 * parsed, its domain is among the names that occur in it. No display name makes a domain.
 */
#include "tests/fuzz/fuzz.h"

#include "policy/header_from.h"
#include "tests/fuzz/decorate.h"

enum { LABELS = 4 };

static void count_name(void *arg, const char *name, size_t length)
{
    CHECK(length > 0 && memchr(name, '\n', length) == NULL);
    ++*(size_t *)arg;
}

/* Whether a name that occurs in the unparsed fields is the partner's domain. */
static void look_for_partner(void *arg, const char *name, size_t length)
{
    struct domain domain;

    if (length > 3 * strlen("partner.test") || strchr("pP\xEF", *name) == NULL) /* not worth the time */
        return;
    domain_normalise(&domain, name, length);
    if (strcmp(domain.text, "partner.test") == 0)
        *(bool *)arg = true;
}

/* A display name; what it says of evil.test is not meant. */
static void put_name(struct spelling *spelling, struct choices *choices)
{
    static const char *const names[] = {"",
                                        "A. N. Other ",
                                        "\"a@evil.test\" ",
                                        "=?utf-8?q?a=40evil.test?= ",
                                        "[list] =?utf-8?q?a@evil.test?= ",
                                        "M\xC3\xBCller "};
    unsigned chosen = choose(choices, 7);

    put_blank(spelling, choices);
    if (chosen == 6)
        put_quoted(spelling, choices);
    else
        put(spelling, names[chosen]);
    put_blank(spelling, choices);
}

/* A mailbox of partner.test, with or without a name. */
static void put_mailbox(struct spelling *spelling, struct choices *choices)
{
    bool named = choose(choices, 2) == 1;

    if (named) {
        put_name(spelling, choices);
        put(spelling, "<");
        put_route(spelling, choices);
    }
    (void)put_local(spelling, choices);
    put(spelling, "@");
    put_partner(spelling, choices);
    if (named)
        put(spelling, ">");
    put_blank(spelling, choices);
}

/* The list in which it stands: "" or a group around it, "" or neighbours beside it. */
static size_t put_list(struct spelling *spelling, struct choices *choices)
{
    bool group = choose(choices, 3) == 1, before = choose(choices, 3) == 1, behind = choose(choices, 3) == 1;

    put(spelling, group ? "\"G\" :" : "");
    put(spelling, before ? "B <b@other.test>," : "");
    put_mailbox(spelling, choices);
    put(spelling, behind ? ", c@other.test" : "");
    put(spelling, group ? " ; " : "");
    return 1u + before + behind;
}

static bool has_partner(const struct header_from *from)
{
    bool found = false;

    for (size_t i = 0; i < from->count; i++)
        found = found || strcmp(from->domains[i].text, "partner.test") == 0;
    return found;
}

/* The list alone parses; with the rest of the input behind it, it parses or names the domain. */
static void check_spelling(const uint8_t *data, size_t size)
{
    struct choices choices = {data, size};
    struct spelling spelling = {.length = 0};
    struct header_from from = {0};
    size_t addresses = put_list(&spelling, &choices);
    bool found = false;
    char *field;

    header_from_add(&from, spelling.text);
    CHECK(from.unparsed == NULL && from.count == addresses && has_partner(&from));
    header_from_clear(&from);
    field = malloc(spelling.length + choices.left + 3);
    CHECK(field != NULL);
    stpncpy(stpcpy(stpcpy(field, spelling.text), ", "), (const char *)choices.at, choices.left)[0] = '\0';
    header_from_add(&from, field);
    header_from_each_name(&from, LABELS, look_for_partner, &found);
    CHECK(from.unparsed == NULL ? has_partner(&from) : found);
    header_from_clear(&from);
    free(field);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct header_from from = {0};
    size_t names = 0;
    char *text = fuzz_text(data, size);

    header_from_add(&from, text);
    for (size_t i = 0; i < from.count; i++)
        CHECK(from.domains[i].length > 0);
    CHECK(from.unparsed == NULL || from.count == 0);
    if (strchr(text, '\n') == NULL)
        header_from_each_name(&from, LABELS, count_name, &names);
    CHECK(names == 0 || from.unparsed != NULL);
    header_from_clear(&from);
    check_spelling(data, size);
    free(text);
    return 0;
}
