/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The From header fields. A row is a field and the domains that it adds,
 * separated by blanks; NULL: it does not parse.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "policy/header_from.h"

struct row {
    const char *value, *domains;
};

static void check_rows(const struct row *rows, size_t count)
{
    char domains[1024];
    size_t i, k;

    for (i = 0; i < count; i++) {
        struct header_from from = { 0 };

        header_from_add(&from, rows[i].value);
        domains[0] = '\0';
        for (k = 0; k < from.count; k++)
            strcat(strcat(domains, k > 0 ? " " : ""), from.domains[k].text);
        if (rows[i].domains == NULL && (from.unparsed == NULL || strcmp(from.unparsed, rows[i].value) != 0))
            fail_msg("%s: parsed, %s", rows[i].value, domains);
        if (rows[i].domains != NULL && from.unparsed != NULL)
            fail_msg("%s: does not parse", rows[i].value);
        if (strcmp(domains, rows[i].domains != NULL ? rows[i].domains : "") != 0)
            fail_msg("%s: %s", rows[i].value, domains);
        assert_false(from.cut || from.exhausted);
        header_from_clear(&from);
    }
}

#define ROWS(name, ...)                                                \
    static void name(void **state)                                     \
    {                                                                  \
        static const struct row rows[] = { __VA_ARGS__ };              \
                                                                       \
        (void)state;                                                   \
        check_rows(rows, sizeof(rows) / sizeof(rows[0]));              \
    }

ROWS(s13_addresses,
    { "a@partner.test", "partner.test" },
    { " <a@Partner.TEST.> ", "partner.test" },
    { "A. N. Other <a@partner.test>", "partner.test" },
    { "\"Other, A.\" <a@partner.test>", "partner.test" },
    { "a@one.test, b@two.test", "one.test two.test" },
    { "A <a@one.test>,B <b@two.test>,\r\n\tc@one.test", "one.test two.test one.test" },
    { "M\xc3\xbcller <a@m\xc3\xbcller.test>", "xn--mller-kva.test" },
    { "\"a b\"@partner.test", "partner.test" },
    { "\"a@evil.test\"@partner.test", "partner.test" },
    { "\"a\\\"b\" . c@partner.test", "partner.test" },
    { "<@x.test,@y.test:a@partner.test>", "partner.test" },
    { "<@[192.0.2.1]:a@partner.test>", "partner.test" })

ROWS(s13_comments_folds_and_quoted_pairs,
    { "(c) a (c) @ (c) partner (c) . (c) test (c)", "partner.test" },
    { "a@partner.test (A (nested (x@evil.test)) \\) \\( )", "partner.test" },
    { "a\r\n @partner.\r\n test", "partner.test" },
    { "A\r\n <a@partner.test>", "partner.test" },
    { "A (,) B <(>)a@partner.test(;)>", "partner.test" },
    { "a\\@b@partner.test", "partner.test" },
    { "\\a@part\\ner.test", "partner.test" },
    { "a@\"partner\".test", "partner.test" },
    { "a@partner.test(\")", "partner.test" })

ROWS(s13_groups,
    { "undisclosed-recipients:;", "" },
    { "G: ;", "" },
    { "G:a@one.test, B <b@two.test>;", "one.test two.test" },
    { "a@one.test, G: b@two.test; , c@three.test", "one.test two.test three.test" },
    { "\"G, H\":(c)a@one.test(c);(c)", "one.test" },
    { "G:a@one.test,;", "one.test" },
    { "G: a@partner.test", NULL },
    { "G: H: a@partner.test;;", NULL },
    { "G: a@one.test; b@partner.test", NULL },
    { ": a@partner.test;", NULL },
    { "a@partner.test;", NULL })

ROWS(s14_display_names,
    { "\"a@partner.test\" <x@evil.test>", "evil.test" },
    { "\"A <a@partner.test>\" <x@evil.test>", "evil.test" },
    { "x@evil.test (a@partner.test)", "evil.test" },
    { "=?utf-8?Q?a=40partner.test?= <x@evil.test>", "evil.test" },
    { "=?utf-8?Q?a@partner.test?= <x@evil.test>", "evil.test" },
    { "=?utf-8?B?YUBwYXJ0bmVyLnRlc3Q=?= <x@evil.test>", "evil.test" },
    { "=?utf-8?Q?Doe,_John?= <x@evil.test>", "evil.test" },
    { "[list] A <x@evil.test>", "evil.test" },
    { "x@evil.test <x@evil.test>", "evil.test" },
    { "y@EVIL.test. <x@evil.test>", "evil.test" },
    { "a@partner.test <x@evil.test>", NULL },
    { "=?utf-8?Q?<a@partner.test>?= <x@evil.test>", NULL })

ROWS(s15_nobody,
    { "", "" },
    { " \r\n ", "" },
    { "(comment)", "" },
    { "<>", "" },
    { "A <>", "" },
    { "root", "" },
    { "<root>", "" },
    { "Doe, John <a@partner.test>", "partner.test" },
    { "a@[192.0.2.1]", "" },
    { "<a@[IPv6:2001:db8::1]>", "" },
    { "a@[partner.test]", "partner.test" },
    { "a@one.test,", "one.test" },
    { ",a@one.test", "one.test" })

ROWS(s15_does_not_parse,
    { "a@partner.test b@two.test", NULL },
    { "<a@partner.test> <b@two.test>", NULL },
    { "<a@one.test> b", NULL },
    { "a@one.test,,b@two.test", NULL },
    { ",,a@one.test", NULL },
    { "\"A <a@partner.test>", NULL },
    { "A\" <a@partner.test>", NULL },
    { "(A <a@partner.test>", NULL },
    { "A) <a@partner.test>", NULL },
    { "<a@partner.test", NULL },
    { "a@partner.test>", NULL },
    { "<<a@partner.test>>", NULL },
    { "<a@b@partner.test>", NULL },
    { "a@b@partner.test", NULL },
    { "<a b@partner.test>", NULL },
    { "a b@partner.test", NULL },
    { "<mailto:a@partner.test>", NULL },
    { "@partner.test", NULL },
    { "<@partner.test>", NULL },
    { "a@", NULL },
    { "<a@>", NULL },
    { "a@[192.0.2.1", NULL },
    { "a@partner.test]", NULL },
    { "[A <a@partner.test>", NULL },
    { "a@\"x@partner.test\"", NULL },
    { "a@partner.test\\", NULL },
    { "a@one.test, b@two.test, <", NULL },
    { "John Doe", NULL })

static void s13_every_field(void **state)
{
    struct header_from from = { 0 };

    (void)state;
    header_from_add(&from, "a@one.test");
    header_from_add(&from, "b@two.test");
    header_from_add(&from, "<c@three.test");
    header_from_add(&from, "d@four.test");
    header_from_add(&from, "<e@five.test");
    assert_int_equal(from.count, 3);
    assert_string_equal(from.domains[0].text, "one.test");
    assert_string_equal(from.domains[2].text, "four.test");
    assert_string_equal(from.unparsed, "<c@three.test\n<e@five.test");
    header_from_clear(&from);
    assert_null(from.domains);
    assert_null(from.unparsed);
    assert_int_equal(from.count, 0);
    header_from_clear(&from);
}

static void collect(void *arg, const char *name, size_t length)
{
    char *names = arg;

    assert_true(length > 0);
    strcat(strncat(names, name, length), " ");
}

static void s15_whole_labels(void **state)
{
    static const struct {
        const char *value;
        unsigned max_labels;
        const char *names;
    } rows[] = {
        { "<x.contoso.com", 9, "x x.contoso x.contoso.com contoso contoso.com com " },
        { "<x.contoso.com", 2, "x x.contoso contoso contoso.com com " },
        { "<x.contoso.com", 1, "x contoso com " },
        { "<x.contoso.com", 0, "" },
        { "<a@b.c", 9, "a b b.c c " },
        { "<a..b.", 9, "a b " },
        { "<.a_-1=A", 9, "a_-1 A " },
        { "<\xc3\xbc\xe3\x80\x82" "b", 9, "xn--tda xn--tda.b b " },
        { "a@b (c", 9, "a b c " },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct header_from from = { 0 };
        char names[512] = "";

        header_from_add(&from, rows[i].value);
        header_from_each_name(&from, rows[i].max_labels, collect, names);
        assert_string_equal(names, rows[i].names);
        header_from_clear(&from);
    }
}

static void s15_control_octets(void **state)
{
    static const char *const values[] = { "a@partner.test\x7f", "a@partner.test\x1b", "<a@partner.test\x01>", "CEO <a@\x08partner.test>" };

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct header_from from = { 0 };
        char names[512] = "";

        header_from_add(&from, values[i]);
        assert_int_equal(from.count, 0);
        header_from_each_name(&from, 2, collect, names);
        assert_non_null(strstr(names, " partner.test "));
        header_from_clear(&from);
    }
}

/* Whether a name that header_from_each_name() finds is partner.test. */
static void look_for_partner(void *arg, const char *name, size_t length)
{
    struct domain domain;

    domain_normalise(&domain, name, length);
    *(bool *)arg = *(bool *)arg || strcmp(domain.text, "partner.test") == 0;
}

/* Comments, blanks, folds, quotation marks and backslashes in a domain hide it no better than in a field that parses. */
static void s15_spelt_labels(void **state)
{
    static const struct {
        const char *value;
        bool found;
    } rows[] = {
        { "a@partner.test, <", true },
        { "a@partner. (x) test, <", true },
        { "a@partner (x (y\\) .)).\r\n test, <", true },
        { "a@\"partner\".\"test\", <", true },
        { "a@part\\ner.test, <", true },
        { "\"(\" <a@partner . test>, \")\" <", true },
        { "(a@partner . test", true },
        { "a@partner (.x) test, <", false },
        { "a@partner (x) test, <", false },
        { "a@x (.) partner (.) test, <", false },
        { "a@xpartner . test, <", false },
        { "a@partner . testx, <", false },
        { "a@partner, test, <", false },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct header_from from = { 0 };
        bool found = false;

        header_from_add(&from, rows[i].value);
        assert_int_equal(from.count, 0);
        header_from_each_name(&from, 9, look_for_partner, &found);
        if (found != rows[i].found)
            fail_msg("%s: %d", rows[i].value, found);
        header_from_clear(&from);
    }
}

/* However deep the comments in it are, and however many there are before it that nothing closes. */
static void s15_spelt_labels_behind_comments(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < 200; i++) {
        struct header_from from = { 0 };
        char value[1024] = "";
        bool found = false;

        memset(value, '(', i);
        strcpy(value + i, "a@partner ((c)) . ");
        memset(value + strlen(value), '(', i);
        memset(value + strlen(value), ')', i);
        strcat(value, " test <");
        header_from_add(&from, value);
        header_from_each_name(&from, 9, look_for_partner, &found);
        assert_true(found);
        header_from_clear(&from);
    }
}

static void s15_nothing_unparsed(void **state)
{
    struct header_from from = { 0 };
    char names[64] = "";

    (void)state;
    header_from_each_name(&from, 9, collect, names);
    header_from_add(&from, "a@one.test");
    header_from_each_name(&from, 9, collect, names);
    assert_string_equal(names, "");
    header_from_clear(&from);
}

static void s16_cut(void **state)
{
    static const struct {
        size_t length;
        bool cut;
    } rows[] = {
        { 59000, false }, { 59993, false }, { 59994, true }, { 60000, true }, { 65535, true },
        { 200000, true },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct header_from from = { 0 };
        char *value = malloc(rows[i].length + 1);

        assert_non_null(value);
        memset(value, ' ', rows[i].length);
        value[rows[i].length] = '\0';
        memcpy(value, "a@one.test,", 11);
        header_from_add(&from, value);
        assert_int_equal(from.cut, rows[i].cut);
        assert_int_equal(from.count, 1);
        header_from_add(&from, "b@two.test");
        assert_int_equal(from.cut, rows[i].cut);
        header_from_clear(&from);
        free(value);
    }
}

static void count_name(void *arg, const char *name, size_t length)
{
    struct domain domain;

    domain_normalise(&domain, name, length);
    ++*(size_t *)arg;
}

/* Rows of syntax as long as a field can be: each ends, and soon; and many fields stay within bounds. */
static void s16_long_rows_of_syntax(void **state)
{
    static const char *const rows[] = {
        "(", "\"", "<", "\\", "[", "=?", "=?a.", "a.", "a,", "a@b,", "g:", "\xc3\xbc.",
        "a@\xc3\xbc.c,", "()", "@a,", "<@a:", "\xc2\xad", ",", "a ", "=?a?b?",
    };
    size_t i, k, names;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct header_from from = { 0 };
        size_t length = strlen(rows[i]), count = 65535 / length;
        char *value = malloc(length * count + 1);

        assert_non_null(value);
        for (k = 0; k < count; k++)
            memcpy(value + k * length, rows[i], length);
        value[length * count] = '\0';
        for (k = 0; k < 20; k++)
            header_from_add(&from, value);
        names = 0;
        header_from_each_name(&from, 3, count_name, &names);
        assert_true(from.count <= 16384 && from.unparsed_length < 1 << 20);
        assert_true(names <= 3 * (from.unparsed_length + 1));
        header_from_clear(&from);
        free(value);
    }
}

static void s16_more_than_anyone_writes(void **state)
{
    struct header_from from = { 0 };
    unsigned i;

    (void)state;
    for (i = 0; i < 16384; i++)
        header_from_add(&from, "a@one.test");
    assert_false(from.exhausted);
    header_from_add(&from, "b@two.test");
    assert_true(from.exhausted);
    assert_int_equal(from.count, 16384);
    header_from_clear(&from);
    for (i = 0; i < 80000; i++)
        header_from_add(&from, "<x");
    assert_false(from.exhausted);
    for (i = 0; i < 10000; i++)
        header_from_add(&from, "<x");
    assert_true(from.exhausted);
    header_from_clear(&from);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        { "S13 addresses", s13_addresses, NULL, NULL, NULL },
        { "S13 comments, folds and quoted pairs", s13_comments_folds_and_quoted_pairs, NULL, NULL, NULL },
        { "S13 groups", s13_groups, NULL, NULL, NULL },
        { "S13 every field counts", s13_every_field, NULL, NULL, NULL },
        { "S14 display names and encoded words", s14_display_names, NULL, NULL, NULL },
        { "S15 nobody", s15_nobody, NULL, NULL, NULL },
        { "S15 does not parse", s15_does_not_parse, NULL, NULL, NULL },
        { "S15 whole labels of what does not parse", s15_whole_labels, NULL, NULL, NULL },
        { "S15 whole labels however they are spelt", s15_spelt_labels, NULL, NULL, NULL },
        { "S15 whole labels behind open comments", s15_spelt_labels_behind_comments, NULL, NULL, NULL },
        { "S15 control octets in a domain", s15_control_octets, NULL, NULL, NULL },
        { "S15 nothing that does not parse", s15_nothing_unparsed, NULL, NULL, NULL },
        { "S16 cut fields", s16_cut, NULL, NULL, NULL },
        { "S16 long rows of syntax", s16_long_rows_of_syntax, NULL, NULL, NULL },
        { "S16 more than anyone writes", s16_more_than_anyone_writes, NULL, NULL, NULL },
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
