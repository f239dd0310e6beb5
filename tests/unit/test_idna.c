/* SPDX-License-Identifier: BSD-2-Clause */
/* Domains as the MTA converts them: what Postfix makes of names, and many names against ICU itself. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unicode/utf8.h>
#include "policy/names/domain.h"
#include "policy/names/idna.h"
#include "tests/lib/uts46.h"

/* `ascii` is what Postfix 3.7.11 makes of the name (midna_domain_to_ascii); NULL: it does not take it. */
static const struct {
    const char *name, *ascii, *text;
} rows[] = {
    /* symbols, and the selector that makes a picture of one */
    {"i\u2764.example", "xn--i-7iq.example", NULL},
    {"i\u2764\ufe0f.example", "xn--i-7iq.example", NULL},
    {"I\u2764.EXAMPLE", "xn--i-7iq.example", NULL},
    {"\u2665.test", "xn--g6h.test", NULL},
    {"\U0001f600.test", "xn--e28h.test", NULL},
    {"\U0001f1e9\U0001f1ea.test", "xn--h77hc.test", NULL},
    /* joiners are letters, behind any letter */
    {"\U0001f468\u200d\U0001f469\u200d\U0001f467.test", "xn--1uga80807abag.test", NULL},
    {"a\u200cb.test", "xn--ab-j1t.test", NULL},
    {"a\u200db.test", "xn--ab-m1t.test", NULL},
    /* scripts of Unicode 6.1 (Chakma), 8 and 9 (Adlam), 11 (Medefaidrin) */
    {"\U00011103.test", "xn--i70d.test", NULL},
    {"\U0001e900.test", "xn--9d6h.test", NULL},
    {"\U0001e922.test", "xn--9d6h.test", NULL},
    {"\U00016e60.test", "xn--eq0f.test", NULL},
    /* sharp s stays what it is */
    {"stra\u00dfe.test", "xn--strae-oqa.test", NULL},
    {"STRA\u00dfE.test", "xn--strae-oqa.test", NULL},
    {"\u03c3\u03c2.test", "xn--3xab.test", NULL},
    /* compatibility forms, and characters that are ignored */
    {"\uff50artner.test", "partner.test", NULL},
    {"\uff30\uff21\uff32\uff34\uff2e\uff25\uff32\uff0e\uff34\uff25\uff33\uff34", "partner.test", NULL},
    {"\U0001d429artner.test", "partner.test", NULL},
    {"\u24c5artner.test", "partner.test", NULL},
    {"\u017ftest\u212a.test", "stestk.test", NULL},
    {"part\u00adner.test", "partner.test", NULL},
    {"part\u200bner.te\u2060st", "partner.test", NULL},
    {"p\u034fartner.\ufefftest\ufe00", "partner.test", NULL},
    {"mu\u0308ller.test", "xn--mller-kva.test", NULL},
    /* full stops of other scripts */
    {"a\u3002\u00fc\uff0etest", "a.xn--tda.test", NULL},
    {"a\uff61\u00fc.test", "a.xn--tda.test", NULL},
    /* A-labels beside U-labels */
    {"XN--MLLER-KVA.m\u00fcller.test", "xn--mller-kva.xn--mller-kva.test", NULL},
    {"\uff58n--mller-kva.test", "xn--mller-kva.test", NULL},
    {"a_\u00fc.test", "xn--a_-yka.test", NULL},
    {"_a.\u00fc.test", "_a.xn--tda.test", NULL},
    /* the rules for letters of both directions do not count, digits are of any script */
    {"\u05d0a.test", "xn--a-zhc.test", NULL},
    {"1\u05d0.test", "xn--1-0hc.test", NULL},
    {"\u0661\u0662.test", "xn--9hbc.test", NULL},
    {"12.\u00fc", "12.xn--tda", NULL},
    /* what Postfix does not take: the label stays */
    {"ab--\u00fc.test", NULL, "ab--\u00fc.test"},
    {"ab--c.\u00fc.test", NULL, "ab--c.xn--tda.test"},
    {"-\u00fc.test", NULL, "-\u00fc.test"},
    {"\u00fc-.test", NULL, "\u00fc-.test"},
    {"\u0301a.test", NULL, "\u0301a.test"},
    {"\ue000.test", NULL, "\ue000.test"},
    {"xn--a.\u00fc.test", NULL, "xn--a.xn--tda.test"},
    {"xn--u-ccb.\u00fc", NULL, "xn--u-ccb.xn--tda"}, /* not in normal form */
    /* empty labels: the invisible character is as if it were not there */
    {"partner.test.\u200b", NULL, "partner.test"},
    {"partner.test\u3002\u00ad\u3002\u2060", NULL, "partner.test"},
    {"\u00fc..", NULL, "xn--tda"},
    {"a.\u00ad.partner.test", NULL, "a..partner.test"},
    {"\u00ad.partner.test", NULL, ".partner.test"},
    {"\u200b", NULL, ""},
    {"\u200b.\u2060", NULL, ""},
};

static void s23_one_domain_as_postfix_converts_it(void **state)
{
    struct domain domain;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *name = rows[i].name, *text = rows[i].ascii != NULL ? rows[i].ascii : rows[i].text;
        enum domain_form form = domain_normalise(&domain, name, strlen(name));

        if (strcmp(domain.text, text) != 0)
            fail_msg("%s: %s, not %s", name, domain.text, text);
        if (rows[i].ascii != NULL && form != DOMAIN_VALID)
            fail_msg("%s is not valid", name);
    }
}

/* A policy may name what Postfix takes, and the A-label that it makes of it is the same entry. */
static void s23_a_policy_can_name_it(void **state)
{
    struct domain named, again;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *fault = domain_check(&named, rows[i].name);

        if (rows[i].ascii == NULL)
            continue;
        if (fault != NULL)
            fail_msg("%s %s", rows[i].name, fault);
        assert_null(domain_check(&again, rows[i].ascii));
        assert_string_equal(named.text, again.text);
    }
}

/*
 * Capital sharp s is "ss" up to Unicode 15.0, and the small one from 15.1 on: ICU
 * decides, for Postfix and for us.
 */
static void s23_capital_sharp_s(void **state)
{
    static const char name[] = "STRA\u1e9eE.test";
    struct domain domain;
    char ascii[256] = "";

    (void)state;
    assert_true(uts46_name(ascii, sizeof(ascii) - 1, name, strlen(name)) > 0);
    assert_int_equal(domain_normalise(&domain, name, strlen(name)), DOMAIN_VALID);
    assert_string_equal(domain.text, ascii);
    if (strcmp(ascii, "strasse.test") != 0)
        assert_string_equal(ascii, "xn--strae-oqa.test");
}

/* The DNS compares A-labels: one that decodes to letters not in normal form is another name. */
static void s23_a_labels_are_not_decoded(void **state)
{
    static const char *const names[] = {"xn--u-ccb.test", "xn--strae-oqa.test", "xn--zzzzzz99999.test",
                                        "xn--abc-.test",  "xn--.test-",         "ab--cd.test",
                                        "xn--a.test"};
    struct domain domain;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        domain_normalise(&domain, names[i], strlen(names[i]));
        assert_string_equal(domain.text, names[i]);
    }
}

/* ---- many names ---- */

static const char *const pieces[] = {
    "a",
    "b",
    "Z",
    "7",
    "-",
    "_",
    "--",
    "xn--",
    "xn--tda",
    "xn--a",
    "XN--TDA",
    ".",
    ".",
    ".",
    ".",
    "\u3002",
    "\uff0e",
    "\uff61",
    "\u2024",
    "\u2488",
    "\u00fc",
    "\u00dc",
    "u",
    "\u0308",
    "\u00df",
    "\u1e9e",
    "\u03c2",
    "\u00ad",
    "\u200b",
    "\u2060",
    "\ufe0f",
    "\u200c",
    "\u200d",
    "\u034f",
    "\ufeff",
    "\uff21",
    "\u0130",
    "\u0131",
    "\u05d0",
    "\u0627",
    "\u0661",
    "\u0967",
    "\u1112",
    "\u1161",
    "\u11ab",
    "\ud55c",
    "\u30cf",
    "\u3099",
    "\uff8a",
    "\uff9e",
    "\u2764",
    "\u6771",
    "\ufdfa",
    "\u2100",
    "\u00a0",
    "\ue000",
    "\u0378",
    "\u0f73",
    "\u0338",
    "\U0001f600",
    "=",
    " ",
    "\u3164",
    "\u0c56",
    "\u0cc6",
    "\u0cc2",
    "\u0cd5",
    "\u1fa2",
    "\u0345",
    "\u0301",
    "\u0316",
    "\U00011131",
    "\xff",
    "\xe3\x80",
    "\xc3",
    "@",
    "\u0640",
    "\U0001d400",
    "\u2f00",
    "\ufa0e",
    "\U000e0041",
    "abcdefghijklmnopqrstuvwxyz",
    "\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b",
};

static uint32_t random_below(uint32_t *seed, uint32_t limit)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % limit;
}

static size_t random_name(uint32_t *seed, char *name)
{
    size_t length = 0;
    uint32_t count = 1 + random_below(seed, 12);

    while (count-- > 0) {
        const char *piece = pieces[random_below(seed, sizeof(pieces) / sizeof(pieces[0]))];

        strcpy(name + length, piece);
        length += strlen(piece);
    }
    return length;
}

/* Where ICU takes the whole name, the text is ICU's; an odd label in front changes nothing behind it. */
static void s23_label_by_label_is_the_whole_name(void **state)
{
    char name[1024], odd[1100], ascii[1024];
    unsigned taken = 0;
    uint32_t seed = 23;
    long run;

    (void)state;
    for (run = 0; run < 30000; run++) {
        size_t length = random_name(&seed, name);
        int made = uts46_name(ascii, sizeof(ascii), name, length), size;
        struct domain domain;

        if (made < 0)
            continue;
        taken++;
        while (made > 0 && ascii[made - 1] == '.')
            made--;
        domain_normalise(&domain, name, length);
        if (domain.length != made || memcmp(domain.text, ascii, (size_t)made) != 0)
            fail_msg("%s: %s, not %.*s", name, domain.text, made, ascii);
        size = snprintf(odd, sizeof(odd), "\ue000%s%s", run % 2 == 0 ? "." : "\u3002", name);
        domain_normalise(&domain, odd, (size_t)size);
        if (domain.length != made + 4 || memcmp(domain.text + 4, ascii, (size_t)made) != 0)
            fail_msg("%s: %s, does not end in %.*s", odd, domain.text, made, ascii);
    }
    assert_true(taken > 2500);
}

/* Of all characters: alone, in a label, between labels. */
static void s23_every_character(void **state)
{
    static const struct {
        const char *before, *behind;
    } frames[] = {{"", ""}, {"a", ".test"}, {"a.", ".test"}, {"x", "y"}};
    char octets[8], name[64], ascii[256];
    struct domain domain;
    long character; /* every ninth of most; the fuzzer finds the others */
    size_t i;

    (void)state;
    for (character = 1; character < 0x110000;
         character += character < 0x3400 || character > 0xf900 ? 9 : 61) {
        UChar32 point = (UChar32)character;
        size_t length = 0;

        if (character >= 0xd800 && character < 0xe000)
            continue;
        if (character > 0x20000 && character < 0xe0000 && character % 64 != 0)
            continue;
        U8_APPEND_UNSAFE(octets, length, point);
        octets[length] = '\0';
        for (i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
            int size = snprintf(name, sizeof(name), "%s%s%s", frames[i].before, octets, frames[i].behind);
            int made = uts46_name(ascii, sizeof(ascii), name, (size_t)size);

            while (made > 0 && ascii[made - 1] == '.')
                made--;
            domain_normalise(&domain, name, (size_t)size);
            if (made >= 0 && (domain.length != made || memcmp(domain.text, ascii, (size_t)made) != 0))
                fail_msg("U+%04lX: %s: %s, not %.*s", character, name, domain.text, made, ascii);
        }
    }
}

/* ---- long ones ---- */

static void fill(char *name, size_t length, const char *piece)
{
    size_t i, size = strlen(piece);

    for (i = 0; i < length; i++)
        name[i] = piece[i % size];
}

/* Characters that vanish may be any number. */
static void s23_a_long_spelling_of_a_short_name(void **state)
{
    static char name[60000];
    struct domain domain;

    (void)state;
    fill(name, sizeof(name), "\u00ad");
    memcpy(name, "pa", 2);
    memcpy(name + sizeof(name) - 10, "rtner.test", 10);
    assert_int_equal(domain_normalise(&domain, name, sizeof(name)), DOMAIN_VALID);
    assert_string_equal(domain.text, "partner.test");
    fill(name, sizeof(name), ".\u200b");
    memcpy(name, "partner.test", 12);
    assert_int_equal(domain_normalise(&domain, name, sizeof(name)), DOMAIN_VALID);
    assert_string_equal(domain.text, "partner.test");
}

/* ICU's time is quadratic in marks: one long name of them takes it longer than us a name of every kind. */
static void s23_long_names_take_linear_time(void **state)
{
    static const char *const kinds[] = {"\u0316\u0301", "\u4e00\u4e8c\u4e09\u56db\u4e94",
                                        "\ufdfa",       "\u00ad",
                                        "\u200d",       "\u0f73",
                                        "\u00fc.",      "\u00ad.",
                                        "\xff",         "\u1161",
                                        "a\u0301",      "\U0001f600",
                                        "xn--\u00fc"};
    static char name[30000], ascii[60000];
    struct domain domain;
    clock_t begun = clock(), icu;
    size_t i;

    (void)state;
    fill(name, sizeof(name), kinds[0]);
    (void)uts46_name(ascii, sizeof(ascii), name, sizeof(name));
    icu = clock() - begun;
    if (icu < CLOCKS_PER_SEC / 50)
        skip(); /* this ICU does better */
    begun = clock();
    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        fill(name, sizeof(name), kinds[i]);
        assert_int_not_equal(domain_normalise(&domain, name, sizeof(name)), DOMAIN_UNREAD);
    }
    assert_true(clock() - begun < icu);
}

static void s23_labels_at_the_limit(void **state)
{
    char name[512], ascii[512];
    struct domain domain;
    int count;

    (void)state;
    for (count = 1; count < 120; count++) {
        size_t length = 0;
        int i, made;

        for (i = 0; i < count; i++, length += 3)
            memcpy(name + length, "\u4e00", 3);
        made = uts46_name(ascii, sizeof(ascii), name, length);
        assert_int_equal(domain_normalise(&domain, name, length) == DOMAIN_VALID, made >= 0);
        if (made >= 0)
            assert_memory_equal(domain.text, ascii, (size_t)made);
        for (length = 0, i = 0; i < count; i++, length += 3)
            memcpy(name + length, "e\u0301", 3);
        made = uts46_name(ascii, sizeof(ascii), name, length);
        assert_int_equal(domain_normalise(&domain, name, length) == DOMAIN_VALID, made >= 0);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        {"S23 f one domain, as Postfix converts it", s23_one_domain_as_postfix_converts_it, NULL, NULL, NULL},
        {"S23 f a policy can name it", s23_a_policy_can_name_it, NULL, NULL, NULL},
        {"S23 f capital sharp s is what ICU makes of it", s23_capital_sharp_s, NULL, NULL, NULL},
        {"S23 f A-labels are not decoded", s23_a_labels_are_not_decoded, NULL, NULL, NULL},
        {"S23 f label by label is the whole name", s23_label_by_label_is_the_whole_name, NULL, NULL, NULL},
        {"S23 f every character", s23_every_character, NULL, NULL, NULL},
        {"S23 f a long spelling of a short name", s23_a_long_spelling_of_a_short_name, NULL, NULL, NULL},
        {"S23 f long names take linear time", s23_long_names_take_linear_time, NULL, NULL, NULL},
        {"S23 f labels at the limit", s23_labels_at_the_limit, NULL, NULL, NULL},
    };

    return idna_load() != NULL ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
