/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recipients against lists of patterns. The input is the argument of RCPT and, behind a line feed, {rcpt_addr}:
 * who is excepted is what a plain comparison of both readings finds, and is in scope. From the same octets one of
 * the many spellings of <a@partner.test> is made, and that is in scope whatever it is. Many recipients match a
 * list exactly when one of them does.
 */
#include "tests/fuzz/fuzz.h"

#include "policy/internal.h"
#include "tests/fuzz/decorate.h"
#include "tests/fuzz/load.h"

static const char policy_text[] =
    "version: 1\n"
    "milter: {recipient_delimiter: \"+-\"}\n"
    "partners:\n"
    "  - {name: one, domains: [one.test], recipients: [a@partner.test]}\n"
    "  - {name: two, domains: [two.test], recipients: [a@partner.test, a+b@partner.test, b@x.test, "
    ".c.partner.test]}\n"
    "  - {name: three, domains: [three.test], recipients: [partner.test, .x.test]}\n"
    "  - {name: four, domains: [four.test], recipients: [d@e.test, f@g.h.test, '\"i%j\"@k.test', "
    "\"l!m@n.test\"]}\n"
    "  - {name: five, domains: [\"*\"], exceptions: [{recipients: [a@partner.test, b@x.test, "
    ".c.partner.test], "
    "until: 2999-01-01, reason: r}, {recipients: [partner.test, .x.test], until: 2999-01-01, reason: r}]}\n";

enum { SCOPED = 4 };

static const struct policy *policy(void)
{
    static struct policy *loaded;

    if (loaded == NULL)
        loaded = load_octets(policy_text, sizeof policy_text - 1, NULL, NULL);
    CHECK(loaded != NULL);
    return loaded;
}

static bool matches(const char *text, const struct address_pattern *patterns, size_t count)
{
    struct address address;

    address_read(&address, text);
    for (size_t i = 0; i < count; i++)
        if (address_matches(&address, &patterns[i]))
            return true;
    return false;
}

static bool is_domainless(const char *text)
{
    struct address address;

    address_read(&address, text);
    return address.kind == ADDRESS_LOCAL && strchr(text, '@') == NULL;
}

static void check_exceptions(const struct recipient *recipient, const char *argument, const char *rcpt_addr)
{
    const struct terms *terms = policy()->partners[SCOPED].terms;
    bool second = rcpt_addr != NULL && *rcpt_addr != '\0' && !is_domainless(rcpt_addr);

    for (size_t i = 0; i < terms->exception_count; i++) {
        const struct exception *exception = &terms->exceptions[i];
        bool plainly = matches(argument, exception->recipients, exception->recipient_count)
                       && (!second || matches(rcpt_addr, exception->recipients, exception->recipient_count));

        CHECK(recipient_excepted(recipient->words, &exception->excepted) == plainly);
    }
}

/* What matches as it stands is in scope. */
static void check_scopes(const struct recipient *recipient, const char *argument, const char *rcpt_addr)
{
    const struct recipients alone = recipients_of_one(recipient);

    for (size_t i = 0; i < SCOPED; i++) {
        const struct terms *terms = policy()->partners[i].terms;
        bool in_scope = recipient_in_scope(recipient->words, &terms->scope);

        CHECK(in_scope || !matches(argument, terms->recipients, terms->recipient_count));
        CHECK(in_scope || rcpt_addr == NULL
              || !matches(rcpt_addr, terms->recipients, terms->recipient_count));
        CHECK(in_scope == recipients_in_scope(&alone, &terms->scope));
    }
}

/* With others before and behind it. */
static void check_many(const struct recipient *recipient)
{
    static const char *const others[] = {"x@nobody.test", "f@g.h.test", "x@nobody.test", "y@other.test"};
    struct recipient_store store = {0};
    struct recipient other;
    const uint32_t *each = NULL;
    size_t different = 0;

    for (size_t i = 0; i < 4; i++) {
        CHECK(recipient_read(&other, policy(), true, others[i], NULL) && recipients_add(&store, &other));
        CHECK(recipients_add(&store, recipient));
    }
    CHECK(store.all.count == 8);
    for (size_t i = 0; i < SCOPED; i++) {
        const struct pattern_set *scope = &policy()->partners[i].terms->scope;
        bool any = recipient_in_scope(recipient->words, scope) || i == 3; /* f@g.h.test */

        CHECK(recipients_in_scope(&store.all, scope) == any);
    }
    while ((each = recipients_next(&store.all, each)) != NULL)
        different++;
    CHECK(different == 2 || different == 3);
    recipients_free(&store);
}

static void put_extension(struct spelling *spelling, struct choices *choices)
{
    static const char *const extensions[] = {"", "+x", "-x+y", "+"};

    put(spelling, extensions[choose(choices, 4)]);
}

/* "a" with perhaps an extension, as a sender would have it. */
static void put_user(struct spelling *spelling, struct choices *choices)
{
    static const char *const spellings[] = {"a", "A", "\"a\"", "\\a", "(x)a"};

    put_blank(spelling, choices);
    put(spelling, spellings[choose(choices, 5)]);
    put_extension(spelling, choices);
}

/* One of the spellings of the mailbox a@partner.test. */
static void check_spelling(const uint8_t *data, size_t size)
{
    static const char *const relays[] = {"@mx.test", "@[127.0.0.1]", "%y.test@mx.test", "@localhost",
                                         "%[192.0.2.1]@mx.test."};
    static const char *const locals[] = {"", "@[127.0.0.1]", "@[IPv6:::1]", "@localhost",
                                         "%[127.0.0.1]@mx.test"};
    struct choices choices = {data, size};
    struct spelling spelling = {.length = 0};
    struct recipient recipient;
    const char *domain = "partner.test";
    unsigned form = choose(&choices, 5);

    put(&spelling, "<");
    put_route(&spelling, &choices);
    if (form == 3)
        put(&spelling, choose(&choices, 2) == 1 ? "z.test!Partner.Test!" : "partner.test!");
    put_user(&spelling, &choices);
    if (form == 0) {
        put(&spelling, "@");
        put_partner(&spelling, &choices);
    } else if (form == 1) {
        put(&spelling, locals[choose(&choices, 5)]);
    } else if (form == 2) {
        put(&spelling, "%");
        put(&spelling, domain);
        put(&spelling, relays[choose(&choices, 5)]);
    } else if (form == 3) {
        put(&spelling, relays[choose(&choices, 5)]);
    } else {
        put(&spelling, "\\@");
        put(&spelling, domain);
        put(&spelling, relays[choose(&choices, 5)]);
    }
    put(&spelling, ">");
    CHECK(recipient_read(&recipient, policy(), true, spelling.text, NULL));
    if (!recipient_in_scope(recipient.words, &policy()->partners[0].terms->scope)) {
        fprintf(stderr, "not in scope: %s\n", spelling.text);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size), *rcpt_addr = strchr(text, '\n');
    struct recipient recipient;

    if (rcpt_addr != NULL)
        *rcpt_addr++ = '\0';
    if (recipient_read(&recipient, policy(), true, text, rcpt_addr)) {
        check_exceptions(&recipient, text, rcpt_addr);
        check_scopes(&recipient, text, rcpt_addr);
        check_many(&recipient);
    }
    check_spelling(data, size);
    free(text);
    return 0;
}
