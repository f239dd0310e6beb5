/* SPDX-License-Identifier: BSD-2-Clause */
/* Domain names: one name in every spelling, names that are none, what a policy may name. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include "policy/names/domain.h"

struct row {
    const char *name, *text;
    enum domain_form form;
};

static void check_rows(const struct row *rows, size_t count)
{
    struct domain domain;
    enum domain_form form;
    size_t i;

    for (i = 0; i < count; i++) {
        memset(&domain, 0xaa, sizeof(domain));
        form = domain_normalise(&domain, rows[i].name, strlen(rows[i].name));
        if (strcmp(domain.text, rows[i].text) != 0 || form != rows[i].form)
            fail_msg("%s: %s (%d), not %s (%d)", rows[i].name, domain.text, form, rows[i].text, rows[i].form);
        assert_int_equal(domain.length, strlen(domain.text));
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

#define X63 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

ROWS(s05_case_and_final_dot,
    { "partner.test", "partner.test", DOMAIN_VALID },
    { "PARTNER.Test", "partner.test", DOMAIN_VALID },
    { "partner.test.", "partner.test", DOMAIN_VALID },
    { "partner.test..", "partner.test", DOMAIN_VALID },
    { "_dmarc.Partner_1.test", "_dmarc.partner_1.test", DOMAIN_VALID },
    { "localhost", "localhost", DOMAIN_VALID })

ROWS(s07_one_domain,
    { "m\xc3\xbcller.test", "xn--mller-kva.test", DOMAIN_VALID },
    { "M\xc3\x9cLLER.TEST.", "xn--mller-kva.test", DOMAIN_VALID },
    { "mu\xcc\x88ller.test", "xn--mller-kva.test", DOMAIN_VALID },
    { "XN--Mller-KVA.test", "xn--mller-kva.test", DOMAIN_VALID },
    { "\xef\xbd\x98n--mller-kva.test", "xn--mller-kva.test", DOMAIN_VALID },
    { "\xef\xbc\xb0\xef\xbd\x81rtner.test", "partner.test", DOMAIN_VALID },
    { "part\xc2\xadner.test", "partner.test", DOMAIN_VALID },
    { "stra\xc3\x9f" "e.test", "xn--strae-oqa.test", DOMAIN_VALID },
    { "a_\xc3\xbc.test", "xn--a_-yka.test", DOMAIN_VALID },
    { "partner\xe3\x80\x82test", "partner.test", DOMAIN_VALID },
    { "partner\xef\xbc\x8etest", "partner.test", DOMAIN_VALID },
    { "partner\xef\xbd\xa1test\xe3\x80\x82", "partner.test", DOMAIN_VALID })

ROWS(s08_look_alike,
    { "p\xd0\xb0rtner.test", "xn--prtner-3nf.test", DOMAIN_VALID })

ROWS(s09_no_valid_name,
    { "", "", DOMAIN_NONE },
    { ".", "", DOMAIN_NONE },
    { "\xe3\x80\x82", "", DOMAIN_NONE },
    { "\xc2\xad", "", DOMAIN_NONE },
    { "..", "", DOMAIN_NONE },
    { "...", "", DOMAIN_NONE },
    { ".Partner.test", ".partner.test", DOMAIN_PLAIN },
    { "a..partner.test", "a..partner.test", DOMAIN_PLAIN },
    { "-a.Partner.test", "-a.partner.test", DOMAIN_PLAIN },
    { "a-.partner.test", "a-.partner.test", DOMAIN_PLAIN },
    { X63 ".test", X63 ".test", DOMAIN_VALID },
    { X63 "X.test", X63 "x.test", DOMAIN_PLAIN },
    { X63 "." X63 "." X63 "." X63, X63 "." X63 "." X63 "." X63, DOMAIN_PLAIN },
    { "A b.test", "a b.test", DOMAIN_PLAIN },
    { "*.Partner.test", "*.partner.test", DOMAIN_PLAIN },
    { "192.0.2.1", "192.0.2.1", DOMAIN_PLAIN },
    { "partner.1", "partner.1", DOMAIN_PLAIN },
    { "a@partner.test", "a@partner.test", DOMAIN_PLAIN },
    { "a\x01.test", "a\x01.test", DOMAIN_PLAIN })

ROWS(s09_odd_label_hides_nothing,
    { "\xff\xfe.Partner.test", "\xff\xfe.partner.test", DOMAIN_PLAIN },
    { "\xff.M\xc3\x9cLLER.test", "\xff.xn--mller-kva.test", DOMAIN_PLAIN },
    { "\xee\x80\x80.\xef\xbd\x90\xef\xbd\x81rtner.test", "\xee\x80\x80.partner.test", DOMAIN_PLAIN },
    { "\xff\xe3\x80\x82partner\xef\xbc\x8etest\xef\xbd\xa1", "\xff.partner.test", DOMAIN_PLAIN },
    { "-\xc3\xbc.partner.test", "-\xc3\xbc.partner.test", DOMAIN_PLAIN },
    { "\xcc\x81z.partner.test", "\xcc\x81z.partner.test", DOMAIN_PLAIN },
    { X63 "x.m\xc3\xbcller.test", X63 "x.xn--mller-kva.test", DOMAIN_PLAIN },
    { "\xe3\x80\x82m\xc3\xbcller.test", ".xn--mller-kva.test", DOMAIN_PLAIN },
    { "\xc3", "\xc3", DOMAIN_PLAIN },
    { "\xe3\x80.test", "\xe3\x80.test", DOMAIN_PLAIN })

/* Over 255 octets the last 255 stay, and a suffix still matches. */
static void s09_very_long_names(void **state)
{
    static const char *const ends[] = { ".partner.test", ".partner.test.", "\xe3\x80\x82PARTNER.test" };
    static char name[70000];
    struct domain domain;
    size_t i, filled;

    (void)state;
    for (filled = 235; filled < sizeof(name) - 100; filled = filled < 260 ? filled + 1 : filled * 2) {
        for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
            memset(name, 'A', filled);
            strcpy(name + filled, ends[i]);
            assert_int_equal(domain_normalise(&domain, name, strlen(name)), DOMAIN_PLAIN);
            assert_int_equal(domain.length, filled + 13 < 255 ? filled + 13 : 255);
            assert_int_equal(strlen(domain.text), domain.length);
            assert_true(domain_below(domain.text, "partner.test"));
        }
    }
}

static void s09_nul_ends_no_name(void **state)
{
    struct domain domain;

    (void)state;
    assert_int_equal(domain_normalise(&domain, "partner.test\0.evil", 18), DOMAIN_PLAIN);
    assert_string_equal(domain.text, "partner.test?.evil");
    assert_int_equal(domain_normalise(&domain, "\xc3\xbc\0.evil", 8), DOMAIN_PLAIN);
    assert_string_equal(domain.text, "\xc3\xbc?.evil");
}

static void what_a_policy_may_name(void **state)
{
    static const char number[] = "ends in a number, so it is an IP address or not a host name";
    static const char octet[] = "has a character that a host name cannot have";
    static const char hyphen[] = "has a label that begins or ends with a hyphen";
    static const char idna[] = "has a label that is not a valid internationalised name (IDNA)";
    static const struct {
        const char *name, *fault, *text;
    } rows[] = {
        { "Contoso.com", NULL, "contoso.com" },
        { "contoso.com.", NULL, "contoso.com" },
        { "localhost", NULL, "localhost" },
        { "_a.b-c.3com", NULL, "_a.b-c.3com" },
        { "M\xc3\xbcller.test", NULL, "xn--mller-kva.test" },
        { "xn--mller-kva.test", NULL, "xn--mller-kva.test" },
        { "", "is empty", NULL },
        { ".", "has an empty label", NULL },
        { "contoso..com", "has an empty label", NULL },
        { "contoso.com..", "has an empty label", NULL },
        { ".contoso.com", "has an empty label", NULL },
        { X63 "x.com", "has a label of more than 63 octets", NULL },
        { X63 "." X63 "." X63 "." X63, "is longer than 253 octets", NULL },
        { "*.contoso.com", octet, NULL },
        { "contoso .com", octet, NULL },
        { "user@contoso.com", octet, NULL },
        { "[192.0.2.1]", octet, NULL },
        { "2001:db8::1", octet, NULL },
        { "-contoso.com", hyphen, NULL },
        { "contoso.com-", hyphen, NULL },
        { "192.0.2.1", number, NULL },
        { "contoso.7", number, NULL },
        { "7", number, NULL },
        { "\xe2\x99\xa5.test", NULL, "xn--g6h.test" },
        { "partner.test.\xe2\x80\x8b", NULL, "partner.test" },
        { "\xe2\x80\x8b", "has an empty label", NULL },
        { "a.\xc2\xad.test", "has an empty label", NULL },
        { "\xee\x80\x80.test", idna, NULL },
        { "ab--\xc3\xbc.test", idna, NULL },
        { "a\xc2\xa0" "b.test", octet, NULL },
        { "\xff.test", idna, NULL },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct domain domain = { .text = "untouched" };
        const char *fault = domain_check(&domain, rows[i].name);

        if ((fault == NULL) != (rows[i].fault == NULL)
            || (fault != NULL && strcmp(fault, rows[i].fault) != 0))
            fail_msg("%s: %s", rows[i].name, fault != NULL ? fault : "taken");
        assert_string_equal(domain.text, fault == NULL ? rows[i].text : "untouched");
    }
}

static void s06_below(void **state)
{
    static const struct {
        const char *domain, *parent;
        bool below;
    } rows[] = {
        { "sub.partner.test", "partner.test", true },      { "a.b.partner.test", "partner.test", true },
        { "partner.test", "partner.test", false },         { "evilpartner.test", "partner.test", false },
        { "partner.test.evil.test", "partner.test", false }, { "test", "partner.test", false },
        { ".partner.test", "partner.test", true },         { "", "partner.test", false },
        { "partner.test", "", false },                     { "partner.test.", "", false },
        { "", "", false },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (domain_below(rows[i].domain, rows[i].parent) != rows[i].below)
            fail_msg("%s below %s", rows[i].domain, rows[i].parent);
}

static void s08_mixed_scripts(void **state)
{
    static const struct {
        const char *name;
        bool mixes;
    } rows[] = {
        { "partner.test", false },
        { "p\xd0\xb0rtner.test", true },                             /* Latin, Cyrillic a */
        { "xn--prtner-3nf.test", true },                             /* the same as an A-label */
        { "mail.XN--prtner-3nf.test", true },
        { "p\xce\xb1rtner.test", true },                             /* Latin, Greek alpha */
        { "\xce\xb1\xd0\xb0.test", true },                           /* Greek, Cyrillic */
        { "\xd0\xbf\xd0\xbe\xd1\x87\xd1\x82\xd0\xb0.com", false },   /* all Cyrillic */
        { "xn--80a1acny.com", false },
        { "m\xc3\xbcller-1.test", false },
        { "\xe6\x9d\xb1\xe3\x81\x82\xe3\x82\xa2\xe3\x83\xbc" "tv.jp", false }, /* and Latin */
        { "\xe6\x9d\xb1\xed\x95\x9c.kr", false },                    /* Han, Hangul */
        { "\xe6\x9d\xb1\xe3\x84\x85.tw", false },                    /* Han, Bopomofo */
        { "\xe3\x81\x82\xed\x95\x9c.test", true },                   /* Hiragana, Hangul */
        { "\xe6\x9d\xb1\xd0\xb0.test", true },                       /* Han, Cyrillic */
        { "p\xd0\xb0\xe3\x80\x82test", true },
        { "xn--zzzzzz.test", false },
        { "\xff\xfe.test", false },
        { "", false },
        { "..", false },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (domain_mixes_scripts(rows[i].name) != rows[i].mixes)
            fail_msg("%s", rows[i].name);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        { "S05 case and final dot", s05_case_and_final_dot, NULL, NULL, NULL },
        { "S06 label boundaries", s06_below, NULL, NULL, NULL },
        { "S07 one domain in every spelling", s07_one_domain, NULL, NULL, NULL },
        { "S08 a look-alike is another domain", s08_look_alike, NULL, NULL, NULL },
        { "S08 mixed scripts", s08_mixed_scripts, NULL, NULL, NULL },
        { "S09 no valid name", s09_no_valid_name, NULL, NULL, NULL },
        { "S09 an odd label hides nothing", s09_odd_label_hides_nothing, NULL, NULL, NULL },
        { "S09 very long names", s09_very_long_names, NULL, NULL, NULL },
        { "S09 a NUL ends no name", s09_nul_ends_no_name, NULL, NULL, NULL },
        { "what a policy may name", what_a_policy_may_name, NULL, NULL, NULL },
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
