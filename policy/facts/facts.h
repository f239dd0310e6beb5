/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was observed of one transaction: a value, filled at MAIL from the
 * MTA's macros (policy/facts/macros.h) and completed as the message goes on. Its
 * strings are borrowed; facts_copy() makes them last.
 */
#ifndef POLICY_FACTS_FACTS_H
#define POLICY_FACTS_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include "policy/facts/header_from.h"
#include "policy/facts/recipients.h"
#include "policy/names/address.h"
#include "policy/names/certfile.h"
#include "policy/names/network.h"
#include "policy/names/tls.h"

/*
 * The kind of the MTA. As a setting, MTA_UNKNOWN is `auto`; as a fact, "not recognised, or it contradicts
 * the setting".
 */
enum mta { MTA_UNKNOWN, MTA_POSTFIX, MTA_SENDMAIL };

/*
 * The macros that are read, in the order in which the MTA is asked for them.
 * An empty macro counts as absent (NULL): Sendmail sends the TLS macros empty for plaintext.
 */
/* clang-format off */
enum macro {
    MACRO_MAIL_ADDR, MACRO_AUTH_TYPE, MACRO_AUTH_AUTHEN, MACRO_CLIENT_ADDR, MACRO_CLIENT_PORT,
    MACRO_CLIENT_NAME, MACRO_CLIENT_RESOLVE, MACRO_DAEMON_NAME, MACRO_DAEMON_ADDR, MACRO_DAEMON_PORT,
    MACRO_V, MACRO_I, MACRO_TLS_VERSION, MACRO_CIPHER, MACRO_CIPHER_BITS, MACRO_CERT_SUBJECT,
    MACRO_CERT_ISSUER, MACRO_VERIFY, MACRO_CN_SUBJECT, MACRO_CN_ISSUER, MACRO_CERT_FP,
    MACRO_COUNT
};
/* clang-format on */

/*
 * Whether the session is encrypted. Unknown: the MTA does not send what would show it, or its
 * macros contradict each other.
 */
enum tls_state { TLS_UNKNOWN, TLS_OFF, TLS_ON };

/* What the MTA says of the client's certificate. The first three: whether one is trusted is not known. */
enum certificate_state {
    CERTIFICATE_MACROS,           /* a macro was not sent, or the MTA is not recognised */
    CERTIFICATE_NOT_REQUESTED,    /* Sendmail {verify} NOT */
    CERTIFICATE_VERIFY_TEMPORARY, /* Sendmail {verify} TEMP and the like */
    CERTIFICATE_NONE,             /* none shown; with Postfix also: one that did not verify */
    CERTIFICATE_UNTRUSTED,        /* Sendmail {verify} FAIL */
    CERTIFICATE_TRUSTED
};

/* Whether a fingerprint is known. */
enum pin_state {
    PIN_UNSHOWN, /* this MTA, as configured, never shows it */
    PIN_MACROS,  /* the MTA should have sent it and did not, or it cannot be read */
    PIN_PENDING, /* will be known at DATA */
    PIN_MISSING, /* postfix_facts did not show it: no report, one that contradicts the macros, or a raw key */
    PIN_ABSENT,  /* no certificate was shown */
    PIN_KNOWN
};

struct pin {
    enum pin_state state;
    unsigned char fingerprint[FINGERPRINT_SIZE]; /* while state is PIN_KNOWN */
};

/* The client's verified name. */
enum client_name_state {
    CLIENT_NAME_MACROS,    /* not known */
    CLIENT_NAME_TEMPORARY, /* the resolver did not answer */
    CLIENT_NAME_NONE,      /* the client has none that verifies */
    CLIENT_NAME_VERIFIED
};

/* Whether the MTA shows what follows the envelope: the headers and the end of the message. */
enum content_state {
    CONTENT_EXPECTED, /* it does, or still may do so */
    CONTENT_WITHHELD, /* it does not (Postfix with smtpd_proxy_filter), or does not show DATA either */
    CONTENT_OUTDATED  /* not known: this session did not ask for DATA, which would show it */
};

/* The milter events that a policy may need beside MAIL. Each session negotiates them with its MTA. */
enum {
    NEED_CONNECT = 1, /* the client, if the MTA sends no {client_addr} */
    NEED_HELO = 2,
    NEED_RCPT = 4,
    NEED_DATA = 8,
    NEED_HEADERS = 16
};

struct facts {
    const char *macro[MACRO_COUNT]; /* raw, NULL: absent or empty */
    const char *argument;           /* of MAIL, raw */
    const char *helo;               /* the name last given, NULL: none */
    unsigned shown;                 /* NEED_*: what this session's negotiation asked for */

    enum mta mta;
    bool macros_asked; /* the MTA honours our macro list: an absent macro has no value */

    unsigned senders;         /* 1 or 2 */
    struct address sender[2]; /* {mail_addr} if it was sent, and the argument */

    bool authenticated; /* by SASL */
    bool client_known;
    struct network client; /* a single address */
    enum client_name_state client_name_state;
    struct domain client_name; /* while VERIFIED */

    enum tls_state tls;
    enum tls_version tls_version; /* while TLS_ON */
    int cipher_bits;              /* -1: absent or unreadable */
    enum certificate_state certificate;
    /* Common names and distinguished names of a TRUSTED certificate, decoded; NULL: none that can be
     * compared. With Postfix the distinguished names are NULL: it never shows them. All point into
     * macro[] or `decoded`. */
    const char *subject_cn, *issuer_cn, *subject_dn, *issuer_dn;
    bool names_unsent; /* the certificate is TRUSTED, and a macro that should hold its names was not sent */
    struct pin certificate_pin, key_pin;
    enum content_state content;

    const struct recipients *recipients;   /* as the policy sees them; NULL: not known yet */
    const struct header_from *header_from; /* NULL: not known yet */
    char *decoded; /* storage of decoded names, or of everything after facts_copy(); owned */
};

/*
 * Resets the facts to "nothing observed": no macro, no sender, TLS unknown. Every reader of facts begins so.
 */
void facts_begin(struct facts *facts);

/* Who reads the From fields of this message after us; known from MAIL on. */
enum header_reader facts_header_reader(const struct facts *facts);

/* Frees what the facts own; they may not be read again. */
void facts_clear(struct facts *facts);

/*
 * Makes the facts independent of the macros they were read from, in one
 * allocation. Recipients and header_from stay borrowed. False: out of memory, facts unchanged.
 */
bool facts_copy(struct facts *facts);

#endif
