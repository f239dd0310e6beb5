/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads a written policy. An error in it is an error in the imported file, and is reported there. Knows no
 * file format.
 */
#include <string.h>
#include "policy/policy.h"
#include "policy/tool/import/import.h"

struct verification {
    struct import *import;
    char path[32]; /* of the written policy */
};

/* Returns the partner at a line of the written policy. NULL: none. */
static const struct draft *draft_at(const struct import *import, unsigned line)
{
    const struct draft *found = NULL;

    for (const struct draft *draft = import->first; draft != NULL && draft->line <= line; draft = draft->next)
        found = draft;
    return found;
}

/* Replaces the places of the written policy in an error text by those of the imported file. */
static const char *translate(const struct verification *verification, const char *text)
{
    struct import *import = verification->import;
    const char *at;
    size_t length = strlen(verification->path);

    while ((at = strstr(text, verification->path)) != NULL && at[length] == ':') {
        unsigned line = 0;
        int digits = 0;
        const struct draft *draft;

        if (sscanf(at + length, ":%u%n", &line, &digits) != 1)
            break;
        draft = draft_at(import, line);
        if (draft == NULL)
            break;
        text = import_format(import, "%.*s%s:%u%s", (int)(at - text), text, draft->origins->file,
                             draft->origins->line, at + length + digits);
    }
    return text;
}

static void found(void *arg, const struct diag *diag)
{
    const struct verification *verification = arg;
    const struct draft *draft;
    const char *text;

    if (diag->severity != SEVERITY_ERROR)
        return;
    draft = draft_at(verification->import, diag->place.line);
    text = translate(verification, diag->text);
    if (draft != NULL)
        import_error(verification->import, draft->origins->file, draft->origins->line, "%s", text);
    else
        import_error(verification->import, "the policy made of it", 0, "%s", text);
}

void policy_verify(struct import *import, FILE *written)
{
    struct verification verification = {.import = import};
    struct policy *policy;
    unsigned errors = import->errors;

    snprintf(verification.path, sizeof verification.path, "/proc/self/fd/%d", fileno(written));
    policy = policy_load(verification.path, found, &verification);
    if (policy == NULL && import->errors == errors)
        import_error(import, "the policy made of it", 0, "does not load");
    policy_unref(policy);
}
