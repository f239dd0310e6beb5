/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that is given back all at once. */
#ifndef POLICY_ARENA_H
#define POLICY_ARENA_H

#include <stddef.h>
#include <stdint.h>

/* Names what lies in an arena in four octets; 0: nothing. */
typedef uint32_t arena_ref;

struct arena_chunk;

/* A zeroed arena is ready. */
struct arena {
    struct arena_chunk *newest; /* NULL: nothing taken yet */
    unsigned char **windows;    /* where each 64 KiB of refs lie; malloc'd */
    size_t window_count;
    arena_ref kept; /* the text that was kept last, and its length */
    size_t kept_length;
};

/* Zeroed memory, aligned for any object; NULL when out of memory. Size 0 is answered too. */
void *arena_alloc(struct arena *arena, size_t size);

/* A NUL-terminated copy of `length` octets; NULL when out of memory. */
char *arena_text(struct arena *arena, const char *text, size_t length);

/* A copy of `size` octets; NULL when out of memory. */
void *arena_copy(struct arena *arena, const void *from, size_t size);

/*
 * Variants that return a reference of four octets; 0 when out of memory. arena_alloc_ref() gives a zeroed
 * object. arena_keep() keeps a text that must not be changed: where it ends the text that was kept before
 * ("example.com" ends "mail.example.com"), both share the memory.
 */
arena_ref arena_alloc_ref(struct arena *arena, size_t size);
arena_ref arena_keep(struct arena *arena, const char *text, size_t length);

/* What a ref names; NULL for 0. Valid until the arena is reset or freed. */
static inline void *arena_at(const struct arena *arena, arena_ref ref)
{
    return ref == 0 ? NULL : arena->windows[(ref >> 16) - 1] + (ref & 0xFFFF);
}

/* The same for a ref that is not 0. */
static inline const void *arena_get(const struct arena *arena, arena_ref ref)
{
    return arena->windows[(ref >> 16) - 1] + (ref & 0xFFFF);
}

/* Gives everything back but one chunk, for the next use. */
void arena_reset(struct arena *arena);
void arena_free(struct arena *arena);

#endif
