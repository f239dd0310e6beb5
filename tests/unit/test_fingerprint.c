/* SPDX-License-Identifier: BSD-2-Clause */
/* Fingerprints as text. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "policy/names/fingerprint.h"

#define HEX "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"
#define COLONS                                                                                               \
    "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:"                                                       \
    "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"

static void fingerprints_read(void **state)
{
    static const char *const good[] = {HEX, COLONS};
    static const char *const bad[] = {
        "",
        "00",
        HEX "0",
        HEX "00",
        "0" HEX,
        HEX ":",
        ":" HEX,
        COLONS ":",
        ":" COLONS,
        COLONS ":00",
        " " HEX,
        HEX " ",
        "sha256:" HEX,
        "0011223344556677:8899aabbccddeeff00112233445566778899AABBCCDDEEFF",
        "0g112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF",
        "+0112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF",
        "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE-FF",
        "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE::F",
        "00112233445566778899aabbccddeeff00112233",        /* SHA-1 */
        "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF", /* MD5 */
    };
    unsigned char fingerprint[FINGERPRINT_SIZE], before[FINGERPRINT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        memset(fingerprint, 0x5a, sizeof fingerprint);
        assert_true(fingerprint_read(fingerprint, good[i]));
        for (unsigned octet = 0; octet < FINGERPRINT_SIZE; octet++)
            assert_int_equal(fingerprint[octet], octet % 16 * 0x11);
    }
    memset(before, 0x5a, sizeof before);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        memset(fingerprint, 0x5a, sizeof fingerprint);
        if (fingerprint_read(fingerprint, bad[i]))
            fail_msg("%s was read", bad[i]);
        assert_memory_equal(fingerprint, before, sizeof before);
    }
}

static void fingerprints_of_a_policy(void **state)
{
    static const struct {
        const char *text, *part; /* part of what is wrong; NULL: good */
    } cases[] = {
        {"sha256:" HEX, NULL},
        {"sha256:" COLONS, NULL},
        {"SHA256:" COLONS, NULL},
        {HEX, "does not name its digest"},
        {COLONS, "does not name its digest"},
        {"md5:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF", "can be forged"},
        {"sha1:00112233445566778899aabbccddeeff00112233", "can be forged"},
        {"SHA1 Fingerprint=00", "can be forged"},
        {"sha512:" HEX HEX, "not compared"},
        {"sha384:" HEX, "not compared"},
        {"sha256:", "64 hexadecimal digits"},
        {"sha256:00", "64 hexadecimal digits"},
        {"sha256:" HEX "00", "64 hexadecimal digits"},
        {"sha256: " HEX, "64 hexadecimal digits"},
        {"sha256:ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8=", "64 hexadecimal digits"},
        {"sha256 Fingerprint=" COLONS, NULL}, /* OpenSSL 3 */
        {"SHA256 Fingerprint=" COLONS, NULL}, /* OpenSSL 1.1 */
        {"SHA256 Fingerprint=" HEX, NULL},
        {"SHA2-256(stdin)= " HEX, NULL},
        {"SHA256(contoso.der)= " COLONS, NULL},
        {"sha256 Fingerprint=00:11", "64 hexadecimal digits"},
        {"sha256 " HEX, "is not a fingerprint"},
        {"sha256=" HEX, NULL},
        {"sha256 Fingerprint = " HEX, NULL},
        {"(stdin)= " HEX, "is not a fingerprint"},
        {"00112233445566778899aabbccddeeff00112233", "a SHA-1 fingerprint"},
        {"00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33", "a SHA-1 fingerprint"},
        {"00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff 00 11 22 33", "a SHA-1 fingerprint"}, /* Windows */
        {"sha256:00112233445566778899aabbccddeeff00112233", "as long as a SHA-1"},
        {"SHA1 Fingerprint=00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33",
         "a SHA-1 fingerprint"},
        {"00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF", "an MD5 fingerprint"},
        {"MD5 Fingerprint=00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF", "an MD5 fingerprint"},
        {HEX HEX, "a SHA-512 fingerprint"},
        {HEX "00112233445566778899aabbccddeeff", "a SHA-384 fingerprint"},
        {"sha256/ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8=", "HPKP"},
        {"pin-sha256:ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8=", "HPKP"},
        {"sha256", "is not a fingerprint"},
        {"", "is not a fingerprint"},
        {"contoso.pem", "is not a fingerprint"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char fingerprint[FINGERPRINT_SIZE] = {0xee};
        const char *wrong = fingerprint_parse(fingerprint, cases[i].text);

        if (cases[i].part == NULL ? wrong != NULL : wrong == NULL || strstr(wrong, cases[i].part) == NULL)
            fail_msg("%s: %s", cases[i].text, wrong == NULL ? "good" : wrong);
        assert_int_equal(fingerprint[0], wrong == NULL ? 0 : 0xee);
    }
}

static void fingerprints_written(void **state)
{
    unsigned char fingerprint[FINGERPRINT_SIZE], again[FINGERPRINT_SIZE];
    char text[FINGERPRINT_TEXT];

    (void)state;
    for (unsigned i = 0; i < FINGERPRINT_SIZE; i++)
        fingerprint[i] = (unsigned char)(i * 8 + 7);
    fingerprint_format(fingerprint, text);
    assert_int_equal(strlen(text), FINGERPRINT_TEXT - 1);
    assert_memory_equal(text, "sha256:07:0F:17:", 16);
    assert_null(fingerprint_parse(again, text));
    assert_memory_equal(again, fingerprint, sizeof again);
}

static void fingerprints_guessed(void **state)
{
    static const char *const good[] = {
        HEX,
        COLONS,
        "sha256: " HEX,
        " " HEX " ",
        "\xe2\x80\x8e" HEX,
        "\"" HEX "\"",
        "00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff 00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff",
        "00-11-22-33-44-55-66-77-88-99-aa-bb-cc-dd-ee-ff-00-11-22-33-44-55-66-77-88-99-aa-bb-cc-dd-ee-ff",
        "sha256/ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8=",
        "sha256/ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8",
        "pin-sha256=\"ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8=\"",
        "SHA256:ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8",
        "sha256//ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8=", /* of curl(1) */
        "0x" HEX,
        "sha256:0x" HEX,
        "Fingerprint (SHA-256): " COLONS,
        "SHA256 Fingerprint: " HEX,
        "{SHA256}" HEX,
        "Thumbprint: " HEX,
        "3 1 1 " HEX,
        "_25._tcp.mx.contoso.com. 3600 IN TLSA 3 0 1 " HEX,
    };
    static const char *const bad[] = {
        "",
        "contoso.pem",
        HEX "0",
        HEX HEX,
        "sha1:" HEX,
        "sha512:" HEX,
        "sm3:" HEX,
        "SHA3-256 Fingerprint: " HEX,
        "MD5 print: " HEX,
        "serial: " HEX,
        "3 1 2 " HEX,
        "3 2 1 " HEX,
        "4 1 1 " HEX,
        "0x0x" HEX,
        "sha256/",
        "sha256/ABEi",
        "sha256:",
        "sha256/ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8=x",
        "ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8=",
        "00112233445566778899aabbccddeeff00112233",
        "pin-sha256",
        "\xe2\x80\x8e",
    };
    unsigned char fingerprint[FINGERPRINT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        memset(fingerprint, 0x5a, sizeof fingerprint);
        if (!fingerprint_guess(fingerprint, good[i]))
            fail_msg("%s is not seen", good[i]);
        for (unsigned octet = 0; octet < FINGERPRINT_SIZE; octet++)
            assert_int_equal(fingerprint[octet], octet % 16 * 0x11);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        fingerprint[0] = 0x5a;
        if (fingerprint_guess(fingerprint, bad[i]))
            fail_msg("%s is taken", bad[i]);
        assert_int_equal(fingerprint[0], 0x5a);
    }
}

static void flaws_named(void **state)
{
    static const struct {
        const char *text, *flaw;
    } rows[] = {
        {"sha256:AABB", "; here are 4"},
        {"sha256:AA:BB:C", "; here are 5"},
        {"sha256:" HEX "00", "; here are 66"},
        {"sha256:0O", "; \"O\" is none"},
        {"sha256:", ""},
        {"sha256:" HEX, ""},
        {"sha1:AABB", ""},
        {"AABB", ""},
        {"sha256:\t", ""},
    };
    char flaw[FINGERPRINT_FLAW];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fingerprint_flaw(rows[i].text, flaw);
        assert_string_equal(flaw, rows[i].flaw);
    }
    assert_true(fingerprint_is_of_key("3 1 1 " HEX));
    assert_true(fingerprint_is_of_key("sha256//x"));
    assert_false(fingerprint_is_of_key("3 0 1 " HEX));
    assert_false(fingerprint_is_of_key("sha256:" HEX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fingerprints_read),
        cmocka_unit_test(fingerprints_of_a_policy),
        cmocka_unit_test(fingerprints_guessed),
        cmocka_unit_test(flaws_named),
        cmocka_unit_test(fingerprints_written),
    };

    return cmocka_run_group_tests_name("fingerprint", tests, NULL, NULL);
}
