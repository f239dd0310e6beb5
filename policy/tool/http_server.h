/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small HTTP server for a few clients that need no trust. It holds at most 32 connections without a
 * complete request, 8 KiB and 5 seconds each. It answers at most 8 requests at a time, each in a process of
 * its own. GET and HEAD only, one request per connection.
 */
#ifndef POLICY_TOOL_HTTP_SERVER_H
#define POLICY_TOOL_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "policy/tool/http_request.h"

struct http_answer {
    unsigned status;  /* 200 or an error of http_request.h */
    const char *type; /* the media type of the body; a static text */
};

/*
 * Writes the body of an answer. Runs in a process of its own. `failing`: the last answer had the status
 * 503, so if this one has it, too, there is nothing new to log.
 */
typedef struct http_answer http_answer_fn(void *arg, const struct http_request *request, bool failing,
                                          FILE *body);

/* Serves until the process ends. Returns an errno when it cannot go on. */
int http_serve(int listener, http_answer_fn *answer, void *arg);

#endif
