/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Distinguished names as tools print them for people, and how to take one
 * attribute out of a name. Reads what an administrator pasted into the policy, so
 * it can be lenient. certname.c reads what an MTA reports, and is not lenient.
 */
#include "policy/names/pasted.h"

#include <string.h>
#include <strings.h>

/* The length of the attribute type that the text begins with; 0: none that names have. */
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
                                        "jurisdictionCountryName",
                                        "jurisdictionLocalityName",
                                        "jurisdictionStateOrProvinceName",
                                        "dnQualifier",
                                        "pseudonym",
                                        "surname",
                                        "givenName",
                                        "initials",
                                        "unstructuredName",
                                        "unstructuredAddress",
                                        "userId",
                                        "Email",
                                        NULL};
    size_t oid = strncasecmp(text, "OID.", 4) == 0 ? 4 : 0;
    size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    for (size_t i = 0; types[i] != NULL; i++)
        if (strlen(types[i]) == length && strncasecmp(text, types[i], length) == 0)
            return length;
    if (oid == 0 && length > 0)
        return 0;
    return strspn(text + oid, "0123456789.") >= 5 ? oid + strspn(text + oid, "0123456789.") : 0;
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

/*
 * The next attribute if a separator is here: "/CN=", ", CN = ", "+ CN=", and in copies of several lines the
 * blank or line feed in " CN = "; else NULL.
 */
static const char *next_attribute(const char *text, bool slashes)
{
    if (*text == '\0' || strchr(slashes ? "/+" : ",;+/ \n", *text) == NULL)
        return NULL;
    text++;
    text += slashes ? 0 : strspn(text, " \r\n");
    return behind_type(text) != NULL ? text : NULL;
}

/* Whether another field of a log follows a comma or blank here: ", issuer=", ", fingerprint=". */
static bool is_other_field(const char *text)
{
    static const char *const fields[] = {"issuer", "subject", "fingerprint", "pkey_fingerprint", "verify"};

    if (*text != ',' && *text != ' ')
        return false;
    text += strspn(text, ", ");
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strncasecmp(text, fields[i], strlen(fields[i])) == 0
            && (text[strlen(fields[i])] == '=' || text[strlen(fields[i])] == ':'))
            return true;
    return false;
}

/* Whether an attribute's type is `type`, by its name or its number. */
static bool is_type(const char *text, const char *type)
{
    size_t length = type_length(text), oid = strncasecmp(text, "OID.", 4) == 0 ? 4 : 0;

    if (strcasecmp(type, "CN") == 0 && length == oid + 7 && strncmp(text + oid, "2.5.4.3", 7) == 0)
        return true;
    return length == strlen(type) && strncasecmp(text, type, length) == 0;
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
        if (!quoted && ((next = next_attribute(text, slashes)) != NULL || is_other_field(text)))
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
        bool wanted = !found && is_type(text, type);

        found |= wanted;
        text = take_value(behind_type(text), slashes, wanted ? value : other);
    }
    return true;
}
