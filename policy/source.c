/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A policy file as octets. Knows which files are taken (regular, writable by
 * their owner alone, at most 512 MiB) and which octets (UTF-8 without tabs, NUL and
 * control characters), and counts lines and columns for what libyaml could not
 * place. Knows no YAML.
 */
#include "policy/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX ((off_t)512 << 20)

enum { OCTET_FINDINGS_MAX = 20, REPLACEMENT = '_' };

struct source {
    const char *path;
    diag_fn *diag;
    void *arg;
    int file;
    off_t size;            /* octets read so far */
    struct stat status;    /* as it was opened */
    unsigned line, column; /* of the next octet */
    unsigned octet_findings;
    unsigned continuation; /* UTF-8 octets still to come */
    bool after_cr;
};

void source_tell(struct source *source, unsigned line, unsigned column, const char *format, ...)
{
    char text[512];
    struct diag diag = {SEVERITY_ERROR, {source->path, line, column}, text};
    va_list args;

    va_start(args, format);
    diag_text(text, sizeof text, format, args);
    va_end(args);
    if (source->diag != NULL)
        source->diag(source->arg, &diag);
}

/* ---- octets ---- */

static void tell_octet(struct source *source, const char *what)
{
    if (source->octet_findings++ < OCTET_FINDINGS_MAX)
        source_tell(source, source->line, source->column, "%s", what);
}

/* How many octets follow this first octet of a UTF-8 character, or -1. */
static int utf8_rest(unsigned char octet)
{
    if (octet < 0x80)
        return 0;
    if (octet >= 0xC2 && octet <= 0xDF)
        return 1;
    if ((octet & 0xF0) == 0xE0)
        return 2;
    return octet >= 0xF0 && octet <= 0xF4 ? 3 : -1;
}

/* Judges one octet that is not plain ASCII text; answers what libyaml gets to see of it. */
static unsigned char odd_octet(struct source *source, unsigned char octet)
{
    int rest;

    if (source->continuation > 0) {
        if ((octet & 0xC0) == 0x80) {
            source->continuation--;
            return octet;
        }
        source->continuation = 0;
        tell_octet(source, "not UTF-8");
        return REPLACEMENT;
    }
    if (octet == '\t') {
        tell_octet(source, "a tab; indent and separate with blanks");
        return ' ';
    }
    if (octet < 0x20 || octet == 0x7F) {
        tell_octet(source, octet == 0 ? "a NUL octet" : "a control character");
        return REPLACEMENT;
    }
    rest = utf8_rest(octet);
    if (rest < 0) {
        tell_octet(source, "not UTF-8");
        return REPLACEMENT;
    }
    source->continuation = (unsigned)rest;
    return octet;
}

/* How many octets from here on are plain ASCII text in one line. */
static size_t plain_octets(const unsigned char *octets, size_t count)
{
    size_t plain = 0;

    while (plain < count && octets[plain] >= 0x20 && octets[plain] < 0x7F)
        plain++;
    return plain;
}

/* Checks octets and keeps count of lines and columns. */
static void check_octets(struct source *source, unsigned char *octets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t plain = source->continuation > 0 ? 0 : plain_octets(octets + i, count - i);
        unsigned char octet;

        if (plain > 0) {
            source->column += (unsigned)plain;
            source->after_cr = false;
            i += plain;
        }
        if (i == count)
            break;
        octet = octets[i];

        if (octet == '\n' || octet == '\r') {
            if (source->continuation > 0)
                octets[i] = odd_octet(source, octet) == REPLACEMENT ? '\n' : octet;
            if (!(octet == '\n' && source->after_cr))
                source->line++;
            source->column = 1;
            source->after_cr = octet == '\r';
            continue;
        }
        source->after_cr = false;
        if (octet < 0x20 || octet >= 0x7F || source->continuation > 0)
            octets[i] = odd_octet(source, octet);
        if ((octets[i] & 0xC0) != 0x80)
            source->column++;
    }
}

bool source_read(struct source *source, unsigned char *buffer, size_t size, size_t *got)
{
    ssize_t count;

    do
        count = read(source->file, buffer, size);
    while (count < 0 && errno == EINTR);
    if (count < 0) {
        source_tell(source, 0, 0, "cannot be read: %s", strerror(errno));
        return false;
    }
    if (source->size == 0 && count >= 3
        && memcmp(buffer, "\xEF\xBB\xBF", 3) == 0) { /* libyaml counts a BOM as a column */
        memmove(buffer, buffer + 3, (size_t)count - 3);
        count -= 3;
    }
    source->size += count;
    if (source->size > FILE_MAX) {
        source_tell(source, 0, 0, "larger than 512 MiB");
        return false;
    }
    check_octets(source, buffer, (size_t)count);
    *got = (size_t)count;
    return true;
}

/* ---- the file ---- */

static bool check_file(struct source *source)
{
    const struct stat *status = &source->status;

    if (fstat(source->file, &source->status) != 0)
        source_tell(source, 0, 0, "cannot be read: %s", strerror(errno));
    else if (!S_ISREG(status->st_mode))
        source_tell(source, 0, 0, "is no regular file");
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
    *source = (struct source){.path = path, .diag = diag, .arg = arg, .line = 1, .column = 1};
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
