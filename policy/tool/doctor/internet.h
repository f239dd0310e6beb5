/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether two ways to write a host and a port lead to one listener of this machine. */
#ifndef POLICY_TOOL_DOCTOR_INTERNET_H
#define POLICY_TOOL_DOCTOR_INTERNET_H

#include <stdbool.h>

struct internet {
    const char *host, *port; /* a name, or an address without brackets; a number, or the name of a service */
    bool v6;                 /* only IPv6 addresses count ("inet6:") */
};

/*
 * Whether a client that connects to `to` reaches what listens on `on`, on this machine: the same address, by
 * any name, or any address of the machine if `on` is 0.0.0.0 or ::. Names are looked up.
 */
bool internet_reaches(const struct internet *to, const struct internet *on);

/* Whether the host is 0.0.0.0 or ::. */
bool internet_is_any(const char *host);

#endif
