/* SPDX-License-Identifier: BSD-2-Clause */
/* How a socket is written: the text alone, before anything is opened. */
#ifndef POLICY_SOCKET_FORM_H
#define POLICY_SOCKET_FORM_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether `spec` is unix:/path, local:/path, /path, inet:port@host or
 * inet6:port@host. NULL if so; else what is wrong with it, a static text ("names no path"). An
 * inet socket must name the address to listen on: libmilter would take every one.
 */
const char *socket_form_check(const char *spec);

/*
 * The socket that is probably meant by one that socket_form_check() refuses: inet:8895@127.0.0.1 for
 * "127.0.0.1:8895". False: none.
 */
bool socket_form_likely(const char *spec, char *likely, size_t size);

/* The path of a unix socket, a part of `spec`; NULL: it is of another kind. */
const char *socket_form_path(const char *spec);

#endif
