/* SPDX-License-Identifier: BSD-2-Clause */
/* What is wrong with a file that is no YAML, in words that name what to change. */
#ifndef POLICY_YAML_SYNTAX_H
#define POLICY_YAML_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>

/* A line and a column in characters, from 1; line 0: none. */
struct spot {
    unsigned line, column;
};

/* What libyaml found, and what was open there. */
struct syntax {
    const char *problem, *context; /* libyaml's words; context may be NULL */
    struct spot at, from;          /* where the problem is, and where what it is about begins */
    struct spot bracket;           /* the innermost [ or { that is open, */
    char opener;                   /* and which of them it is */
    struct spot quote, quote_end;  /* the text in quotes over several lines that was read last */
};

/*
 * Explains the fault in `text`, one line. Reads the lines around it from the file again; where that fails the
 * words are libyaml's. Sets *place to where an administrator has to look, which may be above the place where
 * libyaml gave up.
 */
void syntax_explain(const struct syntax *syntax, const char *path, struct spot *place, char *text,
                    size_t size);

/*
 * Whether a text is a key whose colon has no blank behind it, as in "name:contoso": the octets of the key
 * with its colon, or 0. A key has letters and underscores alone, and "//" does not follow the colon.
 */
size_t syntax_glued_key(const char *text);

/* What is wrong with such a text, one line: the blank is missing, or it is no blank that stands there. */
void syntax_explain_glued(const char *text, char *explanation, size_t size);

/* Whether a text is a list item whose dash has no blank behind it, as in "-contoso". */
bool syntax_glued_dash(const char *text);

#endif
