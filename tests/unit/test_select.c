/* SPDX-License-Identifier: BSD-2-Clause */
/* Selection: the order of the walk, and 10,000 random entries against a plain search through all of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/names/domain.h"
#include "policy/verdict/select.h"

enum { ENTRIES_MAX = 20000 };

static struct policy *policy;

static int setup(void **state)
{
    (void)state;
    policy = calloc(1, sizeof *policy);
    if (policy != NULL)
        policy->partners = calloc(ENTRIES_MAX, sizeof *policy->partners);
    return policy == NULL || policy->partners == NULL;
}

static int teardown(void **state)
{
    (void)state;
    free(policy->partners);
    free(policy->selectors);
    slots_free(&policy->selector_slots);
    arena_free(&policy->arena);
    free(policy);
    return 0;
}

/* Adds a partner of one entry, named as the entry is written: "a.example", ".a.example", "*", "@mx.example", "@.example", "192.0.2.0/24". */
static bool add(const char *text)
{
    struct selector selector = {.partner = (unsigned)policy->partner_count % PARTNERS_MAX};
    const struct selector *other;
    struct network network;
    enum selector_kind kind = SELECT_EVERYONE;
    const char *name = text;

    if (text[0] == '@') {
        kind = text[1] == '.' ? SELECT_CLIENT_SUFFIX : SELECT_CLIENT_NAME;
        name = text + (text[1] == '.' ? 2 : 1);
    } else if (network_looks_like(text)) {
        kind = SELECT_NETWORK;
        assert_null(network_check(&network, text));
        selector.text = arena_alloc_ref(&policy->arena, sizeof network);
        *(struct network *)arena_at(&policy->arena, selector.text) = network;
    } else if (strcmp(text, "*") != 0) {
        kind = text[0] == '.' ? SELECT_SUBDOMAINS : SELECT_DOMAIN;
        name = text + (text[0] == '.');
    }
    if (kind != SELECT_NETWORK)
        selector.text = arena_keep(&policy->arena, name, strlen(name));
    selector.kinds = 1u << kind;
    selector.line = selector.partner + 1;
    assert_true(policy->partner_count < ENTRIES_MAX);
    policy->partners[policy->partner_count].name = text;
    assert_true(select_add(policy, &selector, &other));
    if (other != NULL) {
        assert_true((other->kinds & selector.kinds) != 0);
        return false;
    }
    policy->partner_count++;
    return true;
}

static void add_all(const char *const *texts)
{
    for (; *texts != NULL; texts++)
        assert_true(add(*texts));
}

static void check_walk(struct selection *selection, const char *wanted, const char *what)
{
    const struct partner *partner;
    char got[1024] = "";

    while ((partner = select_next(selection)) != NULL) {
        strcat(got, got[0] == '\0' ? "" : " ");
        strcat(got, partner->name);
    }
    assert_null(select_next(selection)); /* and stays at its end */
    if (strcmp(got, wanted) != 0)
        fail_msg("%s: got \"%s\", wanted \"%s\"", what, got, wanted);
}

static const char *const entries[] = {
    "b.example", ".b.example", "a.b.example", ".a.b.example", "*", ".example", "example", "xb.example",
    "192.0.2.0/24", "192.0.2.1", "192.0.0.0/16", "0.0.0.0/0", "2001:db8::/32", "2001:db8::1", "::/0",
    "@mx.b.example", "@.b.example", "@.example", "@example", NULL,
};

static void s06_domains(void **state)
{
    static const struct {
        const char *domain, *walk;
    } cases[] = {
        {"b.example", "b.example .example *"},
        {"a.b.example", "a.b.example .b.example .example *"},
        {"x.a.b.example", ".a.b.example .b.example .example *"},
        {"y.x.a.b.example", ".a.b.example .b.example .example *"},
        {"xb.example", "xb.example .example *"},
        {"c.xb.example", ".example *"}, /* "xb.example" is not below "b.example" */
        {"b.example.org", "*"},
        {"example", "example *"},
        {"other", "*"},
        {"", "*"},
        {NULL, "*"},
        {"b..example", ".example *"},
        {".b.example", ".b.example .example *"}, /* no name, and hides no domain behind it */
        {"b.example.", "*"},
        {".", "*"},
        {"mx.b.example", ".b.example .example *"}, /* client names are not domains */
    };
    struct selection selection;

    (void)state;
    add_all(entries);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        select_domain(&selection, policy, cases[i].domain, false);
        check_walk(&selection, cases[i].walk, cases[i].domain == NULL ? "no domain" : cases[i].domain);
    }
}

static void s11_null_sender(void **state)
{
    static const struct {
        const char *helo, *walk;
    } cases[] = {
        {"b.example", "b.example .example example *"},
        {"mx.b.example", ".b.example .example b.example example *"},
        {"x.a.b.example", ".a.b.example .b.example .example a.b.example b.example example *"},
        {"a.b.example", "a.b.example .b.example .example b.example example *"},
        {"mx.xb.example", ".example xb.example example *"},
        {"elsewhere.org", "*"},
        {NULL, "*"},
    };
    struct selection selection;

    (void)state;
    add_all(entries);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        select_domain(&selection, policy, cases[i].helo, true);
        check_walk(&selection, cases[i].walk, cases[i].helo == NULL ? "no HELO" : cases[i].helo);
    }
}

static void t23_clients(void **state)
{
    static const struct {
        const char *address, *name, *walk;
    } cases[] = {
        {"192.0.2.1", NULL, "192.0.2.1 192.0.2.0/24 192.0.0.0/16 0.0.0.0/0"},
        {"192.0.2.2", NULL, "192.0.2.0/24 192.0.0.0/16 0.0.0.0/0"},
        {"192.0.3.1", NULL, "192.0.0.0/16 0.0.0.0/0"},
        {"193.0.3.1", NULL, "0.0.0.0/0"},
        {"::ffff:192.0.2.1", NULL, "192.0.2.1 192.0.2.0/24 192.0.0.0/16 0.0.0.0/0"},
        {"2001:db8::1", NULL, "2001:db8::1 2001:db8::/32 ::/0"},
        {"IPv6:2001:db8::2", NULL, "2001:db8::/32 ::/0"},
        {"2002::", NULL, "::/0"},
        {"192.0.2.1", "mx.b.example", "192.0.2.1 192.0.2.0/24 192.0.0.0/16 0.0.0.0/0 @mx.b.example @.b.example @.example"},
        {NULL, "mx.b.example", "@mx.b.example @.b.example @.example"},
        {NULL, "x.mx.b.example", "@.b.example @.example"},
        {NULL, "b.example", "@.example"}, /* a domain is not a client name */
        {NULL, "xb.example", "@.example"},
        {NULL, "example", "@example"},
        {NULL, NULL, ""},
    };
    struct selection selection;

    (void)state;
    add_all(entries);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct network address;

        if (cases[i].address != NULL)
            assert_true(network_read_address(&address, cases[i].address));
        select_client(&selection, policy, cases[i].address == NULL ? NULL : &address, cases[i].name);
        check_walk(&selection, cases[i].walk, cases[i].address == NULL ? "by name" : cases[i].address);
    }
}

/* The partners of exactly that domain, and of what lies below it; more octets may follow. */
static void check_exact(const char *domain, const char *itself, const char *below)
{
    const struct partner *found[2];
    char text[64];

    sprintf(text, "%s.more", domain);
    select_exact(policy, text, strlen(domain), found);
    for (unsigned i = 0; i < 2; i++) {
        const char *wanted = i == 0 ? itself : below;

        if (wanted == NULL)
            assert_null(found[i]);
        else
            assert_string_equal(found[i]->name, wanted);
    }
}

static void empty_policy(void **state)
{
    struct network address = {0, 32, {192, 0, 2, 1}};
    struct selection selection;

    (void)state;
    select_domain(&selection, policy, "b.example", true);
    check_walk(&selection, "", "a domain");
    select_client(&selection, policy, &address, "mx.b.example");
    check_walk(&selection, "", "a client");
    check_exact("b.example", NULL, NULL);
}

static void exact_entries(void **state)
{
    (void)state;
    add_all(entries);
    check_exact("b.example", "b.example", ".b.example");
    check_exact("xb.example", "xb.example", NULL);
    check_exact("yb.example", NULL, NULL);
    check_exact("mx.b.example", NULL, NULL);
    check_exact("b.exampl", NULL, NULL);
    assert_true(policy->labels.count >= 2);
    assert_non_null(memchr(policy->labels.labels, 2, policy->labels.count));
    assert_non_null(memchr(policy->labels.labels, 3, policy->labels.count));
    assert_null(memchr(policy->labels.labels, 4, policy->labels.count));
}

static void f02_duplicates(void **state)
{
    (void)state;
    add_all(entries);
    for (const char *const *text = entries; *text != NULL; text++)
        if (add(*text))
            fail_msg("%s was added a second time", *text);
    assert_false(add("192.0.2.1/32"));
    assert_false(add("::ffff:192.0.2.0/120"));
    assert_false(add("2001:DB8:0::/32"));
    assert_true(add("192.0.2.0/25"));
    assert_true(add(".xb.example"));
}

/* ---- against a plain search ---- */

static uint64_t seed = 88172645463325252u; /* xorshift64, the same in every run */

static unsigned random_below(unsigned limit)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % limit);
}

/* Few labels, so that names nest and collide; one to five of them. */
static void random_name(char name[64])
{
    static const char *const labels[] = {"a", "b", "ab", "ba", "aa", "x-y", "z9", "example"};
    unsigned count = 1 + random_below(5);

    name[0] = '\0';
    for (unsigned i = 0; i < count; i++) {
        strcat(name, i == 0 ? "" : ".");
        strcat(name, labels[random_below(8)]);
    }
}

static void random_network(char text[64], bool single)
{
    static const unsigned v4[] = {0, 8, 9, 16, 24, 25, 31, 32}, v6[] = {0, 1, 32, 47, 48, 64, 127, 128};
    struct network network = {.v6 = (unsigned char)random_below(2)};
    unsigned prefix = network.v6 ? v6[random_below(8)] : v4[random_below(8)];

    for (unsigned i = 0; i < (network.v6 ? 16 : 4); i++)
        network.octets[i] = (unsigned char)(i % 3 == 0 ? random_below(4) * 64 : random_below(2));
    if (network.v6)
        network.octets[0] = 0x20;
    network.prefix = network.v6 ? 128 : 32;
    if (!single)
        network = network_mask(&network, prefix);
    network_format(&network, text);
}

static char random_texts[ENTRIES_MAX][72];

static void random_entry(char text[72])
{
    char name[64];

    random_name(name);
    switch (random_below(6)) {
    case 0:
        snprintf(text, 72, ".%s", name);
        break;
    case 1:
        snprintf(text, 72, "@%s", name);
        break;
    case 2:
        snprintf(text, 72, "@.%s", name);
        break;
    case 3:
    case 4:
        random_network(name, false);
        snprintf(text, 72, "%s", name);
        break;
    default:
        snprintf(text, 72, "%s", name);
        break;
    }
}

/* How specific an entry is for a domain or a client, 0: not at all. Written for plainness, by the manual's words. */
static unsigned rank_domain(const char *entry, const char *domain, bool null_sender)
{
    if (strcmp(entry, "*") == 0)
        return 1;
    if (entry[0] == '@' || network_looks_like(entry))
        return 0;
    if (strcmp(entry, domain) == 0)
        return 10000;
    if (entry[0] == '.')
        return domain_below(domain, entry + 1) ? 1000 + (unsigned)strlen(entry) : 0;
    return null_sender && domain_below(domain, entry) ? 100 + (unsigned)strlen(entry) : 0;
}

static unsigned rank_client(const char *entry, const struct network *address, const char *name)
{
    struct network network;

    if (entry[0] == '@') {
        if (strcmp(entry + 1, name) == 0)
            return 500;
        return entry[1] == '.' && domain_below(name, entry + 2) ? 1 + (unsigned)strlen(entry) : 0;
    }
    if (!network_looks_like(entry) || network_check(&network, entry) != NULL || !network_contains(&network, address))
        return 0;
    return 1000 + network.prefix;
}

/* The walk must be every entry with a rank, from the highest down. */
static void compare(struct selection *selection, const unsigned *ranks, const char *what)
{
    const struct partner *partner;
    unsigned last = UINT32_MAX, found = 0, wanted = 0;

    for (size_t i = 0; i < policy->partner_count; i++)
        wanted += ranks[i] != 0;
    while ((partner = select_next(selection)) != NULL) {
        unsigned rank = ranks[partner - policy->partners];

        if (rank == 0 || rank >= last)
            fail_msg("%s: %s comes out of its turn", what, partner->name);
        last = rank;
        found++;
    }
    if (found != wanted)
        fail_msg("%s: %u entries, wanted %u", what, found, wanted);
}

static void random_entries(void **state)
{
    static unsigned ranks[ENTRIES_MAX];
    struct selection selection;
    size_t count = 0;

    (void)state;
    assert_true(add("*"));
    for (unsigned i = 0; i < 10000; i++) {
        bool seen = false;

        random_entry(random_texts[count]);
        for (size_t k = 0; k < policy->partner_count && !seen; k++)
            seen = strcmp(policy->partners[k].name, random_texts[count]) == 0;
        if (add(random_texts[count]) == seen)
            fail_msg("%s: %s", random_texts[count], seen ? "added twice" : "taken for a duplicate");
        count += !seen;
    }
    assert_true(count > 2000);
    for (unsigned i = 0; i < 2000; i++) {
        char name[64], text[64];
        struct network address;
        bool null_sender = random_below(2) == 0;

        random_name(name);
        random_network(text, true);
        assert_true(network_read_address(&address, text));
        for (size_t k = 0; k < policy->partner_count; k++)
            ranks[k] = rank_domain(policy->partners[k].name, name, null_sender);
        select_domain(&selection, policy, name, null_sender);
        compare(&selection, ranks, name);
        for (size_t k = 0; k < policy->partner_count; k++)
            ranks[k] = rank_client(policy->partners[k].name, &address, name);
        select_client(&selection, policy, &address, name);
        compare(&selection, ranks, text);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(s06_domains, setup, teardown),
        cmocka_unit_test_setup_teardown(s11_null_sender, setup, teardown),
        cmocka_unit_test_setup_teardown(t23_clients, setup, teardown),
        cmocka_unit_test_setup_teardown(empty_policy, setup, teardown),
        cmocka_unit_test_setup_teardown(exact_entries, setup, teardown),
        cmocka_unit_test_setup_teardown(f02_duplicates, setup, teardown),
        cmocka_unit_test_setup_teardown(random_entries, setup, teardown),
    };

    return cmocka_run_group_tests_name("select", tests, NULL, NULL);
}
