/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files that `forcetls export` wrote: whether they still hold what the policy gives, and
 * whether postmap(1) or makemap(8) was run since. Only export knows their contents, so its code
 * writes them again, into memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "policy/array.h"
#include "policy/tool/doctor/outbound.h"
#include "policy/tool/export/export.h"
#include "policy/tool/text.h"

/* The lines of a text, sorted, without comments and empty lines. */
struct lines {
    char *text, **line;
    size_t count;
};

/* The lines that one text has and another lacks. */
struct difference {
    size_t count;
    const char *first;
};

const char *exported_name(enum exported kind)
{
    static const char *const names[EXPORTED_COUNT] = {"outbound_exact", "outbound_suffixes",
                                                      "outbound_static", "outbound_access"};

    return names[kind];
}

/* ---- lines ---- */

/* Splits the text, which it changes. False: out of memory. */
static bool split(struct lines *lines)
{
    size_t count = 1;

    for (const char *at = lines->text; *at; at++)
        count += *at == '\n';
    lines->line = malloc(count * sizeof *lines->line);
    if (lines->line == NULL)
        return false;
    for (char *rest = NULL, *line = strtok_r(lines->text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest))
        if (*line != '#')
            lines->line[lines->count++] = line;
    qsort(lines->line, lines->count, sizeof *lines->line, array_compare_texts);
    return true;
}

static void lines_free(struct lines *lines)
{
    free(lines->text);
    free(lines->line);
}

/* The lines that `all` has and `some` lacks. */
static struct difference lacking(const struct lines *some, const struct lines *all)
{
    struct difference difference = {0, NULL};

    for (size_t i = 0; i < all->count; i++) {
        if (some->count > 0
            && bsearch(&all->line[i], some->line, some->count, sizeof *some->line, array_compare_texts)
                   != NULL)
            continue;
        if (difference.count++ == 0)
            difference.first = all->line[i];
    }
    return difference;
}

/* ---- what the policy gives ---- */

/* Writes the file into memory; to be freed. NULL: out of memory. */
static char *render(const struct examination *examination, enum exported kind, enum export_what what)
{
    struct export export = {.policy = examination->policy, .now = examination->now, .what = what};
    struct holes holes;
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    bool good = holes_find(&holes, &export) && stream != NULL;

    if (good && kind == EXPORTED_EXACT)
        write_exact(&export, stream);
    else if (good && kind == EXPORTED_SUFFIXES)
        write_suffixes(&export, &holes, stream);
    else if (good && kind == EXPORTED_STATIC)
        write_static(&export, stream);
    else if (good)
        write_access(&export, stream);
    free(holes.list);
    if (stream != NULL && fclose(stream) == 0 && good && !export.failed)
        return text;
    free(text);
    return NULL;
}

/* Returns the whole of a file; to be freed. NULL: it cannot be read. */
static char *read_file(const char *path)
{
    FILE *file = fopen(path, "re"), *memory;
    char *text = NULL, part[16384];
    size_t size, count;

    if (file == NULL)
        return NULL;
    memory = open_memstream(&text, &size);
    while (memory != NULL && (count = fread(part, 1, sizeof part, file)) > 0)
        fwrite(part, 1, count, memory);
    fclose(file);
    if (memory != NULL && fclose(memory) == 0)
        return text;
    free(text);
    return NULL;
}

/* ---- what is reported ---- */

/* Returns the path of a table: "hash:/etc/postfix/outbound_exact". */
static const char *path_of(const char *table)
{
    const char *colon = strchr(table, ':');

    return colon != NULL ? colon + 1 : table;
}

void exported_directory(const char *path, char directory[4096])
{
    const char *slash = strrchr(path, '/');

    snprintf(directory, 4096, "%.*s", slash != NULL && slash > path ? (int)(slash - path) : 1,
             slash != NULL ? path : ".");
}

void doctor_suggest_export(const struct postfix *postfix, bool is_static, bool testing, const char *directory)
{
    struct remarks *remarks = &postfix->examination->remarks;
    const char *type = postfix_text(postfix, "default_database_type");
    char *table = text_format("%s:%s/%s", *type ? type : "hash", directory,
                              exported_name(is_static ? EXPORTED_STATIC : EXPORTED_EXACT));

    remark_command(remarks, WORDS("forcetls", "export", "postfix", "-c", postfix->examination->policy_file,
                                  "-d", directory,
                                  is_static ? "--static"
                                  : testing ? "--testing"
                                            : NULL));
    if (table != NULL)
        remark_command(remarks, WORDS("postmap", table));
    else
        remarks->exhausted = true;
    remark_change(remarks, "postfix reload");
    free(table);
}

/* A file, and what the policy gives in its place. */
struct comparison {
    const struct postfix *postfix;
    enum exported kind;
    const char *path, *written; /* the file; what it holds */
    const char *enforced;       /* what the policy gives for enforced partners */
    struct difference lacks, has;
    bool testing; /* the file has partners in mode testing */
};

static void report(const struct comparison *comparison)
{
    struct remarks *remarks = &comparison->postfix->examination->remarks;
    const char *subject = exported_name(comparison->kind), *path = comparison->path;
    char directory[4096];

    exported_directory(path, directory);
    if (comparison->lacks.count > 0)
        remark(remarks, LEVEL_ERROR, subject,
               "%s lacks %zu of the policy's lines (\"%.120s\"): mail leaves "
               "without its rule",
               path, comparison->lacks.count, comparison->lacks.first);
    else if (comparison->has.count > 0 && comparison->kind == EXPORTED_EXACT)
        remark(remarks, LEVEL_WARNING, subject, "%s has %zu lines that the policy does not give (\"%.120s\")",
               path, comparison->has.count, comparison->has.first);
    else if (comparison->has.count > 0
             || (comparison->kind == EXPORTED_SUFFIXES
                 && strcmp(comparison->written, comparison->enforced) != 0))
        remark(remarks, LEVEL_ERROR, subject,
               "%s is not what the policy gives: it was written from another one", path);
    else {
        remark(remarks, LEVEL_OK, subject, "%s is what the policy gives", path);
        return;
    }
    doctor_suggest_export(comparison->postfix, comparison->kind == EXPORTED_STATIC, comparison->testing,
                          directory);
}

/*
 * The file must have the lines of enforced partners, and may have those of partners in
 * testing. False: out of memory.
 */
static bool compare_with(struct comparison *comparison, const char *with_testing)
{
    struct lines file = {.text = strdup(comparison->written)},
                 enforced = {.text = strdup(comparison->enforced)}, testing = {.text = strdup(with_testing)};
    bool good = file.text != NULL && enforced.text != NULL && testing.text != NULL && split(&file)
                && split(&enforced) && split(&testing);

    if (good) {
        comparison->lacks = lacking(&file, &enforced);
        comparison->has = lacking(&testing, &file);
        comparison->testing = lacking(&enforced, &file).count > 0;
        if (strcmp(comparison->written, with_testing) == 0)
            comparison->enforced = with_testing;
        report(comparison);
    }
    lines_free(&file);
    lines_free(&enforced);
    lines_free(&testing);
    return good;
}

/* Reports if the index, which Postfix reads instead of the file, is older than the file. */
static void examine_index(const struct postfix *postfix, enum exported kind, const char *table)
{
    static const char *const types[][2] = {{"hash", "db"}, {"btree", "db"}, {"lmdb", "lmdb"}, {"cdb", "cdb"}};
    const char *path = path_of(table);
    struct remarks *remarks = &postfix->examination->remarks;

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        size_t length = strlen(types[i][0]);
        struct stat source, index;
        char name[4096];

        if (strncmp(table, types[i][0], length) != 0 || table[length] != ':')
            continue;
        snprintf(name, sizeof name, "%s.%s", path, types[i][1]);
        if (stat(path, &source) != 0 || (stat(name, &index) == 0 && index.st_mtime >= source.st_mtime))
            return;
        remark(remarks, LEVEL_ERROR, exported_name(kind),
               "%s was written after %s: Postfix does not have it yet", path, name);
        remark_command(remarks, WORDS("postmap", table));
        return;
    }
}

void doctor_exported(const struct postfix *postfix, enum exported kind, const char *table)
{
    struct examination *examination = postfix->examination;
    char *written = read_file(path_of(table));
    bool is_static = kind == EXPORTED_STATIC;
    char *enforced = render(examination, kind, is_static ? EXPORT_ANSWERED : EXPORT_ENFORCED);
    char *testing = render(examination, kind, is_static ? EXPORT_ANSWERED : EXPORT_TESTING);
    struct comparison comparison = {postfix,  kind,      path_of(table), written,
                                    enforced, {0, NULL}, {0, NULL},      false};
    char directory[4096];

    if (enforced == NULL || testing == NULL) {
        examination->remarks.exhausted = true;
    } else if (written == NULL) {
        exported_directory(path_of(table), directory);
        remark(&examination->remarks, LEVEL_ERROR, exported_name(kind),
               "%s cannot be read: Postfix defers all mail", path_of(table));
        doctor_suggest_export(postfix, is_static, false, directory);
    } else {
        examination->remarks.exhausted |= !compare_with(&comparison, testing);
        examine_index(postfix, kind, table);
    }
    free(written);
    free(enforced);
    free(testing);
}

/* ---- Sendmail ---- */

/* Whether the database is older than the list that it is made from. */
static bool is_stale(struct examination *examination, const char *path)
{
    struct stat source, index;
    char name[4096];

    snprintf(name, sizeof name, "%s.db", path);
    if (stat(path, &source) != 0 || (stat(name, &index) == 0 && index.st_mtime >= source.st_mtime))
        return false;
    remark(&examination->remarks, LEVEL_ERROR, exported_name(EXPORTED_ACCESS),
           "%s was written after %s: Sendmail does not have it yet", path, name);
    return true;
}

/* Compares the lists. True: the file has to be written again, or makemap(8) run. */
static bool compare_access(struct examination *examination, const char *path, const struct lines *file,
                           const struct lines *enforced, const struct lines *testing)
{
    struct difference lacks = lacking(file, enforced), has = lacking(testing, file);

    if (lacks.count > 0)
        remark(&examination->remarks, LEVEL_ERROR, exported_name(EXPORTED_ACCESS),
               "%s lacks %zu of the policy's lines (\"%.120s\"): mail leaves without its rule", path,
               lacks.count, lacks.first);
    else if (has.count > 0)
        remark(&examination->remarks, LEVEL_WARNING, exported_name(EXPORTED_ACCESS),
               "%s has %zu lines that the policy does not give (\"%.120s\")", path, has.count, has.first);
    else if (!is_stale(examination, path))
        remark(&examination->remarks, LEVEL_OK, exported_name(EXPORTED_ACCESS), "%s is what the policy gives",
               path);
    else
        return true;
    return lacks.count > 0 || has.count > 0;
}

bool doctor_exported_access(struct examination *examination, const char *path)
{
    struct lines file = {.text = read_file(path)},
                 enforced = {.text = render(examination, EXPORTED_ACCESS, EXPORT_ENFORCED)},
                 testing = {.text = render(examination, EXPORTED_ACCESS, EXPORT_TESTING)};
    bool wrong = file.text == NULL;

    if (wrong)
        remark(&examination->remarks, LEVEL_ERROR, exported_name(EXPORTED_ACCESS),
               "%s cannot be read: Sendmail defers all mail if its database is missing, too", path);
    else if (enforced.text != NULL && testing.text != NULL && split(&file) && split(&enforced)
             && split(&testing))
        wrong = compare_access(examination, path, &file, &enforced, &testing);
    else
        examination->remarks.exhausted = true;
    lines_free(&file);
    lines_free(&enforced);
    lines_free(&testing);
    return wrong;
}
