/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that is freed all at once: a policy's strings and rules live as long as the policy, the tree of one
 * partner only while that partner is read. Texts are packed without padding, so that a million names take no
 * more than their octets. References take four octets instead of a pointer's eight: a policy has some parts
 * by the million. Knows nothing of what it stores.
 */
#include "policy/arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_SIZE = 1 << 16, WINDOWS_MAX = 65535 };

/* A run of windows. */
struct arena_chunk {
    struct arena_chunk *older;
    size_t window; /* the first, counted from 0 */
    size_t size;   /* of memory, whole windows */
    size_t front;  /* objects grow from here upwards */
    size_t back;   /* texts grow from here downwards */
    alignas(max_align_t) unsigned char memory[];
};

/* Registers the chunk's windows. False: out of memory, or more windows than refs can address. */
static bool add_windows(struct arena *arena, struct arena_chunk *chunk)
{
    size_t count = chunk->size / WINDOW_SIZE, total = arena->window_count + count;
    unsigned char **windows;

    if (total > WINDOWS_MAX)
        return false;
    windows = realloc(arena->windows, total * sizeof *windows);
    if (windows == NULL)
        return false;
    chunk->window = arena->window_count;
    for (size_t i = 0; i < count; i++)
        windows[chunk->window + i] = chunk->memory + i * WINDOW_SIZE;
    arena->windows = windows;
    arena->window_count = total;
    return true;
}

static struct arena_chunk *chunk_with(struct arena *arena, size_t size)
{
    struct arena_chunk *chunk = arena->newest;
    size_t room;

    if (chunk != NULL && chunk->back - chunk->front >= size)
        return chunk;
    if (size > (size_t)WINDOWS_MAX * WINDOW_SIZE)
        return NULL;
    room = size == 0 ? WINDOW_SIZE : (size + WINDOW_SIZE - 1) / WINDOW_SIZE * WINDOW_SIZE;
    chunk = malloc(sizeof *chunk + room);
    if (chunk == NULL)
        return NULL;
    chunk->size = chunk->back = room;
    chunk->front = 0;
    if (!add_windows(arena, chunk)) {
        free(chunk);
        return NULL;
    }
    chunk->older = arena->newest;
    arena->newest = chunk;
    return chunk;
}

/* Returns the ref of the octet at offset `at` of the newest chunk. */
static arena_ref ref_of(const struct arena *arena, size_t at)
{
    return (arena_ref)((arena->newest->window + 1 + at / WINDOW_SIZE) * WINDOW_SIZE + at % WINDOW_SIZE);
}

/* Takes a zeroed object from the newest chunk; *front is its offset. False: out of memory. */
static bool take(struct arena *arena, size_t size, size_t *front)
{
    const size_t unit = alignof(max_align_t);
    struct arena_chunk *chunk;

    if (size > (size_t)-1 / 2)
        return false;
    size = size == 0 ? unit : (size + unit - 1) / unit * unit;
    chunk = chunk_with(arena, size);
    if (chunk == NULL)
        return false;
    *front = chunk->front;
    chunk->front += size;
    memset(chunk->memory + *front, 0, size);
    return true;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t at;

    return take(arena, size, &at) ? arena->newest->memory + at : NULL;
}

arena_ref arena_alloc_ref(struct arena *arena, size_t size)
{
    size_t at;

    return take(arena, size, &at) ? ref_of(arena, at) : 0;
}

static arena_ref store(struct arena *arena, const char *text, size_t length)
{
    struct arena_chunk *chunk;

    if (length > (size_t)-1 / 2 || (chunk = chunk_with(arena, length + 1)) == NULL)
        return 0;
    chunk->back -= length + 1;
    memcpy(chunk->memory + chunk->back, text, length);
    chunk->memory[chunk->back + length] = '\0';
    return ref_of(arena, chunk->back);
}

char *arena_text(struct arena *arena, const char *text, size_t length)
{
    return arena_at(arena, store(arena, text, length));
}

arena_ref arena_keep(struct arena *arena, const char *text, size_t length)
{
    const char *kept = arena_at(arena, arena->kept);
    arena_ref ref;

    if (kept != NULL && length <= arena->kept_length
        && memcmp(kept + arena->kept_length - length, text, length) == 0)
        return arena->kept + (arena_ref)(arena->kept_length - length);
    ref = store(arena, text, length);
    if (ref != 0) {
        arena->kept = ref;
        arena->kept_length = length;
    }
    return ref;
}

void *arena_copy(struct arena *arena, const void *from, size_t size)
{
    void *copy = arena_alloc(arena, size);

    return copy == NULL || size == 0 ? copy : memcpy(copy, from, size);
}

void arena_reset(struct arena *arena)
{
    struct arena_chunk *chunk = arena->newest;

    if (chunk == NULL)
        return;
    while (chunk->older != NULL) {
        struct arena_chunk *older = chunk->older;

        free(chunk);
        chunk = older;
    }
    chunk->front = 0;
    chunk->back = chunk->size;
    arena->newest = chunk;
    arena->window_count = chunk->size / WINDOW_SIZE;
    arena->kept = 0;
}

void arena_free(struct arena *arena)
{
    while (arena->newest != NULL) {
        struct arena_chunk *chunk = arena->newest;

        arena->newest = chunk->older;
        free(chunk);
    }
    free(arena->windows);
    arena->windows = NULL;
    arena->window_count = 0;
    arena->kept = 0;
}
