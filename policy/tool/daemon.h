/* SPDX-License-Identifier: BSD-2-Clause */
/* The daemon that runs, asked on its status socket. */
#ifndef POLICY_TOOL_DAEMON_H
#define POLICY_TOOL_DAEMON_H

#include <stdbool.h>
#include "policy/arena.h"
#include "policy/yaml/node.h"

enum { DAEMON_SOCKET_MAX = 300, DAEMON_SECONDS = 5, DAEMON_RELOAD_SECONDS = 65, DAEMON_METRICS_SECONDS = 60 };

/*
 * Where a policy file says that the daemon listens; the usual places where it says nothing or cannot be
 * read.
 */
struct daemon_sockets {
    char milter[DAEMON_SOCKET_MAX];  /* unix:/path or inet:... */
    char status[DAEMON_SOCKET_MAX];  /* a path */
    char control[DAEMON_SOCKET_MAX]; /* a path */
};
void daemon_sockets_read(struct daemon_sockets *sockets, const char *file);

/* An answer; zeroed when there is none. */
struct daemon_answer {
    char *line;            /* as it came, without its line feed; malloc'd */
    const struct node *top; /* the same, read: a mapping */
    struct arena arena;
    char why[200]; /* there is no answer: why, for people */
    int error;     /* the same as an errno; 0: the daemon answered with an error */
};

/* Asks one question. False: answer->why says why not. To be freed in both cases. */
bool daemon_ask(struct daemon_answer *answer, const char *path, const char *request, int seconds);
void daemon_answer_free(struct daemon_answer *answer);

/* The text at a key of a mapping, NULL: there is none. `mapping` NULL is fine. */
const char *daemon_text(const struct node *mapping, const char *key);

/* Whether two paths name one file. */
bool daemon_same_file(const char *a, const char *b);

#endif
