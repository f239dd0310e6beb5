/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files next to the policy that have partners and that no `include` reads: another extension, a copy of an
 * editor or a package, a name that nobody included. Without a warning, their partners would be missing
 * unnoticed. Looks into the directories of the patterns of `include` and those below, that of the main file
 * and its partners.d. Knows names and the first octets of a file; reads no YAML.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include "policy/array.h"
#include "policy/language/compile.h"
#include "policy/names/scalar.h"

enum { LOOKS_MAX = 1000, REPORTS_MAX = 20, DIRECTORIES_MAX = 256, DEPTH = 3, LOOK_OCTETS = 64 << 10 };

enum {
    PATTERNS_SHOWN = 3,
    INCLUDE_ITEM = 100,
    INCLUDE_TEXT = (PATTERNS_SHOWN + 1) * (INCLUDE_ITEM + 2) + 16
};

struct file_id {
    dev_t device;
    ino_t inode;
};

/* One search for such files. */
struct unread {
    struct loading *loading;
    const char **read;           /* the files that were read, sorted */
    char *octets;                /* LOOK_OCTETS, of the file being checked */
    char *beside;                /* "/etc/forcetls/": the path before the main file's name */
    const char *const *patterns; /* of `include` */
    size_t pattern_count;
    unsigned looks, found;
    size_t directory_count;
    struct file_id directories[DIRECTORIES_MAX]; /* that were searched */
};

/* A directory being searched. */
struct directory {
    const char *prefix;  /* before the names of its files: "", "/etc/forcetls/" */
    const char *pattern; /* the names that `include` reads, or should read; NULL: none */
    const char *include; /* what to add to `include` for that; NULL: it reads them */
};

/* ---- names ---- */

/* Endings of copies that editors, people and packages leave, and of other kinds of text. */
static const char *const copies[] = {
    ".txt",  ".conf", ".cfg",  ".json",     "~",         ".bak",     ".backup",  ".old",     ".orig",
    ".save", ".sav",  ".copy", ".dpkg-old", ".dpkg-bak", ".ucf-old", ".rpmsave", ".rpmorig", ".pacsave"};

/*
 * Endings of files that are not meant to be read, or that exist only for a moment. A package puts its own
 * version next to a file that somebody has changed or removed: the choice was made.
 */
static const char *const others[] = {".disabled", ".off",      ".example",  ".sample",    ".md",
                                     ".html",     ".swp",      ".swo",      ".swx",       ".un~",
                                     ".tmp",      ".dpkg-new", ".dpkg-tmp", ".dpkg-dist", ".ucf-new",
                                     ".ucf-dist", ".rpmnew",   ".pacnew"};

/* Returns the length of a name without the ending, ignoring case; 0: it has another ending. */
static size_t without(const char *name, size_t length, const char *ending)
{
    size_t cut = strlen(ending);

    return length > cut && strncasecmp(name + length - cut, ending, cut) == 0 ? length - cut : 0;
}

/* Returns the length of a name without the endings of copies. */
static size_t without_copy(const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < sizeof copies / sizeof *copies; i++)
        if (without(name, length, copies[i]) > 0) {
            length = without(name, length, copies[i]);
            i = (size_t)-1; /* "x.yaml.bak~" */
        }
    return length;
}

/* Returns the length of a name without the extension of a YAML file; 0: it has none. */
static size_t stem_of(const char *name)
{
    size_t length = without_copy(name), stem = without(name, length, ".yaml");

    return stem > 0 ? stem : without(name, length, ".yml");
}

/*
 * Returns the length of a name without what was meant as that extension, or follows it: "x.yamll",
 * "x.yaml.1", "x.yaml-old"; 0: nothing looks like it.
 */
static size_t likely_stem(const char *name)
{
    static const char *const endings[] = {".yaml", ".yml"};
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const char *at = strcasestr(name, endings[i]);

        if (at != NULL && at > name && !isalnum((unsigned char)at[strlen(endings[i])]))
            return (size_t)(at - name);
        if (dot != NULL && dot > name && dot[1] != '\0' && scalar_distance(dot, endings[i], 1) <= 1)
            return (size_t)(dot - name);
    }
    return 0;
}

/* Whether the file may be meant to be read. Where `include` looks, that is any file that is not hidden. */
static bool may_be_meant(const char *name, const struct directory *directory)
{
    if (name[0] == '#' || strncasecmp(name, "README", 6) == 0)
        return false;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (without(name, strlen(name), others[i]) > 0)
            return false;
    return stem_of(name) > 0 || (name[0] != '.' && directory->pattern != NULL);
}

/* ---- what a file holds ---- */

/* Whether a key begins at `at`: at the start of a line, or, in `flow` style, also after "{" or ",". */
static bool begins_key(const char *octets, const char *at, bool flow)
{
    if (at > octets && (at[-1] == '"' || at[-1] == '\''))
        at--;
    while (flow && at > octets && (at[-1] == ' ' || at[-1] == '\n'))
        at--;
    if (at == octets || at[-1] == '\n' || at[-1] == '\r')
        return true;
    return flow ? at[-1] == '{' || at[-1] == ',' : at == octets + 3 && memcmp(octets, "\xEF\xBB\xBF", 3) == 0;
}

/* Whether the file has the key at its top level. */
static bool holds_key(const char *octets, size_t length, const char *key)
{
    const char *end = octets + length, *at = octets;
    size_t blank = strspn(octets, " \r\n");
    bool flow = octets[blank] == '{';

    while ((at = memmem(at, (size_t)(end - at), key, strlen(key))) != NULL) {
        const char *behind = at + strlen(key);

        behind += *behind == '"' || *behind == '\'';
        behind += strspn(behind, " ");
        if (*behind == ':' && begins_key(octets, at, flow))
            return true;
        at++;
    }
    return false;
}

enum content { CONTENT_OTHER, CONTENT_PARTNERS, CONTENT_UNKNOWN };

/* Reads the beginning of a file. A main file, which has a version, does not count as a file with partners. */
static enum content look_into(struct unread *unread, const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    ssize_t length = -1;

    if (file < 0)
        return errno == EACCES && stem_of(path) > 0 ? CONTENT_UNKNOWN : CONTENT_OTHER;
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode))
        length = read(file, unread->octets, LOOK_OCTETS - 1);
    close(file);
    if (length <= 0)
        return CONTENT_OTHER;
    unread->octets[length] = '\0';
    if (holds_key(unread->octets, (size_t)length, "version")
        || !holds_key(unread->octets, (size_t)length, "partners"))
        return CONTENT_OTHER;
    return CONTENT_PARTNERS;
}

/* ---- files ---- */

/* Whether a file of that name was read. */
static bool was_read(const struct unread *unread, const char *path)
{
    return bsearch(&path, unread->read, unread->loading->policy->file_count, sizeof path, array_compare_texts)
           != NULL;
}

/* Whether the file was read under another name. */
static bool was_read_elsewhere(const struct unread *unread, const char *path)
{
    const struct policy *policy = unread->loading->policy;
    struct stat this, other;

    if (stat(path, &this) != 0)
        return true; /* it is gone */
    for (size_t i = 0; i < policy->file_count; i++)
        if (stat(policy->files[i], &other) == 0 && other.st_dev == this.st_dev && other.st_ino == this.st_ino)
            return true;
    return false;
}

/* How to get a file read. */
struct advice {
    char name[NAME_MAX + 16]; /* the name that it needs */
    bool rename;              /* the file has another name */
    bool include;             /* `include` must name it */
};

static void advise(const struct directory *directory, const char *name, struct advice *advice)
{
    const char *ending = directory->pattern == NULL ? NULL : strrchr(directory->pattern, '.');
    size_t hidden = name[0] == '.', stem = stem_of(name);
    bool copy = hidden || without_copy(name) < strlen(name);

    if (stem == 0)
        stem = likely_stem(name);
    if (stem == 0)
        stem = without_copy(name);
    snprintf(advice->name, sizeof advice->name, "%.*s%s", (int)(stem - hidden), name + hidden,
             ending == NULL ? ".yaml" : ending);
    advice->include = directory->include != NULL;
    if (ending == NULL || fnmatch(directory->pattern, advice->name, FNM_PERIOD) != 0) {
        snprintf(advice->name, sizeof advice->name, copy ? "%.*s.yaml" : "%.*s",
                 (int)(copy ? stem - hidden : strlen(name)), name + hidden);
        advice->include = true;
    }
    advice->rename = strcmp(advice->name, name) != 0;
}

/* Writes the `include` that reads the file, too: "a.yaml", "[b.yaml, a.yaml]". */
static void write_include(const struct unread *unread, const char *also, char text[INCLUDE_TEXT])
{
    size_t count = unread->pattern_count, used = 0;
    char item[INCLUDE_ITEM];

    for (size_t i = 0; i < count && i < PATTERNS_SHOWN; i++) {
        scalar_write(item, sizeof item, unread->patterns[i]);
        used += (size_t)snprintf(text + used, INCLUDE_TEXT - used, "%s%s, ", i == 0 ? "[" : "", item);
    }
    scalar_write(item, sizeof item, also);
    snprintf(text + used, INCLUDE_TEXT - used, "%s%s%s", count > PATTERNS_SHOWN ? "..., " : "", item,
             count > 0 ? "]" : "");
}

static void report(struct unread *unread, const struct directory *directory, const char *path,
                   enum content content)
{
    struct loading *loading = unread->loading;
    const char *holds = content == CONTENT_UNKNOWN ? "may hold partners" : "holds partners";
    char there[PATH_MAX], include[INCLUDE_TEXT];
    struct advice advice = {.rename = false};
    size_t beside;

    advise(directory, path + strlen(directory->prefix), &advice);
    snprintf(there, sizeof there, "%s%s", directory->prefix, advice.name);
    beside = strncmp(there, unread->beside, strlen(unread->beside)) == 0 ? strlen(unread->beside) : 0;
    write_include(unread, directory->include != NULL ? directory->include : there + beside, include);
    loading->file = path;
    if (unread->found++ == REPORTS_MAX)
        loading_warning(loading, NULL, WARNING_FILE_NOT_READ,
                        "%s and is not read; more such files are not reported", holds);
    else if (advice.rename && access(there, F_OK) == 0)
        loading_warning(loading, NULL, WARNING_FILE_NOT_READ,
                        "%s and is not read beside %s; move it to another directory, or delete it", holds,
                        advice.name);
    else
        loading_warning(loading, NULL, WARNING_FILE_NOT_READ, "%s and is not read; %s%s%s%s%s", holds,
                        advice.rename ? "rename it to " : "", advice.rename ? advice.name : "",
                        advice.rename && advice.include ? ", and " : "",
                        advice.include ? "write include: " : "", advice.include ? include : "");
    loading->file = loading->policy->files[0];
}

static void look_at(struct unread *unread, const struct directory *directory, const char *name)
{
    char path[PATH_MAX];
    enum content content;

    if (!may_be_meant(name, directory)
        || (size_t)snprintf(path, sizeof path, "%s%s", directory->prefix, name) >= sizeof path
        || was_read(unread, path) || unread->looks >= LOOKS_MAX || unread->found > REPORTS_MAX)
        return;
    unread->looks++;
    content = look_into(unread, path);
    if (content != CONTENT_OTHER && !was_read_elsewhere(unread, path))
        report(unread, directory, path, content);
}

/* ---- directories ---- */

/* Whether the directory was not searched before; notes it. */
static bool is_new(struct unread *unread, const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0 || unread->directory_count == DIRECTORIES_MAX)
        return false;
    for (size_t i = 0; i < unread->directory_count; i++)
        if (unread->directories[i].device == status.st_dev && unread->directories[i].inode == status.st_ino)
            return false;
    unread->directories[unread->directory_count++] = (struct file_id){status.st_dev, status.st_ino};
    return true;
}

static int compare_entries(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Searches a directory. False: it cannot be searched, or was searched before. */
static bool look_through(struct unread *unread, const struct directory *directory)
{
    const char *path = directory->prefix[0] == '\0' ? "." : directory->prefix;
    struct dirent **entries;
    int count = is_new(unread, path) ? scandir(path, &entries, NULL, compare_entries) : -1;

    if (count < 0)
        return false;
    for (int i = 0; i < count; i++) {
        look_at(unread, directory, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return true;
}

/* Searches the directories in which a pattern looks for files. */
static void look_beside(struct unread *unread, const char *pattern)
{
    const char *slash = strrchr(pattern, '/');
    char parent[PATH_MAX], prefix[PATH_MAX] = "";
    const struct directory directory = {prefix, slash == NULL ? pattern : slash + 1, NULL};
    glob_t found = {0};

    if (slash == NULL) {
        look_through(unread, &directory);
        return;
    }
    if ((size_t)snprintf(parent, sizeof parent, "%.*s/", (int)(slash - pattern), pattern) < sizeof parent
        && glob(parent, GLOB_ONLYDIR, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            if ((size_t)snprintf(prefix, sizeof prefix, "%s", found.gl_pathv[i]) < sizeof prefix)
                look_through(unread, &directory);
    globfree(&found);
}

/* ---- directories below ---- */

/* Whether the name of a directory says that nothing in it is meant to be read. */
static bool is_set_aside(const char *name)
{
    static const char *const aside[] = {"archive",  "archived", "attic",   "backup",  "backups", "disabled",
                                        "examples", "old",      "removed", "retired", "samples", "templates"};

    for (size_t i = 0; i < sizeof aside / sizeof *aside; i++)
        if (strcasecmp(name, aside[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (without(name, strlen(name), others[i]) > 0)
            return true;
    return name[0] == '.' || stem_of(name) > 0 || without_copy(name) < strlen(name);
}

/* Searches the directories below one that `include` reads: no pattern reaches their files. */
static void look_below(struct unread *unread, const char *prefix, unsigned depth)
{
    char below[PATH_MAX], include[PATH_MAX + 8];
    const struct directory directory = {below, "*.yaml", include};
    size_t beside = strncmp(prefix, unread->beside, strlen(unread->beside)) == 0 ? strlen(unread->beside) : 0;
    struct dirent **entries;
    struct stat status;
    int count = scandir(prefix, &entries, NULL, compare_entries);

    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;

        if (!is_set_aside(name) && (size_t)snprintf(below, sizeof below, "%s%s/", prefix, name) < sizeof below
            && stat(below, &status) == 0) {
            snprintf(include, sizeof include, "%s*.yaml", below + beside);
            if (look_through(unread, &directory) && depth > 1)
                look_below(unread, below, depth - 1);
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

/* Searches partners.d for `include: partners.d/<any>/<any>.yaml`, which does not read the files in it. */
static void look_above_pattern(struct unread *unread, const char *pattern)
{
    const char *slash = strrchr(pattern, '/');
    size_t fixed = strcspn(pattern, "*?["), beside = strlen(unread->beside);
    char prefix[PATH_MAX], include[PATH_MAX + 8];
    const struct directory directory = {prefix, "*.yaml", include};

    while (fixed > 0 && pattern[fixed - 1] != '/')
        fixed--;
    if (slash == NULL || pattern + fixed > slash || fixed == beside
        || (size_t)snprintf(prefix, sizeof prefix, "%.*s", (int)fixed, pattern) >= sizeof prefix)
        return;
    beside = strncmp(prefix, unread->beside, beside) == 0 ? beside : 0;
    snprintf(include, sizeof include, "%s*.yaml", prefix + beside);
    look_through(unread, &directory);
}

/* Searches below the directories in which a pattern has wildcards. The main file's own may hold anything. */
static void look_below_pattern(struct unread *unread, const char *pattern)
{
    const char *slash = strrchr(pattern, '/');
    char parent[PATH_MAX];
    glob_t found = {0};

    if (slash == NULL || strpbrk(slash, "*?[") == NULL
        || (size_t)snprintf(parent, sizeof parent, "%.*s/", (int)(slash - pattern), pattern) >= sizeof parent)
        return;
    if (glob(parent, GLOB_ONLYDIR, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            if (strcmp(found.gl_pathv[i], unread->beside) != 0)
                look_below(unread, found.gl_pathv[i], DEPTH);
    globfree(&found);
}

/* Searches the directory of the main file, and partners.d in it. */
static void look_beside_main(struct unread *unread)
{
    char prefix[PATH_MAX];
    const struct directory beside = {unread->beside, NULL, NULL};
    const struct directory below = {prefix, "*.yaml", "partners.d/*.yaml"};

    look_through(unread, &beside);
    if ((size_t)snprintf(prefix, sizeof prefix, "%spartners.d/", unread->beside) < sizeof prefix)
        look_through(unread, &below);
}

void compile_unread(struct loading *loading, const char *const *patterns, size_t count)
{
    const struct policy *policy = loading->policy;
    const char *slash = strrchr(policy->files[0], '/');
    size_t beside = slash == NULL ? 0 : (size_t)(slash - policy->files[0]) + 1;
    struct unread unread = {.loading = loading,
                            .patterns = patterns,
                            .pattern_count = count,
                            .read = loading_scratch(loading, policy->file_count * sizeof *unread.read),
                            .octets = loading_scratch(loading, LOOK_OCTETS),
                            .beside = loading_scratch(loading, beside + 1)};

    if (unread.read == NULL || unread.octets == NULL || unread.beside == NULL)
        return;
    memcpy(unread.read, policy->files, policy->file_count * sizeof *unread.read);
    qsort(unread.read, policy->file_count, sizeof *unread.read, array_compare_texts);
    memcpy(unread.beside, policy->files[0], beside);
    for (size_t i = 0; i < policy->disk->pattern_count; i++)
        look_beside(&unread, policy->disk->patterns[i].pattern);
    look_beside_main(&unread);
    for (size_t i = 0; i < policy->disk->pattern_count; i++)
        look_above_pattern(&unread, policy->disk->patterns[i].pattern);
    for (size_t i = 0; i < policy->disk->pattern_count; i++)
        look_below_pattern(&unread, policy->disk->patterns[i].pattern);
}
