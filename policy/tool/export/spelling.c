/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How Postfix may spell the key of a domain or next hop: U-labels, A-labels, the port. Maps ignore the case
 * of keys; regexp_table(5) ignores only that of ASCII.
 */
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>
#include "policy/names/next_hop.h"
#include "policy/tool/export/export.h"
#include "policy/tool/unicode_domain.h"

enum { SPELLING_MAX = UNICODE_DOMAIN_MAX + 64 };

/* A key in parts: the text before the host, the host, and the text after it. */
struct parts {
    const char *front; /* "", "." or "[" */
    char host[NEXT_HOP_MAX];
    const char *behind; /* "", "]", ":587" or "]:587" */
    const char *port;   /* "587"; NULL: none */
};

/* The callback for each spelling. */
struct each_spelling {
    void (*call)(void *arg, const char *spelling);
    void *arg;
};

static struct parts take_apart(const char *key)
{
    struct parts parts = {.front = key[0] == '[' ? "[" : key[0] == '.' ? "." : ""};
    const char *host = key + strlen(parts.front);
    size_t length = strcspn(host, key[0] == '[' ? "]" : ":");

    snprintf(parts.host, sizeof parts.host, "%.*s", (int)length, host);
    parts.behind = host + length;
    parts.port = strchr(parts.behind, ':');
    if (parts.port != NULL)
        parts.port++;
    return parts;
}

/*
 * Decomposes characters into letters and marks (NFD), as some systems write them. False: the text does not
 * change, or the result does not fit.
 */
static bool decompose(const char *text, char *apart, size_t size)
{
    UErrorCode error = U_ZERO_ERROR;
    const UNormalizer2 *form = unorm2_getNFDInstance(&error);
    UChar wide[SPELLING_MAX], other[SPELLING_MAX];
    int32_t length = 0;

    u_strFromUTF8(wide, SPELLING_MAX, &length, text, -1, &error);
    length = unorm2_normalize(form, wide, length, other, SPELLING_MAX, &error);
    u_strToUTF8(apart, (int32_t)size, NULL, other, length, &error);
    return U_SUCCESS(error) && error != U_STRING_NOT_TERMINATED_WARNING && strcmp(apart, text) != 0;
}

/* Spells the host with `port` after its brackets, and with each name of that port. */
static void spell_port(const struct parts *parts, const char *host, const char *port,
                       const struct each_spelling *each)
{
    const char *bracket = parts->front[0] == '[' ? "]" : "";
    char spelling[SPELLING_MAX];

    for (size_t i = 0; port != NULL; port = next_hop_port_name(parts->port ? parts->port : "25", i++)) {
        snprintf(spelling, sizeof spelling, "%s%s%s:%s", parts->front, host, bracket, port);
        each->call(each->arg, spelling);
    }
}

static void spell_host(const struct parts *parts, const char *host, bool ports,
                       const struct each_spelling *each)
{
    char spelling[SPELLING_MAX];

    if (parts->port != NULL) {
        spell_port(parts, host, parts->port, each);
        return;
    }
    snprintf(spelling, sizeof spelling, "%s%s%s", parts->front, host, parts->behind);
    each->call(each->arg, spelling);
    if (ports)
        spell_port(parts, host, "25", each);
}

void spell_key(const char *key, bool ports, void (*each)(void *arg, const char *spelling), void *arg)
{
    const struct parts parts = take_apart(key);
    const struct each_spelling spellings = {each, arg};
    char other[UNICODE_DOMAIN_MAX], apart[SPELLING_MAX];
    const char *shown;

    spell_host(&parts, parts.host, ports, &spellings);
    if (strchr(parts.host, ':') != NULL) { /* Postfix also accepts an IPv6 address with this prefix */
        snprintf(other, sizeof other, "ipv6:%s", parts.host);
        spell_host(&parts, other, ports, &spellings);
        return;
    }
    shown = unicode_domain(parts.host, other);
    if (strcmp(shown, parts.host) == 0)
        return;
    spell_host(&parts, shown, ports, &spellings);
    if (decompose(shown, apart, sizeof apart))
        spell_host(&parts, apart, ports, &spellings);
}

static void write_alternative(FILE *stream, const char *text)
{
    char apart[SPELLING_MAX];

    fputs(text, stream);
    if (decompose(text, apart, sizeof apart))
        fprintf(stream, "|%s", apart);
}

/* Writes a character in both cases, each also decomposed. */
static void write_character(FILE *stream, const char *octets, size_t length, UChar32 character)
{
    UChar32 upper = u_toupper(character);
    char text[U8_MAX_LENGTH + 1];
    size_t count = 0;

    if (character < 0x80) {
        fwrite(octets, 1, length, stream);
        return;
    }
    fputc('(', stream);
    snprintf(text, sizeof text, "%.*s", (int)length, octets);
    write_alternative(stream, text);
    if (upper != character) {
        U8_APPEND_UNSAFE(text, count, upper);
        text[count] = '\0';
        fputc('|', stream);
        write_alternative(stream, text);
    }
    fputc(')', stream);
}

static void write_characters(FILE *stream, const char *text)
{
    const uint8_t *octets = (const uint8_t *)text;
    size_t length = strlen(text);

    for (size_t at = 0; at < length;) {
        size_t start = at;
        UChar32 character;

        U8_NEXT(octets, at, length, character);

        write_character(stream, text + start, at - start, character);
    }
}

static void write_label(FILE *stream, const char *label)
{
    char shown[UNICODE_DOMAIN_MAX];
    const char *unicode = unicode_domain(label, shown);

    if (strcmp(unicode, label) == 0) {
        fputs(label, stream);
        return;
    }
    fprintf(stream, "(%s|", label);
    write_characters(stream, unicode);
    fputc(')', stream);
}

void spell_pattern(FILE *stream, const char *domain)
{
    char label[DOMAIN_MAX + 3];

    for (;; domain++) {
        size_t length = strcspn(domain, ".");

        snprintf(label, sizeof label, "%.*s", (int)length, domain);
        write_label(stream, label);
        domain += length;
        if (*domain == '\0')
            return;
        fputs(SPELLED_DOT, stream);
    }
}

void spell_hop_pattern(FILE *stream, const char *hop)
{
    const struct parts parts = take_apart(hop);
    bool bracketed = parts.front[0] == '[';
    const char *port = parts.port != NULL ? parts.port : "25", *name;

    fputs(!bracketed ? "" : strchr(parts.host, ':') != NULL ? "\\[(ipv6:)?" : "\\[", stream);
    spell_pattern(stream, parts.host);
    fprintf(stream, "%s%s:(0*%s", bracketed ? "\\]" : "", parts.port == NULL ? "(" : "", port);
    for (size_t i = 0; (name = next_hop_port_name(port, i)) != NULL; i++)
        fprintf(stream, "|%s", name);
    fputs(parts.port == NULL ? ")?)?" : ")", stream);
}
