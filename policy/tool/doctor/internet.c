/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses of listeners and clients on this machine. Asks the system's resolver and its
 * interfaces, and connects to nothing.
 */
#include "policy/tool/doctor/internet.h"

#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include "policy/names/network.h"

/* Reads address and port of a socket address. False: it is of another family. */
static bool read_address(const struct sockaddr *from, struct network *address, unsigned *port)
{
    if (from->sa_family == AF_INET) {
        struct sockaddr_in v4;

        memcpy(&v4, from, sizeof v4);
        *address = (struct network){.v6 = 0, .prefix = 32};
        memcpy(address->octets, &v4.sin_addr, 4);
        *port = ntohs(v4.sin_port);
        return true;
    }
    if (from->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        bool mapped;

        memcpy(&v6, from, sizeof v6);
        mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);

        *address = (struct network){.v6 = !mapped, .prefix = mapped ? 32 : 128};
        memcpy(address->octets, v6.sin6_addr.s6_addr + (mapped ? 12 : 0), mapped ? 4 : 16);
        *port = ntohs(v6.sin6_port);
        return true;
    }
    return false;
}

static bool is_any(const struct network *address)
{
    static const struct network zero;

    return memcmp(address->octets, zero.octets, sizeof zero.octets) == 0;
}

bool internet_is_any(const char *host)
{
    struct network address;

    return network_read_address(&address, host) && is_any(&address);
}

static bool is_loopback(const struct network *address)
{
    struct network block;

    return (network_check(&block, "127.0.0.0/8") == NULL && network_contains(&block, address))
           || (network_check(&block, "::1") == NULL && network_contains(&block, address));
}

/* Whether the address is one of this machine's. */
static bool is_local(const struct network *address)
{
    struct ifaddrs *interfaces = NULL;
    struct network own;
    unsigned port;
    bool local = is_loopback(address);

    if (!local && getifaddrs(&interfaces) == 0) {
        for (const struct ifaddrs *one = interfaces; one != NULL && !local; one = one->ifa_next)
            local = one->ifa_addr != NULL && read_address(one->ifa_addr, &own, &port)
                    && network_equal(&own, address);
        freeifaddrs(interfaces);
    }
    return local;
}

/* A connection to 0.0.0.0 or :: reaches loopback. */
static struct network destination(const struct network *address)
{
    struct network loopback = *address;

    if (is_any(address))
        network_read_address(&loopback, address->v6 ? "::1" : "127.0.0.1");
    return loopback;
}

static bool leads_to(const struct addrinfo *to, const struct addrinfo *on)
{
    struct network from, listener;
    unsigned from_port, listener_port;

    if (!read_address(to->ai_addr, &from, &from_port) || !read_address(on->ai_addr, &listener, &listener_port)
        || from_port != listener_port)
        return false;
    from = destination(&from);
    if (!is_any(&listener))
        return network_equal(&from, &listener);
    return (listener.v6 || !from.v6) && is_local(&from); /* :: takes both families */
}

static struct addrinfo *look_up(const struct internet *internet)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = internet->v6 ? AF_INET6 : AF_UNSPEC};
    struct addrinfo *found = NULL;

    return getaddrinfo(internet->host, internet->port, &hints, &found) == 0 ? found : NULL;
}

bool internet_reaches(const struct internet *to, const struct internet *on)
{
    struct addrinfo *left, *right;
    bool reaches = false;

    if (strcasecmp(to->host, on->host) == 0 && strcmp(to->port, on->port) == 0)
        return true;
    left = look_up(to);
    right = look_up(on);
    for (const struct addrinfo *a = left; a != NULL && !reaches; a = a->ai_next)
        for (const struct addrinfo *b = right; b != NULL && !reaches; b = b->ai_next)
            reaches = leads_to(a, b);
    if (left != NULL)
        freeaddrinfo(left);
    if (right != NULL)
        freeaddrinfo(right);
    return reaches;
}
