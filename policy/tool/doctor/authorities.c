/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files and directories of CA certificates. OpenSSL reads them; no certificate is judged. A rule names the CA
 * that issued a partner's certificate, often an intermediate CA whose certificate the partner sends along,
 * while the MTA has the root. So if the named CA is not there, a root with a similar name may have issued its
 * certificate: the words of the names are compared.
 */
#include "policy/tool/doctor/authorities.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "policy/arena.h"
#include "policy/array.h"
#include "policy/names/issuers.h"

struct authorities {
    struct arena arena;
    size_t count;
    const char **name;      /* common names and organisations */
    X509_STORE *store;      /* the system's */
    X509_STORE_CTX *lookup; /* for look-ups in it */
};

struct authorities *authorities_new(void)
{
    struct authorities *authorities = calloc(1, sizeof *authorities);

    if (authorities == NULL)
        return NULL;
    ERR_set_mark();
    authorities->store = X509_STORE_new();
    authorities->lookup = X509_STORE_CTX_new();
    if (authorities->store == NULL || authorities->lookup == NULL
        || X509_STORE_CTX_init(authorities->lookup, authorities->store, NULL, NULL) != 1) {
        authorities_free(authorities);
        authorities = NULL;
    } else {
        X509_STORE_set_default_paths(authorities->store);
    }
    ERR_pop_to_mark();
    return authorities;
}

void authorities_free(struct authorities *authorities)
{
    if (authorities == NULL)
        return;
    X509_STORE_CTX_free(authorities->lookup);
    X509_STORE_free(authorities->store);
    arena_free(&authorities->arena);
    free(authorities->name);
    free(authorities);
}

/* ---- reading ---- */

static void keep(struct authorities *authorities, const char *name)
{
    const char **grown = array_grow((void *)authorities->name, authorities->count, sizeof *grown);

    if (grown == NULL)
        return;
    authorities->name = grown;
    grown[authorities->count] = arena_text(&authorities->arena, name, strlen(name));
    authorities->count += grown[authorities->count] != NULL;
}

static void keep_names(struct authorities *authorities, X509 *certificate)
{
    static const int kinds[] = {NID_commonName, NID_organizationName};
    char text[256];

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), kinds[i], text, sizeof text) > 0)
            keep(authorities, text);
}

static bool in_store(X509_STORE_CTX *lookup, X509 *certificate)
{
    STACK_OF(X509) *found = X509_STORE_CTX_get1_certs(lookup, X509_get_subject_name(certificate));
    bool same = false;

    for (int i = 0; i < sk_X509_num(found) && !same; i++)
        same = X509_cmp(sk_X509_value(found, i), certificate) == 0;
    sk_X509_pop_free(found, X509_free);
    return same;
}

struct authorities_count authorities_add_file(struct authorities *authorities, const char *path)
{
    struct authorities_count found = {0, 0};
    X509 *certificate;
    BIO *file;

    ERR_set_mark();
    file = BIO_new_file(path, "r");
    while (file != NULL && (certificate = PEM_read_bio_X509_AUX(file, NULL, NULL, NULL)) != NULL) {
        found.count++;
        found.in_system += in_store(authorities->lookup, certificate);
        keep_names(authorities, certificate);
        X509_free(certificate);
    }
    ERR_pop_to_mark();
    BIO_free(file);
    return found;
}

/* "5ed36f99.0" */
static bool is_hash_name(const char *name)
{
    return strspn(name, "0123456789abcdef") == 8 && name[8] == '.' && isdigit((unsigned char)name[9]);
}

struct authorities_count authorities_add_directory(struct authorities *authorities, const char *path)
{
    struct authorities_count found = {0, 0};
    DIR *directory = opendir(path);
    const struct dirent *entry;

    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        char name[PATH_MAX];
        struct authorities_count one;

        if (!is_hash_name(entry->d_name))
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        one = authorities_add_file(authorities, name);
        found.count += one.count;
        found.in_system += one.in_system;
    }
    if (directory != NULL)
        closedir(directory);
    return found;
}

void authorities_add_default(struct authorities *authorities)
{
    const char *file = getenv(X509_get_default_cert_file_env());
    const char *directory = getenv(X509_get_default_cert_dir_env());

    authorities_add_file(authorities, file != NULL ? file : X509_get_default_cert_file());
    authorities_add_directory(authorities, directory != NULL ? directory : X509_get_default_cert_dir());
}

bool authorities_any(const struct authorities *authorities)
{
    return authorities->count > 0;
}

/* ---- names ---- */

/* Words that do not tell whose CA it is. */
static const char *const generic[] = {
    "authority", "ca",          "certificate",  "certificates", "certification", "class",     "client",
    "company",   "domain",      "ecc",          "ecdsa",        "email",         "extended",  "global",
    "gmbh",      "inc",         "internal",     "issuing",      "limited",       "llc",       "ltd",
    "mail",      "network",     "organisation", "organization", "primary",       "public",    "private",
    "root",      "rsa",         "secure",       "security",     "server",        "service",   "services",
    "sha1",      "sha2",        "sha256",       "sha384",       "signing",       "smime",     "ssl",
    "sub",       "subordinate", "the",          "tls",          "trust",         "validated", "validation",
    "and",       "for",         "intermediate", "level",        "standard",
};

/* Companies whose roots have other names: a word of the issuer, and one of the root. */
static const char *const related[][2] = {
    {"encrypt", "isrg"},       {"microsoft", "digicert"}, {"amazon", "starfield"},  {"sectigo", "usertrust"},
    {"sectigo", "comodo"},     {"comodo", "usertrust"},   {"zerossl", "usertrust"}, {"geant", "usertrust"},
    {"gogetssl", "usertrust"}, {"dfn", "telesec"},        {"godaddy", "daddy"},
};

/* Takes the next word, in lower case. False: there are no more. */
static bool next_word(const char **text, char word[64])
{
    size_t length = 0;

    while (**text && !isalnum((unsigned char)**text) && (unsigned char)**text < 0x80)
        ++*text;
    while (isalnum((unsigned char)**text) || (unsigned char)**text >= 0x80) {
        if (length < 63)
            word[length++] = (char)tolower((unsigned char)**text);
        ++*text;
    }
    word[length] = '\0';
    return length > 0;
}

/* Whether the word may name a company: three letters or more, and none of the generic ones. */
static bool is_telling(const char *word)
{
    if (strlen(word) < 3 || isdigit((unsigned char)*word))
        return false;
    for (size_t i = 0; i < sizeof generic / sizeof generic[0]; i++)
        if (strcmp(word, generic[i]) == 0)
            return false;
    return true;
}

static bool are_related(const char *issuer, const char *root)
{
    if (strcmp(issuer, root) == 0)
        return true;
    for (size_t i = 0; i < sizeof related / sizeof related[0]; i++)
        if (strcmp(issuer, related[i][0]) == 0 && strcmp(root, related[i][1]) == 0)
            return true;
    return false;
}

/* Whether a name of the CAs has a word that is related to this one. */
static bool has_related(const struct authorities *authorities, const char *issuer)
{
    char word[64];

    for (size_t i = 0; i < authorities->count; i++)
        for (const char *rest = authorities->name[i]; next_word(&rest, word);)
            if (are_related(issuer, word))
                return true;
    return false;
}

enum authority authorities_find(const struct authorities *authorities, const char *name)
{
    const struct issuer_family *family = issuer_family_of(name);
    const char *const texts[] = {name, family != NULL ? family->ca : ""};
    bool telling = false;
    char word[64];

    for (size_t i = 0; i < authorities->count; i++)
        if (strcasecmp(authorities->name[i], name) == 0)
            return AUTHORITY_THERE;
    for (size_t i = 0; i < 2; i++)
        for (const char *rest = texts[i]; next_word(&rest, word);) {
            if (!is_telling(word))
                continue;
            telling = true;
            if (has_related(authorities, word))
                return AUTHORITY_LIKELY;
        }
    return telling ? AUTHORITY_MISSING : AUTHORITY_UNCERTAIN;
}
