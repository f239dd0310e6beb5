/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads one line of a file. Knows how lines end and no YAML. A line that cannot be read is no error here. */
#include "policy/yaml/lines.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_OCTETS = 65536 };

/* Opens the file, or goes back to its start. */
static bool begin(struct lines *lines, const char *path)
{
    int file;

    if (lines->file != NULL && strcmp(lines->path, path) == 0) {
        rewind(lines->file);
        lines->next = 1;
        return true;
    }
    lines_close(lines);
    lines->path = strdup(path);
    file = lines->path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file >= 0 && (lines->file = fdopen(file, "r")) == NULL)
        close(file);
    lines->next = 1;
    return lines->file != NULL;
}

/* Reads an octet; any end of a line becomes '\n'. */
static int read_octet(FILE *file)
{
    int octet = getc(file), next;

    if (octet != '\r')
        return octet;
    next = getc(file);
    if (next != '\n' && next != EOF)
        ungetc(next, file);
    return '\n';
}

/* Skips lines up to the wanted one; false: the file has fewer. */
static bool skip_to(struct lines *lines, unsigned line)
{
    int octet = 0;

    while (lines->next < line && octet != EOF) {
        octet = read_octet(lines->file);
        lines->next += octet == '\n';
    }
    return octet != EOF;
}

/* Forgets the place in the file: the next call goes back to its start. */
static const char *lose(struct lines *lines)
{
    lines->next = UINT_MAX;
    return NULL;
}

static bool keep(struct lines *lines, size_t at, char octet)
{
    if (at == lines->size) {
        size_t size = lines->size == 0 ? 256 : lines->size * 2;
        char *text = size > LINE_MAX_OCTETS ? NULL : realloc(lines->text, size);

        if (text == NULL)
            return false;
        lines->text = text;
        lines->size = size;
    }
    lines->text[at] = octet;
    return true;
}

const char *lines_read(struct lines *lines, const char *path, unsigned line)
{
    size_t length = 0;
    int octet;

    if (lines->file == NULL || strcmp(lines->path, path) != 0 || line < lines->next)
        if (!begin(lines, path))
            return NULL;
    if (!skip_to(lines, line))
        return lose(lines);
    while ((octet = read_octet(lines->file)) != '\n' && octet != EOF)
        if (!keep(lines, length++, (char)octet))
            return lose(lines);
    if (!keep(lines, length, '\0') || (octet == EOF && length == 0))
        return lose(lines);
    lines->next++;
    if (line == 1 && strncmp(lines->text, "\xEF\xBB\xBF", 3) == 0)
        return lines->text + 3;
    return lines->text;
}

void lines_close(struct lines *lines)
{
    if (lines->file != NULL)
        fclose(lines->file);
    free(lines->path);
    free(lines->text);
    *lines = (struct lines){0};
}
