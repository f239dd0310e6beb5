/* SPDX-License-Identifier: BSD-2-Clause */
/* The words for verdicts: the ids that logs, replies, JSON and the policy language share. */
#include "policy/verdict.h"

const char *outcome_name(enum outcome outcome)
{
    static const char *const names[OUTCOME_COUNT] = {
        [OUTCOME_NO_PARTNER] = "no_partner",
        [OUTCOME_EXEMPT] = "exempt",
        [OUTCOME_OFF] = "off",
        [OUTCOME_EXCEPTED] = "excepted",
        [OUTCOME_PASS] = "pass",
        [OUTCOME_UNDECIDABLE] = "undecidable",
        [OUTCOME_FAIL] = "fail",
    };

    return names[outcome];
}

const char *mode_name(enum mode mode)
{
    static const char *const names[MODE_COUNT] = {
        [MODE_NONE] = "none",
        [MODE_TESTING] = "testing",
        [MODE_ENFORCE] = "enforce",
    };

    return names[mode];
}

const char *action_name(enum action action)
{
    static const char *const names[ACTION_COUNT] = {
        [ACTION_ACCEPT] = "accept",
        [ACTION_QUARANTINE] = "quarantine",
        [ACTION_TEMPFAIL] = "tempfail",
        [ACTION_REJECT] = "reject",
    };

    return names[action];
}

const char *reason_name(enum reason reason)
{
    static const char *const names[REASON_COUNT] = {
        [REASON_NONE] = "none",
        [REASON_NO_TLS] = "no_tls",
        [REASON_TLS_VERSION] = "tls_version",
        [REASON_CIPHER] = "cipher",
        [REASON_CIPHER_BITS] = "cipher_bits",
        [REASON_FORWARD_SECRECY] = "forward_secrecy",
        [REASON_CERTIFICATE_MISSING] = "certificate_missing",
        [REASON_CERTIFICATE_UNTRUSTED] = "certificate_untrusted",
        [REASON_CERTIFICATE_SUBJECT] = "certificate_subject",
        [REASON_CERTIFICATE_ISSUER] = "certificate_issuer",
        [REASON_CERTIFICATE_FINGERPRINT] = "certificate_fingerprint",
        [REASON_CERTIFICATE_DATES] = "certificate_dates",
        [REASON_CLIENT_NOT_ALLOWED] = "client_not_allowed",
        [REASON_MTA_MACROS] = "mta_macros",
        [REASON_MTA_FACTS] = "mta_facts",
        [REASON_VERIFY_NOT_REQUESTED] = "verify_not_requested",
        [REASON_VERIFY_TEMPORARY] = "verify_temporary",
        [REASON_CLIENT_NAME_TEMPORARY] = "client_name_temporary",
        [REASON_HEADER_FROM] = "header_from",
        [REASON_POLICY_DATES] = "policy_dates",
        [REASON_SESSION_OUTDATED] = "session_outdated",
        [REASON_INTERNAL] = "internal",
    };

    return names[reason];
}

const char *requirement_name(enum requirement requirement)
{
    static const char *const names[REQUIREMENT_COUNT] = {
        [REQUIRE_TLS] = "tls",
        [REQUIRE_MIN_TLS_VERSION] = "min_tls_version",
        [REQUIRE_CIPHERS] = "ciphers",
        [REQUIRE_MIN_CIPHER_BITS] = "min_cipher_bits",
        [REQUIRE_FORWARD_SECRECY] = "forward_secrecy",
        [REQUIRE_CERTIFICATES] = "certificates",
        [REQUIRE_CLIENTS] = "clients",
        [REQUIRE_DECIDABLE] = "decidable",
    };

    return names[requirement];
}

const char *selected_by_name(unsigned flag)
{
    switch (flag) {
    case SELECTED_ENVELOPE_FROM:
        return "envelope_from";
    case SELECTED_HEADER_FROM:
        return "header_from";
    case SELECTED_HELO:
        return "helo";
    default:
        return "client";
    }
}
