/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The certificates of a PEM file. Whatever else the file holds (keys, text) is
 * passed over; whoever may write it does not matter, since it is only shown.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>
#include "policy/tool/cert.h"

enum { FILE_LIMIT = 4 * 1024 * 1024, CERTIFICATES_MAX = 64 };

/* In OpenSSL's place, which would ask at the terminal. */
static int no_passphrase(char *text, int size, int writing, void *arg)
{
    (void)text;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

static const char *open_error(int number)
{
    return number == ENOENT || number == ENOTDIR ? "does not exist"
           : number == EACCES                    ? "may not be read (permission denied)"
                                                 : "cannot be opened";
}

static FILE *open_file(const char *path, const char **why)
{
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    struct stat status;
    FILE *stream = NULL;

    *why = NULL;
    if (file < 0)
        *why = open_error(errno);
    else if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
        *why = "is not a regular file";
    else if (status.st_size > FILE_LIMIT)
        *why = "is larger than 4 MiB";
    else if ((stream = fdopen(file, "r")) == NULL)
        *why = "cannot be read: out of memory";
    if (!stream && file >= 0)
        close(file);
    return stream;
}

STACK_OF(X509) *cert_read_file(const char *path, const char **why)
{
    FILE *file = open_file(path, why);
    STACK_OF(X509) *chain = file ? sk_X509_new_null() : NULL;
    X509 *certificate;
    unsigned long error;

    ERR_clear_error();
    while (chain && sk_X509_num(chain) < CERTIFICATES_MAX
           && (certificate = PEM_read_X509(file, NULL, no_passphrase, NULL)) != NULL)
        if (!sk_X509_push(chain, certificate))
            X509_free(certificate);
    error = ERR_peek_last_error();
    ERR_clear_error();
    if (file)
        fclose(file);
    if (chain && sk_X509_num(chain) == 0) {
        *why = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE
                   ? "holds no PEM certificate"
                   : "holds a PEM certificate that cannot be read";
        sk_X509_free(chain);
        return NULL;
    }
    if (file && !chain)
        *why = "cannot be read: out of memory";
    return chain;
}
