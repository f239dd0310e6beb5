/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that is freed all at once. */
#ifndef POLICY_ARENA_H
#define POLICY_ARENA_H

#include <stddef.h>
#include <stdint.h>

/* A reference of four octets to something in an arena; 0: nothing. */
typedef uint32_t arena_ref;

struct arena_chunk;

/* A zeroed arena is ready. */
struct arena {
    struct arena_chunk *newest; /* NULL: nothing taken yet */
    unsigned char **windows;    /* the address of each 64 KiB of refs; malloc'd */
    size_t window_count;
    arena_ref kept; /* the text that arena_keep() stored last, and its length */
    size_t kept_length;
};

/* Returns zeroed memory, aligned for any object; NULL when out of memory. Size 0 gives memory, too. */
void *arena_alloc(struct arena *arena, size_t size);

/* Returns a NUL-terminated copy of `length` octets; NULL when out of memory. */
char *arena_text(struct arena *arena, const char *text, size_t length);

/* Returns a copy of `size` octets; NULL when out of memory. */
void *arena_copy(struct arena *arena, const void *from, size_t size);

/*
 * Variants that return a reference of four octets; 0 when out of memory. arena_alloc_ref() returns a zeroed
 * object. arena_keep() stores a text that must not be changed: if it is the end of the text stored last
 * ("example.com" is the end of "mail.example.com"), both share the memory.
 */
arena_ref arena_alloc_ref(struct arena *arena, size_t size);
arena_ref arena_keep(struct arena *arena, const char *text, size_t length);

/* Returns what a ref refers to; NULL for 0. Valid until the arena is reset or freed. */
static inline void *arena_at(const struct arena *arena, arena_ref ref)
{
    return ref == 0 ? NULL : arena->windows[(ref >> 16) - 1] + (ref & 0xFFFF);
}

/* The same for a ref that is not 0. */
static inline const void *arena_get(const struct arena *arena, arena_ref ref)
{
    return arena->windows[(ref >> 16) - 1] + (ref & 0xFFFF);
}

/* Frees all but one chunk, which is used again. */
void arena_reset(struct arena *arena);
void arena_free(struct arena *arena);

#endif
