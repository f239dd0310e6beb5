/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Distinguished names as tools print them for people, and one attribute out of
 * one. Reads what an administrator pasted into his own policy, so that it can
 * be lenient; what an MTA reports is certname.c's, which is not.
 */
#include "policy/names/pasted.h"

#include <string.h>
#include <strings.h>

/* The length of an attribute's type at the beginning of the text; 0: none that names have. */
static size_t type_length(const char *text)
{
    static const char *const types[] = {"CN",
                                        "commonName",
                                        "O",
                                        "organizationName",
                                        "OU",
                                        "organizationalUnitName",
                                        "C",
                                        "countryName",
                                        "L",
                                        "localityName",
                                        "ST",
                                        "S",
                                        "SP",
                                        "stateOrProvinceName",
                                        "DC",
                                        "domainComponent",
                                        "E",
                                        "emailAddress",
                                        "UID",
                                        "serialNumber",
                                        "SN",
                                        "GN",
                                        "T",
                                        "title",
                                        "street",
                                        "postalCode",
                                        "description",
                                        "businessCategory",
                                        "jurisdictionC",
                                        "jurisdictionL",
                                        "jurisdictionST",
                                        "organizationIdentifier",
                                        NULL};
    size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    for (size_t i = 0; types[i] != NULL; i++)
        if (strlen(types[i]) == length && strncasecmp(text, types[i], length) == 0)
            return length;
    return length == 0 && strspn(text, "0123456789.") >= 5 ? strspn(text, "0123456789.") : 0;
}

/* What follows "CN=" or "CN = "; NULL: the text does not begin so. */
static const char *behind_type(const char *text)
{
    size_t length = type_length(text);

    if (length == 0)
        return NULL;
    text += length + strspn(text + length, " ");
    return *text != '=' ? NULL : text + 1 + strspn(text + 1, " ");
}

/* The next attribute if a separator stands here: "/CN=", ", CN = ", "+ CN="; else NULL. */
static const char *next_attribute(const char *text, bool slashes)
{
    if (*text == '\0' || strchr(slashes ? "/+" : ",;+", *text) == NULL)
        return NULL;
    text++;
    text += slashes ? 0 : strspn(text, " ");
    return behind_type(text) != NULL ? text : NULL;
}

/* Takes a value up to the next attribute, which it returns; NULL: it was the last. */
static const char *take_value(const char *text, bool slashes, char value[PASTED_MAX])
{
    bool quoted = *text == '"' && strchr(text + 1, '"') != NULL && !slashes;
    const char *next = NULL;
    size_t used = 0;

    for (text += quoted; *text != '\0' && used + 1 < PASTED_MAX; text++) {
        if (quoted && *text == '"') {
            quoted = false;
            continue;
        }
        if (!quoted && (next = next_attribute(text, slashes)) != NULL)
            break;
        if (*text == '\\' && text[1] != '\0' && !slashes)
            text++;
        value[used++] = *text;
    }
    while (used > 0 && value[used - 1] == ' ')
        used--;
    value[used] = '\0';
    return next;
}

bool pasted_attribute(const char *text, const char *type, char value[PASTED_MAX])
{
    bool slashes = *text == '/', found = false;
    char other[PASTED_MAX] = "";

    value[0] = '\0';
    text += slashes;
    if (behind_type(text) == NULL || *behind_type(text) == '\0')
        return false;
    while (text != NULL) {
        bool wanted =
            !found && type_length(text) == strlen(type) && strncasecmp(text, type, strlen(type)) == 0;

        found |= wanted;
        text = take_value(behind_type(text), slashes, wanted ? value : other);
    }
    return true;
}
