/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names in certificates. What an applicant writes into one attribute never
 * becomes another one; what OpenSSL and Sendmail, or Postfix, make of a name is read as that name.
 */
#include "tests/fuzz/fuzz.h"

#include "policy/names/certname.h"

/* As OpenSSL 3 writes a value into its one-line form. */
static char *add_value(char *to, const char *value, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)value[i] < 0x20 || (unsigned char)value[i] > 0x7E) {
            to += sprintf(to, "\\x%02X", (unsigned char)value[i]);
            continue;
        }
        if (value[i] == '/' || value[i] == '+')
            *to++ = '\\';
        *to++ = value[i];
    }
    *to = '\0';
    return to;
}

/* As Sendmail writes any name into a macro. */
static void add_xtext(char *to, const char *name)
{
    for (; *name != '\0'; name++)
        if ((unsigned char)*name < 0x21 || (unsigned char)*name > 0x7E || strchr("+\\(<>\")", *name) != NULL)
            to += sprintf(to, "+%02X", (unsigned char)*name);
        else
            *to++ = *name;
    *to = '\0';
}

static bool has_control(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F)
            return true;
    return false;
}

/* A common name: Sendmail's {cn_subject} says the same, and so does Postfix's macro, which is not encoded. */
static void check_common_name(const char *value, size_t length)
{
    char *macro = malloc(3 * length + 1), name[CERTNAME_MAX], *copy = strndup(value, length);
    bool good = !has_control(copy, strlen(copy)) && strlen(copy) < sizeof name;

    CHECK(macro != NULL && copy != NULL);
    add_xtext(macro, copy);
    CHECK(certname_decode(macro, name, sizeof name) == good);
    CHECK(!good || strcmp(name, copy) == 0);
    CHECK(certname_matches(copy, copy) == (copy[0] != '\0'));
    CHECK(!certname_matches("mail.test", copy) || strcasecmp(copy, "mail.test") == 0);
    free(copy);
    free(macro);
}

/*
 * What the attribute must say: the value itself, or doubt; and no doubt where nothing can be read in two
 * ways. OpenSSL does not double a backslash: the four characters \xC3 in a certificate read as that one
 * octet.
 */
static void check_attribute(const char *dn, const char *type, const char *value, size_t length)
{
    char found[CERTNAME_MAX];
    enum dn_answer answer = dn_attribute(dn, type, found, sizeof found);
    bool plain = strlen(dn) <= 250 && !has_control(value, length) && memchr(value, '\\', length) == NULL
                 && memchr(value, '=', length) == NULL;

    CHECK(answer != DN_ABSENT);
    if (answer == DN_FOUND && strstr(value, "\\x") == NULL)
        CHECK(strlen(found) == length && memcmp(found, value, length) == 0);
    CHECK(answer == DN_FOUND || !plain);
}

/* The input in two, an organisation and a common name, behind Sendmail. */
static void check_sendmail(const char *organisation, const char *name)
{
    size_t length = strlen(organisation), name_length = strlen(name);
    char *dn = malloc(4 * (length + name_length) + 64), *macro = malloc(12 * (length + name_length) + 192);
    char decoded[CERTNAME_MAX];

    CHECK(dn != NULL && macro != NULL);
    add_value(stpcpy(add_value(stpcpy(dn, "/C=DE/O="), organisation, length), "/CN="), name, name_length);
    add_xtext(macro, dn);
    if (strlen(dn) < sizeof decoded) {
        CHECK(certname_decode(macro, decoded, sizeof decoded) && strcmp(decoded, dn) == 0);
        if (strchr(organisation, '\\') == NULL && strchr(organisation, '=') == NULL
            && !has_control(organisation, length))
            check_attribute(decoded, "CN", name, name_length);
        if (strchr(name, '\\') == NULL && strchr(name, '=') == NULL && !has_control(name, name_length))
            check_attribute(decoded, "o", organisation, length);
    }
    free(macro);
    free(dn);
}

/* An organisation that ends as if a common name followed, before another one or none. */
static void check_injection(const char *text)
{
    static const char inject[] = "/CN=x";
    size_t length = strlen(text);
    char *value = malloc(length + sizeof inject), *dn = malloc(4 * (length + sizeof inject) + 64);
    char found[CERTNAME_MAX];
    enum dn_answer answer;

    CHECK(value != NULL && dn != NULL);
    strcpy(stpcpy(value, text), inject);
    add_value(stpcpy(dn, "/O="), value, strlen(value));
    CHECK(dn_attribute(dn, "CN", found, sizeof found) != DN_FOUND);
    strcpy(add_value(stpcpy(dn, "/O="), value, strlen(value)), "/CN=mail.test");
    answer = dn_attribute(dn, "CN", found, sizeof found);
    CHECK(answer == DN_DOUBTFUL || (answer == DN_FOUND && strcmp(found, "mail.test") == 0));
    strcpy(add_value(stpcpy(dn, "/O="), text, length), "/CN=mail.test");
    answer = dn_attribute(dn, "CN", found, sizeof found);
    CHECK(answer == DN_DOUBTFUL || (answer == DN_FOUND && strcmp(found, "mail.test") == 0));
    free(dn);
    free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[CERTNAME_MAX], value[CERTNAME_MAX];
    char *text = fuzz_text(data, size), *line = strchr(text, '\n');

    if (certname_decode(text, name, sizeof name)) {
        CHECK(!has_control(name, strlen(name)));
        (void)dn_attribute(name, "CN", value, sizeof value);
    }
    (void)dn_attribute(text, "OU", value, sizeof value);
    CHECK(!certname_matches(text, "") && !certname_matches("", text));
    (void)certname_matches("*.example.com", text);
    (void)certname_matches(text, "mail.example.com");
    check_injection(text);
    check_common_name(text, strlen(text));
    if (line != NULL) {
        *line = '\0';
        check_sendmail(text, line + 1);
    }
    free(text);
    return 0;
}
