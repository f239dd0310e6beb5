/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What passes between the service manager and the daemon (sd_notify(3) and $JOURNAL_STREAM, without its
 * library).
 */
#ifndef MILTER_NOTIFY_H
#define MILTER_NOTIFY_H

#include <stdbool.h>

/* Sends `state` ("READY=1") to $NOTIFY_SOCKET; nothing happens where there is none. */
void notify_send(const char *state);

/* Whether stderr goes to systemd's journal, and so to where syslog(3) goes. */
bool notify_reads_stderr(void);

#endif
