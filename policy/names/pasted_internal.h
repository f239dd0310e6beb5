/* SPDX-License-Identifier: BSD-2-Clause */
/* What pasted*.c share. */
#ifndef POLICY_NAMES_PASTED_INTERNAL_H
#define POLICY_NAMES_PASTED_INTERNAL_H

#include "policy/names/pasted.h"

/* The value being peeled. */
struct peeling {
    char *text;        /* of PASTED_MAX octets */
    enum pasted_as as; /* PASTED_COMMON_NAME for PASTED_ISSUER, too */
    bool issuer;
    char *what; /* of the first layer, of PASTED_WHAT octets */
    unsigned count;
};

/* Notes what is odd. The first layer is reported; blanks at the ends only if there is no other. */
void pasted_set_what(struct peeling *peeling, const char *what);

/* Removes layer by layer until none is left; or only invisible characters and the blanks at both ends. */
void pasted_peel(struct peeling *peeling);
void pasted_peel_blanks(struct peeling *peeling);

/* Removes one layer of what is glued to a host name. False: there is none. */
bool pasted_peel_glued(struct peeling *peeling);

/* Whether an octet can be in a host name; whether a name has a dot inside, as hosts do, after "*." or not. */
bool pasted_is_host_octet(char octet);
bool pasted_is_host_like(const char *text, size_t length);

#endif
