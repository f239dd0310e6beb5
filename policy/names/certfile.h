/* SPDX-License-Identifier: BSD-2-Clause */
/* A certificate file that a policy names (`file:`). */
#ifndef POLICY_NAMES_CERTFILE_H
#define POLICY_NAMES_CERTFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/names/fingerprint.h"

/* Other digests of the same length that an MTA may be configured to report: sha3-256, sm3 and the like. */
enum { OTHER_DIGESTS = 5 };

struct certfile {
    unsigned char fingerprint[FINGERPRINT_SIZE]; /* of the DER certificate */
    /* By other digests; if OpenSSL lacks one, the SHA-256 again. */
    unsigned char other_fingerprint[OTHER_DIGESTS][FINGERPRINT_SIZE];
    unsigned char key_fingerprint[FINGERPRINT_SIZE]; /* of the DER SubjectPublicKeyInfo, as Postfix has it */
    int64_t not_before, not_after;                   /* not_after is the last second of validity */
    char subject[256];                               /* first common name, for people; "" if none */
    bool authority;                                  /* it can only be the certificate of a CA */
    bool private_key;                                /* the file holds one, too */
    unsigned meant;                                  /* which certificate is probably meant, from 1 */
    char meant_subject[256];                         /* its first common name */
    bool several;                                    /* another server's certificate is in the file */
    char other_subject[256];                         /* its first common name */
};

/*
 * Reads the first certificate of a file in PEM, DER or PKCS#7: a regular file of at most 1 MiB that neither
 * group nor others may write. Never waits, whatever the path names. NULL if good; else what is wrong, a
 * static text to be put after the path ("holds no PEM certificate", "cannot be opened", ...), and
 * *certificate is untouched.
 */
const char *certfile_read(struct certfile *certificate, const char *path);

#endif
