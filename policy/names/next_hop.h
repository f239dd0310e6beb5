/* SPDX-License-Identifier: BSD-2-Clause */
/* Next hops as Postfix writes them: "contoso.com", "contoso.com:587", "[mail.contoso.com]:25". */
#ifndef POLICY_NAMES_NEXT_HOP_H
#define POLICY_NAMES_NEXT_HOP_H

#include <stdbool.h>
#include <stddef.h>
#include "policy/names/domain.h"

enum { NEXT_HOP_MAX = 320, NEXT_HOP_PORT_MAX = 32, NEXT_HOP_PORT_NAMES = 2 };

enum next_hop_form {
    NEXT_HOP_NONE,   /* no next hop: empty, a NUL, a missing bracket, a leading dot, too long a port */
    NEXT_HOP_DOMAIN, /* the mail goes to the MX hosts of a domain, or to a host of that name */
    NEXT_HOP_HOST,   /* brackets: the mail goes to that host or address */
    NEXT_HOP_UNREAD  /* out of memory: the next hop is not known */
};

/* A next hop in the form in which two are compared. */
struct next_hop {
    /*
     * The whole next hop: the host in compared form, an address as network_format() writes it, and the port
     * unless it is 25, Postfix's default. Ports of mail are numbers, without leading zeros.
     */
    char text[NEXT_HOP_MAX];
    struct domain domain; /* of NEXT_HOP_DOMAIN, without the port */
    bool port;            /* another port than 25 is named */
};

/* Reads `length` octets. Fills *hop for DOMAIN and HOST. Allocates only for names that are not ASCII. */
enum next_hop_form next_hop_read(struct next_hop *hop, const char *text, size_t length);

/* The names of a port, which Postfix accepts, too, by `number` from 0: for "25" smtp, then NULL. */
const char *next_hop_port_name(const char *port, size_t number);

/*
 * NULL: a policy may list the next hop, or *form is NEXT_HOP_UNREAD; else what is wrong with it, a static
 * text to be put after it.
 */
const char *next_hop_check(struct next_hop *hop, enum next_hop_form *form, const char *text);

#endif
