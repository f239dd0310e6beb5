/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reply that Sendmail logs for a deferred recipient: the sentence of the reason, then the partner, the
 * reason, what was seen and what is needed. It has only our own words, no text from the server. It has no
 * brackets, parentheses and quotes, to which a ruleset gives another meaning, and needs no blanks after
 * commas and colons, which a ruleset drops.
 */
#include <stdio.h>
#include "policy/outbound/server_internal.h"

static const char *sentence(enum reason reason)
{
    /* clang-format off */
    static const char *const sentences[REASON_COUNT] = {
        [REASON_NO_TLS] = "Mail to this domain needs TLS and the server offers none",
        [REASON_TLS_VERSION] = "TLS version of the server not accepted for mail to this domain",
        [REASON_CIPHER] = "TLS cipher suite of the server not accepted for mail to this domain",
        [REASON_CIPHER_BITS] = "TLS encryption of the server too weak for mail to this domain",
        [REASON_FORWARD_SECRECY] = "TLS without forward secrecy not accepted for mail to this domain",
        [REASON_CERTIFICATE_MISSING] =
            "Mail to this domain needs a verified certificate and the server shows none",
        [REASON_CERTIFICATE_UNTRUSTED] = "TLS certificate of the server not trusted for mail to this domain",
        [REASON_CERTIFICATE_SUBJECT] =
            "TLS certificate of the server bears another name than agreed for mail to this domain",
        [REASON_CERTIFICATE_FINGERPRINT] =
            "TLS certificate of the server is not the one agreed for mail to this domain",
        [REASON_CERTIFICATE_DATES] =
            "TLS certificate of the server used outside the dates agreed for mail to this domain",
        [REASON_MTA_MACROS] = "Local configuration problem - TLS state of this session not known",
        [REASON_MTA_FACTS] = "Local configuration problem - what this rule compares is not visible",
        [REASON_VERIFY_TEMPORARY] = "TLS certificate of the server could not be verified",
        [REASON_POLICY_DATES] =
            "Local configuration problem - no TLS certificate of the server is agreed for today",
    };
    /* clang-format on */

    return sentences[reason] != NULL ? sentences[reason]
                                     : "Local problem - mail to this domain cannot be judged";
}

void server_reply_make(struct reply *reply, const struct policy *policy,
                       const struct server_judgement *judgement, int64_t now)
{
    const struct verdict *verdict = &judgement->verdict;
    const struct judged *judged = verdict->partner_count != 0 ? &verdict->partner[0] : NULL;
    const struct weighing weighing = {policy, &judgement->facts, now, judged};
    const struct reason_words *words = requirement_reason(verdict->reason);
    char detail[200] = "";

    if (judged != NULL)
        requirement_detail(&weighing, detail, sizeof detail);
    snprintf(reply->code, sizeof reply->code, "451");
    snprintf(reply->status, sizeof reply->status, "%s", words != NULL ? words->tempfail_status : "4.3.5");
    snprintf(reply->text, sizeof reply->text, "%s - %s%s%s%s", sentence(verdict->reason),
             judged != NULL ? partner_name(judged->partner) : "", judged != NULL ? " " : "",
             reason_name(verdict->reason), detail);
}
