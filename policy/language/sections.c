/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sections `milter` and `defaults`; and what can be checked only when every file is read: quarantine by
 * recipient, and which events the policy needs.
 */
#include "policy/language/compile.h"

#include <stdio.h>
#include <string.h>
#include "policy/names/socket_form.h"

enum { SOCKET_SPEC_MAX = 160 };

/* ---- milter ---- */

static bool compile_socket(struct loading *loading, const struct node *node, const char **text)
{
    const char *wrong;
    char likely[160];

    if (!compile_text(loading, node, text))
        return false;
    wrong = socket_form_check(*text);
    if (wrong != NULL && strstr(wrong, "write") == NULL && socket_form_likely(*text, likely, sizeof likely))
        loading_error(loading, node, "socket \"%.128s\" %s; did you mean \"%s\"?", *text, wrong, likely);
    else if (wrong != NULL)
        loading_error(loading, node, "socket \"%.128s\" %s", *text, wrong);
    return wrong == NULL;
}

/* Keeps the socket's text and place. */
static void keep_socket(struct loading *loading, const struct node *node, const char **kept,
                        struct place *place)
{
    const char *text;

    if (!compile_socket(loading, node, &text))
        return;
    *kept = loading_text(loading, text);
    *place = loading_place(loading, node);
}

static void read_socket(struct loading *loading, const struct node *node, void *into)
{
    struct milter_settings *settings = into;

    keep_socket(loading, node, &settings->socket, &settings->socket_place);
}

static void read_postfix_facts(struct loading *loading, const struct node *node, void *into)
{
    struct milter_settings *settings = into;

    keep_socket(loading, node, &settings->postfix_facts, &settings->postfix_facts_place);
}

static void read_status(struct loading *loading, const struct node *node, void *into)
{
    struct milter_settings *settings = into;

    keep_socket(loading, node, &settings->status, &settings->status_place);
    if (settings->status != NULL && socket_form_path(settings->status) == NULL)
        loading_error(loading, node, "status must be a unix socket, such as unix:/run/forcetls/status.sock");
}

static void read_watch(struct loading *loading, const struct node *node, void *into)
{
    struct milter_settings *settings = into;

    if (compile_boolean(loading, node, &settings->watch))
        settings->watch_place = loading_place(loading, node);
}

static void read_outbound(struct loading *loading, const struct node *node, void *into)
{
    struct milter_settings *settings = into;

    keep_socket(loading, node, &settings->outbound, &settings->outbound_place);
}

static void read_outbound_upstream(struct loading *loading, const struct node *node, void *into)
{
    struct milter_settings *settings = into;

    keep_socket(loading, node, &settings->outbound_upstream, &settings->outbound_upstream_place);
}

static void read_shared_directory(struct loading *loading, const struct node *node, void *into)
{
    struct milter_settings *settings = into;

    if (compile_boolean(loading, node, &settings->shared_directory))
        settings->shared_directory_place = loading_place(loading, node);
}

static void read_mta(struct loading *loading, const struct node *node, void *into)
{
    static const char *const words[] = {"auto", "postfix", "sendmail", NULL}; /* the order of enum mta */
    int word = compile_word(loading, node, words, "mta");

    if (word >= 0)
        ((struct milter_settings *)into)->mta = (enum mta)word;
}

/* Whether the octet may be a recipient delimiter: any octet that a local part may have without quotes. */
static bool is_delimiter(char octet)
{
    return octet > ' ' && octet < '\x7f' && strchr("@\"\\()<>[],;:", octet) == NULL;
}

static void read_recipient_delimiter(struct loading *loading, const struct node *node, void *into)
{
    const char *text, *wrong;

    if (!compile_text(loading, node, &text))
        return;
    for (wrong = text; is_delimiter(*wrong);)
        wrong++;
    if (*wrong != '\0') {
        loading_error(
            loading, node,
            "recipient_delimiter \"%.64s\" holds a character that cannot stand in a local part; write "
            "the characters of Postfix's recipient_delimiter, such as \"+\" or \"+-\", or \"\" for none",
            text);
        return;
    }
    ((struct milter_settings *)into)->recipient_delimiter = loading_text(loading, text);
}

static bool same(const char *socket, const char *other)
{
    return socket != NULL && other != NULL && socket_form_same(socket, other);
}

/* The daemon opens a second socket for `status`, with a longer name: the MTA must not use it. */
static void check_control_socket(struct loading *loading, const struct node *node,
                                 const struct milter_settings *settings)
{
    char control[SOCKET_SPEC_MAX];
    const char *path = settings->status != NULL ? socket_form_path(settings->status) : NULL;

    if (path == NULL)
        return;
    snprintf(control, sizeof control, "unix:%s" STATUS_CONTROL_SUFFIX, path);
    if (same(control, settings->socket) || same(control, settings->postfix_facts)
        || same(control, settings->outbound))
        loading_error(loading, node_find(node, "status"),
                      "the second socket of status, \"%s\", is a socket that the MTA uses", control);
}

static void check_outbound_sockets(struct loading *loading, const struct node *node,
                                   const struct milter_settings *settings)
{
    const struct node *upstream = node->kind == NODE_MAPPING ? node_find(node, "outbound_upstream") : NULL;

    if (same(settings->outbound, settings->socket) || same(settings->outbound, settings->postfix_facts))
        loading_error(loading, node_find(node, "outbound"), "outbound is the socket of %s",
                      same(settings->outbound, settings->socket) ? "the milter itself" : "postfix_facts");
    if (same(settings->outbound_upstream, settings->outbound))
        loading_error(loading, upstream, "outbound_upstream is the socket of outbound itself");
}

void compile_milter(struct loading *loading, const struct node *node)
{
    static const struct key keys[] = {{"socket", read_socket},
                                      {"postfix_facts", read_postfix_facts},
                                      {"status", read_status},
                                      {"watch", read_watch},
                                      {"outbound", read_outbound},
                                      {"outbound_upstream", read_outbound_upstream},
                                      {"shared_directory", read_shared_directory},
                                      {"mta", read_mta},
                                      {"recipient_delimiter", read_recipient_delimiter},
                                      {NULL, NULL}};

    struct milter_settings *settings = &loading->policy->milter;

    compile_mapping(loading, node, keys, settings, "milter");
    if (same(settings->postfix_facts, settings->socket))
        loading_error(loading, node_find(node, "postfix_facts"),
                      "postfix_facts is the socket of the milter itself");
    if (same(settings->status, settings->socket) || same(settings->status, settings->postfix_facts)
        || same(settings->status, settings->outbound))
        loading_error(loading, node_find(node, "status"), "status is a socket that the MTA uses");
    check_control_socket(loading, node, settings);
    check_outbound_sockets(loading, node, settings);
}

/* ---- defaults ---- */

static void read_default_mode(struct loading *loading, const struct node *node, void *into)
{
    compile_mode(loading, node, &((struct policy *)into)->mode);
}

static void read_default_action(struct loading *loading, const struct node *node, void *into)
{
    const struct actions *actions = compile_actions(loading, node);

    if (actions != NULL)
        ((struct policy *)into)->actions = actions;
}

static void read_default_require(struct loading *loading, const struct node *node, void *into)
{
    compile_require(loading, node, &((struct policy *)into)->require, "require");
}

static void read_default_message(struct loading *loading, const struct node *node, void *into)
{
    compile_message(loading, node, &((struct policy *)into)->message);
}

static void read_default_outbound(struct loading *loading, const struct node *node, void *into)
{
    compile_default_outbound(loading, node, &((struct policy *)into)->outbound);
}

void compile_defaults(struct loading *loading, const struct node *node)
{
    static const struct key keys[] = {{"mode", read_default_mode},         {"action", read_default_action},
                                      {"require", read_default_require},   {"message", read_default_message},
                                      {"outbound", read_default_outbound}, {NULL, NULL}};

    compile_mapping(loading, node, keys, loading->policy, "defaults");
}

/* ---- when every file is read ---- */

/*
 * Whether any action of the partner is quarantine, now or by its rollout. Without its own, those of the
 * defaults count.
 */
static bool may_quarantine(const struct policy *policy, const struct partner *partner)
{
    const struct actions *actions =
        partner->terms->actions != NULL ? partner->terms->actions : policy->actions;

    for (size_t i = 0; i <= partner->terms->step_count; i++) {
        if (i > 0)
            actions = partner->terms->steps[i - 1].actions;
        for (int reason = 1; actions != NULL && reason < REASON_FIRST_UNKNOWN; reason++)
            if (actions->by_reason[reason] == ACTION_QUARANTINE)
                return true;
    }
    return false;
}

/* Quarantine applies to a whole message, at its end: it cannot depend on the recipient. */
static void check_quarantine(struct loading *loading, const struct partner *partner)
{
    const struct node at = {.line = partner->line, .column = partner->column};
    bool by_recipient = partner->terms->recipient_count > 0;

    for (size_t i = 0; i < partner->terms->exception_count; i++)
        by_recipient |= partner->terms->exceptions[i].recipient_count > 0;
    if (!by_recipient || !may_quarantine(loading->policy, partner))
        return;
    loading->file = loading->policy->files[partner->file];
    loading_error(loading, &at,
                  "partner \"%s\": quarantine holds a whole message, so it cannot be used with recipients "
                  "or exceptions by recipient",
                  partner->name);
}

static unsigned needs_of_selectors(const struct policy *policy)
{
    unsigned needs = 0;

    for (size_t i = 0; i < policy->selector_count; i++) {
        unsigned kinds = policy->selectors[i].kinds;

        if ((kinds & (1u << SELECT_DOMAIN | 1u << SELECT_SUBDOMAINS)) != 0)
            needs |= NEED_HELO;
        if ((kinds & (1u << SELECT_CLIENT_NAME | 1u << SELECT_CLIENT_SUFFIX | 1u << SELECT_NETWORK)) != 0)
            needs |= NEED_CONNECT;
    }
    return needs;
}

static bool needs_data(const struct policy *policy, const struct partner *partner)
{
    struct piece piece[PIECES_MAX];
    size_t count = require_pieces(policy, partner, piece);

    for (size_t i = 0; i < count; i++) {
        const struct certificates *certificates = piece[i].certificates;

        if ((piece[i].keys & 1u << REQUIRE_CERTIFICATES) == 0)
            continue;
        for (size_t k = 0; k < certificates->count; k++)
            if (certificates->identities[k].kind != IDENTITY_NAMES)
                return true;
    }
    return false;
}

static void note_needs(struct policy *policy)
{
    policy->needs = needs_of_selectors(policy);
    for (size_t i = 0; i < policy->partner_count; i++) {
        const struct partner *partner = &policy->partners[i];

        if ((partner->identities & SELECTED_HEADER_FROM) != 0)
            policy->needs |= NEED_HEADERS;
        if (partner->terms->recipient_count > 0)
            policy->needs |= NEED_RCPT;
        for (size_t k = 0; k < partner->terms->exception_count; k++)
            if (partner->terms->exceptions[k].recipient_count > 0)
                policy->needs |= NEED_RCPT;
        if (policy->milter.postfix_facts != NULL && (policy->needs & NEED_DATA) == 0
            && needs_data(policy, partner))
            policy->needs |= NEED_DATA;
    }
}

void compile_finish(struct loading *loading)
{
    struct policy *policy = loading->policy;

    for (size_t i = 0; i < policy->partner_count; i++)
        check_quarantine(loading, &policy->partners[i]);
    if (compile_profiles_resolved(loading))
        note_needs(policy);
    compile_outbound_finish(loading);
}
