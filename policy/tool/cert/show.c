/* SPDX-License-Identifier: BSD-2-Clause */
/* A certificate for people, a line for each fact. Names come from outside: what does not print is escaped. */
#include <stdlib.h>
#include "policy/names/date.h"
#include "policy/tool/cert/cert.h"
#include "policy/tool/table.h"
#include "policy/tool/terminal.h"
#include "policy/tool/text.h"

enum { LABEL = 18, COLUMNS = 90 };

static void row(FILE *stream, const char *label, const char *text)
{
    fprintf(stream, "%-*s", LABEL, label);
    text_fold(stream, text != NULL && *text ? text : "-", LABEL, terminal_fold(stream, COLUMNS));
}

/* Each text on a line of its own, with the label on the first. */
static void rows(FILE *stream, const char *label, const struct texts *texts)
{
    char left_out[48];

    if (texts->count == 0)
        row(stream, label, NULL);
    for (size_t i = 0; i < texts->count; i++)
        row(stream, i == 0 ? label : "", texts->text[i]);
    snprintf(left_out, sizeof left_out, "and %zu more", texts->left_out);
    if (texts->left_out > 0)
        row(stream, "", left_out);
}

static void joined_row(FILE *stream, const char *label, const struct texts *texts, const char *none)
{
    fprintf(stream, "%-*s", LABEL, label);
    for (size_t i = 0; i < texts->count; i++) {
        fputs(i > 0 ? ", " : "", stream);
        text_show(stream, texts->text[i]);
    }
    fprintf(stream, "%s\n", texts->count == 0 ? none : "");
}

static void show_validity(const struct certificate_view *view, FILE *stream)
{
    char from[32], until[32], *text;

    date_format(view->not_before, from);
    date_format(view->not_after, until);
    if (view->validity == EXPIRED)
        text = text_format("%s to %s: expired, days ago: %ld", from, until, -view->days_left);
    else
        text = text_format("%s to %s, days left: %ld%s", from, until, view->days_left,
                           view->validity == NOT_YET_VALID ? "; not valid yet" : "");
    row(stream, "validity", text);
    free(text);
}

static void show_answers(const struct certificate_view *view, FILE *stream, bool ocsp)
{
    const char *label = ocsp ? "OCSP" : "CRL";
    bool any = false;

    if (view->answer_count == 0) {
        rows(stream, label, ocsp ? &view->ocsps : &view->crls);
        return;
    }
    for (size_t i = 0; i < view->answer_count; i++) {
        if (view->answer[i].ocsp != ocsp)
            continue;
        row(stream, any ? "" : label, view->answer[i].url);
        row(stream, "", view->answer[i].text);
        any = true;
    }
    if (!any)
        row(stream, label, NULL);
}

static void show_trust(const struct certificate_view *view, FILE *stream)
{
    fprintf(stream, "%-*s", LABEL, "chain");
    for (size_t i = 0; i < view->chain.count; i++) {
        fputs(i > 0 ? " < " : "", stream);
        text_show(stream, view->chain.text[i]);
    }
    fputc('\n', stream);
    row(stream, "trust", view->trust);
    if (view->missing_at.count > 0)
        rows(stream, "download at", &view->missing_at);
}

void cert_show(const struct certificate_view *view, FILE *stream)
{
    char *yaml;

    row(stream, "certificate", view->source);
    if (view->place != NULL)
        row(stream, "", view->place);
    if (view->session != NULL)
        row(stream, "session", view->session);
    row(stream, "root issuer", view->root != NULL ? view->root : "not known");
    row(stream, "issuer", view->issuer);
    if (view->issuer_note != NULL)
        row(stream, "", view->issuer_note);
    row(stream, "common name", view->common_name);
    row(stream, "organisation", view->organisation);
    row(stream, "unit", view->unit);
    row(stream, "serial", view->serial);
    row(stream, "key", view->key);
    row(stream, "signature", view->signature);
    show_validity(view, stream);
    rows(stream, "names", &view->names);
    joined_row(stream, "key usage", &view->usages, "any");
    joined_row(stream, "extended usage", &view->extended_usages, "any");
    row(stream, "seen by Postfix", view->for_clients_why);
    row(stream, "fingerprint", view->fingerprint);
    row(stream, "key fingerprint", view->key_fingerprint);
    show_answers(view, stream, false);
    show_answers(view, stream, true);
    show_trust(view, stream);
    if (view->session != NULL)
        row(stream, "note",
            "this is what the server shows when it receives; what it shows when it sends "
            "may be another one");
    if (view->provider != NULL) {
        row(stream, "shared", view->provider->name);
        row(stream, "", view->provider->note);
    }
    yaml = cert_yaml(view);
    fprintf(stream, "\ncertificates:\n%s",
            yaml != NULL ? yaml : ""); /* these lines hold nothing that does not print */
    free(yaml);
}
