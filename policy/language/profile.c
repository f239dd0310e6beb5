/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `profiles`, and what can be checked only when every file is read: which profile a name means, circles, and
 * how many profiles a partner has. Does not know what a requirement is.
 */
#include "policy/language/compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/names/suggest.h"
#include "policy/requirement/outbound_rule.h"
#include "policy/requirement/profiles.h"

enum { NAMED_MOST = 64 };

/* ---- profiles ---- */

static struct profile *find_profile(const struct policy *policy, const char *name)
{
    for (size_t i = 0; i < policy->profile_count; i++)
        if (strcmp(policy->profiles[i].name, name) == 0)
            return &policy->profiles[i];
    return NULL;
}

static void add_profile(struct loading *loading, const struct node *value)
{
    struct policy *policy = loading->policy;
    const struct profile *other;
    struct require *require = loading_alloc(loading, sizeof *require);
    struct profile *profiles = realloc(policy->profiles, (policy->profile_count + 1) * sizeof *profiles);

    if (profiles != NULL)
        policy->profiles = profiles;
    if (profiles == NULL || require == NULL) {
        loading_exhausted(loading);
        return;
    }
    other = find_profile(policy, value->key->text);
    if (other != NULL && other->builtin != NULL)
        loading_error(loading, value->key, "\"%.64s\" is a built-in profile; choose another name",
                      value->key->text);
    else if (other != NULL)
        loading_error(loading, value->key, "duplicate profile \"%.64s\"; the first is at %s:%u",
                      value->key->text, other->place.file, other->place.line);
    compile_require(loading, value, require, "a profile");
    profiles[policy->profile_count++] = (struct profile){loading_text(loading, value->key->text), NULL,
                                                         require, loading_place(loading, value->key)};
}

void compile_profiles(struct loading *loading, const struct node *node)
{
    if (node->kind != NODE_MAPPING) {
        loading_error(loading, node, "profiles must be a mapping of names to requirements");
        return;
    }
    for (const struct node *value = node->first; value != NULL; value = value->next) {
        const char *text;

        if (compile_name(loading, value->key, &text))
            add_profile(loading, value);
    }
}

/* ---- when every file is read ---- */

/* Lists the names that contain a word, with " or " between them. False: none does. */
static bool list_containing(const char *const *names, const char *word, char list[160])
{
    size_t used = 0;

    list[0] = '\0';
    for (; *names != NULL && strlen(word) >= 3 && used < 100; names++)
        if (strcasestr(*names, word) != NULL)
            used += (size_t)snprintf(list + used, 160 - used, "%s\"%.40s\"", used == 0 ? "" : " or ", *names);
    return used > 0;
}

static void resolve_profile(struct loading *loading, const struct profile_use *use)
{
    const struct policy *policy = loading->policy;
    const struct node at = {.line = use->place.line, .column = use->place.column};
    const char **names, *nearest;
    char list[160];

    *use->slot = find_profile(policy, use->name);
    if (*use->slot != NULL)
        return;
    names = calloc(policy->profile_count + 1, sizeof *names);
    if (names == NULL) {
        loading_exhausted(loading);
        return;
    }
    for (size_t i = 0; i < policy->profile_count; i++)
        names[i] = policy->profiles[i].name;
    nearest = suggest_word(use->name, names);
    loading->file = use->place.file;
    if (nearest != NULL)
        loading_error(loading, &at, "unknown profile \"%.64s\"; did you mean \"%s\"?", use->name, nearest);
    else if (list_containing(names, use->name, list))
        loading_error(loading, &at, "unknown profile \"%.64s\"; did you mean %s?", use->name, list);
    else
        loading_error(loading, &at,
                      "unknown profile \"%.64s\"; \"forcetls list --profiles\" shows those there are",
                      use->name);
    free(names);
}

/*
 * Subtracts from *left the profiles that a `require` names and those that these name, each as often as it is
 * named. True: there are at most *left, so that walks through them end.
 */
static bool names_few(const struct require *require, unsigned *left)
{
    for (size_t i = 0; i < require->profile_count; i++) {
        if (require->profiles[i] == NULL)
            continue;
        if (*left == 0)
            return false;
        --*left;
        if (!names_few(require->profiles[i]->require, left))
            return false;
    }
    return true;
}

/* Whether `wanted` is among the first *left profiles that names_few() counts. */
static bool reaches(const struct require *require, const struct profile *wanted, unsigned *left)
{
    for (size_t i = 0; i < require->profile_count && *left != 0; i++) {
        if (require->profiles[i] == NULL)
            continue;
        --*left;
        if (require->profiles[i] == wanted || reaches(require->profiles[i]->require, wanted, left))
            return true;
    }
    return false;
}

/* Reports profiles that name too many: if `circles`, those in a circle, else all. */
static void tell_crowds(struct loading *loading, bool circles)
{
    const struct policy *policy = loading->policy;

    for (size_t i = 0; i < policy->profile_count; i++) {
        const struct profile *profile = &policy->profiles[i];
        const struct node at = {.line = profile->place.line, .column = profile->place.column};
        unsigned left = NAMED_MOST, again = NAMED_MOST;

        if (names_few(profile->require, &left) || (circles && !reaches(profile->require, profile, &again)))
            continue;
        loading->file = profile->place.file;
        if (circles)
            loading_error(loading, &at, "profile \"%s\" contains itself", profile->name);
        else
            loading_error(loading, &at, "profile \"%s\" and those it names name more than %d profiles",
                          profile->name, NAMED_MOST);
    }
}

static void check_circles(struct loading *loading)
{
    unsigned errors = loading->errors;

    tell_crowds(loading, true);
    if (loading->errors == errors)
        tell_crowds(loading, false);
}

static void check_pieces(struct loading *loading, const struct partner *partner)
{
    const struct require *own = &partner->terms->require;
    const struct node at = {.line = partner->line, .column = partner->column};
    struct piece piece[PIECES_MAX];
    unsigned left = NAMED_MOST;

    if (names_few(own->has_profiles ? own : &loading->policy->require, &left)
        && require_pieces(loading->policy, partner, piece) <= PIECES_MAX)
        return;
    loading->file = loading->policy->files[partner->file];
    loading_error(loading, &at,
                  "partner \"%s\": its profiles and those they name are more than %d sets of requirements",
                  partner->name, PIECES_MAX - 2);
}

/* The same for what a partner requires of servers. Its profiles must not have keys about clients. */
static void check_outbound(struct loading *loading, const struct partner *partner)
{
    const struct outbound *outbound = partner->terms->outbound;
    const struct node at = {.line = partner->line, .column = partner->column};
    const struct require *own;
    struct piece piece[PIECES_MAX];
    const unsigned of_clients =
        1u << REQUIRE_CERTIFICATES | 1u << REQUIRE_CLIENTS | 1u << REQUIRE_AUTHENTICATED;
    unsigned left = NAMED_MOST, keys = 0;
    size_t count = PIECES_MAX + 1;

    if (outbound == NULL)
        return;
    own = outbound->require.require.has_profiles ? &outbound->require.require
                                                 : &loading->policy->outbound.require.require;
    if (names_few(own, &left))
        count = outbound_pieces(loading->policy, outbound, piece);
    for (size_t i = 0; count <= PIECES_MAX && i < count; i++)
        keys |= piece[i].keys;
    loading->file = loading->policy->files[partner->file];
    if (count > PIECES_MAX)
        loading_error(loading, &at,
                      "partner \"%s\": the profiles of outbound and those they name are more than %d sets of "
                      "requirements",
                      partner->name, PIECES_MAX - 2);
    if ((keys & of_clients) != 0)
        loading_error(
            loading, &at,
            "partner \"%s\": a profile of outbound has %s, which clients show and servers do not; name "
            "a profile without, and write certificates in outbound",
            partner->name,
            keys & 1u << REQUIRE_CERTIFICATES ? "certificates"
            : keys & 1u << REQUIRE_CLIENTS    ? "clients"
                                              : "authenticated");
}

bool compile_profiles_resolved(struct loading *loading)
{
    const struct policy *policy = loading->policy;
    unsigned errors = loading->errors;

    for (size_t i = 0; i < loading->use_count; i++)
        resolve_profile(loading, &loading->uses[i]);
    check_circles(loading);
    if (loading->errors != errors || loading->out_of_memory)
        return false;
    for (size_t i = 0; i < policy->partner_count; i++)
        check_pieces(loading, &policy->partners[i]);
    for (size_t i = 0; i < policy->partner_count && policy->outbound_count > 0; i++)
        check_outbound(loading, &policy->partners[i]);
    return true;
}
