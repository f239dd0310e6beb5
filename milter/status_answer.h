/* SPDX-License-Identifier: BSD-2-Clause */
/* The answers of the status socket: one JSON object per line. */
#ifndef MILTER_STATUS_ANSWER_H
#define MILTER_STATUS_ANSWER_H

#include <stddef.h>
#include <stdint.h>

/* What the answers say of the daemon and no other file knows. Lasts as long as the socket. */
struct status_facts {
    int64_t started;
    char *policy_file; /* absolute */
    char *socket;      /* where the MTA connects */
    char *control;     /* the path of the socket that takes reload and drain */
};

enum status_request {
    STATUS_STATUS,
    STATUS_SOCKET,
    STATUS_RELOAD,
    STATUS_METRICS,
    STATUS_DRAIN,
    STATUS_UNKNOWN
};

/* What a line asks for. */
enum status_request status_request_read(const char *line);

/*
 * Each returns a line with its line feed, malloc'd; *length is without the NUL. NULL: out of memory.
 * status_answer_of() is for requests that are answered at once. status_answer_reload() returns the last
 * reload's result, status_answer_drain() how many sessions a drain waits for. milter/metrics.h answers
 * STATUS_METRICS.
 */
char *status_answer_of(const struct status_facts *facts, enum status_request request, const char *line,
                       size_t *length);
char *status_answer_reload(size_t *length);
char *status_answer_drain(size_t *length);
char *status_answer_error(const char *text, size_t *length);

#endif
