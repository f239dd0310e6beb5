/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Weighing a `certificates` list: names that count only if the MTA verified
 * them, pins that need no chain, dates for rollovers. Of identities that do not
 * match, the one that came nearest gives the reason. Knows what the facts say
 * of a certificate, not which macro said it.
 */
#include <string.h>
#include "policy/names/certname.h"
#include "policy/internal.h"

/* How one identity compares: met, unmet or unknown, and why. */
struct comparison {
    enum met met;
    enum reason reason;
};

static struct comparison compared(enum met met, enum reason reason)
{
    return (struct comparison){met, reason};
}

static const struct comparison matched = {MET, REASON_NONE};

/* Why a certificate that is not trusted can satisfy no names. */
static struct comparison without_trust(enum certificate_state state)
{
    switch (state) {
    case CERTIFICATE_NONE:
        return compared(UNMET, REASON_CERTIFICATE_MISSING);
    case CERTIFICATE_UNTRUSTED:
        return compared(UNMET, REASON_CERTIFICATE_UNTRUSTED);
    case CERTIFICATE_NOT_REQUESTED:
        return compared(UNKNOWN, REASON_VERIFY_NOT_REQUESTED);
    case CERTIFICATE_VERIFY_TEMPORARY:
        return compared(UNKNOWN, REASON_VERIFY_TEMPORARY);
    default:
        return compared(UNKNOWN, REASON_MTA_MACROS);
    }
}

/* ---- names ---- */

/* The common name and the distinguished name of one side, as far as they were shown. */
struct seen_name {
    const char *cn, *dn;
    bool unsent;     /* the common name should have been sent, and was not: a dn alone is not believed */
    bool dn_unshown; /* this MTA shows no distinguished names */
};

static enum met attribute_matches(const struct name_attribute *wanted, const struct seen_name *seen)
{
    char value[CERTNAME_MAX];

    if (wanted->type == NULL) {
        if (seen->cn == NULL)
            return seen->unsent ? UNKNOWN : UNMET;
        return certname_matches(wanted->value, seen->cn) ? MET : UNMET;
    }
    if (seen->dn == NULL)
        return seen->dn_unshown || seen->unsent ? UNKNOWN : UNMET;
    if (dn_attribute(seen->dn, wanted->type, value, sizeof value) != DN_FOUND)
        return UNMET;
    return certname_matches(wanted->value, value) ? MET : UNMET;
}

static enum met pattern_matches(const struct name_pattern *pattern, const struct seen_name *seen)
{
    enum met met = MET;

    for (size_t i = 0; i < pattern->count; i++) {
        enum met attribute = attribute_matches(&pattern->attributes[i], seen);

        if (attribute == UNMET)
            return UNMET;
        met = attribute == UNKNOWN ? UNKNOWN : met;
    }
    return met;
}

static enum met rule_matches(const struct name_rule *rule, const struct seen_name *seen)
{
    enum met met = rule->count == 0 ? MET : UNMET;

    for (size_t i = 0; i < rule->count; i++) {
        enum met pattern = pattern_matches(&rule->patterns[i], seen);

        if (pattern == MET)
            return MET;
        met = pattern == UNKNOWN ? UNKNOWN : met;
    }
    return met;
}

static struct comparison compare_names(const struct policy *policy, const struct identity *identity,
                                       const struct facts *facts)
{
    struct lone_name lone_subject, lone_issuer;
    struct name_rule subject_rule = identity_subject(policy, identity, &lone_subject);
    struct name_rule issuer_rule = identity_issuer(policy, identity, &lone_issuer);
    bool postfix = facts->mta == MTA_POSTFIX;
    struct seen_name subject = {facts->subject_cn, facts->subject_dn, facts->names_unsent, postfix};
    struct seen_name issuer = {facts->issuer_cn, facts->issuer_dn, facts->names_unsent, postfix};
    enum met by_subject, by_issuer;

    if (facts->certificate != CERTIFICATE_TRUSTED)
        return without_trust(facts->certificate);
    by_subject = rule_matches(&subject_rule, &subject);
    if (by_subject == UNMET)
        return compared(UNMET, REASON_CERTIFICATE_SUBJECT);
    by_issuer = rule_matches(&issuer_rule, &issuer);
    if (by_issuer == UNMET)
        return compared(UNMET, REASON_CERTIFICATE_ISSUER);
    if (by_subject == UNKNOWN || by_issuer == UNKNOWN)
        return compared(UNKNOWN, postfix ? REASON_MTA_FACTS : REASON_MTA_MACROS);
    return matched;
}

/* ---- pins ---- */

/* Whether it is the file's certificate by another digest of 256 bits, for which the MTA is configured. */
static bool is_other_digest(const struct particulars *particulars, const struct pin *pin)
{
    const struct certfile *certificate = particulars->certificate;

    for (size_t i = 0; certificate != NULL && i < OTHER_DIGESTS; i++)
        if (memcmp(pin->fingerprint, certificate->other_fingerprint[i], FINGERPRINT_SIZE) == 0)
            return true;
    return false;
}

static struct comparison compare_pin(const struct particulars *particulars, const struct pin *pin,
                                     const struct facts *facts)
{
    switch (pin->state) {
    case PIN_KNOWN:
        if (memcmp(pin->fingerprint, particulars->fingerprint, FINGERPRINT_SIZE) == 0)
            return matched;
        if (is_other_digest(particulars, pin))
            return compared(UNKNOWN, REASON_MTA_FACTS);
        return compared(UNMET, REASON_CERTIFICATE_FINGERPRINT);
    case PIN_ABSENT:
        return compared(UNMET, REASON_CERTIFICATE_MISSING);
    case PIN_PENDING:
        return compared(PENDING, REASON_MTA_FACTS);
    case PIN_UNSHOWN:
    case PIN_MISSING:
        return compared(UNKNOWN, REASON_MTA_FACTS);
    default:
        if (facts->certificate == CERTIFICATE_NOT_REQUESTED
            || facts->certificate == CERTIFICATE_VERIFY_TEMPORARY)
            return without_trust(facts->certificate);
        return compared(UNKNOWN, REASON_MTA_MACROS);
    }
}

/* ---- the list ---- */

static bool in_force(const struct particulars *particulars, int64_t now)
{
    return particulars->from <= now && now < particulars->until;
}

/* One identity, in force or not: out of its dates it cannot match. Then only how near it came counts, and what is not known is not near. */
static struct comparison compare_identity(const struct policy *policy, const struct identity *identity,
                                          const struct facts *facts, bool is_in_force)
{
    struct comparison result;

    if (identity->kind == IDENTITY_NAMES)
        result = compare_names(policy, identity, facts);
    else
        result = compare_pin(
            identity_particulars(policy, identity),
            identity->kind == IDENTITY_FINGERPRINT ? &facts->certificate_pin : &facts->key_pin, facts);
    if (is_in_force)
        return result;
    if (result.met == MET)
        return compared(UNMET, REASON_CERTIFICATE_DATES);
    return result.met == UNMET ? result : compared(UNMET, REASON_CERTIFICATE_MISSING);
}

/* Whether the comparison says more than the best so far: a match, else what is not known yet, not known, or nearest. */
static bool is_better(const struct comparison *comparison, const struct finding *best)
{
    static const int rank[] = {[MET] = 3, [PENDING] = 2, [UNKNOWN] = 1, [UNMET] = 0};

    if (comparison->met != best->met)
        return rank[comparison->met] > rank[best->met];
    return comparison->met == UNMET ? comparison->reason > best->reason : comparison->reason < best->reason;
}

static void weigh_identities(const struct policy *policy, const struct facts *facts, int64_t now,
                             struct finding *finding)
{
    const struct certificates *certificates = finding->certificates;
    bool any_in_force = false;

    finding->met = UNMET;
    finding->reason = REASON_NONE;
    for (unsigned i = 0; i < certificates->count; i++) {
        const struct identity *identity = &certificates->identities[i];
        bool is_in_force = in_force(identity_particulars(policy, identity), now);
        struct comparison comparison = compare_identity(policy, identity, facts, is_in_force);

        any_in_force |= is_in_force;
        if (is_better(&comparison, finding)) {
            finding->met = comparison.met;
            finding->reason = comparison.reason;
            finding->identity = i + 1;
        }
    }
    if (!any_in_force) {
        finding->met = UNKNOWN;
        finding->reason = REASON_POLICY_DATES;
    }
}

bool finding_is_other_digest(const struct policy *policy, const struct finding *finding,
                             const struct facts *facts)
{
    const struct identity *identity;

    if (finding->requirement != REQUIRE_CERTIFICATES || finding->met != UNKNOWN || finding->identity == 0)
        return false;
    identity = &finding->certificates->identities[finding->identity - 1];
    return identity->kind == IDENTITY_FINGERPRINT && facts->certificate_pin.state == PIN_KNOWN
           && is_other_digest(identity_particulars(policy, identity), &facts->certificate_pin);
}

void certificate_weigh(const struct policy *policy, const struct facts *facts, int64_t now,
                       struct finding *finding)
{
    struct comparison trust = matched;

    finding->identity = 0;
    if (!finding->certificates->trusted) {
        weigh_identities(policy, facts, now, finding);
        return;
    }
    if (facts->certificate != CERTIFICATE_TRUSTED)
        trust = without_trust(facts->certificate);
    finding->met = trust.met;
    finding->reason = trust.reason;
}
