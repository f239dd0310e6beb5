/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What arrives at the outbound socket and from the upstream map. A netstring is the same however much of it has
 * come, and what was written is read again; a next hop in its one form reads as itself; an upstream policy that is
 * passed on has no protocols, suites or control characters.
 */
#include "tests/fuzz/fuzz.h"

#include <strings.h>

#include "policy/names/next_hop.h"
#include "policy/outbound/netstring.h"
#include "policy/outbound/upstream.h"

enum { LONGEST = 600 };

static void try_netstring(const char *octets, size_t size)
{
    struct netstring whole, part;
    enum netstring_state state = netstring_read(&whole, octets, size, LONGEST);

    if (state == NETSTRING_WHOLE) {
        CHECK(whole.text > octets && whole.used <= size && whole.length <= LONGEST);
        CHECK(octets[whole.used - 1] == ',' && whole.text + whole.length == octets + whole.used - 1);
    }
    for (size_t length = 0; length < size; length++) {
        enum netstring_state before = netstring_read(&part, octets, length, LONGEST);

        CHECK(before != NETSTRING_BAD || state == NETSTRING_BAD);
        CHECK(before != NETSTRING_WHOLE || (state == NETSTRING_WHOLE && part.used == whole.used));
    }
}

static void try_written(const char *octets, size_t size)
{
    char head[NETSTRING_HEAD], *text = malloc(size + NETSTRING_HEAD + 1);
    size_t length = netstring_head(head, size);
    struct netstring found;

    if (text == NULL)
        return;
    memcpy(text, head, length);
    memcpy(text + length, octets, size);
    text[length + size] = ',';
    CHECK(netstring_read(&found, text, length + size + 1, size) == NETSTRING_WHOLE);
    CHECK(found.length == size && memcmp(found.text, octets, size) == 0 && found.used == length + size + 1);
    CHECK(netstring_read(&found, text, length + size, size) == NETSTRING_MORE);
    CHECK(size == 0 || netstring_read(&found, text, length + size + 1, size - 1) == NETSTRING_BAD);
    free(text);
}

static void try_next_hop(const char *octets, size_t size)
{
    struct next_hop hop, again;
    enum next_hop_form form = next_hop_read(&hop, octets, size);

    if (form != NEXT_HOP_DOMAIN && form != NEXT_HOP_HOST)
        return;
    CHECK(strlen(hop.text) < sizeof hop.text && strlen(hop.domain.text) == hop.domain.length);
    CHECK((form == NEXT_HOP_HOST) == (hop.text[0] == '[') || hop.domain.length == 255); /* its end was kept */
    if (memchr(octets, '\0', size) == NULL && strchr(hop.domain.text, ']') == NULL
        && strchr(hop.domain.text, ':') == NULL && next_hop_read(&again, hop.text, strlen(hop.text)) == form)
        CHECK(strcmp(hop.text, again.text) == 0 || hop.domain.length == 255);
}

/* Divides a TLS policy as Postfix's mystrtokq() does: how many words have that name. */
static unsigned count_named(const char *text, const char *name)
{
    unsigned depth = 0, count = 0;
    bool begins = true;

    for (; *text != '\0'; text++) {
        if (begins && strncasecmp(text + strspn(text, "{ "), name, strlen(name)) == 0)
            count++;
        depth += *text == '{';
        depth -= *text == '}' && depth > 0;
        begins = depth == 0 && (*text == ' ' || *text == ',');
    }
    return count;
}

static void try_upstream(const char *octets, size_t size)
{
    char *copy = malloc(size + 1);
    struct growing_text text = {NULL, 0, 0, false};
    struct upstream upstream;

    if (copy == NULL)
        return;
    memcpy(copy, octets, size);
    upstream = upstream_read(copy, size, size % 2 == 0);
    CHECK((upstream.state == UPSTREAM_OK) == (upstream.text != NULL));
    if (upstream.state == UPSTREAM_OK && upstream_worth(&upstream) != UPSTREAM_UNREADABLE) {
        upstream_add(&text, &upstream);
        text_add_string(&text, " protocols=>=TLSv1.2");
        CHECK(text.failed || text.text != NULL);
        for (size_t i = 0; i < text.length; i++)
            CHECK(text.text[i] >= ' ' && text.text[i] <= '~');
        CHECK(text.failed || count_named(text.text, "protocols=") == 1);
        CHECK(text.failed || count_named(text.text, "exclude=") + count_named(text.text, "ciphers=") == 0);
    }
    free(text.text);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *octets = (const char *)data;

    try_netstring(octets, size);
    try_written(octets, size);
    try_next_hop(octets, size);
    try_upstream(octets, size);
    return 0;
}
