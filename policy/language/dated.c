/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks through all dates of a policy and says in words what happens at each. Knows the requirements,
 * rollouts and exceptions of a policy that loaded; reads no clock.
 */
#include "policy/language/dated.h"

#include "policy/internal.h"
#include "policy/language/identities.h"
#include "policy/names/date.h"
#include "policy/names/growing.h"
#include "policy/requirement/outbound_rule.h"
#include "policy/requirement/weigh.h"

enum { SUBJECT_OCTETS = 1024, TEXT_OCTETS = 4096 };

/* One partner, and one direction of its mail. */
struct walk {
    const struct policy *policy;
    const struct partner *partner;
    const struct outbound *outbound; /* NULL: mail from the partner */
    void (*found)(void *arg, const struct dated *dated);
    void *arg;
};

static void give(const struct walk *walk, enum dated_kind kind, int64_t date, const char *subject,
                 const char *text)
{
    const struct dated dated = {date, walk->partner->name, walk->outbound != NULL, kind, subject, text};

    walk->found(walk->arg, &dated);
}

const char *dated_kind_name(enum dated_kind kind)
{
    static const char *const names[] = {
        [DATED_IDENTITY_BEGINS] = "identity_begins",   [DATED_IDENTITY_ENDS] = "identity_ends",
        [DATED_CERTIFICATE_ENDS] = "certificate_ends", [DATED_ROLLOUT] = "rollout",
        [DATED_EXCEPTION_ENDS] = "exception_ends",
    };

    return names[kind];
}

/* ---- identities ---- */

static void name_of(const struct identities *list, size_t i, char name[SUBJECT_OCTETS])
{
    if (list->clients != NULL)
        identity_name(list->policy, &list->clients[i], name, SUBJECT_OCTETS);
    else
        server_identity_name(&list->servers[i], name, SUBJECT_OCTETS);
}

static enum mode mode_at(const struct walk *walk, int64_t date)
{
    const struct actions *actions;

    return walk->outbound != NULL ? outbound_in_force(walk->policy, walk->outbound, date)
                                  : partner_in_force(walk->policy, walk->partner, date, &actions);
}

/* Adds what happens if no identity is in force from `date` on. */
static void add_gap(struct growing *text, const struct walk *walk, const struct identities *list,
                    int64_t date)
{
    const bool out = walk->outbound != NULL;
    size_t next = identities_next(list, date);
    char name[SUBJECT_OCTETS], begin[32];

    if (next < list->count) {
        name_of(list, next, name);
        date_format(identities_dates(list, next)->from, begin);
        growing_add(text, "; %s begins on %s: until then, ", name, begin);
    } else {
        growing_add(text, "; no other follows: after that, ");
    }
    growing_add(text, "%s %s%s", out ? "mail to the partner" : "mail",
                mode_at(walk, date) == MODE_ENFORCE ? "is deferred" : "would be deferred in mode enforce",
                out ? "" : " (policy_dates)");
}

/* Adds which identity is accepted after the end of `ended`. */
static void add_successor(struct growing *text, const struct walk *walk, const struct identities *list,
                          size_t ended)
{
    int64_t date = identities_dates(list, ended)->until;
    size_t other = identities_in_force(list, date);
    char name[SUBJECT_OCTETS], begin[32];

    if (other == list->count) {
        add_gap(text, walk, list, date);
        return;
    }
    name_of(list, other, name);
    date_format(identities_dates(list, other)->from, begin);
    if (identities_dates(list, other)->from > identities_dates(list, ended)->from)
        growing_add(text, "; its successor %s is accepted from %s on", name, begin);
    else
        growing_add(text, "; %s is still accepted", name);
}

static void give_end(const struct walk *walk, const struct identities *list, size_t i)
{
    const struct particulars *dates = identities_dates(list, i);
    const bool expires = dates->certificate != NULL && dates->certificate->not_after == dates->until - 1;
    char name[SUBJECT_OCTETS], words[TEXT_OCTETS];
    struct growing text = growing_begin(words, sizeof words);

    name_of(list, i, name);
    growing_add(&text, "%s %s", name, expires ? "expires" : "is no longer accepted");
    add_successor(&text, walk, list, i);
    give(walk, expires ? DATED_CERTIFICATE_ENDS : DATED_IDENTITY_ENDS, dates->until - expires, name, words);
}

static void give_begin(const struct walk *walk, const struct identities *list, size_t i)
{
    char name[SUBJECT_OCTETS], words[TEXT_OCTETS];
    struct growing text = growing_begin(words, sizeof words);

    name_of(list, i, name);
    growing_add(&text, "%s is accepted from then on", name);
    give(walk, DATED_IDENTITY_BEGINS, identities_dates(list, i)->from, name, words);
}

static void give_identities(const struct walk *walk, const struct identities *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (identities_dates(list, i)->from != DATE_BEGIN)
            give_begin(walk, list, i);
        if (identities_dates(list, i)->until != DATE_END)
            give_end(walk, list, i);
    }
}

/* ---- rollouts and exceptions ---- */

/* "reject", or "by reason, otherwise reject". */
static void add_action(struct growing *text, const struct actions *actions)
{
    growing_add(text, "%s%s", actions->mapped ? "by reason, otherwise " : "",
                action_name(actions->otherwise));
}

static void give_steps(const struct walk *walk, const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char words[TEXT_OCTETS];
        struct growing text = growing_begin(words, sizeof words);

        if (steps[i].mode != MODE_COUNT)
            growing_add(&text, "mode becomes %s", mode_name(steps[i].mode));
        if (steps[i].actions != NULL) {
            growing_add(&text, "%saction becomes ", text.length > 0 ? ", " : "");
            add_action(&text, steps[i].actions);
        }
        give(walk, DATED_ROLLOUT, steps[i].from, words, words);
    }
}

static void give_exception(const struct walk *walk, int64_t until, const char *reason)
{
    char words[TEXT_OCTETS];
    struct growing text = growing_begin(words, sizeof words);

    growing_add(&text, "the exception \"%s\" ends; the rule holds again for its mail", reason);
    give(walk, DATED_EXCEPTION_ENDS, until, reason, words);
}

/* ---- the whole ---- */

static void walk_inbound(const struct walk *walk)
{
    const struct terms *terms = walk->partner->terms;
    struct piece piece[PIECES_MAX];
    size_t count = require_pieces(walk->policy, walk->partner, piece);

    for (size_t i = 0; i < count && i < PIECES_MAX; i++) {
        const struct certificates *certificates = piece[i].certificates;

        if ((piece[i].keys & 1u << REQUIRE_CERTIFICATES) != 0 && certificates->count > 0) {
            const struct identities list = identities_of_clients(walk->policy, certificates);

            give_identities(walk, &list);
        }
    }
    give_steps(walk, terms->steps, terms->step_count);
    for (size_t i = 0; i < terms->exception_count; i++)
        give_exception(walk, terms->exceptions[i].until, terms->exceptions[i].reason);
}

static void walk_outbound(const struct walk *walk)
{
    const struct outbound *outbound = walk->outbound;
    const struct identities list =
        identities_of_servers(walk->policy, outbound_certificates(walk->policy, outbound));

    give_identities(walk, &list);
    give_steps(walk, outbound->steps, outbound->step_count);
    for (size_t i = 0; i < outbound->exception_count; i++)
        give_exception(walk, outbound->exceptions[i].until, outbound->exceptions[i].reason);
}

void policy_each_dated(const struct policy *policy, void (*found)(void *arg, const struct dated *dated),
                       void *arg)
{
    for (size_t i = 0; i < policy->partner_count; i++) {
        const struct partner *partner = &policy->partners[i];
        struct walk walk = {policy, partner, NULL, found, arg};

        walk_inbound(&walk);
        walk.outbound = partner->terms->outbound;
        if (walk.outbound != NULL)
            walk_outbound(&walk);
    }
}
