/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Weighs a `certificates` list: names, which count only if the MTA verified the certificate; pins, which need
 * no chain; dates, for rollovers. If no identity matches, the nearest one gives the reason. Knows what the
 * facts say of a certificate, not which macro said it.
 */
#include <string.h>
#include "policy/facts/mta.h"
#include "policy/names/certname.h"
#include "policy/requirement/certificate.h"
#include "policy/requirement/comparison.h"

/* ---- names ---- */

/* The common name and the distinguished name of the subject or the issuer, as far as the MTA showed them. */
struct seen_name {
    const char *cn, *dn;
    bool unsent;     /* the MTA should have sent a common name and did not: a dn alone is not trusted */
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
    bool hidden = mta_hides_distinguished_names(facts->mta);
    struct seen_name subject = {facts->subject_cn, facts->subject_dn, facts->names_unsent, hidden};
    struct seen_name issuer = {facts->issuer_cn, facts->issuer_dn, facts->names_unsent, hidden};
    enum met by_subject, by_issuer;

    if (facts->certificate != CERTIFICATE_TRUSTED)
        return comparison_without_trust(facts->certificate);
    by_subject = rule_matches(&subject_rule, &subject);
    if (by_subject == UNMET)
        return comparison_of(UNMET, REASON_CERTIFICATE_SUBJECT);
    by_issuer = rule_matches(&issuer_rule, &issuer);
    if (by_issuer == UNMET)
        return comparison_of(UNMET, REASON_CERTIFICATE_ISSUER);
    if (by_subject == UNKNOWN || by_issuer == UNKNOWN)
        return comparison_of(UNKNOWN, hidden ? REASON_MTA_FACTS : REASON_MTA_MACROS);
    return comparison_of(MET, REASON_NONE);
}

/* ---- pins ---- */

/*
 * Whether the pin is that of the file's certificate by another digest of 256 bits, for which the MTA is
 * configured.
 */
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
            return comparison_of(MET, REASON_NONE);
        if (is_other_digest(particulars, pin))
            return comparison_of(UNKNOWN, REASON_MTA_FACTS);
        return comparison_of(UNMET, REASON_CERTIFICATE_FINGERPRINT);
    case PIN_ABSENT:
        return comparison_of(UNMET, REASON_CERTIFICATE_MISSING);
    case PIN_PENDING:
        return comparison_of(PENDING, REASON_MTA_FACTS);
    case PIN_UNSHOWN:
    case PIN_MISSING:
        return comparison_of(UNKNOWN, REASON_MTA_FACTS);
    default:
        if (facts->certificate == CERTIFICATE_NOT_REQUESTED
            || facts->certificate == CERTIFICATE_VERIFY_TEMPORARY)
            return comparison_without_trust(facts->certificate);
        return comparison_of(UNKNOWN, REASON_MTA_MACROS);
    }
}

/* ---- the list ---- */

static struct comparison compare_identity(const struct policy *policy, const struct identity *identity,
                                          const struct facts *facts)
{
    if (identity->kind == IDENTITY_NAMES)
        return compare_names(policy, identity, facts);
    return compare_pin(identity_particulars(policy, identity),
                       identity->kind == IDENTITY_FINGERPRINT ? &facts->certificate_pin : &facts->key_pin,
                       facts);
}

static void weigh_identities(const struct policy *policy, const struct facts *facts, int64_t now,
                             struct finding *finding)
{
    const struct certificates *certificates = finding->certificates;
    struct nearest nearest = nearest_begin(finding);

    for (unsigned i = 0; i < certificates->count; i++) {
        const struct identity *identity = &certificates->identities[i];

        nearest_add(&nearest, compare_identity(policy, identity, facts),
                    particulars_in_force(identity_particulars(policy, identity), now));
    }
    nearest_end(&nearest);
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

static void weigh(const struct weighing *weighing, struct finding *finding)
{
    const struct facts *facts = weighing->facts;
    struct comparison trust = comparison_of(MET, REASON_NONE);

    finding->identity = 0;
    if (!finding->certificates->trusted) {
        weigh_identities(weighing->policy, facts, weighing->now, finding);
        return;
    }
    if (facts->certificate != CERTIFICATE_TRUSTED)
        trust = comparison_without_trust(facts->certificate);
    requirement_found(finding, trust.met, trust.reason);
}

static void read_value(struct loading *loading, const struct node *node, void *into)
{
    struct require *require = into;

    require->certificates = compile_certificates(loading, node);
    if (require->certificates != 0)
        requirement_given(require, REQUIRE_CERTIFICATES);
}

static void detail(struct growing *text, const struct weighing *weighing, const struct finding *finding)
{
    const struct facts *facts = weighing->facts;

    if (finding->reason == REASON_CERTIFICATE_MISSING)
        growing_add(text, ": no certificate");
    if (finding->reason == REASON_CERTIFICATE_SUBJECT && facts->certificate == CERTIFICATE_TRUSTED
        && facts->subject_cn == NULL)
        growing_add(text, ": certificate without a common name");
}

/* clang-format off */
const struct requirement_row requirement_certificates = {
    .combination = COMBINE_EACH, .of_tls = true, .read = read_value,
    .weigh = weigh, .wanted = certificate_wanted, .found = certificate_found, .detail = detail,
    .reasons = {
        {REASON_CERTIFICATE_MISSING, "554", "5.7.5", "4.7.5",
         "Verified TLS client certificate needed for mail from this domain"},
        {REASON_CERTIFICATE_UNTRUSTED, "554", "5.7.5", "4.7.5",
         "TLS client certificate not trusted for mail from this domain"},
        {REASON_CERTIFICATE_SUBJECT, "554", "5.7.1", "4.7.1",
         "TLS client certificate bears another name than agreed for mail from this domain"},
        {REASON_CERTIFICATE_ISSUER, "554", "5.7.1", "4.7.1",
         "TLS client certificate has another issuer than agreed for mail from this domain"},
        {REASON_CERTIFICATE_FINGERPRINT, "554", "5.7.1", "4.7.1",
         "TLS client certificate is not the one agreed for mail from this domain"},
        {REASON_CERTIFICATE_DATES, "554", "5.7.1", "4.7.1",
         "TLS client certificate used outside the dates agreed for mail from this domain"},
        {REASON_MTA_FACTS, NULL, NULL, "4.3.5",
         "Local configuration problem, not yours: TLS client certificate not visible, try again later"},
        {REASON_VERIFY_NOT_REQUESTED, NULL, NULL, "4.3.5",
         "Local configuration problem, not yours: no TLS client certificate was asked for, try again later"},
        {REASON_VERIFY_TEMPORARY, NULL, NULL, "4.3.5",
         "Local problem, not yours: TLS client certificate could not be verified, try again later"},
        {REASON_POLICY_DATES, NULL, NULL, "4.3.5",
         "Local configuration problem, not yours: no TLS client certificate is agreed for today, "
         "try again later"},
    }};
