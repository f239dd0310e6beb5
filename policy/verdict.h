/* SPDX-License-Identifier: BSD-2-Clause */
/* What the policy says of a transaction: values, and the words for them. */
#ifndef POLICY_VERDICT_H
#define POLICY_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

/* clang-format off */
enum outcome { OUTCOME_NO_PARTNER, OUTCOME_EXEMPT, OUTCOME_OFF, OUTCOME_EXCEPTED, OUTCOME_PASS, OUTCOME_UNDECIDABLE, OUTCOME_FAIL, OUTCOME_COUNT };
enum mode { MODE_NONE, MODE_TESTING, MODE_ENFORCE, MODE_COUNT };
enum action { ACTION_ACCEPT, ACTION_QUARANTINE, ACTION_TEMPFAIL, ACTION_REJECT, ACTION_COUNT }; /* by severity */

/* In the order in which the first one decides; the unmet come before the unknown. */
enum reason {
    REASON_NONE,
    REASON_NO_TLS, REASON_TLS_VERSION, REASON_CIPHER, REASON_CIPHER_BITS, REASON_FORWARD_SECRECY,
    REASON_CERTIFICATE_MISSING, REASON_CERTIFICATE_UNTRUSTED, REASON_CERTIFICATE_SUBJECT,
    REASON_CERTIFICATE_ISSUER, REASON_CERTIFICATE_FINGERPRINT, REASON_CERTIFICATE_DATES,
    REASON_CLIENT_NOT_ALLOWED,
    REASON_MTA_MACROS, REASON_MTA_FACTS, REASON_VERIFY_NOT_REQUESTED, REASON_VERIFY_TEMPORARY,
    REASON_CLIENT_NAME_TEMPORARY, REASON_HEADER_FROM, REASON_POLICY_DATES, REASON_SESSION_OUTDATED,
    REASON_INTERNAL,
    REASON_COUNT,
    REASON_FIRST_UNKNOWN = REASON_MTA_MACROS
};

enum requirement { REQUIRE_TLS, REQUIRE_MIN_TLS_VERSION, REQUIRE_CIPHERS, REQUIRE_MIN_CIPHER_BITS, REQUIRE_FORWARD_SECRECY, REQUIRE_CERTIFICATES, REQUIRE_CLIENTS,
    REQUIRE_DECIDABLE, /* no rule of the partner's: what had to be known to judge it at all (header From, session) */
    REQUIREMENT_COUNT };

enum met { MET, UNMET, UNKNOWN, PENDING };
/* clang-format on */

/* Their names, as the design and the manuals fix them; never NULL for a value of the enum. */
const char *outcome_name(enum outcome outcome);
const char *mode_name(enum mode mode);
const char *action_name(enum action action);
const char *reason_name(enum reason reason);
const char *requirement_name(enum requirement requirement);

/* Why mail is not judged, the first that holds: by SASL, by {daemon_name}, by the client. */
enum exempt { EXEMPT_NOT, EXEMPT_AUTHENTICATED, EXEMPT_DAEMON, EXEMPT_CLIENT };

/* By which identities a partner was selected. */
enum { SELECTED_ENVELOPE_FROM = 1, SELECTED_HEADER_FROM = 2, SELECTED_HELO = 4, SELECTED_CLIENT = 8 };
const char *selected_by_name(unsigned flag); /* one flag */

struct partner;
struct require;
struct certificates;
struct clients;

/* One requirement of one partner, weighed. */
struct finding {
    enum requirement requirement;
    enum met met;
    enum reason reason;                      /* while not met */
    const struct certificates *certificates; /* of REQUIRE_CERTIFICATES */
    const struct clients *clients;           /* of REQUIRE_CLIENTS */
    unsigned
        identity; /* REQUIRE_CERTIFICATES: 1-based, the one that matched, else the one that came nearest; 0: none */
};

/* A part of what a partner requires: its own keys, what the defaults add, each profile. */
struct piece {
    const struct require *require;
    const struct certificates *certificates; /* of REQUIRE_CERTIFICATES */
    unsigned keys;                           /* bit per enum requirement: which of its keys count */
};

enum { PIECES_MAX = 8, FINDINGS_MAX = 6 + 2 * PIECES_MAX, JUDGED_MAX = 8 };

/* One selected partner. Points into the policy. */
struct judged {
    const struct partner *partner;
    unsigned selected_by; /* SELECTED_* */
    enum mode mode;
    enum outcome outcome;
    enum action action; /* what happens for its sake: ACTION_ACCEPT unless mode is enforce */
    enum reason reason; /* the deciding one, while the outcome is fail or undecidable */
    size_t piece_count, finding_count;
    struct piece piece[PIECES_MAX];
    struct finding finding[FINDINGS_MAX]; /* in the order of enum requirement */
};

/*
 * A value, about 8 KiB; valid while the policy and the facts it was made from are.
 * partner[0] is the deciding one. Where more than JUDGED_MAX partners were selected, the most severe are kept.
 */
struct verdict {
    enum outcome outcome;
    enum action action;
    enum reason reason;
    enum exempt exempt;
    unsigned pending; /* NEED_RCPT, NEED_DATA, NEED_HEADERS: what may still change this; 0: final */
    size_t partner_count;
    struct judged partner[JUDGED_MAX];
};

#endif
