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
 * What the From fields read so far say. Starts zeroed; owns its memory (at most about 256 KiB), freed by
 * header_from_clear(). The time to read them is bounded, too: `effort` counts it.
 */
struct header_from {
    struct name_set names; /* domains of addresses, and names in fields that do not parse */
    size_t effort;         /* spent so far, in octets of plain text */
    bool present;          /* some field holds more than blanks */
    bool unparsed;         /* some field does not parse, or shows another domain than it has */
    bool cut;              /* one field may have arrived cut */
    bool expands;          /* Sendmail puts the value of a macro into an address: names are missing */
    bool too_much;         /* there is more than anyone writes: names are missing */
    bool exhausted;        /* memory ran out: names are missing */
};

/* Who reads the fields after us. */
enum header_reader {
    READER_POSTFIX, /* leaves the fields as they are */
    READER_SENDMAIL /* rewrites what its rules take for an address; also stands for an unknown MTA */
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
 * nothing. These mistakes do no harm: a comma before the first or after the last address; dots where a
 * local part has none; a display name with dots, eight-bit octets, square brackets, or that is an address of
 * the same domain.
 *
 * A domain with invisible characters that UTS 46 keeps (U+200C, U+200D) parses. The name that readers see is
 * added as well, like a name in a field that does not parse. A field with a backslash before syntax outside
 * of quoted strings ("a\@b.test@c.test") parses, too, and all its names are added as well: many readers take
 * the backslash for an ordinary octet.
 *
 * READER_SENDMAIL: what Sendmail turns into an address is one as well: "user%domain", "domain!user", and
 * blanks or comments in place of dots (its option BlankSub). A domain "x.y.UUCP" adds "x.y" as well. A field
 * does not parse if an address has an octet that begins a macro of Sendmail's; `expands` is set if such a
 * macro may have a value.
 */
void header_from_add(struct header_from *from, const char *value, enum header_reader reader);

/*
 * Calls `found(arg, name, length)` once for every domain of an address, in compared form, with a NUL after
 * it, until `found` returns false. Returns what `found` returned last, or true.
 */
typedef bool header_from_name_fn(void *arg, const char *name, size_t length);
bool header_from_each_domain(const struct header_from *from, header_from_name_fn *found, void *arg);

/* The numbers of labels that the wanted names have, each number once. */
struct label_counts {
    unsigned count;
    unsigned char labels[DOMAIN_LABELS_MAX];
};

/*
 * Likewise for every run of whole labels in the fields that do not parse, if its number of labels is in
 * `counts`: "x.contoso.com" has x, contoso, com; x.contoso, contoso.com; x.contoso.com. The names are in
 * compared form, without a NUL after them, at most DOMAIN_MAX octets long; a name may come several times.
 */
bool header_from_each_name(const struct header_from *from, const struct label_counts *counts,
                           header_from_name_fn *found, void *arg);

/* Frees what it owns and zeroes it; fine on a zeroed one. */
void header_from_clear(struct header_from *from);

#endif
