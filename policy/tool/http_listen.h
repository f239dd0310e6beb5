/* SPDX-License-Identifier: BSD-2-Clause */
/* A listening socket for HTTP. */
#ifndef POLICY_TOOL_HTTP_LISTEN_H
#define POLICY_TOOL_HTTP_LISTEN_H

#include <stdbool.h>

enum { HTTP_ADDRESS_MAX = 300 };

/*
 * Opens the socket that `where` names: "HOST:PORT", "[ADDRESS]:PORT", "PORT" on 127.0.0.1, or "fd:N" for a
 * listening socket that the parent process opened. `shown` gets the address for people. Returns the
 * descriptor; -1 with the reason, a static text, in *why.
 */
int http_listen(const char *where, char shown[HTTP_ADDRESS_MAX], const char **why);

/* Whether `where` has one of the forms that http_listen() takes. */
bool http_listen_is_address(const char *where);

#endif
