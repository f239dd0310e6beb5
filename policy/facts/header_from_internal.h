/* SPDX-License-Identifier: BSD-2-Clause */
/* What header_from*.c share while they read a field. */
#ifndef POLICY_FACTS_HEADER_FROM_INTERNAL_H
#define POLICY_FACTS_HEADER_FROM_INTERNAL_H

#include "policy/facts/header_from.h"

/*
 * One field while it is read. A function that reads something
 * returns false if the text is not that; the field then does not parse.
 */
struct list {
    struct header_from *from;
    enum header_reader reader;
    const char *at;
    const char *no_encoded_word; /* no encoded word begins before this octet */
    char *domain;                /* room for any domain of the field, or the field itself */
    size_t length;               /* of the domain read last; 0: there is none, or it is an address literal */
    bool literal;                /* the domain read last is an address literal */
    bool addresses;              /* some mailbox has a domain or an address literal */
    bool doubtful;               /* the field parses, but readers after us may read it otherwise */
};

/* Skips blanks and comments; false: a comment is not closed. */
bool list_skip_blank(struct list *list);

/* Skips `syntax` and the blanks and comments after it. */
bool list_skip(struct list *list, char syntax);

/* The end of the encoded word (RFC 2047) here; NULL: none, or it has other specials than "@" and ".". */
const char *list_behind_encoded_word(struct list *list);

/*
 * Reads text between `open` and `close`. Appends its octets at *copy (`copy` NULL: nowhere), without
 * backslashes and blanks.
 */
bool list_read_enclosed(struct list *list, char open, char close, char **copy);

/* Whether a word may begin with this octet. */
bool list_begins_word(char octet);

/* Reads an atom, which may have backslashes, or a quoted string. Appends its octets likewise. */
bool list_read_word(struct list *list, char **copy);

/* ---- what was read ---- */

enum { HEADER_FROM_DOMAIN = 'd', HEADER_FROM_NAMES = 'n' };

/* Spends `effort`. False: the fields cost too much, and too_much is set. */
bool header_from_spend(struct header_from *from, size_t effort);

/* Adds the names that occur in a value that does not parse. */
void header_from_add_unparsed(struct header_from *from, const char *value, enum header_reader reader);

/*
 * Returns the text in plain forms (NFKC: no ligatures, full width or other presentation), to be freed. Each
 * blank becomes a mark unless the text is all ASCII. An octet that is no UTF-8 is read as ISO 8859-1. NULL:
 * memory ran out, and `exhausted` is set.
 */
char *header_from_plain(struct header_from *from, const char *text);

/*
 * Writes the visible characters of a plain form to `to`, which has room for the whole form. Each blank
 * becomes `blank`; NUL: it is dropped.
 */
void header_from_write_shown(char *to, const char *plain, char blank);

/*
 * Whether an address, or a text that may be one, has an octet that begins a macro of Sendmail's. Sets
 * `expands` if such a macro may have a value.
 */
bool header_from_has_macros(struct header_from *from, const char *text, size_t length);

/* Writes the text without such octets and the names after them, and without 0xFF, which Sendmail hides. */
void header_from_write_without_macros(char *to, const char *text);

/* Whether mail programs show an "@" for the `length` octets at `value`. */
bool header_from_shows_at(struct header_from *from, const char *value, size_t length);

/* Spends what the conversion of a domain or label costs, and converts it. DOMAIN_UNREAD sets `exhausted`. */
enum domain_form header_from_normalise(struct header_from *from, struct domain *domain, const char *name,
                                       size_t length);

#endif
