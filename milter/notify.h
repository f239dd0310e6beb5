/* SPDX-License-Identifier: BSD-2-Clause */
/* What the service manager is told (sd_notify(3), without its library). */
#ifndef MILTER_NOTIFY_H
#define MILTER_NOTIFY_H

/* Sends `state` ("READY=1") to $NOTIFY_SOCKET; nothing happens where there is none. */
void notify_send(const char *state);

#endif
