/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests of Postfix's policy delegation protocol. In whatever parts the octets
 * arrive, they end at the same places and say the same; what is usable names a session.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include "policy/delegation.h"

enum { REQUESTS = 64 };

/* What was read: how each request ended, and what it said. */
struct reading {
    size_t count, usable;
    size_t end[REQUESTS];
    struct delegation said[REQUESTS];
};

static void read_all(struct reading *reading, const uint8_t *data, size_t size, size_t part)
{
    struct delegation_reader reader;
    size_t at = 0;

    memset(reading, 0, sizeof *reading);
    delegation_begin(&reader);
    while (at < size && reading->count < REQUESTS) {
        size_t given = size - at < part ? size - at : part, left = given;
        const char *octets = (const char *)data + at;
        enum delegation_state state = delegation_read(&reader, &octets, &left);

        CHECK(octets == (const char *)data + at + (given - left));
        CHECK(state != DELEGATION_MORE || left == 0);
        at += given - left;
        if (state == DELEGATION_MORE)
            continue;
        CHECK(state == DELEGATION_COMPLETE);
        reading->end[reading->count] = at;
        reading->usable += delegation_finish(&reader, &reading->said[reading->count++]);
        delegation_begin(&reader);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct reading whole, parts;
    size_t part = size == 0 ? 1 : data[0] % 61 + 1;

    read_all(&whole, data, size, size);
    read_all(&parts, data, size, part);
    CHECK(memcmp(&whole, &parts, sizeof whole) == 0);
    for (size_t i = 0; i < whole.count; i++) {
        struct facts facts;

        facts_begin(&facts);
        facts.macro[MACRO_TLS_VERSION] = "TLSv1.3";
        facts.macro[MACRO_CIPHER] = "TLS_AES_256_GCM_SHA384";
        if (delegation_apply(&whole.said[i], &facts) != DELEGATION_AGREES)
            CHECK(facts.certificate_pin.state == PIN_MISSING && facts.key_pin.state == PIN_MISSING);
        else
            CHECK(*whole.said[i].key.queue_id != '\0' && strcmp(whole.said[i].protocol, "TLSv1.3") == 0);
    }
    return 0;
}
