/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which socket is meant by one that is written as other programs write it:
 * Postfix's smtpd_milters, Sendmail's INPUT_MAIL_FILTER, host and port in any
 * order. For suggestions only: socket_form.c decides what a policy may hold.
 */
#include "policy/names/socket_form.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "policy/names/scalar.h"

enum { SPEC_MAX = 160 };

/* Whether the `length` octets at `text` are a port. */
static bool is_port(const char *text, size_t length)
{
    char port[8] = "";
    unsigned number;

    if (length >= sizeof port)
        return false;
    memcpy(port, text, length);
    return scalar_number(port, 65535, &number) && number > 0;
}

/* Copies only the socket of "{ unix:forcetls.sock, default_action=tempfail }", "S=unix:/run/f.sock, F=T". */
static void bare(const char *spec, char text[SPEC_MAX])
{
    size_t length;

    spec += strspn(spec, "{ \t");
    spec += strncasecmp(spec, "S=", 2) == 0 ? 2 : 0;
    length = strcspn(spec, ",}");
    while (length > 0 && strchr(" \t;", spec[length - 1]) != NULL)
        length--;
    snprintf(text, SPEC_MAX, "%.*s", (int)length, spec);
}

/* "UNIX:/run/f.sock", "unix:///run/f.sock", "file:/run/f.sock"; a relative path begins in Postfix's queue. */
static bool likely_path(const char *text, char *likely, size_t size)
{
    static const char *const kinds[] = {"unix:", "local:", "file:"};
    const char *path = NULL;
    int written;

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strncasecmp(text, kinds[i], strlen(kinds[i])) == 0)
            path = text + strlen(kinds[i]);
    if (path == NULL && *text == '/')
        path = text;
    if (path == NULL || *path == '\0' || *path == '~')
        return false;
    path += strspn(path, "/") > 1 ? strspn(path, "/") - 1 : 0;
    path += strspn(path, " \t");
    if (*path == '/')
        written = snprintf(likely, size, "unix:%s", path);
    else if (strchr(path, '/') != NULL)
        written = snprintf(likely, size, "unix:" POSTFIX_USUAL_QUEUE "%s", path);
    else
        written = snprintf(likely, size, "unix:" POSTFIX_USUAL_QUEUE "forcetls/%s", path);
    return written > 0 && (size_t)written < size;
}

/* "127.0.0.1:8895", "inet:127.0.0.1:8895", "tcp:8895@127.0.0.1", "inet:8895@::1", "8895" */
static bool likely_internet(const char *text, char *likely, size_t size)
{
    static const char *const kinds[] = {"inet6:", "inet:", "tcp://", "tcp6:", "tcp:", "host:", NULL};
    const char *host = text, *at, *port;
    char name[SPEC_MAX];
    size_t length;
    int written;

    if (strncasecmp(text, "fd:", 3) == 0)
        return false; /* a service manager passes it, and names it itself */
    for (size_t i = 0; kinds[i] != NULL && host == text; i++)
        if (strncasecmp(text, kinds[i], strlen(kinds[i])) == 0)
            host = text + strlen(kinds[i]);
    if (is_port(host, strlen(host))) { /* the port alone */
        written = snprintf(likely, size, "inet:%s@127.0.0.1", host);
        return written > 0 && (size_t)written < size;
    }
    at = strchr(host, '@');
    if (at != NULL && is_port(host, strcspn(host, " @"))) { /* the port comes first */
        port = host;
        snprintf(name, sizeof name, "%s", at + 1);
        length = strcspn(host, " @");
    } else { /* or last */
        at = strrchr(host, ':') != NULL ? strrchr(host, ':') : at;
        if (at == NULL || !is_port(at + 1, strlen(at + 1)))
            return false;
        port = at + 1;
        length = strlen(port);
        snprintf(name, sizeof name, "%.*s", (int)(at - host), host);
    }
    written = snprintf(likely, size, "%s:%.*s@%s%s%s", strchr(name, ':') != NULL ? "inet6" : "inet",
                       (int)length, port, strchr(name, ':') != NULL && *name != '[' ? "[" : "", name,
                       strchr(name, ':') != NULL && *name != '[' ? "]" : "");
    return written > 0 && (size_t)written < size;
}

bool socket_form_likely(const char *spec, char *likely, size_t size)
{
    char text[SPEC_MAX];

    bare(spec, text);
    if (!likely_path(text, likely, size) && !likely_internet(text, likely, size))
        return false;
    return socket_form_check(likely) == NULL && strcmp(likely, spec) != 0;
}
