/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files and directories of CA certificates: whether there is anything in them,
 * and whether it is a public CA's, which is to say one that the system's own
 * store holds. OpenSSL reads; no certificate is judged.
 */
#include <ctype.h>
#include <dirent.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <string.h>
#include "policy/tool/doctor.h"

static bool in_store(X509_STORE_CTX *lookup, X509 *certificate)
{
    STACK_OF(X509) *found = X509_STORE_CTX_get1_certs(lookup, X509_get_subject_name(certificate));
    bool same = false;

    for (int i = 0; i < sk_X509_num(found) && !same; i++)
        same = X509_cmp(sk_X509_value(found, i), certificate) == 0;
    sk_X509_pop_free(found, X509_free);
    return same;
}

struct authorities authorities_read(const char *path)
{
    struct authorities found = {0, 0};
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *lookup = X509_STORE_CTX_new();
    BIO *file = BIO_new_file(path, "r");
    X509 *certificate;

    ERR_set_mark();
    if (!store || !lookup || !file || X509_STORE_CTX_init(lookup, store, NULL, NULL) != 1)
        goto out;
    X509_STORE_set_default_paths(store);
    while ((certificate = PEM_read_bio_X509_AUX(file, NULL, NULL, NULL)) != NULL) {
        found.count++;
        found.in_system += in_store(lookup, certificate);
        X509_free(certificate);
    }
out:
    ERR_pop_to_mark();
    X509_STORE_CTX_free(lookup);
    X509_STORE_free(store);
    BIO_free(file);
    return found;
}

/* "5ed36f99.0" */
static bool is_hash_name(const char *name)
{
    return strspn(name, "0123456789abcdef") == 8 && name[8] == '.' && isdigit((unsigned char)name[9]);
}

bool authorities_in_directory(const char *path)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;
    bool found = false;

    while (directory && !found && (entry = readdir(directory)) != NULL)
        found = is_hash_name(entry->d_name);
    if (directory)
        closedir(directory);
    return found;
}
