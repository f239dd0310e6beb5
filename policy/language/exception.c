/* SPDX-License-Identifier: BSD-2-Clause */
/* `exceptions`: mail of a partner that need not meet its rule for a while, and why. */
#include "policy/language/compile.h"

#include <string.h>
#include "policy/names/date.h"

static void read_clients(struct loading *loading, const struct node *node, void *into)
{
    ((struct exception *)into)->clients = compile_clients(loading, node);
    compile_doubt_clients(loading, node, ((struct exception *)into)->clients);
}

static void read_senders(struct loading *loading, const struct node *node, void *into)
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

static void read_recipients(struct loading *loading, const struct node *node, void *into)
{
    struct exception *exception = into;

    exception->recipients = compile_address_patterns(loading, node, &exception->recipient_count);
    exception->excepted =
        compile_pattern_set(loading, exception->recipients, exception->recipient_count, false);
}

void compile_exception_until(struct loading *loading, const struct node *node, void *into)
{
    compile_date(loading, node, &((struct exception *)into)->until);
}

void compile_exception_reason(struct loading *loading, const struct node *node, void *into)
{
    const char *text;

    if (!compile_free_text(loading, node, &text))
        return;
    if (*text == '\0')
        loading_error(loading, node, "an exception needs a reason");
    ((struct exception *)into)->reason = loading_text(loading, text);
}

void compile_exception_whole(struct loading *loading, const struct node *node)
{
    if (node_find(node, "until") == NULL)
        loading_error(loading, node, "an exception needs until");
    if (node_find(node, "reason") == NULL)
        loading_error(loading, node, "an exception needs a reason");
}

const struct exception *compile_exceptions(struct loading *loading, const struct node *node, size_t *count)
{
    static const struct key keys[] = {
        {"clients", read_clients},
        {"senders", read_senders},
        {"recipients", read_recipients},
        {"until", compile_exception_until},
        {"reason", compile_exception_reason},
        {NULL, NULL},
    };
    const struct node *item = NULL;
    struct exception *exceptions;

    *count = compile_list(loading, node, false, &item);
    exceptions = loading_alloc(loading, *count * sizeof *exceptions);
    if (exceptions == NULL)
        return NULL;
    for (size_t i = 0; i < *count; i++, item = item->next) {
        exceptions[i].place = loading_place(loading, item);
        exceptions[i].until = DATE_BEGIN;
        if (!compile_mapping(loading, item, keys, &exceptions[i], "an exception"))
            continue;
        compile_exception_whole(loading, item);
        if (node_find(item, "clients") == NULL && node_find(item, "senders") == NULL
            && node_find(item, "recipients") == NULL)
            loading_error(loading, item, "an exception needs clients, senders or recipients");
    }
    return exceptions;
}
