/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From fields. A display name, whatever it says, neither hides the address
 * behind it nor makes one of its own.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include "policy/header_from.h"

static void count_name(void *arg, const char *name, size_t length)
{
    CHECK(length > 0 && memchr(name, '\n', length) == NULL);
    ++*(size_t *)arg;
}

static void check_display_name(const char *text)
{
    struct header_from from = {0};
    char *field = malloc(2 * strlen(text) + 64), *to;

    CHECK(field != NULL);
    to = stpcpy(field, "\"");
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            *to++ = '\\';
        *to++ = *c;
    }
    strcpy(to, "\" <a@partner.test>");
    header_from_add(&from, field);
    CHECK(from.unparsed != NULL || from.cut || (from.count == 1 && strcmp(from.domains[0].text, "partner.test") == 0));
    header_from_clear(&from);
    free(field);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct header_from from = {0};
    size_t names = 0;
    char *text = malloc(size + 1);

    CHECK(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    header_from_add(&from, text);
    for (size_t i = 0; i < from.count; i++)
        CHECK(from.domains[i].length > 0);
    header_from_each_name(&from, 4, count_name, &names);
    header_from_clear(&from);
    check_display_name(text);
    free(text);
    return 0;
}
