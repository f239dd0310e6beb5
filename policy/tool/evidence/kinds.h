/* SPDX-License-Identifier: BSD-2-Clause */
/* The columns of the tables `kind` and `client`, in order; all are ids of words. */
#ifndef POLICY_TOOL_EVIDENCE_KINDS_H
#define POLICY_TOOL_EVIDENCE_KINDS_H

/* clang-format off */
enum kind_column {
    KIND_GATEWAY, KIND_DIRECTION, KIND_PARTNER, KIND_MODE, KIND_VERDICT, KIND_ACTION, KIND_WOULD,
    KIND_REASONS, KIND_POLICY, KIND_TLS, KIND_CIPHER, KIND_BITS,
    KIND_SUBJECT, KIND_ISSUER, KIND_VERIFY,
    KIND_FINGERPRINT, KIND_KEY_FINGERPRINT, KIND_IDENTITY, KIND_EXCEPTION, KIND_MTA, KIND_EXEMPT,
    /* "": the partner that decided; "also": another one, of which the line has only the verdict */
    KIND_ROLE,
    KIND_COLUMNS
};

enum client_column {
    CLIENT_ADDRESS, CLIENT_NAME,
    CLIENT_DOMAIN, /* of the sender; "<>": the null sender */
    CLIENT_HELO,   /* only for the null sender */
    CLIENT_RESOLVE, CLIENT_ARGUMENT, CLIENT_HEADER_FROM, CLIENT_SELECTED, CLIENT_DAEMON, CLIENT_CUT,
    CLIENT_COLUMNS
};

#define KIND_COLUMN_NAMES \
    "gateway, direction, partner, mode, verdict, action, would, reasons, policy, tls, cipher, bits, " \
    "subject, issuer, verify, fingerprint, key_fingerprint, identity, exception, mta, exempt, role"
#define CLIENT_COLUMN_NAMES \
    "client, client_name, domain, helo, resolve, argument, header_from, selected, daemon, cut"
/* clang-format on */

/* Replaces values of which a partner had too many in an hour or day. */
#define KIND_MANY "(many)"

/* The From header was read, and has no domain. */
#define KIND_NO_HEADER_FROM "<none>"

#endif
