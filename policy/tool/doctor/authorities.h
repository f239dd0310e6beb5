/* SPDX-License-Identifier: BSD-2-Clause */
/* The CAs that an MTA trusts: how many, whether they are public ones, and their names. */
#ifndef POLICY_TOOL_DOCTOR_AUTHORITIES_H
#define POLICY_TOOL_DOCTOR_AUTHORITIES_H

#include <stdbool.h>

/*
 * How many certificates there are (0: also if they cannot be read), and how many of
 * them are in the system's store.
 */
struct authorities_count {
    unsigned count, in_system;
};

/* CAs of several files and directories. */
struct authorities;

struct authorities *authorities_new(void);              /* NULL when out of memory */
void authorities_free(struct authorities *authorities); /* NULL is fine */

/* Add the CAs of a PEM file, of a directory that holds them by hash, or of OpenSSL's default store. */
struct authorities_count authorities_add_file(struct authorities *authorities, const char *path);
struct authorities_count authorities_add_directory(struct authorities *authorities, const char *path);
void authorities_add_default(struct authorities *authorities);

bool authorities_any(const struct authorities *authorities); /* whether there are any */

enum authority {
    AUTHORITY_THERE,     /* a CA of that name */
    AUTHORITY_LIKELY,    /* a CA that may have issued its certificate: their names share a word */
    AUTHORITY_UNCERTAIN, /* the name says too little ("Issuing CA 1") */
    AUTHORITY_MISSING    /* no CA of that name, nor any that may have issued its certificate */
};

/* Looks for a CA by its common name or organisation. */
enum authority authorities_find(const struct authorities *authorities, const char *name);

#endif
