/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Domain names. What ICU makes of a whole name, called as Postfix calls it, is what we make of it label by
 * label; nothing in front of a name changes it, and nothing invisible behind it; the compared form of a
 * valid name is its own compared form, and a policy can name what Postfix takes. No name takes ICU's
 * quadratic time: the fuzzer's -timeout sees that.
 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include "policy/names/domain.h"
#include "policy/names/invisible.h"
#include "tests/lib/uts46.h"

enum { ROOM = 4096 };

static size_t without_final_dots(const char *name, size_t length)
{
    while (length > 0 && name[length - 1] == '.')
        length--;
    return length;
}

/* The text ends in `wanted`, and is no more than that where `exact`. */
static void check_end(const struct domain *domain, const char *wanted, size_t length, bool exact)
{
    size_t kept = length < domain->length ? length : domain->length;

    CHECK(!exact || domain->length == (length < sizeof(domain->text) ? length : sizeof(domain->text) - 1));
    CHECK(kept == length || domain->length == sizeof(domain->text) - 1);
    CHECK(memcmp(domain->text + domain->length - kept, wanted + length - kept, kept) == 0);
}

/* A name that ICU takes: `ascii` is what it makes of it. */
static void check_taken(const char *name, size_t size, const char *ascii, size_t length)
{
    static const char odd[] = "\xee\x80\x80.", behind[] = "\xe3\x80\x82\xc2\xad.\xe2\x80\x8b";
    char *longer = malloc(size + sizeof(odd) + sizeof(behind));
    struct domain domain;

    CHECK(longer != NULL);
    domain_normalise(&domain, name, size);
    check_end(&domain, ascii, length, true);
    memcpy(longer, odd, sizeof(odd) - 1);
    memcpy(longer + sizeof(odd) - 1, name, size);
    memcpy(longer + sizeof(odd) - 1 + size, behind, sizeof(behind) - 1);
    domain_normalise(&domain, longer, sizeof(odd) - 1 + size);
    check_end(&domain, ascii, length, length == 0);
    domain_normalise(&domain, longer, sizeof(odd) - 1 + size + sizeof(behind) - 1);
    check_end(&domain, ascii, length, false);
    free(longer);
}

/* The compared form is the form of itself; what is valid, a policy can name. */
static void check_form(const char *name, const struct domain *domain, enum domain_form form)
{
    struct domain again, named;

    CHECK(form != DOMAIN_UNREAD && (form == DOMAIN_NONE) == (domain->length == 0));
    CHECK(strlen(domain->text) == domain->length);
    CHECK(domain->length == 0 || domain->text[domain->length - 1] != '.');
    if (form != DOMAIN_VALID)
        return;
    CHECK(domain_normalise(&again, domain->text, domain->length) == DOMAIN_VALID);
    CHECK(strcmp(again.text, domain->text) == 0);
    CHECK(domain_check(&named, domain->text) == NULL && strcmp(named.text, domain->text) == 0);
    if (domain_check(&named, name) == NULL)
        CHECK(strcmp(named.text, domain->text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size), ascii[ROOM], *visible = malloc(size + 1);
    size_t length = strlen(text);
    struct domain domain;
    enum domain_form form = domain_normalise(&domain, text, length);
    int made = length <= 1024 ? uts46_name(ascii, sizeof(ascii), text, length) : -1;

    CHECK(visible != NULL);
    check_form(text, &domain, form);
    if (made >= 0)
        check_taken(text, length, ascii, without_final_dots(ascii, (size_t)made));
    (void)domain_mixes_scripts(text);
    CHECK(text_without_invisible(visible, text, length) <= length);
    domain_normalise(&domain, (const char *)data, size);
    CHECK(strlen(domain.text) == domain.length);
    free(visible);
    free(text);
    return 0;
}
