/* SPDX-License-Identifier: BSD-2-Clause */
/* Domain names as mail writes them, brought to the one form in which they are compared. */
#ifndef POLICY_NAMES_DOMAIN_H
#define POLICY_NAMES_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

#define DOMAIN_MAX 253        /* octets of a host name without its final dot, RFC 1035 2.3.4 */
#define DOMAIN_LABELS_MAX 127 /* of that many octets */

/*
 * A name in its compared form: A-labels in lower case without final dots
 * if it is a valid name, else its plain lower-case form. NUL-terminated.
 * Names of more than 255 octets keep their last 255 (no entry of a policy is
 * that long, a suffix with its dot still matches).
 */
struct domain {
    unsigned char length; /* 0: no name */
    char text[256];
};

enum domain_form {
    DOMAIN_NONE,  /* nothing is left without the final dots */
    DOMAIN_PLAIN, /* no valid host name; text is the plain lower-case form */
    DOMAIN_VALID,
    DOMAIN_UNREAD /* memory ran out: the name is not known, and text is not to be used */
};

/*
 * Makes the compared form of `length` octets at `name`. A name that is not ASCII
 * is converted as Postfix converts it: UTS 46, non-transitional, by ICU (idna.h),
 * so that U-labels, A-labels, compatibility forms and ideographic dots name one
 * domain. If ICU accepts the whole name, the text is ICU's. If not, each label
 * that can be converted is, and the others are only put in lower case, so that an
 * odd label hides no domain after it. Final dots are dropped, also if only
 * characters that the conversion removes follow them. ASCII is only put in lower
 * case: an A-label is not decoded.
 * Underscores are allowed (they occur in real sender domains).
 * Always fills *domain. Allocates, and so can fail (DOMAIN_UNREAD), only for
 * names that are not ASCII. Takes time linear in `length`.
 */
enum domain_form domain_normalise(struct domain *domain, const char *name, size_t length);

/* The octets of the label separator that `at` begins with, ".", U+3002, U+FF0E or U+FF61; 0: none. */
size_t domain_separator(const char *at, size_t length);

/*
 * Whether a policy may name `name` (without the leading dot of a suffix):
 * NULL if so, and *domain is its compared form; else what is wrong with it, a
 * static text such as "has an empty label".
 */
const char *domain_check(struct domain *domain, const char *name);

/* Whether `domain` is below `parent` ("a.b" below "b"), at a label boundary; a name is not below itself. */
bool domain_below(const char *domain, const char *parent);

/*
 * Whether a label of `name` (UTF-8, or A-labels, which are decoded) mixes
 * letters of different scripts in a way that no natural language does (Latin
 * with Cyrillic or Greek, say; Han with Hiragana and Katakana, or with Hangul
 * or Bopomofo, is fine, and any of these with Latin).
 */
bool domain_mixes_scripts(const char *name);

#endif
