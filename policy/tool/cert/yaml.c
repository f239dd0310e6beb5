/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lines of a policy for a certificate, to be pasted below `certificates:`. A name that no MTA reports
 * gets no rule. No line holds anything that a terminal or a YAML reader could misunderstand.
 */
#include <stdlib.h>
#include <string.h>
#include "policy/names/certname.h"
#include "policy/names/date.h"
#include "policy/names/scalar.h"
#include "policy/tool/cert/cert.h"
#include "policy/tool/text.h"

enum { NAME_MAX_OCTETS = 255 }; /* Postfix reports no longer name, and cuts none */

/* Whether an MTA reports such a name at all: it is short enough, and all of it prints. */
static bool is_usable(const char *name)
{
    char *printable = name != NULL ? text_printable(name) : NULL;
    bool same = printable != NULL && *name && strlen(name) <= NAME_MAX_OCTETS && strcmp(printable, name) == 0;

    free(printable);
    return same && strstr(name, "\\x00") == NULL;
}

static void write_scalar(FILE *stream, const char *text)
{
    char scalar[2 * NAME_MAX_OCTETS + 4];

    scalar_write(scalar, sizeof scalar, text);
    fputs(scalar, stream);
}

/* Whether a rule can contain these names: in a rule, "*" means one further label. */
static bool has_writable_names(const struct certificate_view *view)
{
    return (view->common_name == NULL || certname_is_pattern(view->common_name))
           && (view->issuer_shown == NULL || certname_is_pattern(view->issuer_shown));
}

static bool has_names(const struct certificate_view *view)
{
    return is_usable(view->common_name) && is_usable(view->issuer_shown) && has_writable_names(view)
           && !view->self_signed;
}

/* Writes the issuer, or all that the next renewal may have; nothing if these are not known. */
static void write_issuer(FILE *lines, const struct certificate_view *view)
{
    const struct issuer_family *family = view->family;

    if (family != NULL && !family->slow && !family->complete)
        return;
    fputs("\n    issuer: ", lines);
    if (family == NULL || family->slow) {
        write_scalar(lines, view->issuer_shown);
        return;
    }
    for (const char *const *member = family->members; *member != NULL; member++) {
        fputs(member == family->members ? "[" : ", ", lines);
        write_scalar(lines, *member);
    }
    fputc(']', lines);
}

/* Writes "until: " of a rule that ends with the certificate. A certificate until the year 9999 has no end. */
static void write_until(FILE *lines, const struct certificate_view *view)
{
    char until[32];
    int64_t date;

    date_format(view->not_after < INT64_MAX ? view->not_after + 1 : DATE_END, until);
    if (date_parse(until, &date))
        fprintf(lines, "    until: %s\n", until);
}

/* Writes "from: " of a rule that begins with the certificate, if it is not valid yet. */
static void write_from(FILE *lines, const struct certificate_view *view)
{
    char from[32];

    date_format(view->not_before, from);
    if (view->validity == NOT_YET_VALID && view->not_before != INT64_MAX)
        fprintf(lines, "    from: %s\n", from);
}

static void write_names(FILE *lines, const struct certificate_view *view)
{
    if (view->validity == VALID && !view->for_clients)
        fputs("  # behind Postfix this never matches: use a fingerprint\n", lines);
    fputs("  - subject: ", lines);
    write_scalar(lines, view->common_name);
    write_issuer(lines, view);
    fputc('\n', lines);
    write_from(lines, view);
    fputs("  # or, until it is renewed:\n", lines);
}

/* For a CA's certificate: no mail server would meet a rule by its name or fingerprint. */
static void write_authority(FILE *lines, const struct certificate_view *view)
{
    fputs("  # no rule: this is a CA, and a rule by its name or fingerprint would pin the CA\n"
          "  # run forcetls cert with the server's certificate\n",
          lines);
    if (!is_usable(view->common_name) || !has_writable_names(view))
        return;
    fputs("  # if this CA is its direct issuer, the rule is:\n"
          "  # - subject: NAME OF THE SERVER\n"
          "  #   issuer: ",
          lines);
    write_scalar(lines, view->common_name);
    fputc('\n', lines);
}

static void write_rules(FILE *lines, const struct certificate_view *view)
{
    char until[32];

    if (view->validity == EXPIRED) {
        date_format(view->not_after + 1, until);
        fprintf(lines,
                "  # it expired at %s: write no rule by its name or fingerprint\n"
                "  # if its successor has the same key (ask the partner):\n",
                until);
    } else {
        if (has_names(view))
            write_names(lines, view);
        else if (!has_writable_names(view))
            fputs("  # no rule by its names: a rule has \"*\" only as \"*.\" in front\n", lines);
        fprintf(lines, "  - fingerprint: %s\n", view->fingerprint);
        write_from(lines, view);
        write_until(lines, view);
        fputs("  # or, as long as it has this key:\n", lines);
    }
    fprintf(lines, "  - key_fingerprint: %s\n", view->key_fingerprint);
}

char *cert_yaml(const struct certificate_view *view)
{
    char *text = NULL;
    size_t size;
    FILE *lines = open_memstream(&text, &size);

    if (lines == NULL)
        return NULL;
    if (view->is_authority)
        write_authority(lines, view);
    else
        write_rules(lines, view);
    if (fclose(lines) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
