/* SPDX-License-Identifier: BSD-2-Clause */
/* Which characters show nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include "policy/invisible.h"

static const struct {
    const char *text, *left;
} rows[] = {
    { "partner.test", "partner.test" },
    { "", "" },
    { " part\tner\r\n.te\x7f\x01st ", "partner.test" },
    { "part\xc2\xadner", "partner" },                  /* U+00AD soft hyphen */
    { "part\xcd\x8fner", "partner" },                  /* U+034F combining grapheme joiner */
    { "part\xd8\x9cner", "partner" },                  /* U+061C Arabic letter mark */
    { "part\xe1\xa0\x8ener", "partner" },              /* U+180E Mongolian vowel separator */
    { "partner.test.\xe2\x80\x8b", "partner.test." },  /* U+200B zero width space */
    { "\xe2\x80\x8c\xe2\x80\x8d\xe2\x80\x8e\xe2\x80\x8fx", "x" }, /* joiners, directions */
    { "a\xe2\x81\xa0" "b\xef\xbb\xbf" "c", "abc" },    /* U+2060 word joiner, U+FEFF */
    { "a\xe3\x85\xa4" "b\xef\xbe\xa0" "c", "abc" },    /* Hangul fillers */
    { "a\xef\xb8\x8f" "b\xf3\xa0\x84\x80" "c", "abc" }, /* variation selectors */
    { "a\xf3\xa0\x81\xa1" "b", "ab" },                 /* U+E0061 tag */
    { "a\xc2\xa0" "b\xe2\x80\x83" "c\xe3\x80\x80" "d\xe2\x80\xa8" "e", "abcde" }, /* blanks */
    { "a\xe2\xa0\x80" "b", "ab" },                     /* U+2800 blank Braille pattern */
    { "a\xef\xbf\xb9" "b", "ab" },                     /* U+FFF9 interlinear annotation */
    { "m\xc3\xbcller\xe2\x9d\xa4.test", "m\xc3\xbcller\xe2\x9d\xa4.test" },
    { "\xff\xc2 \xe2\x80", "\xff\xc2\xe2\x80" },       /* no UTF-8 */
    { "\xc2\xad\xc2", "\xc2" },
};

static void what_shows_nothing_goes(void **state)
{
    size_t i, length;
    char text[64];

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        length = text_without_invisible(text, rows[i].text, strlen(rows[i].text));
        if (length != strlen(rows[i].left) || memcmp(text, rows[i].left, length) != 0)
            fail_msg("%s: %.*s", rows[i].text, (int)length, text);
    }
}

static void in_place(void **state)
{
    size_t i, length;
    char text[64];

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        strcpy(text, rows[i].text);
        length = text_without_invisible(text, text, strlen(text));
        if (length != strlen(rows[i].left) || memcmp(text, rows[i].left, length) != 0)
            fail_msg("%s: %.*s", rows[i].text, (int)length, text);
    }
    length = text_without_invisible(text, "a\0b", 3);
    assert_int_equal(length, 2);
    assert_memory_equal(text, "ab", 2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        { "characters that show nothing go", what_shows_nothing_goes, NULL, NULL, NULL },
        { "characters that show nothing go in place", in_place, NULL, NULL, NULL },
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
