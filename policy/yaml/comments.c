/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds each "#" that cuts a text off. Knows lines and no YAML: the caller knows where a value ends. */
#include "policy/yaml/comments.h"

#include <string.h>
#include <unistd.h>
#include "policy/names/ascii.h"

static bool begins_text(unsigned char octet)
{
    return ascii_letter_or_digit((char)octet) || octet >= 0x80;
}

/* The column after the text before octet `at` of a run; 0: this line has no text before it. */
static unsigned text_before(const struct comments *comments, const struct plain_run *run, size_t at)
{
    while (at > 0 && run->octets[at - 1] == ' ')
        at--;
    return at > 0 ? run->column + (unsigned)at : comments->text_end;
}

/* Notes a "#" at octet `at` of a run, if text and a blank come before it, and text follows at once. */
static void note(struct comments *comments, const struct plain_run *run, size_t at)
{
    unsigned end = text_before(comments, run, at);
    bool behind_blank = at > 0 ? run->octets[at - 1] == ' ' : run->column > comments->text_end;
    bool is_text =
        at + 1 >= run->count || begins_text(run->octets[at + 1]); /* at the end read_comment() decides */

    if (end == 0 || !behind_blank || !is_text || comments->count >= COMMENT_MARKS)
        return;
    comments->marks[(comments->first + comments->count++) % COMMENT_MARKS] =
        (struct comment_mark){{run->line, end}, run->offset + (off_t)at};
}

void comments_text(struct comments *comments, const struct plain_run *run)
{
    const unsigned char *at = run->octets, *end = at + run->length;

    while ((at = memchr(at, '#', (size_t)(end - at))) != NULL)
        note(comments, run, (size_t)(at++ - run->octets));
    comments->text_end = text_before(comments, run, run->length);
}

void comments_character(struct comments *comments, unsigned behind)
{
    comments->text_end = behind;
}

void comments_line(struct comments *comments)
{
    comments->text_end = 0;
}

/* Reads the comment at `offset`, up to the line's end. False: it does not begin as text does. */
static bool read_comment(int file, off_t offset, char text[COMMENT_MAX])
{
    ssize_t got = pread(file, text, COMMENT_MAX - 1, offset);
    size_t length;

    if (got < 2 || text[0] != '#' || !begins_text((unsigned char)text[1]))
        return false;
    text[got] = '\0';
    length = strcspn(text, "\r\n");
    if (length == COMMENT_MAX - 1)
        while (length > 0 && ((unsigned char)text[length - 1] & 0x80) != 0)
            length--; /* it may be half a character */
    while (length > 0 && text[length - 1] == ' ')
        length--;
    text[length] = '\0';
    return length > 0;
}

bool comments_find(struct comments *comments, int file, struct comment_place place, char text[COMMENT_MAX])
{
    while (comments->count > 0) {
        const struct comment_mark *mark = &comments->marks[comments->first];
        bool same_line = mark->place.line == place.line;

        if (mark->place.line > place.line || (same_line && mark->place.column > place.column))
            return false;
        comments->first = (comments->first + 1) % COMMENT_MARKS;
        comments->count--;
        if (same_line && mark->place.column == place.column)
            return read_comment(file, mark->offset, text);
    }
    return false;
}
