/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Findings in words: what was wanted and what was found, for people and JSON.
 * Texts may hold what the client chose; whoever prints them escapes them.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "policy/names/date.h"
#include "policy/internal.h"

/* A text that grows up to its size and is cut there. */
struct text {
    char *to;
    size_t size, length;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(text->to + text->length, text->size - text->length, format, args);
    va_end(args);
    if (length > 0)
        text->length += (size_t)length;
    if (text->length >= text->size)
        text->length = text->size - 1;
}

/* ---- wanted ---- */

/* "O=Contoso + CN=mail.contoso.com or mx.contoso.com" */
static void add_rule(struct text *text, const struct name_rule *rule)
{
    for (size_t i = 0; i < rule->count; i++)
        for (size_t k = 0; k < rule->patterns[i].count; k++) {
            const struct name_attribute *attribute = &rule->patterns[i].attributes[k];

            add(text, "%s%s%s%s",
                k > 0   ? " + "
                : i > 0 ? " or "
                        : "",
                attribute->type == NULL ? "" : attribute->type, attribute->type == NULL ? "" : "=",
                attribute->value);
        }
}

static void add_names(struct text *text, const struct policy *policy, const struct identity *identity)
{
    struct lone_name lone;
    struct name_rule subject = identity_subject(policy, identity, &lone), issuer;

    add(text, "%s", subject.count > 0 ? "subject " : "");
    add_rule(text, &subject);
    issuer = identity_issuer(policy, identity, &lone);
    add(text, "%s%s", subject.count > 0 && issuer.count > 0 ? ", " : "", issuer.count > 0 ? "issuer " : "");
    add_rule(text, &issuer);
}

static void add_pin(struct text *text, const struct identity *identity, const struct particulars *particulars)
{
    char fingerprint[FINGERPRINT_TEXT];

    fingerprint_format(particulars->fingerprint, fingerprint);
    add(text, "%s %s", identity->kind == IDENTITY_FINGERPRINT ? "fingerprint" : "key_fingerprint",
        fingerprint);
    if (particulars->file != NULL)
        add(text, " (%s)", particulars->file);
}

static void add_identity(struct text *text, const struct policy *policy, const struct identity *identity)
{
    const struct particulars *particulars = identity_particulars(policy, identity);
    char date[32];

    if (identity->kind == IDENTITY_NAMES)
        add_names(text, policy, identity);
    else
        add_pin(text, identity, particulars);
    date_format(particulars->from, date);
    if (particulars->from != DATE_BEGIN)
        add(text, ", from %s", date);
    date_format(particulars->until, date);
    if (particulars->until != DATE_END)
        add(text, ", until %s", date);
}

void identity_describe(const struct policy *policy, const struct identity *identity, char *to, size_t size)
{
    struct text text = {to, size, 0};

    to[0] = '\0';
    add_identity(&text, policy, identity);
}

static void add_certificates(struct text *text, const struct policy *policy,
                             const struct certificates *certificates)
{
    if (certificates->trusted)
        add(text, "trusted");
    for (unsigned i = 0; i < certificates->count; i++) {
        add(text, "%s", i == 0 ? "" : " or ");
        add_identity(text, policy, &certificates->identities[i]);
    }
}

static void add_ciphers(struct text *text, const struct judged *judged)
{
    bool any = false;

    for (size_t i = 0; i < judged->piece_count; i++)
        if ((judged->piece[i].keys & 1u << REQUIRE_CIPHERS) != 0) {
            add(text, "%s%s", any ? " and " : "", judged->piece[i].require->ciphers->text);
            any = true;
        }
    if (!any)
        add(text, "no weak suite");
}

void finding_wanted(const struct policy *policy, const struct judged *judged, const struct finding *finding,
                    char *to, size_t size)
{
    struct text text = {to, size, 0};
    unsigned value;

    to[0] = '\0';
    switch (finding->requirement) {
    case REQUIRE_TLS:
        add(&text, "TLS");
        break;
    case REQUIRE_MIN_TLS_VERSION:
        weigh_strictest(judged, REQUIRE_MIN_TLS_VERSION, &value);
        add(&text, "%s", tls_version_name((enum tls_version)value));
        break;
    case REQUIRE_CIPHERS:
        add_ciphers(&text, judged);
        break;
    case REQUIRE_MIN_CIPHER_BITS:
        weigh_strictest(judged, REQUIRE_MIN_CIPHER_BITS, &value);
        add(&text, "%u", value);
        break;
    case REQUIRE_FORWARD_SECRECY:
        add(&text, "true");
        break;
    case REQUIRE_CERTIFICATES:
        add_certificates(&text, policy, finding->certificates);
        break;
    case REQUIRE_CLIENTS:
        add(&text, "%s", finding->clients == NULL ? "" : finding->clients->text);
        break;
    default:
        add(&text, "%s",
            finding->reason == REASON_HEADER_FROM        ? "a From header that can be read"
            : finding->reason == REASON_SESSION_OUTDATED ? "a session begun under this policy"
                                                         : "memory to judge it");
        break;
    }
}

/* ---- found ---- */

static bool add_found_certificate(struct text *text, const struct finding *finding, const struct facts *facts)
{
    static const char *const states[] = {
        [CERTIFICATE_NOT_REQUESTED] = "not requested by the MTA",
        [CERTIFICATE_VERIFY_TEMPORARY] = "not verified for the time being",
        [CERTIFICATE_NONE] = "no certificate",
        [CERTIFICATE_UNTRUSTED] = "a certificate that is not trusted",
    };
    const char *subject = facts->subject_cn != NULL ? facts->subject_cn : facts->subject_dn;
    const char *issuer = facts->issuer_cn != NULL ? facts->issuer_cn : facts->issuer_dn;
    char fingerprint[FINGERPRINT_TEXT];
    bool pin = false;

    if (facts->tls != TLS_ON)
        return false;
    for (size_t i = 0; i < finding->certificates->count; i++)
        pin |= finding->certificates->identities[i].kind != IDENTITY_NAMES;
    if (facts->certificate == CERTIFICATE_TRUSTED)
        add(text, "subject %s, issuer %s", subject == NULL ? "(no common name)" : subject,
            issuer == NULL ? "(none)" : issuer);
    else if (facts->certificate != CERTIFICATE_MACROS && !(pin && facts->certificate_pin.state == PIN_KNOWN))
        add(text, "%s", states[facts->certificate]);
    if (pin && facts->certificate_pin.state == PIN_KNOWN) {
        fingerprint_format(facts->certificate_pin.fingerprint, fingerprint);
        add(text, "%sfingerprint %s", text->length > 0 ? ", " : "", fingerprint);
    }
    if (pin && facts->key_pin.state == PIN_KNOWN) {
        fingerprint_format(facts->key_pin.fingerprint, fingerprint);
        add(text, "%skey_fingerprint %s", text->length > 0 ? ", " : "", fingerprint);
    }
    return text->length > 0;
}

static bool add_found_client(struct text *text, const struct facts *facts)
{
    char address[64];

    if (!facts->client_known)
        return false;
    network_format(&facts->client, address);
    add(text, "%s", address);
    if (facts->client_name_state == CLIENT_NAME_VERIFIED)
        add(text, " (%s)", facts->client_name.text);
    return true;
}

static bool add_macro(struct text *text, const struct facts *facts, enum macro macro)
{
    if (facts->macro[macro] != NULL)
        add(text, "%s", facts->macro[macro]);
    return facts->macro[macro] != NULL;
}

bool finding_found(const struct policy *policy, const struct judged *judged, const struct finding *finding,
                   const struct facts *facts, char *to, size_t size)
{
    struct text text = {to, size, 0};

    (void)policy;
    (void)judged;
    to[0] = '\0';
    switch (finding->requirement) {
    case REQUIRE_TLS:
        if (facts->tls != TLS_UNKNOWN)
            add(&text, "%s", facts->tls == TLS_ON ? "TLS" : "plaintext");
        return facts->tls != TLS_UNKNOWN;
    case REQUIRE_MIN_TLS_VERSION:
        return add_macro(&text, facts, MACRO_TLS_VERSION);
    case REQUIRE_CIPHERS:
        return add_macro(&text, facts, MACRO_CIPHER);
    case REQUIRE_MIN_CIPHER_BITS:
        return add_macro(&text, facts, MACRO_CIPHER_BITS);
    case REQUIRE_FORWARD_SECRECY:
        if (facts->tls != TLS_ON || finding->met == UNKNOWN)
            return false;
        add(&text, "%s", finding->met == MET ? "true" : "false");
        return true;
    case REQUIRE_CERTIFICATES:
        return add_found_certificate(&text, finding, facts);
    case REQUIRE_CLIENTS:
        return add_found_client(&text, facts);
    default:
        return false;
    }
}
