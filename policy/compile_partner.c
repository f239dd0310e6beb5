/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One entry of `partners`: its selectors, its conduct (mode, action, rollout,
 * exceptions) and what is for people. Adds the partner to the policy even
 * where something in it is wrong, so that later findings can name it.
 */
#include "policy/compile.h"

#include <stdlib.h>
#include <string.h>
#include "policy/date.h"
#include "policy/select.h"

enum { NAME_MAX_LENGTH = 64 };

/* A partner being read: `partner` becomes part of the policy when its selectors are added. */
struct reading {
    struct partner partner;
    struct require require;
    struct extras extras;
    const struct node *domains, *clients;
};

/* ---- name ---- */

static void read_name(struct loading *loading, const struct node *node, void *into)
{
    struct reading *reading = into;
    const char *text;

    if (!compile_text(loading, node, &text))
        return;
    if (*text == '\0' || strlen(text) > NAME_MAX_LENGTH
        || text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")] != '\0')
        loading_error(loading, node, "\"%.80s\" is no name: use 1 to %d letters, digits, \".\", \"_\", \"-\"",
                      text, NAME_MAX_LENGTH);
    else
        reading->partner.name = loading_text(loading, text);
}

/* ---- conduct ---- */

static void read_mode(struct loading *loading, const struct node *node, void *into)
{
    struct reading *reading = into;
    enum mode mode;

    if (compile_mode(loading, node, &mode))
        reading->partner.mode = (unsigned char)mode;
}

static void read_action(struct loading *loading, const struct node *node, void *into)
{
    ((struct reading *)into)->partner.actions = compile_actions(loading, node);
}

static void read_step_from(struct loading *loading, const struct node *node, void *into)
{
    compile_date(loading, node, &((struct step *)into)->from);
}

static void read_step_mode(struct loading *loading, const struct node *node, void *into)
{
    compile_mode(loading, node, &((struct step *)into)->mode);
}

static void read_step_action(struct loading *loading, const struct node *node, void *into)
{
    ((struct step *)into)->actions = compile_actions(loading, node);
}

static void read_rollout(struct loading *loading, const struct node *node, void *into)
{
    static const struct key keys[] = {
        {"from", read_step_from}, {"mode", read_step_mode}, {"action", read_step_action}, {NULL, NULL}};
    struct reading *reading = into;
    const struct node *item = NULL;
    size_t count = compile_list(loading, node, false, &item);
    struct step *steps = loading_alloc(loading, count * sizeof *steps);
    int64_t last = DATE_BEGIN;

    if (steps == NULL)
        return;
    for (size_t i = 0; i < count; i++, item = item->next) {
        steps[i] = (struct step){.from = DATE_BEGIN, .mode = MODE_COUNT};
        if (!compile_mapping(loading, item, keys, &steps[i], "a step of a rollout"))
            continue;
        if (node_find(item, "from") == NULL)
            loading_error(loading, item, "a step of a rollout needs from");
        else if (steps[i].from != DATE_BEGIN && steps[i].from <= last)
            loading_error(loading, item, "the steps of a rollout must ascend by date");
        if (node_find(item, "mode") == NULL && node_find(item, "action") == NULL)
            loading_error(loading, item, "a step of a rollout needs a mode, an action or both");
        last = steps[i].from != DATE_BEGIN ? steps[i].from : last;
    }
    reading->extras.steps = steps;
    reading->extras.step_count = count;
}

/* ---- address lists and exceptions ---- */

static const struct address_pattern *read_patterns(struct loading *loading, const struct node *node,
                                                   size_t *count)
{
    const struct node *item = NULL;
    struct address_pattern *patterns =
        loading_alloc(loading, compile_list(loading, node, false, &item) * sizeof *patterns);

    *count = 0;
    for (; patterns != NULL && item != NULL; item = item->next)
        *count += compile_address_pattern(loading, item, &patterns[*count]);
    return patterns;
}

static void read_recipients(struct loading *loading, const struct node *node, void *into)
{
    struct reading *reading = into;

    reading->extras.recipients = read_patterns(loading, node, &reading->extras.recipient_count);
}

static void read_exception_clients(struct loading *loading, const struct node *node, void *into)
{
    ((struct exception *)into)->clients = compile_clients(loading, node);
}

static void read_exception_senders(struct loading *loading, const struct node *node, void *into)
{
    struct exception *exception = into;
    const struct node *item = NULL;
    struct sender_pattern *senders =
        loading_alloc(loading, compile_list(loading, node, false, &item) * sizeof *senders);

    for (; senders != NULL && item != NULL; item = item->next) {
        struct sender_pattern *sender = &senders[exception->sender_count];

        sender->null = item->kind == NODE_SCALAR && strcmp(item->text, "<>") == 0;
        exception->sender_count += sender->null || compile_address_pattern(loading, item, &sender->address);
    }
    exception->senders = senders;
}

static void read_exception_recipients(struct loading *loading, const struct node *node, void *into)
{
    struct exception *exception = into;

    exception->recipients = read_patterns(loading, node, &exception->recipient_count);
}

static void read_exception_until(struct loading *loading, const struct node *node, void *into)
{
    compile_date(loading, node, &((struct exception *)into)->until);
}

static void read_exception_reason(struct loading *loading, const struct node *node, void *into)
{
    const char *text;

    if (!compile_text(loading, node, &text))
        return;
    if (*text == '\0')
        loading_error(loading, node, "an exception needs a reason");
    ((struct exception *)into)->reason = loading_text(loading, text);
}

static void read_exceptions(struct loading *loading, const struct node *node, void *into)
{
    static const struct key keys[] = {
        {"clients", read_exception_clients},       {"senders", read_exception_senders},
        {"recipients", read_exception_recipients}, {"until", read_exception_until},
        {"reason", read_exception_reason},         {NULL, NULL},
    };
    struct reading *reading = into;
    const struct node *item = NULL;
    size_t count = compile_list(loading, node, false, &item);
    struct exception *exceptions = loading_alloc(loading, count * sizeof *exceptions);

    if (exceptions == NULL)
        return;
    for (size_t i = 0; i < count; i++, item = item->next) {
        exceptions[i].place = loading_place(loading, item);
        exceptions[i].until = DATE_BEGIN;
        if (!compile_mapping(loading, item, keys, &exceptions[i], "an exception"))
            continue;
        if (node_find(item, "until") == NULL)
            loading_error(loading, item, "an exception needs until");
        if (node_find(item, "reason") == NULL)
            loading_error(loading, item, "an exception needs a reason");
        if (node_find(item, "clients") == NULL && node_find(item, "senders") == NULL
            && node_find(item, "recipients") == NULL)
            loading_error(loading, item, "an exception needs clients, senders or recipients");
    }
    reading->extras.exceptions = exceptions;
    reading->extras.exception_count = count;
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

static void add_selector(struct loading *loading, const struct node *node, struct selector *selector)
{
    const struct selector *other;

    selector->partner = (unsigned)loading->policy->partner_count - 1;
    selector->line = node->line & 0xFFFFFFFu;
    if (!select_add(loading->policy, selector, &other)) {
        loading_exhausted(loading);
    } else if (other != NULL) {
        const struct partner *owner = &loading->policy->partners[other->partner];

        loading_error(loading, node, "\"%.255s\" selects partner \"%s\" already: %s:%u", node->text,
                      owner->name, loading->policy->files[owner->file], (unsigned)other->line);
    }
}

static void add_domain(struct loading *loading, const struct node *node)
{
    struct selector selector = {.domain = "*", .kind = SELECT_EVERYONE};
    const char *text;

    if (!compile_text(loading, node, &text))
        return;
    if (strcmp(text, "*") != 0) {
        selector.kind = text[0] == '.' ? SELECT_SUBDOMAINS : SELECT_DOMAIN;
        if (!compile_domain(loading, node, text + (text[0] == '.'), &selector.domain))
            return;
        if (domain_mixes_scripts(text))
            loading_warning(
                loading, node,
                "\"%.255s\" mixes scripts in one label: is every letter the one that is meant? (%s)", text,
                selector.domain);
    }
    add_selector(loading, node, &selector);
}

static void add_client(struct loading *loading, const struct node *node)
{
    struct selector selector = {.kind = SELECT_NETWORK};
    struct network network;
    const char *text, *wrong;

    if (!compile_text(loading, node, &text))
        return;
    if (network_looks_like(text)) {
        wrong = network_check(&network, text);
        if (wrong != NULL) {
            loading_error(loading, node, "\"%.64s\" is no address or block: it %s", text, wrong);
            return;
        }
        selector.network = arena_copy(&loading->policy->arena, &network, sizeof network);
        if (selector.network == NULL) {
            loading_exhausted(loading);
            return;
        }
    } else {
        selector.kind = text[0] == '.' ? SELECT_CLIENT_SUFFIX : SELECT_CLIENT_NAME;
        if (!compile_domain(loading, node, text + (text[0] == '.'), &selector.domain))
            return;
    }
    add_selector(loading, node, &selector);
}

static void add_selectors(struct loading *loading, const struct reading *reading, const struct node *node)
{
    const struct node *item = NULL;

    if (reading->domains == NULL && reading->clients == NULL)
        loading_error(loading, node, "partner \"%s\" needs domains, clients or both", reading->partner.name);
    if (reading->domains != NULL && compile_list(loading, reading->domains, false, &item) > 0)
        for (; item != NULL; item = item->next)
            add_domain(loading, item);
    item = NULL;
    if (reading->clients != NULL && compile_list(loading, reading->clients, false, &item) > 0)
        for (; item != NULL; item = item->next)
            add_client(loading, item);
}

/* ---- the rest ---- */

static void read_require(struct loading *loading, const struct node *node, void *into)
{
    compile_require(loading, node, &((struct reading *)into)->require);
}

static void read_message(struct loading *loading, const struct node *node, void *into)
{
    compile_message(loading, node, &((struct reading *)into)->extras.message);
}

static void read_contact(struct loading *loading, const struct node *node, void *into)
{
    const char *text;

    if (compile_text(loading, node, &text))
        ((struct reading *)into)->extras.contact = loading_text(loading, text);
}

static void read_comment(struct loading *loading, const struct node *node, void *into)
{
    const char *text;

    if (compile_text(loading, node, &text))
        ((struct reading *)into)->extras.comment = loading_text(loading, text);
}

/* The partner's keys as they stay: nothing for what was not given, so that a plain partner costs little. */
static void keep(struct loading *loading, struct reading *reading)
{
    static const struct require no_require;
    static const struct extras no_extras;

    reading->partner.extras = &no_extras;
    if (memcmp(&reading->require, &no_require, sizeof no_require) != 0) {
        struct require *require = loading_alloc(loading, sizeof *require);

        if (require != NULL)
            *require = reading->require;
        reading->partner.require = require;
    }
    if (memcmp(&reading->extras, &no_extras, sizeof no_extras) != 0) {
        struct extras *extras = loading_alloc(loading, sizeof *extras);

        if (extras != NULL) {
            *extras = reading->extras;
            reading->partner.extras = extras;
        }
    }
}

/* Appends the partner; false: out of memory. */
static bool append(struct loading *loading, const struct partner *partner)
{
    struct policy *policy = loading->policy;
    size_t count = policy->partner_count;

    if ((count & (count - 1)) == 0) {
        struct partner *partners = realloc(policy->partners, (count == 0 ? 1 : count * 2) * sizeof *partners);

        if (partners == NULL)
            return false;
        policy->partners = partners;
    }
    policy->partners[policy->partner_count++] = *partner;
    return true;
}

static void add_name(struct loading *loading, const struct node *node, const char *name)
{
    const struct partner *other;

    if (!select_add_name(loading->policy, name, &other))
        loading_exhausted(loading);
    else if (other != NULL)
        loading_error(loading, node_find(node, "name"),
                      "partner \"%s\" is defined a second time; the first is %s:%u", name,
                      loading->policy->files[other->file], other->line);
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
        {"message", read_message},
        {"contact", read_contact},
        {"comment", read_comment},
        {NULL, NULL},
    };

    if (!compile_mapping(loading, node, keys, reading, "a partner"))
        return false;
    if (node_find(node, "name") == NULL)
        loading_error(loading, node, "a partner needs a name");
    return true;
}

void compile_partner(struct loading *loading, const struct node *node)
{
    struct reading reading;

    memset(&reading, 0, sizeof reading); /* padding too: keep() compares octets */
    reading.partner.line = node->line;
    reading.partner.column = (unsigned short)(node->column > 65535 ? 65535 : node->column);
    reading.partner.file = loading->file_index;
    reading.partner.mode = MODE_COUNT;
    reading.partner.identities = SELECTED_ENVELOPE_FROM;
    if (!read_partner_keys(loading, node, &reading))
        return;
    if (reading.partner.name == NULL)
        reading.partner.name = "";
    else
        add_name(loading, node, reading.partner.name);
    keep(loading, &reading);
    reading.partner.selector_first = (unsigned)loading->policy->selector_count;
    if (!append(loading, &reading.partner)) {
        loading_exhausted(loading);
        return;
    }
    add_selectors(loading, &reading, node);
    loading->policy->partners[loading->policy->partner_count - 1].selector_count =
        (unsigned)loading->policy->selector_count - reading.partner.selector_first;
}
