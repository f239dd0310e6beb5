/* SPDX-License-Identifier: BSD-2-Clause */
/* The TLS sessions that a server offers, by this machine's OpenSSL with the settings of the MTA. */
#ifndef POLICY_TOOL_DOCTOR_TLS_SERVER_H
#define POLICY_TOOL_DOCTOR_TLS_SERVER_H

#include <stdint.h>
#include "policy/language/survey.h"

enum { TLS_OFFERS_MAX = 512 };

/* Kinds of keys that a server has. */
enum { TLS_KEY_RSA = 1, TLS_KEY_ECDSA = 2, TLS_KEY_OTHER = 4 };

struct tls_server {
    int min, max;        /* TLS1_2_VERSION and the like; 0: no bound */
    uint64_t options;    /* SSL_OP_NO_TLSv1_3 and the like */
    const char *ciphers; /* an OpenSSL cipher string for versions up to 1.2, or NULL: the default */
    const char *suites;  /* the suites of TLS 1.3, "A:B", or NULL: the default */
    unsigned keys;       /* TLS_KEY_*; 0: not known, so every suite counts */
    bool system_bounds;  /* if min or max is 0, the bound of openssl.cnf counts */
};

/*
 * Writes the sessions that the server offers to `offer`, the best first. False: OpenSSL rejects the settings.
 */
bool tls_server_offers(const struct tls_server *server, struct tls_offer offer[TLS_OFFERS_MAX],
                       size_t *count);

/* Returns the kinds of keys of the server certificates in a PEM file, TLS_KEY_*. 0: it cannot be read. */
unsigned tls_server_keys(const char *path);

#endif
