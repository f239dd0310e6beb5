/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Versions, suites, cipher strings, fingerprints, dates, networks: the small
 * readers, each answering any text. A cipher string that is accepted, also one of words
 * that the octets of the input choose, selects what OpenSSL selects by it.
 */
#include "tests/fuzz/fuzz.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include "policy/names/certfile.h"
#include "policy/names/date.h"
#include "policy/names/network.h"
#include "policy/names/socket_form.h"
#include "policy/names/tls_internal.h"

static const struct suites *suites;
static SSL_CTX *tls;
static short suite_of[0x10000]; /* by the number that it has in TLS */

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const STACK_OF(SSL_CIPHER) *ciphers;

    (void)argc;
    (void)argv;
    suites = suites_new();
    tls = SSL_CTX_new(TLS_method());
    CHECK(suites != NULL && tls != NULL);
    CHECK(SSL_CTX_set_ciphersuites(tls, "") == 1);
    CHECK(SSL_CTX_set_cipher_list(tls, "ALL:COMPLEMENTOFALL:@SECLEVEL=0") == 1);
    ciphers = SSL_CTX_get_ciphers(tls);
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
        const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(ciphers, i);

        suite_of[SSL_CIPHER_get_protocol_id(cipher)] =
            (short)suites_find(suites, SSL_CIPHER_get_name(cipher));
    }
    return 0;
}

/* An accepted string: OpenSSL takes it too, and for the same suites. */
static void check_string(const char *string, const struct suite_set *set)
{
    struct suite_set theirs = {{0}};
    const STACK_OF(SSL_CIPHER) *ciphers;
    char *text = malloc(strlen(string) + 32);

    CHECK(text != NULL);
    sprintf(text, "%s:@SECLEVEL=0", string);
    ciphers = SSL_CTX_set_cipher_list(tls, text) == 1 ? SSL_CTX_get_ciphers(tls) : NULL;
    ERR_clear_error();
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++)
        suite_set_add(&theirs, suite_of[SSL_CIPHER_get_protocol_id(sk_SSL_CIPHER_value(ciphers, i))]);
    if (memcmp(&theirs, set, sizeof theirs) != 0)
        fprintf(stderr, "\"%s\" selects otherwise\n", string);
    CHECK(memcmp(&theirs, set, sizeof theirs) == 0);
    free(text);
}

/*
 * OpenSSL 3.0 knows no IANA name in a string, and forgets these two words beside a
 * word of strength: then it selects more than both words do, and the policy does not.
 */
static bool is_comparable(const char *string)
{
    bool forgotten = strstr(string, "COMPLEMENTOFDEFAULT") != NULL || strstr(string, "FIPS") != NULL;

    return strchr(string, '_') == NULL && !(forgotten && strchr(string, '+') != NULL);
}

static void check_suites(const char *text)
{
    struct suite_set set = {{0}};
    int literal = -1, suite = suites_find(suites, text);

    CHECK(suite < (int)suites_count(suites));
    CHECK(suite < 0 || suites_is_name(text));
    if (suites_read(suites, text, &set, &literal) != NULL)
        return;
    CHECK(literal == suite);
    if (suite >= 0)
        CHECK(suite_set_has(&set, suite));
    else if (is_comparable(text))
        check_string(text, &set);
}

/* Two octets for each word: how it is joined to those before it, and which one it is. */
static void check_words(const uint8_t *data, size_t size)
{
    static const char *const joints[] = {":", "+", ":!", ":-", ":+", "+", ",", " ", ";!", "+"};
    char string[1024] = "", *to = string;

    for (size_t i = 0; i + 1 < size && i < 24; i += 2) {
        size_t word = (data[i] / 10 * 256u + data[i + 1]) % (CIPHER_WORDS + suites->count);

        to = stpcpy(to, i == 0 ? "" : joints[data[i] % 10]);
        to = stpcpy(to, word < CIPHER_WORDS ? cipher_words[word] : suites->suite[word - CIPHER_WORDS].name);
    }
    check_suites(string);
}

static void check_version(const char *text)
{
    static const char *const names[] = {"unknown", "SSLv2",   "SSLv3",  "TLSv1",
                                        "TLSv1.1", "TLSv1.2", "TLSv1.3"};
    enum tls_version version = TLS_VERSION_1_3;

    while (version != TLS_VERSION_UNREADABLE && strcmp(names[version], text) != 0)
        version--;
    CHECK(tls_version_read(text) == version && strcmp(tls_version_name(version), names[version]) == 0);
}

static void check_network(const char *text)
{
    struct network network, again;
    char shown[64];

    if (network_check(&network, text) == NULL) {
        network_format(&network, shown);
        CHECK(network_check(&again, shown) == NULL && network_equal(&network, &again));
        CHECK(network_contains(&network, &network) || network.prefix != (network.v6 ? 128 : 32));
        CHECK(network_looks_like(text));
    }
}

static void check_date(const char *text)
{
    int64_t date, again;
    char shown[32];

    if (!date_parse(text, &date))
        return;
    date_format(date, shown);
    CHECK(date_parse(shown, &again) && again == date);
}

static void check_fingerprint(const char *text)
{
    unsigned char fingerprint[FINGERPRINT_SIZE], again[FINGERPRINT_SIZE];
    char shown[FINGERPRINT_TEXT];

    (void)fingerprint_read(fingerprint, text);
    if (fingerprint_parse(fingerprint, text) != NULL)
        return;
    fingerprint_format(fingerprint, shown);
    CHECK(fingerprint_parse(again, shown) == NULL && memcmp(fingerprint, again, sizeof again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);

    check_version(text);
    check_suites(text);
    check_words(data, size);
    check_network(text);
    check_date(text);
    check_fingerprint(text);
    (void)suites_name_is_ephemeral(text);
    (void)socket_form_check(text);
    free(text);
    return 0;
}
