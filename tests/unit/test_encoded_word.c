/* SPDX-License-Identifier: BSD-2-Clause */
/* Encoded words. A row is a text and what it decodes to; NULL: it has none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "policy/facts/encoded_word.h"

struct row {
    const char *text, *apart, *together; /* NULL for `together`: the same */
};

static const struct row rows[] = {
    {"", NULL, NULL},
    {"a@b", NULL, NULL},
    {"=?", NULL, NULL},
    {"=?utf-8", NULL, NULL},
    {"=?utf-8?", NULL, NULL},
    {"=?utf-8?q", NULL, NULL},
    {"=?utf-8?1?x?=", NULL, NULL},
    {"=?utf-8?q?abc?=", "abc", NULL},
    {"=?UTF-8?Q?a=62_c?=", "ab c", NULL},
    {"=?utf-8?q?=3?=", "=3", NULL},
    {"=?utf-8?q?=gg=?=", "=gg=", NULL},
    {"=?utf-8?q?" "?=", "", NULL},
    {"<=?utf-8?q?a?=@=?utf-8?q?b?=>", "<a@b>", NULL},
    {"x =?utf-8?q?a?= y", "x a y", NULL},
    {"=?utf-8?q?a?= =?utf-8?q?b?=", "ab", NULL},
    {"=?utf-8?q?a?=\r\n\t=?iso-8859-1?b?Yg==?=", "ab", NULL},
    {"=?utf-8?q?a?= x =?utf-8?q?b?=", "a x b", NULL},
    {"=?utf-8?b?YWI=?=", "ab", NULL},
    {"=?utf-8?b?YWI?=", "ab", NULL},
    {"=?utf-8?b?YQ==Yg==?=", "ab", NULL},
    {"=?utf-8?b?Y=WI=?=", "ab", NULL},
    {"=?utf-8*de?q?a?=", "a", NULL},
    {"=?iso-8859-1?q?=FC?=", "\xc3\xbc", NULL},
    {"=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "\xef\xbf\xbd\xef\xbf\xbd", "\xc3\xbc"},
    {"=?iso-2022-jp?b?GyRCIXc=?= =?iso-2022-jp?q?ab?=", "\xef\xbc\xa0" "ab", "\xef\xbc\xa0\xe7\x97\xb0"},
    {"=?utf-7?q?a+AEA-b?=", "a@b", NULL},
    {"=?utf-16be?b?AGEAQA==?=", "a@", NULL},
    {"=?ibm037?q?=81=7C=82?=", "a@b", NULL},
    {"=?utf-16be?q?=00a=00=00=00b?=", "ab", NULL},
    {"=?nosuch?q?=FC?=", "\xfc", NULL},
    {"=?EBCDIC-US?q?=81=82?=", "ab", NULL},
    {"=?csIBM1140?q?=81=82?=", "ab", NULL},
    {"=?u7?q?+AGE-b?=", "ab", NULL},
    {"=?CP65000?q?+AGE-b?=", "ab", NULL},
    {"=?utf-8?q?a b?=", "a b", NULL},
    {"=?=?utf-8?q?b?=", "=?b", NULL},
};

static void s20_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (enum encoded_reading reading = ENCODED_APART; reading <= ENCODED_STRICT; reading++) {
            const char *wanted = rows[i].apart;
            char *decoded;

            if (reading == ENCODED_TOGETHER && rows[i].together != NULL)
                wanted = rows[i].together;
            assert_true(encoded_words_decode(rows[i].text, reading, &decoded));
            if ((decoded == NULL) != (wanted == NULL) || (wanted != NULL && strcmp(decoded, wanted) != 0))
                fail_msg("%s: %s, not %s", rows[i].text, decoded != NULL ? decoded : "none", wanted != NULL ? wanted : "none");
            free(decoded);
        }
    }
}

/* As a program shows them that knows no character set, and as one that ends an address at a blank. */
static void s20_octets_and_blanks(void **state)
{
    static const struct {
        const char *text, *octets, *spaced;
    } words[] = {
        {"a@b", NULL, NULL},
        {"=?ibm037?q?ab?=", "ab", "/\xc3\x82"},
        {"=?utf-16be?q?=00a=00b?=", "ab", "ab"},
        {"=?ucs-2?q?a=00b=00?=", "ab", "\xe6\x84\x80\xe6\x88\x80"},
        {"=?utf-8?q?a?= =?utf-8?q?b?=", "ab", "a b"},
        {"=?utf-8?q?a?=\r\n\t =?iso-8859-1?q?b?= c", "ab c", "a\r\n\t b c"},
        {"=?utf-8?q?a?==?utf-8?q?b?=", "ab", "ab"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        for (enum encoded_reading reading = ENCODED_OCTETS; reading <= ENCODED_SPACED; reading++) {
            const char *wanted = reading == ENCODED_OCTETS ? words[i].octets : words[i].spaced;
            char *decoded;

            assert_true(encoded_words_decode(words[i].text, reading, &decoded));
            if ((decoded == NULL) != (wanted == NULL) || (wanted != NULL && strcmp(decoded, wanted) != 0))
                fail_msg("%s: %s, not %s", words[i].text, decoded != NULL ? decoded : "none", wanted != NULL ? wanted : "none");
            free(decoded);
        }
    }
}

/* Words that swallow the "@" before the next one, if one takes them for words. */
static void s20_words_that_are_none(void **state)
{
    static const struct {
        const char *text, *apart, *strict; /* NULL: it has no word */
    } pairs[] = {
        {"=?utf-8?b?Y!W I=?=", "ab", NULL},
        {"=??q?x?=", "x", NULL},
        {"=?utf 8?q?x?=", "x", NULL},
        {"=?utf-7//x?q?+AGE-b?=", "ab", NULL},
        {"=?(utf!7?q?+AGE-b?=", "ab", NULL},
        {"=?utf-7,x?q?+AGE-b?=", "+AGE-b", NULL},
        {"=?utf-8,version=1?q?=FC?=", "\xfc", NULL},
        {"=?utf-8?x?a=62?=", "a=62", NULL},
        {"=?utf-8?q?a b", "a b", NULL},
        {"<=?utf-8?q?a>, b", "<a>, b", NULL},
        {"=?utf-8?q?a =?utf-8?q?b?=", "ab", "=?utf-8?q?a b"},
        {"=?utf-8?q?a=?utf-8?q?b?=", "ab", "=?utf-8?q?ab"},
        {"(=?x(?b?))\"YWI\"@=?utf-8?q?p.test?=", "(abp.test", "(=?x(?b?))\"YWI\"@p.test"},
        {"=?utf-8?b?YWI@=?utf-8?q?p.t est?=", "abp.t est", "=?utf-8?b?YWI@p.t est"},
        {"=?utf-8?b?YWI@?==?utf-8?q?p.test?=", "abp.test", "=?utf-8?b?YWI@?=p.test"},
        {"=?x.y?b?YWI@?==?utf-8?q?p.test?=", "abp.test", "=?x.y?b?YWI@?=p.test"},
        {"=?x?u?a@?==?utf-8?q?p.test?=", "a@p.test", "=?x?u?a@?=p.test"},
        {"=?x?q?a?@?==?utf-8?q?p.test?=", "a?@p.test", "=?x?q?a?@?=p.test"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char *decoded;

        assert_true(encoded_words_decode(pairs[i].text, ENCODED_APART, &decoded));
        assert_string_equal(decoded, pairs[i].apart);
        free(decoded);
        assert_true(encoded_words_decode(pairs[i].text, ENCODED_STRICT, &decoded));
        if (pairs[i].strict == NULL)
            assert_null(decoded);
        else
            assert_string_equal(decoded, pairs[i].strict);
        free(decoded);
    }
}

static void s26_count(void **state)
{
    (void)state;
    assert_int_equal(encoded_words_count(""), 0);
    assert_int_equal(encoded_words_count("=?"), 1);
    assert_int_equal(encoded_words_count("=?a?q?=?= =?a?q?b?="), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s20_words),
        cmocka_unit_test(s20_octets_and_blanks),
        cmocka_unit_test(s20_words_that_are_none),
        cmocka_unit_test(s26_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
