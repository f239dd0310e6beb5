/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists as main.cf has them: elements are separated by commas and blanks, and braces hold an element
 * together. Knows no parameter and no value.
 */
#include "policy/tool/doctor/merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "policy/tool/text.h"

char *merge_without(const char *list, merge_fn *drop, const void *arg, size_t *dropped)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    const char *rest = list, *end = NULL; /* after the last element that was kept */
    bool together = true;                 /* nothing was taken out since then */
    struct element element, next;

    *dropped = 0;
    if (stream == NULL)
        return NULL;
    while (element_next(&element, &rest)) {
        const char *following = rest;
        bool more = element_next(&next, &following);
        unsigned count = drop != NULL ? drop(arg, &element, more ? &next : NULL) : 0;

        if (count == 0) {
            if (end != NULL && together)
                fprintf(stream, "%.*s", (int)(element.at - end), end);
            else if (end != NULL)
                fputs(", ", stream);
            fprintf(stream, "%.*s", (int)element.length, element.at);
            end = element.at + element.length;
            together = true;
            continue;
        }
        together = false;
        *dropped += count;
        if (count > 1 && more)
            rest = following;
    }
    if (fclose(stream) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

char *merge_with_first(const char *first, const char *list)
{
    return text_format("%s%s%s", first, *list ? ", " : "", list);
}

unsigned merge_drop_option(const void *arg, const struct element *element, const struct element *next)
{
    size_t length = strlen(arg);

    (void)next;
    return strncmp(element->text, arg, length) == 0
           && (element->text[length] == '\0' || element->text[length] == '=');
}

unsigned merge_drop_word(const void *arg, const struct element *element, const struct element *next)
{
    (void)next;
    return strcasecmp(element->text, arg) == 0;
}
