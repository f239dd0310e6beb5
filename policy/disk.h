/* SPDX-License-Identifier: BSD-2-Clause */
/* The files of a policy as they were when they were read, and where in the file system they are looked up. */
#ifndef POLICY_DISK_H
#define POLICY_DISK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* What differs between two states of a file. */
struct disk_state {
    bool there;
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified, changed;
};

struct disk_file {
    char *path;
    struct disk_state state;
};

struct disk_pattern {
    char *pattern;
    uint64_t matches; /* a sum over the names of the files that it matches */
};

/*
 * What one load of a policy looked at. Immutable when that load has ended, and shared by counted
 * references.
 */
struct disk {
    atomic_uint references;
    size_t file_count, pattern_count;
    struct disk_file *files;       /* malloc'd, as are their texts */
    struct disk_pattern *patterns; /* malloc'd, as are their texts */
};

/* Nothing is noted yet. One reference, or NULL: out of memory. */
struct disk *disk_new(void);
struct disk *disk_ref(struct disk *disk);
void disk_unref(struct disk *disk); /* the last one frees it; NULL is fine */

/*
 * Notes a file that is about to be read, or the pattern of an `include` that is about to be searched.
 * The text is copied. False: out of memory.
 */
bool disk_note_file(struct disk *disk, const char *path);
bool disk_note_pattern(struct disk *disk, const char *pattern);

/* Whether a file is not the one that was noted, or a pattern matches other files. */
bool disk_has_changed(const struct disk *disk);

/*
 * A sum over what is there now of all that was noted, and of new files that patterns match: two that
 * differ show a change in between.
 */
uint64_t disk_sum(const struct disk *disk);

/* Whether an `include` passes over a file of that name: it is hidden, or ends in "~". */
bool disk_is_skipped(const char *path);

/*
 * Whether the file that is there is mounted by itself, as by `mount --bind` of a file, or has lost its
 * name in the mounted file system. A file that is put in its place elsewhere does not show here.
 */
bool disk_is_mounted_alone(const char *path);

/*
 * Copies the first `length` octets of a path, with a backslash before all that means something in a pattern.
 * `to` has room for 2 * length + 1 octets. Returns the end of the copy.
 */
char *disk_escape(char *to, const char *path, size_t length);

/* A name that is looked up on the way to a file; valid during the call. */
struct disk_place {
    const char *directory;
    const char *name; /* or, with `pattern`, what names are compared with, by fnmatch(3) */
    bool pattern;
    bool last; /* a file of the policy; else a directory or a symbolic link on the way to one */
};
typedef void disk_place_fn(void *arg, const struct disk_place *place);

/*
 * Calls `place` for each step on the way to all that was noted, also behind symbolic links. A way ends at the
 * first name that is not there; that one is still reported. Some are reported more than once.
 */
void disk_each_place(const struct disk *disk, disk_place_fn *place, void *arg);

#endif
