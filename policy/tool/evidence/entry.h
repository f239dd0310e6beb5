/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A parsed line of a log: when it was written, by which program on which host, and the keys and values if
 * forcetls-milter(8) wrote it.
 */
#ifndef POLICY_TOOL_EVIDENCE_ENTRY_H
#define POLICY_TOOL_EVIDENCE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/tool/evidence/stamp.h"

/* clang-format off */
/* The keys of a decision, in order; then keys that only other events have. */
enum entry_key {
    KEY_EVENT, KEY_PARTNER, KEY_MODE, KEY_VERDICT, KEY_ACTION, KEY_REASONS, KEY_REPLY, KEY_QID, KEY_CLIENT,
    KEY_CLIENT_PORT, KEY_CLIENT_NAME, KEY_HELO, KEY_FROM, KEY_TLS, KEY_CIPHER, KEY_BITS, KEY_SUBJECT,
    KEY_ISSUER, KEY_VERIFY, KEY_ALSO, KEY_ARGUMENT, KEY_IDENTITY,
    KEY_FINGERPRINT, KEY_KEY_FINGERPRINT, KEY_WOULD, KEY_POLICY, KEY_EXCEPTION, KEY_MTA, KEY_RESOLVE,
    KEY_EXEMPT, KEY_DAEMON, KEY_SELECTED, KEY_HEADER_FROM, KEY_CUT, KEY_AT, KEY_MSG, KEY_RUN, KEY_SEQ,
    KEY_DECISION_COUNT,
    KEY_LOST = KEY_DECISION_COUNT, KEY_VERSION, KEY_PARTNERS, KEY_RESULT, KEY_DIRECTION,
    KEY_COUNT,
    KEY_FIRST_NEW = KEY_FINGERPRINT /* lines of 0.2.0 and older end before this key */
};
/* clang-format on */

/* What a line is. */
enum entry_sort {
    ENTRY_OTHER,     /* another program's, or one of ours that is no event */
    ENTRY_OURS,      /* an event of the daemon, whole */
    ENTRY_FOREIGN,   /* claims to be an event, but another program wrote it */
    ENTRY_UNREADABLE /* one of the daemon, but incomplete: cut, torn or altered */
};

struct entry_value {
    const char *text; /* unescaped; "": empty; NULL: the line has no such key */
    bool quoted;      /* it was in quotation marks: a value from outside, not a word of ours */
};

struct entry {
    enum entry_sort sort;
    const char *why; /* why the line is foreign or unreadable, for humans */
    /* When the logger wrote it: an instant, or STAMP_NONE; then `local` if has_local. */
    int64_t stamp;
    bool has_local;
    struct stamp_local local;
    const char *host;  /* "": not in the line */
    const char *tag;   /* "postfix/smtp"; "": not in the line, or postlog(1) wrote it */
    unsigned long pid; /* 0: not in the line */
    /* The message after the prefix, as entry_read() leaves it: equal messages have equal texts. */
    const char *text;
    size_t length;

    /* Only for ENTRY_OURS. */
    bool decision; /* the event is "decision" */
    bool numbered; /* it has run, seq and the keys that go with them */
    int64_t at;    /* the time of MAIL; STAMP_NONE: not in the line */
    uint64_t seq, msg;
    struct entry_value value[KEY_COUNT];
};

/*
 * Parses a line without its line end, in place: the values point into it. `line` has `length` octets and a
 * NUL after them, and is changed. The message may follow an RFC 3164 or RFC 3339 stamp with host and tag, an
 * RFC 5424 header, a priority in angle brackets, the prefix of a container runtime, or nothing.
 */
void entry_read(struct entry *entry, char *line, size_t length);

/* Parses the text of a message without a prefix, whose writer is known from elsewhere (the journal). */
void entry_read_message(struct entry *entry, char *text, size_t length);

/* Returns the name of a key. */
const char *entry_key_name(enum entry_key key);

#endif
