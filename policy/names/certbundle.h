/* SPDX-License-Identifier: BSD-2-Clause */
/* The certificates in a file, in whatever form people are sent them. */
#ifndef POLICY_NAMES_CERTBUNDLE_H
#define POLICY_NAMES_CERTBUNDLE_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * All certificates in `length` octets, in their order: PEM with whatever text, keys and requests around it
 * (CERTIFICATE, TRUSTED CERTIFICATE, PKCS7), one in DER, or PKCS#7 in DER. At most CERTBUNDLE_MAX are kept.
 * Asks for no passphrase. NULL: *why is a static text to be put behind the file's name; it names what the
 * file is instead (a private key, PKCS#12, a request, ...). To be freed by sk_X509_pop_free().
 */
enum { CERTBUNDLE_MAX = 64 };
STACK_OF(X509) *certbundle_read(const unsigned char *octets, size_t length, const char **why);

/*
 * Which of them is meant, from 0: the first, unless it is a CA and one behind it is none. People are sent
 * chains that begin with the root, and no CA sends mail.
 */
int certbundle_meant(STACK_OF(X509) *certificates);

/*
 * Whether the certificate can only be that of a CA: it is marked as one and has an issuer, or its key usage
 * says that it signs certificates. What `openssl req -x509` makes for a server is marked as a CA, too, and
 * is not meant here.
 */
bool certbundle_is_authority(X509 *certificate);

/* The same of one of several: what is marked as a CA, and has issued another of these, is nothing else. */
bool certbundle_holds_authority(STACK_OF(X509) *certificates, int index);

/* Another one that is a server's, beside the one that is meant; -1: the rest is its chain. */
int certbundle_other(STACK_OF(X509) *certificates, int meant);

#endif
