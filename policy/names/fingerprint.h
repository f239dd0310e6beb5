/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256 fingerprints as text. */
#ifndef POLICY_NAMES_FINGERPRINT_H
#define POLICY_NAMES_FINGERPRINT_H

#include <stdbool.h>

#define FINGERPRINT_SIZE 32 /* SHA-256 */

/*
 * Reads a fingerprint of a policy: "sha256:AA:BB:..." or a line of openssl(1), "SHA256
 * Fingerprint=AA:BB:..." and "SHA2-256(stdin)= aabb...". Hexadecimal digits of any case, colons between all
 * octets or none at all. NULL if good; else what is wrong, a static text to be put after the value: other
 * digests are named and refused.
 */
const char *fingerprint_parse(unsigned char fingerprint[FINGERPRINT_SIZE], const char *text);

/*
 * Reads a fingerprint as an MTA reports it, without a digest's name: 64 hexadecimal digits, with or without
 * colons. False: it is none (another digest's length, other text).
 */
bool fingerprint_read(unsigned char fingerprint[FINGERPRINT_SIZE], const char *text);

/*
 * Guesses the fingerprint that is meant by a text that fingerprint_parse() refuses: digits without the
 * digest's name or after another label, with blanks, hyphens or invisible characters between them, base64 as
 * in HPKP ("sha256/...") and elsewhere, a TLSA record. False: it is no SHA-256 fingerprint in any form, and
 * *fingerprint is untouched.
 */
bool fingerprint_guess(unsigned char fingerprint[FINGERPRINT_SIZE], const char *text);

/* Whether the text is a pin of HPKP, which pins a key: "sha256/BASE64" or "pin-sha256=BASE64". */
bool fingerprint_is_hpkp(const char *text);

/* Whether what fingerprint_guess() reads is the fingerprint of a key: HPKP, a TLSA record "3 1 1". */
bool fingerprint_is_of_key(const char *text);

/* Says what is wrong with the digits after "sha256:", to be put after an error: "; here are 62", or "". */
enum { FINGERPRINT_FLAW = 32 };
void fingerprint_flaw(const char *text, char flaw[FINGERPRINT_FLAW]);

/* "sha256:AA:BB:..."; text takes 7 + 95 + 1 octets. */
#define FINGERPRINT_TEXT 103
void fingerprint_format(const unsigned char fingerprint[FINGERPRINT_SIZE], char text[FINGERPRINT_TEXT]);

#endif
