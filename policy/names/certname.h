/* SPDX-License-Identifier: BSD-2-Clause */
/* Names in certificates, as MTAs report them. */
#ifndef POLICY_NAMES_CERTNAME_H
#define POLICY_NAMES_CERTNAME_H

#include <stdbool.h>
#include <stddef.h>

#define CERTNAME_MAX 1024 /* octets, with the NUL, of any decoded name */

/*
 * Decodes Sendmail's "+XX" (xtext, RFC 3461 4). False: a "+" is not
 * followed by two upper-case or lower-case hexadecimal digits, or the result holds a NUL or other control
 * octet, or does not fit. Such a name matches nothing.
 */
bool certname_decode(const char *text, char *name, size_t size);

/* Whether this is one of Sendmail's "BadCertificate..." texts, which replace a name that it cannot use. */
bool certname_is_sentinel(const char *name);

/*
 * Whether `seen` is what the policy wants: the whole string, ASCII letters
 * without regard to case. A policy's "*.example.com" also matches names with exactly one
 * further non-empty label on the left; a wildcard in `seen` is an ordinary character (so
 * "*.example.com" also matches a certificate of that very name). An empty name matches nothing.
 */
bool certname_matches(const char *wanted, const char *seen);

/*
 * Whether a policy can name this text: it is not empty, and has an asterisk only in "*." before more.
 */
bool certname_is_pattern(const char *text);

enum dn_answer { DN_FOUND, DN_ABSENT, DN_DOUBTFUL };

/*
 * The attribute `type` ("CN", "O", "emailAddress"; no regard to case) of a distinguished name in
 * OpenSSL's one-line form ("/C=DE/O=Contoso/CN=mail"), already decoded from xtext. Its escapes
 * (\/ \+ \xNN) are undone in `value`; RDNs of several attributes ("/CN=a+UID=b") are split.
 * DN_DOUBTFUL if another reading is possible: a part without "=", an escaped separator
 * after which an attribute could begin (OpenSSL does not double a backslash), several
 * values of that type, text that Sendmail's buffer of 256 octets may have cut, control octets.
 */
enum dn_answer dn_attribute(const char *dn, const char *type, char *value, size_t size);

#endif
