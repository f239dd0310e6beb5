/* SPDX-License-Identifier: BSD-2-Clause */
/* Copies of findings. Does not know what they say. */
#include "milter/findings.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/array.h"

/* Makes room for one more finding. False: there is none. */
static bool grow(struct findings *findings)
{
    struct diag *grown;

    if (findings->count == FINDINGS_KEPT)
        return false;
    grown = array_grow(findings->diag, findings->count, sizeof *grown);
    if (grown != NULL)
        findings->diag = grown;
    return grown != NULL;
}

void findings_keep(void *arg, const struct diag *diag)
{
    struct findings *findings = arg;
    struct diag kept = *diag; /* its id is a constant that lasts */

    kept.place.file = strdup(diag->place.file);
    kept.text = strdup(diag->text);
    if (kept.place.file != NULL && kept.text != NULL && grow(findings)) {
        findings->diag[findings->count++] = kept;
        return;
    }
    free((char *)kept.place.file);
    free((char *)kept.text);
    findings->missed++;
    if (diag->severity == SEVERITY_ERROR)
        findings->worst = SEVERITY_ERROR;
}

void findings_each(const struct findings *findings, const char *file, diag_fn *found, void *arg)
{
    char text[64];

    for (size_t i = 0; i < findings->count; i++)
        found(arg, &findings->diag[i]);
    if (findings->missed == 0)
        return;
    snprintf(text, sizeof text, "%zu more findings are not shown", findings->missed);
    found(arg, &(struct diag){findings->worst, {file, 0, 0}, text, NULL});
}

void findings_clear(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        free((char *)findings->diag[i].place.file);
        free((char *)findings->diag[i].text);
    }
    free(findings->diag);
    *findings = (struct findings){.diag = NULL};
}
