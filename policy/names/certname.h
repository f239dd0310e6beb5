/* SPDX-License-Identifier: BSD-2-Clause */
/* Names in certificates, as MTAs report them. */
#ifndef POLICY_NAMES_CERTNAME_H
#define POLICY_NAMES_CERTNAME_H

#include <stdbool.h>
#include <stddef.h>

#define CERTNAME_MAX 1024 /* octets, with the NUL, of any decoded name */

/*
 * Decodes Sendmail's "+XX" (xtext, RFC 3461 4). False where a "+" is not
 * followed by two upper-case or lower-case hexadecimal digits, the result holds a NUL or other control
 * octet, or does not fit: such a name matches nothing.
 */
bool certname_decode(const char *text, char *name, size_t size);

/* One of Sendmail's "BadCertificate..." texts, which stand for a name that it could not take over. */
bool certname_is_sentinel(const char *name);

/*
 * Whether `seen` is what the policy wants: the whole string, ASCII letters
 * without regard to case. A policy's "*.example.com" also matches names with exactly one
 * further non-empty label on the left; a wildcard in `seen` is an ordinary character (so
 * it matches a certificate of that very name). An empty name matches nothing.
 */
bool certname_matches(const char *wanted, const char *seen);

/*
 * Whether a policy can name it: it is not empty, and an asterisk stands only in "*." in front of more.
 */
bool certname_is_pattern(const char *text);

enum dn_answer { DN_FOUND, DN_ABSENT, DN_DOUBTFUL };

/*
 * The attribute `type` ("CN", "O", "emailAddress"; no regard to case) of a distinguished name in
 * OpenSSL's one-line form ("/C=DE/O=Contoso/CN=mail"), decoded from xtext before. Its escapes
 * (\/ \+ \xNN) are undone in `value`; RDNs of several attributes ("/CN=a+UID=b") are split.
 * DN_DOUBTFUL wherever another reading is possible: a part without "=", an escaped separator
 * behind which an attribute could begin (OpenSSL does not double a backslash), several
 * values of that type, text that Sendmail's buffer of 256 octets may have cut, control octets.
 */
enum dn_answer dn_attribute(const char *dn, const char *type, char *value, size_t size);

#endif
