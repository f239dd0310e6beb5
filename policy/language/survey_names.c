/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a policy names and the machine or the MTA's configuration must have: issuers, certificate files,
 * exempt clients and daemons. Lists them, but does not look at them.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "policy/internal.h"
#include "policy/language/survey.h"
#include "policy/requirement/weigh.h"

enum { ISSUERS_MAX = 64 };

/* ---- issuers ---- */

struct issuer_walk {
    const struct policy *policy;
    int64_t now;
    void (*found)(void *arg, const struct issuer_rule *rule);
    void *arg;
};

/*
 * Returns the name by which to look for a CA: its common name, else its organisation. NULL: the pattern has
 * neither.
 */
static const char *name_of(const struct name_pattern *pattern)
{
    const char *organisation = NULL;

    for (size_t i = 0; i < pattern->count; i++) {
        const struct name_attribute *attribute = &pattern->attributes[i];

        if (attribute->type == NULL || strcasecmp(attribute->type, "CN") == 0)
            return attribute->value;
        if (strcasecmp(attribute->type, "O") == 0)
            organisation = attribute->value;
    }
    return organisation;
}

static void walk_identity(const struct issuer_walk *walk, const struct partner *partner,
                          const struct identity *identity)
{
    struct lone_name lone;
    const char *issuers[ISSUERS_MAX];
    struct issuer_rule rule = {partner->name, issuers, 0};
    struct name_rule names;

    if (identity->kind != IDENTITY_NAMES || walk->now >= identity_particulars(walk->policy, identity)->until)
        return;
    names = identity_issuer(walk->policy, identity, &lone);
    for (size_t i = 0; i < names.count && rule.count < ISSUERS_MAX; i++) {
        const char *name = name_of(&names.patterns[i]);

        if (name == NULL)
            return; /* an alternative without such a name: the rule cannot be checked */
        issuers[rule.count++] = name;
    }
    if (rule.count > 0)
        walk->found(walk->arg, &rule);
}

/* Whether the partner is in mode testing or enforce, now or by a later step. */
static bool is_judged(const struct issuer_walk *walk, const struct partner *partner)
{
    const struct actions *actions;
    bool judged = partner_in_force(walk->policy, partner, walk->now, &actions) != MODE_NONE;

    for (size_t i = 0; i < partner->terms->step_count; i++) {
        const struct step *step = &partner->terms->steps[i];

        judged |= step->from > walk->now && step->mode != MODE_COUNT && step->mode != MODE_NONE;
    }
    return judged;
}

static void walk_partner(const struct issuer_walk *walk, const struct partner *partner)
{
    struct piece piece[PIECES_MAX];
    size_t count = require_pieces(walk->policy, partner, piece);

    for (size_t i = 0; i < count && i < PIECES_MAX; i++) {
        if ((piece[i].keys & 1u << REQUIRE_CERTIFICATES) == 0)
            continue;
        for (unsigned at = 0; at < piece[i].certificates->count; at++)
            walk_identity(walk, partner, &piece[i].certificates->identities[at]);
    }
}

void policy_each_issuer(const struct policy *policy, int64_t now,
                        void (*found)(void *arg, const struct issuer_rule *rule), void *arg)
{
    const struct issuer_walk walk = {policy, now, found, arg};

    for (size_t i = 0; i < policy->partner_count; i++)
        if (is_judged(&walk, &policy->partners[i]))
            walk_partner(&walk, &policy->partners[i]);
}

/* ---- certificate files ---- */

/* A `file:` is relative to the policy file that names it. */
static void give_file(const char *policy_file, const char *file, void (*found)(void *arg, const char *path),
                      void *arg)
{
    const char *slash = strrchr(policy_file, '/');
    char path[PATH_MAX];

    if (file[0] == '/' || slash == NULL)
        snprintf(path, sizeof path, "%s", file);
    else
        snprintf(path, sizeof path, "%.*s/%s", (int)(slash - policy_file), policy_file, file);
    found(arg, path);
}

static void walk_files(const struct policy *policy, arena_ref ref, void (*found)(void *arg, const char *path),
                       void *arg)
{
    const struct certificates *certificates = arena_at(&policy->arena, ref);

    for (unsigned i = 0; certificates != NULL && i < certificates->count; i++) {
        const char *file = identity_particulars(policy, &certificates->identities[i])->file;

        if (file != NULL)
            give_file(policy->files[certificates->file], file, found, arg);
    }
}

void policy_each_certificate_file(const struct policy *policy, void (*found)(void *arg, const char *path),
                                  void *arg)
{
    walk_files(policy, policy->require.certificates, found, arg);
    for (size_t i = 0; i < policy->profile_count; i++)
        if (policy->profiles[i].require != NULL)
            walk_files(policy, policy->profiles[i].require->certificates, found, arg);
    for (size_t i = 0; i < policy->partner_count; i++)
        walk_files(policy, policy->partners[i].certificates, found, arg);
}

/* ---- who is exempt ---- */

void policy_each_exempt_client(const struct policy *policy, void (*found)(void *arg, const char *text),
                               void *arg)
{
    const struct clients *clients = &policy->exempt_clients;

    for (size_t i = 0; i < clients->network_count; i++) {
        char text[64];

        network_format(&clients->networks[i], text);
        found(arg, text);
    }
    for (size_t i = 0; i < clients->name_count; i++) {
        char text[300];

        snprintf(text, sizeof text, "%s%s", clients->names[i].suffix ? "." : "", clients->names[i].domain);
        found(arg, text);
    }
}

void policy_each_exempt_daemon(const struct policy *policy, void (*found)(void *arg, const char *text),
                               void *arg)
{
    for (size_t i = 0; i < policy->exempt_daemon_count; i++)
        found(arg, policy->exempt_daemons[i]);
}
