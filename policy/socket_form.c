/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a socket is written, in the words of libmilter and the policy's `milter`
 * section. Knows the text alone: whether the place is safe and free is found out
 * when it is opened.
 */
#include "policy/socket_form.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "policy/names/scalar.h"

enum { PATH_OCTETS_MAX = 107 }; /* sun_path of Linux, with its NUL 108 */

const char *socket_form_path(const char *spec)
{
    if (strncmp(spec, "unix:", 5) == 0)
        return spec + 5;
    if (strncmp(spec, "local:", 6) == 0)
        return spec + 6;
    return *spec == '/' ? spec : NULL;
}

static const char *check_path(const char *path)
{
    const char *name = strrchr(path, '/');

    if (*path == '\0')
        return "names no path";
    if (*path != '/')
        return "has a path that is not absolute";
    if (name[1] == '\0' || strcmp(name, "/.") == 0 || strcmp(name, "/..") == 0)
        return "has the path of a directory";
    return strlen(path) > PATH_OCTETS_MAX ? "has a path of more than 107 octets" : NULL;
}

static const char *check_internet(const char *rest)
{
    const char *at = strchr(rest, '@');
    char port[8] = "";
    size_t length = at == NULL ? strlen(rest) : (size_t)(at - rest);
    unsigned number;

    if (length >= sizeof port)
        length = 0;
    memcpy(port, rest, length);
    if (!scalar_number(port, 65535, &number) || number == 0)
        return "has a port that is no number from 1 to 65535";
    return at == NULL || at[1] == '\0' ? "lacks the address to listen on: write inet:8895@127.0.0.1" : NULL;
}

const char *socket_form_check(const char *spec)
{
    const char *path = socket_form_path(spec);

    if (path != NULL)
        return check_path(path);
    if (strncmp(spec, "inet:", 5) == 0)
        return check_internet(spec + 5);
    if (strncmp(spec, "inet6:", 6) == 0)
        return check_internet(spec + 6);
    return "is none of unix:/path, inet:port@host, inet6:port@host";
}

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

bool socket_form_likely(const char *spec, char *likely, size_t size)
{
    static const char *const kinds[] = {"inet6:", "inet:", "tcp://", "tcp6:", "tcp:", NULL};
    const char *host = spec, *port, *end;
    int written;

    for (size_t i = 0; kinds[i] != NULL && host == spec; i++)
        if (strncasecmp(spec, kinds[i], strlen(kinds[i])) == 0)
            host = spec + strlen(kinds[i]);
    if (is_port(host, strlen(host))) { /* the port alone */
        written = snprintf(likely, size, "inet:%s@127.0.0.1", host);
    } else {
        end = strrchr(host, ':') != NULL ? strrchr(host, ':') : strrchr(host, '@');
        if (end == NULL || end == host)
            return false;
        port = end + 1;
        if (!is_port(port, strlen(port)) || memchr(host, '/', (size_t)(end - host)) != NULL)
            return false;
        written =
            snprintf(likely, size, "%s:%s@%.*s", memchr(host, ':', (size_t)(end - host)) ? "inet6" : "inet",
                     port, (int)(end - host), host);
    }
    return written > 0 && (size_t)written < size && socket_form_check(likely) == NULL
           && strcmp(likely, spec) != 0;
}
