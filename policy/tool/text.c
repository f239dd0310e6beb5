/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes, escapes and folds text. Widths are those of the printable form, in which text from outside is
 * written. Knows nothing of what is written.
 */
#include "policy/tool/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "policy/names/printable.h"

char *text_vformat(const char *format, va_list arguments)
{
    char *text = NULL;

    return vasprintf(&text, format, arguments) < 0 ? NULL : text;
}

char *text_format(const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = text_vformat(format, arguments);
    va_end(arguments);
    return text;
}

char *text_printable(const char *text)
{
    char *copy = NULL;
    size_t size;
    FILE *stream = open_memstream(&copy, &size);

    if (stream == NULL)
        return NULL;
    text_show(stream, text);
    if (fclose(stream) != 0) {
        free(copy);
        return NULL;
    }
    return copy;
}

void text_escaped(FILE *stream, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fprintf(stream, "\\%c", *text);
        else if (*text < 0x20 || *text > 0x7E)
            fprintf(stream, "\\x%02X", (unsigned char)*text);
        else
            fputc(*text, stream);
    }
}

void text_quoted(FILE *stream, const char *text)
{
    fputc('"', stream);
    text_escaped(stream, text);
    fputc('"', stream);
}

/* Whether the word needs no quotes in any shell. */
static bool is_plain_word(const char *word)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@%+,=-";

    return *word && word[strspn(word, plain)] == '\0';
}

static bool is_printable(const char *word)
{
    char *printable = text_printable(word);
    bool same = printable != NULL && strcmp(printable, word) == 0;

    free(printable);
    return same;
}

char *text_shell_word(const char *word)
{
    char *copy = NULL;
    size_t size;
    FILE *stream;
    bool printable = is_printable(word);

    if (is_plain_word(word))
        return text_format("%s", word);
    stream = open_memstream(&copy, &size);
    if (stream == NULL)
        return NULL;
    fputs(printable ? "'" : "$'", stream);
    for (; *word; word++) {
        unsigned char octet = (unsigned char)*word;

        if (printable && octet == '\'')
            fputs("'\\''", stream);
        else if (!printable && (octet < 0x20 || octet > 0x7e || octet == '\'' || octet == '\\'))
            fprintf(stream, "\\%03o", (unsigned)octet);
        else
            fputc(octet, stream);
    }
    fputc('\'', stream);
    if (fclose(stream) != 0) {
        free(copy);
        return NULL;
    }
    return copy;
}

void text_fold(FILE *stream, const char *text, int indent, int columns)
{
    char *copy = text_printable(text);
    int at = indent;

    for (char *word = copy; word != NULL && *word;) {
        size_t length = strcspn(word, " ");
        int width = text_width(word, length);

        if (at > indent && at + 1 + width > columns) {
            fprintf(stream, "\n%*s", indent, "");
            at = indent;
        } else if (at > indent) {
            fputc(' ', stream);
            at++;
        }
        fwrite(word, 1, length, stream);
        at += width;
        word += length;
        word += strspn(word, " ");
    }
    fputc('\n', stream);
    free(copy);
}
