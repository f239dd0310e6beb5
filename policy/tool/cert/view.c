/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an X.509 certificate to what is shown of it: dates, keys, fingerprints,
 * names, usages. OpenSSL parses it.
 */
#include "policy/tool/cert/cert.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <string.h>

enum { DAY = 86400 };

static void take_dates(struct certificate_view *view, const X509 *x509, int64_t now)
{
    if (!cert_instant(X509_get0_notBefore(x509), &view->not_before))
        view->not_before = INT64_MAX; /* the date cannot be read: never valid */
    if (!cert_instant(X509_get0_notAfter(x509), &view->not_after))
        view->not_after = 0;
    view->validity = now > view->not_after ? EXPIRED : now < view->not_before ? NOT_YET_VALID : VALID;
    view->days_left = (long)((view->not_after - now) / DAY);
}

static void take_key(struct certificate_view *view, X509 *x509)
{
    EVP_PKEY *key = X509_get0_pubkey(x509);
    char curve[64];
    size_t length;
    const char *type = key != NULL ? OBJ_nid2sn(EVP_PKEY_get_base_id(key)) : NULL;

    if (key == NULL) {
        view->key = cert_text(view, "cannot be read");
        return;
    }
    if (EVP_PKEY_is_a(key, "RSA"))
        type = "RSA";
    else if (EVP_PKEY_is_a(key, "EC"))
        type = "EC";
    view->key_bits = EVP_PKEY_get_bits(key);
    if (EVP_PKEY_get_group_name(key, curve, sizeof curve, &length) == 1 && EVP_PKEY_is_a(key, "EC"))
        view->key = cert_text(view, "%s, %d bits (%s)", type, view->key_bits, curve);
    else
        view->key = cert_text(view, "%s, %d bits", type != NULL ? type : "unknown", view->key_bits);
    if (EVP_PKEY_get_security_bits(key) < 112)
        view->key = cert_text(view, "%s: too weak", view->key);
}

static void take_fingerprint(char text[72], unsigned char *der, int length)
{
    unsigned char digest[FINGERPRINT_SIZE];

    *text = '\0';
    if (length > 0 && EVP_Digest(der, (size_t)length, digest, NULL, EVP_sha256(), NULL) == 1) {
        strcpy(text, "sha256:");
        for (size_t i = 0; i < sizeof digest; i++)
            sprintf(text + 7 + 2 * i, "%02X", digest[i]);
    }
    OPENSSL_free(der);
}

static void take_fingerprints(struct certificate_view *view, X509 *x509)
{
    unsigned char *der = NULL, *key = NULL;
    int length = i2d_X509(x509, &der), key_length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &key);

    take_fingerprint(view->fingerprint, der, length);
    take_fingerprint(view->key_fingerprint, key, key_length);
}

static void take_general_name(struct certificate_view *view, const GENERAL_NAME *name)
{
    int type;
    void *value = GENERAL_NAME_get0_value(name, &type);
    BIO *memory;
    char *text;
    long length;

    if (type == GEN_DNS) {
        cert_add(view, &view->names, cert_string(view, value));
        return;
    }
    memory = BIO_new(BIO_s_mem());
    if (memory != NULL && GENERAL_NAME_print(memory, (GENERAL_NAME *)name) == 1) {
        length = BIO_get_mem_data(memory, &text);
        cert_add(view, &view->names,
                 cert_octets(view, (unsigned char *)text, length > 0 ? (size_t)length : 0));
    }
    BIO_free(memory);
}

static void take_names(struct certificate_view *view, X509 *x509)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
        take_general_name(view, sk_GENERAL_NAME_value(names, i));
    GENERAL_NAMES_free(names);
}

static void take_usages(struct certificate_view *view, X509 *x509)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } usages[] = {{KU_DIGITAL_SIGNATURE, "digitalSignature"},
                  {KU_NON_REPUDIATION, "nonRepudiation"},
                  {KU_KEY_ENCIPHERMENT, "keyEncipherment"},
                  {KU_DATA_ENCIPHERMENT, "dataEncipherment"},
                  {KU_KEY_AGREEMENT, "keyAgreement"},
                  {KU_KEY_CERT_SIGN, "keyCertSign"},
                  {KU_CRL_SIGN, "cRLSign"}};
    EXTENDED_KEY_USAGE *extended = X509_get_ext_d2i(x509, NID_ext_key_usage, NULL, NULL);
    uint32_t bits = X509_get_key_usage(x509);
    char text[128];

    for (size_t i = 0; bits != UINT32_MAX && i < sizeof usages / sizeof usages[0]; i++)
        if (bits & usages[i].bit)
            cert_add(view, &view->usages, usages[i].name);
    for (int i = 0; i < sk_ASN1_OBJECT_num(extended); i++) {
        const ASN1_OBJECT *usage = sk_ASN1_OBJECT_value(extended, i);
        int nid = OBJ_obj2nid(usage);

        if (nid == NID_undef)
            OBJ_obj2txt(text, sizeof text, usage, 1);
        else
            snprintf(text, sizeof text, "%s", OBJ_nid2sn(nid));
        cert_add(view, &view->extended_usages, text);
    }
    EXTENDED_KEY_USAGE_free(extended);
}

static void take_crls(struct certificate_view *view, X509 *x509)
{
    STACK_OF(DIST_POINT) *points = X509_get_ext_d2i(x509, NID_crl_distribution_points, NULL, NULL);

    for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
        const DIST_POINT_NAME *where = sk_DIST_POINT_value(points, i)->distpoint;

        for (int k = 0; where != NULL && where->type == 0 && k < sk_GENERAL_NAME_num(where->name.fullname);
             k++) {
            int type;
            void *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(where->name.fullname, k), &type);

            if (type == GEN_URI)
                cert_add(view, &view->crls, cert_string(view, value));
        }
    }
    CRL_DIST_POINTS_free(points);
}

static void take_ocsps(struct certificate_view *view, X509 *x509)
{
    STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(x509);

    for (int i = 0; i < sk_OPENSSL_STRING_num(urls); i++)
        cert_add(view, &view->ocsps, sk_OPENSSL_STRING_value(urls, i));
    X509_email_free(urls);
}

static void take_subject(struct certificate_view *view, X509 *x509)
{
    const X509_NAME *subject = X509_get_subject_name(x509), *issuer = X509_get_issuer_name(x509);
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), NULL);
    char *serial = number != NULL ? BN_bn2hex(number) : NULL;

    view->common_name = cert_name(view, subject, NID_commonName);
    view->organisation = cert_name(view, subject, NID_organizationName);
    view->unit = cert_name(view, subject, NID_organizationalUnitName);
    view->issuer = cert_short_name(view, issuer);
    view->issuer_shown = cert_name(view, issuer, NID_commonName);
    if (view->issuer_shown == NULL)
        view->issuer_shown = cert_name(view, issuer, NID_organizationName);
    view->serial = cert_text(view, "%s", serial != NULL ? serial : "");
    view->signature = cert_text(view, "%s", OBJ_nid2ln(X509_get_signature_nid(x509)));
    if (view->common_name != NULL)
        view->provider = provider_of_subject(view->common_name);
    if (view->issuer_shown != NULL)
        view->family = issuer_family_of(view->issuer_shown);
    OPENSSL_free(serial);
    BN_free(number);
}

bool cert_view(struct certificate_view *view, STACK_OF(X509) *chain, const struct cert_request *request)
{
    X509 *x509 = sk_X509_value(chain, 0);

    ERR_set_mark();
    take_subject(view, x509);
    take_dates(view, x509, request->now);
    take_key(view, x509);
    take_fingerprints(view, x509);
    take_names(view, x509);
    take_usages(view, x509);
    take_crls(view, x509);
    take_ocsps(view, x509);
    cert_judge_chain(view, chain, request);
    cert_judge_usage(view, x509);
    cert_judge_issuer(view);
    if (request->online)
        cert_ask_online(view, chain, request);
    ERR_pop_to_mark();
    return !view->exhausted;
}

void cert_view_free(struct certificate_view *view)
{
    arena_free(&view->arena);
}
