/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions to the running daemon, over its status and control sockets. */
#ifndef POLICY_TOOL_DAEMON_H
#define POLICY_TOOL_DAEMON_H

#include <stdbool.h>
#include "policy/arena.h"
#include "policy/yaml/node.h"

enum { DAEMON_SOCKET_MAX = 300, DAEMON_SECONDS = 5, DAEMON_RELOAD_SECONDS = 65, DAEMON_METRICS_SECONDS = 60 };

/*
 * Where the daemon listens, according to a policy file. If the file does not say so or cannot be read: the
 * usual places.
 */
struct daemon_sockets {
    char milter[DAEMON_SOCKET_MAX];  /* unix:/path or inet:... */
    char status[DAEMON_SOCKET_MAX];  /* a path */
    char control[DAEMON_SOCKET_MAX]; /* a path */
};
void daemon_sockets_read(struct daemon_sockets *sockets, const char *file);

/* An answer, or why there is none. */
struct daemon_answer {
    char *line;             /* as it came, without its line feed; malloc'd */
    const struct node *top; /* the same, parsed: a mapping */
    struct arena arena;
    char why[200]; /* if daemon_ask() fails: why, for people */
    int error;     /* likewise, as an errno; 0: the daemon answered with an error */
};

/*
 * Sends one request and reads the answer, within `seconds`. False: answer->why says why not. Call
 * daemon_answer_free() in both cases.
 */
bool daemon_ask(struct daemon_answer *answer, const char *path, const char *request, int seconds);
void daemon_answer_free(struct daemon_answer *answer);

/* Returns the text at a key of a mapping. NULL: there is none, or `mapping` is NULL. */
const char *daemon_text(const struct node *mapping, const char *key);

/* Whether two paths name one file. */
bool daemon_same_file(const char *a, const char *b);

#endif
