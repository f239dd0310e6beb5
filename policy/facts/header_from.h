/* SPDX-License-Identifier: BSD-2-Clause */
/* The From header fields of one message (RFC 5322 3.4, 3.6.2), read for their domains. */
#ifndef POLICY_FACTS_HEADER_FROM_H
#define POLICY_FACTS_HEADER_FROM_H

#include <stdbool.h>
#include <stddef.h>
#include "policy/names/domain.h"
#include "policy/names/name_set.h"

/* A field ("From: " and value) of at least this many octets may have been cut by the MTA. */
#define HEADER_FROM_CUT 60000

/*
 * What the From fields said so far. Starts zeroed; owns its memory (at most about 256 KiB), freed by
 * header_from_clear(). The time it takes is bounded, too: `effort` counts what was spent.
 */
struct header_from {
    struct name_set names; /* domains of addresses, and names in fields that do not parse */
    size_t effort;         /* spent so far, in octets of plain text */
    bool present;          /* some field holds more than blanks */
    bool unparsed;         /* some field does not parse, or shows another domain than it has */
    bool cut;              /* one field may have arrived cut */
    bool expands;          /* Sendmail puts the value of a macro into an address: what is here is not all */
    bool too_much;         /* there is more than anyone writes: what is here is not all */
    bool exhausted;        /* memory ran out: what is here is not all */
};

/* Who reads the fields behind us. */
enum header_reader {
    READER_POSTFIX, /* leaves the fields as they are */
    READER_SENDMAIL /* rewrites what its rules take for an address; also for an MTA that is not known */
};

/*
 * Reads one From field's value (folded lines, comments, nested comments, quoted strings and pairs, groups,
 * source routes, address literals). Only addr-specs count, never the display name or encoded word beside one.
 *
 * A value that does not parse adds none of its addresses, but every name that occurs in it. It does not
 * parse if
 *   - it is no address list,
 *   - the domain of an address is no valid host name, or holds an encoded word (RFC 2047), or characters
 *     that show nothing and that UTS 46 drops,
 *   - the local part of an address holds an encoded word that shows an "@",
 *   - a mailbox without a domain shows an "@" once its encoded words are decoded (also U+FF20 and U+FE6B), or
 *     there is no mailbox with a domain and the field shows one.
 * An empty value, an empty group, an address literal and other addresses without a domain parse and add
 * nothing. These mistakes do no harm: a comma before the first or behind the last address; dots where a
 * local part has none; a display name with dots, eight-bit octets, square brackets, or that is an address of
 * the same domain.
 *
 * A domain with characters that show nothing and that UTS 46 keeps (U+200C, U+200D) parses. The name that
 * readers see is added as well, as one that occurs in a field that does not parse. Likewise a field parses
 * in which a backslash stands before syntax, outside of quoted strings ("a\@b.test@c.test"), and all its
 * names are added as well: to many readers the backslash is an octet like others.
 *
 * READER_SENDMAIL: what Sendmail turns into an address is one as well: "user%domain", "domain!user", and
 * blanks or comments in place of dots (its option BlankSub). A domain "x.y.UUCP" adds "x.y" as well. A field
 * does not parse if an address has an octet that begins a macro of Sendmail's; `expands` is set if one may
 * have a value.
 */
void header_from_add(struct header_from *from, const char *value, enum header_reader reader);

/*
 * Calls `found(arg, name, length)` for every domain of an address, each once, in compared form, with a NUL
 * behind it, until `found` returns false. Returns what `found` returned last, or true.
 */
typedef bool header_from_name_fn(void *arg, const char *name, size_t length);
bool header_from_each_domain(const struct header_from *from, header_from_name_fn *found, void *arg);

/* How many labels the names have that are looked for: the numbers that occur, each once. */
struct label_counts {
    unsigned count;
    unsigned char labels[DOMAIN_LABELS_MAX];
};

/*
 * Likewise for every run of whole labels, as many as one of `counts` says, in the fields that do not parse:
 * "x.contoso.com" has x, contoso, com; x.contoso, contoso.com; x.contoso.com. The names are in compared form,
 * without a NUL behind them, at most DOMAIN_MAX octets long; the same one may come several times.
 */
bool header_from_each_name(const struct header_from *from, const struct label_counts *counts,
                           header_from_name_fn *found, void *arg);

/* Frees what it owns and zeroes it; fine on a zeroed one. */
void header_from_clear(struct header_from *from);

#endif
