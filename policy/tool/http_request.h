/* SPDX-License-Identifier: BSD-2-Clause */
/* One HTTP request as text: whether it is complete, and what it asks for. No I/O. */
#ifndef POLICY_TOOL_HTTP_REQUEST_H
#define POLICY_TOOL_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

enum {
    HTTP_OK = 200,
    HTTP_BAD_REQUEST = 400,
    HTTP_NOT_FOUND = 404,
    HTTP_METHOD_NOT_ALLOWED = 405,
    HTTP_TOO_LARGE = 431,
    HTTP_INTERNAL = 500,
    HTTP_UNAVAILABLE = 503,
    HTTP_VERSION = 505
};

enum { HTTP_PATH_MAX = 64 };

struct http_request {
    bool head;                /* a HEAD request: the answer has no body */
    bool openmetrics;         /* the client prefers OpenMetrics 1.0.0 to the classic text */
    char path[HTTP_PATH_MAX]; /* without the query; a longer one is cut */
};

/* Whether the octets hold the empty line that ends a request's head. */
bool http_request_is_whole(const char *octets, size_t length);

/*
 * Reads the head of a request. Returns HTTP_OK, or the status of the error; *request is written in both
 * cases. The body is ignored.
 */
unsigned http_request_read(struct http_request *request, const char *octets, size_t length);

#endif
