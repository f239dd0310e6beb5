/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `certificates`: identities, and what was seen of a certificate, in words. The texts may contain octets that
 * the client chose: the caller must escape them.
 */
#include "policy/requirement/certificate.h"

#include "policy/names/date.h"

/* Adds a rule such as "O=Contoso + mail.contoso.com or mx.contoso.com". */
static void add_rule(struct growing *text, const struct name_rule *rule)
{
    for (size_t i = 0; i < rule->count; i++)
        for (size_t k = 0; k < rule->patterns[i].count; k++) {
            const struct name_attribute *attribute = &rule->patterns[i].attributes[k];

            growing_add(text, "%s%s%s%s",
                        k > 0   ? " + "
                        : i > 0 ? " or "
                                : "",
                        attribute->type == NULL ? "" : attribute->type, attribute->type == NULL ? "" : "=",
                        attribute->value);
        }
}

static void add_names(struct growing *text, const struct policy *policy, const struct identity *identity)
{
    struct lone_name lone;
    struct name_rule subject = identity_subject(policy, identity, &lone), issuer;

    growing_add(text, "%s", subject.count > 0 ? "subject " : "");
    add_rule(text, &subject);
    issuer = identity_issuer(policy, identity, &lone);
    growing_add(text, "%s%s", subject.count > 0 && issuer.count > 0 ? ", " : "",
                issuer.count > 0 ? "issuer " : "");
    add_rule(text, &issuer);
}

static void add_pin(struct growing *text, const struct identity *identity,
                    const struct particulars *particulars)
{
    char fingerprint[FINGERPRINT_TEXT];

    fingerprint_format(particulars->fingerprint, fingerprint);
    growing_add(text, "%s %s", identity->kind == IDENTITY_FINGERPRINT ? "fingerprint" : "key_fingerprint",
                fingerprint);
    if (particulars->file != NULL)
        growing_add(text, " (%s)", particulars->file);
}

static void add_identity(struct growing *text, const struct policy *policy, const struct identity *identity)
{
    const struct particulars *particulars = identity_particulars(policy, identity);
    char date[32];

    if (identity->kind == IDENTITY_NAMES)
        add_names(text, policy, identity);
    else
        add_pin(text, identity, particulars);
    date_format(particulars->from, date);
    if (particulars->from != DATE_BEGIN)
        growing_add(text, ", from %s", date);
    date_format(particulars->until, date);
    if (particulars->until != DATE_END)
        growing_add(text, ", until %s", date);
}

void identity_describe(const struct policy *policy, const struct identity *identity, char *to, size_t size)
{
    struct growing text = growing_begin(to, size);

    add_identity(&text, policy, identity);
}

void identity_name_pin(struct growing *text, const struct particulars *particulars, bool key)
{
    char fingerprint[FINGERPRINT_TEXT];

    if (particulars->file != NULL) {
        growing_add(text, "the certificate of %s", particulars->file);
        return;
    }
    fingerprint_format(particulars->fingerprint, fingerprint);
    growing_add(text, "the %s %s", key ? "key" : "certificate", fingerprint);
}

void identity_name(const struct policy *policy, const struct identity *identity, char *to, size_t size)
{
    struct growing text = growing_begin(to, size);
    struct lone_name lone;
    struct name_rule names;

    if (identity->kind != IDENTITY_NAMES) {
        identity_name_pin(&text, identity_particulars(policy, identity),
                          identity->kind == IDENTITY_KEY_FINGERPRINT);
        return;
    }
    names = identity_subject(policy, identity, &lone);
    growing_add(&text, "%s", names.count == 0 ? "any certificate" : "");
    add_rule(&text, &names);
    names = identity_issuer(policy, identity, &lone);
    growing_add(&text, "%s", names.count == 0 ? "" : " by ");
    add_rule(&text, &names);
}

void certificate_wanted(struct growing *text, const struct weighing *weighing, const struct finding *finding)
{
    const struct certificates *certificates = finding->certificates;

    if (certificates->trusted)
        growing_add(text, "trusted");
    for (unsigned i = 0; i < certificates->count; i++) {
        growing_add(text, "%s", i == 0 ? "" : " or ");
        add_identity(text, weighing->policy, &certificates->identities[i]);
    }
}

bool certificate_found(struct growing *text, const struct weighing *weighing, const struct finding *finding)
{
    static const char *const states[] = {
        [CERTIFICATE_NOT_REQUESTED] = "not requested by the MTA",
        [CERTIFICATE_VERIFY_TEMPORARY] = "not verified for the time being",
        [CERTIFICATE_NONE] = "no certificate",
        [CERTIFICATE_UNTRUSTED] = "a certificate that is not trusted",
    };
    const struct facts *facts = weighing->facts;
    const char *subject = facts->subject_cn != NULL ? facts->subject_cn : facts->subject_dn;
    const char *issuer = facts->issuer_cn != NULL ? facts->issuer_cn : facts->issuer_dn;
    char fingerprint[FINGERPRINT_TEXT];
    bool pin = false;

    if (facts->tls != TLS_ON)
        return false;
    for (size_t i = 0; i < finding->certificates->count; i++)
        pin |= finding->certificates->identities[i].kind != IDENTITY_NAMES;
    if (facts->certificate == CERTIFICATE_TRUSTED)
        growing_add(text, "subject %s, issuer %s", subject == NULL ? "(no common name)" : subject,
                    issuer == NULL ? "(none)" : issuer);
    else if (facts->certificate != CERTIFICATE_MACROS && !(pin && facts->certificate_pin.state == PIN_KNOWN))
        growing_add(text, "%s", states[facts->certificate]);
    if (pin && facts->certificate_pin.state == PIN_KNOWN) {
        fingerprint_format(facts->certificate_pin.fingerprint, fingerprint);
        growing_add(text, "%sfingerprint %s", text->length > 0 ? ", " : "", fingerprint);
    }
    if (pin && facts->key_pin.state == PIN_KNOWN) {
        fingerprint_format(facts->key_pin.fingerprint, fingerprint);
        growing_add(text, "%skey_fingerprint %s", text->length > 0 ? ", " : "", fingerprint);
    }
    return text->length > 0;
}
