/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Next hops as Postfix writes them in its look-ups, brought to one form. Knows
 * brackets, ports and names, but not which partner a next hop belongs to.
 */
#include "policy/names/next_hop.h"

#include <stdlib.h>
#include <string.h>
#include "policy/names/network.h"

/* The ports of mail, with the names by which getservbyname(3) finds them. */
static const struct {
    const char *port;
    const char *names[NEXT_HOP_PORT_NAMES];
} services[] = {
    {"25", {"smtp"}},
    {"587", {"submission"}},
    {"465", {"submissions", "smtps"}},
};

const char *next_hop_port_name(const char *port, size_t number)
{
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (strcmp(services[i].port, port) == 0)
            return number < NEXT_HOP_PORT_NAMES ? services[i].names[number] : NULL;
    return NULL;
}

/* Replaces the name of a port of mail by its number. */
static void resolve_port(char port[NEXT_HOP_PORT_MAX + 1])
{
    const char *name;

    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        for (size_t k = 0; (name = next_hop_port_name(services[i].port, k)) != NULL; k++)
            if (strcmp(name, port) == 0) {
                strcpy(port, services[i].port);
                return;
            }
}

/* Reads a port in lower case, one of mail as a number; "" for none and for 25. False: it is no port. */
static bool read_port(char port[NEXT_HOP_PORT_MAX + 1], const char *text, size_t length)
{
    if (length > NEXT_HOP_PORT_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        char octet = text[i];

        octet = octet >= 'A' && octet <= 'Z' ? (char)(octet - 'A' + 'a') : octet;
        if (!((octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9') || octet == '-'
              || octet == '_'))
            return false;
        port[i] = octet;
    }
    port[length] = '\0';
    if (length > 0 && port[strspn(port, "0123456789")] == '\0') {
        size_t zeros = strspn(port, "0");

        zeros -= zeros == length;
        memmove(port, port + zeros, length - zeros + 1);
    }
    resolve_port(port);
    if (strcmp(port, "25") == 0)
        port[0] = '\0';
    return true;
}

/* Reads a host: an address as network_format() writes it, or a name in compared form. */
static enum domain_form read_host(struct domain *host, const char *text, size_t length)
{
    char copy[80];
    struct network address;

    if (length < sizeof copy) {
        memcpy(copy, text, length);
        copy[length] = '\0';
        if (strlen(copy) == length && network_read_address(&address, copy)) {
            network_format(&address, copy);
            host->length = (unsigned char)strlen(copy);
            memcpy(host->text, copy, host->length + 1u);
            return DOMAIN_VALID;
        }
    }
    return domain_normalise(host, text, length);
}

/* Appends a piece to the text, which has room for the longest host and port. Returns the new length. */
static size_t add(struct next_hop *hop, size_t at, const char *piece, size_t length)
{
    memcpy(hop->text + at, piece, length + 1);
    return at + length;
}

static size_t add_port(struct next_hop *hop, size_t at, const char *port)
{
    hop->port = port[0] != '\0';
    if (!hop->port)
        return at;
    return add(hop, add(hop, at, ":", 1), port, strlen(port));
}

static enum next_hop_form read_bracketed(struct next_hop *hop, const char *text, size_t length)
{
    const char *end = memchr(text, ']', length);
    size_t inner = end == NULL ? 0 : (size_t)(end - text - 1), rest = length - inner - 2;
    char port[NEXT_HOP_PORT_MAX + 1] = "";
    enum domain_form form;
    size_t at;

    if (end == NULL || (rest > 0 && (end[1] != ':' || !read_port(port, end + 2, rest - 1))))
        return NEXT_HOP_NONE;
    form = read_host(&hop->domain, text + 1, inner);
    if (form == DOMAIN_UNREAD || form == DOMAIN_NONE)
        return form == DOMAIN_UNREAD ? NEXT_HOP_UNREAD : NEXT_HOP_NONE;
    at = add(hop, add(hop, 0, "[", 1), hop->domain.text, hop->domain.length);
    add_port(hop, add(hop, at, "]", 1), port);
    return NEXT_HOP_HOST;
}

/* The place of the colon of the port; `length`: there is none. */
static size_t colon_at(const char *text, size_t length)
{
    size_t at = length;

    while (at > 0 && text[at - 1] != ':')
        at--;
    return at == 0 ? length : at - 1;
}

enum next_hop_form next_hop_read(struct next_hop *hop, const char *text, size_t length)
{
    size_t name = colon_at(text, length);
    char port[NEXT_HOP_PORT_MAX + 1] = "";
    enum domain_form form;

    if (length == 0 || text[0] == '.' || memchr(text, '\0', length) != NULL)
        return NEXT_HOP_NONE;
    if (text[0] == '[')
        return read_bracketed(hop, text, length);
    if (name != length && !read_port(port, text + name + 1, length - name - 1))
        return NEXT_HOP_NONE;
    form = domain_normalise(&hop->domain, text, name);
    if (form == DOMAIN_UNREAD || form == DOMAIN_NONE)
        return form == DOMAIN_UNREAD ? NEXT_HOP_UNREAD : NEXT_HOP_NONE;
    if (hop->domain.text[0] == '[') /* a "[" of full width or after an invisible character */
        return NEXT_HOP_NONE;
    add_port(hop, add(hop, 0, hop->domain.text, hop->domain.length), port);
    return NEXT_HOP_DOMAIN;
}

/* What is wrong with the host of a next hop that was read, in brackets or not; NULL: nothing. */
static const char *check_host(const char *text)
{
    char host[NEXT_HOP_MAX];
    struct domain domain;
    struct network address;
    size_t length = text[0] == '[' ? strcspn(text + 1, "]") : colon_at(text, strlen(text));

    if (length >= sizeof host)
        return "is too long";
    memcpy(host, text + (text[0] == '['), length);
    host[length] = '\0';
    if (text[0] == '[' && network_read_address(&address, host))
        return NULL;
    return domain_check(&domain, host);
}

/* What is wrong with the port; NULL: nothing. A name may be one of /etc/services. */
static const char *check_port(const struct next_hop *hop)
{
    const char *port = hop->port ? strrchr(hop->text, ':') + 1 : "1";
    unsigned long number = strtoul(port, NULL, 10);

    if (port[strspn(port, "0123456789")] != '\0' || (number > 0 && number <= 65535))
        return NULL;
    return "names no port; write one from 1 to 65535";
}

const char *next_hop_check(struct next_hop *hop, enum next_hop_form *form, const char *text)
{
    const char *wrong;

    if (text[0] == '.')
        return "begins with a dot; write it in domains";
    if (strchr(text, '@') != NULL)
        return "is an address; write the next hop alone, such as \"[mail.example.com]:25\"";
    if (strncmp(text, "smtp:", 5) == 0 || strncmp(text, "relay:", 6) == 0 || strncmp(text, "lmtp:", 5) == 0)
        return "begins with a transport; write what stands behind its colon";
    if (text[0] != '[' && strchr(text, ':') != NULL && strchr(text, ':') != strrchr(text, ':'))
        return "has several colons; write an IPv6 address in brackets";
    *form = next_hop_read(hop, text, strlen(text));
    if (*form == NEXT_HOP_UNREAD)
        return NULL;
    if (*form == NEXT_HOP_NONE)
        return "is none; write it as Postfix's transport table does, such as \"[mail.example.com]:25\"";
    wrong = check_host(text);
    return wrong != NULL ? wrong : check_port(hop);
}
