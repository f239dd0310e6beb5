/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hash of octets that were written for the digest: SHA-256 by OpenSSL.
 */
#include "policy/language/digest.h"

void digest_hash(struct digesting *digesting, const struct canonical *text, unsigned char hash[DIGEST_OCTETS])
{
    if (text->exhausted || EVP_DigestInit_ex(digesting->hashing, NULL, NULL) != 1
        || EVP_DigestUpdate(digesting->hashing, text->octets, text->length) != 1
        || EVP_DigestFinal_ex(digesting->hashing, hash, NULL) != 1)
        digesting->failed = true;
}
