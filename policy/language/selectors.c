/* SPDX-License-Identifier: BSD-2-Clause */
/* `domains` and `clients` of a partner. Knows which selectors are taken, and nothing else of partners. */
#include "policy/language/compile.h"

#include <string.h>
#include "policy/names/pasted.h"
#include "policy/names/scalar.h"
#include "policy/verdict/select.h"

static void add_selector(struct loading *loading, const struct node *node, arena_ref text,
                         enum selector_kind kind)
{
    struct policy *policy = loading->policy;
    const struct selector selector = {.text = text,
                                      .partner = (unsigned)(policy->partner_count - 1) % PARTNERS_MAX,
                                      .kinds = 1u << kind,
                                      .line = node->line};
    const struct selector *other;

    if (!select_add(policy, &selector, &other)) {
        loading_exhausted(loading);
    } else if (other != NULL) {
        const struct partner *owner = &policy->partners[other->partner];
        bool named = owner->name[0] != '\0'; /* else its name was refused */

        loading_error(loading, node, "\"%.255s\" selects %s%s%s already: %s:%u", node->text,
                      named ? "partner \"" : "a partner", owner->name, named ? "\"" : "",
                      policy->files[owner->file], other->line);
    }
}

/* Whether the text is an address or a network. */
static bool is_network(const char *text)
{
    struct network network;

    return network_looks_like(text) && network_check(&network, text) == NULL;
}

/* Reports an address or a network, also one with a label as "IP:": it says nothing of the sender's domain. */
static bool refuse_network_as_domain(struct loading *loading, const struct node *node, const char *text)
{
    struct pasted pasted;
    char shown[PASTED_MAX];

    if (is_network(text)) {
        loading_error(loading, node,
                      "\"%.64s\" is not a domain but an IP address or network: write it in clients", text);
        return true;
    }
    if (!pasted_read(&pasted, text, PASTED_HOST) || pasted.count != 1 || !is_network(pasted.text))
        return false;
    scalar_write(shown, sizeof shown, pasted.text);
    loading_error(loading, node,
                  "\"%.64s\" is not a domain but an IP address or network: write %.64s in clients", text,
                  shown);
    return true;
}

static void add_domain(struct loading *loading, const struct node *node)
{
    enum selector_kind kind = SELECT_EVERYONE;
    const char *text;
    arena_ref domain;

    if (!compile_text(loading, node, &text) || refuse_network_as_domain(loading, node, text))
        return;
    if (strcmp(text, "*") == 0) {
        domain = loading_keep(loading, text);
    } else {
        kind = text[0] == '.' ? SELECT_SUBDOMAINS : SELECT_DOMAIN;
        if (!compile_pasted(loading, node, text, PASTED_HOST)
            || !compile_domain(loading, node, text + (text[0] == '.'), &domain))
            return;
        if (domain != 0)
            compile_doubt_suffix(loading, node, arena_at(&loading->policy->arena, domain),
                                 kind == SELECT_SUBDOMAINS);
    }
    if (domain != 0)
        add_selector(loading, node, domain, kind);
}

static void add_network(struct loading *loading, const struct node *node, const char *text)
{
    struct arena *arena = &loading->policy->arena;
    struct network network;
    arena_ref block;

    if (!compile_network(loading, node, text, &network))
        return;
    block = arena_alloc_ref(arena, sizeof network);
    if (block == 0) {
        loading_exhausted(loading);
        return;
    }
    *(struct network *)arena_at(arena, block) = network;
    add_selector(loading, node, block, SELECT_NETWORK);
}

static void add_client(struct loading *loading, const struct node *node)
{
    const char *text;
    arena_ref name;

    if (!compile_text(loading, node, &text) || !compile_pasted(loading, node, text, PASTED_HOST))
        return;
    if (network_looks_like(text)) {
        add_network(loading, node, text);
        return;
    }
    if (!compile_no_star(loading, node, text)
        || !compile_domain(loading, node, text + (text[0] == '.'), &name))
        return;
    if (name != 0)
        compile_doubt_suffix(loading, node, arena_at(&loading->policy->arena, name), text[0] == '.');
    add_selector(loading, node, name, text[0] == '.' ? SELECT_CLIENT_SUFFIX : SELECT_CLIENT_NAME);
}

void compile_selectors(struct loading *loading, const struct node *partner, const struct node *domains,
                       const struct node *clients)
{
    const struct policy *policy = loading->policy;
    const struct node *item = NULL;

    if (domains == NULL && clients == NULL)
        loading_error(loading, partner, "partner \"%s\" needs domains, clients or both",
                      policy->partners[policy->partner_count - 1].name);
    if (domains != NULL && compile_list(loading, domains, false, &item) > 0)
        for (; item != NULL; item = item->next)
            add_domain(loading, item);
    item = NULL;
    if (clients != NULL && compile_list(loading, clients, false, &item) > 0)
        for (; item != NULL; item = item->next)
            add_client(loading, item);
}
