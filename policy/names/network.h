/* SPDX-License-Identifier: BSD-2-Clause */
/* Client addresses and CIDR blocks. */
#ifndef POLICY_NAMES_NETWORK_H
#define POLICY_NAMES_NETWORK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A block of addresses; a single address has prefix 32 (v4) or 128 (v6).
 * v4 uses the first four octets, the rest is zero. "::ffff:a.b.c.d" is v4.
 */
struct network {
    unsigned char v6; /* 0 or 1 */
    unsigned char prefix;
    unsigned char octets[16];
};

/*
 * An address as MTAs write it: "192.0.2.1", "2001:db8::1", "IPv6:2001:db8::1"
 * (Sendmail and Postfix macros), without brackets, zone or anything behind.
 * False: it is none (NULL, "unknown", a host name).
 */
bool network_read_address(struct network *address, const char *text);

/*
 * An address or block of a policy: "192.0.2.0/24", "2001:db8::/32", "192.0.2.1".
 * NULL if good, else what is wrong, a static text ("has bits set after its prefix").
 * `::ffff:192.0.2.0/120` is 192.0.2.0/24.
 */
const char *network_check(struct network *network, const char *text);

/*
 * The block in CIDR notation that a text means which network_check() does not take: "192.0.2.1/24",
 * "192.0.2.0/255.255.255.0", "192.0.2.0 255.255.255.0", "192.0.2.*", "192.0.2.x", "192.0.2",
 * "192.0.2.0-192.0.2.255". False: none that is known.
 */
bool network_guess(char meant[64], const char *text);

/* The octets of "*", "x" or "xxx" in front, which stand for any number between dots; 0: there are none. */
size_t network_placeholder(const char *text);

/* Whether the text is meant as an address or block rather than a host name (a digit-dot or colon form). */
bool network_looks_like(const char *text);

/* `address` with every bit behind `prefix` cleared and that prefix set; prefix at most the family's. */
struct network network_mask(const struct network *address, unsigned prefix);

bool network_contains(const struct network *network, const struct network *address);
bool network_equal(const struct network *a, const struct network *b);

/*
 * Whether the block is so large that it is no one organisation's: more than a /8 of v4, also where v4
 * is translated (64:ff9b::/96) or tunnelled (2002::/16), more than a /16 of other v6. What networks use
 * inside (fc00::/7, fe80::/10) is not.
 */
bool network_is_wide(const struct network *network);

/*
 * Orders by family, first address and prefix, so that a block stands in front of those inside it; for
 * qsort().
 */
int network_compare(const void *a, const void *b);

/* Writes "192.0.2.0/24", or a bare address where the prefix is full. `text` takes 64 octets. */
void network_format(const struct network *network, char text[64]);

#endif
