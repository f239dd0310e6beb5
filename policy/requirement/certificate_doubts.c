/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Warnings about names in certificates that prove little: those that a whole platform shares, and issuers
 * that change with every renewal. Knows the names of a rule, not how they are compared.
 */
#include "policy/requirement/certificate.h"

#include <stdio.h>
#include "policy/names/certname.h"
#include "policy/names/issuers.h"
#include "policy/requirement/profiles.h"

static bool names_issuer(const struct name_rule *rule, const char *name)
{
    for (size_t i = 0; i < rule->count; i++)
        for (size_t k = 0; k < rule->patterns[i].count; k++)
            if (rule->patterns[i].attributes[k].type == NULL
                && certname_matches(rule->patterns[i].attributes[k].value, name))
                return true;
    return false;
}

/* Warns of an issuer that the CA will replace by another one, unless the rule names all issuers of the CA. */
static void warn_issuer(struct loading *loading, const struct node *node, const struct name_rule *rule,
                        const char *issuer)
{
    const struct issuer_family *family = issuer_family_of(issuer);
    char all[300] = "";
    size_t used = 0, missing = 0;

    if (family == NULL || family->slow)
        return;
    for (const char *const *member = family->members; *member != NULL; member++) {
        missing += !names_issuer(rule, *member);
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", used == 0 ? "" : ", ", *member);
    }
    if (family->complete && missing == 0)
        return;
    loading_warning(
        loading, node, WARNING_ISSUER_VARIES,
        "\"%.128s\" is one of several CAs of %s, which %s: the next certificate may have another issuer; "
        "write %s%s%sno issuer",
        issuer, family->ca,
        family->at_random ? "picks one at random for each certificate" : "changes it from time to time",
        family->complete ? "issuer: [" : "", family->complete ? all : "", family->complete ? "], or " : "");
}

/* Warns once for each family of issuers in a row. */
static void warn_issuers(struct loading *loading, const struct node *node, const struct name_rule *rule)
{
    const struct issuer_family *last = NULL;

    for (size_t i = 0; i < rule->count; i++)
        for (size_t k = 0; k < rule->patterns[i].count; k++) {
            const struct name_attribute *attribute = &rule->patterns[i].attributes[k];
            const struct issuer_family *family =
                attribute->type == NULL ? issuer_family_of(attribute->value) : NULL;

            if (family != NULL && family != last)
                warn_issuer(loading, node, rule, attribute->value);
            last = family != NULL ? family : last;
        }
}

static void warn_shared(struct loading *loading, const struct node *node, const char *subject)
{
    const struct provider *provider = provider_of_subject(subject);

    if (provider != NULL)
        loading_warning(
            loading, node, WARNING_SHARED_CERTIFICATE,
            "all customers of %s share the certificate \"%.128s\": it proves the platform, not the "
            "partner",
            provider->name, subject);
}

void compile_doubt_identity(struct loading *loading, const struct node *node, const struct name_rule *subject,
                            const struct name_rule *issuer)
{
    if (subject->count == 0 && issuer->count > 0)
        loading_warning(
            loading, node, WARNING_ISSUER_ALONE,
            "an issuer without a subject: every certificate of this issuer satisfies the rule, and of every "
            "CA with this name in the CA file of the MTA");
    if (issuer->count > 0)
        warn_issuers(loading, node_find(node, "issuer"), issuer);
    for (size_t i = 0; i < subject->count; i++)
        for (size_t k = 0; k < subject->patterns[i].count; k++)
            if (subject->patterns[i].attributes[k].type == NULL)
                warn_shared(loading, node, subject->patterns[i].attributes[k].value);
}
