/* SPDX-License-Identifier: BSD-2-Clause */
/* The certificates in a file, in any form in which people get them. */
#ifndef POLICY_NAMES_CERTBUNDLE_H
#define POLICY_NAMES_CERTBUNDLE_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Returns all certificates in `length` octets, in their order: PEM with any text, keys and requests around it
 * (CERTIFICATE, TRUSTED CERTIFICATE, PKCS7), DER one after the other, or PKCS#7 in DER. At most
 * CERTBUNDLE_MAX are kept. Asks for no passphrase. NULL: *why is a static text to be put after the file's
 * name; it says what the file is instead (a private key, PKCS#12, a request, ...). To be freed by
 * sk_X509_pop_free().
 */
enum { CERTBUNDLE_MAX = 64 };
STACK_OF(X509) *certbundle_read(const unsigned char *octets, size_t length, const char **why);

/*
 * Which certificate is meant, from 0: the first, unless it is a CA's and a later one is not. Some chains that
 * people get begin with the root, and no CA sends mail.
 */
int certbundle_meant(STACK_OF(X509) *certificates);

/*
 * Whether the certificate can only be a CA's: it is marked as a CA's, and it has another issuer or the key
 * usage to sign certificates. `openssl req -x509` marks the certificate that it makes for a server, too, but
 * that one does not count.
 */
bool certbundle_is_authority(X509 *certificate);

/* The same for one of several: one that is marked as a CA's and has issued another of them is a CA's, too. */
bool certbundle_holds_authority(STACK_OF(X509) *certificates, int index);

/* Another server's certificate, beside the one that is meant; -1: the others are its chain. */
int certbundle_other(STACK_OF(X509) *certificates, int meant);

#endif
