/* SPDX-License-Identifier: BSD-2-Clause */
/* Comments of a policy file that may have been meant as text: "#2" after a blank, as in "Gateway #2". */
#ifndef POLICY_YAML_COMMENTS_H
#define POLICY_YAML_COMMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { COMMENT_MAX = 64, COMMENT_MARKS = 1024 };

struct comment_place {
    unsigned line, column; /* where the text before the comment ended */
};

/* Starts zeroed. */
struct comments {
    unsigned text_end; /* the column after this line's last character that is no blank; 0: none yet */
    /* A ring: comments that libyaml has read, but not parsed yet. Those that do not fit are not reported. */
    size_t first, count;
    struct comment_mark {
        struct comment_place place;
        off_t offset; /* of the "#" in the file */
    } marks[COMMENT_MARKS];
};

/* Octets of one line, all of them printable ASCII. */
struct plain_run {
    const unsigned char *octets;
    size_t length, count;  /* `count` octets can be read from its beginning on, at least `length` */
    unsigned line, column; /* where the run begins, from 1 */
    off_t offset;          /* the same in the file */
};

/*
 * The caller passes a file from its beginning: runs of plain text, other characters (`behind` is the column
 * after one), and ends of lines.
 */
void comments_text(struct comments *comments, const struct plain_run *run);
void comments_character(struct comments *comments, unsigned behind);
void comments_line(struct comments *comments);

/*
 * Finds a comment that begins as text does ("#2", not "# 2"), if only blanks are between it and `place`.
 * Reads its first octets from `file`, without the line's end. Places must not descend from call to call.
 * False: there is none.
 */
bool comments_find(struct comments *comments, int file, struct comment_place place, char text[COMMENT_MAX]);

#endif
