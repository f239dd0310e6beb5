/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of a policy's files when they were read, to detect later changes. Compares names and the results
 * of stat(2); opens no file. A file is noted before it is opened, and a pattern before it is searched: a
 * change during the load is then detected, never missed.
 */
#include "policy/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "policy/array.h"

/* Continues an FNV-1a hash over `size` more octets. */
static uint64_t mix(uint64_t sum, const void *octets, size_t size)
{
    for (const unsigned char *octet = octets; size-- > 0; octet++)
        sum = (sum ^ *octet) * 0x100000001b3;
    return sum;
}

#define MIX_START 0xcbf29ce484222325

/* ---- files ---- */

static struct disk_state state_of(const char *path)
{
    struct disk_state state = {.there = false};
    struct stat found;

    if (stat(path, &found) != 0)
        return state;
    state.there = true;
    state.device = found.st_dev;
    state.inode = found.st_ino;
    state.size = found.st_size;
    state.modified = found.st_mtim;
    state.changed = found.st_ctim;
    return state;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool same_state(const struct disk_state *a, const struct disk_state *b)
{
    return a->there == b->there && a->device == b->device && a->inode == b->inode && a->size == b->size
           && same_time(&a->modified, &b->modified) && same_time(&a->changed, &b->changed);
}

/* Member by member, because there is padding between them. */
static uint64_t mix_state(uint64_t sum, const struct disk_state *state)
{
    sum = mix(sum, &state->there, sizeof state->there);
    sum = mix(sum, &state->device, sizeof state->device);
    sum = mix(sum, &state->inode, sizeof state->inode);
    sum = mix(sum, &state->size, sizeof state->size);
    sum = mix(sum, &state->modified.tv_sec, sizeof state->modified.tv_sec);
    sum = mix(sum, &state->modified.tv_nsec, sizeof state->modified.tv_nsec);
    sum = mix(sum, &state->changed.tv_sec, sizeof state->changed.tv_sec);
    return mix(sum, &state->changed.tv_nsec, sizeof state->changed.tv_nsec);
}

bool disk_note_file(struct disk *disk, const char *path)
{
    struct disk_file *files = array_grow(disk->files, disk->file_count, sizeof *files);
    char *kept = strdup(path);

    if (files != NULL)
        disk->files = files;
    if (files == NULL || kept == NULL) {
        free(kept);
        return false;
    }
    files[disk->file_count].path = kept;
    files[disk->file_count++].state = state_of(path);
    return true;
}

#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x2000 /* Linux 5.8 */
#endif

bool disk_is_mounted_alone(const char *path)
{
    struct statx found;

    return statx(AT_FDCWD, path, 0, STATX_NLINK, &found) == 0
           && (found.stx_nlink == 0 || (found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0);
}

/* ---- patterns ---- */

/* Sums a hash of each name, and of its state if `states`. A sum does not depend on the order of the names. */
static uint64_t sum_of_names(const glob_t *matches, bool states)
{
    uint64_t sum = matches->gl_pathc;

    for (size_t i = 0; i < matches->gl_pathc; i++) {
        const char *path = matches->gl_pathv[i];
        uint64_t one = mix(MIX_START, path, strlen(path));

        if (disk_is_skipped(path)) {
            sum--;
            continue;
        }
        if (states) {
            struct disk_state state = state_of(path);

            one = mix_state(one, &state);
        }
        sum += one;
    }
    return sum;
}

/*
 * As in the loader: a directory that is missing or unreadable ends the search; a file in its place does not.
 */
static int is_glob_error(const char *path, int error)
{
    (void)path;
    return error != ENOTDIR;
}

/* Returns a sum over the files that a pattern matches. 0: no match; UINT64_MAX: the search failed. */
static uint64_t matches_of(const char *pattern, bool states)
{
    glob_t matches = {0};
    int result = glob(pattern, GLOB_NOSORT, is_glob_error, &matches);
    uint64_t sum = result == 0 ? sum_of_names(&matches, states) : result == GLOB_NOMATCH ? 0 : UINT64_MAX;

    globfree(&matches);
    return sum;
}

bool disk_note_pattern(struct disk *disk, const char *pattern)
{
    struct disk_pattern *patterns = array_grow(disk->patterns, disk->pattern_count, sizeof *patterns);
    char *kept = strdup(pattern);

    if (patterns != NULL)
        disk->patterns = patterns;
    if (patterns == NULL || kept == NULL) {
        free(kept);
        return false;
    }
    patterns[disk->pattern_count].pattern = kept;
    patterns[disk->pattern_count++].matches = matches_of(pattern, false);
    return true;
}

bool disk_is_skipped(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;

    return name[0] == '.' || (name[0] != '\0' && name[strlen(name) - 1] == '~');
}

char *disk_escape(char *to, const char *path, size_t length)
{
    for (const char *from = path; from < path + length; from++) {
        if (strchr("*?[]\\", *from) != NULL)
            *to++ = '\\';
        *to++ = *from;
    }
    *to = '\0';
    return to;
}

/* ---- the whole ---- */

bool disk_has_changed(const struct disk *disk)
{
    for (size_t i = 0; i < disk->file_count; i++) {
        struct disk_state now = state_of(disk->files[i].path);

        if (!same_state(&now, &disk->files[i].state))
            return true;
    }
    for (size_t i = 0; i < disk->pattern_count; i++)
        if (matches_of(disk->patterns[i].pattern, false) != disk->patterns[i].matches)
            return true;
    return false;
}

uint64_t disk_sum(const struct disk *disk)
{
    uint64_t sum = MIX_START;

    for (size_t i = 0; i < disk->file_count; i++) {
        struct disk_state now = state_of(disk->files[i].path);

        sum = mix_state(sum, &now);
    }
    for (size_t i = 0; i < disk->pattern_count; i++) {
        uint64_t matches = matches_of(disk->patterns[i].pattern, true);

        sum = mix(sum, &matches, sizeof matches);
    }
    return sum;
}

struct disk *disk_new(void)
{
    struct disk *disk = calloc(1, sizeof *disk);

    if (disk != NULL)
        atomic_init(&disk->references, 1);
    return disk;
}

struct disk *disk_ref(struct disk *disk)
{
    atomic_fetch_add_explicit(&disk->references, 1, memory_order_relaxed);
    return disk;
}

void disk_unref(struct disk *disk)
{
    if (disk == NULL || atomic_fetch_sub_explicit(&disk->references, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < disk->file_count; i++)
        free(disk->files[i].path);
    for (size_t i = 0; i < disk->pattern_count; i++)
        free(disk->patterns[i].pattern);
    free(disk->files);
    free(disk->patterns);
    free(disk);
}
