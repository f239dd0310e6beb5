/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Internationalised labels, converted as Postfix converts them.
 *
 * Postfix (3.2 and later, util/midna_domain.c) hands a domain that is not ASCII
 * to ICU's uidna_nameToASCII_UTF8() with the option UIDNA_NONTRANSITIONAL_TO_ASCII
 * alone: no STD3 rules, no bidi rule, no rules for joiners. These functions do the
 * same with the same library. ICU decides the version of Unicode, so it is that
 * of the Postfix on the same machine.
 */
#ifndef POLICY_NAMES_IDNA_H
#define POLICY_NAMES_IDNA_H

#include <stddef.h>

enum { IDNA_LABEL_MAX = 63, IDNA_TEXT_MAX = 255 };

enum idna_result {
    IDNA_CONVERTED,
    IDNA_INVALID, /* ICU rejects it */
    IDNA_UNREAD   /* memory ran out: the result is not known */
};

/* What a conversion made, without a NUL. */
struct idna_text {
    size_t length;
    char octets[IDNA_TEXT_MAX];
};

/*
 * Makes the ASCII form of a label in UTF-8. It may be empty (a label of characters
 * that UTS 46 ignores). A dot in it separates labels: full stops of other
 * scripts become dots. *ascii is valid only after IDNA_CONVERTED.
 * Takes time linear in `length`. Allocates; thread-safe.
 */
enum idna_result idna_to_ascii(struct idna_text *ascii, const char *label, size_t length);

/* Makes the UTF-8 form of a label; an A-label is decoded. Otherwise as idna_to_ascii(). */
enum idna_result idna_to_unicode(struct idna_text *unicode, const char *label, size_t length);

/*
 * Makes ICU read its data, which it keeps until the process ends. NULL if good;
 * else ICU's name of the error, a static text such as "U_FILE_ACCESS_ERROR". To
 * be called before the first conversion that counts: if ICU's first use fails,
 * every later conversion fails, too.
 */
const char *idna_load(void);

#endif
