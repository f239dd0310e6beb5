/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the policy language names senders and receivers: domains, address patterns, and lists of clients by
 * address and by name.
 */
#include "policy/reading/reading.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/names/suffixes.h"

bool compile_domain(struct loading *loading, const struct node *node, const char *text, arena_ref *domain)
{
    struct domain compared;
    const char *shown = text == node->text + 1 && *node->text == '.' ? node->text : text, *wrong;

    if (strncmp(shown, "*.", 2) == 0 && text[2] != '\0' && strchr(text + 2, '*') == NULL) {
        loading_error(loading, node,
                      "\"%.255s\" is ambiguous: write \".%.253s\" for every subdomain, or \"%.253s\" for the "
                      "domain itself, or both",
                      text, text + 2, text + 2);
        return false;
    }
    if (strchr(text, '*') != NULL) {
        loading_error(loading, node,
                      "\"%.255s\" has a \"*\", and there are no wildcards: write each domain, or "
                      "\".contoso.com\" for every subdomain of contoso.com",
                      shown);
        return false;
    }
    wrong = domain_check(&compared, text);
    if (wrong != NULL) {
        loading_error(loading, node, "\"%.255s\" is not a domain: it %s", shown, wrong);
        return false;
    }
    if (domain_mixes_scripts(text))
        loading_warning(loading, node, WARNING_MIXED_SCRIPTS,
                        "\"%.255s\" mixes scripts in one label; check each letter (%s)", node->text,
                        compared.text);
    *domain = loading_keep(loading, compared.text);
    return *domain != 0;
}

/* The same, with the domain as a text. */
static bool compile_domain_text(struct loading *loading, const struct node *node, const char *text,
                                const char **domain)
{
    arena_ref ref;

    if (!compile_domain(loading, node, text, &ref))
        return false;
    *domain = arena_at(&loading->policy->arena, ref);
    return true;
}

/* Whether a text without a domain is a local part: it is quoted, or has characters that no host name has. */
static bool is_local_part(const char *text)
{
    size_t length = strlen(text);
    bool odd = false;

    if (text[0] == '"')
        return length > 2 && text[length - 1] == '"';
    for (; *text != '\0'; text++) {
        unsigned char octet = (unsigned char)*text;

        if (strchr("+&'=#~{}|$^", octet) != NULL)
            odd = true;
        else if (octet < 0x80 && !isalnum(octet) && strchr("-._", octet) == NULL)
            return false;
    }
    return odd;
}

/*
 * Whether mail cannot have such a domain: it is a single label. A suffix is fine if it is not a public one:
 * networks use such names inside.
 */
static bool is_no_whole_domain(const struct address_pattern *pattern)
{
    return strchr(pattern->domain, '.') == NULL && (!pattern->suffix || suffix_kind(pattern->domain) != NULL);
}

/* Reports a local part that has no domain: "clearing", ".clearing", "clearing@". Returns false. */
static bool report_lone_local(struct loading *loading, const struct node *node, const char *text)
{
    const char *local = text + (text[0] == '.');
    size_t length = strlen(local);

    while (length > 1 && (local[length - 1] == '.' || local[length - 1] == '@'))
        length--;
    loading_error(
        loading, node,
        "\"%.255s\" is not a whole domain: write %.*s@your.domain for an address, or a full domain such "
        "as example.com",
        text, (int)length, local);
    return false;
}

/* Reports wildcards in an address, and what to write to match all that they mean. Returns false. */
static bool report_wildcard(struct loading *loading, const struct node *node, const char *text)
{
    const char *at = strrchr(text, '@'), *domain = at == NULL ? text : at + 1;
    bool star = *domain == '*', dot = star ? domain[1] == '.' : *domain == '.';

    if (star && domain[1] == '\0')
        loading_error(loading, node,
                      "\"%.255s\": there are no wildcards; without this list every address counts", text);
    else if (dot && strchr(domain + star + 1, '*') == NULL)
        loading_error(loading, node,
                      "\"%.255s\": an address has one domain, without wildcards; write each address, or "
                      "\"%.253s\" for every address below %.253s",
                      text, domain + star, domain + star + 1);
    else
        loading_error(
            loading, node,
            "\"%.255s\": there are no wildcards; write %s\"%.253s\" for every address of the domain", text,
            text + 1 == at ? "" : "each address, or ", strchr(domain, '*') == NULL ? domain : "example.com");
    return false;
}

/* Whether an address is meant as a pattern with wildcards. One in quotes is not. */
static bool has_wildcard(const char *text, const char *at)
{
    return text[0] != '"' && (memchr(text, '*', (size_t)(at - text)) != NULL || at[1] == '*' || at[1] == '.');
}

/* Reads the local part before `at` into the pattern. False: reported. */
static bool compile_local_part(struct loading *loading, const struct node *node, const char *text,
                               const char *at, struct address_pattern *pattern)
{
    struct address address;

    address_read(&address, text);
    if (address.kind == ADDRESS_UNREAD) {
        loading_exhausted(loading);
        return false;
    }
    if (has_wildcard(text, at))
        return report_wildcard(loading, node, text);
    if (at == text && at[1] != '\0') {
        loading_error(loading, node,
                      "\"%.255s\" has no user in front of the @; write \"%.253s\" for every address of the "
                      "domain",
                      text, at + 1);
        return false;
    }
    if (at[1] == '\0' && at != text && strchr(text, '@') == at)
        return report_lone_local(loading, node, text);
    if (at == text || address.kind != ADDRESS_DOMAIN || address.local_cut || address.local[0] == '\0'
        || (text[0] != '"' && strchr(text, '@') != at)) {
        loading_error(loading, node,
                      "\"%.255s\" is not an address; write user@example.com, example.com or .example.com",
                      text);
        return false;
    }
    pattern->local = loading_text(loading, address.local);
    return pattern->local != NULL;
}

bool compile_address_pattern(struct loading *loading, const struct node *node,
                             struct address_pattern *pattern)
{
    const char *text, *at, *domain;

    if (!compile_text(loading, node, &text) || !compile_pasted(loading, node, text, PASTED_ADDRESS))
        return false;
    at = strrchr(text, '@');
    pattern->local = NULL;
    pattern->suffix = at == NULL && text[0] == '.';
    if (strcmp(text, "*") == 0)
        return report_wildcard(loading, node, text);
    if (at == NULL && is_local_part(text + pattern->suffix))
        return report_lone_local(loading, node, text);
    if (at != NULL && !compile_local_part(loading, node, text, at, pattern))
        return false;
    domain = at == NULL ? text + pattern->suffix : at + 1;
    if (!compile_domain_text(loading, node, domain, &pattern->domain))
        return false;
    if (at != NULL)
        compile_doubt_address(loading, node, text, pattern->domain);
    return at != NULL || !is_no_whole_domain(pattern) || report_lone_local(loading, node, text);
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

/* Sets the pattern's number and, for a scope, that of its local part at any domain. False: out of memory. */
static bool add_numbers(struct loading *loading, const struct address_pattern *pattern, bool scope,
                        uint32_t *numbers)
{
    const struct address_pattern local = {.local = pattern->local, .domain = ""};

    numbers[1] = PATTERN_ANY_LOCAL;
    return patterns_add(&loading->policy->patterns, pattern, &numbers[0])
           && (!scope || pattern->local == NULL
               || patterns_add(&loading->policy->patterns, &local, &numbers[1]));
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

/* Appends one item to the text of a list that people read. */
static void append_item(char *text, size_t size, const char *item)
{
    size_t length = strlen(text);

    if (length + strlen(item) + 3 < size)
        snprintf(text + length, size - length, "%s%s", length == 0 ? "" : ", ", item);
    else if (length + 5 < size && strcmp(text + length - 3, "...") != 0)
        snprintf(text + length, size - length, ", ...");
}

bool compile_network(struct loading *loading, const struct node *node, const char *text,
                     struct network *network)
{
    const char *wrong = network_check(network, text), *quote = "", *behind = "";
    bool form = wrong != NULL && strncmp(wrong, "is ", 3) == 0;
    char meant[64];

    if (wrong == NULL)
        return true;
    if (!network_guess(meant, text))
        behind = strchr(text, '-') != NULL && text[strspn(text, "0123456789abcdefABCDEF.:/- ")] == '\0'
                     ? "; write a range as networks"
                     : "";
    else if (strchr(meant, ':') != NULL)
        quote = "\"";
    if (meant[0] != '\0' && strncmp(wrong, "has bits", 8) == 0)
        behind = " for the network";
    loading_error(loading, node, "\"%.64s\" %s%s%s%s%s%s%s", text,
                  form ? "" : "is not an address or network: it ", wrong, meant[0] == '\0' ? "" : "; write ",
                  quote, meant, quote, behind);
    return false;
}

bool compile_no_star(struct loading *loading, const struct node *node, const char *text)
{
    if (strcmp(text, "*") != 0)
        return true;
    loading_error(loading, node,
                  "\"*\": there are no wildcards; write addresses, networks, or names such as .contoso.com");
    return false;
}

/* Reads one item: an address, a block, a name or a suffix. False: reported. */
static bool compile_client(struct loading *loading, const struct node *node, struct network *network,
                           struct client_name *name)
{
    const char *text;

    if (!compile_text(loading, node, &text) || !compile_pasted(loading, node, text, PASTED_HOST))
        return false;
    name->domain = NULL;
    if (network_looks_like(text))
        return compile_network(loading, node, text, network);
    if (!compile_no_star(loading, node, text))
        return false;
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
    clients->place = loading_place(loading, node);
    clients->networks = networks;
    clients->names = names;
    clients->text = loading_text(loading, text);
    return clients->text == NULL ? NULL : clients;
}
