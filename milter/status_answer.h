/* SPDX-License-Identifier: BSD-2-Clause */
/* The answers of the status socket: one JSON object a line. */
#ifndef MILTER_STATUS_ANSWER_H
#define MILTER_STATUS_ANSWER_H

#include <stddef.h>
#include <stdint.h>

/* What the answers say of the daemon that nothing else knows. Lasts as long as the socket. */
struct status_facts {
    int64_t started;
    char *policy_file; /* absolute */
    char *socket;      /* where the MTA asks */
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
 * Each a line with its line feed, malloc'd, *length without the NUL; NULL: out of memory. status_answer_of()
 * is for what is answered at once; status_answer_reload() answers with the last reload's result,
 * status_answer_drain() with how many sessions a drain waits for. The answer to STATUS_METRICS comes from
 * milter/metrics.h.
 */
char *status_answer_of(const struct status_facts *facts, enum status_request request, const char *line,
                       size_t *length);
char *status_answer_reload(size_t *length);
char *status_answer_drain(size_t *length);
char *status_answer_error(const char *text, size_t *length);

#endif
