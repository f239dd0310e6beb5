/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In sentences: what an MTA makes of a certificate, what its issuer is worth, and whether it is the one that
 * was meant. view.c collects the facts.
 */
#include <openssl/x509v3.h>
#include <string.h>
#include "policy/names/date.h"
#include "policy/tool/cert/cert.h"

/* For a certificate that is expired or not valid yet: no MTA trusts it, whatever its purpose. */
static void judge_dates(struct certificate_view *view)
{
    static const char untrusted[] = "a milter behind Postfix does not see it (certificate_missing), behind "
                                    "Sendmail it is not trusted "
                                    "(certificate_untrusted)";
    char date[32];

    view->for_clients = false;
    date_format(view->validity == EXPIRED ? view->not_after : view->not_before, date);
    if (*date == '\0')
        view->for_clients_why = "no: its dates cannot be read";
    else if (view->validity == EXPIRED)
        view->for_clients_why = cert_text(
            view, "no: it expired on %s; %s. Ask the partner for its present certificate", date, untrusted);
    else
        view->for_clients_why =
            cert_text(view, "not yet: it is not valid before %s; until then %s", date, untrusted);
}

void cert_judge_usage(struct certificate_view *view, X509 *x509)
{
    static const char hidden[] = "a milter behind Postfix does not see it. Pin its fingerprint, which "
                                 "postfix_facts reports";
    bool extended = view->extended_usages.count > 0, client_auth = false;

    for (size_t i = 0; i < view->extended_usages.count; i++)
        client_auth |= strcmp(view->extended_usages.text[i], "clientAuth") == 0;
    view->for_clients = X509_check_purpose(x509, X509_PURPOSE_SSL_CLIENT, 0) == 1 && !view->self_signed;
    if (view->is_authority) {
        view->for_clients = false;
        view->for_clients_why = "no: it is the certificate of a CA, which no mail server shows as its own";
    } else if (view->validity != VALID)
        judge_dates(view);
    else if (view->self_signed)
        view->for_clients_why =
            cert_text(view, "no: it is self-signed; unless smtpd_tls_CAfile holds it, %s", hidden);
    else if (view->for_clients)
        view->for_clients_why =
            extended
                ? "yes, if smtpd_tls_CAfile leads to it: it may be used by clients (clientAuth)"
                : "yes, if smtpd_tls_CAfile leads to it: it has no extended key usage, so any use is allowed";
    else if (extended && !client_auth)
        view->for_clients_why =
            cert_text(view, "no: it may not be used by clients (no clientAuth); %s", hidden);
    else
        view->for_clients_why = cert_text(view, "no: its key usage does not allow TLS clients; %s", hidden);
}

void cert_judge_issuer(struct certificate_view *view)
{
    const struct issuer_family *family = view->family;

    if (family == NULL)
        return;
    view->issuer_note = cert_text(
        view, "one of several CAs of %s, which %s: the next certificate may have another issuer%s",
        family->ca,
        family->at_random ? "picks one at random for each certificate" : "changes it from time to time",
        family->slow       ? ""
        : family->complete ? ". Name all of them, or none, as below"
                           : ". Name none, as below");
}

static const char *ordinal(struct certificate_view *view, int number)
{
    static const char *const words[] = {"first", "second", "third", "fourth", "fifth"};

    return number <= 5 ? words[number - 1] : cert_text(view, "%dth", number);
}

void cert_note_place(struct certificate_view *view, STACK_OF(X509) *chain, const struct cert_source *source)
{
    if (source->position > 1)
        view->place = cert_text(view,
                                "the %s of %d in the file; the first is the certificate of a CA, %s, which "
                                "no mail server shows as its own",
                                ordinal(view, source->position), source->count,
                                cert_short_name(view, X509_get_subject_name(sk_X509_value(chain, 1))));
    if (source->other != NULL)
        view->place = cert_text(view,
                                "%s%sthe file also holds the certificate of another server, %s: put each "
                                "into a file of its own",
                                view->place != NULL ? view->place : "", view->place != NULL ? "; " : "",
                                cert_short_name(view, X509_get_subject_name(source->other)));
    view->is_authority = source->is_authority;
    if (view->is_authority)
        view->place = "this is the certificate of a CA, which no mail server shows as its own: ask for the "
                      "server's certificate";
}
