/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Settles drafts that name the same domain. A policy has one partner per domain, with a rule for each
 * direction; other products have a list for each direction. Knows no file format.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "policy/names/domain.h"
#include "policy/tool/import/import.h"

static const char outbound_prefix[] = "outbound.";

/* Whether a name has only one spelling, apart from case. */
static bool is_plain(const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < length; i++)
        if ((unsigned char)name[i] > 0x7f)
            return false;
    return length == 0 || name[length - 1] != '.';
}

/* Whether two selectors or next hops are the same. */
static bool is_same(const char *a, const char *b)
{
    struct domain first, second;
    bool below = *a == '.';

    if (strcasecmp(a, b) == 0)
        return true;
    if ((is_plain(a) && is_plain(b)) || below != (*b == '.'))
        return false;
    return domain_normalise(&first, a + below, strlen(a + below)) == DOMAIN_VALID
           && domain_normalise(&second, b + below, strlen(b + below)) == DOMAIN_VALID
           && strcmp(first.text, second.text) == 0;
}

/* Normalises a selector or next hop, so that equal ones are the same text, and puts `kind` before it. */
static const char *form_of(struct import *import, const char *kind, const char *text)
{
    bool below = *text == '.';
    struct domain domain;
    char *form;

    if (!is_plain(text) && domain_normalise(&domain, text + below, strlen(text + below)) == DOMAIN_VALID)
        return import_format(import, "%s%s%s", kind, below ? "." : "", domain.text);
    form = import_alloc(import, strlen(kind) + strlen(text) + 1);
    sprintf(form, "%s%s", kind, text);
    for (char *at = form + strlen(kind); *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return form;
}

static bool contains(const struct value *values, const char *text)
{
    for (; values != NULL; values = values->next)
        if (is_same(values->text, text))
            return true;
    return false;
}

/* Whether `values` has one that `others` lacks. */
static bool exceeds(const struct value *values, const struct value *others)
{
    for (; values != NULL; values = values->next)
        if (!contains(others, values->text))
            return true;
    return false;
}

/* ---- one partner for both directions ---- */

static void take_domains(struct draft *draft, const struct value *gone)
{
    struct value **link = &draft->values[draft_key_find("domains")];

    while (*link != NULL) {
        if (contains(gone, (*link)->text))
            *link = (*link)->next;
        else
            link = &(*link)->next;
    }
}

/* Copies the rule of one direction, the texts for humans, and the origins. */
static void copy_rule(struct import *import, struct draft *to, const struct draft *from, bool outbound)
{
    for (size_t i = 0; draft_keys[i].path != NULL; i++) {
        const char *path = draft_keys[i].path;
        bool of_outbound = strncmp(path, outbound_prefix, strlen(outbound_prefix)) == 0;
        bool wanted = draft_keys[i].kind == KEY_TEXT ? to->values[i] == NULL : of_outbound == outbound;

        if (!wanted || strcmp(path, "domains") == 0 || strcmp(path, "clients") == 0)
            continue;
        for (const struct value *value = from->values[i]; value != NULL; value = value->next)
            draft_add(import, to, path, value->text);
    }
    for (const struct origin *origin = from->origins; origin != NULL; origin = origin->next)
        draft_origin(import, to, origin);
}

/* Moves the domains that both drafts have to one partner with both rules. */
static void join(struct import *import, struct draft *inbound, struct draft *outbound)
{
    struct draft *joined = inbound, shared = {.values = NULL};
    const struct value *own = draft_values(inbound, "domains");

    shared.values = draft_no_values(import);
    for (const struct value *value = draft_values(outbound, "domains"); value != NULL; value = value->next)
        if (contains(own, value->text))
            draft_add(import, &shared, "domains", value->text);
    if (draft_values(&shared, "domains") == NULL)
        return;
    if (exceeds(own, draft_values(&shared, "domains"))) {
        joined = draft_new(import, NULL);
        joined->name = draft_name(import, inbound->name);
        joined->values[draft_key_find("domains")] = shared.values[draft_key_find("domains")];
        copy_rule(import, joined, inbound, false);
        take_domains(inbound, draft_values(&shared, "domains"));
    }
    copy_rule(import, joined, outbound, true);
    take_domains(outbound, draft_values(&shared, "domains"));
}

/* Finds a partner that has one of the domains and no rule for mail to it. NULL: none. */
static struct draft *inbound_of(struct import *import, const struct text_index *domains,
                                const struct draft *outbound)
{
    for (const struct value *value = draft_values(outbound, "domains"); value != NULL; value = value->next) {
        const struct indexed *found = text_index_find(domains, form_of(import, "", value->text), false);

        if (found != NULL && draft_values(found->draft, "outbound.mode") == NULL
            && contains(draft_values(found->draft, "domains"), value->text))
            return found->draft;
    }
    return NULL;
}

static void join_directions(struct import *import)
{
    struct text_index domains = {.count = 0};

    for (struct draft *draft = import->first; draft != NULL; draft = draft->next)
        for (const struct value *value = draft_values(draft, "domains");
             value != NULL && !draft->outbound_only; value = value->next)
            import_index(&domains, form_of(import, "", value->text), draft);
    for (struct draft *outbound = import->first, *next; outbound != NULL; outbound = next) {
        struct draft *inbound;

        while (outbound->outbound_only && (inbound = inbound_of(import, &domains, outbound)) != NULL)
            join(import, inbound, outbound);
        next = outbound->next;
        if (outbound->outbound_only && draft_values(outbound, "domains") == NULL)
            draft_remove(import, outbound);
    }
    text_index_free(&domains);
}

/* ---- what an earlier partner already has ---- */

/* Returns the prefix of keys in an index of owners: "domains", "clients" and "next_hops", by direction. */
static const char *kind_of(const struct draft *draft, const char *path)
{
    static const char *const kinds[2][3] = {{"d:", "c:", "h:"}, {"D:", "C:", "H:"}};

    return kinds[draft->outbound_only][strcmp(path, "domains") == 0   ? 0
                                       : strcmp(path, "clients") == 0 ? 1
                                                                      : 2];
}

/* Notes that a value stays with the draft that already has it. */
static void note_taken(const struct draft *draft, const char *text, const struct draft *owner)
{
    import_note(draft->origins, "\"%.255s\" is left out: partner \"%s\" has it already, %s:%u", text,
                owner->name, owner->origins->file, owner->origins->line);
}

/*
 * Drops the values that an earlier draft has, or this draft in another spelling. Adds the others to the
 * index. Unless `quiet`, a note names each value that an earlier draft has.
 */
static void drop_taken(struct import *import, struct text_index *owners, struct draft *draft,
                       const char *path, bool quiet)
{
    struct value **link = &draft->values[draft_key_find(path)];

    while (*link != NULL) {
        const char *form = form_of(import, quiet ? "" : kind_of(draft, path), (*link)->text);
        const struct indexed *found = text_index_find(owners, form, false);

        if (found == NULL) {
            import_index(owners, form, draft);
            link = &(*link)->next;
            continue;
        }
        if (!quiet && found->draft != draft)
            note_taken(draft, (*link)->text, found->draft);
        *link = (*link)->next;
    }
}

/* Partners that were one draft have the same next hops: the first keeps them. */
static void drop_copies(struct import *import)
{
    struct text_index owners = {.count = 0};

    for (struct draft *draft = import->first; draft != NULL; draft = draft->next)
        drop_taken(import, &owners, draft, "outbound.next_hops", true);
    text_index_free(&owners);
}

void drafts_settle(struct import *import)
{
    struct text_index owners = {.count = 0};

    for (struct draft *draft = import->first, *next; draft != NULL; draft = next) {
        next = draft->next;
        drop_taken(import, &owners, draft, "domains", false);
        drop_taken(import, &owners, draft, "clients", false);
        drop_taken(import, &owners, draft, "outbound.next_hops", false);
        if (draft_values(draft, "domains") == NULL && draft_values(draft, "clients") == NULL)
            draft_remove(import, draft);
    }
    text_index_free(&owners);
    join_directions(import);
    drop_copies(import);
}
