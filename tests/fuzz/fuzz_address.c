/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Envelope addresses. Case, final dots, blanks, comments, quotation marks,
 * backslashes, brackets and source routes never lose a domain, and no local part ever makes one. Nor do the
 * spellings that Sendmail alone rewrites: "a%domain", "domain!a", and blanks or comments for dots.
 */
#include "tests/fuzz/fuzz.h"

#include "policy/names/address.h"
#include "tests/fuzz/decorate.h"

/* ASCII upper case changes nothing. */
static void check_case(const char *text)
{
    struct address lower, upper;
    char *copy = strdup(text);

    CHECK(copy != NULL);
    for (char *c = copy; *c != '\0'; c++)
        *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
    address_read(&lower, text);
    address_read(&upper, copy);
    CHECK(lower.kind == upper.kind && strcmp(lower.domain.text, upper.domain.text) == 0);
    CHECK(strcmp(lower.local, upper.local) == 0);
    free(copy);
}

/* The text as a quoted local part, and as a comment behind a route. */
static void check_wrapped(const char *text)
{
    char *wrapped = malloc(2 * strlen(text) + 64), *to;
    struct address address;

    CHECK(wrapped != NULL);
    to = stpcpy(wrapped, "<\"");
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            *to++ = '\\';
        *to++ = *c;
    }
    strcpy(to, "\"@PARTNER.test.>");
    address_read(&address, wrapped);
    CHECK(address.kind == ADDRESS_DOMAIN && strcmp(address.domain.text, "partner.test") == 0);
    to = stpcpy(wrapped, "<@one,@two:a@(");
    for (const char *c = text; *c != '\0'; c++)
        if (*c != '(' && *c != ')' && *c != '\\')
            *to++ = *c;
    strcpy(to, ")partner.test>");
    address_read(&address, wrapped);
    CHECK(address.kind == ADDRESS_DOMAIN && strcmp(address.domain.text, "partner.test") == 0);
    free(wrapped);
}

/* One of the many spellings of <a@partner.test>. */
static void check_spelling(const uint8_t *data, size_t size)
{
    static const char *const open[] = {"<", "", "<<", "<"}, *const close[] = {">", "", ">>", ""};
    static const struct address_pattern pattern = {"a", "partner.test", false};
    struct choices choices = {data, size};
    struct spelling spelling = {.length = 0};
    unsigned brackets = choose(&choices, 4);
    struct address address;
    bool known;

    put_blank(&spelling, &choices);
    put(&spelling, open[brackets]);
    put_route(&spelling, &choices);
    known = put_local(&spelling, &choices);
    put(&spelling, "@");
    put_partner(&spelling, &choices);
    put(&spelling, close[brackets]);
    put_blank(&spelling, &choices);
    address_read(&address, spelling.text);
    CHECK(address.kind == ADDRESS_DOMAIN && strcmp(address.domain.text, "partner.test") == 0);
    CHECK(!known || address_matches(&address, &pattern));
}

/* One of the spellings that Sendmail turns into a@partner.test. */
static void check_sendmail(const uint8_t *data, size_t size)
{
    struct choices choices = {data, size};
    struct spelling spelling = {.length = 0};
    unsigned form = choose(&choices, 3);
    struct address address;

    put(&spelling, "<");
    put_route(&spelling, &choices);
    if (form == 2) {
        put_partner_with_gap(&spelling, &choices);
        put(&spelling, choose(&choices, 2) == 1 ? "\\!" : "!");
    }
    (void)put_local(&spelling, &choices);
    if (form < 2) {
        put(&spelling, form == 0 ? "@" : "%");
        put_partner_with_gap(&spelling, &choices);
    }
    put(&spelling, ">");
    address_read(&address, spelling.text);
    CHECK(address.kind == ADDRESS_DOMAIN && strcmp(address.domain.text, "partner.test") == 0);
}

/* The first octet chooses what is checked of the rest: all of it every time would be slow. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct address address;
    char *text;

    if (size == 0)
        return 0;
    text = fuzz_text(data + 1, size - 1);
    address_read(&address, text);
    CHECK((address.kind == ADDRESS_DOMAIN) == (address.domain.length > 0));
    CHECK(strlen(address.domain.text) == address.domain.length);
    switch (*data % 4) {
    case 0:
        check_case(text);
        break;
    case 1:
        check_wrapped(text);
        break;
    case 2:
        check_spelling(data + 1, size - 1);
        break;
    default:
        check_sendmail(data + 1, size - 1);
        break;
    }
    free(text);
    return 0;
}
