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

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/facts/header_from.h"

struct row {
    const char *value, *domains;
};

static bool append_name(void *arg, const char *name, size_t length)
{
    char *names = arg;

    assert_true(length > 0);
    assert_true(strlen(names) + length + 2 < 4096);
    strcat(strncat(names, name, length), " ");
    return true;
}

/* What one field adds, each behind a blank; "?": it does not parse. */
static void read_one(const char *value, enum header_reader reader, char *domains)
{
    struct header_from from = { 0 };

    header_from_add(&from, value, reader);
    domains[0] = '\0';
    assert_true(header_from_each_domain(&from, append_name, domains));
    assert_false(from.cut || from.exhausted || from.too_much);
    if (from.unparsed)
        strcat(domains, "?");
    header_from_clear(&from);
}

static void check_rows(const struct row *rows, size_t count, enum header_reader reader)
{
    char domains[4096], wanted[4096];

    for (size_t i = 0; i < count; i++) {
        read_one(rows[i].value, reader, domains);
        strcpy(wanted, rows[i].domains != NULL ? rows[i].domains : "?");
        if (rows[i].domains != NULL && wanted[0] != '\0')
            strcat(wanted, " ");
        if (strcmp(domains, wanted) != 0)
            fail_msg("%s: %s, wanted %s", rows[i].value, domains, wanted);
    }
}

/* As Postfix's filter reads them, as Sendmail's, as both. */
#define ROWS_OF(name, first, last, ...)                                                          \
    static void name(void **state)                                                               \
    {                                                                                            \
        static const struct row rows[] = { __VA_ARGS__ };                                        \
                                                                                                 \
        (void)state;                                                                             \
        for (enum header_reader reader = first; reader <= last; reader++)                        \
            check_rows(rows, sizeof(rows) / sizeof(rows[0]), reader);                            \
    }
static const struct label_counts two_labels = { 1, { 2 } }, all_labels = { 9, { 1, 2, 3, 4, 5, 6, 7, 8, 9 } };

#define POSTFIX_ROWS(name, ...) ROWS_OF(name, READER_POSTFIX, READER_POSTFIX, __VA_ARGS__)
#define SENDMAIL_ROWS(name, ...) ROWS_OF(name, READER_SENDMAIL, READER_SENDMAIL, __VA_ARGS__)
#define ROWS(name, ...) ROWS_OF(name, READER_POSTFIX, READER_SENDMAIL, __VA_ARGS__)

ROWS(s13_addresses,
    { "a@partner.test", "partner.test" },
    { " <a@Partner.TEST.> ", "partner.test" },
    { "A. N. Other <a@partner.test>", "partner.test" },
    { "\"Other, A.\" <a@partner.test>", "partner.test" },
    { "a@one.test, b@two.test", "one.test two.test" },
    { "A <a@one.test>,B <b@two.test>,\r\n\tc@one.test", "one.test two.test" },
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
    { "boss\xef\xbc\xa0partner.test <x@evil.test>", "evil.test" },
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
    { "a@one.test, b@two.test, <", NULL })

POSTFIX_ROWS(s15_does_not_parse_for_postfix,
    { "<a b@partner.test>", NULL },
    { "a b@partner.test", NULL },
    { "a@partner test", NULL },
    { "John Doe", NULL })

POSTFIX_ROWS(s19_no_address_for_postfix,
    { "a%partner.test", "" },
    { "<partner.test!a>", "" },
    { "Boss <a%partner.test>", "" },
    { "a@partner.test.UUCP", "partner.test.uucp" })

SENDMAIL_ROWS(s19_rewritten_by_sendmail,
    { "Boss <boss%partner.test>", "partner.test" },
    { "boss@partner test", "partner.test" },
    { "boss@partner\r\n\ttest", "partner.test" },
    { "boss@partner(c)test", "partner.test" },
    { "<boss@partner (c) test>", "partner.test" },
    { "boss%partner test", "partner.test" },
    { "partner.test!boss", "partner.test" },
    { "partner test!boss", "partner.test" },
    { "partner.test!a!boss", "partner.test" },
    { "a!partner.test!boss", "a" },
    { "a%evil.test%partner.test", "partner.test" },
    { "a%partner.test%evil.test", "evil.test" },
    { "a%partner.test@evil.test", "evil.test" },
    { "partner.test!a@evil.test", "evil.test" },
    { "\"boss\"%partner.test", "partner.test" },
    { "Boss <@x.test:boss%partner.test>", "partner.test" },
    { "G: boss%partner.test, x@evil.test;", "partner.test evil.test" },
    { "boss%partner.test (c)", "partner.test" },
    { "Smith, John <boss%partner.test>", "partner.test" },
    { "a b@partner.test", "partner.test" },
    { "<a b@partner.test>", "partner.test" },
    { "boss@partner.test.UUCP", "partner.test.uucp partner.test" },
    { "partner.test.uucp!boss", "partner.test.uucp partner.test" },
    { "boss\\%partner.test", "" },
    { "\"boss%partner.test\"", "" },
    { "John Doe", "" },
    { "root", "" },
    { "a%[192.0.2.1]", NULL },
    { "boss@part(c)ner.test", "part.ner.test" },
    { "boss@partner \"test\"", NULL },
    { "boss@[partner test]", NULL },
    { "x@evil.test boss@partner.test", NULL },
    { "=?utf-8?q?boss=40partner.test?= x@evil.test", NULL })

ROWS(s20_domains_that_are_none,
    { "boss@=?utf-8?q?partner.test?=", NULL },
    { "Boss <boss@=?utf-8?q?partner.test?=>", NULL },
    { "boss@partner.=?utf-8?q?test?=", NULL },
    { "boss@partner.test=?utf-8?q?" "?=", NULL },
    { "boss@partner.test.\xe2\x80\x8b", NULL },
    { "boss@partner.test.\xc2\xa0", NULL },
    { "boss@part\xc2\xadner.test", NULL },
    { "boss@partner..test", NULL },
    { "boss@.partner.test", NULL },
    { "boss@-partner.test", NULL },
    { "boss@partner.test/x", NULL },
    { "x@evil.test, boss@partner.test.\xe2\x80\x8b", NULL },
    { "a@under_score.test", "under_score.test" },
    { "a@[192.0.2.1]", "" },
    { "a@[IPv6:2001:db8::1]", "" })

ROWS(s20_addresses_that_programs_show,
    { "\"boss@partner.test\"", NULL },
    { "boss\xef\xbc\xa0partner.test", NULL },
    { "boss\xef\xb9\xabpartner.test", NULL },
    { "=?utf-8?q?boss=40partner.test?=", NULL },
    { "=?utf-8?q?boss@partner.test?=", NULL },
    { "=?utf-8?b?Ym9zc0BwYXJ0bmVyLnRlc3Q=?=", NULL },
    { "=?utf-7?q?boss+AEA-partner.test?=", NULL },
    { "\"=?utf-8?q?boss=40partner.test?=\"", NULL },
    { "<=?utf-8?q?boss=40partner.test?=>", NULL },
    { "=?utf-8?q?boss=40partner.test?= <>", NULL },
    { "\"boss@partner.test\" <>", NULL },
    { "\"boss@partner.test\" <root>", NULL },
    { "\"boss@partner.test\":;", NULL },
    { "(boss@partner.test)", NULL },
    { "root (boss@partner.test)", NULL },
    { "x@evil.test, \"boss@partner.test\"", NULL },
    { "\"boss@partner.test\" <a@[192.0.2.1]>", "" },
    { "=?utf-8?q?boss=40partner.test?=@evil.test", NULL },
    { "<=?utf-8?q?boss=40partner.test=3E?=@evil.test>", NULL },
    { "\"=?utf-8?q?boss=40partner.test?=\"@evil.test", NULL },
    { "=?utf-8?q?boss?=@evil.test", "evil.test" },
    { "\"boss@partner.test\"@evil.test", "evil.test" },
    { "\"boss at partner.test\"", "" },
    { "=?utf-8?q?Boss?=", "" })

static void s13_every_field(void **state)
{
    static const char *const fields[] = { "a@one.test", "b@two.test", "<c@three.test", "d@four.test", "<e@five.test", "f@two.test" };
    struct header_from from = { 0 };
    char names[4096] = "";

    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        header_from_add(&from, fields[i], READER_POSTFIX);
    assert_true(header_from_each_domain(&from, append_name, names));
    assert_string_equal(names, "one.test two.test four.test ");
    names[0] = '\0';
    assert_true(header_from_each_name(&from, &two_labels, append_name, names));
    assert_string_equal(names, "three.test five.test ");
    header_from_clear(&from);
    assert_null(from.names.text);
    assert_false(from.present || from.unparsed);
    header_from_clear(&from);
}

static void s21_present(void **state)
{
    static const struct {
        const char *value;
        bool present;
    } rows[] = {
        { "", false }, { " ", false }, { "\t\r\n ", false }, { "a@one.test", true }, { "<>", true }, { ",", true }, { "(c)", true },
        { "\xc2\xa0", true }, { "<", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct header_from from = { 0 };

        header_from_add(&from, rows[i].value, READER_SENDMAIL);
        assert_int_equal(from.present, rows[i].present);
        header_from_add(&from, " ", READER_SENDMAIL);
        assert_int_equal(from.present, rows[i].present);
        header_from_clear(&from);
    }
}

static void s15_whole_labels(void **state)
{
    static const struct {
        const char *value;
        struct label_counts counts;
        const char *names;
    } rows[] = {
        { "<x.contoso.com", { 3, { 1, 2, 3 } }, "x contoso x.contoso com contoso.com x.contoso.com " },
        { "<x.contoso.com", { 3, { 3, 2, 1 } }, "x x.contoso contoso x.contoso.com contoso.com com " },
        { "<x.contoso.com", { 1, { 2 } }, "x.contoso contoso.com " },
        { "<x.contoso.com", { 2, { 1, 3 } }, "x contoso com x.contoso.com " },
        { "<x.contoso.com", { 0, { 0 } }, "" },
        { "<a@b.c", { 2, { 1, 2 } }, "a b c b.c " },
        { "<a..b.", { 2, { 1, 2 } }, "a b a.b " },
        { "<.a_-1=A", { 2, { 1, 2 } }, "a_-1 a " },
        { "<\xc3\xbc\xe3\x80\x82" "b", { 2, { 1, 2 } }, "xn--tda b xn--tda.b " },
        { "a@b (c", { 2, { 1, 2 } }, "a b c " },
        { "<a@b.c, a@b.c, <b.c", { 1, { 2 } }, "b.c " },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct header_from from = { 0 };
        char names[4096] = "";

        header_from_add(&from, rows[i].value, READER_POSTFIX);
        assert_true(header_from_each_name(&from, &rows[i].counts, append_name, names));
        assert_string_equal(names, rows[i].names);
        header_from_clear(&from);
    }
}

/* Looks for partner.test. False once it is found. */
static bool differs_from_partner(void *arg, const char *name, size_t length)
{
    (void)arg;
    return length != strlen("partner.test") || memcmp(name, "partner.test", length) != 0;
}

/* Whether a field is an address of partner.test, or does not parse and names it. */
static bool names_partner(const char *value, enum header_reader reader)
{
    struct header_from from = { 0 };
    bool named;

    header_from_add(&from, value, reader);
    assert_false(from.too_much || from.exhausted);
    named = !header_from_each_domain(&from, differs_from_partner, NULL)
            || !header_from_each_name(&from, &all_labels, differs_from_partner, NULL);
    header_from_clear(&from);
    return named;
}

struct named_row {
    const char *value;
    bool named;
};

static void check_named(const struct named_row *rows, size_t count, enum header_reader reader)
{
    for (size_t i = 0; i < count; i++)
        if (names_partner(rows[i].value, reader) != rows[i].named)
            fail_msg("%s: %d", rows[i].value, !rows[i].named);
}

#define NAMED_ROWS(name, ...)                                                              \
    static void name(void **state)                                                         \
    {                                                                                      \
        static const struct named_row rows[] = { __VA_ARGS__ };                            \
                                                                                           \
        (void)state;                                                                       \
        check_named(rows, sizeof(rows) / sizeof(rows[0]), READER_POSTFIX);                 \
        check_named(rows, sizeof(rows) / sizeof(rows[0]), READER_SENDMAIL);                \
    }

NAMED_ROWS(s15_control_octets,
    { "a@partner.test\x7f", true },
    { "a@partner.test\x1b", true },
    { "<a@partner.test\x01>", true },
    { "CEO <a@\x08partner.test>", true },
    { "CEO <a@part\x08ner.test>", true })

/* Comments, blanks, folds, quotation marks and backslashes in a domain hide it no better than in a field that parses. */
NAMED_ROWS(s15_spelt_labels,
    { "a@partner.test, <", true },
    { "a@partner. (x) test, <", true },
    { "a@partner (x (y\\) .)).\r\n test, <", true },
    { "a@\"partner\".\"test\", <", true },
    { "a@part\\ner.test, <", true },
    { "\"(\" <a@partner . test>, \")\" <", true },
    { "(a@partner . test", true },
    { "a@partner (.x) x, <", false },
    { "a@xpartner . test, <", false },
    { "a@partner . testx, <", false },
    { "a@partner, test, <", false })

/* The blank of a domain is a dot to Sendmail alone. */
static void s19_blanks_for_dots(void **state)
{
    static const char *const values[] = { "a@partner test, <", "a@partner (x) test, <", "a@partner(x)test, <", "<<a@partner\r\n test" };

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        assert_true(names_partner(values[i], READER_SENDMAIL));
        assert_false(names_partner(values[i], READER_POSTFIX));
    }
}

/* Octets that Sendmail takes for macros in an address, and only there. */
static void s19_macros_of_sendmail(void **state)
{
    static const struct {
        const char *value;
        bool expands, named;
    } rows[] = {
        { "boss@\x81s", true, false },
        { "<boss@\x81" "a>", true, false },
        { "Boss <boss%\x81s> (c)", true, false },
        { "\x81" "f", true, false },
        { "\x81s!boss", true, false },
        { "boss@\"\x81s\"", true, false },
        { "\"\x81" "f\"@evil.test", true, false },
        { "x@evil.test, G: boss@\x81_;", true, false },
        { "boss@par\x81ztner.test", true, false },
        { "boss@\x9As", true, false },
        { "boss@\x81\x81s", true, false },
        { "boss@\xd1\x81s", true, false },
        { "x@evil.test \x81s", true, false },
        { "<x@evil.test> boss@\x81s", true, false },
        { "boss@par\x81\xd1tner.test", false, true },
        { "boss@par\x81.tner.test", false, true },
        { "boss@par\xfftner.test", false, true },
        { "boss@[partner\xff(c)\x81\xd0test]", false, true },
        { "boss@partner\x81. test <", false, true },
        { "boss@partner.test\xff\x9a ", false, true },
        { "\xd1\x81s <x@evil.test>", false, false },
        { "\"\xd1\x81s\" <x@evil.test>", false, false },
        { "x@evil.test (\xd1\x81s)", false, false },
        { "G\x81s: x@evil.test;", false, false },
        { "\xd1\x81 \xd1\x81\xd1\x82 <x@evil.test", false, false },
        { "boss@\xc5\x81.test", false, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct header_from from = { 0 };

        header_from_add(&from, rows[i].value, READER_SENDMAIL);
        if (from.expands != rows[i].expands)
            fail_msg("row %zu: %d", i, from.expands);
        header_from_clear(&from);
        if (!rows[i].expands && names_partner(rows[i].value, READER_SENDMAIL) != rows[i].named)
            fail_msg("row %zu: %snamed", i, rows[i].named ? "not " : "");
        header_from_add(&from, rows[i].value, READER_POSTFIX);
        assert_false(from.expands);
        header_from_clear(&from);
    }
}

NAMED_ROWS(s20_encoded_words,
    { "boss@=?utf-8?q?partner.test?=", true },
    { "boss@=?UTF-8?Q?=70artner=2Etest?=", true },
    { "boss@=?utf-8?b?cGFydG5lci50ZXN0?=", true },
    { "boss@=?utf-8*en?q?partner.test?=", true },
    { "boss@partner.=?utf-8?q?test?=", true },
    { "boss@part=?utf-8?q?ner?=.test", true },
    { "(=?x(?b?))\"YWI\"@=?utf-8?q?=70artner.test?=", true },
    { "\"=?utf-8?b?YWI\"@=?utf-8?q?=70artner.test?=", true },
    { "=?utf-8?b?YWI@=?utf-8?q?=70artner.t?= =?utf-8?q?est?=", true },
    { "=?utf-8?b?YWI@=?utf-8?q?=70artner.te st?=", true },
    { "=?utf-8?b?YWI@?==?utf-8?q?=70artner.test?=", true },
    { "=?utf-8?q?a?b@?==?utf-8?q?=70artner.test?=", true },
    { "=?x?b?YWI@=?utf-8?q?part?=ner.test", true },
    { "boss@=?utf-8?q?part?= =?utf-8?q?ner.test?=", true },
    { "boss@=?utf-8?q?part?=\r\n =?iso-8859-1?b?bmVyLnRlc3Q=?=", true },
    { "boss@=?utf-8?q?partner?=.=?utf-8?q?test?=", true },
    { "boss@\"=?utf-8?q?partner.test?=\"", true },
    { "=?utf-8?q?boss=40partner.test?=", true },
    { "=?utf-8?q?=3Cboss=40partner.test=3E?=", true },
    { "\"=?utf-8?q?boss=40partner.test?=\"", true },
    { "<=?utf-8?q?boss=40partner.test?=>", true },
    { "boss@=?utf-7?q?partner+AC4-test?=", true },
    { "boss@=?utf-16be?b?AHAAYQByAHQAbgBlAHIALgB0AGUAcwB0?=", true },
    { "boss@=?utf-16be?b?AHAAYQBy?= =?utf-16be?b?AHQAbgBlAHIALgB0AGUAcwB0?=", true },
    { "boss@=?utf-16be?b?AHAAYQByAA==?= =?utf-16be?b?dABuAGUAcgAuAHQAZQBzAHQ=?=", true },
    { "boss@=?ibm037?q?=97=81=99=A3=95=85=99=4B=A3=85=A2=A3?=", true },
    { "boss@=?iso-2022-jp?b?GyRCI3AjYSNyI3QjbiNlI3IhJSN0I2UjcyN0GyhC?=", true },
    { "boss@=?utf-8?q?part=E2=80=8Bner.test?=", true },
    { "boss@=?utf-8?q?=EF=BD=90artner=E3=80=82test?=", true },
    { "boss@=?nosuchcharset?q?partner.test?=", true },
    { "boss@=?utf-8?x?partner.test?=", true },
    { "boss@=?utf-8?q?partner.test", true },
    { "<boss@=?utf-8?q?partner.test>", true },
    { "boss@=??q?partner.test?=", true }, /* as Python decodes it */
    { "boss@=?utf 8?q?=70artner.test?=", true },
    { "boss@=?ibm037?q?partner.test?=", true }, /* as a program shows it that does not know the character set */
    { "=?bocu-1?q?boss=40partner.test?=", true },
    { "boss@=?iso-ir-58?b?cGFydG5lci50ZXN0?=", true },
    { "boss@=?EBCDIC-US?q?=97=81=99=A3=95=85=99=4B=A3=85=A2=A3?=", true }, /* ICU does not know it, iconv does */
    { "boss@=?u7?q?+AHA-artner.test?=", true },
    { "boss@=?utf-7//translit?q?+AHA-artner.test?=", true },
    { "boss@=?utf-8?b?cGFydG5lci50Z=XN0?=", true },
    { "boss@=?utf-8?q?partner.test?= =?utf-8?q?Boss?=", true }, /* the address ends at the blank, and is decoded */
    { "boss@=?utf-8?q?=70artner?=.=?utf-8?q?test?=\r\n =?utf-8?q?x?=", true },
    { "boss@=?utf-8?q?partner?=(=?utf-8?q?=29?=).test", true },
    { "boss@partner(=?utf-8?q?=28?=).=?utf-8?q?test?=", true },
    { "boss@=?utf-8?q?part=ner.test?=", false },
    { "boss@=?utf-8?b?!cGFy=dG5lci50ZXN0?=", true },
    { "boss@=?utf-8?q?xpartner.test?=", false },
    { "boss@=?utf-8?q?partner.testx?=", false },
    { "boss@=?utf-8?b?eHBhcnRuZXIudGVzdA==?=", false })

/* Not every reader takes a quotation mark or a backslash for what it is, or finds the same pairs. */
NAMED_ROWS(s20_quotation_marks,
    { "boss@par\"\"tner.test", true },
    { "boss@partner.tes\"\"t <x@evil.test", true },
    { "boss@\"part\"\"ner\".\"test\"", true },
    { "\"boss@partner(c).test", true },
    { "\"Boss\\\" <boss@partner.(c)test>", true },
    { "\"Boss\\\" <boss@partner(\\().test>", true },
    { "\"\"boss\"@par\"\"tner.test", true },
    { "boss\\@partner.test <x@evil.test>", true },
    { "boss\\@partner.test@evil.test", true },
    { "x@evil.test, boss\\@partner(c).test <x@evil.test>", true },
    { "\\\"<\"boss@partner.test\"@evil.test>", true },
    { "b\\@o@partner.test", true },
    { "\"boss\\@partner.test\" <x@evil.test>", false },
    { "\"boss@partner.test\"@evil.test", false },
    { "boss\\@xpartner.test <x@evil.test>", false },
    { "\"boss@xpartner.(c)test", false })

NAMED_ROWS(s20_invisible_characters,
    { "boss@partner.test.\xe2\x80\x8b", true },
    { "boss@partner.test\xe2\x80\x8b.", true },
    { "boss@part\xe2\x80\x8bner.test.\xc2\xa0", true },
    { "boss@partner\xc2\xa0.test", true },
    { "boss@partner\xe3\x80\x80.test", true },
    { "boss@\xc2\xa0partner.test", true },
    { "boss@partner.\xe2\x80\x8e" "test\xe2\x81\xa0.\xe2\x80\xad", true },
    { "boss@partner.test.\xef\xb8\x8f", true },
    { "boss@partner.te\xf3\xa0\x81\xb3st.\xe2\x80\x8b", true },
    { "boss@partner.\xe2\xa0\x80test", true },
    { "boss@part\xe2\x80\x8dner.test", true }, /* U+200D, which UTS 46 keeps */
    { "boss@partner\xe2\x80\x8c.test", true }, /* U+200C */
    { "x@evil.test, boss@\xe2\x80\x8cpartner.test", true },
    { "boss@partner\xe2\x80\xa4test", true },
    { "boss@partner.te st <", true },
    { "boss@partner..test", true },
    { "boss@partner.\xe2\x80\x8b.test", true },
    { "boss\xef\xbc\xa0partner.test", true },
    { "boss\xef\xb9\xabpartner.test", true },
    { "x\xef\xbc\xa0y@x\xef\xbc\xa0partner.test", true },
    { "boss\xef\xbc\xa0\xef\xbd\x90\xef\xbd\x81\xef\xbd\x92tner\xef\xbc\x8etest", true },
    { "boss@partner.test\xa0", true }, /* ISO 8859-1: no-break space, soft hyphen, C1 */
    { "boss@partner.test.\xa0", true },
    { "boss@part\xad" "ner.test", true },
    { "<boss@partner\x85.test>", true },
    { "\"boss@partner.test\xa0\"", true },
    { "B\xf6ss <boss@\xa0partner.te\xadst\xc2\xa0>", true },
    { "boss@par\x1b(Btner.test", true }, /* ISO 2022 */
    { "<boss@\x1b(Jpartner.\x1b$B\x1b(Btest>", true },
    { "boss\x1b$(D@par\x1b(Btner.test\xa0", true },
    { "boss@partner\xe2\x80\xa4test x@evil.test", true }, /* a blank ends the name that is hidden */
    { "boss@part\xe2\x80\x8bner.test\r\n B\xc3\xb6ss <x@evil.test", true },
    { "boss@part\x01ner.test Boss", true },
    { "x\x1b)@partn\x1b(Ber.test", true }, /* the "@" is one */
    { "boss@xpartner.test.\xe2\x80\x8b", false },
    { "boss@xpartner.test\xa0", false },
    { "boss@p\xe9rtner.test\xa0", false },
    { "boss@partner.test\xe9\xa0", false },
    { "boss@x\x1b(Bpartner.test", false },
    { "boss@partner.testx\xe2\x80\x8b.\xe2\x80\x8b", false },
    { "boss@p\xd0\xb0rtner.test.\xe2\x80\x8b", false }) /* Cyrillic a: another domain */

/* However deep the comments in it are, and however many there are before it that nothing closes. */
static void s15_spelt_labels_behind_comments(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < 200; i++) {
        char value[1024] = "";

        memset(value, '(', i);
        strcpy(value + i, "a@partner ((c)) . ");
        memset(value + strlen(value), '(', i);
        memset(value + strlen(value), ')', i);
        strcat(value, " test <");
        assert_true(names_partner(value, READER_POSTFIX));
    }
}

static void s15_nothing_unparsed(void **state)
{
    struct header_from from = { 0 };
    char names[4096] = "";

    (void)state;
    assert_true(header_from_each_name(&from, &all_labels, append_name, names));
    header_from_add(&from, "a@one.test", READER_POSTFIX);
    assert_true(header_from_each_name(&from, &all_labels, append_name, names));
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
        header_from_add(&from, value, READER_POSTFIX);
        assert_int_equal(from.cut, rows[i].cut);
        assert_int_equal(from.names.count, 1);
        header_from_add(&from, "b@two.test", READER_POSTFIX);
        assert_int_equal(from.cut, rows[i].cut);
        header_from_clear(&from);
        free(value);
    }
}

static bool count_name(void *arg, const char *name, size_t length)
{
    assert_true(length > 0 && length <= DOMAIN_MAX && name[0] != '\0');
    ++*(size_t *)arg;
    return true;
}

/* Octets that the names take, which is nearly all that is held. */
static size_t held(const struct header_from *from)
{
    return from->names.room + from->names.index_room * sizeof *from->names.index;
}

/* Rows of syntax as long as a field can be: each ends, and soon; and many fields stay within bounds. */
static void s16_s26_long_rows_of_syntax(void **state)
{
    static const char *const rows[] = {
        "(", "\"", "<", "\\", "[", "=?", "=?a.", "a.", "a,", "a@b,", "g:", "\xc3\xbc.",
        "a@\xc3\xbc.c,", "()", "@a,", "<@a:", "\xc2\xad", ",", "a ", "=?a?b?", "=?utf-8?q?a?=", "a%", "a!", "%a,", "\xef\xb7\xba",
        "\"\\", "(\\", "=?=", "=?x?q?", "a@b", "\xff", "\xef\xbc\xa0",
    };
    struct label_counts three = { 3, { 1, 2, 3 } };
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
            header_from_add(&from, value, k % 2 == 0 ? READER_POSTFIX : READER_SENDMAIL);
        names = 0;
        assert_true(header_from_each_name(&from, &three, count_name, &names));
        assert_true(from.too_much);
        assert_true(held(&from) <= 1 << 18);
        assert_true(names <= 3 * from.names.length);
        header_from_clear(&from);
        free(value);
    }
}

/* The same name many times is kept once; fields, names and octets that nobody writes are not all read. */
static void s26_more_than_anyone_writes(void **state)
{
    struct header_from from = { 0 };
    char field[64];
    unsigned i;

    (void)state;
    for (i = 0; i < 16384; i++)
        header_from_add(&from, "a@one.test", READER_POSTFIX);
    assert_false(from.too_much);
    assert_int_equal(from.names.count, 1);
    assert_true(held(&from) < 1024);
    for (i = 0; i < 16384; i++)
        header_from_add(&from, "a@two.test", READER_POSTFIX);
    assert_true(from.too_much);
    assert_false(from.exhausted);
    header_from_clear(&from);
    for (i = 0; i < 20000; i++) {
        sprintf(field, "a@%u.t", i + 10000);
        header_from_add(&from, field, READER_POSTFIX);
    }
    assert_true(from.too_much);
    assert_true(from.names.count > 8000);
    assert_true(held(&from) <= 1 << 18);
    header_from_clear(&from);
    for (i = 0; i < 1000; i++) {
        sprintf(field, "<a%u@one.test", i);
        header_from_add(&from, field, READER_POSTFIX);
    }
    assert_false(from.too_much);
    header_from_clear(&from);
}

/* A field that does not parse takes its addresses back, however many there are, and leaves those of the others. */
static void s13_addresses_taken_back(void **state)
{
    struct header_from from = { 0 };
    char value[32768], *end = value, names[4096] = "";
    unsigned i;

    (void)state;
    header_from_add(&from, "a@0.test, a@1.test, a@2.test", READER_POSTFIX);
    for (i = 0; i < 1500; i++)
        end += sprintf(end, "a@%u.test, ", i);
    strcpy(end, "<");
    header_from_add(&from, value, READER_POSTFIX);
    header_from_add(&from, "a@3.test, a@1.test", READER_POSTFIX);
    assert_true(header_from_each_domain(&from, append_name, names));
    assert_string_equal(names, "0.test 1.test 2.test 3.test ");
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
        { "S13 addresses of a field that does not parse", s13_addresses_taken_back, NULL, NULL, NULL },
        { "S15 does not parse behind Postfix", s15_does_not_parse_for_postfix, NULL, NULL, NULL },
        { "s19_no_address_for_postfix", s19_no_address_for_postfix, NULL, NULL, NULL },
        { "s19_rewritten_by_sendmail", s19_rewritten_by_sendmail, NULL, NULL, NULL },
        { "s19_blanks_for_dots", s19_blanks_for_dots, NULL, NULL, NULL },
        { "s20_domains_that_are_none", s20_domains_that_are_none, NULL, NULL, NULL },
        { "s20_addresses_that_programs_show", s20_addresses_that_programs_show, NULL, NULL, NULL },
        { "s19_macros_of_sendmail", s19_macros_of_sendmail, NULL, NULL, NULL },
        { "s20_encoded_words", s20_encoded_words, NULL, NULL, NULL },
        { "s20_quotation_marks", s20_quotation_marks, NULL, NULL, NULL },
        { "s20_invisible_characters", s20_invisible_characters, NULL, NULL, NULL },
        { "s21_present", s21_present, NULL, NULL, NULL },
        { "S15 nothing that does not parse", s15_nothing_unparsed, NULL, NULL, NULL },
        { "S16 cut fields", s16_cut, NULL, NULL, NULL },
        { "s16_s26_long_rows_of_syntax", s16_s26_long_rows_of_syntax, NULL, NULL, NULL },
        { "s26_more_than_anyone_writes", s26_more_than_anyone_writes, NULL, NULL, NULL },
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
