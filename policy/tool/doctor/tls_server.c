/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The TLS sessions that a server offers. Asks OpenSSL itself, with the settings that the MTA would
 * give it, so that its cipher language and its security level count. Makes no connection. Does not
 * know the names of an MTA's settings.
 */
#include "policy/tool/doctor/tls_server.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

struct protocol {
    enum tls_version version;
    int number;
    uint64_t off; /* the option that switches it off */
};

/* The best first. */
static const struct protocol protocols[] = {
    {TLS_VERSION_1_3, TLS1_3_VERSION, SSL_OP_NO_TLSv1_3},
    {TLS_VERSION_1_2, TLS1_2_VERSION, SSL_OP_NO_TLSv1_2},
    {TLS_VERSION_1_1, TLS1_1_VERSION, SSL_OP_NO_TLSv1_1},
    {TLS_VERSION_1_0, TLS1_VERSION, SSL_OP_NO_TLSv1},
};

static SSL_CTX *configure(const struct tls_server *server)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    bool good = context != NULL;

    if (good && (server->min != 0 || !server->system_bounds))
        good = SSL_CTX_set_min_proto_version(context, server->min) == 1;
    if (good && (server->max != 0 || !server->system_bounds))
        good = SSL_CTX_set_max_proto_version(context, server->max) == 1;
    if (good && server->ciphers != NULL)
        good = SSL_CTX_set_cipher_list(context, server->ciphers) == 1;
    if (good && server->suites != NULL)
        good = SSL_CTX_set_ciphersuites(context, server->suites) == 1;
    if (good)
        return context;
    SSL_CTX_free(context);
    return NULL;
}

/* The versions that the server speaks. A bound of 0 is none. */
struct spoken {
    long min, max;
    uint64_t off;
};

/*
 * Takes the options that switch versions off away from the context. With a gap between versions, OpenSSL
 * would list the suites as for a client, which speaks only the versions below the gap.
 */
static struct spoken take_versions(SSL_CTX *context, const struct tls_server *server)
{
    struct spoken spoken = {SSL_CTX_get_min_proto_version(context), SSL_CTX_get_max_proto_version(context),
                            SSL_CTX_get_options(context) | server->options};

    SSL_CTX_clear_options(context, SSL_OP_NO_SSL_MASK);
    return spoken;
}

static bool speaks(const struct spoken *spoken, const struct protocol *protocol)
{
    return (spoken->min == 0 || protocol->number >= spoken->min)
           && (spoken->max == 0 || protocol->number <= spoken->max) && (spoken->off & protocol->off) == 0;
}

/* Returns the newest version that is spoken and has the suite. NULL: none. */
static const struct protocol *newest(const struct spoken *spoken, const SSL_CIPHER *suite)
{
    bool of_13 = strcmp(SSL_CIPHER_get_version(suite), "TLSv1.3") == 0;
    bool from_12 = strcmp(SSL_CIPHER_get_version(suite), "TLSv1.2") == 0;

    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++) {
        bool is_13 = protocols[i].version == TLS_VERSION_1_3;

        if (is_13 != of_13 || (from_12 && protocols[i].version < TLS_VERSION_1_2))
            continue;
        if (speaks(spoken, &protocols[i]))
            return &protocols[i];
    }
    return NULL;
}

/* Whether a server with such keys can use the suite. */
static bool has_key(unsigned keys, const SSL_CIPHER *suite)
{
    int wanted = SSL_CIPHER_get_auth_nid(suite);

    if (keys == 0 || (keys & TLS_KEY_OTHER) != 0)
        return true;
    if (wanted == NID_auth_rsa)
        return (keys & TLS_KEY_RSA) != 0;
    return wanted != NID_auth_ecdsa || (keys & TLS_KEY_ECDSA) != 0;
}

static int compare_offers(const void *a, const void *b)
{
    const struct tls_offer *left = a, *right = b;

    return left->version != right->version ? (int)right->version - (int)left->version
                                           : right->bits - left->bits;
}

bool tls_server_offers(const struct tls_server *server, struct tls_offer offer[TLS_OFFERS_MAX], size_t *count)
{
    struct spoken spoken = {0, 0, 0};
    SSL_CTX *context;
    SSL *session;
    STACK_OF(SSL_CIPHER) *suites = NULL;

    *count = 0;
    ERR_set_mark();
    context = configure(server);
    if (context != NULL)
        spoken = take_versions(context, server);
    session = context != NULL ? SSL_new(context) : NULL;
    if (session != NULL)
        suites = SSL_get1_supported_ciphers(session);
    for (int i = 0; i < sk_SSL_CIPHER_num(suites) && *count < TLS_OFFERS_MAX; i++) {
        const SSL_CIPHER *suite = sk_SSL_CIPHER_value(suites, i);
        const struct protocol *protocol = newest(&spoken, suite);

        if (protocol != NULL && has_key(server->keys, suite))
            offer[(*count)++] = (struct tls_offer){SSL_CIPHER_get_name(suite), protocol->version,
                                                   SSL_CIPHER_get_bits(suite, NULL)};
    }
    qsort(offer, *count, sizeof *offer, compare_offers);
    sk_SSL_CIPHER_free(suites);
    SSL_free(session);
    SSL_CTX_free(context);
    ERR_pop_to_mark();
    return session != NULL;
}

static unsigned kind_of_key(X509 *certificate)
{
    switch (EVP_PKEY_get_base_id(X509_get0_pubkey(certificate))) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
        return TLS_KEY_RSA;
    case EVP_PKEY_EC:
    case EVP_PKEY_ED25519:
    case EVP_PKEY_ED448:
        return TLS_KEY_ECDSA;
    default:
        return TLS_KEY_OTHER;
    }
}

unsigned tls_server_keys(const char *path)
{
    BIO *file;
    X509 *certificate;
    unsigned keys = 0, first = 0;

    ERR_set_mark();
    file = BIO_new_file(path, "r");
    while (file != NULL && (certificate = PEM_read_bio_X509(file, NULL, NULL, NULL)) != NULL) {
        /* A file may hold several server certificates, each with its CAs after it. */
        if (X509_check_ca(certificate) == 0)
            keys |= kind_of_key(certificate);
        if (first == 0)
            first = kind_of_key(certificate);
        X509_free(certificate);
    }
    BIO_free(file);
    ERR_pop_to_mark();
    return keys | first;
}
