/* SPDX-License-Identifier: BSD-2-Clause */
/* A certificate file that a policy names (`file:`). */
#ifndef POLICY_CERTFILE_H
#define POLICY_CERTFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FINGERPRINT_SIZE 32 /* SHA-256 */

/* Other digests of as many octets that an MTA may be configured to report: sha3-256, sm3 and the like. */
enum { OTHER_DIGESTS = 5 };

struct certfile {
    unsigned char fingerprint[FINGERPRINT_SIZE]; /* of the DER certificate */
    /* By other digests; where OpenSSL lacks one, the SHA-256 again. */
    unsigned char other_fingerprint[OTHER_DIGESTS][FINGERPRINT_SIZE];
    unsigned char key_fingerprint[FINGERPRINT_SIZE]; /* of the DER SubjectPublicKeyInfo, as Postfix has it */
    int64_t not_before, not_after;                   /* not_after is the last second of validity */
    char subject[256];                               /* first common name, for people; "" if none */
};

/*
 * Reads the first certificate of a PEM file: a regular file of at most 1 MiB that neither group nor others
 * may write. Never waits, whatever the path names. NULL if good; else what is wrong, a static text to be put
 * behind the path ("holds no PEM certificate", "cannot be opened", ...), *certificate untouched.
 */
const char *certfile_read(struct certfile *certificate, const char *path);

/*
 * Reads "sha256:AA:BB:..." (hexadecimal, any case, colons between all octets or none at all). NULL if good;
 * else what is wrong, a static text to be put behind the value: other digests are refused with the reason.
 */
const char *fingerprint_parse(unsigned char fingerprint[FINGERPRINT_SIZE], const char *text);

/*
 * Reads a fingerprint as an MTA reports it, without a digest's name: 64 hexadecimal digits, with or without
 * colons. False: none (another digest's length, other text).
 */
bool fingerprint_read(unsigned char fingerprint[FINGERPRINT_SIZE], const char *text);

/* "sha256:AA:BB:..."; text takes 7 + 95 + 1 octets. */
#define FINGERPRINT_TEXT 103
void fingerprint_format(const unsigned char fingerprint[FINGERPRINT_SIZE], char text[FINGERPRINT_TEXT]);

#endif
