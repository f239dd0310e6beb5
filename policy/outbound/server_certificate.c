/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a partner's outbound rule accepts a server's certificate: by name, by pin, by DANE. Names mean what
 * they mean to Postfix: a wildcard of the certificate stands for one label, a suffix of the policy for any
 * number. Sendmail shows the common name; of the alternative names, it shows the server's name if it is among
 * them.
 */
#include <string.h>
#include "policy/outbound/server_internal.h"
#include "policy/requirement/comparison.h"
#include "policy/requirement/outbound_rule.h"

/*
 * Why a certificate that is not trusted proves no name. Sendmail always requests a server's certificate, so
 * "not requested" counts as "not verified for now".
 */
static struct comparison without_trust(enum certificate_state state)
{
    return comparison_without_trust(state == CERTIFICATE_NOT_REQUESTED ? CERTIFICATE_VERIFY_TEMPORARY
                                                                       : state);
}

/* ---- names ---- */

/* A name of the certificate in compared form, without the "*." of a wildcard. */
struct seen_name {
    struct domain domain;
    bool wildcard;
};

/* False: the text is not a host name. */
static bool read_name(struct seen_name *seen, const char *text)
{
    if (text == NULL)
        return false;
    seen->wildcard = strncmp(text, "*.", 2) == 0;
    text += seen->wildcard ? 2 : 0;
    return domain_normalise(&seen->domain, text, strlen(text)) == DOMAIN_VALID;
}

static bool is_named(const struct seen_name *seen, bool suffix, const char *wanted)
{
    const char *name = seen->domain.text, *rest = strchr(wanted, '.');

    if (suffix)
        return domain_below(name, wanted) || (seen->wildcard && strcmp(name, wanted) == 0);
    if (!seen->wildcard)
        return strcmp(name, wanted) == 0;
    return rest != NULL && strcmp(name, rest + 1) == 0;
}

static bool shows_name(const struct server_shown *shown, bool suffix, const char *wanted)
{
    const char *const texts[] = {shown->facts->subject_cn, shown->alternative};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct seen_name seen;

        if (read_name(&seen, texts[i]) && is_named(&seen, suffix, wanted))
            return true;
    }
    return false;
}

static struct comparison compare_name(const struct server_shown *shown, bool suffix, const char *wanted)
{
    if (shown->dane)
        return comparison_of(MET, REASON_NONE);
    if (shown->facts->certificate != CERTIFICATE_TRUSTED)
        return without_trust(shown->facts->certificate);
    return comparison_of(shows_name(shown, suffix, wanted) ? MET : UNMET, REASON_CERTIFICATE_SUBJECT);
}

/* Whether the certificate has a name that is the domain or below it. */
static bool shows_domain(const struct server_shown *shown, const char *domain)
{
    return shows_name(shown, false, domain) || shows_name(shown, true, domain);
}

/* The name must be of the recipient's domain; for a listed next hop, of any domain of the partner. */
static struct comparison compare_domain(const struct server_shown *shown, const struct policy *policy,
                                        const struct outbound_choice *choice)
{
    struct comparison trust = compare_name(shown, false, choice->domain);
    const struct selector *entry;
    size_t count;

    if (trust.met != UNMET || trust.reason != REASON_CERTIFICATE_SUBJECT)
        return trust;
    if (choice->domain[0] != '\0')
        return comparison_of(shows_domain(shown, choice->domain) ? MET : UNMET, REASON_CERTIFICATE_SUBJECT);
    entry = partner_selectors(policy, choice->partner, &count);
    for (; count-- > 0; entry++)
        if ((entry->kinds & (1u << SELECT_DOMAIN | 1u << SELECT_SUBDOMAINS)) != 0
            && shows_domain(shown, arena_at(&policy->arena, entry->text)))
            return comparison_of(MET, REASON_NONE);
    return trust;
}

/* ---- pins ---- */

static struct comparison compare_pin(const struct server_shown *shown, const struct server_identity *identity)
{
    const struct facts *facts = shown->facts;
    const struct pin *pin = identity->kind == SERVER_FINGERPRINT ? &facts->certificate_pin : &facts->key_pin;

    switch (pin->state) {
    case PIN_KNOWN:
        return comparison_of(
            memcmp(pin->fingerprint, identity->particulars.fingerprint, FINGERPRINT_SIZE) == 0 ? MET : UNMET,
            REASON_CERTIFICATE_FINGERPRINT);
    case PIN_ABSENT:
        return comparison_of(UNMET, REASON_CERTIFICATE_MISSING);
    case PIN_UNSHOWN:
        return comparison_of(UNKNOWN, REASON_MTA_FACTS);
    default:
        if (facts->certificate == CERTIFICATE_VERIFY_TEMPORARY)
            return without_trust(facts->certificate);
        return comparison_of(UNKNOWN, REASON_MTA_MACROS);
    }
}

/* ---- the list ---- */

static struct comparison compare_identity(const struct server_shown *shown,
                                          const struct server_identity *identity)
{
    if (identity->kind == SERVER_NAME || identity->kind == SERVER_SUFFIX)
        return compare_name(shown, identity->kind == SERVER_SUFFIX, identity->name);
    return compare_pin(shown, identity);
}

static void weigh_list(const struct server_shown *shown, const struct server_certificates *certificates,
                       int64_t now, struct finding *finding)
{
    struct nearest nearest = nearest_begin(finding);

    for (size_t i = 0; i < certificates->count; i++) {
        const struct server_identity *identity = &certificates->identities[i];

        nearest_add(&nearest, compare_identity(shown, identity),
                    particulars_in_force(&identity->particulars, now));
    }
    nearest_end(&nearest);
}

/*
 * For a rule that asks for no certificate. Any {verify} that is not the result of a handshake means that
 * STARTTLS failed or was refused, and that Sendmail continues without TLS. If there are other macros, they
 * are of an earlier session.
 */
static void weigh_handshake(const struct server_shown *shown, struct judged *judged)
{
    enum certificate_state state = shown->facts->certificate;
    struct comparison unknown = without_trust(state);

    if (shown->facts->tls == TLS_ON && (state == CERTIFICATE_MACROS || state == CERTIFICATE_VERIFY_TEMPORARY))
        requirement_found(weigh_add(judged, REQUIRE_CERTIFICATES), unknown.met, unknown.reason);
}

void server_certificate_weigh(const struct server_shown *shown, const struct policy *policy,
                              const struct outbound_choice *choice, int64_t now, struct judged *judged)
{
    const struct weighing weighing = {.policy = policy, .facts = shown->facts, .now = now, .judged = judged};
    const struct server_certificates *certificates = outbound_certificates(policy, choice->rule);
    struct comparison domain;
    struct finding *finding;

    if (certificates->proof == PROOF_NONE) {
        weigh_handshake(shown, judged);
        return;
    }
    finding = weigh_add(judged, REQUIRE_CERTIFICATES);
    if (shown->facts->tls != TLS_ON) {
        requirement_row(REQUIRE_TLS)->weigh(&weighing, finding);
    } else if (certificates->proof == PROOF_LIST) {
        weigh_list(shown, certificates, now, finding);
    } else if (certificates->proof == PROOF_DANE) {
        requirement_found(finding, shown->dane ? MET : UNKNOWN, REASON_MTA_FACTS);
    } else {
        domain = compare_domain(shown, policy, choice);
        requirement_found(finding, domain.met, domain.reason);
    }
}
