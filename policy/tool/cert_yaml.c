/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lines of a policy for a certificate, to be pasted below `certificates:`.
 * A name that no MTA hands over gets no rule, and none of these lines holds
 * anything that a terminal or a YAML reader could misunderstand.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "policy/date.h"
#include "policy/scalar.h"
#include "policy/tool/cert.h"
#include "policy/tool/text.h"

enum { NAME_MAX_OCTETS = 255 }; /* Postfix cuts none, it shows none that is longer */

/* Whether an MTA hands over such a name at all: short enough, and all of it prints. */
static bool is_usable(const char *name)
{
    char *printable = name ? text_printable(name) : NULL;
    bool same = printable && *name && strlen(name) <= NAME_MAX_OCTETS && strcmp(printable, name) == 0;

    free(printable);
    return same && !strstr(name, "\\x00");
}

static void write_scalar(FILE *stream, const char *text)
{
    bool plain = isalnum((unsigned char)*text) && !scalar_other_type(text) && text[strlen(text) - 1] != ' ';

    for (const char *at = text; *at && plain; at++)
        plain = isalnum((unsigned char)*at) || strchr("._- ", *at);
    if (plain) {
        fputs(text, stream);
        return;
    }
    fputc('"', stream);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', stream);
        fputc(*text, stream);
    }
    fputc('"', stream);
}

static bool has_names(const struct certificate_view *view)
{
    return is_usable(view->common_name) && is_usable(view->issuer_shown) && !view->self_signed;
}

char *cert_yaml(const struct certificate_view *view)
{
    char until[32], *text = NULL;
    size_t size;
    FILE *lines = open_memstream(&text, &size);

    if (!lines)
        return NULL;
    date_format(view->not_after + 1, until);
    if (has_names(view)) {
        if (!view->for_clients)
            fputs("  # behind Postfix this one never matches: take a fingerprint\n", lines);
        fputs("  - subject: ", lines);
        write_scalar(lines, view->common_name);
        fputs("\n    issuer: ", lines);
        write_scalar(lines, view->issuer_shown);
        fputs("\n  # or, until it is renewed:\n", lines);
    }
    fprintf(lines, "  - fingerprint: %s\n    until: %s\n", view->fingerprint, until);
    fprintf(lines, "  # or, as long as it has this key:\n  - key_fingerprint: %s\n", view->key_fingerprint);
    if (fclose(lines) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
