/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `outbound` of a partner and of the defaults. Knows the keys; policy/outbound/ makes answers from them.
 */
#include "policy/language/compile.h"

#include <string.h>
#include "policy/names/date.h"
#include "policy/names/next_hop.h"
#include "policy/requirement/outbound_rule.h"
#include "policy/verdict/select.h"

static void read_mode(struct loading *loading, const struct node *node, void *into)
{
    compile_mode(loading, node, &((struct outbound *)into)->mode);
}

static void read_rollout(struct loading *loading, const struct node *node, void *into)
{
    struct outbound *outbound = into;

    outbound->steps = compile_rollout(loading, node, true, &outbound->step_count);
}

static void read_require(struct loading *loading, const struct node *node, void *into)
{
    compile_server_require(loading, node, &((struct outbound *)into)->require);
}

/* Does nothing: compile_next_hops() reads `next_hops` when the partner has its selectors. */
static void pass_next_hops(struct loading *loading, const struct node *node, void *into)
{
    (void)loading;
    (void)node;
    (void)into;
}

/* ---- exceptions ---- */

#define BY_NEXT_HOP "Postfix asks for the next hop alone, and all mail to the partner is alike; delete it"

static void read_exceptions(struct loading *loading, const struct node *node, void *into)
{
    static const struct key keys[] = {
        {"until", compile_exception_until}, {"reason", compile_exception_reason}, {NULL, NULL}};
    static const struct refused_key refused[] = {
        {"clients", BY_NEXT_HOP}, {"senders", BY_NEXT_HOP}, {"recipients", BY_NEXT_HOP}, {NULL, NULL}};
    struct outbound *outbound = into;
    const struct node *item = NULL;
    size_t count = compile_list(loading, node, false, &item);
    struct exception *exceptions = loading_alloc(loading, count * sizeof *exceptions);

    for (size_t i = 0; exceptions != NULL && i < count; i++, item = item->next) {
        exceptions[i] = (struct exception){.until = DATE_BEGIN, .place = loading_place(loading, item)};
        if (!compile_mapping_refusing(loading, item, keys, refused, &exceptions[i],
                                      "an exception of outbound"))
            continue;
        compile_exception_whole(loading, item);
    }
    outbound->exceptions = exceptions;
    outbound->exception_count = exceptions == NULL ? 0 : count;
}

/* ---- the whole ---- */

static const struct refused_key refused_keys[] = {
    {"action", OUTBOUND_HAS_NO_ACTION},
    {"clients", BY_NEXT_HOP},
    {"recipients", BY_NEXT_HOP},
    {"senders", BY_NEXT_HOP},
    {NULL, NULL},
};

void compile_default_outbound(struct loading *loading, const struct node *node, struct outbound *outbound)
{
    static const struct key keys[] = {{"mode", read_mode}, {"require", read_require}, {NULL, NULL}};

    outbound->place = loading_place(loading, node);
    compile_mapping_refusing(loading, node, keys, refused_keys, outbound, "outbound of defaults");
}

const struct outbound *compile_outbound(struct loading *loading, const struct node *node)
{
    static const struct key keys[] = {
        {"mode", read_mode},       {"rollout", read_rollout},       {"next_hops", pass_next_hops},
        {"require", read_require}, {"exceptions", read_exceptions}, {NULL, NULL},
    };
    struct outbound *outbound = loading_alloc(loading, sizeof *outbound);

    if (outbound == NULL)
        return NULL;
    outbound->mode = MODE_COUNT;
    outbound->place = loading_place(loading, node);
    if (!compile_mapping_refusing(loading, node, keys, refused_keys, outbound, "outbound"))
        return NULL;
    loading->policy->outbound_count++;
    return outbound;
}

/* ---- listed next hops ---- */

static void tell_listed(struct loading *loading, const struct node *node, const struct listed_hop *other)
{
    const struct policy *policy = loading->policy;
    const struct partner *owner = &policy->partners[other->partner];

    loading_error(loading, node, "next hop \"%.255s\" is listed by partner \"%s\" already: %s:%u", node->text,
                  owner->name, policy->files[owner->file], other->line);
}

static void add_hop(struct loading *loading, const struct node *node)
{
    struct policy *policy = loading->policy;
    const struct listed_hop *other = NULL;
    struct listed_hop listed = {
        .partner = (unsigned)(policy->partner_count - 1), .line = node->line, .column = loading_column(node)};
    struct next_hop hop = {.port = false};
    enum next_hop_form form = NEXT_HOP_NONE;
    const char *text, *wrong;

    if (!compile_text(loading, node, &text))
        return;
    wrong = next_hop_check(&hop, &form, text);
    if (wrong != NULL) {
        loading_error(loading, node, "next hop \"%.255s\" %s", text, wrong);
        return;
    }
    listed.text = form == NEXT_HOP_UNREAD ? 0 : loading_keep(loading, hop.text);
    listed.domain = form == NEXT_HOP_DOMAIN && !hop.port;
    if (listed.text == 0 || !hops_add(policy, &listed, &other))
        loading_exhausted(loading);
    else if (other != NULL)
        tell_listed(loading, node, other);
}

/* Mail is sent to domains: `outbound` is of no use to a partner that has none, or "*". */
static void check_domains(struct loading *loading, const struct node *partner)
{
    const struct policy *policy = loading->policy;
    const struct node *outbound = node_find(partner, "outbound"), *domains = node_find(partner, "domains");

    if (domains == NULL)
        loading_error(
            loading, outbound->key,
            "outbound needs domains: it is mail to them; this partner is selected by clients alone");
    if (policy->everyone == policy->partner_count)
        loading_error(loading, outbound->key,
                      "outbound cannot go with the domain \"*\": for all other mail, set "
                      "smtp_tls_security_level in Postfix");
}

void compile_next_hops(struct loading *loading, const struct node *partner, const struct node *hops)
{
    const struct node *item = NULL;

    check_domains(loading, partner);
    if (hops == NULL)
        return;
    compile_list(loading, hops, false, &item);
    for (; item != NULL; item = item->next)
        add_hop(loading, item);
}

/* ---- when every file is read ---- */

/* Reports a next hop that is another partner's domain. */
static void check_hop(struct loading *loading, const struct listed_hop *hop)
{
    const struct policy *policy = loading->policy;
    const struct partner *owner = &policy->partners[hop->partner], *found[2];
    const char *text = arena_get(&policy->arena, hop->text);
    const struct node at = {.line = hop->line, .column = hop->column};

    if (!hop->domain)
        return;
    select_exact(policy, text, strlen(text), found);
    if (found[0] == NULL || found[0] == owner)
        return;
    loading->file = policy->files[owner->file];
    loading_error(loading, &at, "next hop \"%.255s\" of partner \"%s\" is a domain of partner \"%s\"", text,
                  owner->name, found[0]->name);
}

void compile_outbound_finish(struct loading *loading)
{
    const struct policy *policy = loading->policy;

    for (size_t i = 0; i < policy->hop_count; i++)
        check_hop(loading, &policy->hops[i]);
}
