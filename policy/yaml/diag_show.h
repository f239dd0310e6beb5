/* SPDX-License-Identifier: BSD-2-Clause */
/* Findings for people: "file:line:column: error: text", and the line of the file below it. */
#ifndef POLICY_YAML_DIAG_SHOW_H
#define POLICY_YAML_DIAG_SHOW_H

#include <stdbool.h>
#include <stdio.h>
#include "policy/yaml/diag.h"
#include "policy/yaml/lines.h"

/* The caller sets the stream and the options; the rest starts zeroed. */
struct diag_show {
    FILE *stream;
    bool source;    /* errors show their line, with a caret below the place */
    bool colour;    /* with escape sequences of a terminal */
    unsigned width; /* columns that a line of the file may take; 0: 100 */
    struct lines lines;
};

/*
 * Writes a finding in one line. With `source` an error that has a place is followed by two more lines, which
 * begin with blanks: the line of the file, made printable and cut to the width, and a caret below the place.
 */
void diag_show(struct diag_show *show, const struct diag *diag);
void diag_show_end(struct diag_show *show);

#endif
