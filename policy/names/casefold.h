/* SPDX-License-Identifier: BSD-2-Clause */
/* Local parts without regard to case. */
#ifndef POLICY_NAMES_CASEFOLD_H
#define POLICY_NAMES_CASEFOLD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Folds the case of the UTF-8 text in `text`, in place: "JÜRGEN" becomes "jürgen", as Postfix folds the
 * local parts that come with SMTPUTF8. Octets that are no UTF-8 stay. The text has room for `size`
 * octets with its NUL; false: it would be longer, and its end is cut off.
 */
bool casefold(char *text, size_t size);

#endif
