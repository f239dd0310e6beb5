/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a socket is written, in the words of libmilter and the policy's `milter`
 * section. Knows only the text: whether the place is safe and free shows when
 * the socket is opened.
 */
#include "policy/names/socket_form.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "policy/names/network.h"
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

bool socket_form_internet(const char *spec, char host[SOCKET_HOST_SIZE], char port[SOCKET_PORT_SIZE])
{
    const char *rest = strncmp(spec, "inet:", 5) == 0    ? spec + 5
                       : strncmp(spec, "inet6:", 6) == 0 ? spec + 6
                                                         : NULL;
    const char *at = rest == NULL ? NULL : strchr(rest, '@'), *name;
    int name_length, port_length;

    if (at == NULL)
        return false;
    name = at + (at[1] == '[' ? 2 : 1);
    name_length = snprintf(host, SOCKET_HOST_SIZE, "%.*s", (int)strcspn(name, "]"), name);
    port_length = snprintf(port, SOCKET_PORT_SIZE, "%.*s", (int)(at - rest), rest);
    return name_length < SOCKET_HOST_SIZE && port_length < SOCKET_PORT_SIZE;
}

static bool is_same_internet(const char *spec, const char *other)
{
    char host[SOCKET_HOST_SIZE], other_host[SOCKET_HOST_SIZE], port[SOCKET_PORT_SIZE],
        other_port[SOCKET_PORT_SIZE];

    return socket_form_internet(spec, host, port) && socket_form_internet(other, other_host, other_port)
           && strcasecmp(host, other_host) == 0 && strcmp(port, other_port) == 0;
}

bool socket_form_same(const char *spec, const char *other)
{
    const char *path = socket_form_path(spec), *other_path = socket_form_path(other);

    if (path != NULL && other_path != NULL)
        return strcmp(path, other_path) == 0;
    return path == NULL && other_path == NULL && is_same_internet(spec, other);
}

static const char *check_path(const char *path)
{
    const char *name = strrchr(path, '/');

    if (*path == '\0')
        return "names no path";
    if (*path != '/')
        return "has a path that is not absolute";
    if (strpbrk(path + strlen(path) - 1, " \t") != NULL)
        return "ends in a blank";
    if (name[1] == '\0' || strcmp(name, "/.") == 0 || strcmp(name, "/..") == 0)
        return "has the path of a directory";
    return strlen(path) > PATH_OCTETS_MAX ? "has a path of more than 107 octets" : NULL;
}

/* Whether a text can be a name or an address, in brackets or not. */
static bool is_host(const char *text)
{
    size_t length = strlen(text);

    if (text[0] == '[') {
        if (text[length - 1] != ']')
            return false;
        text++;
        length -= 2;
    }
    return length > 0 && strcspn(text, " \t@/[]") >= length;
}

/* What is wrong with a name or an address of one family; NULL: nothing. */
static const char *check_host(const char *text, bool v6)
{
    static const char no_host[] = "has a host that is neither a name nor an address";
    char address[64];
    struct network network;
    size_t bracket = *text == '[';

    if (!is_host(text))
        return no_host;
    snprintf(address, sizeof address, "%.*s", (int)strcspn(text + bracket, "]%"), text + bracket);
    if (!network_looks_like(address))
        return NULL;
    if (!network_read_address(&network, address))
        return no_host;
    return (strchr(address, ':') != NULL) == v6 ? NULL
           : v6                                 ? "has a host that is neither a name nor an address of IPv6"
                                                : "has a host that is neither a name nor an address of IPv4";
}

static const char *check_internet(const char *rest, bool v6)
{
    const char *at = strchr(rest, '@');
    char port[8] = "";
    size_t length = at == NULL ? strlen(rest) : (size_t)(at - rest);
    unsigned number;

    if (length >= sizeof port)
        length = 0;
    memcpy(port, rest, length);
    if (!scalar_number(port, 65535, &number) || number == 0)
        return "has a port that is not a number from 1 to 65535";
    if (at == NULL || at[1] == '\0')
        return "lacks the address to listen on: write inet:8895@127.0.0.1";
    return check_host(at + 1, v6);
}

const char *socket_form_check(const char *spec)
{
    const char *path = socket_form_path(spec);

    if (path != NULL)
        return check_path(path);
    if (strncmp(spec, "inet:", 5) == 0)
        return check_internet(spec + 5, false);
    if (strncmp(spec, "inet6:", 6) == 0)
        return check_internet(spec + 6, true);
    return "is not of the form unix:/path, inet:port@host or inet6:port@host";
}
