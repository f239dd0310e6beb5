/* SPDX-License-Identifier: BSD-2-Clause */
/* Which characters show nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include "policy/names/invisible.h"

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

static void described(void **state)
{
    static const struct {
        int32_t character;
        const char *text; /* NULL: it is visible, or ASCII */
        bool blank;
    } named[] = {
        { 0xA0, "a no-break space (U+00A0)", true },
        { 0xAD, "a soft hyphen (U+00AD)", false },
        { 0x1680, "an ogham space mark (U+1680)", true },
        { 0x200B, "a zero width space (U+200B)", false },
        { 0x202E, "a right-to-left override (U+202E)", false },
        { 0x2065, "an invisible character (U+2065)", false },
        { 0x2800, "a braille pattern blank (U+2800)", true },
        { 0x3000, "an ideographic space (U+3000)", true },
        { 0xFEFF, "a zero width no-break space (U+FEFF)", false },
        { 0xE0020, "a tag space (U+E0020)", false },
        { ' ', NULL, false },
        { '\n', NULL, false },
        { 0x85, NULL, false },
        { 0xE9, NULL, false },
        { 0x2013, NULL, false },
        { -1, NULL, false },
    };
    char text[INVISIBLE_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        assert_int_equal(is_invisible(named[i].character), named[i].text != NULL);
        assert_int_equal(is_invisible_blank(named[i].character), named[i].blank);
        if (named[i].text == NULL)
            continue;
        invisible_describe(text, named[i].character);
        assert_string_equal(text, named[i].text);
    }
}

/* Every name fits. */
static void all_described(void **state)
{
    char text[INVISIBLE_TEXT];

    (void)state;
    for (int32_t character = 0; character <= 0x10FFFF; character++) {
        if (!is_invisible(character))
            continue;
        invisible_describe(text, character);
        assert_true(strlen(text) > 15);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        { "characters that show nothing go", what_shows_nothing_goes, NULL, NULL, NULL },
        { "characters that show nothing go in place", in_place, NULL, NULL, NULL },
        { "characters that show nothing by name", described, NULL, NULL, NULL },
        { "names of all characters that show nothing", all_described, NULL, NULL, NULL },
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
