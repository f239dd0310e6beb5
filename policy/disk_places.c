/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the files of a policy are looked up: each directory, and the name in it, on the path to each file,
 * symbolic links included. Watching these places shows every change that can put another file at a path.
 * Reads directories and links; opens no file.
 */
#include "policy/disk.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS_MAX = 40 }; /* as the kernel */

/* A walk along a path. */
struct walk {
    disk_place_fn *place;
    void *arg;
    unsigned links;
    char directory[PATH_MAX]; /* the directory that it has reached */
    char rest[PATH_MAX];      /* the rest of the path, from that directory */
};

static void report(const struct walk *walk, const char *name, bool pattern, bool last)
{
    walk->place(walk->arg, &(struct disk_place){walk->directory, name, pattern, last});
}

/* Starts at the beginning of a path of `length` octets. False: the path is too long. */
static bool begin(struct walk *walk, const char *path, size_t length)
{
    if (length >= sizeof walk->rest)
        return false;
    walk->links = 0;
    strcpy(walk->directory, *path == '/' ? "/" : ".");
    memcpy(walk->rest, path, length);
    walk->rest[length] = '\0';
    return true;
}

/* Writes the path of a name in the walk's directory. False: too long. */
static bool join(const struct walk *walk, const char *name, char path[PATH_MAX])
{
    const char *slash = strcmp(walk->directory, "/") == 0 ? "" : "/";

    return snprintf(path, PATH_MAX, "%s%s%s", walk->directory, slash, name) < PATH_MAX;
}

/* Takes the next name from the rest of the path; "": none is left. False: the name is too long. */
static bool take_name(struct walk *walk, char name[NAME_MAX + 1])
{
    const char *from = walk->rest + strspn(walk->rest, "/");
    size_t length = strcspn(from, "/");

    if (length > NAME_MAX)
        return false;
    memcpy(name, from, length);
    name[length] = '\0';
    from += length;
    from += strspn(from, "/");
    memmove(walk->rest, from, strlen(from) + 1);
    return true;
}

/* Puts the target of a link before the rest of the path. False: the link cannot be followed. */
static bool follow(struct walk *walk, const char *path)
{
    char target[PATH_MAX], rest[PATH_MAX];
    ssize_t length = readlink(path, target, sizeof target - 1);

    if (length <= 0 || walk->links++ == LINKS_MAX)
        return false;
    target[length] = '\0';
    if (snprintf(rest, sizeof rest, "%s%s%s", target, *walk->rest != '\0' ? "/" : "", walk->rest)
        >= (int)sizeof rest)
        return false;
    strcpy(walk->rest, rest);
    if (*target == '/')
        strcpy(walk->directory, "/");
    return true;
}

/* Walks one name further. False: the path ends here. */
static bool step(struct walk *walk, bool to_file)
{
    char name[NAME_MAX + 1], path[PATH_MAX];
    struct stat found;

    if (!take_name(walk, name))
        return false;
    if (*name == '\0' || strcmp(name, ".") == 0)
        return true;
    if (strcmp(name, "..") != 0)
        report(walk, name, false, to_file && *walk->rest == '\0');
    if (!join(walk, name, path) || lstat(path, &found) != 0)
        return false;
    if (S_ISLNK(found.st_mode))
        return follow(walk, path);
    if (!S_ISDIR(found.st_mode))
        return to_file && *walk->rest == '\0';
    strcpy(walk->directory, path);
    return true;
}

/* Walks to the end of the path. False: the path does not exist. */
static bool go(struct walk *walk, bool to_file)
{
    while (*walk->rest != '\0')
        if (!step(walk, to_file))
            return false;
    return true;
}

/* ---- files ---- */

/* Where the directory of the last file led. Most files are in the same directory: it is walked only once. */
struct known {
    const char *path; /* of that file; NULL: none */
    size_t length;    /* of its directory */
    bool there;
    char directory[PATH_MAX];
};

static void walk_to_directory(struct walk *walk, struct known *known, const char *path, size_t length)
{
    known->path = path;
    known->length = length;
    known->there = begin(walk, path, length) && go(walk, false);
    strcpy(known->directory, walk->directory);
}

static void walk_to_file(struct walk *walk, struct known *known, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
    size_t length = (size_t)(name - path);

    if (known->path == NULL || known->length != length || memcmp(known->path, path, length) != 0)
        walk_to_directory(walk, known, path, length);
    if (!known->there || !begin(walk, name, strlen(name)))
        return;
    strcpy(walk->directory, known->directory);
    go(walk, true);
}

/* ---- patterns ---- */

/* Returns the first wildcard, or the end of the pattern. */
static const char *wildcard(const char *pattern)
{
    while (*pattern != '\0' && strchr("*?[", *pattern) == NULL)
        pattern += *pattern == '\\' && pattern[1] != '\0' ? 2 : 1;
    return pattern;
}

/* Removes the backslashes from the rest of the path. */
static void unescape(struct walk *walk)
{
    char *to = walk->rest;

    for (const char *from = walk->rest; *from != '\0'; from++) {
        if (*from == '\\' && from[1] != '\0')
            from++;
        *to++ = *from;
    }
    *to = '\0';
}

static void walk_pattern(struct walk *walk, const char *pattern);

/* Whether a path can continue there: at a directory, or at a link, even if its target does not exist yet. */
static bool leads_on(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0 && (S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode));
}

/* Continues from each path that the first `length` octets of the pattern match. */
static void walk_matches(struct walk *walk, const char *pattern, size_t length)
{
    char *head = strndup(pattern, length), *whole = malloc(2 * (size_t)PATH_MAX + strlen(pattern) + 1);
    glob_t matches = {0};

    if (head != NULL && whole != NULL && glob(head, 0, NULL, &matches) == 0)
        for (size_t i = 0; i < matches.gl_pathc; i++) {
            size_t match = strlen(matches.gl_pathv[i]);

            if (match >= PATH_MAX || !leads_on(matches.gl_pathv[i]))
                continue;
            strcpy(disk_escape(whole, matches.gl_pathv[i], match), pattern + length);
            walk_pattern(walk, whole);
        }
    globfree(&matches);
    free(head);
    free(whole);
}

static void walk_pattern(struct walk *walk, const char *pattern)
{
    const char *first = wildcard(pattern), *name = first;
    char component[NAME_MAX + 1];
    size_t length;

    while (name > pattern && name[-1] != '/')
        name--;
    if (*first == '\0')
        name = first;
    if (!begin(walk, pattern, (size_t)(name - pattern)))
        return;
    unescape(walk);
    length = strcspn(name, "/");
    if (!go(walk, length == 0) || length == 0 || length > NAME_MAX)
        return;
    memcpy(component, name, length);
    component[length] = '\0';
    report(walk, component, true, name[length] == '\0');
    if (name[length] != '\0')
        walk_matches(walk, pattern, (size_t)(name - pattern) + length);
}

/* ---- all ---- */

void disk_each_place(const struct disk *disk, disk_place_fn *place, void *arg)
{
    struct walk walk = {.place = place, .arg = arg};
    struct known known = {.path = NULL};

    for (size_t i = 0; i < disk->file_count; i++)
        walk_to_file(&walk, &known, disk->files[i].path);
    for (size_t i = 0; i < disk->pattern_count; i++)
        walk_pattern(&walk, disk->patterns[i].pattern);
}
