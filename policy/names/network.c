/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Client addresses and CIDR blocks, as numbers.
 *
 * Knows how MTAs and policies write an address, and that an IPv4 address
 * mapped into IPv6 is that IPv4 address. Knows nothing of host names, of who
 * owns an address, or of sockets.
 */
#include "policy/names/network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const unsigned char mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static unsigned full_prefix(const struct network *network)
{
    return network->v6 ? 128 : 32;
}

/* Turns ::ffff:a.b.c.d, at a prefix that covers no more than the mapped addresses, into a.b.c.d. */
static void unmap(struct network *network)
{
    if (!network->v6 || network->prefix < 96
        || memcmp(network->octets, mapped_prefix, sizeof mapped_prefix) != 0)
        return;
    network->v6 = 0;
    network->prefix = (unsigned char)(network->prefix - 96);
    memmove(network->octets, network->octets + 12, 4);
    memset(network->octets + 4, 0, 12);
}

/* Reads an address alone. A mapped IPv4 address stays IPv6. */
static bool read_octets(struct network *network, const char *text)
{
    struct network found = {0};

    if (inet_pton(AF_INET, text, found.octets) != 1) {
        if (inet_pton(AF_INET6, text, found.octets) != 1)
            return false;
        found.v6 = 1;
    }
    found.prefix = (unsigned char)full_prefix(&found);
    *network = found;
    return true;
}

bool network_read_address(struct network *address, const char *text)
{
    struct network found;
    bool tagged;

    if (text == NULL)
        return false;
    tagged = strncasecmp(text, "IPv6:", 5) == 0;
    if (!read_octets(&found, tagged ? text + 5 : text) || (tagged && !found.v6))
        return false;
    unmap(&found);
    *address = found;
    return true;
}

/* One to three digits without a leading zero; -1: something else. */
static int read_prefix(const char *text)
{
    int number = 0;
    size_t length = strspn(text, "0123456789");

    if (length < 1 || length > 3 || text[length] != '\0' || (text[0] == '0' && length > 1))
        return -1;
    for (; *text != '\0'; text++)
        number = number * 10 + (*text - '0');
    return number;
}

const char *network_check(struct network *network, const char *text)
{
    const char *slash = strchr(text, '/');
    size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
    char address[INET6_ADDRSTRLEN + 1];
    struct network found, masked;
    int prefix;

    if (length >= sizeof address)
        return "is not an IP address or network";
    memcpy(address, text, length);
    address[length] = '\0';
    if (!read_octets(&found, address))
        return "is not an IP address or network";
    if (slash != NULL) {
        prefix = read_prefix(slash + 1);
        if (prefix < 0)
            return "has a prefix length that is not a number";
        if ((unsigned)prefix > full_prefix(&found))
            return "has a prefix longer than its address";
        masked = network_mask(&found, (unsigned)prefix);
        if (memcmp(masked.octets, found.octets, sizeof found.octets) != 0)
            return "has bits set after its prefix";
        found = masked;
    }
    unmap(&found);
    *network = found;
    return NULL;
}

size_t network_placeholder(const char *text)
{
    size_t length = *text == '*' ? 1 : strspn(text, "xX");

    return length <= 3 && (text[length] == '\0' || text[length] == '.') ? length : 0;
}

/* Whether a text is as "192.0.2.x": four parts, of which the last ones are placeholders. */
static bool has_placeholders(const char *text)
{
    int labels = 0, placeholders = 0;

    for (; labels < 4; labels++) {
        size_t digits = strspn(text, "0123456789"), any = network_placeholder(text);

        if ((any == 0 && (digits == 0 || digits > 3 || placeholders > 0)) || (any > 0 && labels == 0))
            return false;
        placeholders += any > 0;
        text += any > 0 ? any : digits;
        if (*text == '\0')
            break;
        if (*text++ != '.')
            return false;
    }
    return labels == 3 && placeholders > 0;
}

bool network_looks_like(const char *text)
{
    bool digit = false;

    if (strpbrk(text, ":/") != NULL || has_placeholders(text))
        return true;
    for (; *text != '\0'; text++) {
        unsigned char octet = (unsigned char)*text;

        if (octet >= 0x80 || (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z'))
            return false;
        if (octet >= '0' && octet <= '9')
            digit = true;
    }
    return digit;
}

struct network network_mask(const struct network *address, unsigned prefix)
{
    struct network masked = *address;
    unsigned i, kept;

    if (prefix > full_prefix(address))
        prefix = full_prefix(address);
    masked.prefix = (unsigned char)prefix;
    for (i = 0; i < sizeof masked.octets; i++) {
        kept = prefix > i * 8 ? prefix - i * 8 : 0;
        if (kept < 8)
            masked.octets[i] &= (unsigned char)(0xff00 >> kept);
    }
    return masked;
}

bool network_contains(const struct network *network, const struct network *address)
{
    struct network masked;

    if (network->v6 != address->v6 || address->prefix < network->prefix)
        return false;
    masked = network_mask(address, network->prefix);
    return memcmp(masked.octets, network->octets, sizeof masked.octets) == 0;
}

bool network_equal(const struct network *a, const struct network *b)
{
    return a->v6 == b->v6 && a->prefix == b->prefix && memcmp(a->octets, b->octets, sizeof a->octets) == 0;
}

bool network_is_wide(const struct network *network)
{
    static const struct network unique_local = {1, 7, {0xfc}}, link_local = {1, 10, {0xfe, 0x80}};

    static const struct network translated = {1, 96, {0, 0x64, 0xff, 0x9b}}, tunnelled = {1, 16, {0x20, 2}};

    if (network_contains(&unique_local, network) || network_contains(&link_local, network))
        return false;
    if (network_contains(&translated, network))
        return network->prefix < 96 + 8;
    if (network_contains(&tunnelled, network))
        return network->prefix < 16 + 8;
    return network->prefix < (network->v6 ? 16 : 8);
}

int network_compare(const void *a, const void *b)
{
    const struct network *first = a, *second = b;
    int order = (first->v6 > second->v6) - (first->v6 < second->v6);

    if (order == 0)
        order = memcmp(first->octets, second->octets, sizeof first->octets);
    return order != 0 ? order : (first->prefix > second->prefix) - (first->prefix < second->prefix);
}

void network_format(const struct network *network, char text[64])
{
    char address[INET6_ADDRSTRLEN] = "";

    inet_ntop(network->v6 ? AF_INET6 : AF_INET, network->octets, address, sizeof address);
    if (network->prefix == full_prefix(network))
        snprintf(text, 64, "%s", address);
    else
        snprintf(text, 64, "%s/%u", address, (unsigned)network->prefix);
}
