/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules under which a partner's mail was judged. The mails of policies with the same rule for the partner
 * are joined, because most policies change for other partners.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/tool/evidence/stamp.h"
#include "policy/tool/evidence/summary.h"

sqlite3_stmt *agreed_prepare(struct database *database)
{
    return database_prepare(database, "SELECT r.text FROM partner_rule p JOIN rule r ON r.id = p.rule"
                                      " WHERE p.policy = (SELECT id FROM text WHERE value = ?1)"
                                      " AND p.partner = (SELECT id FROM text WHERE value = ?2)");
}

/* Returns the rule of a partner under a policy. "": the database does not have it. */
static const char *rule_of(struct summary *summary, const struct agreed_source *source, const char *digest,
                           const char *partner)
{
    const char *rule = "";

    sqlite3_bind_text(source->rule, 1, digest, -1, SQLITE_STATIC);
    sqlite3_bind_text(source->rule, 2, partner, -1, SQLITE_STATIC);
    if (database_row(source->database, source->rule))
        rule = summary_word(summary, (const char *)sqlite3_column_text(source->rule, 0));
    sqlite3_reset(source->rule);
    return rule;
}

/* Finds or adds the policy of a digest. NULL: out of memory. */
static struct part *find_policy(struct summary *summary, struct partner_summary *partner, const char *digest)
{
    struct parts *policies = &partner->policies;
    struct part *grown;

    for (size_t i = 0; i < policies->count; i++)
        if (strcmp(policies->part[i].name, digest) == 0)
            return &policies->part[i];
    grown = summary_grow(summary, policies->part, policies->count, sizeof *grown);
    if (grown == NULL)
        return NULL;
    policies->part = grown;
    grown[policies->count] =
        (struct part){.name = digest, .more = "", .first = STAMP_NONE, .last = STAMP_NONE};
    return &grown[policies->count++];
}

void agreed_add(struct summary *summary, const struct agreed_source *source, struct partner_summary *partner,
                const struct part *mails)
{
    struct part *policy = find_policy(summary, partner, mails->name);

    if (policy == NULL)
        return;
    if (*policy->more == '\0') /* if there are several databases, only one may have it */
        policy->more = rule_of(summary, source, mails->name, partner->name);
    policy->mails += mails->mails;
    parts_widen(&policy->first, &policy->last, mails);
}

static int by_first(const void *a, const void *b)
{
    const struct part *first = a, *second = b;

    if (first->first != second->first)
        return first->first < second->first ? -1 : 1;
    return strcmp(first->name, second->name);
}

/* Returns the digests of the policies with this rule, separated by commas. */
static const char *digests_of(struct summary *summary, const struct parts *policies, const char *rule)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    const char *digests = "", *between = "";

    for (size_t i = 0; stream != NULL && i < policies->count; i++) {
        const struct part *policy = &policies->part[i];

        if (strcmp(policy->more, rule) != 0)
            continue;
        fprintf(stream, "%s%s", between, policy->name);
        between = *between != '\0' || *policy->name != '\0' ? ", " : "";
    }
    if (stream != NULL && fclose(stream) == 0)
        digests = summary_word(summary, text);
    else
        summary->exhausted = true;
    free(text);
    return digests;
}

/* Adds the mails of a policy to those of its rule. */
static void join_policy(struct summary *summary, struct parts *rules, const struct part *policy)
{
    struct part *rule, *grown;

    for (size_t i = 0; i < rules->count; i++) {
        rule = &rules->part[i];
        if (strcmp(rule->name, policy->more) != 0)
            continue;
        rule->mails += policy->mails;
        if (policy->last > rule->last)
            rule->last = policy->last;
        return;
    }
    grown = summary_grow(summary, rules->part, rules->count, sizeof *grown);
    if (grown == NULL)
        return;
    rules->part = grown;
    rule = &grown[rules->count++];
    *rule = *policy;
    rule->name = policy->more;
    rule->more = NULL;
}

void agreed_join(struct summary *summary, struct partner_summary *partner)
{
    struct parts *policies = &partner->policies;

    if (policies->count > 0)
        qsort(policies->part, policies->count, sizeof *policies->part, by_first);
    for (size_t i = 0; i < policies->count; i++)
        join_policy(summary, &partner->rules, &policies->part[i]);
    for (size_t i = 0; i < partner->rules.count; i++)
        partner->rules.part[i].extra = digests_of(summary, policies, partner->rules.part[i].name);
}
