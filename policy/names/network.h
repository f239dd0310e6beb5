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
 * (Sendmail and Postfix macros), without brackets, zone or anything after it.
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
 * Guesses the block, in CIDR notation, that is meant by a text that network_check() refuses: "192.0.2.1/24",
 * "192.0.2.0/255.255.255.0", "192.0.2.0 255.255.255.0", "192.0.2.*", "192.0.2.x", "192.0.2",
 * "192.0.2.0-192.0.2.255". False: no guess.
 */
bool network_guess(char meant[64], const char *text);

/* The length of a leading "*", "x" or "xxx" that stands for any number between dots; 0: there is none. */
size_t network_placeholder(const char *text);

/* Whether the text is meant as an address or block rather than a host name (a digit-dot or colon form). */
bool network_looks_like(const char *text);

/* `address` with every bit after `prefix` cleared and that prefix set; prefix at most the family's. */
struct network network_mask(const struct network *address, unsigned prefix);

bool network_contains(const struct network *network, const struct network *address);
bool network_equal(const struct network *a, const struct network *b);

/*
 * Whether the block is too large to belong to one organisation: larger than a /8 of v4, also of v4 that is
 * translated (64:ff9b::/96) or tunnelled (2002::/16), or larger than a /16 of other v6. False for the v6
 * addresses that networks use inside (fc00::/7, fe80::/10).
 */
bool network_is_wide(const struct network *network);

/*
 * Orders by family, first address and prefix, so that a block comes before those inside it; for
 * qsort().
 */
int network_compare(const void *a, const void *b);

/* Writes "192.0.2.0/24", or a bare address if the prefix is full. `text` takes 64 octets. */
void network_format(const struct network *network, char text[64]);

#endif
