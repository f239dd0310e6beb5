/* SPDX-License-Identifier: BSD-2-Clause */
/* How Postfix writes where it connects to, with its options, and whether that is a socket of ours. */
#ifndef POLICY_TOOL_ENDPOINT_H
#define POLICY_TOOL_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

/* An element of a list: "unix:a/b.sock", or "{ unix:a/b.sock, default_action=tempfail }". */
struct element {
    char text[512];    /* the first word */
    char options[512]; /* what stands behind it in braces, or "" */
};

/* Takes the next element of a list off *rest; false at the end. */
bool element_next(struct element *element, const char **rest);

/* An option of an element ("default_action"); false: it has none of that name. */
bool element_option(const struct element *element, const char *name, char *value, size_t size);

enum same {
    SAME_NOT,
    SAME,
    SAME_UNCHROOTED /* it would be ours, were the service not chrooted */
};

/*
 * Whether Postfix's endpoint is our socket ("unix:/path", "inet:port@host"), for a service
 * in the queue directory, which is its root directory if it is chrooted.
 */
enum same endpoint_compare(const char *endpoint, const char *ours, const char *queue_directory,
                           bool chrooted);

/* How Postfix has to write our socket; *good false: a chrooted service cannot find it. */
void endpoint_write(const char *ours, const char *queue_directory, char *text, size_t size, bool *good);

/* Takes "inet:port@host" or "inet6:port@host" apart; false: it is no such thing. */
bool endpoint_internet(const char *ours, char host[256], char port[16]);

#endif
