/* SPDX-License-Identifier: BSD-2-Clause */
/* The From header fields of one message (RFC 5322 3.4, 3.6.2), read for their domains. */
#ifndef POLICY_HEADER_FROM_H
#define POLICY_HEADER_FROM_H

#include <stdbool.h>
#include <stddef.h>
#include "policy/domain.h"

/* A field ("From: " and value) of at least this many octets may have been cut by the MTA. */
#define HEADER_FROM_CUT 60000

/*
 * What the From fields said so far. Starts zeroed; owns its memory, freed by
 * header_from_clear().
 */
struct header_from {
    struct domain *domains; /* of every address that has one, duplicates included */
    size_t count, room;
    char *unparsed; /* fields that could not be parsed, line feeds between; NULL: none */
    size_t unparsed_length, unparsed_room;
    bool cut;       /* one field may have arrived cut */
    bool exhausted; /* memory ran out, or there is more than anyone writes: what is here is not all */
};

/*
 * Reads one From field's value (folded lines, comments, nested comments, quoted strings and pairs, groups,
 * source routes, address literals). Only addr-specs count, never a display name or encoded word. A value
 * that does not parse goes to `unparsed`, eight-bit labels in compared form: whole, and where that is another
 * text once more without its comments and backslashes, and without blanks and quotation marks beside its dots;
 * and none of its addresses to `domains`. An empty value, an empty group or an address without a domain parses
 * and adds nothing. Other mistakes than these do not parse: a comma before the first or behind the last address;
 * dots where a local part has none; a control octet in a domain; a display name with dots, eight-bit octets,
 * square brackets, or that is an address of the same domain.
 */
void header_from_add(struct header_from *from, const char *value);

/* That of a value that does not parse; `room` takes as many octets as the value. For header_from_add(). */
void header_from_keep_unparsed(struct header_from *from, const char *value, char *room);

/*
 * Calls `found(arg, name, length)` for every run of whole labels in `unparsed`
 * of at most `max_labels` labels: "x.contoso.com" gives x, x.contoso,
 * x.contoso.com, contoso, contoso.com, com, each once per place where it stands,
 * as raw bytes that domain_normalise() takes.
 */
typedef void header_from_name_fn(void *arg, const char *name, size_t length);
void header_from_each_name(const struct header_from *from, unsigned max_labels, header_from_name_fn *found,
                           void *arg);

/* Frees what it owns and zeroes it; fine on a zeroed one. */
void header_from_clear(struct header_from *from);

#endif
