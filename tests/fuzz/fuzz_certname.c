/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names in certificates. What an applicant writes into one attribute never
 * becomes another one: the common name behind it is found or doubted.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include "policy/certname.h"

/* As OpenSSL 3 writes a value into its one-line form. */
static char *add_value(char *to, const char *value)
{
    for (; *value != '\0'; value++) {
        if ((unsigned char)*value < 0x20 || (unsigned char)*value > 0x7E) {
            to += sprintf(to, "\\x%02X", (unsigned char)*value);
            continue;
        }
        if (*value == '/' || *value == '+')
            *to++ = '\\';
        *to++ = *value;
    }
    *to = '\0';
    return to;
}

static void check_injection(const char *text)
{
    char *dn = malloc(4 * strlen(text) + 64), value[CERTNAME_MAX];
    enum dn_answer answer;

    CHECK(dn != NULL);
    strcpy(add_value(stpcpy(dn, "/O="), text), "/CN=mail.test");
    answer = dn_attribute(dn, "CN", value, sizeof value);
    CHECK(answer == DN_DOUBTFUL || (answer == DN_FOUND && strcmp(value, "mail.test") == 0));
    free(dn);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[CERTNAME_MAX], value[CERTNAME_MAX];
    char *text = malloc(size + 1);

    CHECK(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    if (certname_decode(text, name, sizeof name)) {
        for (const char *c = name; *c != '\0'; c++)
            CHECK((unsigned char)*c >= 0x20 && *c != 0x7F);
        (void)dn_attribute(name, "CN", value, sizeof value);
        CHECK(name[0] == '\0' || name[0] == '*' || certname_matches(name, name));
    }
    (void)dn_attribute(text, "OU", value, sizeof value);
    CHECK(!certname_matches(text, ""));
    (void)certname_matches("*.example.com", text);
    check_injection(text);
    free(text);
    return 0;
}
