/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words that all rooms above share, and the ids that logs, replies, JSON and the policy language use for
 * them. Knows no policy and no mail.
 */
#ifndef POLICY_WORDS_H
#define POLICY_WORDS_H

/* clang-format off */
enum outcome {
    OUTCOME_NO_PARTNER,
    OUTCOME_EXEMPT,
    OUTCOME_OFF,
    OUTCOME_EXCEPTED,
    OUTCOME_PASS,
    OUTCOME_UNDECIDABLE,
    OUTCOME_FAIL,
    OUTCOME_COUNT
};
enum mode { MODE_NONE, MODE_TESTING, MODE_ENFORCE, MODE_COUNT };
/* by severity */
enum action { ACTION_ACCEPT, ACTION_QUARANTINE, ACTION_TEMPFAIL, ACTION_REJECT, ACTION_COUNT };

/*
 * Why a requirement is not met: the enumerator and the id. If several reasons apply, the first in this order
 * decides; the unmet come before the unknown. The reply for a reason is in the file of its requirement.
 */
#define REASONS(X) \
    X(NONE, none) \
    X(NO_TLS, no_tls) \
    X(TLS_VERSION, tls_version) \
    X(CIPHER, cipher) \
    X(CIPHER_BITS, cipher_bits) \
    X(FORWARD_SECRECY, forward_secrecy) \
    X(CERTIFICATE_MISSING, certificate_missing) \
    X(CERTIFICATE_UNTRUSTED, certificate_untrusted) \
    X(CERTIFICATE_SUBJECT, certificate_subject) \
    X(CERTIFICATE_ISSUER, certificate_issuer) \
    X(CERTIFICATE_FINGERPRINT, certificate_fingerprint) \
    X(CERTIFICATE_DATES, certificate_dates) \
    X(CLIENT_NOT_ALLOWED, client_not_allowed) \
    X(NOT_AUTHENTICATED, not_authenticated) \
    X(MTA_MACROS, mta_macros) \
    X(MTA_FACTS, mta_facts) \
    X(VERIFY_NOT_REQUESTED, verify_not_requested) \
    X(VERIFY_TEMPORARY, verify_temporary) \
    X(CLIENT_NAME_TEMPORARY, client_name_temporary) \
    X(HEADER_FROM, header_from) \
    X(POLICY_DATES, policy_dates) \
    X(SESSION_OUTDATED, session_outdated) \
    X(INTERNAL, internal)
#define REASON_ENUMERATOR(NAME, id) REASON_##NAME,
enum reason { REASONS(REASON_ENUMERATOR) REASON_COUNT, REASON_FIRST_UNKNOWN = REASON_MTA_MACROS };

/*
 * The table of requirements: the enumerator, the name, and how many findings it can have: one, or one for
 * each piece of a partner's requirements (PIECES_MAX). The rest of each requirement is in its own file in
 * policy/requirement/. The first five are about the TLS session. "decidable" is not a rule of the partner: it
 * stands for what must be known to judge a partner at all (header From, session).
 */
#define REQUIREMENTS(X) \
    X(TLS, tls, 1) \
    X(MIN_TLS_VERSION, min_tls_version, 1) \
    X(CIPHERS, ciphers, 1) \
    X(MIN_CIPHER_BITS, min_cipher_bits, 1) \
    X(FORWARD_SECRECY, forward_secrecy, 1) \
    X(CERTIFICATES, certificates, PIECES_MAX) \
    X(CLIENTS, clients, PIECES_MAX) \
    X(AUTHENTICATED, authenticated, 1) \
    X(DECIDABLE, decidable, 1)
#define REQUIREMENT_ENUMERATOR(NAME, name, most) REQUIRE_##NAME,
enum requirement { REQUIREMENTS(REQUIREMENT_ENUMERATOR) REQUIREMENT_COUNT };

enum met { MET, UNMET, UNKNOWN, PENDING };
/* clang-format on */

/* Their names, as the design and the manuals fix them; never NULL for a value of the enum. */
const char *outcome_name(enum outcome outcome);
const char *mode_name(enum mode mode);
const char *action_name(enum action action);
const char *reason_name(enum reason reason);
const char *requirement_name(enum requirement requirement);

/* Why mail is not judged: SASL, {daemon_name} or the client. If several apply, the first one counts. */
enum exempt { EXEMPT_NOT, EXEMPT_AUTHENTICATED, EXEMPT_DAEMON, EXEMPT_CLIENT };

/* The identities by which a partner was selected. */
enum { SELECTED_ENVELOPE_FROM = 1, SELECTED_HEADER_FROM = 2, SELECTED_HELO = 4, SELECTED_CLIENT = 8 };
const char *selected_by_name(unsigned flag); /* one flag */

#endif
