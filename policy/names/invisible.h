/* SPDX-License-Identifier: BSD-2-Clause */
/* Characters that show nothing or a blank, and text without them. */
#ifndef POLICY_NAMES_INVISIBLE_H
#define POLICY_NAMES_INVISIBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Whether a character of Unicode, outside ASCII and the control characters, shows nothing or a blank:
 * Default_Ignorable_Code_Point (soft hyphen, zero width space, variation selectors), White_Space, format
 * characters (category Cf), and U+2800, the blank Braille pattern. False below 0, which stands for no UTF-8.
 */
bool is_invisible(int32_t character);

/* Whether such a character is a blank, which takes up space. */
bool is_invisible_blank(int32_t character);

/* "a no-break space (U+00A0)", by the character's name in Unicode. `text` takes INVISIBLE_TEXT octets. */
enum { INVISIBLE_TEXT = 72 };
void invisible_describe(char text[INVISIBLE_TEXT], int32_t character);

/*
 * Copies `length` octets of UTF-8 at `from` to `to` without the characters that
 * is_invisible() names, and without blanks and control characters.
 * Octets that are no UTF-8 stay. `to` needs room for `length` octets and may be
 * `from`; it gets no NUL. Returns how many octets are left. Allocates nothing.
 */
size_t text_without_invisible(char *to, const char *from, size_t length);

#endif
