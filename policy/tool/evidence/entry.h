/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One line of a log, taken apart: when it was written, by whom on which host, and the keys and values of a
 * line that forcetls-milter(8) wrote.
 */
#ifndef POLICY_TOOL_EVIDENCE_ENTRY_H
#define POLICY_TOOL_EVIDENCE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/tool/evidence/stamp.h"

/* clang-format off */
/* The keys of a decision, in their order; then the keys that only other events have. */
enum entry_key {
    KEY_EVENT, KEY_PARTNER, KEY_MODE, KEY_VERDICT, KEY_ACTION, KEY_REASONS, KEY_REPLY, KEY_QID, KEY_CLIENT,
    KEY_CLIENT_PORT, KEY_CLIENT_NAME, KEY_HELO, KEY_FROM, KEY_TLS, KEY_CIPHER, KEY_BITS, KEY_SUBJECT,
    KEY_ISSUER, KEY_VERIFY, KEY_ALSO, KEY_ARGUMENT, KEY_IDENTITY,
    KEY_FINGERPRINT, KEY_KEY_FINGERPRINT, KEY_WOULD, KEY_POLICY, KEY_EXCEPTION, KEY_MTA, KEY_RESOLVE,
    KEY_EXEMPT, KEY_DAEMON, KEY_SELECTED, KEY_HEADER_FROM, KEY_CUT, KEY_AT, KEY_MSG, KEY_RUN, KEY_SEQ,
    KEY_DECISION_COUNT,
    KEY_LOST = KEY_DECISION_COUNT, KEY_VERSION, KEY_PARTNERS, KEY_RESULT, KEY_DIRECTION,
    KEY_COUNT,
    KEY_FIRST_NEW = KEY_FINGERPRINT /* lines of 0.2.0 and before end in front of it */
};
/* clang-format on */

/* What a line is. */
enum entry_sort {
    ENTRY_OTHER,     /* somebody else's, or one of ours that is no event */
    ENTRY_OURS,      /* an event of the daemon, whole */
    ENTRY_FOREIGN,   /* it claims to be one, and somebody else wrote it */
    ENTRY_UNREADABLE /* it is one of the daemon, and not whole: cut, torn or altered */
};

struct entry_value {
    const char *text; /* unescaped; "": empty; NULL: the line has no such key */
    bool quoted;      /* it stood in quotation marks: it is a value from outside, and not a word of ours */
};

struct entry {
    enum entry_sort sort;
    const char *why; /* of what is foreign or unreadable, for people */
    /* When the logger wrote it: an instant, or STAMP_NONE; then `local` where has_local. */
    int64_t stamp;
    bool has_local;
    struct stamp_local local;
    const char *host;  /* "": the line names none */
    const char *tag;   /* "postfix/smtp"; "": the line names none, or postlog(1) wrote it */
    unsigned long pid; /* 0: the line names none */
    /* The message behind the prefix, as entry_read() leaves it: the same for the same message. */
    const char *text;
    size_t length;

    /* Of ENTRY_OURS only. */
    bool decision; /* its event is that one */
    bool numbered; /* it has run, seq and what goes with them */
    int64_t at;    /* of MAIL; STAMP_NONE: the line has none */
    uint64_t seq, msg;
    struct entry_value value[KEY_COUNT];
};

/*
 * Takes a line without its line end apart, in place: the values point into it. `line` has `length` octets
 * and a NUL behind them, and is changed. Accepted in front are the stamps of RFC 3164 and RFC 3339 with
 * host and tag, RFC 5424, a priority in angle brackets, the prefixes of container runtimes, and nothing.
 */
void entry_read(struct entry *entry, char *line, size_t length);

/*
 * Likewise the text of a message whose writer is known from elsewhere (the journal): there is no prefix.
 */
void entry_read_message(struct entry *entry, char *text, size_t length);

/* The name of a key. */
const char *entry_key_name(enum entry_key key);

#endif
