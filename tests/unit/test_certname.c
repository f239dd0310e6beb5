/* SPDX-License-Identifier: BSD-2-Clause */
/* Names in certificates: xtext, comparison, distinguished names. The encodings were measured on Sendmail. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "policy/names/certname.h"

static void t15_xtext_decoded(void **state)
{
    static const struct {
        const char *text, *name;
    } cases[] = {
        {"", ""},
        {"mail.partner.example", "mail.partner.example"},
        {"Partner+20GmbH", "Partner GmbH"},
        {"IT+20+28Mail+29", "IT (Mail)"},
        {"m+C3+A4il.example", "m\xc3\xa4il.example"},
        {"m+c3+a4il.example", "m\xc3\xa4il.example"},
        {"a+2Bb/c=d,e;f+3Cg+3Eh#i", "a+b/c=d,e;f<g>h#i"},
        {"+22+28+29+5C+20", "\"()\\ "},
        {"+2B20", "+20"}, /* once, not twice */
        {"raw \xc3\xa4", "raw \xc3\xa4"},
        {"+20+20x", "  x"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[CERTNAME_MAX];

        if (!certname_decode(cases[i].text, name, sizeof name))
            fail_msg("%s was refused", cases[i].text);
        assert_string_equal(name, cases[i].name);
    }
}

static void t15_xtext_malformed(void **state)
{
    static const char *const cases[] = {
        "+", "a+", "+2", "a+2", "+2G", "+G2", "+ 2", "++20", "+-1", "+0x", "a+20+", "a+20+4", "+00",
        "a+00b", "+0D+0A",
        "+09", "+07", "+1B", "+7F", "+7f", "a\nb", "a\rb", "a\tb", "\x7f", "\x01",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[CERTNAME_MAX] = "untouched";

        if (certname_decode(cases[i], name, sizeof name))
            fail_msg("%s was decoded to %s", cases[i], name);
        assert_string_equal(name, "untouched");
    }
}

static void t15_xtext_room(void **state)
{
    char name[8] = "before", text[] = "a+20b+20c";

    (void)state;
    assert_false(certname_decode("12345678", name, sizeof name));
    assert_string_equal(name, "before");
    assert_true(certname_decode("+31+32+33+34+35+36+37", name, sizeof name));
    assert_string_equal(name, "1234567");
    assert_false(certname_decode("", name, 0));
    assert_true(certname_decode(text, text, sizeof text)); /* in its place */
    assert_string_equal(text, "a b c");
}

static void t15_sentinels(void **state)
{
    (void)state;
    assert_true(certname_is_sentinel("BadCertificateUnknown"));
    assert_true(certname_is_sentinel("BadCertificateTooLong"));
    assert_true(certname_is_sentinel("BadCertificateContainsNUL"));
    assert_false(certname_is_sentinel("mail.example"));
    assert_false(certname_is_sentinel("BadCert"));
    assert_false(certname_is_sentinel("x.BadCertificateUnknown"));
    assert_false(certname_is_sentinel(""));
}

struct match {
    const char *wanted, *seen;
    bool matches;
};

static void check_matches(const struct match *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (certname_matches(cases[i].wanted, cases[i].seen) != cases[i].matches)
            fail_msg("\"%s\" against \"%s\" is not %d", cases[i].wanted, cases[i].seen, cases[i].matches);
}

static void t15_compared_whole(void **state)
{
    static const struct match cases[] = {
        {"mail.contoso.com", "mail.contoso.com", true},
        {"mail.contoso.com", "MAIL.Contoso.COM", true},
        {"MAIL.contoso.com", "mail.contoso.com", true},
        {"mail.contoso.com", "mail.contoso.com.evil.test", false},
        {"mail.contoso.com", "evilmail.contoso.com", false},
        {"mail.contoso.com", "mail.contoso.co", false},
        {"mail.contoso.com", "mail.contoso.com.", false},
        {"mail.contoso.com", " mail.contoso.com", false},
        {"mail.contoso.com", "mail.contoso.com ", false},
        {"mail.contoso.com", "evil.test/CN=mail.contoso.com", false},
        {"mail.contoso.com", "mail.contoso.com/CN=evil.test", false},
        {"mail.contoso.com", "mailxcontoso.com", false},
        {"a[b", "a{b", false}, /* letters only are folded */
        {"a@b", "a`b", false},
        {"m\xc3\x84il", "m\xc3\xa4il", false}, /* and of ASCII only */
        {"m\xc3\xa4il", "M\xc3\xa4IL", true},
        {"DigiCert Global G2 TLS RSA SHA256 2020 CA1", "DigiCert Global G2 TLS RSA SHA256 2020 CA1", true},
    };

    (void)state;
    check_matches(cases, sizeof cases / sizeof *cases);
}

static void t14_nameless_matches_nothing(void **state)
{
    static const struct match cases[] = {
        {"mail.contoso.com", "", false}, {"", "mail.contoso.com", false}, {"", "", false},
        {"*.contoso.com", "", false},
        {"*", "", false},
    };

    (void)state;
    check_matches(cases, sizeof cases / sizeof *cases);
}

static void t16_wildcards(void **state)
{
    static const struct match cases[] = {
        {"*.contoso.com", "mail.contoso.com", true},
        {"*.contoso.com", "MX-1.CONTOSO.com", true},
        {"*.contoso.com", "_x.contoso.com", true},
        {"*.contoso.com", "m\xc3\xa4il.contoso.com", true},
        {"*.contoso.com", "*.contoso.com", true},
        {"*.contoso.com", "contoso.com", false},
        {"*.contoso.com", ".contoso.com", false},
        {"*.contoso.com", "a.b.contoso.com", false},
        {"*.contoso.com", "a..contoso.com", false},
        {"*.contoso.com", "mail.evilcontoso.com", false},
        {"*.contoso.com", "mailcontoso.com", false},
        {"*.contoso.com", "mail.contoso.com.evil.test", false},
        {"*.contoso.com", "*.mail.contoso.com", false},
        {"*.contoso.com", "evil test.contoso.com", false}, /* no label of a host name */
        {"*.contoso.com", "evil/CN=x.contoso.com", false},
        {"mail.contoso.com", "*.contoso.com", false}, /* the certificate's never expands */
        {"mail.contoso.com", "*", false},
        {"*.contoso.com", "*", false},
        {"*", "mail.contoso.com", false}, /* only "*." is one */
        {"*.", "mail.", false},
        {"*.", "*.", true},
        {"**.contoso.com", "mail.contoso.com", false},
        {"m*.contoso.com", "mail.contoso.com", false},
        {"mail.*.com", "mail.contoso.com", false},
    };

    (void)state;
    check_matches(cases, sizeof cases / sizeof *cases);
}

struct dn {
    const char *dn, *type;
    enum dn_answer answer;
    const char *value;
};

static void check_dns(const struct dn *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char value[CERTNAME_MAX] = "untouched";
        enum dn_answer answer = dn_attribute(cases[i].dn, cases[i].type, value, sizeof value);
        const char *expected = cases[i].answer == DN_FOUND ? cases[i].value : "untouched";

        if (answer != cases[i].answer || strcmp(value, expected) != 0)
            fail_msg("%s of %s: %d \"%s\"", cases[i].type, cases[i].dn, (int)answer, value);
    }
}

static const char full[] =
    "/C=DE/ST=Bayern/L=Muenchen/O=Partner GmbH/OU=IT (Mail)/CN=mail.partner.example"
    "/emailAddress=pm@partner.example";

static void t15_dn_attributes(void **state)
{
    const struct dn cases[] = {
        {"/CN=mail.partner.example", "CN", DN_FOUND, "mail.partner.example"},
        {full, "C", DN_FOUND, "DE"},
        {full, "o", DN_FOUND, "Partner GmbH"},
        {full, "OU", DN_FOUND, "IT (Mail)"},
        {full, "cn", DN_FOUND, "mail.partner.example"},
        {full, "EMAILADDRESS", DN_FOUND, "pm@partner.example"},
        {full, "UID", DN_ABSENT, NULL},
        {full, "N", DN_ABSENT, NULL},
        {full, "email", DN_ABSENT, NULL},
        {full, "", DN_ABSENT, NULL},
        {"", "CN", DN_ABSENT, NULL},
        {"/O=Partner GmbH", "CN", DN_ABSENT, NULL},
        {"/CN=", "CN", DN_FOUND, ""},
        {"/2.5.4.97=NTRDE-1/CN=a", "2.5.4.97", DN_FOUND, "NTRDE-1"},
        {"/CN=a+UID=b", "CN", DN_FOUND, "a"}, /* two attributes of one RDN */
        {"/CN=a+UID=b", "UID", DN_FOUND, "b"},
        {"/CN=a=b,c;d<e>#f'\"", "CN", DN_FOUND, "a=b,c;d<e>#f'\""},
        {"/CN=a\\+b\\/c", "CN", DN_FOUND, "a+b/c"},
        {"/CN=m\\xC3\\xA4il", "CN", DN_FOUND, "m\xc3\xa4il"},
        {"/CN=a\\b", "CN", DN_FOUND, "a\\b"}, /* OpenSSL does not double it */
        {"/CN=a\\\\/b", "CN", DN_FOUND, "a\\/b"},
        {"/CN=a\\", "CN", DN_FOUND, "a\\"},
    };

    (void)state;
    check_dns(cases, sizeof cases / sizeof *cases);
}

static void t15_dn_doubtful(void **state)
{
    static const struct dn cases[] = {
        {"CN=mail", "CN", DN_DOUBTFUL, NULL},
        {"mail", "CN", DN_DOUBTFUL, NULL},
        {"/", "CN", DN_DOUBTFUL, NULL},
        {"/CN=mail/", "CN", DN_DOUBTFUL, NULL},
        {"//CN=mail", "CN", DN_DOUBTFUL, NULL},
        {"/CN=mail+", "CN", DN_DOUBTFUL, NULL},
        {"/=x/CN=mail", "CN", DN_DOUBTFUL, NULL},
        {"/O=A/B GmbH/CN=mail", "CN", DN_DOUBTFUL, NULL}, /* OpenSSL up to 1.1 escapes nothing */
        {"/O=A/B GmbH/CN=mail", "O", DN_DOUBTFUL, NULL},
        {"/O=A/B G=H/CN=mail", "CN", DN_DOUBTFUL, NULL},
        {"/O=A+B/CN=mail", "CN", DN_DOUBTFUL, NULL},
        {"/CN=attacker/CN=mail", "CN", DN_DOUBTFUL, NULL}, /* several */
        {"/CN=mail/CN=mail", "CN", DN_DOUBTFUL, NULL},
        {"/CN=attacker+CN=mail", "CN", DN_DOUBTFUL, NULL},
        {"/CN=attacker/cn=mail", "CN", DN_DOUBTFUL, NULL},
        {"/CN=mail\\/CN=mail.partner.example", "CN", DN_DOUBTFUL, NULL}, /* or one ends in "\" */
        {"/CN=mail\\+UID=x", "CN", DN_DOUBTFUL, NULL},
        {"/O=x\\/CN=mail", "O", DN_DOUBTFUL, NULL},
        {"/O=x\\/CN=mail", "CN", DN_DOUBTFUL, NULL},
        {"/O=x\\\\/CN=mail", "CN", DN_DOUBTFUL, NULL},
        {"/CN=a\\/2.5.4.3=b", "CN", DN_DOUBTFUL, NULL},
        {"/CN=mail\\x00.evil.example", "CN", DN_DOUBTFUL, NULL}, /* control octets, wherever */
        {"/O=a\\x0D\\x0Ab/CN=mail", "CN", DN_DOUBTFUL, NULL},
        {"/O=a\x01/CN=mail", "CN", DN_DOUBTFUL, NULL},
        {"/CN=a\nb", "CN", DN_DOUBTFUL, NULL},
        {"/CN=a\\x7F", "CN", DN_DOUBTFUL, NULL},
        {"/CN=\\x41", "CN", DN_DOUBTFUL, NULL}, /* OpenSSL escapes no octet that prints */
        {"/CN=\\xc3", "CN", DN_DOUBTFUL, NULL}, /* and writes upper case */
        {"/CN=\\x", "CN", DN_DOUBTFUL, NULL},
        {"/CN=\\xC", "CN", DN_DOUBTFUL, NULL},
    };

    (void)state;
    check_dns(cases, sizeof cases / sizeof *cases);
}

static void t15_dn_length(void **state)
{
    char dn[300], value[300];

    (void)state;
    for (int length = 6; length < 300; length++) {
        snprintf(dn, sizeof dn, "/CN=%0*d", length - 4, 0);
        assert_int_equal(strlen(dn), length);
        /* from 251 octets on, not even "/CN=x" would have fitted into Sendmail's buffer */
        assert_int_equal(dn_attribute(dn, "CN", value, sizeof value), length <= 250 ? DN_FOUND : DN_DOUBTFUL);
        assert_int_equal(dn_attribute(dn, "O", value, sizeof value), length <= 250 ? DN_ABSENT : DN_DOUBTFUL);
    }
    assert_int_equal(dn_attribute("/CN=1234", "CN", value, 4), DN_DOUBTFUL);
    assert_int_equal(dn_attribute("/CN=1234", "CN", value, 5), DN_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t15_xtext_decoded),   cmocka_unit_test(t15_xtext_malformed),
        cmocka_unit_test(t15_xtext_room),      cmocka_unit_test(t15_sentinels),
        cmocka_unit_test(t15_compared_whole),  cmocka_unit_test(t14_nameless_matches_nothing),
        cmocka_unit_test(t16_wildcards),       cmocka_unit_test(t15_dn_attributes),
        cmocka_unit_test(t15_dn_doubtful),     cmocka_unit_test(t15_dn_length),
    };

    return cmocka_run_group_tests_name("certname", tests, NULL, NULL);
}
