/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks whether a server meets a rule, as Postfix's smtp(8) does: chain and purpose, names, fingerprints,
 * TLSA records.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "policy/names/date.h"
#include "policy/tool/cert/cert.h"
#include "policy/tool/probe/probe.h"

/* Notes that a server does not meet the rule, and why. */
static void fall_short(struct showing *showing, const char *reason, const char *why)
{
    showing->met = false;
    showing->reason = reason;
    snprintf(showing->why, sizeof showing->why, "%s", why);
}

/* ---- names ---- */

/* Returns the name of a DNS entry. NULL: the entry is of another kind. */
static const char *dns_name(const GENERAL_NAME *entry, size_t *length)
{
    int type;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(entry, &type);

    if (type != GEN_DNS)
        return NULL;
    *length = (size_t)ASN1_STRING_length(value);
    return (const char *)ASN1_STRING_get0_data(value);
}

static bool common_name(X509 *certificate, char name[256])
{
    int length = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, 256);

    return length > 0 && (size_t)length == strlen(name);
}

/* The common name counts only if the certificate has no DNS names. */
static bool has_name(X509 *certificate, const struct rule *rule)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    bool any = false, found = false;
    char common[256];

    for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++) {
        size_t length;
        const char *name = dns_name(sk_GENERAL_NAME_value(names, i), &length);

        any |= name != NULL;
        found = name != NULL && memchr(name, '\0', length) == NULL && rule_has_name(rule, name);
    }
    GENERAL_NAMES_free(names);
    if (!any && common_name(certificate, common))
        found = rule_has_name(rule, common);
    return found;
}

static void take_name(struct showing *showing, X509 *certificate)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    const char *name = NULL;
    size_t length = 0;

    for (int i = 0; i < sk_GENERAL_NAME_num(names) && name == NULL; i++)
        name = dns_name(sk_GENERAL_NAME_value(names, i), &length);
    if (name != NULL)
        snprintf(showing->name, sizeof showing->name, "%.*s", (int)length, name);
    else if (!common_name(certificate, showing->name))
        showing->name[0] = '\0';
    GENERAL_NAMES_free(names);
}

/* ---- fingerprints ---- */

static void take_digest(const unsigned char *octets, int length, char text[80])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;

    text[0] = '\0';
    if (length <= 0 || EVP_Digest(octets, (size_t)length, digest, &size, EVP_sha256(), NULL) != 1)
        return;
    for (unsigned i = 0; i < size; i++)
        sprintf(text + (size_t)2 * i, "%02X", digest[i]);
}

void showing_take(struct showing *showing, X509 *certificate)
{
    unsigned char *der = NULL, *key = NULL;
    int length = i2d_X509(certificate, &der),
        key_length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
    int64_t until;

    take_digest(der, length, showing->fingerprint);
    take_digest(key, key_length, showing->key_fingerprint);
    OPENSSL_free(der);
    OPENSSL_free(key);
    take_name(showing, certificate);
    if (X509_NAME_get_text_by_NID(X509_get_issuer_name(certificate), NID_commonName, showing->issuer,
                                  sizeof showing->issuer)
        <= 0)
        showing->issuer[0] = '\0';
    if (cert_instant(X509_get0_notAfter(certificate), &until))
        date_format(until, showing->until);
}

static bool has_fingerprint(const struct showing *showing, const struct rule *rule)
{
    for (size_t i = 0; i < rule->count; i++)
        if (strcasecmp(rule->pattern[i], showing->fingerprint) == 0
            || strcasecmp(rule->pattern[i], showing->key_fingerprint) == 0)
            return true;
    return false;
}

/* ---- the chain ---- */

static X509_STORE *open_store(const struct trust *trust)
{
    X509_STORE *store = X509_STORE_new();

    if (store == NULL)
        return NULL;
    if (trust->ca_file != NULL)
        X509_STORE_load_file(store, trust->ca_file);
    if (trust->ca_path != NULL)
        X509_STORE_load_path(store, trust->ca_path);
    if (trust->ca_file == NULL && trust->ca_path == NULL)
        X509_STORE_set_default_paths(store);
    return store;
}

/* Returns what OpenSSL says of the chain. `dane` NULL: it is verified by the trust store alone. */
static int verify(STACK_OF(X509) *chain, const struct trust *trust, SSL *dane)
{
    X509_STORE *store = open_store(trust);
    X509_STORE_CTX *verification = X509_STORE_CTX_new();
    int error = X509_V_ERR_OUT_OF_MEM;

    if (store != NULL && verification != NULL
        && X509_STORE_CTX_init(verification, store, sk_X509_value(chain, 0), chain) == 1) {
        X509_STORE_CTX_set_default(verification, "ssl_server");
        X509_STORE_CTX_set_time(verification, 0, (time_t)trust->now);
        if (dane != NULL)
            X509_STORE_CTX_set0_dane(verification, SSL_get0_dane(dane));
        error = X509_verify_cert(verification) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(verification);
    }
    X509_STORE_CTX_free(verification);
    X509_STORE_free(store);
    ERR_clear_error();
    return error;
}

static void report_chain(struct showing *showing, int error)
{
    bool dates = error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID;

    fall_short(showing, dates ? "certificate_dates" : "certificate_untrusted",
               X509_verify_cert_error_string(error));
}

/* ---- DANE ---- */

/* Returns a session that has the TLSA records. NULL: no record can be used. */
static SSL *hold_tlsa(SSL_CTX *tls, const struct host *host)
{
    SSL *session = SSL_CTX_dane_enable(tls) == 1 ? SSL_new(tls) : NULL;
    bool usable = false;

    if (session == NULL || SSL_dane_enable(session, host->name) != 1) {
        SSL_free(session);
        return NULL;
    }
    for (size_t i = 0; i < host->record_count; i++) {
        const struct tlsa *record = &host->record[i];

        if (record->usage == 2 || record->usage == 3) /* Postfix ignores the other usages */
            usable |= SSL_dane_tlsa_add(session, record->usage, record->selector, record->matching,
                                        record->data, record->length)
                      > 0;
    }
    if (usable)
        return session;
    SSL_free(session);
    return NULL;
}

static void judge_dane(struct showing *showing, STACK_OF(X509) *chain, const struct host *host,
                       const struct trust *trust)
{
    SSL_CTX *tls;
    SSL *session;
    int error;

    if (!host->tlsa.there || !host->tlsa.secure) {
        fall_short(showing, "dane",
                   host->tlsa.there ? "the TLSA record is not vouched for by DNSSEC"
                                    : "there is no TLSA record");
        return;
    }
    tls = SSL_CTX_new(TLS_client_method());
    session = tls != NULL ? hold_tlsa(tls, host) : NULL;
    if (session == NULL)
        fall_short(showing, "dane", "no TLSA record can be used");
    else if ((error = verify(chain, trust, session)) != X509_V_OK)
        fall_short(showing, "dane", X509_verify_cert_error_string(error));
    SSL_free(session);
    SSL_CTX_free(tls);
}

/* ---- all of it ---- */

void showing_judge(struct showing *showing, STACK_OF(X509) *chain, const struct rule *rule,
                   const struct host *host, const struct trust *trust)
{
    int error;

    showing->met = true;
    switch (rule->level) {
    case RULE_SECURE:
        error = verify(chain, trust, NULL);
        if (error != X509_V_OK)
            report_chain(showing, error);
        else if (!has_name(sk_X509_value(chain, 0), rule))
            fall_short(showing, "certificate_subject",
                       "no name of the certificate is one that the rule lists");
        break;
    case RULE_FINGERPRINT:
        if (!has_fingerprint(showing, rule))
            fall_short(showing, "certificate_fingerprint",
                       "neither certificate nor key is one that the rule lists");
        break;
    case RULE_DANE:
        judge_dane(showing, chain, host, trust);
        break;
    default:
        break;
    }
}

/* ---- the attempt ---- */

/* Connects again without the rule, to find what the server lacks: a TLS version or a suite. */
static void look_without_rule(struct showing *showing, const char *target, const struct rule *rule,
                              unsigned patience)
{
    struct connection connection = {.patience = patience};
    STACK_OF(X509) *chain = cert_connect(target, &connection);

    snprintf(showing->version, sizeof showing->version, "%s", connection.version);
    snprintf(showing->suite, sizeof showing->suite, "%s", connection.suite);
    if (chain != NULL) {
        showing_take(showing, sk_X509_value(chain, 0));
        fall_short(showing,
                   rule->min_version == TLS1_3_VERSION || strcmp(connection.version, "TLSv1.1") <= 0
                       ? "tls_version"
                       : "cipher",
                   "with the versions and suites of the rule the handshake fails");
    }
    sk_X509_pop_free(chain, X509_free);
}

void probe_host(struct showing *showing, const struct host *host, const char *port, const struct rule *rule,
                const struct trust *trust, unsigned patience)
{
    static const char *const reasons[] = {[CONNECTION_REACH] = "unreachable",
                                          [CONNECTION_SMTP] = "unreachable",
                                          [CONNECTION_STARTTLS] = "no_tls",
                                          [CONNECTION_TLS] = "handshake",
                                          [CONNECTION_DONE] = "certificate_missing"};
    struct connection connection = {.min_version = rule->min_version,
                                    .max_version = rule->max_version,
                                    .ciphers = rule->ciphers,
                                    .patience = patience};
    char target[HOST_NAME_MAX_LENGTH + 40];
    STACK_OF(X509) *chain;

    memset(showing, 0, sizeof *showing);
    snprintf(target, sizeof target, strchr(host->name, ':') != NULL ? "[%s]:%s" : "%s:%s", host->name, port);
    chain = cert_connect(target, &connection);
    snprintf(showing->version, sizeof showing->version, "%s", connection.version);
    snprintf(showing->suite, sizeof showing->suite, "%s", connection.suite);
    if (chain != NULL) {
        showing_take(showing, sk_X509_value(chain, 0));
        showing_judge(showing, chain, rule, host, trust);
        sk_X509_pop_free(chain, X509_free);
        return;
    }
    fall_short(showing, reasons[connection.stage], connection.why);
    if (connection.stage == CONNECTION_TLS)
        look_without_rule(showing, target, rule, patience);
}
