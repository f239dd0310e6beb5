/* SPDX-License-Identifier: BSD-2-Clause */
/* Envelope addresses: the argument of MAIL and RCPT, and what the MTA made of it. */
#ifndef POLICY_NAMES_ADDRESS_H
#define POLICY_NAMES_ADDRESS_H

#include <stdbool.h>
#include "policy/names/domain.h"

enum address_kind {
    ADDRESS_NULL,  /* "<>": the null reverse-path, or nothing at all */
    ADDRESS_LOCAL, /* no usable domain: a bare user, an address literal */
    ADDRESS_DOMAIN,
    ADDRESS_UNREAD /* memory ran out over a domain that is not ASCII: whose this is, is not known */
};

/*
 * One reading of an address. `local` is the local part, unquoted, its case
 * folded (policy/names/casefold.h); one of more than 319 octets is cut and
 * `local_cut` is set: it equals no local part that a policy can name.
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
 * domain. Blanks and comments between two words count as a dot, as Sendmail takes them (BlankSub); Postfix
 * refuses such an address. The domain is what stands behind the last unquoted "@"; what stands
 * before it never selects ("a%b@c" is of c). Only where there is no such "@",
 * "b!a" and "a%b" are of b, as Postfix and Sendmail take them. A quotation mark without its twin
 * is an ordinary character. "[192.0.2.1]" and "[IPv6:...]" are no domain;
 * other text in square brackets is read as one.
 * Any byte string is answered; nothing is allocated but for the reading of a domain that is not ASCII.
 */
void address_read(struct address *address, const char *text);

/*
 * Whether the domain is one of UUCP, "x.y.UUCP". Sendmail may turn it into the domain "x.y", which goes to
 * *within (NULL: nowhere).
 */
bool address_uucp(const struct domain *domain, struct domain *within);

/* Whether text from between square brackets is an address literal ("192.0.2.1", "IPv6:..."), no domain. */
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
