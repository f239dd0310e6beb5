/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The policy language's words for who sends and who receives: domains, address
 * patterns, and lists of clients by address and by name.
 */
#include "policy/reading/reading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool compile_domain(struct loading *loading, const struct node *node, const char *text, arena_ref *domain)
{
    struct domain compared;
    const char *wrong;

    if (strncmp(text, "*.", 2) == 0 && text[2] != '\0') {
        loading_error(loading, node,
                      "\"%.255s\" is ambiguous: write \".%.253s\" for every subdomain, or \"%.253s\" for the "
                      "domain itself, or both",
                      text, text + 2, text + 2);
        return false;
    }
    wrong = domain_check(&compared, text);
    if (wrong != NULL) {
        loading_error(loading, node, "\"%.255s\" is no domain: it %s", text, wrong);
        return false;
    }
    if (domain_mixes_scripts(text))
        loading_warning(loading, node, WARNING_MIXED_SCRIPTS,
                        "\"%.255s\" mixes scripts in one label: is every letter the one that is meant? (%s)",
                        node->text, compared.text);
    *domain = loading_keep(loading, compared.text);
    return *domain != 0;
}

/* The same as a text. */
static bool compile_domain_text(struct loading *loading, const struct node *node, const char *text,
                                const char **domain)
{
    arena_ref ref;

    if (!compile_domain(loading, node, text, &ref))
        return false;
    *domain = arena_at(&loading->policy->arena, ref);
    return true;
}

bool compile_address_pattern(struct loading *loading, const struct node *node,
                             struct address_pattern *pattern)
{
    const char *text, *at;
    struct address address;

    if (!compile_text(loading, node, &text) || !compile_pasted(loading, node, text, PASTED_ADDRESS))
        return false;
    at = strrchr(text, '@');
    pattern->local = NULL;
    pattern->suffix = at == NULL && text[0] == '.';
    if (at != NULL) {
        address_read(&address, text);
        if (address.kind == ADDRESS_UNREAD) {
            loading_exhausted(loading);
            return false;
        }
        if (strncmp(text, "*@", 2) == 0) {
            loading_error(
                loading, node,
                "\"%.255s\": there are no wildcards; write \"%.253s\" for every address of the domain", text,
                at + 1);
            return false;
        }
        if (at == text || address.kind != ADDRESS_DOMAIN || address.local_cut || address.local[0] == '\0'
            || (text[0] != '"' && strchr(text, '@') != at)) {
            loading_error(loading, node,
                          "\"%.255s\" is no address; write user@example.com, example.com or .example.com",
                          text);
            return false;
        }
        pattern->local = loading_text(loading, address.local);
        if (pattern->local == NULL)
            return false;
        text = at + 1;
    }
    if (!compile_domain_text(loading, node, text + pattern->suffix, &pattern->domain))
        return false;
    if (at != NULL || pattern->suffix || strchr(pattern->domain, '.') != NULL)
        return true;
    loading_error(
        loading, node,
        "\"%.255s\" is no whole domain: write %.*s@your.domain for an address, or a full domain such "
        "as example.com",
        text, (int)strcspn(text, "."), text);
    return false;
}

const struct address_pattern *compile_address_patterns(struct loading *loading, const struct node *node,
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

/* ---- patterns of recipients as numbers ---- */

static int compare_numbers(const void *a, const void *b)
{
    uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;

    return (first > second) - (first < second);
}

/* The pattern's number and, for a scope, that of its local part at any domain. */
static bool add_numbers(struct loading *loading, const struct address_pattern *pattern, bool scope,
                        uint32_t *numbers)
{
    const struct address_pattern local = {.local = pattern->local, .domain = ""};

    numbers[1] = PATTERN_ANY_LOCAL;
    return patterns_add(loading->policy, pattern, &numbers[0])
           && (!scope || pattern->local == NULL || patterns_add(loading->policy, &local, &numbers[1]));
}

struct pattern_set compile_pattern_set(struct loading *loading, const struct address_pattern *patterns,
                                       size_t count, bool scope)
{
    size_t each = scope ? 2 : 1, size = 0;
    uint32_t *numbers = loading_alloc(loading, count * each * sizeof *numbers), pair[2];

    if (numbers == NULL || count == 0)
        return (struct pattern_set){0, NULL};
    for (size_t i = 0; i < count; i++) {
        if (!add_numbers(loading, &patterns[i], scope, pair)) {
            loading_exhausted(loading);
            return (struct pattern_set){0, NULL};
        }
        memcpy(numbers + i * each, pair, each * sizeof *numbers);
    }
    qsort(numbers, count * each, sizeof *numbers, compare_numbers);
    for (size_t i = 0; i < count * each; i++)
        if (size == 0 || numbers[i] != numbers[size - 1])
            numbers[size++] = numbers[i];
    return (struct pattern_set){size, numbers};
}

/* ---- clients ---- */

/* Appends one item to the text that shows a list to people. */
static void append_item(char *text, size_t size, const char *item)
{
    size_t length = strlen(text);

    if (length + strlen(item) + 3 < size)
        snprintf(text + length, size - length, "%s%s", length == 0 ? "" : ", ", item);
    else if (length + 5 < size && strcmp(text + length - 3, "...") != 0)
        snprintf(text + length, size - length, ", ...");
}

/* One item: an address, a block, a name or a suffix. */
static bool compile_client(struct loading *loading, const struct node *node, struct network *network,
                           struct client_name *name)
{
    const char *text, *wrong;

    if (!compile_text(loading, node, &text) || !compile_pasted(loading, node, text, PASTED_HOST))
        return false;
    name->domain = NULL;
    if (network_looks_like(text)) {
        wrong = network_check(network, text);
        if (wrong != NULL)
            loading_error(loading, node, "\"%.64s\" is no address or block: it %s", text, wrong);
        return wrong == NULL;
    }
    name->suffix = text[0] == '.';
    return compile_domain_text(loading, node, text + name->suffix, &name->domain);
}

const struct clients *compile_clients(struct loading *loading, const struct node *node)
{
    const struct node *item = NULL;
    size_t count = compile_list(loading, node, false, &item);
    struct clients *clients = loading_alloc(loading, sizeof *clients);
    struct network *networks = loading_alloc(loading, count * sizeof *networks);
    struct client_name *names = loading_alloc(loading, count * sizeof *names);
    char text[256] = "";

    if (count == 0 || clients == NULL || networks == NULL || names == NULL)
        return NULL;
    for (; item != NULL; item = item->next) {
        struct client_name name;

        if (!compile_client(loading, item, &networks[clients->network_count], &name))
            continue;
        if (name.domain != NULL)
            names[clients->name_count++] = name;
        else
            clients->network_count++;
        append_item(text, sizeof text, item->text);
    }
    clients->networks = networks;
    clients->names = names;
    clients->text = loading_text(loading, text);
    return clients->text == NULL ? NULL : clients;
}
