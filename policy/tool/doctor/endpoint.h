/* SPDX-License-Identifier: BSD-2-Clause */
/* How Postfix writes where it connects to, with its options, and whether that is a socket of ours. */
#ifndef POLICY_TOOL_DOCTOR_ENDPOINT_H
#define POLICY_TOOL_DOCTOR_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

/* An element of a list: "unix:a/b.sock", or "{ unix:a/b.sock, default_action=tempfail }". */
struct element {
    char text[512];    /* the first word */
    char options[512]; /* what stands behind it in braces, or "" */
    const char *at;    /* where it begins in the list */
    size_t length;     /* of the whole in the list, with braces */
};

/* Takes the next element of a list off *rest; false at the end. */
bool element_next(struct element *element, const char **rest);

/* Whether a list has an element with that first word, in upper or lower case. */
bool element_in(const char *list, const char *word);

/* An option of an element ("default_action"); false: it has none of that name. */
bool element_option(const struct element *element, const char *name, char *value, size_t size);

enum same {
    SAME_NOT,
    SAME,
    SAME_UNCHROOTED, /* it would be ours, were the service not chrooted */
    SAME_MISWRITTEN  /* it is meant to be ours, and Postfix does not find it or refuses to read it */
};

/*
 * Whether Postfix's endpoint is our socket ("unix:/path", "inet:port@host"), for a service
 * in the queue directory, which is its root directory if it is chrooted.
 */
enum same endpoint_compare(const char *endpoint, const char *ours, const char *queue_directory,
                           bool chrooted);

/* How Postfix writes our socket; *good false: a chrooted service cannot find it. */
void endpoint_write(const char *ours, const char *queue_directory, char *text, size_t size, bool *good);

#endif
