/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Client addresses and blocks: T23 (one address in every spelling), design 3.1
 * (mapped IPv4 is IPv4), and what a policy may not write.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include "policy/names/network.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static struct network block(const char *text)
{
    struct network network;
    const char *fault = network_check(&network, text);

    if (fault != NULL)
        fail_msg("%s: %s", text, fault);
    return network;
}

static void t23_one_address_in_every_spelling(void **state)
{
    static const struct {
        const char *text, *is;
    } rows[] = {
        { "192.0.2.1", "192.0.2.1" },
        { "::ffff:192.0.2.1", "192.0.2.1" },
        { "::FFFF:c000:201", "192.0.2.1" },
        { "IPv6:::ffff:192.0.2.1", "192.0.2.1" },
        { "2001:db8::1", "2001:db8::1" },
        { "IPv6:2001:db8::1", "2001:db8::1" },
        { "ipv6:2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
        { "::1", "::1" },
        { "0.0.0.0", "0.0.0.0" },
        { "::192.0.2.1", "::192.0.2.1" },
    };
    struct network address;
    char text[64];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        assert_true(network_read_address(&address, rows[i].text));
        network_format(&address, text);
        assert_string_equal(text, rows[i].is);
    }
}

static void t23_no_address(void **state)
{
    static const char *const rows[] = {
        "", "unknown", "localhost", "192.0.2", "192.0.2.1.1", "192.0.2.256", "192.0.2.01", "0x7f.0.0.1",
        " 192.0.2.1", "192.0.2.1 ", "192.0.2.1/32", "[192.0.2.1]", "IPv6:", "IPv6:192.0.2.1",
        "IPv6:IPv6:2001:db8::1", "fe80::1%eth0", "2001:db8::g", "1:2:3:4:5:6:7:8:9", "2001:db8:::1",
        "::ffff:192.0.2.300", "mail.192.0.2.1",
    };
    struct network address;
    size_t i;

    (void)state;
    assert_false(network_read_address(&address, NULL));
    for (i = 0; i < COUNT(rows); i++)
        if (network_read_address(&address, rows[i]))
            fail_msg("\"%s\" was read", rows[i]);
}

static void blocks_of_a_policy(void **state)
{
    static const struct {
        const char *text, *is;
    } rows[] = {
        { "192.0.2.0/24", "192.0.2.0/24" },
        { "192.0.2.1", "192.0.2.1" },
        { "192.0.2.1/32", "192.0.2.1" },
        { "0.0.0.0/0", "0.0.0.0/0" },
        { "192.0.2.128/25", "192.0.2.128/25" },
        { "2001:db8::/32", "2001:db8::/32" },
        { "::/0", "::/0" },
        { "2001:db8::1/128", "2001:db8::1" },
        { "::ffff:192.0.2.0/120", "192.0.2.0/24" },
        { "::ffff:192.0.2.1/128", "192.0.2.1" },
        { "::ffff:0.0.0.0/96", "0.0.0.0/0" },
    };
    struct network network;
    char text[64];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        network = block(rows[i].text);
        network_format(&network, text);
        assert_string_equal(text, rows[i].is);
    }
}

static void faults_of_a_policy(void **state)
{
    static const char address[] = "is not an IP address or network";
    static const char number[] = "has a prefix length that is not a number";
    static const char prefix[] = "has a prefix longer than its address";
    static const char bits[] = "has bits set after its prefix";
    static const struct {
        const char *text, *fault;
    } rows[] = {
        { "", address },
        { "/24", address },
        { "192.0.2/24", address },
        { "192.0.2.*", address },
        { "IPv6:2001:db8::1", address },
        { "[2001:db8::1]", address },
        { "fe80::1%eth0", address },
        { "2001:db8:0000:0000:0000:0000:0000:0000:0000:0000:0001", address },
        { "192.0.2.0/", number },
        { "192.0.2.0/024", number },
        { "192.0.2.0/00", number },
        { "192.0.2.0/+24", number },
        { "192.0.2.0/24 ", number },
        { "192.0.2.0/24/24", number },
        { "192.0.2.0/255.255.255.0", number },
        { "192.0.2.0/9999999999", number },
        { "192.0.2.0/33", prefix },
        { "2001:db8::/129", prefix },
        { "192.0.2.1/24", bits },
        { "192.0.2.1/0", bits },
        { "2001:db8::1/64", bits },
        { "::ffff:192.0.2.0/64", bits },
        { "::ffff:192.0.2.1/120", bits },
    };
    struct network network;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        const char *fault = network_check(&network, rows[i].text);

        if (fault == NULL || strcmp(fault, rows[i].fault) != 0)
            fail_msg("\"%s\": %s", rows[i].text, fault != NULL ? fault : "taken");
    }
}

static void networks_guessed(void **state)
{
    static const struct {
        const char *text, *meant; /* "": none */
    } rows[] = {
        { "192.0.2.1/24", "192.0.2.0/24" },
        { "2001:db8::1/32", "2001:db8::/32" },
        { "192.0.2.0/255.255.255.0", "192.0.2.0/24" },
        { "192.0.2.9/255.255.255.128", "192.0.2.0/25" },
        { "192.0.2.0/0.0.0.255", "192.0.2.0/24" },
        { "192.0.2.1/255.255.255.255", "192.0.2.1" },
        { "192.0.2.0/0.0.0.0", "0.0.0.0/0" },
        { "192.0.2.0/255.0.255.0", "" },
        { "192.0.2.0/33", "" },
        { "192.0.2.0/", "" },
        { "/24", "" },
        { "192.0.2.*", "192.0.2.0/24" },
        { "192.0.*.*", "192.0.0.0/16" },
        { "10.*", "10.0.0.0/8" },
        { "192.0.2.", "192.0.2.0/24" },
        { "192.0.2", "192.0.2.0/24" },
        { "10", "" },
        { "*", "" },
        { "192.*.2.1", "" },
        { "192.0.256.*", "" },
        { "192.0.2.1.*", "" },
        { "192.0.2.0-192.0.2.255", "192.0.2.0/24" },
        { "192.0.2.0 - 192.0.2.127", "192.0.2.0/25" },
        { "192.0.2.1-192.0.2.9", "" },
        { "192.0.2.255-192.0.2.0", "" },
        { "192.0.2.0-", "" },
        { "", "" },
    };
    char meant[64];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (network_guess(meant, rows[i].text) != (rows[i].meant[0] != '\0')
            || strcmp(meant, rows[i].meant) != 0)
            fail_msg("\"%s\": \"%s\"", rows[i].text, meant);
}

static void a_fault_leaves_the_output_alone(void **state)
{
    struct network network = { .prefix = 7 };

    (void)state;
    assert_non_null(network_check(&network, "192.0.2.1/24"));
    assert_false(network_read_address(&network, "unknown"));
    assert_int_equal(network.prefix, 7);
}

static void what_looks_like_an_address(void **state)
{
    static const struct {
        const char *text;
        bool is;
    } rows[] = {
        { "192.0.2.1", true },       { "192.0.2.0/24", true },   { "192.0.2", true },
        { "192.0.2.*", true },       { "300.1.1.1", true },      { "::1", true },
        { "2001:db8::/32", true },   { "10", true },             { "mail.example.com/24", true },
        { "mail.example.com", false }, { ".example.com", false }, { "3com.com", false },
        { "1.2.3.4.example", false }, { "", false },             { "*", false },
        { "localhost", false },      { "\xc3\xa4" "1.2", false },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++)
        if (network_looks_like(rows[i].text) != rows[i].is)
            fail_msg("\"%s\"", rows[i].text);
}

static void t23_blocks_contain(void **state)
{
    static const struct {
        const char *block, *address;
        bool contains;
    } rows[] = {
        { "192.0.2.0/24", "192.0.2.255", true },
        { "192.0.2.0/24", "192.0.3.0", false },
        { "192.0.2.0/24", "::ffff:192.0.2.7", true },
        { "192.0.2.0/25", "192.0.2.128", false },
        { "192.0.2.128/25", "192.0.2.128", true },
        { "0.0.0.0/0", "255.255.255.255", true },
        { "0.0.0.0/0", "::1", false },
        { "::/0", "192.0.2.1", false },
        { "::/0", "2001:db8::1", true },
        { "2001:db8::/33", "2001:db8:7fff::1", true },
        { "2001:db8::/33", "2001:db8:8000::1", false },
        { "2001:db8::1", "2001:db8::1", true },
        { "2001:db8::1", "2001:db8::2", false },
        { "192.0.2.0/24", "192.0.2.0/25", true },
        { "192.0.2.0/25", "192.0.2.0/24", false },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        struct network outer = block(rows[i].block), inner = block(rows[i].address);

        if (network_contains(&outer, &inner) != rows[i].contains)
            fail_msg("%s in %s", rows[i].address, rows[i].block);
    }
}

static void masks(void **state)
{
    struct network address = block("192.0.2.255"), masked;
    char text[64];

    (void)state;
    masked = network_mask(&address, 25);
    network_format(&masked, text);
    assert_string_equal(text, "192.0.2.128/25");
    masked = network_mask(&address, 0);
    network_format(&masked, text);
    assert_string_equal(text, "0.0.0.0/0");
    masked = network_mask(&address, 128);
    assert_true(network_equal(&masked, &address));
    address = block("2001:db8:ffff::1");
    masked = network_mask(&address, 33);
    network_format(&masked, text);
    assert_string_equal(text, "2001:db8:8000::/33");
}

static void equal_in_all(void **state)
{
    struct network a = block("192.0.2.0/24"), b = block("192.0.2.0/25");
    struct network c = block("::/24"), d = block("0.0.0.0/24"), e = block("::ffff:192.0.2.0/120");

    (void)state;
    assert_true(network_equal(&a, &e));
    assert_false(network_equal(&a, &b));
    assert_false(network_equal(&c, &d));
    assert_false(network_equal(&a, &d));
}

static void wide_blocks(void **state)
{
    static const struct {
        const char *text;
        bool wide;
    } rows[] = {
        { "0.0.0.0/0", true },   { "0.0.0.0/1", true },     { "10.0.0.0/7", true },  { "10.0.0.0/8", false },
        { "0.0.0.0", false },    { "::/0", true },          { "8000::/1", true },    { "2000::/3", true },
        { "2000::/15", true },   { "2001::/16", false },    { "fc00::/6", true },    { "fc00::/7", false },
        { "fd00::/8", false },   { "fe80::/10", false },    { "fe00::/8", true },    { "::1", false },
        { "::/96", false },      { "::ffff:0:0/96", true }, { "::ffff:0:0/97", true },
        { "::ffff:0:0/104", false }, { "64:ff9b::/96", true }, { "64:ff9b::a00:0/103", true },
        { "64:ff9b::a00:0/104", false }, { "2002::/16", true }, { "2002:a00::/23", true },
        { "2002:a00::/24", false },
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        struct network network = block(rows[i].text);

        if (network_is_wide(&network) != rows[i].wide)
            fail_msg("%s", rows[i].text);
    }
}

static void the_order_of_blocks(void **state)
{
    static const char *const rows[] = { "0.0.0.0/0", "10.0.0.0/8", "10.0.0.0", "10.0.0.1", "192.0.2.0/24",
                                        "::/0", "::/8", "::1", "2001:db8::/32" };
    size_t i, k;

    (void)state;
    for (i = 0; i < COUNT(rows); i++)
        for (k = 0; k < COUNT(rows); k++) {
            struct network a = block(rows[i]), b = block(rows[k]);
            int order = network_compare(&a, &b);

            if ((order > 0) - (order < 0) != (i > k) - (i < k))
                fail_msg("%s, %s: %d", rows[i], rows[k], order);
        }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        { "T23 one address in every spelling", t23_one_address_in_every_spelling, NULL, NULL, NULL },
        { "T23 no address", t23_no_address, NULL, NULL, NULL },
        { "blocks of a policy", blocks_of_a_policy, NULL, NULL, NULL },
        { "faults of a policy", faults_of_a_policy, NULL, NULL, NULL },
        { "networks in other notations", networks_guessed, NULL, NULL, NULL },
        { "a fault leaves the output alone", a_fault_leaves_the_output_alone, NULL, NULL, NULL },
        { "what looks like an address", what_looks_like_an_address, NULL, NULL, NULL },
        { "T23 blocks contain", t23_blocks_contain, NULL, NULL, NULL },
        { "wide blocks", wide_blocks, NULL, NULL, NULL },
        { "the order of blocks", the_order_of_blocks, NULL, NULL, NULL },
        { "masks", masks, NULL, NULL, NULL },
        { "equal in all", equal_in_all, NULL, NULL, NULL },
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
