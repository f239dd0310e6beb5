/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The allocator, failing on demand: of the allocations that are made while `armed` is set, those from number
 * `first` on fail, `times` of them. Preloaded into a program it takes these words from the file that
 * $FAILING_MALLOC names, which its tester has mapped, too; linked into one it is told by failing_malloc.h.
 * Knows nothing of who allocates. Beside AddressSanitizer it hands on to that one's allocator.
 */
#include "tests/faults/failing_malloc.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined __SANITIZE_ADDRESS__
#define REAL(name) __interceptor_##name
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define REAL(name) __interceptor_##name
#endif
#endif
#ifndef REAL
#define REAL(name) __libc_##name
#endif
/* All of this is called before a sanitizer is ready. */
#define UNCHECKED __attribute__((no_sanitize("address"), no_sanitize("thread"), no_sanitize("undefined")))
void *REAL(malloc)(size_t size);
void *REAL(calloc)(size_t count, size_t size);
void *REAL(realloc)(void *old, size_t size);
void *REAL(memalign)(size_t alignment, size_t size);

static struct failing_malloc own;
struct failing_malloc *failing_malloc = &own;

__attribute__((constructor)) static void map_words(void)
{
    const char *path = getenv("FAILING_MALLOC");
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *words;
    if (fd < 0)
        return;
    words = mmap(NULL, sizeof own, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (words != MAP_FAILED)
        failing_malloc = words;
}

UNCHECKED static int fails(void)
{
    if (!atomic_load(&failing_malloc->armed))
        return 0;
    uint64_t number = atomic_fetch_add(&failing_malloc->counted, 1) + 1;
    if (number < failing_malloc->first || number - failing_malloc->first >= failing_malloc->times)
        return 0;
    atomic_fetch_add(&failing_malloc->failed, 1);
    errno = ENOMEM;
    return 1;
}

UNCHECKED void *malloc(size_t size)
{
    return fails() ? NULL : REAL(malloc)(size);
}

UNCHECKED void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : REAL(calloc)(count, size);
}

UNCHECKED void *realloc(void *old, size_t size)
{
    return fails() ? NULL : REAL(realloc)(old, size);
}

UNCHECKED void *reallocarray(void *old, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(old, count * size);
}

UNCHECKED void *memalign(size_t alignment, size_t size)
{
    return fails() ? NULL : REAL(memalign)(alignment, size);
}

UNCHECKED void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

UNCHECKED int posix_memalign(void **memory, size_t alignment, size_t size)
{
    void *made = memalign(alignment, size);
    if (made == NULL)
        return ENOMEM;
    *memory = made;
    return 0;
}

/* The sanitizer has its own of these, which would not come by here. */
UNCHECKED char *strndup(const char *text, size_t most)
{
    size_t length = strnlen(text, most);
    char *copy = malloc(length + 1);
    if (copy == NULL)
        return NULL;
    copy[length] = '\0';
    return memcpy(copy, text, length);
}

UNCHECKED char *strdup(const char *text)
{
    return strndup(text, strlen(text));
}
