/* SPDX-License-Identifier: BSD-2-Clause */
/* How a socket is written: the text alone, before anything is opened. */
#ifndef POLICY_NAMES_SOCKET_FORM_H
#define POLICY_NAMES_SOCKET_FORM_H

#include <stdbool.h>
#include <stddef.h>

/* Postfix's queue directory unless its configuration says otherwise. */
#define POSTFIX_USUAL_QUEUE "/var/spool/postfix/"

/* The socket for the MTA unless the policy says otherwise. */
#define MILTER_USUAL_SOCKET "unix:" POSTFIX_USUAL_QUEUE "forcetls/forcetls.sock"

/* The status socket unless the policy says otherwise, if that directory exists. */
#define STATUS_USUAL_DIRECTORY "/run/forcetls"
#define STATUS_USUAL_SOCKET "unix:" STATUS_USUAL_DIRECTORY "/status.sock"
/* The path of the socket that takes "reload" is the status socket's with this at its end. */
#define STATUS_CONTROL_SUFFIX ".control"

/*
 * Whether `spec` is unix:/path, local:/path, /path, inet:port@host or
 * inet6:port@host. NULL if so; else what is wrong with it, a static text ("names no path"). An
 * inet socket must name the address to listen on: otherwise libmilter listens on all.
 */
const char *socket_form_check(const char *spec);

/*
 * The socket that is probably meant by one that socket_form_check() refuses: inet:8895@127.0.0.1 for
 * "127.0.0.1:8895". False: none.
 */
bool socket_form_likely(const char *spec, char *likely, size_t size);

/*
 * Splits inet:port@host or inet6:port@[host]; the host comes without brackets. False: the socket is
 * of another kind, or a part does not fit.
 */
enum { SOCKET_HOST_SIZE = 256, SOCKET_PORT_SIZE = 16 };
bool socket_form_internet(const char *spec, char host[SOCKET_HOST_SIZE], char port[SOCKET_PORT_SIZE]);

/* Whether two sockets are the same one, however they are written. A name is not looked up. */
bool socket_form_same(const char *spec, const char *other);

/* The path of a unix socket, a part of `spec`; NULL: it is of another kind. */
const char *socket_form_path(const char *spec);

#endif
