/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words in which a refusal reaches the other side: a sentence that is
 * constant for its reason, so that log tools can count it, then in brackets
 * who, why, what was seen and needed, then the partner's message. Only our own
 * words and the policy's: nothing that a client chose, unless it is a version, suite or number that we know.
 */
#include "policy/verdict/reply.h"

#include <stdio.h>
#include <string.h>
#include "policy/internal.h"

struct wording {
    const char *reject, *reject_status; /* NULL: never rejected */
    const char *tempfail_status;
    const char *sentence;
};

/* Codes as in forcetls.yaml(5), REASONS; 550 and 450 are avoided, Sendmail puts the address before them. */
/* clang-format off */
static const struct wording wordings[REASON_COUNT] = {
    [REASON_NO_TLS] = {"530", "5.7.0", "4.7.0", "Must issue a STARTTLS command first: mail from this domain must come over TLS"},
    [REASON_TLS_VERSION] = {"554", "5.7.0", "4.7.0", "TLS version too old for mail from this domain"},
    [REASON_CIPHER] = {"554", "5.7.0", "4.7.0", "TLS cipher suite not accepted for mail from this domain"},
    [REASON_CIPHER_BITS] = {"554", "5.7.0", "4.7.0", "TLS encryption too weak for mail from this domain"},
    [REASON_FORWARD_SECRECY] = {"554", "5.7.0", "4.7.0", "TLS without forward secrecy not accepted for mail from this domain"},
    [REASON_CERTIFICATE_MISSING] = {"554", "5.7.5", "4.7.5", "Verified TLS client certificate needed for mail from this domain"},
    [REASON_CERTIFICATE_UNTRUSTED] = {"554", "5.7.5", "4.7.5", "TLS client certificate not trusted for mail from this domain"},
    [REASON_CERTIFICATE_SUBJECT] = {"554", "5.7.1", "4.7.1", "TLS client certificate bears another name than agreed for mail from this domain"},
    [REASON_CERTIFICATE_ISSUER] = {"554", "5.7.1", "4.7.1", "TLS client certificate has another issuer than agreed for mail from this domain"},
    [REASON_CERTIFICATE_FINGERPRINT] = {"554", "5.7.1", "4.7.1", "TLS client certificate is not the one agreed for mail from this domain"},
    [REASON_CERTIFICATE_DATES] = {"554", "5.7.1", "4.7.1", "TLS client certificate used outside the dates agreed for mail from this domain"},
    [REASON_CLIENT_NOT_ALLOWED] = {"554", "5.7.1", "4.7.1", "Client host not allowed to send mail from this domain"},
    [REASON_MTA_MACROS] = {NULL, NULL, "4.3.5", "Local configuration problem, not yours: TLS state of this session not known, try again later"},
    [REASON_MTA_FACTS] = {NULL, NULL, "4.3.5", "Local configuration problem, not yours: TLS client certificate not visible, try again later"},
    [REASON_VERIFY_NOT_REQUESTED] = {NULL, NULL, "4.3.5", "Local configuration problem, not yours: no TLS client certificate was asked for, try again later"},
    [REASON_VERIFY_TEMPORARY] = {NULL, NULL, "4.3.5", "Local problem, not yours: TLS client certificate could not be verified, try again later"},
    [REASON_CLIENT_NAME_TEMPORARY] = {NULL, NULL, "4.3.5", "Local problem, not yours: name of the client host could not be looked up, try again later"},
    [REASON_HEADER_FROM] = {NULL, NULL, "4.3.5", "From header of this message cannot be read, try again later"},
    [REASON_POLICY_DATES] = {NULL, NULL, "4.3.5", "Local configuration problem, not yours: no TLS client certificate is agreed for today, try again later"},
    [REASON_SESSION_OUTDATED] = {NULL, NULL, "4.3.5", "Local policy changed during this session, try again later in a new one"},
    [REASON_INTERNAL] = {NULL, NULL, "4.3.5", "Local problem, not yours: try again later"},
};
/* clang-format on */

static bool judged_lists(const struct judged *judged, enum requirement requirement)
{
    for (size_t i = 0; i < judged->piece_count; i++)
        if ((judged->piece[i].keys & 1u << requirement) != 0)
            return true;
    return false;
}

static const struct finding *deciding(const struct judged *judged)
{
    for (size_t i = 0; i < judged->finding_count; i++)
        if (judged->finding[i].met != MET && judged->finding[i].reason == judged->reason)
            return &judged->finding[i];
    return NULL;
}

/* The suite that was seen, if it is one of a table and not just a client's or MTA's text. */
static const char *seen_suite(const struct policy *policy, const struct facts *facts)
{
    int suite =
        facts->macro[MACRO_CIPHER] == NULL ? -1 : suites_find(policy->suites, facts->macro[MACRO_CIPHER]);

    return suite < 0 ? "unknown suite" : suites_name(policy->suites, suite);
}

/* Whether the finding is not known because no table has the suite. */
static bool is_unknown_suite(const struct policy *policy, const struct finding *finding,
                             const struct facts *facts)
{
    const char *name = facts->macro[MACRO_CIPHER];

    return (finding->requirement == REQUIRE_CIPHERS || finding->requirement == REQUIRE_FORWARD_SECRECY)
           && facts->tls == TLS_ON && suites_is_name(name) && suites_find(policy->suites, name) < 0;
}

/* The suites needed, where the policy names them in few words: its names and cipher strings are OpenSSL's. */
static void add_needed_suites(char *detail, size_t size, const struct policy *policy,
                              const struct judged *judged, const struct finding *finding)
{
    char wanted[50];
    size_t length = strlen(detail);

    if (!judged_lists(judged, REQUIRE_CIPHERS))
        return;
    finding_wanted(policy, judged, finding, wanted, sizeof wanted);
    if (strlen(wanted) < sizeof wanted - 1)
        snprintf(detail + length, size - length, ", %s needed", wanted);
}

/* What was seen and needed, "" where the reason says it all. */
static void make_detail(char *detail, size_t size, const struct policy *policy, const struct judged *judged,
                        const struct facts *facts)
{
    const struct finding *finding = deciding(judged);
    char wanted[32] = "";

    detail[0] = '\0';
    if (finding == NULL)
        return;
    switch (judged->reason) {
    case REASON_TLS_VERSION:
        finding_wanted(policy, judged, finding, wanted, sizeof wanted);
        snprintf(detail, size, ": %s seen, %s needed", tls_version_name(facts->tls_version), wanted);
        break;
    case REASON_CIPHER:
        snprintf(detail, size, ": %s seen", seen_suite(policy, facts));
        add_needed_suites(detail, size, policy, judged, finding);
        break;
    case REASON_FORWARD_SECRECY:
        snprintf(detail, size, ": %s seen", seen_suite(policy, facts));
        break;
    case REASON_CIPHER_BITS:
        finding_wanted(policy, judged, finding, wanted, sizeof wanted);
        snprintf(detail, size, ": %d bits seen, %s needed", facts->cipher_bits, wanted);
        break;
    case REASON_MTA_MACROS:
        if (finding->requirement == REQUIRE_DECIDABLE && facts->content == CONTENT_WITHHELD)
            snprintf(detail, size, ": content of the message not shown");
        else if (is_unknown_suite(policy, finding, facts))
            snprintf(detail, size, ": unknown suite seen");
        break;
    case REASON_CERTIFICATE_MISSING:
        snprintf(detail, size, ": no certificate");
        break;
    case REASON_CERTIFICATE_SUBJECT:
        if (facts->certificate == CERTIFICATE_TRUSTED && facts->subject_cn == NULL)
            snprintf(detail, size, ": certificate without a common name");
        break;
    default:
        break;
    }
}

bool reply_make(struct reply *reply, const struct policy *policy, const struct verdict *verdict,
                const struct facts *facts)
{
    const struct judged *judged = &verdict->partner[0];
    const struct wording *wording = &wordings[verdict->reason];
    bool reject = verdict->action == ACTION_REJECT;
    char detail[200];
    const char *message;
    int length;

    if ((!reject && verdict->action != ACTION_TEMPFAIL) || wording->sentence == NULL
        || verdict->partner_count == 0)
        return false;
    if (reject && wording->reject == NULL)
        return false;
    snprintf(reply->code, sizeof reply->code, "%s", reject ? wording->reject : "451");
    snprintf(reply->status, sizeof reply->status, "%s",
             reject ? wording->reject_status : wording->tempfail_status);
    make_detail(detail, sizeof detail, policy, judged, facts);
    message = partner_message(policy, judged->partner);
    message = message == NULL ? "" : message;
    length = snprintf(reply->text, sizeof reply->text, "%s [%s %s%s]%s%s", wording->sentence,
                      judged->partner->name, reason_name(verdict->reason), detail,
                      message[0] == '\0' ? "" : " ", message);
    return length > 0;
}
