/* SPDX-License-Identifier: BSD-2-Clause */
/* The first exchange of the milter protocol: it shows that a filter answers, and does not only listen. */
#ifndef POLICY_TOOL_NEGOTIATE_H
#define POLICY_TOOL_NEGOTIATE_H

#include "policy/tool/stream.h"

/*
 * Offers option negotiation on a connected, non-blocking socket as an MTA does, reads the reply and ends
 * the session. Returns 0 if a filter answered, else an errno: ETIMEDOUT (no whole reply within the stream's
 * time), ECONNRESET (it hung up), EPROTO (it is no filter), or what the system reports. The caller closes
 * the socket.
 */
int milter_negotiate(struct stream *stream);

/* Connects to a socket as a policy writes it, does the same, and hangs up. The daemon does not log this. */
int milter_answers(const char *spec, int seconds);

#endif
