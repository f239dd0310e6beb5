/* SPDX-License-Identifier: BSD-2-Clause */
/* The findings of a load, kept until it is known whether that load counts. */
#ifndef MILTER_FINDINGS_H
#define MILTER_FINDINGS_H

#include <stddef.h>
#include "policy/yaml/diag.h"

enum { FINDINGS_KEPT = 10000 }; /* more than the log's queue takes at once */

/* Zeroed when empty. */
struct findings {
    size_t count, missed; /* kept, and not kept: no memory, or more than FINDINGS_KEPT */
    enum severity worst;  /* of those that were missed */
    struct diag *diag;    /* malloc'd, as are their texts */
};

/* Copies a finding (a diag_fn). */
void findings_keep(void *findings, const struct diag *diag);

/* Calls `found` for each finding, then once for those that were missed, with `file` as their place. */
void findings_each(const struct findings *findings, const char *file, diag_fn *found, void *arg);

/* Frees all findings. */
void findings_clear(struct findings *findings);

#endif
