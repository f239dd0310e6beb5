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

/* What is compared to detect that a file has changed. */
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
 * The files and patterns that one load of a policy looked at. Immutable after the load, and shared by
 * reference counting.
 */
struct disk {
    atomic_uint references;
    size_t file_count, pattern_count;
    struct disk_file *files;       /* malloc'd, as are their texts */
    struct disk_pattern *patterns; /* malloc'd, as are their texts */
};

/* Returns an empty struct with one reference; NULL: out of memory. */
struct disk *disk_new(void);
struct disk *disk_ref(struct disk *disk);
void disk_unref(struct disk *disk); /* the last one frees it; NULL is fine */

/*
 * Notes a file that is about to be read, or the pattern of an `include` that is about to be searched.
 * The text is copied. False: out of memory.
 */
bool disk_note_file(struct disk *disk, const char *path);
bool disk_note_pattern(struct disk *disk, const char *pattern);

/* Whether a noted file has changed, or a noted pattern matches other files. */
bool disk_has_changed(const struct disk *disk);

/*
 * Returns a sum over the present state of all noted files and of all files that the noted patterns match now.
 * If two sums differ, something changed in between.
 */
uint64_t disk_sum(const struct disk *disk);

/* Whether an `include` skips a file of that name: it is hidden, or ends in "~". */
bool disk_is_skipped(const char *path);

/*
 * Whether the file is a mount point itself, as after `mount --bind` of a file, or was unlinked in the mounted
 * file system. If the original file is replaced, such a mount still shows the old one.
 */
bool disk_is_mounted_alone(const char *path);

/*
 * Copies the first `length` octets of a path, with a backslash before each character that is special in a
 * pattern. `to` must hold 2 * length + 1 octets. Returns the end of the copy.
 */
char *disk_escape(char *to, const char *path, size_t length);

/* A name that is looked up on the way to a file; valid during the call. */
struct disk_place {
    const char *directory;
    const char *name; /* or, if `pattern`, a pattern for fnmatch(3) */
    bool pattern;
    bool last; /* a file of the policy; else a directory or a symbolic link on the way to one */
};
typedef void disk_place_fn(void *arg, const struct disk_place *place);

/*
 * Calls `place` for each step on the path to every noted file and pattern, following symbolic links. A path
 * ends at the first name that does not exist; that name is still reported. Some places are reported more than
 * once.
 */
void disk_each_place(const struct disk *disk, disk_place_fn *place, void *arg);

#endif
