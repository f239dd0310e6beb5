/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sections beside `partners`: milter, exempt, defaults, profiles; and what
 * can be said only when everything was read: profiles by name, circles, too many
 * pieces, what the policy needs to be shown.
 */
#include "policy/compile.h"

#include <stdlib.h>
#include <string.h>
#include "policy/profiles.h"
#include "policy/scalar.h"
#include "policy/socket_form.h"

enum { NAMED_MOST = 64 };

/* ---- milter ---- */

static bool compile_socket(struct loading *loading, const struct node *node, const char **text)
{
    const char *wrong;

    if (!compile_text(loading, node, text))
        return false;
    wrong = socket_form_check(*text);
    if (wrong != NULL)
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

void compile_milter(struct loading *loading, const struct node *node)
{
    static const struct key keys[] = {
        {"socket", read_socket}, {"postfix_facts", read_postfix_facts}, {"mta", read_mta}, {NULL, NULL}};

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

/* ---- profiles ---- */

static struct profile *find_profile(const struct policy *policy, const char *name)
{
    for (size_t i = 0; i < policy->profile_count; i++)
        if (strcmp(policy->profiles[i].name, name) == 0)
            return &policy->profiles[i];
    return NULL;
}

static void add_profile(struct loading *loading, const struct node *value)
{
    struct policy *policy = loading->policy;
    const struct profile *other;
    struct require *require = loading_alloc(loading, sizeof *require);
    struct profile *profiles = realloc(policy->profiles, (policy->profile_count + 1) * sizeof *profiles);

    if (profiles != NULL)
        policy->profiles = profiles;
    if (profiles == NULL || require == NULL) {
        loading_exhausted(loading);
        return;
    }
    other = find_profile(policy, value->key->text);
    if (other != NULL && other->builtin != NULL)
        loading_error(loading, value->key, "\"%.64s\" is a built-in profile; choose another name",
                      value->key->text);
    else if (other != NULL)
        loading_error(loading, value->key, "profile \"%.64s\" is defined a second time; the first is %s:%u",
                      value->key->text, other->place.file, other->place.line);
    compile_require(loading, value, require, "a profile");
    profiles[policy->profile_count++] = (struct profile){loading_text(loading, value->key->text), NULL,
                                                         require, loading_place(loading, value->key)};
}

void compile_profiles(struct loading *loading, const struct node *node)
{
    if (node->kind != NODE_MAPPING) {
        loading_error(loading, node, "profiles must be a mapping of names to requirements");
        return;
    }
    for (const struct node *value = node->first; value != NULL; value = value->next) {
        const char *text;

        if (compile_name(loading, value->key, &text))
            add_profile(loading, value);
    }
}

/* ---- when everything was read ---- */

static void resolve_profile(struct loading *loading, const struct profile_use *use)
{
    const struct policy *policy = loading->policy;
    const struct node at = {.line = use->place.line, .column = use->place.column};
    const char **names, *nearest;

    *use->slot = find_profile(policy, use->name);
    if (*use->slot != NULL)
        return;
    names = calloc(policy->profile_count + 1, sizeof *names);
    if (names == NULL) {
        loading_exhausted(loading);
        return;
    }
    for (size_t i = 0; i < policy->profile_count; i++)
        names[i] = policy->profiles[i].name;
    nearest = scalar_nearest(use->name, names);
    loading->file = use->place.file;
    if (nearest != NULL)
        loading_error(loading, &at, "unknown profile \"%.64s\"; did you mean \"%s\"?", use->name, nearest);
    else
        loading_error(loading, &at,
                      "unknown profile \"%.64s\"; \"forcetls list --profiles\" shows those there are",
                      use->name);
    free(names);
}

/*
 * Whether a `require` names at most *left profiles, with those that they name, each as often as it is named. Where it
 * does, no walk through them is endless or long.
 */
static bool names_few(const struct require *require, unsigned *left)
{
    for (size_t i = 0; i < require->profile_count; i++) {
        if (require->profiles[i] == NULL)
            continue;
        if (*left == 0)
            return false;
        --*left;
        if (!names_few(require->profiles[i]->require, left))
            return false;
    }
    return true;
}

/* Whether the profile is among the first *left of them. */
static bool reaches(const struct require *require, const struct profile *wanted, unsigned *left)
{
    for (size_t i = 0; i<require->profile_count && * left> 0; i++) {
        if (require->profiles[i] == NULL)
            continue;
        --*left;
        if (require->profiles[i] == wanted || reaches(require->profiles[i]->require, wanted, left))
            return true;
    }
    return false;
}

/* Tells the profiles that name too many: those in a circle, or if there is none all of them. */
static void tell_crowds(struct loading *loading, bool circles)
{
    const struct policy *policy = loading->policy;

    for (size_t i = 0; i < policy->profile_count; i++) {
        const struct profile *profile = &policy->profiles[i];
        const struct node at = {.line = profile->place.line, .column = profile->place.column};
        unsigned left = NAMED_MOST, again = NAMED_MOST;

        if (names_few(profile->require, &left) || (circles && !reaches(profile->require, profile, &again)))
            continue;
        loading->file = profile->place.file;
        if (circles)
            loading_error(loading, &at, "profile \"%s\" contains itself", profile->name);
        else
            loading_error(loading, &at, "profile \"%s\" and those it names name more than %d profiles",
                          profile->name, NAMED_MOST);
    }
}

static void check_circles(struct loading *loading)
{
    unsigned errors = loading->errors;

    tell_crowds(loading, true);
    if (loading->errors == errors)
        tell_crowds(loading, false);
}

static void check_pieces(struct loading *loading, const struct partner *partner)
{
    const struct require *own = &partner->terms->require;
    const struct node at = {.line = partner->line, .column = partner->column};
    struct piece piece[PIECES_MAX];
    unsigned left = NAMED_MOST;

    if (names_few(own->has_profiles ? own : &loading->policy->require, &left)
        && require_pieces(loading->policy, partner, piece) <= PIECES_MAX)
        return;
    loading->file = loading->policy->files[partner->file];
    loading_error(loading, &at,
                  "partner \"%s\": its profiles and those they name are more than %d sets of requirements",
                  partner->name, PIECES_MAX - 2);
}

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
    unsigned errors;

    for (size_t i = 0; i < policy->partner_count; i++)
        check_quarantine(loading, &policy->partners[i]);
    errors = loading->errors;
    for (size_t i = 0; i < loading->use_count; i++)
        resolve_profile(loading, &loading->uses[i]);
    check_circles(loading);
    if (loading->errors != errors || loading->out_of_memory)
        return; /* the pieces of a partner are not known */
    for (size_t i = 0; i < policy->partner_count; i++)
        check_pieces(loading, &policy->partners[i]);
    note_needs(policy);
}
