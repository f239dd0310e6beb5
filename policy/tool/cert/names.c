/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies texts, names and times of a certificate for the files that show or judge it. They may come from
 * anyone: they are copied as they are, except for NUL octets, and made printable when they are written.
 */
#include "policy/tool/cert/cert.h"

#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "policy/tool/text.h"

enum { DAY = 86400 };

const char *cert_text(struct certificate_view *view, const char *format, ...)
{
    va_list arguments;
    char *made;
    const char *kept = NULL;

    va_start(arguments, format);
    made = text_vformat(format, arguments);
    va_end(arguments);
    if (made != NULL)
        kept = arena_text(&view->arena, made, strlen(made));
    free(made);
    view->exhausted |= kept == NULL;
    return kept != NULL ? kept : "";
}

void cert_add(struct certificate_view *view, struct texts *texts, const char *text)
{
    if (texts->count < TEXTS_MAX)
        texts->text[texts->count++] = cert_text(view, "%s", text);
    else
        texts->left_out++;
}

const char *cert_octets(struct certificate_view *view, const unsigned char *text, size_t length)
{
    char *copy = arena_alloc(&view->arena, 4 * length + 1);
    size_t used = 0;

    if (copy == NULL) {
        view->exhausted = true;
        return "";
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\0')
            used += (size_t)sprintf(copy + used, "\\x00");
        else
            copy[used++] = (char)text[i];
    }
    return copy;
}

const char *cert_string(struct certificate_view *view, const ASN1_STRING *text)
{
    unsigned char *utf8 = NULL;
    int length = ASN1_STRING_to_UTF8(&utf8, text);
    const char *copy;

    if (length < 0)
        return cert_octets(view, ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text));
    copy = cert_octets(view, utf8, (size_t)length);
    OPENSSL_free(utf8);
    return copy;
}

const char *cert_name(struct certificate_view *view, const X509_NAME *name, int nid)
{
    int place = X509_NAME_get_index_by_NID(name, nid, -1);

    return place < 0 ? NULL : cert_string(view, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, place)));
}

const char *cert_short_name(struct certificate_view *view, const X509_NAME *name)
{
    const char *text = cert_name(view, name, NID_commonName);
    char *whole;

    if (text == NULL)
        text = cert_name(view, name, NID_organizationName);
    if (text != NULL)
        return text;
    whole = X509_NAME_oneline(name, NULL, 0);
    text = cert_text(view, "%s", whole != NULL && *whole ? whole : "(no name)");
    OPENSSL_free(whole);
    return text;
}

bool cert_instant(const ASN1_TIME *from, int64_t *instant)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0, seconds = 0;
    bool good =
        epoch != NULL && ASN1_TIME_check(from) == 1 && ASN1_TIME_diff(&days, &seconds, epoch, from) == 1;

    if (good)
        *instant = (int64_t)days * DAY + seconds;
    ASN1_TIME_free(epoch);
    return good;
}
