/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a socket is written, in the words of libmilter and the policy's `milter`
 * section. Knows the text alone: whether the place is safe and free is found out
 * when it is opened.
 */
#include "policy/socket_form.h"

#include <stddef.h>
#include <string.h>
#include "policy/scalar.h"

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
