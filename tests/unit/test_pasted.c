/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names copied with more than themselves; issuers that take turns; domains of nobody; texts written as
 * YAML.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "policy/names/issuers.h"
#include "policy/names/pasted.h"
#include "policy/names/scalar.h"
#include "policy/names/suffixes.h"

static const struct {
    enum pasted_as as;
    const char *text, *meant; /* NULL: nothing is odd */
} cases[] = {
    {PASTED_COMMON_NAME, "mail.contoso.com", NULL},
    {PASTED_COMMON_NAME, "*.contoso.com", NULL},
    {PASTED_COMMON_NAME, "VeriSign, Inc.", NULL},
    {PASTED_COMMON_NAME, "Entrust.net Certification Authority (2048)", NULL},
    {PASTED_COMMON_NAME, "x/CN=mail.contoso.com", NULL},
    {PASTED_COMMON_NAME, "subject", NULL},
    {PASTED_COMMON_NAME, "Issuer", NULL},
    {PASTED_COMMON_NAME, "\"A\" and \"B\"", NULL},
    {PASTED_COMMON_NAME, "Let's Encrypt", NULL},
    {PASTED_COMMON_NAME, "\"", NULL},
    {PASTED_COMMON_NAME, "CN=", NULL},
    {PASTED_COMMON_NAME, "CN=a", "a"},
    {PASTED_COMMON_NAME, "cn = a", "a"},
    {PASTED_COMMON_NAME, "commonName=a", "a"},
    {PASTED_COMMON_NAME, "C=DE,CN=a\\,b,O=c", "a,b"},
    {PASTED_COMMON_NAME, "C = DE + CN = a", "a"},
    {PASTED_COMMON_NAME, "O = \"a, CN = b\", CN = c", "c"},
    {PASTED_COMMON_NAME, "/O=a/CN=b", "b"},
    {PASTED_COMMON_NAME, "/O=CN=a/CN=b", "b"},
    {PASTED_COMMON_NAME, "1.2.840.113549=x, CN=b", "b"},
    {PASTED_COMMON_NAME,
     "subject: C=DE, CN=\xe2\x80\x9c"
     "a.test\xe2\x80\x9d",
     "a.test"},
    {PASTED_COMMON_NAME, "O=Bank", ""},
    {PASTED_COMMON_NAME, "https://user:pw@[2001:db8::1]:8443/x?y#z", "2001:db8::1"},
    {PASTED_COMMON_NAME, "a.test , b.test", "a.test, b.test"},
    {PASTED_COMMON_NAME, "a.test,", "a.test"},
    {PASTED_COMMON_NAME, "\xc3", NULL}, /* half a character: not in a policy, and no harm */
    {PASTED_COMMON_NAME, "a\xe2\x80", NULL},
    {PASTED_COMMON_NAME, "Owner: CN=a.test, O=b", "a.test"},
    {PASTED_COMMON_NAME, "subject `CN=a.test,O=b', issuer `CN=c', serial 0x1", "a.test"},
    {PASTED_ISSUER, "subject `CN=a.test,O=b', issuer `CN=c', serial 0x1", "c"},
    {PASTED_COMMON_NAME, "<I>CN=c, O=d<S>CN=a.test, O=b", "a.test"},
    {PASTED_ISSUER, "<I>CN=c, O=d<S>CN=a.test, O=b", "c"},
    {PASTED_COMMON_NAME, "mx.test[192.0.2.1]: Trusted: subject_CN=a.test, issuer=c, fingerprint=AB", "a.test"},
    {PASTED_ISSUER, "mx.test[192.0.2.1]: Trusted: subject_CN=a.test, issuer=c, fingerprint=AB", "c"},
    {PASTED_ISSUER, "Client CN \"a.test\", Issuer \"c d\" (verified OK)", "c d"},
    {PASTED_COMMON_NAME, "x, cert-subject=/O=b+20c/CN=d+20e+2Bf, cert-issuer=/CN=g", "d e+f"},
    {PASTED_COMMON_NAME, "Common Name (CN) a.test", "a.test"},
    {PASTED_COMMON_NAME, "CN  a.test", "a.test"},
    {PASTED_COMMON_NAME, "X509v3 Subject Alternative Name: DNS:a.test, DNS:b.test", "a.test, b.test"},
    {PASTED_COMMON_NAME, "a.test\n", "a.test"},
    {PASTED_COMMON_NAME, "a.test - b.test", "a.test, b.test"},
    {PASTED_COMMON_NAME, "mail. a.test", "mail.a.test"},
    {PASTED_COMMON_NAME, "St. Gallen", NULL},
    {PASTED_COMMON_NAME, "Bank A - Bank B", NULL},
    {PASTED_COMMON_NAME, "Some CA (CN) 2", NULL},
    {PASTED_COMMON_NAME, "CN Test CA", NULL},
    {PASTED_COMMON_NAME, "Verein: Musik e.V.", NULL},
    {PASTED_COMMON_NAME, "d+20e", NULL},
    {PASTED_COMMON_NAME, "a.test:smtp", "a.test"},
    {PASTED_COMMON_NAME, "a.test:", "a.test"},
    {PASTED_COMMON_NAME, "*.a.test[192.0.2.1]:25", "*.a.test"},
    {PASTED_COMMON_NAME, "a.test&nbsp;", "a.test"},
    {PASTED_COMMON_NAME, "a.test<br>", "a.test"},
    {PASTED_COMMON_NAME, "a.test, O = Bank", "a.test"},
    {PASTED_COMMON_NAME, "a.test/", "a.test"},
    {PASTED_COMMON_NAME, "\xe2\x80\xa2 a.test", "a.test"},
    {PASTED_COMMON_NAME, "12. a.test", "a.test"},
    {PASTED_COMMON_NAME, "> a.test", "a.test"},
    {PASTED_COMMON_NAME, "=a.test", "a.test"},
    {PASTED_COMMON_NAME, "^a\\.b\\.test$", "a.b.test"},
    {PASTED_COMMON_NAME, "(a|b).c.test", ""},
    {PASTED_COMMON_NAME, "mx[12].c.test", ""},
    {PASTED_COMMON_NAME, "a.test|b.test", "a.test, b.test"},
    {PASTED_COMMON_NAME, "a.test / b.test", "a.test, b.test"},
    {PASTED_COMMON_NAME, "a.test and b.test or c.test", "a.test, b.test, c.test"},
    {PASTED_COMMON_NAME, "a.test\tb.test", "a.test, b.test"},
    {PASTED_COMMON_NAME, "{a.test, b.test}", "a.test, b.test"},
    {PASTED_COMMON_NAME, "A and B", NULL},
    {PASTED_COMMON_NAME, "Banken/Kassen", NULL},
    {PASTED_COMMON_NAME, "amazon.com, Inc.", NULL},
    {PASTED_COMMON_NAME, "SSL.com EV SSL (R2)", NULL},
    {PASTED_COMMON_NAME, "Versicherung V.V.a.G.: Nord", NULL},
    {PASTED_COMMON_NAME, "Gate (2)", NULL},
    {PASTED_COMMON_NAME, "1. FC Bank", NULL},
    {PASTED_COMMON_NAME, "- Bank -", NULL},
    {PASTED_COMMON_NAME, "2.5.4: x", NULL},
    {PASTED_ISSUER, "Some CA, Inc.", NULL},
    {PASTED_ATTRIBUTE, "Bank, Inc. DNS:x https://y", NULL},
    {PASTED_ATTRIBUTE, " Bank ", "Bank"},
    {PASTED_HOST, ".contoso.com", NULL},
    {PASTED_HOST, "contoso.com.", NULL},
    {PASTED_HOST, "*", NULL},
    {PASTED_HOST, "192.0.2.0/24", NULL},
    {PASTED_HOST, "2001:db8::/32", NULL},
    {PASTED_HOST, "::1", NULL},
    {PASTED_HOST, "\xd9\x86\xd8\xa7\xd9\x85\xd9\x87\xe2\x80\x8c\xd8\xa7\xdb\x8c.example",
     NULL}, /* with a joiner */
    {PASTED_HOST,
     "a\xe2\x80\x8c"
     "b.example",
     "ab.example"},
    {PASTED_HOST, "[2001:db8::1]:25", "2001:db8::1"},
    {PASTED_HOST, "a.test:smtp", "a.test"},
    {PASTED_HOST, "smtp:[a.test]:25", "a.test"},
    {PASTED_HOST, "SmtpDomain:a.test", "a.test"},
    {PASTED_HOST, "ip4:192.0.2.0/24", "192.0.2.0/24"},
    {PASTED_HOST, "!a.test", NULL}, /* not a.test */
    {PASTED_HOST, "192.0.2.0/255.255.255.0", NULL},
    {PASTED_HOST, "2001:db8:aa.bb:1", NULL},
    {PASTED_HOST, "ipv6:2001:db8::1", "2001:db8::1"},
    {PASTED_HOST, "a@b@c.test", "c.test"},
    {PASTED_HOST, "<a@c.test>,", "c.test"},
    {PASTED_HOST, "`contoso.com`", "contoso.com"},
    {PASTED_HOST, "\"contoso.com", "contoso.com"},
    {PASTED_ADDRESS, "a@contoso.com", NULL},
    {PASTED_ADDRESS, "\"a b\"@contoso.com", NULL},
    {PASTED_ADDRESS, "*@contoso.com", NULL},
    {PASTED_ADDRESS, "a@contoso.com; b@contoso.com", "a@contoso.com, b@contoso.com"},
    {PASTED_ADDRESS, "mailto:a@contoso.com", "a@contoso.com"},
};

static void pasted_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pasted pasted;
        bool odd = pasted_read(&pasted, cases[i].text, cases[i].as);

        if (odd != (cases[i].meant != NULL))
            fail_msg("%s: %s", cases[i].text, odd ? pasted.what : "nothing odd");
        if (odd && strcmp(pasted.text, cases[i].meant) != 0)
            fail_msg("%s: \"%s\", wanted \"%s\"", cases[i].text, pasted.text, cases[i].meant);
    }
}

/*
 * What is left is looked at again, and nothing is odd about it: the line that is printed loads without a
 * word.
 */
static void what_is_meant_is_not_odd(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pasted pasted, again;

        if (pasted_read(&pasted, cases[i].text, cases[i].as) && pasted.count == 1 && pasted.text[0] != '\0'
            && pasted_read(&again, pasted.text, cases[i].as))
            fail_msg("%s: %s %s", cases[i].text, pasted.text, again.what);
    }
}

static void long_texts(void **state)
{
    static char text[5000];
    struct pasted pasted;

    (void)state;
    for (size_t length = PASTED_MAX - 8; length < PASTED_MAX + 8; length++) {
        memset(text, 'a', length);
        memcpy(text, "CN=", 3);
        text[length] = '\0';
        if (pasted_read(&pasted, text, PASTED_COMMON_NAME))
            assert_int_equal(strlen(pasted.text), length - 3);
        else
            assert_true(length + 2 >= PASTED_MAX);
    }
    for (size_t i = 0; i + 1 < sizeof text; i++)
        text[i] = ".a, "[i % 4];
    assert_false(pasted_read(&pasted, text, PASTED_HOST));
}

static void issuers_of_one_ca(void **state)
{
    static const char *const known[] = {"R10", "r11", "YE3", "WE1", "Amazon RSA 2048 M77", "GTS CA 1D4"};
    static const char *const unknown[] = {"R", "R1", "R100", "ISRG Root X1", "Amazon", "Some CA", ""};

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (issuer_family_of(known[i]) == NULL)
            fail_msg("%s is not known", known[i]);
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        if (issuer_family_of(unknown[i]) != NULL)
            fail_msg("%s is of %s", unknown[i], issuer_family_of(unknown[i])->ca);
    for (size_t i = 0; i < issuer_family_count; i++) { /* a list that is complete is not empty */
        assert_true(!issuer_families[i].complete || issuer_families[i].members[0] != NULL);
        assert_true(issuer_families[i].members[0] != NULL || issuer_families[i].prefix != NULL);
    }
}

static void domains_of_nobody(void **state)
{
    static const char *const shared[] = {"com",    "de",     "xn--p1ai", "co.uk",
                                         "gov.uk", "com.au", "ac.at",    "gob.mx"};
    static const char *const own[] = {"contoso.com", "co.com",    "contoso.co.uk", "co.de",
                                      "o.uk",        "uk.co",     "co.co.uk",      "localhost",
                                      "lan",         "p.example", "example"};

    (void)state;
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++)
        if (suffix_kind(shared[i]) == NULL)
            fail_msg("%s is somebody's", shared[i]);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (suffix_kind(own[i]) != NULL)
            fail_msg("%s is %s", own[i], suffix_kind(own[i]));
}

static void scalars_written(void **state)
{
    static const struct {
        const char *text, *written;
    } texts[] = {
        {"mail.contoso.com", "mail.contoso.com"},
        {"*.a", "\"*.a\""},
        {"no", "\"no\""},
        {"1.10", "\"1.10\""},
        {"a b", "a b"},
        {"a ", "\"a \""},
        {" a", "\" a\""},
        {"a: b", "\"a: b\""},
        {"a #b", "\"a #b\""},
        {"a\"b", "\"a\\\"b\""},
        {"a\\b", "\"a\\\\b\""},
        {"", "\"\""},
        {"\xc3\xa4", "\"\xc3\xa4\""},
    };
    char to[64], little[8];

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        scalar_write(to, sizeof to, texts[i].text);
        assert_string_equal(to, texts[i].written);
    }
    scalar_write(little, sizeof little, "\"\"\"\"\"\"\"\"\"\"\"\"");
    assert_true(strlen(little) < sizeof little);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pasted_names),      cmocka_unit_test(what_is_meant_is_not_odd),
        cmocka_unit_test(long_texts),        cmocka_unit_test(issuers_of_one_ca),
        cmocka_unit_test(domains_of_nobody), cmocka_unit_test(scalars_written),
    };

    return cmocka_run_group_tests_name("pasted", tests, NULL, NULL);
}
