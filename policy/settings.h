/* SPDX-License-Identifier: BSD-2-Clause */
/* Values of a policy that the daemon and the tool read as they are. */
#ifndef POLICY_SETTINGS_H
#define POLICY_SETTINGS_H

#include <stdbool.h>
#include "policy/facts/facts.h"
#include "policy/yaml/diag.h"

/* The `milter` section. */
struct milter_settings {
    const char *socket;        /* "unix:..." or "inet:..."; the default where none is given */
    struct place socket_place; /* line 0: the default */
    const char *postfix_facts; /* or NULL */
    struct place postfix_facts_place;
    const char *status; /* "unix:...", or NULL: the usual one where its directory is there */
    struct place status_place;
    bool watch; /* reload when the files change */
    struct place watch_place;
    const char *outbound; /* where Postfix asks for the rules of outbound mail, or NULL */
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
