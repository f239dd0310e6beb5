/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One entry of `partners`: its selectors, its conduct (mode, action, rollout, exceptions) and texts for
 * people. Adds the partner to the policy even if something in it is wrong, so that later findings can name
 * it.
 */
#include "policy/language/compile.h"

#include <stdlib.h>
#include <string.h>
#include "policy/array.h"
#include "policy/names/date.h"
#include "policy/verdict/select.h"

/* A partner being read: `partner` becomes part of the policy when its selectors are added. */
struct reading {
    struct partner partner;
    struct terms terms;
    const struct node *domains, *clients, *next_hops;
};

/* ---- name ---- */

static void read_name(struct loading *loading, const struct node *node, void *into)
{
    struct reading *reading = into;
    const char *text;

    if (compile_name(loading, node, &text))
        reading->partner.name = loading_text(loading, text);
}

/* ---- conduct ---- */

static void read_mode(struct loading *loading, const struct node *node, void *into)
{
    struct reading *reading = into;
    enum mode mode;

    if (compile_mode(loading, node, &mode))
        reading->partner.mode = (unsigned)mode & 3;
}

static void read_action(struct loading *loading, const struct node *node, void *into)
{
    ((struct reading *)into)->terms.actions = compile_actions(loading, node);
}

static void read_rollout(struct loading *loading, const struct node *node, void *into)
{
    struct terms *terms = &((struct reading *)into)->terms;

    terms->steps = compile_rollout(loading, node, false, &terms->step_count);
}

/* ---- recipients and exceptions ---- */

static void read_recipients(struct loading *loading, const struct node *node, void *into)
{
    struct reading *reading = into;

    struct terms *terms = &reading->terms;

    terms->recipients = compile_address_patterns(loading, node, &terms->recipient_count);
    terms->scope = compile_pattern_set(loading, terms->recipients, terms->recipient_count, true);
}

static void read_exceptions(struct loading *loading, const struct node *node, void *into)
{
    struct reading *reading = into;

    reading->terms.exceptions = compile_exceptions(loading, node, &reading->terms.exception_count);
}

/* Does nothing: read_partner() reads `acknowledge` before the other keys. */
static void pass_acknowledge(struct loading *loading, const struct node *node, void *into)
{
    (void)loading;
    (void)node;
    (void)into;
}

static void read_acknowledge(struct loading *loading, const struct node *partner, struct terms *terms)
{
    const struct node *node = partner->kind == NODE_MAPPING ? node_find(partner, "acknowledge") : NULL;

    if (node == NULL)
        return;
    loading->acknowledgements = compile_acknowledge(loading, node, &loading->acknowledgement_count);
    terms->acknowledgements = loading->acknowledgements;
    terms->acknowledgement_count = loading->acknowledgement_count;
}

/* ---- selectors ---- */

static void read_identities(struct loading *loading, const struct node *node, void *into)
{
    static const char *const words[] = {"envelope_from", "header_from", NULL};
    struct reading *reading = into;
    const struct node *item = NULL;

    reading->partner.identities = 0;
    compile_list(loading, node, false, &item);
    for (; item != NULL; item = item->next) {
        int word = compile_word(loading, item, words, "identity");

        if (word >= 0)
            reading->partner.identities |= word == 0 ? SELECTED_ENVELOPE_FROM : SELECTED_HEADER_FROM;
    }
}

static void read_domains(struct loading *loading, const struct node *node, void *into)
{
    (void)loading;
    ((struct reading *)into)->domains = node;
}

static void read_clients(struct loading *loading, const struct node *node, void *into)
{
    (void)loading;
    ((struct reading *)into)->clients = node;
}

/* ---- the rest ---- */

static void read_require(struct loading *loading, const struct node *node, void *into)
{
    compile_require(loading, node, &((struct reading *)into)->terms.require, "require");
}

static void read_outbound(struct loading *loading, const struct node *node, void *into)
{
    struct reading *reading = into;

    reading->terms.outbound = compile_outbound(loading, node);
    reading->next_hops = node->kind == NODE_MAPPING ? node_find(node, "next_hops") : NULL;
}

static void read_message(struct loading *loading, const struct node *node, void *into)
{
    compile_message(loading, node, &((struct reading *)into)->terms.message);
}

static void read_contact(struct loading *loading, const struct node *node, void *into)
{
    const char *text;

    if (compile_free_text(loading, node, &text))
        ((struct reading *)into)->terms.contact = loading_text(loading, text);
}

static void read_comment(struct loading *loading, const struct node *node, void *into)
{
    const char *text;

    if (compile_free_text(loading, node, &text))
        ((struct reading *)into)->terms.comment = loading_text(loading, text);
}

/* Stores the partner's terms in the policy, or returns the equal terms of one of the partners just before. */
static const struct terms *keep_terms(struct loading *loading, const struct terms *terms)
{
    static const struct terms none;
    struct terms *kept;

    for (unsigned i = 0; i < TERMS_KEPT; i++)
        if (loading->terms[i] != NULL && memcmp(loading->terms[i], terms, sizeof *terms) == 0)
            return loading->terms[i];
    kept = arena_copy(&loading->policy->arena, terms, sizeof *terms);
    if (kept == NULL) {
        loading_exhausted(loading);
        return &none;
    }
    return loading->terms[loading->terms_count++ % TERMS_KEPT] = kept;
}

/* Appends the partner. False: out of memory. */
static bool append(struct policy *policy, const struct partner *partner)
{
    struct partner *partners = array_grow(policy->partners, policy->partner_count, sizeof *partners);

    if (partners == NULL)
        return false;
    policy->partners = partners;
    partners[policy->partner_count++] = *partner;
    return true;
}

/* Indexes the first `count` partners by name; the names are all different. False: out of memory. */
static bool index_names(struct loading *loading, size_t count)
{
    const struct partner *other;
    bool good = true;

    for (size_t i = 0; good && i < count; i++)
        if (loading->policy->partners[i].name[0] != '\0')
            good = select_add_name(&loading->names, loading->policy, i, &other);
    return good;
}

/* Reports a name that another partner has: one at the same place is in a file that is included twice. */
static void report_duplicate(struct loading *loading, const struct node *node, const struct partner *other)
{
    const char *file = loading->policy->files[other->file];

    if (other->line == node->line && strcmp(file, loading->file) == 0)
        loading_error(loading, node, "duplicate partner \"%s\": this file is included twice", other->name);
    else
        loading_error(loading, node, "duplicate partner \"%s\"; the first is at %s:%u", other->name, file,
                      (unsigned)other->line);
}

/*
 * Reports the name of the partner added last if it is a duplicate. Long lists are mostly sorted: as long as
 * the names ascend, none can occur twice, and there is no index.
 */
static void add_name(struct loading *loading, const struct node *node)
{
    const struct policy *policy = loading->policy;
    size_t partner = policy->partner_count - 1;
    const char *name = policy->partners[partner].name;
    const struct partner *other = NULL;

    if (name[0] == '\0')
        return;
    if (loading->last_name != NULL && strcmp(loading->last_name, name) < 0) {
        loading->last_name = name;
        return;
    }
    if ((loading->last_name != NULL && !index_names(loading, partner))
        || !select_add_name(&loading->names, policy, partner, &other))
        loading_exhausted(loading);
    loading->last_name = NULL;
    if (other != NULL)
        report_duplicate(loading, node_find(node, "name"), other);
}

static bool read_partner_keys(struct loading *loading, const struct node *node, struct reading *reading)
{
    static const struct key keys[] = {
        {"name", read_name},
        {"domains", read_domains},
        {"clients", read_clients},
        {"identities", read_identities},
        {"recipients", read_recipients},
        {"require", read_require},
        {"mode", read_mode},
        {"action", read_action},
        {"rollout", read_rollout},
        {"exceptions", read_exceptions},
        {"outbound", read_outbound},
        {"message", read_message},
        {"contact", read_contact},
        {"comment", read_comment},
        {"acknowledge", pass_acknowledge},
        {NULL, NULL},
    };

    if (!compile_mapping(loading, node, keys, reading, "a partner"))
        return false;
    if (node_find(node, "name") == NULL)
        loading_error(loading, node, "a partner needs a name");
    return true;
}

static void read_partner(struct loading *loading, const struct node *node)
{
    struct policy *policy = loading->policy;
    struct reading reading;

    memset(&reading, 0, sizeof reading); /* padding too: keep_terms() compares octets */
    reading.partner.name = "";
    reading.partner.line = node->line > LINES_MAX ? LINES_MAX : node->line & LINES_MAX;
    reading.partner.column = loading_column(node);
    reading.partner.file = loading->file_index;
    reading.partner.mode = MODE_COUNT;
    reading.partner.identities = SELECTED_ENVELOPE_FROM;
    read_acknowledge(loading, node, &reading.terms);
    if (!read_partner_keys(loading, node, &reading))
        return;
    reading.partner.certificates = reading.terms.require.certificates;
    reading.terms.require.certificates = 0;
    reading.partner.terms = keep_terms(loading, &reading.terms);
    reading.partner.selector_first = (unsigned)policy->selector_count;
    if (!append(policy, &reading.partner)) {
        loading_exhausted(loading);
        return;
    }
    add_name(loading, node);
    compile_selectors(loading, node, reading.domains, reading.clients);
    if (reading.terms.outbound != NULL)
        compile_next_hops(loading, node, reading.next_hops);
}

void compile_partner(struct loading *loading, const struct node *node)
{
    if (loading->policy->partner_count >= PARTNERS_MAX) {
        loading_error(loading, node, "more than %d partners", PARTNERS_MAX);
        loading->out_of_memory = true; /* nothing more is read */
        return;
    }
    read_partner(loading, node);
    loading->acknowledgement_count = 0;
}
