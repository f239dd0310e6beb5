/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that is given back all at once: a policy's strings and rules live as
 * long as the policy, the tree of one partner as long as it is being read.
 * Texts are packed without padding, so that a million names cost what they
 * weigh. Knows nothing of what it holds.
 */
#include "policy/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_SIZE = 64 * 1024 };

struct arena_chunk {
    struct arena_chunk *older;
    size_t size;  /* of memory */
    size_t front; /* objects grow from here upwards */
    size_t back;  /* texts grow from here downwards */
    alignas(max_align_t) unsigned char memory[];
};

static struct arena_chunk *chunk_with(struct arena *arena, size_t size)
{
    struct arena_chunk *chunk = arena->newest;
    size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;

    if (chunk != NULL && chunk->back - chunk->front >= size)
        return chunk;
    chunk = room < size ? NULL : malloc(sizeof *chunk + room);
    if (chunk == NULL)
        return NULL;
    chunk->older = arena->newest;
    chunk->size = chunk->back = room;
    chunk->front = 0;
    arena->newest = chunk;
    return chunk;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t unit = alignof(max_align_t);
    struct arena_chunk *chunk;
    void *memory;

    if (size > (size_t)-1 / 2)
        return NULL;
    size = (size + unit - 1) / unit * unit;
    chunk = chunk_with(arena, size);
    if (chunk == NULL)
        return NULL;
    memory = chunk->memory + chunk->front;
    chunk->front += size;
    return memset(memory, 0, size);
}

char *arena_text(struct arena *arena, const char *text, size_t length)
{
    struct arena_chunk *chunk;
    char *copy;

    if (length > (size_t)-1 / 2 || (chunk = chunk_with(arena, length + 1)) == NULL)
        return NULL;
    chunk->back -= length + 1;
    copy = (char *)chunk->memory + chunk->back;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
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
}

void arena_free(struct arena *arena)
{
    while (arena->newest != NULL) {
        struct arena_chunk *chunk = arena->newest;

        arena->newest = chunk->older;
        free(chunk);
    }
}
