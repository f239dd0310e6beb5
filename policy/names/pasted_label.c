/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names after a label, as in a mail log, in a Received field and in the windows of
 * browsers: subject_CN=NAME, Client CN "NAME", Name: NAME. Reads what an
 * administrator pasted, so it can be lenient.
 */
#include "policy/names/ascii.h"
#include "policy/names/pasted_internal.h"

#include <string.h>
#include <strings.h>

/* Labels: words before a name that are no part of it. */
static const char *const labels[] = {
    "subject_CN",  "issuer_CN", "cert_subject", "cert_issuer", "cert-subject", "cert-issuer",
    "Client CN",   "subject",   "issuer",       "CN",          "common name",  "commonName",
    "fingerprint", "verify",    "Issued to",    "Issued by",   "subjectDN",    "issuerDN",
    "DN",          "X500",      "OID.2.5.4.3",  "2.5.4.3",     NULL,
};

/* Labels of the subject's and the issuer's name in a line that has other text, or both names. */
static const char *const inner[2][7] = {
    {"subject_CN=", "cert-subject=", "Client CN \"", "subject `", "subject=\"", "<S>", NULL},
    {"issuer_CN=", "cert-issuer=", "Issuer \"", "issuer `", "issuer=", "<I>", NULL},
};

static const char *find_inner(const char *text, bool issuer)
{
    for (size_t i = 0; inner[issuer][i] != NULL; i++) {
        const char *found = strcasestr(text, inner[issuer][i]);

        if (found != NULL && (found == text || *found == '<' || strchr(" ,;(", found[-1]) != NULL))
            return found;
    }
    return NULL;
}

/* What follows a label and its "=" or ":", or blanks before a quotation mark or a host; NULL: no label. */
static const char *behind_label(const char *text)
{
    for (size_t i = 0; labels[i] != NULL; i++) {
        const char *rest = text + strlen(labels[i]);

        if (strncasecmp(text, labels[i], strlen(labels[i])) != 0)
            continue;
        rest += strspn(rest, " ");
        if (*rest == '"' || *rest == '`')
            return rest;
        if (rest > text + strlen(labels[i]) && pasted_is_host_like(rest, strlen(rest)))
            return rest; /* "CN mail.contoso.com", as in tables */
        if (*rest == '=' || *rest == ':')
            return rest + 1 + strspn(rest + 1, " ");
    }
    return NULL;
}

/* The length of a name up to its closing quotation mark, to the next label, or to the end. */
static size_t name_length(const char *text)
{
    const char *at = text;

    if (*text == '"' || *text == '`')
        return strcspn(text + 1, *text == '"' ? "\"" : "'") + 1;
    while ((at = strpbrk(at, ",; ")) != NULL) {
        const char *next = at + strspn(at, ",; ");

        if (behind_label(next) != NULL)
            return (size_t)(at - text);
        at = next;
    }
    return strlen(text);
}

static void keep(char *text, const char *from, size_t length)
{
    memmove(text, from, length);
    text[length] = '\0';
}

bool pasted_label(char *text, bool issuer)
{
    const char *found = find_inner(text, issuer), *name = found != NULL ? found : text + strspn(text, "( ");
    size_t length;

    if (*name == '<' && found != NULL) {
        name += 3;
        keep(text, name, strcspn(name, "<"));
        return true;
    }
    if (strncasecmp(name, "[Subject]", 9) == 0 || strncasecmp(name, "[Issuer]", 8) == 0)
        name += strcspn(name, "]") + 1 + strspn(strchr(name, ']') + 1, " \r\n\t");
    else
        name = behind_label(name);
    if (name == NULL || *name == '\0')
        return false;
    length = name_length(name);
    if ((*name == '"' || *name == '`') && length > 1)
        keep(text, name + 1, length - 1);
    else
        keep(text, name, length);
    return true;
}

void pasted_decode(char *text)
{
    char *to = text;

    for (; *text != '\0'; text++) {
        int octet = *text == '+' ? ascii_hex_octet(text + 1) : -1;

        *to++ = octet >= 0 ? (char)octet : *text;
        text += octet >= 0 ? 2 : 0;
    }
    *to = '\0';
}

size_t pasted_word_in_front(const char *text)
{
    size_t word = strcspn(text, ":=");

    if (word == 0 || text[word] == '\0' || memchr(text, '.', word) != NULL || memchr(text, '/', word) != NULL)
        return 0;
    word++;
    return word + strspn(text + word, " ");
}
