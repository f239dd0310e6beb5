/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Envelope addresses. A row is a spelling and its reading, "LOCAL|DOMAIN";
 * without a bar it has no domain, and "<>" is the null sender.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/names/address.h"

struct row {
    const char *text, *reading;
};

/* An empty comment in front changes nothing, whatever short cut the plain spelling took. */
static void check_with_comment(const char *text, const struct address *wanted)
{
    char *longer = malloc(strlen(text) + 3);
    struct address address;

    assert_non_null(longer);
    strcat(strcpy(longer, "()"), text);
    address_read(&address, longer);
    if (address.kind != wanted->kind || strcmp(address.local, wanted->local) != 0
        || address.local_cut != wanted->local_cut || strcmp(address.domain.text, wanted->domain.text) != 0
        || address.domain.length != wanted->domain.length)
        fail_msg("%s: %s|%s with a comment, %s|%s without", text, address.local, address.domain.text, wanted->local,
                 wanted->domain.text);
    free(longer);
}

static void check_rows(const struct row *rows, size_t count)
{
    struct address address;
    char reading[1024];
    size_t i;

    for (i = 0; i < count; i++) {
        address_read(&address, rows[i].text);
        assert_int_equal(address.domain.length, strlen(address.domain.text));
        if (address.kind == ADDRESS_NULL)
            snprintf(reading, sizeof(reading), "<>");
        else if (address.kind == ADDRESS_LOCAL)
            snprintf(reading, sizeof(reading), "%s", address.local);
        else
            snprintf(reading, sizeof(reading), "%s|%s", address.local, address.domain.text);
        if (strcmp(reading, rows[i].reading) != 0)
            fail_msg("%s: %s, not %s", rows[i].text, reading, rows[i].reading);
        if (rows[i].text != NULL)
            check_with_comment(rows[i].text, &address);
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

ROWS(s02_source_route,
    { "<@x,@y:a@partner.test>", "a|partner.test" },
    { "<@x:a@partner.test>", "a|partner.test" },
    { "<@x.test , @y.test : a@partner.test>", "a|partner.test" },
    { "@x,@y:a@partner.test", "a|partner.test" },
    { "<@[192.0.2.1]:a@partner.test>", "a|partner.test" },
    { "<@[IPv6:2001:db8::1],@y:a@partner.test>", "a|partner.test" },
    { "<@partner.test:a@evil.test>", "a|evil.test" },
    { "<@partner.test:a>", "a" },
    { "<@partner.test:>", "|partner.test" },
    { "<@partner.test>", "|partner.test" },
    { "<(x)@y:a@partner.test>", "a|partner.test" },
    { "<a@partner.test:25>", "a|partner.test:25" })

ROWS(s03_brackets_and_blanks,
    { "a@partner.test", "a|partner.test" },
    { "<a@partner.test>", "a|partner.test" },
    { " < a @ partner.test > ", "a|partner.test" },
    { "<a@partner . test>", "a|partner.test" },
    { "<a\t@\r\n partner.test>", "a|partner.test" },
    { "<<a@partner.test>>", "a|partner.test" },
    { "<<<a@partner.test", "a|partner.test" },
    { "<a@partner.test", "a|partner.test" },
    { "a@partner.test>", "a|partner.test" },
    { "a@partner.test>>", "a|partner.test" },
    { "<a@partner.test<>", "a|partner.test" },
    { "<a@partner.test> <>", "a|partner.test" },
    { "<> <a@partner.test>", "a|partner.test" },
    { "Name <a@partner.test>", "a|partner.test" },
    { "\"N <x@evil.test>\" <a@partner.test>", "a|partner.test" },
    { "x@evil.test <a@partner.test>", "a|partner.test" },
    { "<a@partner.test>x@evil.test", "a|partner.test" })

ROWS(s03_quotes,
    { "<\"a\"@\"partner.test\">", "a|partner.test" },
    { "<a@\"partner\".\"test\">", "a|partner.test" },
    { "<a@\"partner.test \">", "a|partner.test" },
    { "<a@p\"artner.t\"est>", "a|partner.test" },
    { "<\"a b\"@partner.test>", "a b|partner.test" },
    { "<\"a\\\"b\"@partner.test>", "a\"b|partner.test" },
    { "<\"a\\\\\"@partner.test>", "a\\|partner.test" },
    { "<\"\"@partner.test>", "|partner.test" },
    { "<\"a@partner.test>", "\"a|partner.test" },
    { "<a\"@partner.test>", "a\"|partner.test" },
    { "<\"a\\\"@partner.test>", "\"a\"|partner.test" },
    { "<a\"@partner.test\">", "a@partner.test" },
    { "<\"(\"@partner.test>", "(|partner.test" })

ROWS(s03_backslashes,
    { "<\\a@partner.test>", "a|partner.test" },
    { "<a@part\\ner.test>", "a|partner.test" },
    { "<a@partner\\.test>", "a|partner.test" },
    { "<a\\ b@partner.test>", "a b|partner.test" },
    { "<a@partner.test\\", "a|partner.test" },
    { "<a\\@partner.test>", "a@partner.test" },
    { "<a\\@evil.test@partner.test>", "a@evil.test|partner.test" })

ROWS(s03_comments,
    { "<a(c)@partner.test>", "a|partner.test" },
    { "<a@(c)partner.test>", "a|partner.test" },
    { "<a@ (c (nested \\) (x)) d) partner.test>", "a|partner.test" },
    { "<a@partner(c).(d)test(e)>", "a|partner.test" },
    { "<a@partner.test(@evil.test)>", "a|partner.test" },
    { "<a@partner.test (>) >", "a|partner.test" },
    { "<a@partner.test(\")>", "a|partner.test" },
    { "(c)<a@partner.test>(d)", "a|partner.test" },
    { "<a@partner.test(", "a|partner.test" },
    { "<a@partner.test(x>", "a|partner.test" },
    { "<a@(partner.test>", "a|partner.test" },
    { "<(a@partner.test>", "a|partner.test" },
    { "<a@partner.test)>", "a|partner.test" },
    { "<a)@partner.test>", "a|partner.test" },
    { "<((((a@((x)partner.test>", "a|partner.test" },
    { "<a@partner.test@(>", "a|partner.test" })

ROWS(s04_before_the_last_at,
    { "<\"x@partner.test\"@evil.test>", "x@partner.test|evil.test" },
    { "<a%partner.test@evil.test>", "a%partner.test|evil.test" },
    { "<partner.test!a@evil.test>", "partner.test!a|evil.test" },
    { "<a@partner.test@evil.test>", "a@partner.test|evil.test" },
    { "<a@\"@partner.test\"@evil.test>", "a@@partner.test|evil.test" },
    { "<a@@partner.test>", "a@|partner.test" },
    { "<a@partner.test@>", "a|partner.test" },
    { "<a@partner.test@@>", "a|partner.test" },
    { "<SRS0=x=yy=partner.test=a@evil.test>", "srs0=x=yy=partner.test=a|evil.test" })

ROWS(s04_without_at,
    { "<a%partner.test>", "a|partner.test" },
    { "<a%b%partner.test>", "a%b|partner.test" },
    { "<partner.test!a>", "a|partner.test" },
    { "<partner.test!b!a>", "b!a|partner.test" },
    { "<partner.test!a%b>", "a%b|partner.test" },
    { "<a%>", "a%" },
    { "<\"a%partner.test\">", "a%partner.test" },
    { "<a\\%partner.test>", "a%partner.test" },
    { "<user>", "user" },
    { "postmaster", "postmaster" },
    { "<a@>", "a" },
    { "<a@.>", "a" })

/* As Sendmail rewrites them; Postfix refuses the blanks. */
ROWS(s19_sendmail,
    { "<a@partner test>", "a|partner.test" },
    { "<a@partner\t(c) test>", "a|partner.test" },
    { "<a@partner(c)test>", "a|partner.test" },
    { "<a@part(c)ner.test>", "a|part.ner.test" },
    { "<a%partner test>", "a|partner.test" },
    { "<partner test!a>", "a|partner.test" },
    { "<partner(c)test!a>", "a|partner.test" },
    { "<partner.test\\!a>", "a|partner.test" },
    { "<a b@partner.test>", "a.b|partner.test" },
    { "<a b%partner test>", "a.b|partner.test" },
    { "<a@partner \\test>", "a|partner.test" },
    { "<a@partner . test>", "a|partner.test" },
    { "<a@ partner.test >", "a|partner.test" },
    { "<a @ partner.test>", "a|partner.test" },
    { "<a ! b>", "b|a" },
    { "<a@[partner test]>", "a|partner.test" },
    { "<a@partner \"test\">", "a|partnertest" }, /* Sendmail puts no dot beside a quoted string */
    { "<a@b@partner test>", "a@b|partner.test" },
    { "<@x y:a@partner test>", "a|partner.test" })

static void s19_uucp(void **state)
{
    static const struct {
        const char *text, *within; /* NULL: it is no name of UUCP's */
    } rows[] = {
        { "<a@partner.test.UUCP>", "partner.test" }, { "<a@partner.test.uucp.>", "partner.test" },
        { "<partner.test.Uucp!a>", "partner.test" }, { "<a@host.uucp>", "host" },
        { "<a@uucp>", NULL }, { "<a@.uucp>", NULL }, { "<a@partner.testuucp>", NULL }, { "<a@uucp.test>", NULL }, { "<a>", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct address address;
        struct domain within = { .length = 0 };

        address_read(&address, rows[i].text);
        assert_int_equal(address_uucp(&address.domain, NULL), rows[i].within != NULL);
        assert_int_equal(address_uucp(&address.domain, &within), rows[i].within != NULL);
        assert_string_equal(within.text, rows[i].within != NULL ? rows[i].within : "");
        assert_int_equal(within.length, strlen(within.text));
    }
}

ROWS(s05_case_and_final_dot,
    { "<A.User@PARTNER.Test>", "a.user|partner.test" },
    { "<a@partner.test.>", "a|partner.test" },
    { "<a@PARTNER.TEST. >", "a|partner.test" },
    { "<a@partner.test..>", "a|partner.test" })

ROWS(s06_label_boundaries,
    { "<a@sub.partner.test>", "a|sub.partner.test" },
    { "<a@evilpartner.test>", "a|evilpartner.test" },
    { "<a@partner.test.evil.test>", "a|partner.test.evil.test" })

ROWS(s07_idn,
    { "<a@M\xc3\x9cLLER.test>", "a|xn--mller-kva.test" },
    { "<a@XN--MLLER-KVA.test>", "a|xn--mller-kva.test" },
    { "<a@\xef\xbd\x90\xef\xbd\x81rtner.test>", "a|partner.test" },
    { "<a@partner\xe3\x80\x82test>", "a|partner.test" },
    { "<a@part\xc2\xadner.test>", "a|partner.test" },
    { "<a@\"m\xc3\xbcller\".test>", "a|xn--mller-kva.test" },
    { "<J\xc3\xbcrgen@partner.test>", "j\xc3\xbcrgen|partner.test" },
    { "<a\xe4@partner.test>", "a\xe4|partner.test" })

ROWS(s09_invalid_domains,
    { "<a@\xff\xfe.partner.test>", "a|\xff\xfe.partner.test" },
    { "<a@x..partner.test>", "a|x..partner.test" },
    { "<a@.partner.test>", "a|.partner.test" },
    { "<a@partner\x01.test>", "a|partner\x01.test" },
    { "<a@*.partner.test>", "a|*.partner.test" })

ROWS(s10_literals,
    { "<a@[192.0.2.1]>", "a" },
    { "<a@[IPv6:2001:db8::1]>", "a" },
    { "<a@[ipv6:::1]>", "a" },
    { "<a@[2001:db8::1]>", "a" },
    { "<a@ [ 192.0.2.1 ] >", "a" },
    { "<a@[x400:foo]>", "a" },
    { "<@[192.0.2.1]>", "" },
    { "<a@[partner.test]>", "a|partner.test" },
    { "<a@[partner.test].>", "a|partner.test" },
    { "<a@[partner.test>", "a|partner.test" },
    { "<a@partner.test]>", "a|partner.test" },
    { "<a@[192.0.2.1]@partner.test>", "a@192.0.2.1|partner.test" })

ROWS(s11_null_sender,
    { "<>", "<>" },
    { "< >", "<>" },
    { "", "<>" },
    { NULL, "<>" },
    { "<<>>", "<>" },
    { "<", "<>" },
    { "<(comment)>", "<>" },
    { "<\"\">", "<>" },
    { "<@>", "<>" },
    { "\\", "<>" },
    { "(", "<>" })

/* `count` times `text` between `before` and `after`; the caller frees. */
static char *repeat(const char *before, const char *text, size_t count, const char *after)
{
    size_t length = strlen(text);
    char *made = malloc(strlen(before) + length * count + strlen(after) + 1), *at;

    assert_non_null(made);
    at = made + sprintf(made, "%s", before);
    while (count-- > 0)
        at = (char *)memcpy(at, text, length) + length;
    strcpy(at, after);
    return made;
}

static void s09_long_names(void **state)
{
    struct address address;
    char *text;

    (void)state;
    text = repeat("<a@", "x", 9000, ".partner.test>");
    address_read(&address, text);
    assert_int_equal(address.kind, ADDRESS_DOMAIN);
    assert_int_equal(address.domain.length, 255);
    assert_true(domain_below(address.domain.text, "partner.test"));
    free(text);
    text = repeat("<a@part", "\xc2\xad", 1000, "ner.test>");
    address_read(&address, text);
    assert_string_equal(address.domain.text, "partner.test");
    free(text);
}

static void s09_long_local_part(void **state)
{
    struct address_pattern pattern = { .domain = "partner.test" };
    struct address address;
    char *text = repeat("<", "a", 319, "@partner.test>");

    (void)state;
    address_read(&address, text);
    assert_false(address.local_cut);
    assert_int_equal(strlen(address.local), 319);
    free(text);
    text = repeat("<", "a", 320, "@partner.test>");
    address_read(&address, text);
    assert_true(address.local_cut);
    assert_true(address_matches(&address, &pattern));
    pattern.local = address.local;
    assert_false(address_matches(&address, &pattern));
    free(text);
}

/* These end, and soon. */
static void long_rows_of_syntax(void **state)
{
    static const char *const rows[] = {
        "(", ")", "\"", "<", ">", "@", "\\", "((", "@a", "<a@b", "\"(", "[", "!", "%a", "@x:",
    };
    struct address address;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *text = repeat("", rows[i], 100000, "");

        address_read(&address, text);
        assert_int_equal(address.domain.length, strlen(address.domain.text));
        free(text);
    }
}

static void patterns(void **state)
{
    static const struct {
        const char *text;
        struct address_pattern pattern;
        bool matches;
    } rows[] = {
        { "<User@Example.com>", { "user", "example.com", false }, true },
        { "<\"user\"@example.com.>", { "user", "example.com", false }, true },
        { "<users@example.com>", { "user", "example.com", false }, false },
        { "<any@example.com>", { NULL, "example.com", false }, true },
        { "<any@sub.example.com>", { NULL, "example.com", false }, false },
        { "<any@sub.example.com>", { NULL, "example.com", true }, true },
        { "<any@a.b.example.com>", { NULL, "example.com", true }, true },
        { "<any@example.com>", { NULL, "example.com", true }, false },
        { "<any@evilexample.com>", { NULL, "example.com", true }, false },
        { "<user>", { "user", "example.com", false }, false },
        { "<>", { NULL, "example.com", false }, false },
        { "<a@[192.0.2.1]>", { NULL, "192.0.2.1", false }, false },
    };
    struct address address;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        address_read(&address, rows[i].text);
        if (address_matches(&address, &rows[i].pattern) != rows[i].matches)
            fail_msg("%s", rows[i].text);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        { "S02 source route", s02_source_route, NULL, NULL, NULL },
        { "S03 brackets and blanks", s03_brackets_and_blanks, NULL, NULL, NULL },
        { "S03 quotes", s03_quotes, NULL, NULL, NULL },
        { "S03 backslashes", s03_backslashes, NULL, NULL, NULL },
        { "S03 comments", s03_comments, NULL, NULL, NULL },
        { "S04 before the last at sign", s04_before_the_last_at, NULL, NULL, NULL },
        { "S04 without an at sign", s04_without_at, NULL, NULL, NULL },
        { "s19_sendmail", s19_sendmail, NULL, NULL, NULL },
        { "s19_uucp", s19_uucp, NULL, NULL, NULL },
        { "S05 case and final dot", s05_case_and_final_dot, NULL, NULL, NULL },
        { "S06 label boundaries", s06_label_boundaries, NULL, NULL, NULL },
        { "S07 internationalised names", s07_idn, NULL, NULL, NULL },
        { "S09 invalid domains", s09_invalid_domains, NULL, NULL, NULL },
        { "S09 long names", s09_long_names, NULL, NULL, NULL },
        { "S09 long local part", s09_long_local_part, NULL, NULL, NULL },
        { "S10 address literals", s10_literals, NULL, NULL, NULL },
        { "S11 null sender", s11_null_sender, NULL, NULL, NULL },
        { "long rows of syntax", long_rows_of_syntax, NULL, NULL, NULL },
        { "patterns of recipients and senders", patterns, NULL, NULL, NULL },
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
