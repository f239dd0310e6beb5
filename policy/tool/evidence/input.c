/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads log files in large pieces, and parses only lines that contain a word. Most lines of a mail log are
 * not ours, and are skipped as fast as memory can be searched. zlib also reads plain files; other formats
 * come from the pipe of a program that unpacks them.
 */
#include "policy/tool/evidence/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include "policy/tool/evidence/program.h"
#include "policy/tool/evidence/unpack.h"

enum { PIECE = 1 << 20, ROOM = PIECE + INPUT_LINE_MAX };

struct input {
    gzFile file;
    pid_t child; /* the program that unpacks; -1: none */
    int64_t changed;
    bool compressed;
    bool begun, at_end;
    bool skipping; /* skipping the rest of a line that was too long */
    const char *error;
    size_t start, end, scan; /* offsets in `text`: the unconsumed octets, and where to search next */
    char text[ROOM + 1];
};

/* Returns a descriptor to read from. -1: *error says why. */
static int open_file(const char *path, const char **error, struct stat *status)
{
    bool standard = strcmp(path, "-") == 0;
    int file = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                        : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (file < 0 || fstat(file, status) != 0) {
        *error = strerror(errno);
    } else if (S_ISDIR(status->st_mode)) {
        *error = strerror(EISDIR);
    } else if (!standard && !S_ISREG(status->st_mode) && strncmp(path, "/dev/fd/", 8) != 0) {
        *error = "not a file";
    } else {
        int flags = fcntl(file, F_GETFL);

        if (flags >= 0 && !standard)
            (void)fcntl(file, F_SETFL, flags & ~O_NONBLOCK);
        return file;
    }
    if (file >= 0)
        close(file);
    return -1;
}

/*
 * Puts a program that unpacks between a file and its reader. Returns the descriptor to read from. -1: *error
 * says why.
 */
static int unpack(int file, pid_t *child, const char **error)
{
    char begin[8];
    ssize_t length = pread(file, begin, sizeof begin, 0);
    const struct unpacker *unpacker = length > 0 ? unpacker_of(begin, (size_t)length) : NULL;
    int output;

    if (unpacker == NULL)
        return file;
    output = unpacker_start(unpacker, file, child, error);
    close(file);
    return output;
}

struct input *input_open(const char *path, const char **error)
{
    struct stat status = {0};
    struct input *input;
    pid_t child = -1;
    int file;

    *error = NULL;
    file = open_file(path, error, &status);
    if (file >= 0 && S_ISREG(status.st_mode))
        file = unpack(file, &child, error);
    if (file < 0)
        return NULL;
    input = malloc(sizeof *input);
    if (input != NULL) {
        memset(input, 0, offsetof(struct input, text));
        input->file = gzdopen(file, "rb");
    }
    if (input == NULL || input->file == NULL) {
        *error = strerror(ENOMEM);
        close(file);
        program_kill(child);
        free(input);
        return NULL;
    }
    (void)gzbuffer(input->file, 1 << 17);
    input->child = child;
    input->changed = S_ISREG(status.st_mode) ? (int64_t)status.st_mtime : 0;
    return input;
}

int64_t input_changed(const struct input *input)
{
    return input->changed;
}

bool input_finished(const struct input *input)
{
    return input->compressed;
}

/* Returns what is wrong with a file that was read to its end. NULL: nothing. */
static const char *why_not_whole(struct input *input)
{
    int code;
    const char *error = gzerror(input->file, &code);
    pid_t child = input->child;

    input->child = -1;
    if (code == Z_ERRNO)
        return strerror(errno);
    if (code == Z_BUF_ERROR)
        return "the compressed file is cut";
    if (code != Z_OK && code != Z_STREAM_END)
        return error;
    return child > 0 && !program_end(child) ? "the compressed file is cut or damaged" : NULL;
}

/*
 * Rejects what is still packed: packed twice, or a packed stream. Otherwise it would pass for a log without
 * lines.
 */
static void begin(struct input *input)
{
    const struct unpacker *unpacker = unpacker_of(input->text, input->end);

    input->begun = true;
    input->compressed = input->child > 0 || !gzdirect(input->file);
    if (unpacker == NULL)
        return;
    input->error = unpacker_advice(unpacker);
    input->at_end = true;
    input->end = 0;
}

/* Moves the unconsumed octets to the front, and reads more. */
static void refill(struct input *input)
{
    int got;

    memmove(input->text, input->text + input->start, input->end - input->start);
    input->end -= input->start;
    input->scan -= input->start;
    input->start = 0;
    got = gzread(input->file, input->text + input->end, (unsigned)(ROOM - input->end));
    input->end += got > 0 ? (size_t)got : 0;
    input->text[input->end] = '\0';
    if (!input->begun)
        begin(input);
    if (got > 0)
        return;
    input->at_end = true;
    input->error = why_not_whole(input);
}

const char *input_peek(struct input *input, size_t *length)
{
    if (!input->begun)
        refill(input);
    input->text[input->end] = '\0';
    *length = input->end;
    return input->text;
}

/* Skips the rest of a line that was too long. False: its end is not read yet. */
static bool skip_rest(struct input *input)
{
    char *end = memchr(input->text + input->start, '\n', input->end - input->start);

    input->start = input->scan = end != NULL ? (size_t)(end + 1 - input->text) : input->end;
    input->skipping = end == NULL;
    return end != NULL;
}

/* Consumes the lines that do not contain the word. */
static void pass_over(struct input *input, size_t word)
{
    char *last = memrchr(input->text + input->start, '\n', input->end - input->start);

    if (last != NULL)
        input->start = (size_t)(last + 1 - input->text);
    if (input->end - input->start > INPUT_LINE_MAX) {
        input->start = input->end;
        input->skipping = true;
    }
    input->scan = input->end - input->start >= word ? input->end - word + 1 : input->start;
}

/* Returns the line around a match. False: its end is not read yet. */
static bool take_line(struct input *input, char *found, struct input_line *line)
{
    char *first = input->text + input->start, *begin = memrchr(first, '\n', (size_t)(found - first));
    char *end = memchr(found, '\n', input->end - (size_t)(found - input->text));

    begin = begin != NULL ? begin + 1 : first;
    input->start = (size_t)(begin - input->text);
    line->too_long = (size_t)((end != NULL ? end : input->text + input->end) - begin) > INPUT_LINE_MAX;
    if (end == NULL && !input->at_end && !line->too_long) {
        input->scan = (size_t)(found - input->text);
        return false;
    }
    line->text = begin;
    line->ended = end != NULL;
    line->length =
        line->too_long ? INPUT_LINE_MAX : (size_t)((end != NULL ? end : input->text + input->end) - begin);
    input->start = end != NULL ? (size_t)(end + 1 - input->text) : input->end;
    input->scan = input->start;
    input->skipping = end == NULL && line->too_long;
    begin[line->length] = '\0';
    return true;
}

bool input_next(struct input *input, const char *word, struct input_line *line)
{
    size_t length = strlen(word);

    for (;;) {
        char *found = NULL;

        if (!input->skipping || skip_rest(input))
            found = memmem(input->text + input->scan, input->end - input->scan, word, length);
        if (found != NULL && take_line(input, found, line))
            return true;
        if (found == NULL && !input->skipping)
            pass_over(input, length);
        if (input->at_end)
            return false;
        refill(input);
    }
}

const char *input_error(const struct input *input)
{
    return input->error;
}

void input_close(struct input *input)
{
    if (input != NULL) {
        gzclose(input->file);
        program_kill(input->child);
    }
    free(input);
}
