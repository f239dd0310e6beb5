/* SPDX-License-Identifier: BSD-2-Clause */
/* Arrays that grow. The capacity of an array follows from its count, so it is not stored. */
#include "policy/array.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_MIN = 8, REACH_MIN = 64 };

/* realloc() for `count` elements of `size` octets; NULL also if a size_t cannot hold the product. */
static void *resized(void *array, size_t count, size_t size)
{
    return count > SIZE_MAX / size ? NULL : realloc(array, count * size);
}

void *array_grow(void *array, size_t count, size_t size)
{
    if (count == 0)
        return resized(array, ROOM_MIN, size);
    if (count >= ROOM_MIN && (count & (count - 1)) == 0) /* a power of two: all room may be in use */
        return count > SIZE_MAX / 2 ? NULL : resized(array, 2 * count, size);
    return array;
}

void *array_reach(void *array, size_t *count, size_t number, size_t size)
{
    size_t more = 2 * number + REACH_MIN;
    char *longer;

    if (number < *count)
        return array;
    longer = number > (SIZE_MAX - REACH_MIN) / 2 ? NULL : resized(array, more, size);
    if (longer == NULL)
        return NULL;
    memset(longer + *count * size, 0, (more - *count) * size);
    *count = more;
    return longer;
}

int array_compare_texts(const void *one, const void *other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}
