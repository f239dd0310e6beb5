/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sections beside `partners`: milter, exempt, defaults; and what can be said
 * only when every file is read: quarantine by recipient, what the policy needs to
 * be shown.
 */
#include "policy/reading/reading.h"

#include <string.h>
#include "policy/socket_form.h"

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

static void read_socket(struct loading *loading, const struct node *node, void *into)
{
    struct milter_settings *settings = into;
    const char *text;

    if (!compile_socket(loading, node, &text))
        return;
    settings->socket = loading_text(loading, text);
    settings->socket_place = loading_place(loading, node);
}

static void read_postfix_facts(struct loading *loading, const struct node *node, void *into)
{
    struct milter_settings *settings = into;
    const char *text;

    if (!compile_socket(loading, node, &text))
        return;
    settings->postfix_facts = loading_text(loading, text);
    settings->postfix_facts_place = loading_place(loading, node);
}

static void read_mta(struct loading *loading, const struct node *node, void *into)
{
    static const char *const words[] = {"auto", "postfix", "sendmail", NULL}; /* the order of enum mta */
    int word = compile_word(loading, node, words, "mta");

    if (word >= 0)
        ((struct milter_settings *)into)->mta = (enum mta)word;
}

/* Whether a recipient's local part may be divided there: whatever can stand in it without quotes. */
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

void compile_milter(struct loading *loading, const struct node *node)
{
    static const struct key keys[] = {{"socket", read_socket},
                                      {"postfix_facts", read_postfix_facts},
                                      {"mta", read_mta},
                                      {"recipient_delimiter", read_recipient_delimiter},
                                      {NULL, NULL}};

    struct milter_settings *settings = &loading->policy->milter;

    compile_mapping(loading, node, keys, settings, "milter");
    if (settings->postfix_facts != NULL && strcmp(settings->postfix_facts, settings->socket) == 0)
        loading_error(loading, node_find(node, "postfix_facts"),
                      "postfix_facts is the socket of the milter itself");
}

/* ---- exempt ---- */

static void read_exempt_clients(struct loading *loading, const struct node *node, void *into)
{
    struct policy *policy = into;
    const struct clients *clients;

    if (node->kind == NODE_SEQUENCE && node->count == 0) {
        policy->exempt_clients = (struct clients){0};
        return;
    }
    clients = compile_clients(loading, node);
    if (clients != NULL)
        policy->exempt_clients = *clients;
}

static void read_exempt_authenticated(struct loading *loading, const struct node *node, void *into)
{
    compile_boolean(loading, node, &((struct policy *)into)->exempt_authenticated);
}

static void read_exempt_daemons(struct loading *loading, const struct node *node, void *into)
{
    struct policy *policy = into;
    const struct node *item = NULL;
    const char **daemons;

    policy->exempt_daemon_count = 0;
    if (node->kind == NODE_SEQUENCE && node->count == 0)
        return;
    daemons = loading_alloc(loading, compile_list(loading, node, false, &item) * sizeof *daemons);
    for (; daemons != NULL && item != NULL; item = item->next) {
        const char *text;

        if (compile_text(loading, item, &text))
            daemons[policy->exempt_daemon_count++] = loading_text(loading, text);
    }
    policy->exempt_daemons = daemons;
}

void compile_exempt(struct loading *loading, const struct node *node)
{
    static const struct key keys[] = {{"clients", read_exempt_clients},
                                      {"authenticated", read_exempt_authenticated},
                                      {"daemons", read_exempt_daemons},
                                      {NULL, NULL}};

    compile_mapping(loading, node, keys, loading->policy, "exempt");
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

void compile_defaults(struct loading *loading, const struct node *node)
{
    static const struct key keys[] = {{"mode", read_default_mode},
                                      {"action", read_default_action},
                                      {"require", read_default_require},
                                      {"message", read_default_message},
                                      {NULL, NULL}};

    compile_mapping(loading, node, keys, loading->policy, "defaults");
}

/* ---- when every file is read ---- */

/* Every action that a partner ever takes, the defaults' where it has none of its own. */
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

/* What becomes of a partner's mail at the end of the message cannot depend on the recipient. */
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
                  "partner \"%s\": quarantine holds a whole message and cannot go with recipients or "
                  "exceptions by recipient",
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
}
