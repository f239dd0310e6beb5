/* SPDX-License-Identifier: BSD-2-Clause */
/* Sentences and figures that the formats of a report share. */
#include <stdio.h>
#include <string.h>
#include "policy/tool/evidence/report.h"
#include "policy/verdict/verdict.h"

/* clang-format off */
static const char *const advice[REASON_COUNT] = {
    [REASON_NO_TLS] = "The partner must switch on TLS (STARTTLS) for mail to us.",
    [REASON_TLS_VERSION] = "The partner's server must use a newer version of TLS.",
    [REASON_CIPHER] = "The partner's server must use one of the agreed cipher suites.",
    [REASON_CIPHER_BITS] = "The partner's server must use stronger encryption.",
    [REASON_FORWARD_SECRECY] = "The partner's server must use a suite with forward secrecy.",
    [REASON_CERTIFICATE_MISSING] = "The partner's server must present its client certificate.",
    [REASON_CERTIFICATE_UNTRUSTED] = "The partner must use a trusted certificate, with its chain.",
    [REASON_CERTIFICATE_SUBJECT] = "The certificate has another name: agree on it, or have it changed.",
    [REASON_CERTIFICATE_ISSUER] = "The certificate has another issuer: agree on it, or have it changed.",
    [REASON_CERTIFICATE_FINGERPRINT] = "Another certificate: ask whether it was renewed, then pin it.",
    [REASON_CERTIFICATE_DATES] = "The certificate is used outside of the agreed dates: agree on new dates.",
    [REASON_CLIENT_NOT_ALLOWED] = "The mail came from another host: ask the partner whether it is theirs.",
    [REASON_NOT_AUTHENTICATED] = "The partner's server must log in with a user name and password.",
    [REASON_MTA_MACROS] = "Our MTA does not show what is needed: run forcetls doctor.",
    [REASON_MTA_FACTS] = "Our MTA did not report the fingerprint: run forcetls doctor.",
    [REASON_VERIFY_NOT_REQUESTED] = "Our MTA does not ask for a certificate: run forcetls doctor.",
    [REASON_VERIFY_TEMPORARY] = "Our MTA could not verify the certificate: see its log.",
    [REASON_CLIENT_NAME_TEMPORARY] = "Our resolver did not answer: see to DNS.",
    [REASON_HEADER_FROM] = "The From header could not be read: ask the partner for a sample of the mail.",
    [REASON_POLICY_DATES] = "No certificate identity of our policy is in force: add one.",
    [REASON_SESSION_OUTDATED] = "The policy changed during sessions: nothing, unless it lasts.",
    [REASON_INTERNAL] = "The filter had a problem of its own: see its log.",
};

/* The advice that differs for mail to a partner. */
static const char *const outbound_advice[REASON_COUNT] = {
    [REASON_NO_TLS] = "The partner's server must offer STARTTLS; if it does, run forcetls doctor.",
    [REASON_CERTIFICATE_MISSING] = "The partner's server must present a certificate.",
    [REASON_MTA_MACROS] = "Our MTA does not show whether the rule was met: run forcetls doctor and probe.",
    [REASON_MTA_FACTS] = "Our MTA does not show whether the rule was met: run forcetls doctor and probe.",
};
/* clang-format on */

const char *report_advice(const char *direction, const char *reason)
{
    bool outbound = strcmp(direction, "outbound") == 0;

    for (enum reason i = REASON_NO_TLS; i < REASON_COUNT; i++)
        if (strcmp(reason_name(i), reason) == 0)
            return outbound && outbound_advice[i] != NULL ? outbound_advice[i] : advice[i];
    return "";
}

const char *report_no_mail(bool failing)
{
    return failing ? "No mail failed or was undecidable" : "There was no mail that was judged";
}

const char *report_source(const struct summary *summary)
{
    if (!summary->numbered && summary->sums.mails + summary->sums.exempt == 0)
        return "No line of the filter was found.";
    if (!summary->numbered)
        return "The lines have no numbers (Postfix's, or version 0.2.0 and before): gaps cannot be seen.";
    if (summary->source == SOURCE_JOURNAL)
        return "The lines are from the journal, which knows that the filter wrote them.";
    return "Lines are from log files, to which every local user can write.";
}

bool report_unknown(const struct summary *summary, const struct cover *cover, int64_t now,
                    char text[REPORT_UNKNOWN_SIZE])
{
    int64_t end = summary->until < now ? summary->until : now;
    bool before = cover->first > summary->since + COVER_SLACK, after = cover->last < end - COVER_SLACK;
    char first[STAMP_TEXT_SIZE], last[STAMP_TEXT_SIZE];

    stamp_format(cover->first, first);
    stamp_format(cover->last, last);
    snprintf(text, REPORT_UNKNOWN_SIZE, "nothing is known%s%s%s%s%s.", before ? " before " : "",
             before ? first : "", before && after ? " and" : "", after ? " after " : "", after ? last : "");
    return before || after;
}

void report_share(int64_t part, int64_t whole, char text[16])
{
    int64_t tenths = whole > 0 ? (int64_t)((double)part * 1000.0 / (double)whole + 0.5) : 0;

    if (tenths >= 1000 && part < whole)
        tenths = 999;
    if (tenths == 0 && part > 0)
        tenths = 1;
    if (tenths >= 1000)
        snprintf(text, 16, "100 %%");
    else
        snprintf(text, 16, "%d.%d %%", (int)tenths / 10 % 100, (int)tenths % 10);
}
