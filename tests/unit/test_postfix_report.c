/* SPDX-License-Identifier: BSD-2-Clause */
/* policy/facts/postfix_report.c: requests of Postfix's policy delegation protocol, and what they add to the facts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/facts/postfix_report.h"

#define CERTIFICATE "AA:" "01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F"
#define KEY "BB:" "01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F"
#define MD5 "01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10"

/* Postfix 3.7.11, as it comes; a self-signed certificate. */
static const char request[] =
    "request=smtpd_access_policy\nprotocol_state=DATA\nprotocol_name=ESMTP\nclient_address=192.0.2.10\n"
    "client_name=mail.partner.test\nclient_port=40123\nreverse_client_name=mail.partner.test\n"
    "server_address=198.51.100.25\nserver_port=25\nhelo_name=mx\nsender=a@partner.test\nrecipient=b@here.test\n"
    "recipient_count=0\nqueue_id=63CFCA742BD\ninstance=123.5f.0\nsize=0\netrn_domain=\nstress=\nsasl_method=\n"
    "sasl_username=\nsasl_sender=\nccert_subject=\nccert_issuer=\nccert_fingerprint=" CERTIFICATE "\n"
    "ccert_pubkey_fingerprint=" KEY "\nencryption_protocol=TLSv1.3\nencryption_cipher=TLS_AES_256_GCM_SHA384\n"
    "encryption_keysize=256\npolicy_context=\n\n";

/* The request with `from` replaced by `to`; freed by the caller. */
static char *changed(const char *from, const char *to)
{
    const char *at = strstr(request, from);
    char *text = malloc(sizeof request + strlen(to));
    assert_non_null(text);
    assert_non_null(at);
    sprintf(text, "%.*s%s%s", (int)(at - request), request, to, at + strlen(from));
    return text;
}

/* Reads `text` in parts of `part` octets; it must end the request and leave nothing. */
static bool read_in_parts(const char *text, size_t part, struct postfix_report *report)
{
    struct report_reader reader;
    size_t length = strlen(text);
    report_begin(&reader);
    for (size_t at = 0; at < length;) {
        size_t count = length - at < part ? length - at : part, left = count;
        const char *octets = text + at;
        enum report_state state = report_read(&reader, &octets, &left);
        at += count;
        assert_int_equal(left, 0);
        assert_int_equal(state, at == length ? REPORT_COMPLETE : REPORT_MORE);
    }
    return report_finish(&reader, report);
}

static bool read_changed(const char *from, const char *to, struct postfix_report *report)
{
    char *text = changed(from, to);
    bool good = read_in_parts(text, 4096, report);
    free(text);
    return good;
}

static void reads_a_request_in_any_parts(void **state)
{
    (void)state;
    for (size_t part = 1; part < 80; part++) {
        struct postfix_report found;
        assert_true(read_in_parts(request, part, &found));
        assert_string_equal(found.key.queue_id, "63CFCA742BD");
        assert_int_equal(found.key.client_port, 40123);
        assert_int_equal(found.key.server_port, 25);
        assert_int_equal(found.key.client.octets[3], 10);
        assert_int_equal(found.key.server.octets[3], 25);
        assert_string_equal(found.protocol, "TLSv1.3");
        assert_string_equal(found.cipher, "TLS_AES_256_GCM_SHA384");
        assert_int_equal(found.certificate.state, PIN_KNOWN);
        assert_int_equal(found.certificate.fingerprint[0], 0xAA);
        assert_int_equal(found.public_key.state, PIN_KNOWN);
        assert_int_equal(found.public_key.fingerprint[0], 0xBB);
    }
}

/* ---- what is told and what is not ---- */

static const struct {
    const char *from, *to;
    bool usable;
} changes[] = {
    {"\n\n", "\ncompatibility_level=3.10\nmail_version=3.12.0\ntls_sni=mx.here.test\nsomething new\n=\n\n", true},
    {"helo_name=mx\n", "helo_name=x=y=z queue_id=1\n", true},
    {"helo_name=mx\n", "", true},
    {"queue_id=63CFCA742BD\n", "queue_id=4fQmY25zbXzJnQx\n", true},
    {"client_address=192.0.2.10", "client_address=2001:db8::7", true},
    {"client_address=192.0.2.10", "client_address=unknown", true},
    {"client_port=40123", "client_port=unknown", true},
    {"request=smtpd_access_policy\n", "", false},
    {"request=smtpd_access_policy\n", "request=other\n", false},
    {"request=smtpd_access_policy\n", "\rrequest=smtpd_access_policy\n", false},
    {"queue_id=63CFCA742BD\n", "", false},
    {"queue_id=63CFCA742BD\n", "queue_id=\n", false},
    {"queue_id=63CFCA742BD\n", "queue_id=63CFCA742BD\nqueue_id=63CFCA742BD\n", false},
    {"queue_id=63CFCA742BD\n", "queue_id=1234567890123456789012345678901234567890123456789012345678901234\n", false},
    {"queue_id=63CFCA742BD\n", "Queue_id=63CFCA742BD\n", false},
    {"client_address=192.0.2.10", "client_address=", false},
    {"client_address=192.0.2.10", "client_address=192.0.2", false},
    {"client_address=192.0.2.10", "client_address=mail.partner.test", false},
    {"client_address=192.0.2.10\n", "", false},
    {"client_port=40123", "client_port=", false},
    {"client_port=40123", "client_port=65536", false},
    {"client_port=40123", "client_port=+1", false},
    {"server_address=198.51.100.25", "server_address=", false},
    {"server_port=25", "server_port=smtp", false},
    {"encryption_protocol=TLSv1.3", "encryption_protocol=TLSv1.3 and something behind it", false},
    {"ccert_fingerprint=" CERTIFICATE "\n", "", false},
    {"ccert_fingerprint=" CERTIFICATE "\n", "ccert_fingerprint=\nccert_fingerprint=" CERTIFICATE "\n", false},
    {"ccert_pubkey_fingerprint=" KEY "\n", "", false},
    {"encryption_cipher=TLS_AES_256_GCM_SHA384\n", "", false},
};

static void tells_what_is_usable(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct postfix_report found;
        if (read_changed(changes[i].from, changes[i].to, &found) != changes[i].usable)
            fail_msg("%s -> %s", changes[i].from, changes[i].to);
    }
}

static void a_failure_writes_nothing(void **state)
{
    struct postfix_report found, before;
    (void)state;
    memset(&found, 0x5a, sizeof found);
    memcpy(&before, &found, sizeof found);
    assert_false(read_changed("queue_id=63CFCA742BD\n", "", &found));
    assert_memory_equal(&found, &before, sizeof found);
}

static void fingerprints_of_any_kind(void **state)
{
    static const struct {
        const char *value;
        enum pin_state state;
    } cases[] = {
        {"", PIN_ABSENT}, {CERTIFICATE, PIN_KNOWN}, {MD5, PIN_MACROS}, {"zz", PIN_MACROS}, {CERTIFICATE ":00", PIN_MACROS},
        {CERTIFICATE ":" CERTIFICATE, PIN_MACROS}, /* SHA-512 */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct postfix_report found;
        char line[300];
        snprintf(line, sizeof line, "ccert_fingerprint=%s\n", cases[i].value);
        assert_true(read_changed("ccert_fingerprint=" CERTIFICATE "\n", line, &found));
        assert_int_equal(found.certificate.state, cases[i].state);
        assert_int_equal(found.public_key.state, PIN_KNOWN);
    }
}

/* ---- hostile ---- */

static void a_nul_in_a_value_is_a_doubt(void **state)
{
    struct report_reader reader;
    struct postfix_report found;
    char text[sizeof request];
    const char *octets = text;
    size_t count = sizeof request - 1;
    (void)state;
    memcpy(text, request, sizeof request);
    *strstr(text, "CFCA742BD") = '\0';
    report_begin(&reader);
    assert_int_equal(report_read(&reader, &octets, &count), REPORT_COMPLETE);
    assert_false(report_finish(&reader, &found));
}

/* Feeds a request whose client name has so many octets; what it said of the rest, or -1 where it is too long. */
static int with_a_line_of(size_t size, const char *name)
{
    static char part[4096];
    struct report_reader reader;
    struct postfix_report found;
    const char *octets = name;
    size_t count = strlen(name);
    enum report_state state = REPORT_MORE;
    memset(part, 'x', sizeof part);
    report_begin(&reader);
    assert_int_equal(report_read(&reader, &octets, &count), REPORT_MORE);
    for (size_t sent = 0; sent < size && state == REPORT_MORE; sent += count) {
        size_t left = count = size - sent < sizeof part ? size - sent : sizeof part;
        octets = part;
        state = report_read(&reader, &octets, &left);
    }
    if (state == REPORT_TOO_LONG)
        return -1;
    octets = "\n";
    count = 1;
    assert_int_equal(report_read(&reader, &octets, &count), REPORT_MORE);
    octets = request;
    count = sizeof request - 1;
    assert_int_equal(report_read(&reader, &octets, &count), REPORT_COMPLETE);
    return report_finish(&reader, &found);
}

static void long_lines(void **state)
{
    (void)state;
    for (size_t size = 180; size < 300; size++) {
        assert_int_equal(with_a_line_of(size, "other="), 1);
        assert_int_equal(with_a_line_of(size, ""), 1);
        assert_int_equal(with_a_line_of(size, "queue_id="), 0);
    }
    assert_int_equal(with_a_line_of(100000, "other="), 1);
    assert_int_equal(with_a_line_of(100000, "queue_id="), 0);
    assert_int_equal(with_a_line_of(REPORT_REQUEST_MAX, "other="), -1);
    assert_int_equal(with_a_line_of((size_t)1 << 24, ""), -1);
}

static void octets_behind_the_end_are_left(void **state)
{
    struct report_reader reader;
    const char text[] = "\n\nrequest=";
    const char *octets = text;
    size_t count = sizeof text - 1;
    struct postfix_report found;
    (void)state;
    report_begin(&reader);
    assert_int_equal(report_read(&reader, &octets, &count), REPORT_COMPLETE);
    assert_int_equal(count, sizeof text - 2);
    assert_false(report_finish(&reader, &found));
    report_begin(&reader);
    assert_int_equal(report_read(&reader, &octets, &count), REPORT_COMPLETE);
    report_begin(&reader);
    assert_int_equal(report_read(&reader, &octets, &count), REPORT_MORE);
    assert_int_equal(count, 0);
}

static void random_octets(void **state)
{
    static const char alphabet[] = "=\n\n\n:\0_aqueue_idrequestclient_port0123456789";
    struct report_reader reader;
    struct postfix_report found;
    unsigned number = 7;
    (void)state;
    report_begin(&reader);
    for (int i = 0; i < 20000; i++) {
        char part[97];
        size_t count = number % sizeof part;
        const char *octets = part;
        for (size_t k = 0; k < count; k++) {
            number = number * 1103515245 + 12345;
            part[k] = alphabet[(number >> 16) % (sizeof alphabet - 1)];
        }
        number = number * 1103515245 + 12345;
        if (report_read(&reader, &octets, &count) != REPORT_MORE) {
            assert_false(report_finish(&reader, &found));
            report_begin(&reader);
        }
    }
}

/* ---- the key ---- */

static void the_macros_make_the_same_key(void **state)
{
    static const struct {
        struct report_names names;
        const char *from, *to;
    } cases[] = {
        {{"63CFCA742BD", "192.0.2.10", "40123", "198.51.100.25", "25"}, "mx", "mx"},
        {{"63CFCA742BD", "IPv6:2001:DB8:0::7", "40123", "198.51.100.25", "25"}, "=192.0.2.10", "=2001:db8::7"},
        {{"63CFCA742BD", "unknown", "40123", "198.51.100.25", "25"}, "=192.0.2.10", "=unknown"},
        {{"63CFCA742BD", "192.0.2.10", "0", "198.51.100.25", "25"}, "=40123", "=unknown"},
        {{"63CFCA742BD", "192.0.2.10", "40123", "IPv6:::1", "25"}, "=198.51.100.25", "=::1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct postfix_report found;
        struct report_key key;
        assert_true(read_changed(cases[i].from, cases[i].to, &found));
        assert_true(report_key_make(&key, &cases[i].names));
        assert_memory_equal(&key, &found.key, sizeof key);
    }
}

static void no_key_of_half_a_session(void **state)
{
    static const struct report_names cases[] = {
        {NULL, "192.0.2.10", "1", "198.51.100.25", "25"}, {"", "192.0.2.10", "1", "198.51.100.25", "25"},
        {"Q", NULL, "1", "198.51.100.25", "25"}, {"Q", "192.0.2.10", NULL, "198.51.100.25", "25"},
        {"Q", "192.0.2.10", "1", NULL, "25"}, {"Q", "192.0.2.10", "1", "198.51.100.25", NULL},
        {"Q", "192.0.2.10", "1", "mx.here.test", "25"}, {"Q", "192.0.2.10", "1", "198.51.100.25", "0x19"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct report_key key;
        assert_false(report_key_make(&key, &cases[i]));
    }
}

/* ---- completing the facts ---- */

static const struct {
    const char *from, *to;     /* in the request */
    const char *version, *cipher;
    enum certificate_state certificate;
    enum report_agreement answer;
    enum pin_state pin, key;
} applied[] = {
    {"mx", "mx", "TLSv1.3", "TLS_AES_256_GCM_SHA384", CERTIFICATE_NONE, REPORT_AGREES, PIN_KNOWN, PIN_KNOWN},
    {"mx", "mx", "TLSv1.3", "TLS_AES_256_GCM_SHA384", CERTIFICATE_TRUSTED, REPORT_AGREES, PIN_KNOWN, PIN_KNOWN},
    {"mx", "mx", "TLSv1.2", "TLS_AES_256_GCM_SHA384", CERTIFICATE_NONE, REPORT_CONTRADICTS, PIN_MISSING, PIN_MISSING},
    {"mx", "mx", "TLSv1.3", "TLS_AES_128_GCM_SHA256", CERTIFICATE_NONE, REPORT_CONTRADICTS, PIN_MISSING, PIN_MISSING},
    {"mx", "mx", "TLSv1.3", NULL, CERTIFICATE_NONE, REPORT_CONTRADICTS, PIN_MISSING, PIN_MISSING},
    {"protocol=TLSv1.3", "protocol=", "TLSv1.3", "TLS_AES_256_GCM_SHA384", CERTIFICATE_NONE, REPORT_CONTRADICTS, PIN_MISSING, PIN_MISSING},
    {"protocol=TLSv1.3", "protocol=", NULL, "TLS_AES_256_GCM_SHA384", CERTIFICATE_NONE, REPORT_CONTRADICTS, PIN_MISSING, PIN_MISSING},
    {CERTIFICATE, MD5, "TLSv1.3", "TLS_AES_256_GCM_SHA384", CERTIFICATE_NONE, REPORT_OTHER_DIGEST, PIN_MISSING, PIN_MISSING},
    {KEY, MD5, "TLSv1.3", "TLS_AES_256_GCM_SHA384", CERTIFICATE_NONE, REPORT_OTHER_DIGEST, PIN_MISSING, PIN_MISSING},
    {CERTIFICATE, "", "TLSv1.3", "TLS_AES_256_GCM_SHA384", CERTIFICATE_NONE, REPORT_AGREES, PIN_MISSING, PIN_KNOWN},
    {CERTIFICATE, "", "TLSv1.3", "TLS_AES_256_GCM_SHA384", CERTIFICATE_TRUSTED, REPORT_CONTRADICTS, PIN_MISSING, PIN_MISSING},
    {KEY, "", "TLSv1.3", "TLS_AES_256_GCM_SHA384", CERTIFICATE_NONE, REPORT_CONTRADICTS, PIN_MISSING, PIN_MISSING},
    {CERTIFICATE "\nccert_pubkey_fingerprint=" KEY, "\nccert_pubkey_fingerprint=", "TLSv1.3", "TLS_AES_256_GCM_SHA384",
     CERTIFICATE_NONE, REPORT_AGREES, PIN_ABSENT, PIN_ABSENT},
    {CERTIFICATE "\nccert_pubkey_fingerprint=" KEY, "\nccert_pubkey_fingerprint=", "TLSv1.3", "TLS_AES_256_GCM_SHA384",
     CERTIFICATE_TRUSTED, REPORT_CONTRADICTS, PIN_MISSING, PIN_MISSING},
};

static void completes_the_facts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof applied / sizeof *applied; i++) {
        struct postfix_report found;
        struct facts facts;
        facts_begin(&facts);
        facts.macro[MACRO_TLS_VERSION] = applied[i].version;
        facts.macro[MACRO_CIPHER] = applied[i].cipher;
        facts.certificate = applied[i].certificate;
        facts.certificate_pin.state = facts.key_pin.state = PIN_PENDING;
        assert_true(read_changed(applied[i].from, applied[i].to, &found));
        if (report_apply(&found, &facts) != applied[i].answer || facts.certificate_pin.state != applied[i].pin ||
            facts.key_pin.state != applied[i].key)
            fail_msg("case %zu", i);
        if (applied[i].pin == PIN_KNOWN)
            assert_int_equal(facts.certificate_pin.fingerprint[0] << 8 | facts.key_pin.fingerprint[0], 0xAABB);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_request_in_any_parts), cmocka_unit_test(tells_what_is_usable),
        cmocka_unit_test(a_failure_writes_nothing), cmocka_unit_test(fingerprints_of_any_kind),
        cmocka_unit_test(a_nul_in_a_value_is_a_doubt), cmocka_unit_test(long_lines),
        cmocka_unit_test(octets_behind_the_end_are_left), cmocka_unit_test(random_octets),
        cmocka_unit_test(the_macros_make_the_same_key), cmocka_unit_test(no_key_of_half_a_session),
        cmocka_unit_test(completes_the_facts),
    };
    return cmocka_run_group_tests_name("postfix_report", tests, NULL, NULL);
}
