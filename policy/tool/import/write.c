/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes drafts as YAML. Knows how to quote a text so that every YAML reader gets the same text back, and how
 * keys nest. Does not know where the partners come from.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/utf8.h>
#include "policy/names/invisible.h"
#include "policy/names/printable.h"
#include "policy/names/scalar.h"
#include "policy/tool/import/import.h"

enum { IN_ONE_LINE = 4, SHOWN_MAX = 160, PLAIN_MAX = 256 };

/* A stream, and the number of the current line. */
struct page {
    FILE *stream;
    unsigned line;
};

static void end_line(struct page *page)
{
    fputc('\n', page->stream);
    page->line++;
}

/* ---- scalars ---- */

/* Whether a character is invisible, or not allowed in YAML. */
static bool is_hidden_character(UChar32 character)
{
    return character > 0x7f && (is_invisible(character) || (character & 0xFFFE) == 0xFFFE);
}

static bool is_hidden(const char *text, size_t length)
{
    const uint8_t *octets = (const uint8_t *)text;
    size_t at = 0;
    UChar32 character;

    U8_NEXT(octets, at, length, character);

    return is_hidden_character(character);
}

/* Writes a character of a text in double quotes. Returns its octets in `text`. */
static size_t write_character(FILE *stream, const char *text, size_t left)
{
    const uint8_t *octets = (const uint8_t *)text;
    size_t length = 0;
    UChar32 character;
    int width;

    U8_NEXT(octets, length, left, character);

    if (character == '"' || character == '\\')
        fprintf(stream, "\\%c", (int)character);
    else if (character < 0x100 && printable_character(text, left, &width) == 0)
        fprintf(stream, "\\x%02X", (unsigned)character);
    else if (is_hidden_character(character))
        fprintf(stream, character > 0xFFFF ? "\\U%08X" : "\\u%04X", (unsigned)character);
    else
        fwrite(text, 1, length, stream);
    return length;
}

static void write_quoted(FILE *stream, const char *text)
{
    size_t left = strlen(text);

    fputc('"', stream);
    while (left > 0) {
        size_t length = write_character(stream, text, left);

        text += length;
        left -= length;
    }
    fputc('"', stream);
}

/* Writes a text plain, unless a YAML reader might read it as something else. */
static void write_text(FILE *stream, const char *text)
{
    char plain[PLAIN_MAX];

    scalar_write(plain, sizeof plain, text);
    if (*text && strlen(text) < PLAIN_MAX - 4 && strcmp(plain, text) == 0)
        fputs(text, stream);
    else
        write_quoted(stream, text);
}

/* Writes a word, a number, a date or a boolean: plain, unless it can only be a mistake. */
static void write_word(FILE *stream, const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

    if (*text && *text != '-' && text[strspn(text, plain)] == '\0')
        fputs(text, stream);
    else
        write_text(stream, text);
}

static void write_scalar(FILE *stream, const char *text, enum key_kind kind)
{
    if (kind == KEY_WORD)
        write_word(stream, text);
    else
        write_text(stream, text);
}

/* ---- keys ---- */

/* Writes "    key:", `depth` levels below the partner. */
static void write_key(struct page *page, const char *key, size_t length, unsigned depth)
{
    fprintf(page->stream, "%*s%.*s:", 4 + 2 * (int)depth, "", (int)length, key);
}

static void write_list(struct page *page, const struct value *values, enum key_kind kind, unsigned depth)
{
    size_t count = 0;

    for (const struct value *value = values; value != NULL; value = value->next)
        count++;
    if (count <= IN_ONE_LINE)
        fputs(" [", page->stream);
    for (const struct value *value = values; value != NULL; value = value->next) {
        if (count > IN_ONE_LINE) {
            end_line(page);
            fprintf(page->stream, "%*s- ", 6 + 2 * (int)depth, "");
        } else if (value != values) {
            fputs(", ", page->stream);
        }
        write_scalar(page->stream, value->text, kind);
    }
    if (count <= IN_ONE_LINE)
        fputc(']', page->stream);
}

static void write_values(struct page *page, const struct value *values, enum key_kind kind, unsigned depth)
{
    if (kind == KEY_WORD || kind == KEY_TEXT) {
        fputc(' ', page->stream);
        write_scalar(page->stream, values->text, kind);
    } else {
        write_list(page, values, kind, depth);
    }
    end_line(page);
}

/* ---- certificates ---- */

/* The values of "<section>.certificates.<key>". */
static const struct value *certificate_values(const struct draft *draft, const char *section, const char *key)
{
    char path[80];

    snprintf(path, sizeof path, "%s.certificates.%s", section, key);
    return draft_key_find(path) < 0 ? NULL : draft_values(draft, path);
}

/* Writes the dates of an identity, and closes it. */
static void write_dates(struct page *page, const struct draft *draft, const char *section)
{
    static const char *const dates[] = {"from", "until"};

    for (size_t i = 0; i < 2; i++) {
        const struct value *value = certificate_values(draft, section, dates[i]);

        if (value == NULL)
            continue;
        fprintf(page->stream, ", %s: ", dates[i]);
        write_word(page->stream, value->text);
    }
    fputc('}', page->stream);
    end_line(page);
}

/* Writes an identity for each value of a key. */
static void write_each(struct page *page, const struct draft *draft, const char *section, const char *key,
                       unsigned depth)
{
    for (const struct value *value = certificate_values(draft, section, key); value != NULL;
         value = value->next) {
        fprintf(page->stream, "%*s- {%s: ", 6 + 2 * (int)depth, "", key);
        write_text(page->stream, value->text);
        write_dates(page, draft, section);
    }
}

static void write_name_rule(struct page *page, const struct value *values)
{
    if (values->next != NULL)
        fputc('[', page->stream);
    for (const struct value *value = values; value != NULL; value = value->next) {
        write_text(page->stream, value->text);
        if (value->next != NULL)
            fputs(", ", page->stream);
    }
    if (values->next != NULL)
        fputc(']', page->stream);
}

/* Writes the one identity that subject and issuer make together. */
static void write_names(struct page *page, const struct draft *draft, const char *section, unsigned depth)
{
    const struct value *subject = certificate_values(draft, section, "subject"),
                       *issuer = certificate_values(draft, section, "issuer");

    if (subject == NULL && issuer == NULL)
        return;
    fprintf(page->stream, "%*s- {", 6 + 2 * (int)depth, "");
    if (subject != NULL) {
        fputs("subject: ", page->stream);
        write_name_rule(page, subject);
    }
    if (issuer != NULL) {
        fputs(subject != NULL ? ", issuer: " : "issuer: ", page->stream);
        write_name_rule(page, issuer);
    }
    write_dates(page, draft, section);
}

/*
 * Writes the list below "certificates:". A date alone makes the list, too, but empty, so that check reports
 * it.
 */
static void write_identities(struct page *page, const struct draft *draft, const char *section,
                             unsigned depth)
{
    static const char *const each[] = {"name", "fingerprint", "key_fingerprint", "file"};

    write_names(page, draft, section, depth);
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++)
        write_each(page, draft, section, each[i], depth);
}

/* ---- partners ---- */

/* Writes the parent keys of `path` that the previous path does not share. Returns the depth of `path`. */
static unsigned write_parents(struct page *page, const char *path, const char *before)
{
    unsigned depth = 0;
    const char *start = path;

    for (const char *dot = strchr(path, '.'); dot != NULL; dot = strchr(start, '.')) {
        size_t length = (size_t)(dot - path);

        if (strncmp(path, before, length + 1) != 0) {
            write_key(page, start, (size_t)(dot - start), depth);
            end_line(page);
        }
        start = dot + 1;
        depth++;
    }
    return depth;
}

/*
 * Splits a path "<section>.certificates.<key>" and returns its section in `section`. False: not such a path.
 */
static bool is_identity(const char *path, char section[40])
{
    const char *found = strstr(path, ".certificates.");

    if (found == NULL)
        return false;
    snprintf(section, 40, "%.*s", (int)(found - path), path);
    return true;
}

static void write_partner_keys(struct page *page, const struct draft *draft)
{
    const char *before = "";
    char section[40], done[40] = "";

    for (size_t i = 0; draft_keys[i].path != NULL; i++) {
        const char *path = draft_keys[i].path, *last = strrchr(path, '.');
        unsigned depth;

        if (draft->values[i] == NULL || strcmp(path, "name") == 0 || strcmp(path, "mode") == 0)
            continue;
        if (is_identity(path, section) && strcmp(section, done) == 0)
            continue;
        depth = write_parents(page, path, before);
        before = path;
        if (is_identity(path, section)) {
            write_identities(page, draft, section, depth - 1);
            strcpy(done, section);
            continue;
        }
        last = last != NULL ? last + 1 : path;
        write_key(page, last, strlen(last), depth);
        write_values(page, draft->values[i], draft_keys[i].kind, depth);
    }
}

/* Writes "  # FILE:LINE: text", with the text cut to SHOWN_MAX octets. */
static void write_origin(struct page *page, const struct origin *origin)
{
    size_t length = 0, end = strlen(origin->text);
    int width;

    fputs("  # ", page->stream);
    text_show(page->stream, origin->file);
    fprintf(page->stream, ":%u: ", origin->line);
    while (length < end && length < SHOWN_MAX) {
        size_t octets = printable_character(origin->text + length, end - length, &width);

        if (origin->text[length] == '\t')
            fputc(' ', page->stream);
        else if (octets == 0 || is_hidden(origin->text + length, octets))
            fputc('?', page->stream);
        else
            fwrite(origin->text + length, 1, octets, page->stream);
        length += octets + (octets == 0);
    }
    if (length < end)
        fputs("...", page->stream);
    end_line(page);
}

void policy_write(struct import *import, FILE *stream)
{
    struct page page = {stream, 1};

    fputs("version: 1", stream);
    end_line(&page);
    if (import->mta != NULL) {
        fprintf(stream, "milter: {mta: %s}", import->mta);
        end_line(&page);
    }
    fputs("partners:", stream);
    end_line(&page);
    for (struct draft *draft = import->first; draft != NULL; draft = draft->next) {
        draft->line = page.line;
        for (const struct origin *origin = draft->origins; origin != NULL; origin = origin->next)
            write_origin(&page, origin);
        fputs("  - name: ", stream);
        write_text(stream, draft->name);
        end_line(&page);
        fputs("    mode: testing", stream);
        end_line(&page);
        write_partner_keys(&page, draft);
    }
}
