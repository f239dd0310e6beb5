/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that is given back all at once. */
#ifndef POLICY_ARENA_H
#define POLICY_ARENA_H

#include <stddef.h>

struct arena_chunk;
struct arena {
    struct arena_chunk *newest; /* NULL: nothing taken yet; a zeroed arena is ready */
};

/* Zeroed memory, aligned for any object; NULL when out of memory. Size 0 is answered too. */
void *arena_alloc(struct arena *arena, size_t size);

/* A NUL-terminated copy of `length` octets; NULL when out of memory. */
char *arena_text(struct arena *arena, const char *text, size_t length);

/* A copy of `size` octets; NULL when out of memory. */
void *arena_copy(struct arena *arena, const void *from, size_t size);

/* Gives everything back but one chunk, for the next use. */
void arena_reset(struct arena *arena);
void arena_free(struct arena *arena);

#endif
