/* SPDX-License-Identifier: BSD-2-Clause */
/* Text as a reader sees it: without the characters that show nothing. */
#ifndef POLICY_INVISIBLE_H
#define POLICY_INVISIBLE_H

#include <stddef.h>

/*
 * Copies `length` octets of UTF-8 at `from` to `to` without the characters that
 * show nothing or a blank: Unicode's Default_Ignorable_Code_Point (soft hyphen,
 * zero width space, variation selectors) and White_Space, control and format
 * characters (categories Cc and Cf), and U+2800, the blank Braille pattern.
 * Octets that are no UTF-8 stay. `to` needs room for `length` octets and may be
 * `from`; no NUL is put behind. Returns the octets that are left. Allocates nothing.
 */
size_t text_without_invisible(char *to, const char *from, size_t length);

#endif
