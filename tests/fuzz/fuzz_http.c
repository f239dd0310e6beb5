/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests for the metrics. A request that is whole stays whole and means the same, whatever comes behind it;
 * before its end it is not whole. OpenMetrics is never chosen for a client that does not name it.
 */
#include "tests/fuzz/fuzz.h"

#include <strings.h>
#include "policy/tool/http_request.h"

/* A copy with no room behind it, so that whoever reads on is caught. */
static char *copy_of(const uint8_t *data, size_t size)
{
    char *octets = malloc(size > 0 ? size : 1);

    CHECK(octets != NULL);
    memcpy(octets, data, size);
    return octets;
}

static void check_request(const struct http_request *request, const char *octets, size_t length)
{
    bool named = false;

    CHECK(memchr(request->path, '\0', sizeof request->path) != NULL);
    CHECK(strpbrk(request->path, " ?\n") == NULL);
    for (size_t i = 0; i + strlen("openmetrics-text") <= length && !named; i++)
        named = strncasecmp(octets + i, "openmetrics-text", strlen("openmetrics-text")) == 0;
    CHECK(named || !request->openmetrics);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_request all, part;
    unsigned status;
    char *octets = copy_of(data, size);

    status = http_request_read(&all, octets, size);
    check_request(&all, octets, size);
    for (size_t length = 0; length < size; length++) {
        if (length > 0 && octets[length - 1] != '\n' && length % 64 != 0)
            continue;
        char *begin = copy_of(data, length);

        if (http_request_is_whole(begin, length)) {
            CHECK(http_request_is_whole(octets, size));
            CHECK(http_request_read(&part, begin, length) == status);
            CHECK(memcmp(&part, &all, sizeof part) == 0);
        }
        free(begin);
    }
    free(octets);
    return 0;
}
