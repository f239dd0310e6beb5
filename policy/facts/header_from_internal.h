/* SPDX-License-Identifier: BSD-2-Clause */
/* Between header_from*.c: what they share of a field while it is read. */
#ifndef POLICY_FACTS_HEADER_FROM_INTERNAL_H
#define POLICY_FACTS_HEADER_FROM_INTERNAL_H

#include "policy/facts/header_from.h"

/*
 * One field while it is read. Each function that reads something
 * returns false where the text is not that, and the field does not parse then.
 */
struct list {
    struct header_from *from;
    enum header_reader reader;
    const char *at;
    const char *no_encoded_word; /* up to here no encoded word begins */
    char *domain;                /* room for any domain of the field, or the field itself */
    size_t length;               /* of the domain read last; 0: there is none, or it is an address literal */
    bool literal;                /* it is an address literal */
    bool addresses;              /* some mailbox has a domain or an address literal */
    bool doubtful;               /* it parses, but readers behind us may read it otherwise */
};

/* Passes over blanks and comments; false: a comment is not closed. */
bool list_skip_blank(struct list *list);

/* Passes over `syntax` and the blanks behind it. */
bool list_skip(struct list *list, char syntax);

/* What follows the encoded word (RFC 2047) here; NULL: none, or it has other specials than "@" and ".". */
const char *list_behind_encoded_word(struct list *list);

/* Text between `open` and `close`, its octets to `copy` (NULL: nowhere) without backslashes. */
bool list_read_enclosed(struct list *list, char open, char close, char **copy);

/* Whether a word may begin with this octet. */
bool list_begins_word(char octet);

/* An atom, which may have backslashes, or a quoted string, its octets to `copy` (NULL: nowhere). */
bool list_read_word(struct list *list, char **copy);

/* ---- what was read ---- */

enum { HEADER_FROM_DOMAIN = 'd', HEADER_FROM_NAMES = 'n' };

/* Takes that much of what may be spent; false: it is used up, and too_much is set. */
bool header_from_spend(struct header_from *from, size_t effort);

/* Adds the names that occur in a value that does not parse. */
void header_from_add_unparsed(struct header_from *from, const char *value, enum header_reader reader);

/*
 * The text in plain forms (NFKC: no ligatures, full width or other presentation), with a mark for each blank
 * unless it is all ASCII; to be freed. An octet that is no UTF-8 is read as ISO 8859-1. NULL: memory ran out,
 * and `exhausted` is set.
 */
char *header_from_plain(struct header_from *from, const char *text);

/*
 * Writes the plain form without what shows nothing to `to`, which has room for all of it. `blank` takes the
 * place of each blank; NUL: nothing does.
 */
void header_from_write_shown(char *to, const char *plain, char blank);

/*
 * Whether an address, or a text that may be one, has an octet that begins a macro of Sendmail's. Sets
 * `expands` if it may have a value.
 */
bool header_from_has_macros(struct header_from *from, const char *text, size_t length);

/* The text without such octets and the names behind them, and without what Sendmail makes invisible. */
void header_from_write_without_macros(char *to, const char *text);

/* Whether `length` octets of a value show an "@", as mail programs show them. */
bool header_from_shows_at(struct header_from *from, const char *value, size_t length);

/* Spends what the conversion of a domain or label costs, and converts it. DOMAIN_UNREAD sets `exhausted`. */
enum domain_form header_from_normalise(struct header_from *from, struct domain *domain, const char *name,
                                       size_t length);

#endif
