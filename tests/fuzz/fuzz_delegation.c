/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests of Postfix's policy delegation protocol. In whatever parts the octets arrive, they end at the
 * same places and say the same; and that is what a plain search through the lines of the whole request
 * finds.
 */
#include "tests/fuzz/fuzz.h"

#include "policy/facts/postfix_report.h"
#include "policy/names/scalar.h"

enum { REQUESTS = 16 };

/* What was read: how each request ended, and what it said. */
struct reading {
    size_t count;
    size_t end[REQUESTS];
    bool usable[REQUESTS];
    struct postfix_report said[REQUESTS];
};

/* In parts as long as the octets of `cuts` say, in turn; without any, the whole at once. */
static void read_all(struct reading *reading, const uint8_t *data, size_t size, const uint8_t *cuts)
{
    struct report_reader reader;
    size_t at = 0, turn = 0;

    memset(reading, 0, sizeof *reading);
    report_begin(&reader);
    while (at < size && reading->count < REQUESTS) {
        size_t part = cuts == NULL ? size : cuts[turn++ % size] % 61 + 1u;
        size_t given = size - at < part ? size - at : part, left = given;
        const char *octets = (const char *)data + at;
        enum report_state state = report_read(&reader, &octets, &left);

        CHECK(octets == (const char *)data + at + (given - left));
        CHECK(state != REPORT_MORE || left == 0);
        at += given - left;
        if (state == REPORT_MORE)
            continue;
        CHECK(state == REPORT_COMPLETE);
        reading->end[reading->count] = at;
        reading->usable[reading->count] = report_finish(&reader, &reading->said[reading->count]);
        reading->count++;
        report_begin(&reader);
    }
}

/* The value of an attribute that the request gives once, and that is no longer than it may be. */
static bool find(const uint8_t *request, const uint8_t *end, const char *name,
                 char value[REPORT_VALUE_MAX + 1])
{
    size_t length = strlen(name), found = 0;
    bool fits = false;

    for (const uint8_t *line = request, *next; line < end; line = next + 1) {
        size_t size;

        next = memchr(line, '\n', (size_t)(end - line));
        size = (size_t)(next - line);
        if (size <= length || memcmp(line, name, length) != 0 || line[length] != '=')
            continue;
        size -= length + 1;
        found++;
        fits = size <= REPORT_VALUE_MAX && memchr(line + length + 1, '\0', size) == NULL;
        if (fits)
            memcpy(value, line + length + 1, size);
        value[fits ? size : 0] = '\0';
    }
    return found == 1 && fits;
}

static bool is_address(const char *text, const struct network *read)
{
    struct network address = {0};

    return (strcasecmp(text, "unknown") == 0 || network_read_address(&address, text))
           && (read == NULL || memcmp(&address, read, sizeof address) == 0);
}

static bool is_port(const char *text, const unsigned short *read)
{
    unsigned number = 0;

    return (strcasecmp(text, "unknown") == 0 || scalar_number(text, 65535, &number))
           && (read == NULL || number == *read);
}

/* One request, looked through line by line. */
static void check_request(const uint8_t *request, const uint8_t *end, const struct postfix_report *said)
{
    enum { REQUEST, ID, CLIENT, SERVER, CLIENT_PORT, SERVER_PORT, PROTOCOL, CIPHER, CERTIFICATE, KEY, COUNT };
    static const char *const names[COUNT] = {"request",
                                             "queue_id",
                                             "client_address",
                                             "server_address",
                                             "client_port",
                                             "server_port",
                                             "encryption_protocol",
                                             "encryption_cipher",
                                             "ccert_fingerprint",
                                             "ccert_pubkey_fingerprint"};
    char value[COUNT][REPORT_VALUE_MAX + 1];
    const struct report_key *key = said == NULL ? NULL : &said->key;
    bool usable = true;

    for (size_t i = 0; i < COUNT; i++)
        usable = find(request, end, names[i], value[i]) && usable;
    usable = usable && strcmp(value[REQUEST], "smtpd_access_policy") == 0 && *value[ID] != '\0'
             && strlen(value[ID]) <= REPORT_QUEUE_ID_MAX
             && strlen(value[PROTOCOL]) < sizeof said->protocol && strlen(value[CIPHER]) < sizeof said->cipher
             && is_address(value[CLIENT], key ? &key->client : NULL)
             && is_address(value[SERVER], key ? &key->server : NULL)
             && is_port(value[CLIENT_PORT], key ? &key->client_port : NULL)
             && is_port(value[SERVER_PORT], key ? &key->server_port : NULL);
    CHECK(usable == (said != NULL));
    if (said == NULL)
        return;
    CHECK(strcmp(value[ID], key->queue_id) == 0 && strcmp(value[PROTOCOL], said->protocol) == 0);
    CHECK(strcmp(value[CIPHER], said->cipher) == 0);
    CHECK((*value[CERTIFICATE] == '\0') == (said->certificate.state == PIN_ABSENT));
    CHECK((*value[KEY] == '\0') == (said->public_key.state == PIN_ABSENT));
}

/* What is reported counts only for the session of these macros. */
static void check_facts(const struct postfix_report *said)
{
    struct facts facts;

    facts_begin(&facts);
    facts.macro[MACRO_TLS_VERSION] = "TLSv1.3";
    facts.macro[MACRO_CIPHER] = "TLS_AES_256_GCM_SHA384";
    if (report_apply(said, &facts) != REPORT_AGREES)
        CHECK(facts.certificate_pin.state == PIN_MISSING && facts.key_pin.state == PIN_MISSING);
    else
        CHECK(strcmp(said->protocol, "TLSv1.3") == 0 && strcmp(said->cipher, "TLS_AES_256_GCM_SHA384") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct reading whole, parts;

    read_all(&whole, data, size, NULL);
    read_all(&parts, data, size, data);
    CHECK(memcmp(&whole, &parts, sizeof whole) == 0);
    for (size_t i = 0; i < whole.count; i++) {
        check_request(data + (i == 0 ? 0 : whole.end[i - 1]), data + whole.end[i],
                      whole.usable[i] ? &whole.said[i] : NULL);
        if (whole.usable[i])
            check_facts(&whole.said[i]);
    }
    return 0;
}
