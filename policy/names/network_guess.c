/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Networks in other notations than CIDR: with a netmask, with stars or an x, as a range,
 * with an address in place of the network's first. For suggestions only: network.c
 * decides what a policy may hold.
 */
#include "policy/names/network.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Reads an IPv4 address as a number; false: it is none. */
static bool read_v4(const char *text, size_t length, uint32_t *number)
{
    char address[16];
    struct in_addr octets;

    if (length >= sizeof address)
        return false;
    memcpy(address, text, length);
    address[length] = '\0';
    if (inet_pton(AF_INET, address, &octets) != 1)
        return false;
    *number = ntohl(octets.s_addr);
    return true;
}

/* The prefix length of a netmask, also of an inverted one (0.0.0.255); -1: it is no netmask. */
static int mask_length(uint32_t mask)
{
    uint32_t zeros = (mask & 0x80000000u) != 0 || mask == 0 ? ~mask : mask;
    int length = 32;

    if ((zeros & (zeros + 1)) != 0)
        return -1;
    for (; zeros != 0; zeros >>= 1)
        length--;
    return length;
}

static void write_v4(char meant[64], uint32_t number, int prefix)
{
    char text[64];
    struct network network;

    snprintf(text, sizeof text, "%u.%u.%u.%u", number >> 24, number >> 16 & 0xff, number >> 8 & 0xff,
             number & 0xff);
    if (network_read_address(&network, text)) {
        network = network_mask(&network, (unsigned)prefix);
        network_format(&network, meant);
    }
}

/* "192.0.2.1/24", "2001:db8::1/32": bits after the prefix; "192.0.2.0/255.255.255.0". */
static void guess_slash(char meant[64], const char *text, const char *slash)
{
    char address[64];
    struct network network;
    uint32_t number, mask;
    unsigned prefix = 0;

    snprintf(address, sizeof address, "%.*s", (int)(slash - text), text);
    if (read_v4(text, (size_t)(slash - text), &number) && read_v4(slash + 1, strlen(slash + 1), &mask)) {
        if (mask_length(mask) >= 0)
            write_v4(meant, number, mask_length(mask));
        return;
    }
    if (strlen(slash + 1) > 3 || strspn(slash + 1, "0123456789") != strlen(slash + 1) || slash[1] == '\0'
        || sscanf(slash + 1, "%u", &prefix) != 1 || !network_read_address(&network, address))
        return;
    if (prefix > (network.v6 ? 128u : 32u))
        return;
    network = network_mask(&network, prefix);
    network_format(&network, meant);
}

/* "192.0.2.*", "192.0.2.x", "192.0.2.", "192.0.2", "192.0.*.*": only the first one to three octets. */
static void guess_stars(char meant[64], const char *text)
{
    uint32_t number = 0;
    int octets = 0;
    bool star = false;

    while (*text != '\0' && octets < 4) {
        size_t digits = strspn(text, "0123456789"), any = network_placeholder(text);
        unsigned octet = 0;

        if (digits > 3 || (digits == 0 && any == 0) || (digits > 0 && star))
            return;
        star |= digits == 0;
        if (digits > 0 && (sscanf(text, "%3u", &octet) != 1 || octet > 255))
            return;
        if (digits > 0)
            number |= octet << (24 - 8 * octets++);
        text += digits == 0 ? any : digits;
        if (*text != '\0' && *text++ != '.')
            return;
    }
    if (*text == '\0' && octets > 0 && octets < 4 && (octets > 1 || star))
        write_v4(meant, number, 8 * octets);
}

/* "192.0.2.0-192.0.2.255", if that is one block. */
static void guess_range(char meant[64], const char *text, const char *dash)
{
    const char *end = dash + 1 + strspn(dash + 1, " ");
    size_t length = (size_t)(dash - text);
    uint32_t first, last;

    while (length > 0 && text[length - 1] == ' ')
        length--;
    if (!read_v4(text, length, &first) || !read_v4(end, strlen(end), &last))
        return;
    if (mask_length(~(first ^ last)) >= 0 && (first & (first ^ last)) == 0)
        write_v4(meant, first, mask_length(~(first ^ last)));
}

/*
 * Rewrites "192.0.2.0 255.255.255.0", "192.0.2.0 mask 255.255.255.0", "192.0.2.0 /24" or "192.0.2.0/24," for
 * guess_slash(). False: the text is none of these.
 */
static bool joined(char to[64], const char *text)
{
    size_t address = strcspn(text, " /"), length = strlen(text);
    const char *rest = text + address + strspn(text + address, " /");
    uint32_t mask;

    rest += strncmp(rest, "mask ", 5) == 0 || strncmp(rest, "netmask ", 8) == 0 ? strcspn(rest, " ") + 1 : 0;
    while (length > 0 && strchr(" ,;", text[length - 1]) != NULL)
        length--;
    if (strlen(text) >= 64 || rest >= text + length)
        return false;
    if (strchr(text, '/') == NULL
        && (!read_v4(rest, (size_t)(text + length - rest), &mask) || mask >> 31 == 0
            || mask_length(mask) < 0))
        return false;
    snprintf(to, 64, "%.*s/%.*s", (int)address, text, (int)(text + length - rest), rest);
    return true;
}

bool network_guess(char meant[64], const char *text)
{
    char plain[64];
    const char *slash, *dash;

    if (joined(plain, text))
        text = plain;
    slash = strchr(text, '/');
    dash = strchr(text, '-');
    meant[0] = '\0';
    if (slash != NULL)
        guess_slash(meant, text, slash);
    else if (dash != NULL)
        guess_range(meant, text, dash);
    else
        guess_stars(meant, text);
    return meant[0] != '\0';
}
