/* SPDX-License-Identifier: BSD-2-Clause */
/* How Postfix writes where it connects to, with options, and whether that is one of our sockets. */
#ifndef POLICY_TOOL_DOCTOR_ENDPOINT_H
#define POLICY_TOOL_DOCTOR_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

/* An element of a list: "unix:a/b.sock", or "{ unix:a/b.sock, default_action=tempfail }". */
struct element {
    char text[512];    /* the first word */
    char options[512]; /* what follows it in braces, or "" */
    const char *at;    /* where it begins in the list */
    size_t length;     /* of all of it in the list, with braces */
};

/* Takes the next element of a list from *rest. False: there are no more. */
bool element_next(struct element *element, const char **rest);

/* Whether a list has an element with that first word, in any case. */
bool element_in(const char *list, const char *word);

/* Gets an option of an element ("default_action"). False: it has none of that name. */
bool element_option(const struct element *element, const char *name, char *value, size_t size);

enum same {
    SAME_NOT,
    SAME,
    SAME_UNCHROOTED, /* it would be ours if the service were not chrooted */
    SAME_MISWRITTEN  /* it is meant to be ours, but Postfix does not find it or refuses to read it */
};

/*
 * Whether Postfix's endpoint is our socket ("unix:/path", "inet:port@host"). The service runs in the queue
 * directory, and if it is chrooted, that is its root directory.
 */
enum same endpoint_compare(const char *endpoint, const char *ours, const char *queue_directory,
                           bool chrooted);

/* Writes our socket as Postfix does. *good false: a chrooted service cannot find it. */
void endpoint_write(const char *ours, const char *queue_directory, char *text, size_t size, bool *good);

#endif
