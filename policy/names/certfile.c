/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The certificate file that a policy names with `file:`.
 * Takes from a certificate what a pin needs (digests, the dates, a name
 * for people) and judges nothing: the evaluator decides whether the certificate
 * is in force or matches what a client showed. Keeps nothing
 * open, never asks for a passphrase, and knows nothing of YAML or MTAs.
 */
#include "policy/names/certfile.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "policy/names/certbundle.h"

enum { FILE_LIMIT = 1024 * 1024, SECONDS_OF_DAY = 86400 };

static const char *open_error(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return "does not exist";
    case EACCES:
        return "may not be read (permission denied)";
    case EMFILE:
    case ENFILE:
        return "cannot be opened: too many open files";
    case ENOMEM:
        return "cannot be opened: out of memory";
    default:
        return "cannot be opened";
    }
}

static const char *file_error(int file)
{
    struct stat status;

    if (fstat(file, &status) != 0)
        return "cannot be read";
    if (S_ISDIR(status.st_mode))
        return "is a directory";
    if (!S_ISREG(status.st_mode))
        return "is not a regular file";
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return "may be written by its group or by others";
    return status.st_size > FILE_LIMIT ? "is larger than 1 MiB" : NULL;
}

/* Reads to the end of the file, which may grow meanwhile; `text` takes FILE_LIMIT + 1 octets. */
static const char *read_all(int file, char *text, size_t *length)
{
    size_t used = 0;

    while (used <= FILE_LIMIT) {
        ssize_t got = read(file, text + used, FILE_LIMIT + 1 - used);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return "cannot be read";
        if (got == 0) {
            *length = used;
            return NULL;
        }
        used += (size_t)got;
    }
    return "is larger than 1 MiB";
}

static const char *read_file(const char *path, char *text, size_t *length)
{
    /* Neither a FIFO without a writer nor a terminal may hold us up. */
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    const char *wrong;

    if (file < 0)
        return open_error(errno);
    wrong = file_error(file);
    if (wrong == NULL)
        wrong = read_all(file, text, length);
    close(file);
    return wrong;
}

static void digest_otherwise(const unsigned char *der, size_t length, struct certfile *certificate)
{
    static const char *const names[OTHER_DIGESTS] = {"sha3-256", "sha512-256", "sm3", "blake2s256",
                                                     "shake256"};

    for (size_t i = 0; i < OTHER_DIGESTS; i++) {
        const EVP_MD *digest = EVP_get_digestbyname(names[i]);
        unsigned char found[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        bool good = digest != NULL && EVP_Digest(der, length, found, &size, digest, NULL) == 1;

        memcpy(certificate->other_fingerprint[i],
               good && size == FINGERPRINT_SIZE ? found : certificate->fingerprint, FINGERPRINT_SIZE);
    }
}

/* SHA-256 of DER that OpenSSL allocated; frees it. */
static bool digest(unsigned char *der, int length, unsigned char fingerprint[FINGERPRINT_SIZE])
{
    bool good = length > 0 && EVP_Digest(der, (size_t)length, fingerprint, NULL, EVP_sha256(), NULL) == 1;

    OPENSSL_free(der);
    return good;
}

static bool take_fingerprints(X509 *x509, struct certfile *certificate)
{
    unsigned char *der = NULL, *key = NULL;
    int length = i2d_X509(x509, &der), key_length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &key);
    bool good = length > 0
                && EVP_Digest(der, (size_t)length, certificate->fingerprint, NULL, EVP_sha256(), NULL) == 1;

    if (good)
        digest_otherwise(der, (size_t)length, certificate);
    OPENSSL_free(der);
    return digest(key, key_length, certificate->key_fingerprint) && good;
}

static bool take_instant(const ASN1_TIME *from, int64_t *instant)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0, seconds = 0;
    bool good = epoch != NULL && ASN1_TIME_check(from) == 1;

    good = good && ASN1_TIME_diff(&days, &seconds, epoch, from) == 1;
    if (good)
        *instant = (int64_t)days * SECONDS_OF_DAY + seconds;
    ASN1_TIME_free(epoch);
    return good;
}

/* Copies the first common name, with "?" for control characters; cuts a long one between characters. */
static void take_subject(const X509 *x509, char *subject, size_t size)
{
    X509_NAME *name = X509_get_subject_name(x509);
    int place = X509_NAME_get_index_by_NID(name, NID_commonName, -1), length = -1;
    unsigned char *text = NULL;
    size_t used = 0;

    if (place >= 0)
        length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, place)));
    if (length >= 0) {
        used = (size_t)length;
        if (used >= size)
            for (used = size - 1; used > 0 && (text[used] & 0xc0) == 0x80;)
                used--;
        for (size_t i = 0; i < used; i++)
            subject[i] = text[i] < 0x20 || text[i] == 0x7f ? '?' : (char)text[i];
        OPENSSL_free(text);
    }
    subject[used] = '\0';
}

static const char *take_all(X509 *x509, struct certfile *certificate)
{
    if (!take_fingerprints(x509, certificate))
        return "holds a certificate whose fingerprints cannot be computed";
    if (!take_instant(X509_get0_notBefore(x509), &certificate->not_before)
        || !take_instant(X509_get0_notAfter(x509), &certificate->not_after))
        return "holds a certificate whose dates cannot be read";
    take_subject(x509, certificate->subject, sizeof certificate->subject);
    return NULL;
}

/* Notes which certificate of several is probably meant. */
static void take_meant(STACK_OF(X509) *all, struct certfile *certificate)
{
    int meant = certbundle_meant(all), other;

    certificate->authority = certbundle_holds_authority(all, 0);
    other = certificate->authority ? -1 : certbundle_other(all, meant);
    certificate->several = other >= 0;
    if (other >= 0)
        take_subject(sk_X509_value(all, other), certificate->other_subject,
                     sizeof certificate->other_subject);
    certificate->meant = (unsigned)meant + 1;
    take_subject(sk_X509_value(all, meant), certificate->meant_subject, sizeof certificate->meant_subject);
}

const char *certfile_read(struct certfile *certificate, const char *path)
{
    static const char private_key[] = "PRIVATE KEY-----";
    char *text = malloc(FILE_LIMIT + 1);
    struct certfile found = {.not_before = 0};
    const char *wrong = "cannot be read: out of memory";
    STACK_OF(X509) *all = NULL;
    size_t length = 0;

    ERR_set_mark();
    if (text == NULL)
        goto out;
    wrong = read_file(path, text, &length);
    if (wrong == NULL)
        all = certbundle_read((const unsigned char *)text, length, &wrong);
    if (all != NULL)
        wrong = take_all(sk_X509_value(all, 0), &found);
    if (all != NULL)
        take_meant(all, &found);
    found.private_key = length > 0 && memmem(text, length, private_key, sizeof private_key - 1) != NULL;
    if (wrong == NULL)
        *certificate = found;
out:
    sk_X509_pop_free(all, X509_free);
    free(text);
    ERR_pop_to_mark();
    return wrong;
}
