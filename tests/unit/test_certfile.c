/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificate files. The files are made on the spot, in a directory of their own. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "policy/names/certfile.h"
#include "policy/names/date.h"

/* CN=mail.contoso.test, 2026-01-01T00:00:00Z to 2027-12-31T23:59:59Z; made and digested by openssl(1). */
static const char known_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBXjCCAQQCAQEwCgYIKoZIzj0EAwIwOzELMAkGA1UEBhMCREUxEDAOBgNVBAoM\n"
    "B0NvbnRvc28xGjAYBgNVBAMMEW1haWwuY29udG9zby50ZXN0MB4XDTI2MDEwMTAw\n"
    "MDAwMFoXDTI3MTIzMTIzNTk1OVowOzELMAkGA1UEBhMCREUxEDAOBgNVBAoMB0Nv\n"
    "bnRvc28xGjAYBgNVBAMMEW1haWwuY29udG9zby50ZXN0MFkwEwYHKoZIzj0CAQYI\n"
    "KoZIzj0DAQcDQgAEShI0MWu5zp6MbhlwFai6FOH0XNB1psJjyciTc92yJd3CyZus\n"
    "1vQRzqL/dyacPZjzKVgJTGhgJRdrgWNDl8msgDAKBggqhkjOPQQDAgNIADBFAiEA\n"
    "u/fz+1K1+vO2LXuUAFI6QBYlp1GnvxSg9Wz+xInmJAICIHHKxHGOrhpv8nUKKamt\n"
    "2FEftKgPzM3uQEcS5ML1dZQN\n"
    "-----END CERTIFICATE-----\n";
static const char known_fingerprint[] =
    "sha256:99:1C:99:0B:55:9F:20:FB:9E:E2:32:08:88:87:70:54:27:B6:19:EA:82:7B:32:3F:A0:AD:0E:7A:9C:B2:D7:89";
static const char known_key_fingerprint[] =
    "b25e9cfa69b4dd59b6e0c2c85e343bfafa3aa2478d86d42dc6bd68bdc329001f";

static char directory[32], path[64];

static int make_directory(void **state)
{
    (void)state;
    umask(022);
    strcpy(directory, "/tmp/certfile.XXXXXX");
    if (mkdtemp(directory) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/file", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    return rmdir(directory);
}

static int remove_file(void **state)
{
    (void)state;
    if (unlink(path) != 0 && errno != ENOENT)
        return rmdir(path);
    return 0;
}

static void write_file(const char *text, size_t length)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

/* A self-signed certificate; `cn` NULL: no common name. The dates are written as ASN.1 has them. */
static X509 *make_certificate(const char *cn, int length, const char *not_before, const char *not_after)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);

    X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (const unsigned char *)"Contoso", -1, -1, 0);
    if (cn != NULL) /* as a raw string, since OpenSSL would refuse a name over 64 characters */
        X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING, (const unsigned char *)cn, length,
                                   -1, 0);
    assert_int_equal(ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), not_before), 1);
    assert_int_equal(ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), not_after), 1);
    assert_int_equal(X509_set_pubkey(certificate, key), 1);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    EVP_PKEY_free(key);
    return certificate;
}

static void write_certificate(X509 *certificate, const char *mode)
{
    FILE *file = fopen(path, mode);

    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, certificate), 1);
    assert_int_equal(fclose(file), 0);
}

static void known_certificate(void **state)
{
    struct certfile certificate;
    unsigned char expected[FINGERPRINT_SIZE];
    char text[FINGERPRINT_TEXT];

    (void)state;
    write_file(known_pem, strlen(known_pem));
    assert_null(certfile_read(&certificate, path));
    fingerprint_format(certificate.fingerprint, text);
    assert_string_equal(text, known_fingerprint);
    assert_true(fingerprint_read(expected, known_key_fingerprint));
    assert_memory_equal(certificate.key_fingerprint, expected, sizeof expected);
    assert_string_equal(certificate.subject, "mail.contoso.test");
    assert_true(certificate.not_before == 1767225600);
    assert_true(certificate.not_after == 1830297599);
}

/* An MTA may be configured for another digest of 256 bits: those of the certificate are known, too. */
static void t30_other_digests(void **state)
{
    /* openssl x509 -outform DER | openssl dgst -sha3-256 and so on */
    static const char *const wanted[OTHER_DIGESTS] = {
        "67eb5356ec6dc76830f881ddaf5dfbc30850f888e144279ba4de6e9b198f3e0d", /* sha3-256 */
        "4bdd47c119b0ffed7a4d9e4c63c58199031a3f137b7c5a88d027d9eb41189736", /* sha512-256 */
        "24f983aea124d38499f6cfe6445c0db59b1261c349855c3621c3547864d35cd1", /* sm3 */
        "86eb8bd6c86b1e5dee80d0eedd0482fee86f51c53e3938afcbba4dc749f5f481", /* blake2s256 */
        "18846a56ee721469a7c74cd6170669c16a4624fc678abb56f5bd00a4eb8eb352", /* shake256 */
    };
    struct certfile certificate;

    (void)state;
    write_file(known_pem, strlen(known_pem));
    assert_null(certfile_read(&certificate, path));
    for (size_t i = 0; i < OTHER_DIGESTS; i++) {
        unsigned char expected[FINGERPRINT_SIZE];

        assert_true(fingerprint_read(expected, wanted[i]));
        if (memcmp(certificate.other_fingerprint[i], certificate.fingerprint, FINGERPRINT_SIZE) != 0)
            assert_memory_equal(certificate.other_fingerprint[i], expected, FINGERPRINT_SIZE);
    }
    assert_true(memcmp(certificate.other_fingerprint[0], certificate.fingerprint, FINGERPRINT_SIZE) != 0);
}

/* What else stands in the file does not matter: text, keys, CRLF, further certificates. */
static void first_certificate_counts(void **state)
{
    X509 *other = make_certificate("other.test", -1, "20260101000000Z", "20270101000000Z");
    EVP_PKEY *key = EVP_EC_gen("P-256");
    struct certfile certificate;
    char crlf[2 * sizeof known_pem];
    size_t length = 0;
    FILE *file;

    (void)state;
    file = fopen(path, "w");
    assert_non_null(file);
    fputs("subject=something\n\n", file);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    fputs(known_pem, file);
    assert_int_equal(fclose(file), 0);
    write_certificate(other, "a");
    assert_null(certfile_read(&certificate, path));
    assert_string_equal(certificate.subject, "mail.contoso.test");
    for (const char *next = known_pem; *next != '\0'; next++) {
        if (*next == '\n')
            crlf[length++] = '\r';
        crlf[length++] = *next;
    }
    write_file(crlf, length);
    memset(&certificate, 0, sizeof certificate);
    assert_null(certfile_read(&certificate, path));
    assert_string_equal(certificate.subject, "mail.contoso.test");
    EVP_PKEY_free(key);
    X509_free(other);
}

static void t22_certificate_dates(void **state)
{
    static const struct {
        const char *not_before, *not_after, *from, *until;
    } cases[] = {
        {"20260101000000Z", "20261201083000Z", "2026-01-01", "2026-12-01T08:30:00Z"},
        {"19700101000000Z", "20491231235959Z", "1970-01-01", "2049-12-31T23:59:59Z"},
        {"19500101000000Z", "99991231235959Z", "1950-01-01", "9999-12-31T23:59:59Z"},
        {"20500101000000Z", "20240229120000Z", "2050-01-01", "2024-02-29T12:00:00Z"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        X509 *made = make_certificate("a.test", -1, cases[i].not_before, cases[i].not_after);
        struct certfile certificate;
        char text[32];

        write_certificate(made, "w");
        X509_free(made);
        assert_null(certfile_read(&certificate, path));
        date_format(certificate.not_before, text);
        assert_string_equal(text, cases[i].from);
        date_format(certificate.not_after, text);
        assert_string_equal(text, cases[i].until);
    }
}

static void t15_subject_for_people(void **state)
{
    static const char nul[] = "a\0b.test";
    char many[301], umlauts[301];
    struct certfile certificate;
    const struct {
        const char *cn;
        int length;
        const char *subject;
        size_t kept;
    } cases[] = {
        {NULL, 0, "", 0},
        {"mail.contoso.test", -1, "mail.contoso.test", 17},
        {"m\xc3\xa4il.test", -1, "m\xc3\xa4il.test", 10},
        {"a\r\nb\x1b\x7f", -1, "a??b??", 6},
        {nul, sizeof nul - 1, "a?b.test", 8},
        {many, 300, many, 255},
        {umlauts, 300, umlauts, 254}, /* no half character */
    };

    (void)state;
    memset(many, 'x', 300);
    for (int i = 0; i < 300; i++)
        umlauts[i] = i % 2 == 0 ? '\xc3' : '\xa4';
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        X509 *made = make_certificate(cases[i].cn, cases[i].length, "20260101000000Z", "20270101000000Z");

        write_certificate(made, "w");
        X509_free(made);
        assert_null(certfile_read(&certificate, path));
        assert_int_equal(strlen(certificate.subject), cases[i].kept);
        assert_memory_equal(certificate.subject, cases[i].subject, cases[i].kept);
    }
}

/* The file is refused for that reason, and nothing is written. */
static void check_refused(const char *name, const char *reason)
{
    struct certfile certificate, before;
    const char *wrong;

    memset(&certificate, 0x5a, sizeof certificate);
    before = certificate;
    wrong = certfile_read(&certificate, name);
    assert_non_null(wrong);
    assert_string_equal(wrong, reason);
    assert_memory_equal(&certificate, &before, sizeof before);
}

static void check_refused_with(const char *name, const char *part)
{
    struct certfile certificate;
    const char *wrong = certfile_read(&certificate, name);

    if (wrong == NULL || strstr(wrong, part) == NULL)
        fail_msg("%s: %s", part, wrong == NULL ? "good" : wrong);
}

static void f05_no_certificate_file(void **state)
{
    char below[80];

    (void)state;
    check_refused(path, "does not exist");
    write_file(known_pem, strlen(known_pem));
    snprintf(below, sizeof below, "%s/x", path);
    check_refused(below, "does not exist");
    check_refused("", "does not exist");
    check_refused(directory, "is a directory");
    check_refused("/dev/zero", "is not a regular file");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    check_refused(path, "is not a regular file"); /* and nobody waited for a writer */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("file", path), 0);
    check_refused(path, "cannot be opened");
}

static void f05_certificate_file_modes(void **state)
{
    struct certfile certificate;

    (void)state;
    write_file(known_pem, strlen(known_pem));
    assert_int_equal(chmod(path, 0660), 0);
    check_refused(path, "may be written by its group or by others");
    assert_int_equal(chmod(path, 0606), 0);
    check_refused(path, "may be written by its group or by others");
    assert_int_equal(chmod(path, 0644), 0);
    assert_null(certfile_read(&certificate, path));
    assert_int_equal(chmod(path, 0), 0);
    if (geteuid() != 0)
        check_refused(path, "may not be read (permission denied)");
}

static void f05_not_a_certificate(void **state)
{
    static const char encrypted[] = "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n"
                                    "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\nAAAA\n"
                                    "-----END CERTIFICATE-----\n";
    static const char damaged[] = "holds a PEM certificate that cannot be read";
    static const char none[] = "holds no PEM certificate";
    const struct {
        const char *text, *reason;
    } cases[] = {
        {"", none},
        {"version: 1\n", none},
        {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
         "is a public key, not a certificate: ask for the certificate"},
        {"-----BEGIN ANYTHING-----\nAAAA\n-----END ANYTHING-----\n", none},
        {"-----BEGIN CERTIFICATE-----\n", damaged},
        {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", damaged},
        {"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", damaged},
        {"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n", damaged},
        {encrypted, damaged}, /* without a question at the terminal */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_file(cases[i].text, strlen(cases[i].text));
        check_refused(path, cases[i].reason);
    }
}

/* What other tools make of a certificate; `der` is freed. */
static void check_form(unsigned char *der, int length)
{
    struct certfile certificate;
    char text[FINGERPRINT_TEXT];

    assert_true(length > 0);
    write_file((const char *)der, (size_t)length);
    OPENSSL_free(der);
    assert_null(certfile_read(&certificate, path));
    fingerprint_format(certificate.fingerprint, text);
    assert_string_equal(text, known_fingerprint);
}

static X509 *known(void)
{
    BIO *memory = BIO_new_mem_buf(known_pem, -1);
    X509 *certificate = PEM_read_bio_X509(memory, NULL, NULL, NULL);

    BIO_free(memory);
    assert_non_null(certificate);
    return certificate;
}

static void certificate_in_der_and_pkcs7(void **state)
{
    unsigned char *der = NULL;
    X509 *certificate = known();
    PKCS7 *envelope = PKCS7_new();
    struct certfile found;
    FILE *file;
    int length;

    (void)state;
    length = i2d_X509(certificate, &der);
    check_form(der, length);
    assert_int_equal(PKCS7_set_type(envelope, NID_pkcs7_signed), 1);
    assert_int_equal(PKCS7_content_new(envelope, NID_pkcs7_data), 1);
    assert_int_equal(PKCS7_add_certificate(envelope, certificate), 1);
    der = NULL;
    length = i2d_PKCS7(envelope, &der);
    check_form(der, length);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_PKCS7(file, envelope), 1);
    assert_int_equal(fclose(file), 0);
    assert_null(certfile_read(&found, path));
    assert_string_equal(found.subject, "mail.contoso.test");
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509_AUX(file, certificate), 1);
    assert_int_equal(fclose(file), 0);
    assert_null(certfile_read(&found, path));
    assert_string_equal(found.subject, "mail.contoso.test");
    PKCS7_free(envelope);
    X509_free(certificate);
}

/* What holds a key, in each of its forms, is called by its name, and so are requests. */
static void f05_private_keys_are_named(void **state)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509_REQ *request = X509_REQ_new();
    unsigned char *der = NULL;
    int length;
    FILE *file;

    (void)state;
    file = fopen(path, "w");
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(fclose(file), 0);
    check_refused_with(path, "is a private key");
    file = fopen(path, "w");
    assert_int_equal(PEM_write_PKCS8PrivateKey(file, key, EVP_aes_128_cbc(), "secret", 6, NULL, NULL), 1);
    assert_int_equal(fclose(file), 0);
    check_refused_with(path, "is a private key");
    length = i2d_PrivateKey(key, &der);
    write_file((const char *)der, (size_t)length);
    OPENSSL_free(der);
    check_refused_with(path, "is a private key");
    X509_REQ_set_pubkey(request, key);
    assert_true(X509_REQ_sign(request, key, EVP_sha256()) > 0);
    der = NULL;
    length = i2d_X509_REQ(request, &der);
    write_file((const char *)der, (size_t)length);
    OPENSSL_free(der);
    check_refused_with(path, "is a certificate request");
    file = fopen(path, "w");
    assert_int_equal(PEM_write_X509_REQ(file, request), 1);
    assert_int_equal(fclose(file), 0);
    check_refused_with(path, "is a certificate request");
    X509_REQ_free(request);
    EVP_PKEY_free(key);
}

static void f05_pkcs12_is_named_with_the_command(void **state)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = make_certificate("a.test", -1, "20260101000000Z", "20270101000000Z");
    PKCS12 *store;
    unsigned char *der = NULL;
    int length;

    (void)state;
    X509_set_pubkey(certificate, key);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    store = PKCS12_create("secret", "a", key, certificate, NULL, 0, 0, 0, 0, 0);
    assert_non_null(store);
    length = i2d_PKCS12(store, &der);
    write_file((const char *)der, (size_t)length);
    check_refused_with(path, "openssl pkcs12 -in FILE -nokeys");
    OPENSSL_free(der);
    PKCS12_free(store);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static void mark_authority(X509 *certificate, const char *usage)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509_EXTENSION *constraint = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
    X509_EXTENSION *use = usage == NULL ? NULL : X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, usage);

    X509_set_version(certificate, X509_VERSION_3);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    assert_int_equal(X509_add_ext(certificate, constraint, -1), 1);
    assert_true(use == NULL || X509_add_ext(certificate, use, -1) == 1);
    X509_set_pubkey(certificate, key);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    X509_EXTENSION_free(constraint);
    X509_EXTENSION_free(use);
    EVP_PKEY_free(key);
}

/* A chain that begins with its root: the certificate that is meant is told, and which one it is. */
static void root_first_is_seen(void **state)
{
    X509 *root = make_certificate("Root", -1, "20260101000000Z", "20360101000000Z");
    X509 *self = make_certificate("self.test", -1, "20260101000000Z", "20360101000000Z");
    X509 *leaf = make_certificate("mail.test", -1, "20260101000000Z", "20270101000000Z");
    struct certfile found;

    (void)state;
    mark_authority(root, "critical,keyCertSign");
    mark_authority(self, NULL); /* as `openssl req -x509` makes them */
    X509_set_version(leaf, X509_VERSION_3);
    write_certificate(root, "w");
    write_certificate(root, "a");
    write_certificate(leaf, "a");
    assert_null(certfile_read(&found, path));
    assert_string_equal(found.subject, "Root");
    assert_int_equal(found.meant, 3);
    assert_string_equal(found.meant_subject, "mail.test");
    write_certificate(leaf, "w");
    write_certificate(root, "a");
    assert_null(certfile_read(&found, path));
    assert_int_equal(found.meant, 1);
    assert_false(found.authority);
    write_certificate(root, "w");
    assert_null(certfile_read(&found, path));
    assert_int_equal(found.meant, 1);
    assert_true(found.authority);
    write_certificate(self, "w");
    assert_null(certfile_read(&found, path));
    assert_int_equal(found.meant, 1);
    assert_false(found.authority);
    X509_free(root);
    X509_free(self);
    X509_free(leaf);
}

/* Cut after any octet: an answer, and no certificate before the last line begins. */
static void f06_half_written_certificate(void **state)
{
    (void)state;
    for (size_t length = 0; length + 30 < sizeof known_pem; length++) {
        struct certfile certificate;

        write_file(known_pem, length);
        assert_non_null(certfile_read(&certificate, path));
    }
}

static void f05_large_file(void **state)
{
    static char text[1024 * 1024 + 2];
    struct certfile certificate;

    (void)state;
    memset(text, '\n', sizeof text);
    memcpy(text + 1024 * 1024 - strlen(known_pem), known_pem, strlen(known_pem));
    write_file(text, 1024 * 1024);
    assert_null(certfile_read(&certificate, path));
    write_file(text, 1024 * 1024 + 1);
    check_refused(path, "is larger than 1 MiB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(known_certificate, remove_file), cmocka_unit_test_teardown(t30_other_digests, remove_file),
        cmocka_unit_test_teardown(first_certificate_counts, remove_file),
        cmocka_unit_test_teardown(t22_certificate_dates, remove_file),
        cmocka_unit_test_teardown(t15_subject_for_people, remove_file),
        cmocka_unit_test_teardown(f05_no_certificate_file, remove_file),
        cmocka_unit_test_teardown(f05_certificate_file_modes, remove_file),
        cmocka_unit_test_teardown(f05_not_a_certificate, remove_file),
        cmocka_unit_test_teardown(certificate_in_der_and_pkcs7, remove_file),
        cmocka_unit_test_teardown(f05_private_keys_are_named, remove_file),
        cmocka_unit_test_teardown(f05_pkcs12_is_named_with_the_command, remove_file),
        cmocka_unit_test_teardown(root_first_is_seen, remove_file),
        cmocka_unit_test_teardown(f06_half_written_certificate, remove_file),
        cmocka_unit_test_teardown(f05_large_file, remove_file),
    };

    return cmocka_run_group_tests_name("certfile", tests, make_directory, remove_directory);
}
