/* SPDX-License-Identifier: BSD-2-Clause */
/* The first words of the milter protocol: whether a filter answers, not only listens. */
#ifndef POLICY_TOOL_NEGOTIATE_H
#define POLICY_TOOL_NEGOTIATE_H

#include "policy/tool/stream.h"

/*
 * Offers option negotiation on a connected, non-blocking socket as an MTA does, reads the reply and ends the
 * session. 0: a filter answered. Else an errno: ETIMEDOUT (no whole reply within the stream's time),
 * ECONNRESET (it hung up), EPROTO (what answers is no filter), or what the system reports. The caller
 * closes the socket.
 */
int milter_negotiate(struct stream *stream);

/*
 * Connects to a socket as it is written in a policy, does the same, and hangs up. The daemon logs
 * nothing of it.
 */
int milter_answers(const char *spec, int seconds);

#endif
