/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replaces stderr by a stream that writes log lines, if stderr is the journal. $JOURNAL_STREAM of
 * systemd.exec(5) tells that. Knows nothing of what is written.
 */
#include "policy/tool/journal_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "policy/tool/text.h"

enum { LINE_MOST = 8192 };

static char line[LINE_MOST + 1];
static size_t length;

static bool is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM"); /* "device:inode" */
    unsigned long long device, inode;
    struct stat found;

    return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2
           && fstat(STDERR_FILENO, &found) == 0 && found.st_dev == device && found.st_ino == inode;
}

/* Writes the line in one piece, because other programs may write to the same stream. */
static void write_line(void)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    line[length] = '\0';
    length = 0;
    if (stream == NULL)
        return;
    if (strncmp(line, "event=", 6) == 0) {
        fputs(line, stream);
    } else {
        fputs("event=error text=", stream);
        text_quoted(stream, line);
    }
    fputc('\n', stream);
    if (fclose(stream) == 0 && write(STDERR_FILENO, text, size) < 0)
        length = 0; /* the failure can be reported nowhere */
    free(text);
}

/* A cookie_write_function_t. Cuts a line that is too long. */
static ssize_t take(void *cookie, const char *octets, size_t count)
{
    (void)cookie;
    for (size_t i = 0; i < count; i++) {
        if (octets[i] == '\n')
            write_line();
        else if (length < LINE_MOST)
            line[length++] = octets[i];
    }
    return (ssize_t)count;
}

bool journal_lines(void)
{
    FILE *stream;

    if (!is_journal())
        return false;
    stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = take});
    if (stream != NULL) {
        setvbuf(stream, NULL, _IOLBF, 0);
        stderr = stream;
    }
    return true;
}
