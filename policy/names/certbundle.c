/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads certificates from octets, in the forms that partners send: PEM, DER,
 * PKCS#7. Reports what else a file is. Opens no file, verifies nothing, and does
 * not know what the certificates are for.
 */
#include "policy/names/certbundle.h"

#include <ctype.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>
#include <string.h>

static const char out_of_memory[] = "cannot be read: out of memory";
static const char is_private_key[] =
    "is a private key: name the file with the certificate, and keep the key secret";
static const char is_pkcs12[] =
    "is a PKCS#12 file, which also holds a private key: extract the certificate with \"openssl pkcs12 -in "
    "FILE -nokeys -clcerts -out CERTIFICATE.pem\"";
static const char is_request[] = "is a certificate request: ask for the certificate that the CA made from it";
static const char is_list[] = "is a revocation list, not a certificate";
static const char is_public_key[] = "is a public key, not a certificate: ask for the certificate";

/* A file that is being read. */
struct bundle {
    STACK_OF(X509) *found;
    bool exhausted;
    const char *other; /* what it holds instead of a certificate; the first such thing */
};

static void keep(struct bundle *bundle, X509 *certificate)
{
    if (sk_X509_num(bundle->found) >= CERTBUNDLE_MAX || !sk_X509_push(bundle->found, certificate)) {
        bundle->exhausted |= sk_X509_num(bundle->found) < CERTBUNDLE_MAX;
        X509_free(certificate);
    }
}

/* ---- PKCS#7 ---- */

static STACK_OF(X509) *certificates_of(const PKCS7 *envelope)
{
    if (PKCS7_type_is_signed(envelope))
        return envelope->d.sign != NULL ? envelope->d.sign->cert : NULL;
    if (PKCS7_type_is_signedAndEnveloped(envelope))
        return envelope->d.signed_and_enveloped != NULL ? envelope->d.signed_and_enveloped->cert : NULL;
    return NULL;
}

/* False: no PKCS#7. */
static bool read_pkcs7(struct bundle *bundle, const unsigned char *der, long length)
{
    PKCS7 *envelope = d2i_PKCS7(NULL, &der, length);
    STACK_OF(X509) *inside = envelope != NULL ? certificates_of(envelope) : NULL;

    for (int i = 0; i < sk_X509_num(inside); i++)
        if (X509_up_ref(sk_X509_value(inside, i)) == 1)
            keep(bundle, sk_X509_value(inside, i));
    if (envelope != NULL && sk_X509_num(inside) <= 0)
        bundle->other = "is PKCS#7 without a certificate in it";
    PKCS7_free(envelope);
    return envelope != NULL;
}

/* ---- PEM ---- */

static bool ends_in(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);

    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* Says what a block without a certificate is; NULL: nothing to report. */
static const char *other_block(const char *name)
{
    if (ends_in(name, "PRIVATE KEY"))
        return is_private_key;
    if (ends_in(name, "CERTIFICATE REQUEST"))
        return is_request;
    if (ends_in(name, "CRL"))
        return is_list;
    return ends_in(name, "PUBLIC KEY") ? is_public_key : NULL;
}

/* Reads one block. False: it should be a certificate, but cannot be read. */
static bool read_block(struct bundle *bundle, const char *name, const unsigned char *der, long length)
{
    X509 *certificate;

    if (strcmp(name, PEM_STRING_PKCS7) == 0 || strcmp(name, "CMS") == 0)
        return read_pkcs7(bundle, der, length);
    if (strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0)
        certificate = d2i_X509(NULL, &der, length);
    else if (strcmp(name, PEM_STRING_X509_TRUSTED) == 0)
        certificate = d2i_X509_AUX(NULL, &der, length);
    else {
        bundle->other = bundle->other != NULL ? bundle->other : other_block(name);
        return true;
    }
    if (certificate != NULL)
        keep(bundle, certificate);
    return certificate != NULL;
}

/* Reads block by block. Returns what is wrong with the first one that cannot be read; NULL: nothing. */
static const char *read_pem(struct bundle *bundle, const unsigned char *octets, size_t length)
{
    BIO *memory = BIO_new_mem_buf(octets, (int)length);
    const char *wrong = memory == NULL ? out_of_memory : NULL;
    char *name, *header;
    unsigned char *der;
    long der_length;
    unsigned long error;

    while (wrong == NULL && !bundle->exhausted
           && PEM_read_bio(memory, &name, &header, &der, &der_length) == 1) {
        bool encrypted = *header != '\0' && strstr(name, "CERTIFICATE") != NULL;

        if (encrypted || !read_block(bundle, name, der, der_length))
            wrong = "holds a PEM certificate that cannot be read";
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(der);
    }
    BIO_free(memory);
    error = ERR_peek_last_error();
    if (wrong == NULL && !bundle->exhausted
        && !(ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE))
        wrong = "holds a PEM certificate that cannot be read";
    return wrong;
}

/* ---- DER ---- */

static bool is_der_pkcs12(const unsigned char *der, long length)
{
    PKCS12 *read = d2i_PKCS12(NULL, &der, length);

    PKCS12_free(read);
    return read != NULL;
}

static bool is_der_key(const unsigned char *der, long length)
{
    const unsigned char *start = der;
    PKCS8_PRIV_KEY_INFO *plain = d2i_PKCS8_PRIV_KEY_INFO(NULL, &der, length);
    X509_SIG *encrypted;
    EVP_PKEY *old;

    PKCS8_PRIV_KEY_INFO_free(plain);
    der = start;
    old = d2i_AutoPrivateKey(NULL, &der, length); /* PKCS#1, SEC1 */
    EVP_PKEY_free(old);
    der = start;
    encrypted = d2i_X509_SIG(NULL, &der, length);
    X509_SIG_free(encrypted);
    return plain != NULL || old != NULL || encrypted != NULL;
}

static bool is_der_request(const unsigned char *der, long length)
{
    X509_REQ *read = d2i_X509_REQ(NULL, &der, length);

    X509_REQ_free(read);
    return read != NULL;
}

static bool is_der_list(const unsigned char *der, long length)
{
    X509_CRL *read = d2i_X509_CRL(NULL, &der, length);

    X509_CRL_free(read);
    return read != NULL;
}

/* Reads the certificates that follow each other. False: the file does not begin with one. */
static bool read_der_certificates(struct bundle *bundle, const unsigned char *der, long length)
{
    const unsigned char *end = der + length;
    X509 *certificate = d2i_X509(NULL, &der, length);
    bool good = certificate != NULL;

    while (certificate != NULL) {
        keep(bundle, certificate);
        certificate = d2i_X509(NULL, &der, end - der);
    }
    return good;
}

/* Reads certificates or PKCS#7; or returns what else it is. NULL: it was read, or is unknown. */
static const char *read_der(struct bundle *bundle, const unsigned char *start, size_t size)
{
    long length = (long)size;

    if (read_der_certificates(bundle, start, length) || read_pkcs7(bundle, start, length))
        return NULL;
    if (is_der_pkcs12(start, length))
        return is_pkcs12;
    if (is_der_request(start, length))
        return is_request;
    if (is_der_list(start, length))
        return is_list;
    return is_der_key(start, length) ? is_private_key : NULL;
}

/* ---- neither ---- */

static bool begins_with(const unsigned char *octets, size_t length, const char *magic, size_t count)
{
    return length >= count && memcmp(octets, magic, count) == 0;
}

/* Whether it is base64 of DER alone: "MII..." */
static bool is_base64(const unsigned char *octets, size_t length)
{
    if (!begins_with(octets, length, "MII", 3))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum(octets[i]) && strchr("+/=\r\n ", octets[i]) == NULL)
            return false;
    return true;
}

/* Says what a file without a certificate is. */
static const char *other_file(const unsigned char *octets, size_t length)
{
    if (begins_with(octets, length, "\xff\xfe", 2) || begins_with(octets, length, "\xfe\xff", 2))
        return "is UTF-16 text, and holds no PEM certificate: save it as UTF-8";
    if (begins_with(octets, length, "\x1f\x8b", 2) || begins_with(octets, length, "PK\x03\x04", 4))
        return "is compressed, and holds no PEM certificate: unpack it first";
    if (memmem(octets, length, "BEGIN CERTIFICATE-----", 22) != NULL)
        return "holds no PEM certificate that can be read: its lines are not as they were (each begins in "
               "column 1, BEGIN and END have lines of their own)";
    if (memmem(octets, length, "Signature Algorithm:", 20) != NULL)
        return "describes a certificate, and holds no PEM certificate: ask for the certificate itself";
    if (is_base64(octets, length))
        return "holds no PEM certificate, but one without its first and last line: add \"-----BEGIN "
               "CERTIFICATE-----\" and \"-----END CERTIFICATE-----\"";
    return "holds no PEM certificate";
}

/* ---- both ---- */

STACK_OF(X509) *certbundle_read(const unsigned char *octets, size_t length, const char **why)
{
    struct bundle bundle = {sk_X509_new_null(), false, NULL};
    const char *wrong = out_of_memory;

    ERR_set_mark();
    if (bundle.found != NULL) {
        wrong = read_pem(&bundle, octets, length);
        if (wrong == NULL && sk_X509_num(bundle.found) == 0 && bundle.other == NULL && length > 0)
            wrong = read_der(&bundle, octets, length);
    }
    ERR_pop_to_mark();
    if (sk_X509_num(bundle.found) > 0 && !bundle.exhausted)
        return bundle.found;
    *why = bundle.exhausted       ? out_of_memory
           : wrong != NULL        ? wrong
           : bundle.other != NULL ? bundle.other
                                  : other_file(octets, length);
    sk_X509_pop_free(bundle.found, X509_free);
    return NULL;
}

/* ---- which one is meant ---- */

static bool is_marked_authority(X509 *certificate)
{
    return (X509_get_extension_flags(certificate) & EXFLAG_CA) != 0
           && (X509_get_extension_flags(certificate) & EXFLAG_V1) == 0;
}

bool certbundle_is_authority(X509 *certificate)
{
    uint32_t usage = X509_get_key_usage(certificate);

    if (!is_marked_authority(certificate))
        return false;
    return (X509_get_extension_flags(certificate) & EXFLAG_SI) == 0
           || (usage != UINT32_MAX && (usage & KU_KEY_CERT_SIGN) != 0);
}

static bool is_self_signed(X509 *certificate)
{
    return (X509_get_extension_flags(certificate) & EXFLAG_SI) != 0;
}

/* Whether `issuer` has issued another one of the certificates. */
static bool has_issued(STACK_OF(X509) *certificates, X509 *issuer)
{
    for (int i = 0; i < sk_X509_num(certificates); i++) {
        X509 *other = sk_X509_value(certificates, i);

        if (X509_cmp(other, issuer) != 0 && X509_check_issued(issuer, other) == X509_V_OK)
            return true;
    }
    return false;
}

bool certbundle_holds_authority(STACK_OF(X509) *certificates, int index)
{
    X509 *certificate = sk_X509_value(certificates, index);

    return certbundle_is_authority(certificate)
           || (is_marked_authority(certificate) && has_issued(certificates, certificate));
}

int certbundle_other(STACK_OF(X509) *certificates, int meant)
{
    X509 *server = sk_X509_value(certificates, meant);

    for (int i = 0; i < sk_X509_num(certificates); i++) {
        X509 *other = sk_X509_value(certificates, i);
        bool may_be_server = !is_marked_authority(other)
                             || (is_self_signed(server) && is_self_signed(other)
                                 && !certbundle_holds_authority(certificates, i));

        if (may_be_server && X509_cmp(other, server) != 0 && !has_issued(certificates, other))
            return i;
    }
    return -1;
}

int certbundle_meant(STACK_OF(X509) *certificates)
{
    int count = sk_X509_num(certificates);

    if (count == 0 || !is_marked_authority(sk_X509_value(certificates, 0)))
        return 0;
    for (int i = 1; i < count; i++)
        if (!is_marked_authority(sk_X509_value(certificates, i)))
            return i;
    return 0;
}
