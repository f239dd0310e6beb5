/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Access to the parts of a policy: identities, partners, their selectors. Knows what the dates of a rollout
 * mean; does not weigh requirements.
 */
#include "policy/internal.h"

#include <stdio.h>
#include <string.h>
#include "policy/names/date.h"

/* ---- certificate identities ---- */

const struct particulars *identity_particulars(const struct policy *policy, const struct identity *identity)
{
    static const struct particulars none = {.from = DATE_BEGIN, .until = DATE_END};

    return identity->particulars == 0 ? &none : arena_at(&policy->arena, identity->particulars);
}

bool particulars_in_force(const struct particulars *particulars, int64_t now)
{
    return particulars->from <= now && now < particulars->until;
}

/*
 * Returns a stored rule. If not `is_rule`, `ref` is the text of a lone common name: `lone` then holds the
 * rule.
 */
static struct name_rule rule_at(const struct policy *policy, arena_ref ref, bool is_rule,
                                struct lone_name *lone)
{
    const struct name_rule *rule = arena_at(&policy->arena, ref);

    if (ref == 0)
        return (struct name_rule){0, NULL};
    if (is_rule)
        return *rule;
    lone->attribute = (struct name_attribute){NULL, arena_at(&policy->arena, ref)};
    lone->pattern = (struct name_pattern){1, &lone->attribute};
    return (struct name_rule){1, &lone->pattern};
}

struct name_rule identity_subject(const struct policy *policy, const struct identity *identity,
                                  struct lone_name *lone)
{
    return rule_at(policy, identity->subject, identity->subject_rule, lone);
}

struct name_rule identity_issuer(const struct policy *policy, const struct identity *identity,
                                 struct lone_name *lone)
{
    return rule_at(policy, identity->issuer, identity->issuer_rule, lone);
}

/* ---- partners ---- */

enum mode partner_in_force(const struct policy *policy, const struct partner *partner, int64_t now,
                           const struct actions **actions)
{
    enum mode mode = partner->mode == MODE_COUNT ? policy->mode : (enum mode)partner->mode;

    *actions = partner->terms->actions == NULL ? policy->actions : partner->terms->actions;
    for (size_t i = 0; i < partner->terms->step_count && partner->terms->steps[i].from <= now; i++) {
        const struct step *step = &partner->terms->steps[i];

        mode = step->mode == MODE_COUNT ? mode : step->mode;
        *actions = step->actions == NULL ? *actions : step->actions;
    }
    return mode;
}

const char *partner_name(const struct partner *partner)
{
    return partner->name;
}

struct place partner_place(const struct policy *policy, const struct partner *partner)
{
    return (struct place){policy->files[partner->file], partner->line, partner->column};
}

const char *partner_contact(const struct partner *partner)
{
    return partner->terms->contact;
}

const char *partner_comment(const struct partner *partner)
{
    return partner->terms->comment;
}

const char *partner_acknowledgement(const struct partner *partner, size_t i, const char **reason)
{
    const struct terms *terms = partner->terms;

    if (i >= terms->acknowledgement_count)
        return NULL;
    *reason = terms->acknowledgements[i].reason;
    return warning_id(terms->acknowledgements[i].warning);
}

enum mode partner_mode(const struct policy *policy, const struct partner *partner, int64_t now)
{
    const struct actions *actions;

    return partner_in_force(policy, partner, now, &actions);
}

bool partner_action(const struct policy *policy, const struct partner *partner, int64_t now,
                    enum action *action)
{
    const struct actions *actions;

    partner_in_force(policy, partner, now, &actions);
    *action = actions->otherwise;
    return actions->mapped;
}

const char *partner_message(const struct policy *policy, const struct partner *partner)
{
    return partner->terms->message != NULL ? partner->terms->message : policy->message;
}

const struct selector *partner_selectors(const struct policy *policy, const struct partner *partner,
                                         size_t *count)
{
    const struct partner *next = partner + 1;
    size_t end =
        next == policy->partners + policy->partner_count ? policy->selector_count : next->selector_first;

    *count = end - partner->selector_first;
    return &policy->selectors[partner->selector_first];
}

void selector_format(const struct policy *policy, const struct selector *entry, unsigned kind, char *text,
                     size_t size)
{
    const void *of = arena_at(&policy->arena, entry->text);
    char network[64];

    if (kind == SELECT_NETWORK)
        network_format(of, network);
    snprintf(text, size, "%s%s", kind == SELECT_SUBDOMAINS || kind == SELECT_CLIENT_SUFFIX ? "." : "",
             kind == SELECT_NETWORK ? network : (const char *)of);
}

void partner_each_selector(const struct policy *policy, const struct partner *partner,
                           void (*selector)(void *arg, const char *text), void *arg)
{
    size_t count;
    const struct selector *entry = partner_selectors(policy, partner, &count);

    for (; count-- > 0; entry++) {
        char text[DOMAIN_MAX + 64];

        for (unsigned kind = 0; kind < SELECT_COUNT; kind++) {
            if ((entry->kinds & 1u << kind) == 0)
                continue;
            selector_format(policy, entry, kind, text, sizeof text);
            selector(arg, text);
        }
    }
}

/* ---- exceptions ---- */

int64_t exception_until(const struct exception *exception)
{
    return exception->until;
}

const char *exception_reason(const struct exception *exception)
{
    return exception->reason;
}

struct place exception_place(const struct exception *exception)
{
    return exception->place;
}
