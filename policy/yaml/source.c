/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A policy file as octets. Knows which files it accepts (regular, writable by
 * their owner alone, at most 512 MiB) and which characters (UTF-8 without tabs, NUL,
 * control characters and line breaks that no editor shows), and counts lines and columns for
 * mistakes that libyaml could not place. Knows no YAML.
 */
#include "policy/yaml/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <unicode/utf8.h>
#include "policy/names/invisible.h"
#include "policy/yaml/comments.h"

#define FILE_MAX ((off_t)512 << 20)

enum { FINDINGS_MAX = 20, REPLACEMENT = '_', BYTE_ORDER_MARK = 0xFEFF };

struct source {
    const char *path;
    diag_fn *diag;
    void *arg;
    int file;
    off_t size;            /* octets read so far */
    struct stat status;    /* when it was opened */
    unsigned line, column; /* of the next octet */
    unsigned findings;
    bool after_cr;
    bool in_indentation;   /* this line has only blanks so far */
    bool odd_indentation;  /* some of them were other characters, which are replaced */
    bool broken;           /* other characters than blanks indent a line: nothing is read from there on */
    size_t line_start;     /* where the line being checked begins in the buffer; 0: at or before its start */
    bool odd_encoding;     /* some octet is not UTF-8 */
    unsigned char held[3]; /* the beginning of a character whose rest is still to come */
    size_t held_count;
    unsigned nul_line, nul_column; /* the place after the last NUL octet: a run of them is one finding */
    struct comments comments;
};

void source_tell(struct source *source, unsigned line, unsigned column, const char *format, ...)
{
    char text[512];
    struct diag diag = {SEVERITY_ERROR, {source->path, line, column}, text, NULL};
    va_list args;

    va_start(args, format);
    diag_text(text, sizeof text, format, args);
    va_end(args);
    if (source->diag != NULL)
        source->diag(source->arg, &diag);
}

const char *source_path(const struct source *source)
{
    return source->path;
}

/* ---- characters ---- */

/* Reports a character that no policy may hold, at the place that is read next. */
static void tell_character(struct source *source, const char *what)
{
    if (source->findings < FINDINGS_MAX)
        source_tell(source, source->line, source->column, "%s", what);
    else if (source->findings == FINDINGS_MAX)
        source_tell(source, source->line, source->column, "%s; further ones in this file are not reported",
                    what);
    source->findings++;
}

/* Reports a character that looks like a blank where only blanks are allowed. */
static void tell_invisible(struct source *source, UChar32 character)
{
    char name[INVISIBLE_TEXT], text[INVISIBLE_TEXT + 40];

    invisible_describe(name, character);
    if (character == BYTE_ORDER_MARK)
        snprintf(text, sizeof text, "a byte order mark (U+FEFF) that is not at the top; remove it");
    else
        snprintf(text, sizeof text, "%s in the indentation; write blanks", name);
    tell_character(source, text);
}

/* Whether a character is reported and replaced by blanks because it is in an indentation. */
static bool is_odd_indentation(const struct source *source, UChar32 character)
{
    return source->in_indentation && is_invisible(character);
}

/* Why a policy may not hold a character; NULL: it may. */
static const char *fault_of(UChar32 character)
{
    if (character == '\t')
        return "a tab; indent and separate with blanks";
    if (character == 0)
        return "a NUL octet";
    if (character == 0x85 || character == 0x2028 || character == 0x2029)
        return "a line break of Unicode, which editors do not show; end lines with LF or CRLF";
    if (character < 0x20 || (character >= 0x7F && character < 0xA0))
        return "a control character";
    return character == 0xFFFE || character == 0xFFFF ? "not a character of Unicode" : NULL;
}

static bool is_behind_nul(const struct source *source)
{
    return source->nul_line == source->line && source->nul_column == source->column;
}

static void note_nul(struct source *source)
{
    source->nul_line = source->line;
    source->nul_column = source->column + 1;
}

/* A tab, or a control character with only blanks before it in its line. */
static bool is_blank_like(const struct source *source, UChar32 character)
{
    return character == '\t' || (source->in_indentation && character >= 0 && character < 0x20);
}

/*
 * Checks one character that is no plain text in ASCII. Reports and replaces it if it has a fault. Returns
 * how many octets it has; 0: some are still to come. `last`: nothing follows the octets in the file.
 */
static size_t odd_character(struct source *source, unsigned char *octets, size_t count, bool last)
{
    const char *fault = "not UTF-8; save the file as UTF-8";
    UChar32 character;
    size_t length = 0;

    U8_NEXT(octets, length, count, character);

    if (character < 0 && !last && length == count && (size_t)U8_COUNT_TRAIL_BYTES(octets[0]) >= count)
        return 0;
    if (character >= 0)
        fault = fault_of(character);
    else
        length = 1;
    if (is_odd_indentation(source, character)) {
        if (!source->odd_indentation)
            tell_invisible(source, character);
        source->odd_indentation = true;
        memset(octets, ' ', length);
    } else if (fault != NULL) {
        if ((octets[0] != '\t' || !source->odd_indentation) && (character >= 0 || !source->odd_encoding)
            && !(character == 0 && is_behind_nul(source)))
            tell_character(source, fault);
        source->odd_encoding |= character < 0; /* one message is enough for a whole file */
        if (character == 0)
            note_nul(source);
        /* Programs or a crash leave control characters at the end of a file; as blanks they are no text. */
        memset(octets, is_blank_like(source, character) ? ' ' : REPLACEMENT, length);
        source->odd_indentation |= source->in_indentation && octets[0] == ' ';
    }
    source->in_indentation &= octets[0] == ' ';
    comments_character(&source->comments, ++source->column);
    return length;
}

/* ---- lines ---- */

/* How many octets from here on are plain ASCII text in one line. */
static size_t plain_octets(const unsigned char *octets, size_t count)
{
    size_t plain = 0;

    while (plain < count && octets[plain] >= 0x20 && octets[plain] < 0x7F)
        plain++;
    return plain;
}

static void begin_line(struct source *source, size_t at)
{
    source->line_start = at;
    source->in_indentation = true;
    source->odd_indentation = false;
}

/*
 * Notes plain text of a line. If odd characters indent it, the structure of the file is lost; before a
 * comment they do no harm.
 */
static void pass_text(struct source *source, const unsigned char *octets, size_t length)
{
    size_t blanks = 0;

    source->column += (unsigned)length;
    if (!source->in_indentation || source->broken)
        return;
    while (blanks < length && octets[blanks] == ' ')
        blanks++;
    source->in_indentation = blanks == length;
    source->broken = blanks < length && octets[blanks] != '#' && source->odd_indentation;
}

static void end_line(struct source *source, unsigned char octet)
{
    if (!(octet == '\n' && source->after_cr))
        source->line++;
    source->column = 1;
    comments_line(&source->comments);
    source->after_cr = octet == '\r';
}

/*
 * Notes the comments of a run of plain octets. `count` octets are there, from its beginning to the place
 * where the file is read next.
 */
static void note_comments(struct source *source, const unsigned char *octets, size_t length, size_t count)
{
    comments_text(&source->comments, &(struct plain_run){.octets = octets,
                                                         .length = length,
                                                         .count = count,
                                                         .line = source->line,
                                                         .column = source->column,
                                                         .offset = source->size - (off_t)count});
}

bool source_comment(struct source *source, unsigned line, unsigned column, char text[COMMENT_MAX])
{
    return comments_find(&source->comments, source->file, (struct comment_place){line, column}, text);
}

/*
 * Checks whole characters and counts lines and columns. Returns how many octets it checked. `last`: nothing
 * follows the octets in the file.
 */
static size_t check_octets(struct source *source, unsigned char *octets, size_t count, bool last)
{
    size_t at = 0;

    source->line_start = 0;
    while (at < count) {
        size_t length = plain_octets(octets + at, count - at);

        if (length == 0 && (octets[at] == '\n' || octets[at] == '\r')) {
            end_line(source, octets[at++]);
            if (!source->broken)
                begin_line(source, at);
            continue;
        }
        source->after_cr = false;
        if (length > 0)
            note_comments(source, octets + at, length, count - at);
        pass_text(source, octets + at, length);
        if (length == 0 && (length = odd_character(source, octets + at, count - at, last)) == 0)
            break;
        at += length;
    }
    return at;
}

/* Reads octets from the file. False: that failed, and is reported. */
static bool read_file(struct source *source, unsigned char *buffer, size_t size, size_t *got)
{
    ssize_t count;

    do
        count = read(source->file, buffer, size);
    while (count < 0 && errno == EINTR);
    if (count < 0) {
        source_tell(source, 0, 0, "cannot be read: %s", strerror(errno));
        return false;
    }
    source->size += count;
    if (source->size > FILE_MAX) {
        source_tell(source, 0, 0, "larger than 512 MiB");
        return false;
    }
    *got = (size_t)count;
    return true;
}

/* Whether the file begins as text in UTF-16 or UTF-32 does, with or without a byte order mark. */
static bool is_utf16(const unsigned char *octets, size_t count)
{
    if (count < 4)
        return false;
    return memcmp(octets, "\xFF\xFE", 2) == 0 || memcmp(octets, "\xFE\xFF", 2) == 0
           || (octets[0] != 0 && octets[1] == 0 && octets[3] == 0)
           || (octets[0] == 0 && octets[2] == 0 && (octets[1] != 0 || octets[3] != 0));
}

/* Removes a byte order mark: libyaml would count it as a column. Returns how many octets are left. */
static size_t skip_mark(unsigned char *octets, size_t count)
{
    if (count < 3 || memcmp(octets, "\xEF\xBB\xBF", 3) != 0)
        return count;
    memmove(octets, octets + 3, count - 3);
    return count - 3;
}

bool source_read(struct source *source, unsigned char *buffer, size_t size, size_t *got)
{
    bool ended;

    if (source->broken)
        return false;
    do {
        size_t held = source->held_count, count;
        bool first = source->size == 0;

        memcpy(buffer, source->held, held);
        if (!read_file(source, buffer + held, size - held, &count))
            return false;
        ended = count == 0;
        if (first && is_utf16(buffer, count)) {
            source_tell(source, 0, 0, "is UTF-16; save it as UTF-8");
            return false;
        }
        count = held + (first ? skip_mark(buffer, count) : count);
        *got = check_octets(source, buffer, count, ended);
        source->held_count = count - *got;
        memcpy(source->held, buffer + *got, source->held_count);
        if (source->broken) { /* the lines above are read all the same */
            *got = source->line_start;
            return *got > 0;
        }
    } while (*got == 0 && !ended);
    return true;
}

/* ---- the file ---- */

static bool check_file(struct source *source)
{
    const struct stat *status = &source->status;

    if (fstat(source->file, &source->status) != 0)
        source_tell(source, 0, 0, "cannot be read: %s", strerror(errno));
    else if (S_ISDIR(status->st_mode))
        source_tell(source, 0, 0, "is a directory, not a regular file");
    else if (!S_ISREG(status->st_mode))
        source_tell(source, 0, 0, "is not a regular file");
    else if ((status->st_mode & (S_IWGRP | S_IWOTH)) != 0)
        source_tell(source, 0, 0, "can be written by group or others (mode %04o); chmod go-w",
                    (unsigned)status->st_mode & 07777);
    else if (status->st_size > FILE_MAX)
        source_tell(source, 0, 0, "larger than 512 MiB");
    else
        return true;
    return false;
}

struct source *source_open(const char *path, diag_fn *diag, void *arg)
{
    struct source *source = malloc(sizeof *source);

    if (source == NULL)
        return NULL;
    *source = (struct source){
        .path = path, .diag = diag, .arg = arg, .line = 1, .column = 1, .in_indentation = true};
    source->file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (source->file < 0)
        source_tell(source, 0, 0, "cannot be opened: %s", strerror(errno));
    if (source->file < 0 || !check_file(source)) {
        source_close(source);
        return NULL;
    }
    return source;
}

void source_close(struct source *source)
{
    if (source == NULL)
        return;
    if (source->file >= 0)
        close(source->file);
    free(source);
}

void source_check_unchanged(struct source *source)
{
    const struct stat *before = &source->status;
    struct stat now;

    if (fstat(source->file, &now) != 0 || now.st_size != before->st_size
        || now.st_mtim.tv_sec != before->st_mtim.tv_sec || now.st_mtim.tv_nsec != before->st_mtim.tv_nsec)
        source_tell(source, 0, 0, "changed while it was being read");
}
