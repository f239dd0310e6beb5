/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The certificates of a file or of standard input. Everything else there is ignored, such as
 * keys, and the text that `openssl s_client` prints around them. Who may write the file does not
 * matter, because it is only shown.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "policy/names/certbundle.h"
#include "policy/tool/cert/cert.h"

enum { FILE_LIMIT = 4 * 1024 * 1024 };

static const char *open_error(int number)
{
    return number == ENOENT || number == ENOTDIR ? "does not exist"
           : number == EACCES                    ? "may not be read (permission denied)"
                                                 : "cannot be opened";
}

/* Returns a descriptor of the file. -1: *why says what is wrong. */
static int open_file(const char *path, const char **why)
{
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    struct stat status;

    if (file < 0) {
        *why = open_error(errno);
        return -1;
    }
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode))
        return file;
    *why = "is not a regular file (\"-\" reads standard input)";
    close(file);
    return -1;
}

/* Reads to the end; to be freed. NULL: *why says what is wrong. */
static unsigned char *read_all(int file, size_t *length, const char **why)
{
    unsigned char *octets = malloc(FILE_LIMIT + 1);
    ssize_t got = 1;

    *why = octets != NULL ? NULL : "cannot be read: out of memory";
    *length = 0;
    while (octets != NULL && got != 0 && *length <= FILE_LIMIT) {
        got = read(file, octets + *length, FILE_LIMIT + 1 - *length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            *why = "cannot be read";
        if (got <= 0)
            break;
        *length += (size_t)got;
    }
    if (*length > FILE_LIMIT)
        *why = "is larger than 4 MiB";
    if (*why != NULL) {
        free(octets);
        return NULL;
    }
    return octets;
}

/* Moves the certificate that is meant to the front. */
static void turn(STACK_OF(X509) *chain, struct cert_source *source)
{
    int meant = certbundle_meant(chain), other;
    X509 *certificate = sk_X509_value(chain, meant);

    source->position = meant + 1;
    source->count = sk_X509_num(chain);
    source->is_authority = certbundle_holds_authority(chain, meant);
    other = source->is_authority ? -1 : certbundle_other(chain, meant);
    source->other = other < 0 ? NULL : sk_X509_value(chain, other);
    if (meant > 0) {
        sk_X509_delete(chain, meant);
        sk_X509_unshift(chain, certificate); /* does not fail: the deletion has left room */
    }
}

STACK_OF(X509) *cert_read_file(const char *path, struct cert_source *source)
{
    bool is_input = strcmp(path, "-") == 0;
    int file = is_input ? STDIN_FILENO : open_file(path, &source->why);
    STACK_OF(X509) *chain = NULL;
    unsigned char *octets;
    size_t length;

    source->name = is_input ? "standard input" : path;
    if (file < 0)
        return NULL;
    octets = read_all(file, &length, &source->why);
    if (octets != NULL)
        chain = certbundle_read(octets, length, &source->why);
    free(octets);
    if (!is_input)
        close(file);
    if (chain != NULL)
        turn(chain, source);
    return chain;
}
