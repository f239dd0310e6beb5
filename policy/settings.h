/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings of a policy that the daemon and the tool use directly. */
#ifndef POLICY_SETTINGS_H
#define POLICY_SETTINGS_H

#include <stdbool.h>
#include "policy/facts/facts.h"
#include "policy/yaml/diag.h"

/* The `milter` section. */
struct milter_settings {
    const char *socket;        /* the default if none is given */
    struct place socket_place; /* line 0: the default */
    const char *postfix_facts; /* or NULL */
    struct place postfix_facts_place;
    const char *status; /* the default one if its directory exists */
    struct place status_place;
    bool watch; /* reload when the files change */
    struct place watch_place;
    const char *outbound; /* the socket where Postfix asks for the rules of outbound mail, or NULL */
    struct place outbound_place;
    const char *outbound_upstream; /* or NULL */
    struct place outbound_upstream_place;
    bool shared_directory; /* others may write the sockets' directories; the daemon sets the sockets' mode */
    struct place shared_directory_place;
    enum mta mta;
    const char *recipient_delimiter; /* a set of characters; "": none */
};

#define POLICY_DIGEST_TEXT 17 /* octets, with the NUL */

#endif
