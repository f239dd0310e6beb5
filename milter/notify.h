/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What passes between the service manager and the daemon (sd_notify(3) and $JOURNAL_STREAM, without its
 * library).
 */
#ifndef MILTER_NOTIFY_H
#define MILTER_NOTIFY_H

#include <stdbool.h>

/* Sends `state` ("READY=1") to $NOTIFY_SOCKET; does nothing if that is not set. */
void notify_send(const char *state);

/* Whether systemd's journal reads stderr: then stderr and syslog(3) go to the same place. */
bool notify_reads_stderr(void);

#endif
