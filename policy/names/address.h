/* SPDX-License-Identifier: BSD-2-Clause */
/* Envelope addresses: the argument of MAIL and RCPT, and what the MTA makes of it. */
#ifndef POLICY_NAMES_ADDRESS_H
#define POLICY_NAMES_ADDRESS_H

#include <stdbool.h>
#include "policy/names/domain.h"

enum address_kind {
    ADDRESS_NULL,  /* "<>": the null reverse-path, or nothing at all */
    ADDRESS_LOCAL, /* no usable domain: a bare user, an address literal */
    ADDRESS_DOMAIN,
    ADDRESS_UNREAD /* memory ran out for a domain that is not ASCII: the address is not known */
};

/*
 * One reading of an address. `local` is the local part, unquoted, with its case
 * folded (policy/names/casefold.h). A local part of more than 319 octets is cut,
 * and `local_cut` is set: it equals no local part that a policy can name.
 */
struct address {
    enum address_kind kind;
    bool local_cut;
    char local[320];
    struct domain domain; /* length 0 unless kind is ADDRESS_DOMAIN */
};

/*
 * Reads `text` (an argument of MAIL or RCPT with or without brackets, or
 * {mail_addr}, {rcpt_addr}) leniently, as an MTA that accepts it would: angle
 * brackets (also doubled or unclosed), blanks, RFC 5322 comments, quotes around local
 * part or domain, backslashes, source routes and a final dot never hide the
 * domain. Blanks and comments between two words count as a dot, as Sendmail reads them (BlankSub); Postfix
 * refuses such an address. The domain is the text after the last unquoted "@"; the text
 * before it never gives a domain ("a%b@c" is of c). Only if there is no such "@",
 * "b!a" and "a%b" are of b, as Postfix and Sendmail read them. An unmatched quotation mark
 * is an ordinary character. "[192.0.2.1]" and "[IPv6:...]" are no domain;
 * other text in square brackets is read as one.
 * Accepts any octets. Allocates only to read a domain that is not ASCII.
 */
void address_read(struct address *address, const char *text);

/*
 * Whether the domain is one of UUCP, "x.y.UUCP". Sendmail may turn it into the domain "x.y", which goes to
 * *within (NULL: nowhere).
 */
bool address_uucp(const struct domain *domain, struct domain *within);

/* Whether text between square brackets is an address literal ("192.0.2.1", "IPv6:...") and no domain. */
bool address_is_literal(const char *text);

/*
 * An address pattern of a policy (recipients, senders): "user@example.com",
 * "example.com" or ".example.com" (every subdomain, not the domain itself).
 */
struct address_pattern {
    const char *local;  /* lower case; NULL: any */
    const char *domain; /* compared form, without the dot of a suffix */
    bool suffix;
};

bool address_matches(const struct address *address, const struct address_pattern *pattern);

#endif
