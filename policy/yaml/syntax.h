/* SPDX-License-Identifier: BSD-2-Clause */
/* What is wrong with a file that is no YAML, in words that say what to change. */
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
    struct spot at, from;          /* where the problem is, and where the text in question begins */
    struct spot bracket;           /* the innermost [ or { that is open, */
    char opener;                   /* and which of them it is */
    struct spot quote, quote_end;  /* the last quoted text over several lines */
};

/*
 * Writes an explanation of the fault to `text`, one line. Reads the lines around it from the file again; if
 * that fails, the words are libyaml's. Sets *place to where an administrator has to look, which may be above
 * the place where libyaml gave up.
 */
void syntax_explain(const struct syntax *syntax, const char *path, struct spot *place, char *text,
                    size_t size);

/*
 * Returns the length of a key with its colon if no blank follows the colon, as in "name:contoso"; else 0. A
 * key has only lower-case letters and underscores, and "//" (a URL) does not follow the colon.
 */
size_t syntax_glued_key(const char *text);

/* Says what is wrong with such a text, one line: the blank is missing, or is another character. */
void syntax_explain_glued(const char *text, char *explanation, size_t size);

/* Whether a text is a list item whose dash has no blank after it, as in "-contoso". */
bool syntax_glued_dash(const char *text);

#endif
