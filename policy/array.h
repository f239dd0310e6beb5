/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arrays that grow. To append:
 *
 *     struct thing *grown = array_grow(things, count, sizeof *grown);
 *     if (grown == NULL)
 *         return false;
 *     things = grown;
 *     things[count++] = thing;
 */
#ifndef POLICY_ARRAY_H
#define POLICY_ARRAY_H

#include <stddef.h>

/*
 * Makes room for one more than `count` elements of `size` octets. Returns the array, which may have moved;
 * NULL when out of memory, and the old array is still valid. An array starts as NULL, grows by this function
 * alone, and is freed by free(). Elements may be removed from its end.
 */
void *array_grow(void *array, size_t count, size_t size);

/*
 * Extends an array of *count elements so that element `number` exists; new elements are zeroed. Returns the
 * array, which may have moved, and sets *count; NULL when out of memory, and nothing has changed.
 */
void *array_reach(void *array, size_t *count, size_t number, size_t size);

/* For qsort() and bsearch(): elements that are texts, in the order of their octets. */
int array_compare_texts(const void *one, const void *other);

#endif
