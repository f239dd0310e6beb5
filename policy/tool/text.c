/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text in one piece and in lines. Widths are those of the printable form, in
 * which text from outside is written. Knows nothing of what is written.
 */
#include "policy/tool/text.h"

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

    if (!stream)
        return NULL;
    text_show(stream, text);
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

    for (char *word = copy; word && *word;) {
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
