/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Envelope addresses. Case, a final dot, a quoted local part, a comment and a
 * source route never lose a domain, and no local part ever makes one.
 */
#include "tests/fuzz/fuzz.h"

#include <ctype.h>
#include <string.h>
#include "policy/address.h"

static void check_partner(const char *text)
{
    struct address address;

    address_read(&address, text);
    CHECK(address.kind == ADDRESS_DOMAIN && strcmp(address.domain.text, "partner.test") == 0);
}

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

static void check_wrapped(const char *text)
{
    size_t room = 2 * strlen(text) + 64;
    char *wrapped = malloc(room), *to;

    CHECK(wrapped != NULL);
    to = stpcpy(wrapped, "<\"");
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            *to++ = '\\';
        *to++ = *c;
    }
    strcpy(to, "\"@PARTNER.test.>");
    check_partner(wrapped);
    to = stpcpy(wrapped, "<@one,@two:a@(");
    for (const char *c = text; *c != '\0'; c++)
        if (*c != '(' && *c != ')' && *c != '\\')
            *to++ = *c;
    strcpy(to, ")partner.test>");
    check_partner(wrapped);
    free(wrapped);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct address_pattern pattern = {"a", "partner.test", false};
    struct address address;
    char *text = malloc(size + 1);

    CHECK(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    address_read(&address, text);
    CHECK((address.kind == ADDRESS_DOMAIN) == (address.domain.length > 0));
    CHECK(strlen(address.domain.text) == address.domain.length);
    (void)address_matches(&address, &pattern);
    check_case(text);
    check_wrapped(text);
    free(text);
    return 0;
}
