/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests of Postfix's policy delegation protocol: lines of "name=value", an
 * empty line at the end. Knows Postfix's attribute names and the meaning of those
 * that describe the client's certificate. Postfix does not encode the values that
 * are read here (names in certificates, which are not read, come in xtext).
 * Keeps a bounded part of any input, and accepts any octets. Knows neither
 * sockets nor how long a request is valid.
 */
#include "policy/facts/postfix_report.h"

#include <string.h>
#include <strings.h>
#include "policy/names/scalar.h"

enum attribute {
    REQUEST,
    QUEUE_ID,
    CLIENT_ADDRESS,
    CLIENT_PORT,
    SERVER_ADDRESS,
    SERVER_PORT,
    PROTOCOL,
    CIPHER,
    CERTIFICATE_FINGERPRINT,
    KEY_FINGERPRINT
};

static const char *const names[REPORT_ATTRIBUTES] = {
    [REQUEST] = "request",
    [QUEUE_ID] = "queue_id",
    [CLIENT_ADDRESS] = "client_address",
    [CLIENT_PORT] = "client_port",
    [SERVER_ADDRESS] = "server_address",
    [SERVER_PORT] = "server_port",
    [PROTOCOL] = "encryption_protocol",
    [CIPHER] = "encryption_cipher",
    [CERTIFICATE_FINGERPRINT] = "ccert_fingerprint",
    [KEY_FINGERPRINT] = "ccert_pubkey_fingerprint",
};

/* ---- the key ---- */

/* XCLIENT can remove a client's address: then both the attribute and the macro are "unknown". */
static bool read_address(struct network *address, const char *text)
{
    memset(address, 0, sizeof *address);
    if (text != NULL && strcasecmp(text, "unknown") == 0)
        return true;
    return network_read_address(address, text);
}

/* If the attribute is "unknown", the macro is 0. */
static bool read_port(unsigned short *port, const char *text)
{
    unsigned number = 0;

    if (text == NULL || (strcasecmp(text, "unknown") != 0 && !scalar_number(text, 65535, &number)))
        return false;
    *port = (unsigned short)number;
    return true;
}

bool report_key_make(struct report_key *key, const struct report_names *given)
{
    struct report_key made;
    size_t length = given->queue_id == NULL ? 0 : strlen(given->queue_id);

    memset(&made, 0, sizeof made);
    if (length == 0 || length > REPORT_QUEUE_ID_MAX)
        return false;
    memcpy(made.queue_id, given->queue_id, length);
    if (!read_address(&made.client, given->client_address)
        || !read_address(&made.server, given->server_address))
        return false;
    if (!read_port(&made.client_port, given->client_port)
        || !read_port(&made.server_port, given->server_port))
        return false;
    *key = made;
    return true;
}

/* ---- reading ---- */

void report_begin(struct report_reader *reader)
{
    reader->given = 0;
    reader->doubtful = false;
    reader->size = reader->line_length = 0;
    for (size_t i = 0; i < REPORT_ATTRIBUTES; i++)
        reader->value[i][0] = '\0';
}

/* Takes the attribute from a line, of which only the beginning may have been kept. */
static void take_line(struct report_reader *reader)
{
    bool cut = reader->line_length > REPORT_LINE_MAX;
    size_t length = cut ? REPORT_LINE_MAX : reader->line_length, attribute = 0;
    const char *equals = memchr(reader->line, '=', length), *value;
    size_t name_length, value_length;

    if (equals == NULL)
        return;
    name_length = (size_t)(equals - reader->line);
    while (attribute < REPORT_ATTRIBUTES
           && (strlen(names[attribute]) != name_length
               || memcmp(names[attribute], reader->line, name_length) != 0))
        attribute++;
    if (attribute == REPORT_ATTRIBUTES)
        return;
    value = equals + 1;
    value_length = length - name_length - 1;
    if (cut || value_length > REPORT_VALUE_MAX || memchr(value, '\0', value_length) != NULL
        || (reader->given >> attribute & 1) != 0) {
        reader->doubtful = true;
        return;
    }
    memcpy(reader->value[attribute], value, value_length);
    reader->value[attribute][value_length] = '\0';
    reader->given |= 1u << attribute;
}

/* Appends a part of a line, as far as it fits. */
static void keep(struct report_reader *reader, const char *octets, size_t count)
{
    if (reader->line_length < REPORT_LINE_MAX) {
        size_t room = REPORT_LINE_MAX - reader->line_length;

        memcpy(reader->line + reader->line_length, octets, count < room ? count : room);
    }
    reader->line_length += count;
}

enum report_state report_read(struct report_reader *reader, const char **octets, size_t *count)
{
    while (*count > 0) {
        const char *end = memchr(*octets, '\n', *count);
        size_t part = end == NULL ? *count : (size_t)(end - *octets);
        size_t taken = part + (end != NULL);

        keep(reader, *octets, part);
        reader->size += taken;
        *octets += taken;
        *count -= taken;
        if (reader->size > REPORT_REQUEST_MAX)
            return REPORT_TOO_LONG;
        if (end == NULL)
            return REPORT_MORE;
        if (reader->line_length == 0)
            return REPORT_COMPLETE;
        take_line(reader);
        reader->line_length = 0;
    }
    return REPORT_MORE;
}

static void read_pin(struct pin *pin, const char *text)
{
    if (*text == '\0')
        pin->state = PIN_ABSENT;
    else
        pin->state = fingerprint_read(pin->fingerprint, text) ? PIN_KNOWN : PIN_MACROS;
}

static bool copy_text(char *to, size_t size, const char *text)
{
    if (strlen(text) >= size)
        return false;
    strcpy(to, text);
    return true;
}

bool report_finish(const struct report_reader *reader, struct postfix_report *report)
{
    const struct report_names named = {
        reader->value[QUEUE_ID],       reader->value[CLIENT_ADDRESS], reader->value[CLIENT_PORT],
        reader->value[SERVER_ADDRESS], reader->value[SERVER_PORT],
    };
    struct postfix_report made;

    memset(&made, 0, sizeof made);
    if (reader->doubtful || reader->given != (1u << REPORT_ATTRIBUTES) - 1
        || strcmp(reader->value[REQUEST], "smtpd_access_policy") != 0)
        return false;
    if (!report_key_make(&made.key, &named)
        || !copy_text(made.protocol, sizeof made.protocol, reader->value[PROTOCOL])
        || !copy_text(made.cipher, sizeof made.cipher, reader->value[CIPHER]))
        return false;
    read_pin(&made.certificate, reader->value[CERTIFICATE_FINGERPRINT]);
    read_pin(&made.public_key, reader->value[KEY_FINGERPRINT]);
    *report = made;
    return true;
}

/* ---- completing the facts ---- */

static bool same_text(const char *reported, const char *macro)
{
    return strcmp(reported, macro == NULL ? "" : macro) == 0;
}

/* A key without a certificate: our Postfix accepted a raw public key (smtpd_tls_enable_rpk). */
static bool is_raw_key(const struct postfix_report *report)
{
    return report->certificate.state == PIN_ABSENT && report->public_key.state != PIN_ABSENT;
}

/* Whether the report and the macros can be of one session. */
static bool agrees(const struct postfix_report *report, const struct facts *facts)
{
    bool certificate = report->certificate.state != PIN_ABSENT;
    bool key = report->public_key.state != PIN_ABSENT;

    if (*report->protocol == '\0' || !same_text(report->protocol, facts->macro[MACRO_TLS_VERSION])
        || !same_text(report->cipher, facts->macro[MACRO_CIPHER]))
        return false;
    return (key || !certificate) && (certificate || facts->certificate != CERTIFICATE_TRUSTED);
}

enum report_agreement report_apply(const struct postfix_report *report, struct facts *facts)
{
    facts->certificate_pin.state = facts->key_pin.state = PIN_MISSING;
    if (!agrees(report, facts))
        return REPORT_CONTRADICTS;
    if (report->certificate.state == PIN_MACROS || report->public_key.state == PIN_MACROS)
        return REPORT_OTHER_DIGEST;
    facts->key_pin = report->public_key;
    if (!is_raw_key(report))
        facts->certificate_pin = report->certificate;
    return REPORT_AGREES;
}
