/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * New files replace the old ones once all of them are complete and synced to disk. Knows nothing of their
 * content.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "policy/names/printable.h"
#include "policy/tool/export/export.h"
#include "policy/tool/text.h"

/* Reports what cannot be done with a path, and why (errno). Returns false. */
static bool fail(const char *path, const char *what)
{
    const char *why = strerror(errno);

    fputs("forcetls export: ", stderr);
    text_show(stderr, path);
    fprintf(stderr, ": %s: %s\n", what, why);
    return false;
}

bool file_begin(struct new_file *file, const char *directory, const char *name)
{
    int descriptor;

    *file = (struct new_file){.name = name,
                              .path = text_format("%s/%s", directory, name),
                              .temporary = text_format("%s/.%s.XXXXXX", directory, name)};
    if (file->path == NULL || file->temporary == NULL) {
        free(file->temporary);
        file->temporary = NULL;
        fputs("forcetls export: out of memory\n", stderr);
        return false;
    }
    descriptor = mkostemp(file->temporary, O_CLOEXEC);
    if (descriptor < 0) {
        fail(file->path, "cannot be written");
        free(file->temporary);
        file->temporary = NULL;
        return false;
    }
    file->stream = fdopen(descriptor, "w");
    if (file->stream == NULL) {
        fail(file->path, "cannot be written");
        close(descriptor);
        return false;
    }
    return true;
}

/* Flushes, syncs and closes a file. */
static bool put_on_disk(struct new_file *file)
{
    bool good = fflush(file->stream) == 0 && !ferror(file->stream)
                && fchmod(fileno(file->stream), S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH) == 0
                && fsync(fileno(file->stream)) == 0;

    if (!good)
        fail(file->path, "cannot be written");
    fclose(file->stream);
    file->stream = NULL;
    return good;
}

/* Whether a file can be renamed to the path: a directory cannot be replaced. */
static bool is_free(const struct new_file *file)
{
    struct stat state;

    if (lstat(file->path, &state) != 0 || !S_ISDIR(state.st_mode))
        return true;
    errno = EISDIR;
    return fail(file->path, "cannot be replaced");
}

static bool put_in_place(struct new_file *file)
{
    if (rename(file->temporary, file->path) != 0)
        return fail(file->path, "cannot be replaced");
    free(file->temporary);
    file->temporary = NULL;
    return true;
}

static bool sync_directory(const char *directory)
{
    int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = descriptor >= 0 && fsync(descriptor) == 0;

    if (!good)
        fail(directory, "cannot be put on the disk");
    if (descriptor >= 0)
        close(descriptor);
    return good;
}

bool files_finish(struct new_file *files, size_t count, const char *directory)
{
    for (size_t i = 0; i < count; i++)
        if (!is_free(&files[i]) || !put_on_disk(&files[i]))
            return false;
    for (size_t i = 0; i < count; i++)
        if (!put_in_place(&files[i]))
            return false;
    return sync_directory(directory);
}

void file_end(struct new_file *file)
{
    if (file->stream != NULL)
        fclose(file->stream);
    if (file->temporary != NULL)
        unlink(file->temporary);
    free(file->temporary);
    free(file->path);
}
