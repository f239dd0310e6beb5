/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decision, as tables: policy text, macros and envelope in; out a line such as
 * "fail reject no_tls | p fail tls!no_tls": outcome, action, deciding reason, what is pending, then each partner with
 * its outcome and every finding that is not met ("!" unmet, "?" unknown, "~" pending).
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "policy/facts/macros.h"
#include "policy/names/date.h"
#include "policy/policy.h"

#define FP "AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99"
#define ADDRESS "{client_addr}=192.0.2.1|{client_name}=mx.p.example|{client_resolve}=OK|"
#define POSTFIX "v=Postfix 3.7.11|{client_port}=4711|" ADDRESS
#define SENDMAIL "v=8.17.1.9|{client_port}=4711|" ADDRESS
#define TLS "{tls_version}=TLSv1.2|{cipher}=ECDHE-RSA-AES256-GCM-SHA384|{cipher_bits}=256|"
#define SHOWN (NEED_CONNECT | NEED_HELO | NEED_RCPT | NEED_DATA | NEED_HEADERS)
#define P "partners:\n- {name: p, domains: [p.example]"
#define NO_TLS "tls!no_tls min_tls_version!no_tls ciphers!no_tls"

/* One transaction; what is NULL or 0 has a usual value. */
struct mail {
    const char *macros;     /* "name=value|..." */
    const char *from;       /* argument of MAIL: <a@p.example> */
    const char *mail_addr;  /* NULL: not sent */
    const char *helo, *to;  /* to: blank-separated; NULL: not known yet; "": none accepted */
    const char *header;     /* From fields, separated by line feeds; NULL: not known yet */
    const char *date;       /* 2026-06-01 */
    unsigned hidden;        /* NEED_* that this session did not ask for */
    const char *pin;        /* of Postfix at DATA: "key", "certificate", "other", "absent", "missing" */
    bool cut, exhausted;    /* of the header */
    bool data;              /* DATA came */
    const char *qid;        /* with DATA */
};

static const char *value_of(void *arg, const char *name)
{
    static char values[64][512];
    static unsigned next;
    size_t length = strlen(name);

    for (const char *at = arg; *at != '\0'; at = strchr(at, '|') + 1)
        if (strncmp(at, name, length) == 0 && at[length] == '=') {
            char *value = values[next++ % 64];

            snprintf(value, 512, "%.*s", (int)strcspn(at + length + 1, "|"), at + length + 1);
            return value;
        }
    return NULL;
}

static struct policy *load(const char *text)
{
    static const char head[] = "version: 1\n";
    char path[] = "/tmp/test_evaluate.XXXXXX";
    int file = mkstemp(path);
    struct policy *policy;

    assert_true(file >= 0);
    assert_int_equal(write(file, head, sizeof head - 1), sizeof head - 1);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    close(file);
    policy = policy_load(path, NULL, NULL);
    unlink(path);
    if (policy == NULL)
        fail_msg("does not load: %s", text);
    return policy;
}

static void set_pins(struct facts *facts, const char *pin)
{
    static const unsigned char seen[FINGERPRINT_SIZE] = {0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
                                                         0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                                         0x88, 0x99};

    facts->certificate_pin.state = facts->key_pin.state = strcmp(pin, "absent") == 0    ? PIN_ABSENT
                                                          : strcmp(pin, "missing") == 0 ? PIN_MISSING
                                                                                        : PIN_KNOWN;
    memset(facts->certificate_pin.fingerprint, 1, FINGERPRINT_SIZE);
    memset(facts->key_pin.fingerprint, 2, FINGERPRINT_SIZE);
    memcpy(strcmp(pin, "key") == 0 ? facts->key_pin.fingerprint : facts->certificate_pin.fingerprint,
           strcmp(pin, "other") == 0 ? facts->key_pin.fingerprint : seen, FINGERPRINT_SIZE);
}

static void read_recipients(const char *to, const struct policy *policy, struct recipient_store *recipients)
{
    char text[512], *save = NULL;
    struct recipient recipient;

    snprintf(text, sizeof text, "%s", to);
    for (char *word = strtok_r(text, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save)) {
        char *resolved = strchr(word, '=');

        if (resolved != NULL)
            *resolved++ = '\0';
        assert_true(recipient_read(&recipient, policy, true, word, resolved));
        assert_true(recipients_add(recipients, &recipient));
    }
}

static void read_header(struct header_from *from, const struct mail *mail, enum header_reader reader)
{
    char *text = strdup(mail->header), *save = NULL;

    assert_non_null(text);
    for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save))
        header_from_add(from, line, reader);
    free(text);
    from->cut |= mail->cut;
    from->exhausted |= mail->exhausted;
}

static void describe(const struct verdict *verdict, char *line)
{
    static const char signs[] = {[MET] = '.', [UNMET] = '!', [UNKNOWN] = '?', [PENDING] = '~'};

    sprintf(line, "%s %s %s", outcome_name(verdict->outcome), action_name(verdict->action),
            verdict->outcome >= OUTCOME_UNDECIDABLE ? reason_name(verdict->reason) : "none");
    strcat(line, (verdict->pending & NEED_RCPT) != 0 ? " +rcpt" : "");
    strcat(line, (verdict->pending & NEED_DATA) != 0 ? " +data" : "");
    strcat(line, (verdict->pending & NEED_HEADERS) != 0 ? " +headers" : "");
    for (size_t i = 0; i < verdict->partner_count; i++) {
        const struct judged *judged = &verdict->partner[i];

        sprintf(line + strlen(line), " | %s %s", partner_name(judged->partner), outcome_name(judged->outcome));
        for (size_t k = 0; k < judged->finding_count; k++)
            if (judged->finding[k].met != MET)
                sprintf(line + strlen(line), " %s%c%s", requirement_name(judged->finding[k].requirement), signs[judged->finding[k].met],
                        reason_name(judged->finding[k].reason));
    }
}

/* Evaluates one transaction; the verdict points into the policy. */
static void evaluate(const struct policy *policy, const struct mail *mail, struct verdict *verdict)
{
    char macros[2048];
    struct envelope envelope = {.argument = mail->from == NULL ? "<a@p.example>" : mail->from,
                                .helo = mail->helo,
                                .shown = SHOWN & ~mail->hidden,
                                .mta = policy_milter(policy)->mta,
                                .pins_at_data = policy_milter(policy)->postfix_facts != NULL};
    struct header_from from = {0};
    struct recipient_store recipients = {0};
    struct facts facts;
    int64_t now;

    assert_true(date_parse(mail->date == NULL ? "2026-06-01" : mail->date, &now));
    snprintf(macros, sizeof macros, "%s{mail_addr}=%s|", mail->macros == NULL ? POSTFIX TLS : mail->macros,
             mail->mail_addr == NULL ? "" : mail->mail_addr);
    assert_true(facts_read(&facts, &envelope, value_of, macros));
    if (mail->data)
        facts_read_data(&facts, mail->qid);
    if (mail->pin != NULL)
        set_pins(&facts, mail->pin);
    if (mail->to != NULL) {
        read_recipients(mail->to, policy, &recipients);
        facts.recipients = &recipients.all;
    }
    if (mail->header != NULL) {
        read_header(&from, mail, facts_header_reader(&facts));
        facts.header_from = &from;
    }
    memset(verdict, 0xA5, sizeof *verdict); /* what is not written shows */
    policy_evaluate(policy, &facts, now, verdict);
    if (policy_is_stranger(policy, &facts) && (verdict->partner_count > 0 || verdict->pending != 0))
        fail_msg("a stranger, but not a partner's: %s", mail->from);
    header_from_clear(&from);
    recipients_free(&recipients);
    facts_clear(&facts);
}

struct row {
    const char *policy; /* NULL: that of the row before */
    struct mail mail;
    const char *verdict;
};

static void check_rows(const struct row *rows, size_t count)
{
    struct policy *policy = NULL;
    static struct verdict verdict;
    char line[4096];

    for (size_t i = 0; i < count; i++) {
        if (rows[i].policy != NULL) {
            policy_unref(policy);
            policy = load(rows[i].policy);
        }
        evaluate(policy, &rows[i].mail, &verdict);
        describe(&verdict, line);
        if (strcmp(line, rows[i].verdict) != 0) {
            policy_unref(policy);
            fail_msg("row %zu: got    \"%s\"\n       wanted \"%s\"", i, line, rows[i].verdict);
        }
    }
    policy_unref(policy);
}

#define CHECK(rows) check_rows(rows, sizeof (rows) / sizeof *(rows))

static void t01_requirements(void **state)
{
    static const struct row rows[] = {
        {P "}\n", {0}, "pass accept none | p pass"},
        {NULL, {.from = "<a@other.example>"}, "no_partner accept none"},
        {NULL, {.macros = POSTFIX}, "fail tempfail no_tls | p fail " NO_TLS},
        {NULL, {.macros = "v=Postfix 3.7.11|" ADDRESS TLS},
         "undecidable tempfail mta_macros | p undecidable tls?mta_macros min_tls_version?mta_macros ciphers?mta_macros"},
        {NULL, {.macros = POSTFIX "{tls_version}=TLSv1.1|{cipher}=ECDHE-RSA-AES256-SHA|"},
         "fail tempfail tls_version | p fail min_tls_version!tls_version"},
        {NULL, {.macros = POSTFIX "{tls_version}=SSLv3|{cipher}=AES256-SHA|"}, "fail tempfail tls_version | p fail min_tls_version!tls_version"},
        {NULL, {.macros = POSTFIX "{tls_version}=tlsv1.2|{cipher}=AES256-SHA|"},
         "undecidable tempfail mta_macros | p undecidable min_tls_version?mta_macros"},
        {NULL, {.macros = POSTFIX "{tls_version}=TLSv1.2|"}, "undecidable tempfail mta_macros | p undecidable ciphers?mta_macros"},
        {NULL, {.macros = POSTFIX "{tls_version}=TLSv1.2|{cipher}=A B|"}, "undecidable tempfail mta_macros | p undecidable ciphers?mta_macros"},
        {P ", require: {min_tls_version: TLSv1}}\n", {.macros = POSTFIX "{tls_version}=TLSv1|{cipher}=AES256-SHA|"}, "pass accept none | p pass"},
        {NULL, {.macros = POSTFIX "{tls_version}=SSLv3|{cipher}=AES256-SHA|"}, "fail tempfail tls_version | p fail min_tls_version!tls_version"},
        {P ", require: {min_tls_version: TLSv1.3}}\n", {.macros = POSTFIX "{tls_version}=TLSv1.3|{cipher}=TLS_AES_128_GCM_SHA256|"},
         "pass accept none | p pass"},
        {NULL, {0}, "fail tempfail tls_version | p fail min_tls_version!tls_version"},
        {P ", require: {min_cipher_bits: 256}}\n", {0}, "pass accept none | p pass"},
        {NULL, {.macros = POSTFIX "{tls_version}=TLSv1.2|{cipher}=AES128-SHA|{cipher_bits}=128|"},
         "fail tempfail cipher_bits | p fail min_cipher_bits!cipher_bits"},
        {NULL, {.macros = POSTFIX "{tls_version}=TLSv1.2|{cipher}=AES128-SHA|{cipher_bits}=-1|"},
         "undecidable tempfail mta_macros | p undecidable min_cipher_bits?mta_macros"},
        {NULL, {.macros = POSTFIX}, "fail tempfail no_tls | p fail " NO_TLS " min_cipher_bits!no_tls"},
        {P ", require: {forward_secrecy: true}}\n", {0}, "pass accept none | p pass"},
        {NULL, {.macros = POSTFIX "{tls_version}=TLSv1.2|{cipher}=AES128-SHA|"}, "fail tempfail forward_secrecy | p fail forward_secrecy!forward_secrecy"},
        {NULL, {.macros = POSTFIX "{tls_version}=TLSv1.2|"},
         "undecidable tempfail mta_macros | p undecidable ciphers?mta_macros forward_secrecy?mta_macros"},
        {P ", require: {clients: [192.0.2.0/24]}}\n", {0}, "pass accept none | p pass"},
        {NULL, {.macros = "v=Postfix|{client_port}=1|{client_addr}=192.0.3.1|" TLS}, "fail tempfail client_not_allowed | p fail clients!client_not_allowed"},
        {NULL, {.macros = "v=Postfix|{client_port}=1|" TLS}, "undecidable tempfail mta_macros | p undecidable clients?mta_macros"},
        {P ", require: {clients: [192.0.2.0/24], min_cipher_bits: 256, min_tls_version: TLSv1.3}, action: reject}\n",
         {.macros = "v=Postfix|{client_port}=1|{client_addr}=192.0.3.1|{tls_version}=TLSv1.2|{cipher}=AES128-SHA|"},
         "fail reject tls_version | p fail min_tls_version!tls_version min_cipher_bits?mta_macros clients!client_not_allowed"},
    };

    (void)state;
    CHECK(rows);
}

static void t08_t09_ciphers(void **state)
{
#define SUITE(version, name) {.macros = POSTFIX "{tls_version}=" version "|{cipher}=" name "|"}
    static const struct row rows[] = {
        {P ", require: {forward_secrecy: true}}\n", SUITE("TLSv1.3", "TLS_AES_256_GCM_SHA384"), "pass accept none | p pass"},
        {NULL, SUITE("TLSv1.2", "DHE-RSA-AES128-SHA"), "pass accept none | p pass"},
        {NULL, SUITE("TLSv1.2", "NO-SUCH-SUITE"),
         "undecidable tempfail mta_macros | p undecidable ciphers?mta_macros forward_secrecy?mta_macros"},
        {P "}\n", SUITE("TLSv1.2", "ADH-AES256-SHA"), "fail tempfail cipher | p fail ciphers!cipher"},
        {NULL, SUITE("TLSv1.2", "AECDH-AES256-SHA"), "fail tempfail cipher | p fail ciphers!cipher"},
        {NULL, SUITE("TLSv1.2", "NULL-SHA256"), "fail tempfail cipher | p fail ciphers!cipher"},
        {NULL, SUITE("TLSv1.2", "EXP-RC4-MD5"), "fail tempfail cipher | p fail ciphers!cipher"},
        {NULL, SUITE("TLSv1.2", "ECDHE-RSA-RC4-SHA"), "fail tempfail cipher | p fail ciphers!cipher"},
        {NULL, SUITE("TLSv1.2", "DES-CBC3-SHA"), "fail tempfail cipher | p fail ciphers!cipher"},
        {NULL, SUITE("TLSv1.2", "AES128-SHA"), "pass accept none | p pass"},
        {P ", require: {ciphers: [ALL]}}\n", SUITE("TLSv1.2", "ADH-AES256-SHA"), "fail tempfail cipher | p fail ciphers!cipher"},
        {NULL, SUITE("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256"), "pass accept none | p pass"},
        {P ", require: {ciphers: [DES-CBC3-SHA, ECDHE+AESGCM]}}\n", SUITE("TLSv1.2", "DES-CBC3-SHA"), "pass accept none | p pass"},
        {NULL, SUITE("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256"), "pass accept none | p pass"},
        {NULL, SUITE("TLSv1.2", "AES128-GCM-SHA256"), "fail tempfail cipher | p fail ciphers!cipher"},
        {NULL, SUITE("TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256"), "pass accept none | p pass"}, /* none of 1.3 is named */
        {NULL, SUITE("TLSv1.2", "ADH-AES256-SHA"), "fail tempfail cipher | p fail ciphers!cipher"},
        {P ", require: {ciphers: [TLS_AES_256_GCM_SHA384, AESGCM]}}\n", SUITE("TLSv1.3", "TLS_AES_256_GCM_SHA384"), "pass accept none | p pass"},
        {NULL, SUITE("TLSv1.3", "TLS_AES_128_GCM_SHA256"), "fail tempfail cipher | p fail ciphers!cipher"},
        {P ", require: {ciphers: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]}}\n", SUITE("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384"), "pass accept none | p pass"},
    };

    (void)state;
    CHECK(rows);
}

/* A name that is in no table: not known, unless the name itself shows that the suite is weak. */
static void t28_unknown_suites(void **state)
{
#define UNKNOWN_SUITE "undecidable tempfail mta_macros | p undecidable ciphers?mta_macros"
#define WEAK_SUITE "fail tempfail cipher | p fail ciphers!cipher"
    static const struct row rows[] = {
        {P "}\n", SUITE("TLSv1.3", "TLS_SM4_GCM_SM3"), UNKNOWN_SUITE},
        {NULL, SUITE("TLSv1.3", "TLS_FUTURE_SUITE"), UNKNOWN_SUITE},
        {NULL, SUITE("TLSv1.2", "ECDHE-RSA-NEW256-GCM"), UNKNOWN_SUITE},
        {NULL, SUITE("TLSv1.2", "TLS_FUTURE_WITH_DESIGN_GCM"), UNKNOWN_SUITE}, /* whole words count */
        {NULL, SUITE("TLSv1.2", "TLS_RSA_WITH_NULL_SHA512"), WEAK_SUITE},
        {NULL, SUITE("TLSv1.2", "ECDHE-FUTURE-RC4-SHA512"), WEAK_SUITE},
        {NULL, SUITE("TLSv1.3", "TLS_SHA256_SHA256"), WEAK_SUITE}, /* RFC 9150: no encryption */
        {NULL, SUITE("TLSv1.2", "TLS_ECDH_anon_WITH_FUTURE_GCM"), WEAK_SUITE},
        {P ", require: {ciphers: [ECDHE+AESGCM]}}\n", SUITE("TLSv1.2", "ECDHE-RSA-NEW256-GCM"), UNKNOWN_SUITE},
        {NULL, SUITE("TLSv1.3", "TLS_SM4_GCM_SM3"), UNKNOWN_SUITE},
        {NULL, SUITE("TLSv1.2", "EXP9-NEW-CBC-SHA"), WEAK_SUITE},
        {P ", require: {ciphers: [DES-CBC3-SHA]}}\n", SUITE("TLSv1.2", "NEW-DES-CBC3-SHA"), WEAK_SUITE},
        {P ", require: {forward_secrecy: true}}\n", SUITE("TLSv1.3", "TLS_SM4_GCM_SM3"), UNKNOWN_SUITE},
        {NULL, SUITE("TLSv1.2", "ECDHE-RSA-NEW256-GCM"), UNKNOWN_SUITE},
        {NULL, SUITE("TLSv1.2", "TLS_SM4_GCM_SM3"),
         "undecidable tempfail mta_macros | p undecidable ciphers?mta_macros forward_secrecy?mta_macros"},
        {NULL, SUITE("TLSv1.2", "TLS_RSA_WITH_NEW_256_GCM_SHA512"),
         "undecidable tempfail mta_macros | p undecidable ciphers?mta_macros forward_secrecy?mta_macros"},
        {NULL, SUITE("TLSv1.1", "TLS_SM4_GCM_SM3"), /* what is unmet decides */
         "fail tempfail tls_version | p fail min_tls_version!tls_version ciphers?mta_macros forward_secrecy?mta_macros"},
    };

    (void)state;
    CHECK(rows);
}

static void merging(void **state)
{
#define DEFAULTS "defaults: {require: {min_tls_version: TLSv1.3, min_cipher_bits: 128, profile: strong, clients: [192.0.2.0/24]}}\n" \
                 "profiles: {strong: {forward_secrecy: true, min_cipher_bits: 256}, weak: {min_cipher_bits: 64}}\n"
    static const struct mail static_rsa = {.macros = POSTFIX "{tls_version}=TLSv1.2|{cipher}=AES128-SHA|{cipher_bits}=128|"};
    struct row rows[] = {
        {DEFAULTS P "}\n", static_rsa,
         "fail tempfail tls_version | p fail min_tls_version!tls_version min_cipher_bits!cipher_bits forward_secrecy!forward_secrecy"},
        {DEFAULTS P ", require: {min_tls_version: TLSv1.2}}\n", static_rsa,
         "fail tempfail cipher_bits | p fail min_cipher_bits!cipher_bits forward_secrecy!forward_secrecy"},
        {DEFAULTS P ", require: {min_tls_version: TLSv1.2, profile: []}}\n", static_rsa, "pass accept none | p pass"},
        {DEFAULTS P ", require: {min_tls_version: TLSv1.2, profile: weak}}\n", static_rsa, "pass accept none | p pass"},
        {DEFAULTS P ", require: {min_tls_version: TLSv1.2, min_cipher_bits: 256, profile: weak}}\n", static_rsa,
         "fail tempfail cipher_bits | p fail min_cipher_bits!cipher_bits"},
        {DEFAULTS P ", require: {min_tls_version: TLSv1.2, profile: [], clients: [198.51.100.1]}}\n", static_rsa,
         "fail tempfail client_not_allowed | p fail clients!client_not_allowed"},
        {DEFAULTS P ", require: {profile: [mozilla-modern, weak], min_tls_version: TLSv1}}\n", static_rsa,
         "fail tempfail tls_version | p fail min_tls_version!tls_version ciphers!cipher"},
        {DEFAULTS P ", require: {profile: [], min_tls_version: TLSv1.2, forward_secrecy: false}}\n", static_rsa, "pass accept none | p pass"},
        {"profiles: {a: {clients: [192.0.2.1]}, b: {clients: [192.0.2.2]}}\n" P ", require: {profile: [a, b]}}\n", {0},
         "fail tempfail client_not_allowed | p fail clients!client_not_allowed"},
    };

    (void)state;
    CHECK(rows);
}

static void t11_t16_postfix_certificates(void **state)
{
#define CERT(subject, issuer) {.macros = POSTFIX TLS "{cert_subject}=" subject "|{cert_issuer}=" issuer "|"}
    static const struct row rows[] = {
        {P ", require: {certificates: trusted}}\n", CERT("any", "CA"), "pass accept none | p pass"},
        {NULL, CERT("", "CA"), "pass accept none | p pass"},
        {NULL, {0}, "fail tempfail certificate_missing | p fail certificates!certificate_missing"},
        {NULL, {.macros = POSTFIX}, "fail tempfail no_tls | p fail " NO_TLS " certificates!no_tls"},
        {P ", require: {certificates: [{subject: mail.p.example, issuer: CA}, {subject: [a.p.example, \"*.b.example\"]}]}}\n",
         CERT("MAIL.p.example", "ca"), "pass accept none | p pass"},
        {NULL, CERT("a.p.example", "other"), "pass accept none | p pass"},
        {NULL, CERT("x.b.example", "other"), "pass accept none | p pass"},
        {NULL, CERT("*.b.example", "other"), "pass accept none | p pass"},
        {NULL, CERT("y.x.b.example", "CA"), "fail tempfail certificate_subject | p fail certificates!certificate_subject"},
        {NULL, CERT("*.p.example", "CA"), "fail tempfail certificate_subject | p fail certificates!certificate_subject"}, /* does not expand */
        {NULL, CERT("mail.p.example", "other"), "fail tempfail certificate_issuer | p fail certificates!certificate_issuer"},
        {NULL, CERT("/CN=mail.p.example", "CA"), "fail tempfail certificate_subject | p fail certificates!certificate_subject"},
        {NULL, CERT("", "CA"), "fail tempfail certificate_subject | p fail certificates!certificate_subject"}, /* T14 */
        {NULL, CERT("mail.p.example", ""), "fail tempfail certificate_missing | p fail certificates!certificate_missing"},
        {P ", require: {certificates: [{issuer: CA}]}}\n", CERT("any", "CA"), "pass accept none | p pass"},
        {P ", require: {certificates: [{subject: {O: P}}]}}\n", CERT("mail.p.example", "CA"),
         "undecidable tempfail mta_facts | p undecidable certificates?mta_facts"},
        {P ", require: {certificates: [{subject: {O: P}}, {subject: mail.p.example}]}}\n", CERT("mail.p.example", "CA"), "pass accept none | p pass"},
        {P ", require: {certificates: [{subject: {CN: x, O: P}}]}}\n", CERT("mail.p.example", "CA"),
         "fail tempfail certificate_subject | p fail certificates!certificate_subject"},
        {P ", require: {certificates: [{fingerprint: \"sha256:" FP "\"}]}}\n", CERT("mail.p.example", "CA"),
         "undecidable tempfail mta_facts | p undecidable certificates?mta_facts"},
        {"milter: {mta: sendmail}\n" P ", require: {certificates: trusted}}\n", CERT("any", "CA"), /* T25 */
         "undecidable tempfail mta_macros | p undecidable certificates?mta_macros"},
        {NULL, {.macros = POSTFIX "{tls_version}=TLSv1.1|{cipher}=AES128-SHA|"},
         "fail tempfail tls_version | p fail min_tls_version!tls_version certificates?mta_macros"},
        {"defaults: {require: {certificates: trusted}}\n" P "}\n", {0}, "fail tempfail certificate_missing | p fail certificates!certificate_missing"},
        {"profiles: {a: {certificates: [{subject: a}]}, b: {certificates: [{subject: b}]}}\n" P ", require: {profile: [a, b]}}\n", CERT("b", "CA"),
         "fail tempfail certificate_subject | p fail certificates!certificate_subject"},
    };

    (void)state;
    CHECK(rows);
}

static void t11_t15_sendmail_certificates(void **state)
{
#define VERIFY(verify, names) {.macros = SENDMAIL TLS "{verify}=" verify "|" names}
#define NAMES "{cn_subject}=mail.p.example|{cn_issuer}=CA|{cert_subject}=/C=DE/O=P+20GmbH/CN=mail.p.example|{cert_issuer}=/O=CA+20Inc/CN=CA|{cert_fp}=" FP "|"
    static const struct row rows[] = {
        {P ", require: {certificates: trusted}}\n", VERIFY("OK", NAMES), "pass accept none | p pass"},
        {NULL, VERIFY("FAIL", NAMES), "fail tempfail certificate_untrusted | p fail certificates!certificate_untrusted"},
        {NULL, VERIFY("NO", ""), "fail tempfail certificate_missing | p fail certificates!certificate_missing"},
        {NULL, VERIFY("NOT", ""), "undecidable tempfail verify_not_requested | p undecidable certificates?verify_not_requested"},
        {NULL, VERIFY("TEMP", NAMES), "undecidable tempfail verify_temporary | p undecidable certificates?verify_temporary"},
        {NULL, VERIFY("", NAMES), "undecidable tempfail mta_macros | p undecidable certificates?mta_macros"}, /* T12 */
        {P ", require: {certificates: [{subject: mail.p.example, issuer: CA}]}}\n", VERIFY("OK", NAMES), "pass accept none | p pass"},
        {NULL, VERIFY("FAIL", NAMES), "fail tempfail certificate_untrusted | p fail certificates!certificate_untrusted"},
        {NULL, VERIFY("TEMP", NAMES), "undecidable tempfail verify_temporary | p undecidable certificates?verify_temporary"},
        {NULL, VERIFY("OK", "{cn_issuer}=CA|"), "undecidable tempfail mta_macros | p undecidable certificates?mta_macros"},
        {NULL, VERIFY("OK", "{cn_subject}=BadCertificateUnknown|{cn_issuer}=CA|"),
         "fail tempfail certificate_subject | p fail certificates!certificate_subject"},
        {NULL, VERIFY("OK", "{cn_subject}=mail.p.example|{cn_issuer}=CB|"), "fail tempfail certificate_issuer | p fail certificates!certificate_issuer"},
        {P ", require: {certificates: [{subject: {CN: mail.p.example, O: P GmbH, C: de}, issuer: {O: CA Inc}}]}}\n", VERIFY("OK", NAMES),
         "pass accept none | p pass"},
        {NULL, VERIFY("OK", "{cn_subject}=mail.p.example|{cn_issuer}=CA|"), "fail tempfail certificate_subject | p fail certificates!certificate_subject"},
        {P ", require: {certificates: [{subject: {O: Other}}]}}\n", VERIFY("OK", NAMES),
         "fail tempfail certificate_subject | p fail certificates!certificate_subject"},
        {P ", require: {certificates: [{fingerprint: \"sha256:" FP "\"}]}}\n", VERIFY("FAIL", NAMES), "pass accept none | p pass"}, /* self-signed is fine */
        {NULL, VERIFY("OK", NAMES), "pass accept none | p pass"},
        {NULL, VERIFY("NO", ""), "fail tempfail certificate_missing | p fail certificates!certificate_missing"},
        {NULL, VERIFY("NOT", ""), "undecidable tempfail verify_not_requested | p undecidable certificates?verify_not_requested"},
        {NULL, VERIFY("TEMP", NAMES), "undecidable tempfail verify_temporary | p undecidable certificates?verify_temporary"},
        {NULL, VERIFY("OK", ""), "undecidable tempfail mta_macros | p undecidable certificates?mta_macros"},
    };

    (void)state;
    CHECK(rows);
}

static void sendmail_pins(void **state)
{
    static const struct row rows[] = {
        {P ", require: {certificates: [{key_fingerprint: \"sha256:" FP "\"}]}}\n", VERIFY("OK", NAMES),
         "undecidable tempfail mta_facts | p undecidable certificates?mta_facts"},
        {P ", require: {certificates: [{subject: x}, {key_fingerprint: \"sha256:" FP "\"}]}}\n", VERIFY("OK", NAMES),
         "undecidable tempfail mta_facts | p undecidable certificates?mta_facts"},
        {P ", require: {certificates: [{subject: mail.p.example}, {key_fingerprint: \"sha256:" FP "\"}]}}\n", VERIFY("OK", NAMES),
         "pass accept none | p pass"},
        {P ", require: {certificates: [{subject: x}, {fingerprint: \"sha256:00" "AABBCCDDEEFF00112233445566778899AABBCCDDEEFF001122334455667788\"}]}}\n",
         VERIFY("OK", NAMES), "fail tempfail certificate_fingerprint | p fail certificates!certificate_fingerprint"},
        {NULL, VERIFY("FAIL", NAMES), "fail tempfail certificate_fingerprint | p fail certificates!certificate_fingerprint"},
    };

    (void)state;
    CHECK(rows);
}

static void t22_certificate_dates(void **state)
{
#define ROLLOVER P ", require: {certificates: [{subject: old, until: 2026-12-01}, {subject: new, from: 2026-11-01, until: 2027-01-01}]}}\n"
#define DATED(subject, day) {.macros = POSTFIX TLS "{cert_subject}=" subject "|{cert_issuer}=CA|", .date = day}
    static const struct row rows[] = {
        {ROLLOVER, DATED("old", "2026-10-31T23:59:59Z"), "pass accept none | p pass"},
        {NULL, DATED("new", "2026-10-31T23:59:59Z"), "fail tempfail certificate_dates | p fail certificates!certificate_dates"},
        {NULL, DATED("new", "2026-11-01"), "pass accept none | p pass"},
        {NULL, DATED("old", "2026-11-30T23:59:59Z"), "pass accept none | p pass"},
        {NULL, DATED("old", "2026-12-01"), "fail tempfail certificate_dates | p fail certificates!certificate_dates"},
        {NULL, DATED("other", "2026-12-01"), "fail tempfail certificate_subject | p fail certificates!certificate_subject"},
        {NULL, DATED("new", "2026-12-31T23:59:59Z"), "pass accept none | p pass"},
        {NULL, DATED("new", "2027-01-01"), "undecidable tempfail policy_dates | p undecidable certificates?policy_dates"},
        {NULL, {.date = "2027-01-01"}, "undecidable tempfail policy_dates | p undecidable certificates?policy_dates"},
        {NULL, {.date = "2027-01-01", .macros = POSTFIX}, "fail tempfail no_tls | p fail " NO_TLS " certificates!no_tls"},
        {NULL, {.date = "2026-11-15"}, "fail tempfail certificate_missing | p fail certificates!certificate_missing"},
    };

    (void)state;
    CHECK(rows);
}

static void pins_behind_postfix(void **state)
{
#define FACTS "milter: {postfix_facts: \"unix:/run/f.sock\"}\n"
    static const struct row rows[] = {
        {FACTS P ", require: {certificates: [{key_fingerprint: \"sha256:" FP "\"}, {subject: mail.p.example}]}}\n", {0},
         "no_partner accept none +data"},
        {NULL, {.pin = "key"}, "pass accept none | p pass"},
        {NULL, {.pin = "certificate"}, "fail tempfail certificate_fingerprint | p fail certificates!certificate_fingerprint"},
        {NULL, {.pin = "absent"}, "fail tempfail certificate_missing | p fail certificates!certificate_missing"},
        {NULL, {.pin = "missing"}, "undecidable tempfail mta_facts | p undecidable certificates?mta_facts"},
        {NULL, {.macros = POSTFIX TLS "{cert_subject}=mail.p.example|{cert_issuer}=CA|"}, "pass accept none | p pass"}, /* nothing to wait for */
        {NULL, {.macros = POSTFIX}, "fail tempfail no_tls | p fail " NO_TLS " certificates!no_tls"},
        {NULL, {.macros = POSTFIX "{tls_version}=TLSv1.1|{cipher}=AES128-SHA|"}, /* a refusal is final */
         "fail tempfail tls_version | p fail min_tls_version!tls_version certificates~mta_facts"},
        {NULL, {.macros = POSTFIX "{tls_version}=1.2|{cipher}=AES128-SHA|"}, "no_partner accept none +data"},
        {NULL, {.hidden = NEED_DATA},
         "undecidable tempfail session_outdated | p undecidable certificates~mta_facts decidable?session_outdated"},
        {NULL, {.hidden = NEED_DATA, .macros = POSTFIX}, "fail tempfail no_tls | p fail " NO_TLS " certificates!no_tls"},
        {FACTS P ", require: {certificates: [{fingerprint: \"sha256:" FP "\"}]}}\n", {.pin = "certificate"}, "pass accept none | p pass"},
        {NULL, {.pin = "key"}, "fail tempfail certificate_fingerprint | p fail certificates!certificate_fingerprint"},
        {FACTS P ", mode: none, require: {certificates: [{fingerprint: \"sha256:" FP "\"}]}}\n", {0}, "no_partner accept none | p off certificates~mta_facts"},
    };

    (void)state;
    CHECK(rows);
}

/* DATA without a queue id behind Postfix: nothing further comes. */
static void t26_content_withheld(void **state)
{
#define IDENTITIES ", identities: [header_from]"
#define WITHHELD .to = "x@example.org", .data = true
#define UNSEEN_MAIL "undecidable tempfail mta_macros | p undecidable decidable?mta_macros"
    static const struct row rows[] = {
        {P IDENTITIES "}\n", {.from = "<a@b.example>", WITHHELD}, UNSEEN_MAIL},
        {NULL, {.from = "<a@b.example>", WITHHELD, .qid = ""}, UNSEEN_MAIL},
        {NULL, {.from = "<a@b.example>", WITHHELD, .qid = "4ABC"}, "no_partner accept none +headers"},
        {NULL, {.from = "<a@b.example>", WITHHELD, .macros = SENDMAIL TLS "{verify}=NO|"}, "no_partner accept none +headers"},
        {NULL, {.from = "<a@b.example>", WITHHELD, .macros = "{client_port}=1|" ADDRESS TLS}, UNSEEN_MAIL}, /* MTA unknown */
        {NULL, {.from = "<a@b.example>", WITHHELD, .header = "a@b.example"}, "no_partner accept none"}, /* they came all the same */
        {NULL, {.from = "<a@b.example>", .hidden = NEED_DATA}, "undecidable tempfail session_outdated | p undecidable decidable?session_outdated"},
        {NULL, {.from = "<a@b.example>", .hidden = NEED_DATA, .macros = POSTFIX "i=4ABC|" TLS}, "no_partner accept none +headers"},
        {P IDENTITIES ", mode: testing}\n", {.from = "<a@b.example>", WITHHELD},
         "undecidable accept mta_macros | p undecidable decidable?mta_macros"},
        {P IDENTITIES ", mode: none}\n", {.from = "<a@b.example>", WITHHELD}, "no_partner accept none"},
        {P IDENTITIES ", recipients: [other.example]}\n", {.from = "<a@b.example>", WITHHELD}, "no_partner accept none"},
        {P ", identities: [envelope_from, header_from]}\n", {WITHHELD}, UNSEEN_MAIL},
        {P IDENTITIES ", exceptions: [{senders: [b.example], until: 2099-01-01, reason: x}]}\n", {.from = "<a@b.example>", WITHHELD},
         "pass accept none | p excepted decidable?mta_macros"},
        {P ", action: quarantine}\n", {WITHHELD, .macros = POSTFIX},
         "undecidable tempfail mta_macros | p undecidable " NO_TLS " decidable?mta_macros"},
        {NULL, {WITHHELD, .macros = POSTFIX, .qid = "4ABC"}, "fail quarantine no_tls | p fail " NO_TLS},
        {NULL, {WITHHELD}, "pass accept none | p pass"},
        {NULL, {.macros = POSTFIX, .hidden = NEED_DATA}, "undecidable tempfail session_outdated | p undecidable " NO_TLS " decidable?session_outdated"},
        {P ", action: {no_tls: quarantine, default: reject}, mode: testing}\n", {WITHHELD, .macros = POSTFIX}, "fail accept no_tls | p fail " NO_TLS},
        {FACTS P ", require: {certificates: [{fingerprint: \"sha256:" FP "\"}]}}\n", {WITHHELD, .pin = "missing"},
         "undecidable tempfail mta_facts | p undecidable certificates?mta_facts"},
    };

    (void)state;
    CHECK(rows);
}

static void t24_clients(void **state)
{
#define CLIENT(text) {.macros = "v=Postfix|{client_port}=1|" text TLS}
    static const struct row rows[] = {
        {P ", require: {clients: [mx.p.example, .relay.example, 198.51.100.0/24]}}\n", {0}, "pass accept none | p pass"},
        {NULL, CLIENT("{client_addr}=192.0.2.9|{client_name}=a.b.relay.example|{client_resolve}=OK|"), "pass accept none | p pass"},
        {NULL, CLIENT("{client_addr}=192.0.2.9|{client_name}=relay.example|{client_resolve}=OK|"),
         "fail tempfail client_not_allowed | p fail clients!client_not_allowed"},
        {NULL, CLIENT("{client_addr}=198.51.100.9|{client_name}=unknown|{client_resolve}=TEMP|"), "pass accept none | p pass"},
        {NULL, CLIENT("{client_addr}=192.0.2.9|{client_name}=unknown|{client_resolve}=TEMP|"),
         "undecidable tempfail client_name_temporary | p undecidable clients?client_name_temporary"},
        {NULL, CLIENT("{client_addr}=192.0.2.9|{client_name}=mx.p.example|{client_resolve}=FORGED|"),
         "fail tempfail client_not_allowed | p fail clients!client_not_allowed"},
        {NULL, CLIENT("{client_addr}=192.0.2.9|"), "undecidable tempfail mta_macros | p undecidable clients?mta_macros"},
        {NULL, CLIENT("{client_name}=mx.p.example|{client_resolve}=OK|"), "pass accept none | p pass"},
        {NULL, CLIENT("{client_name}=other.example|{client_resolve}=OK|"), "undecidable tempfail mta_macros | p undecidable clients?mta_macros"},
        /* as selectors: only what is known selects */
        {"partners:\n- {name: p, clients: [mx.p.example, 198.51.100.0/24]}\n", {.from = "<a@x.example>"}, "pass accept none | p pass"},
        {NULL, CLIENT("{client_addr}=192.0.2.9|{client_name}=unknown|{client_resolve}=TEMP|"), "no_partner accept none"},
        {NULL, CLIENT("{client_addr}=198.51.100.9|"), "pass accept none | p pass"},
    };

    (void)state;
    CHECK(rows);
}

static void modes_and_actions(void **state)
{
#define PLAIN {.macros = POSTFIX}
    static const struct row rows[] = {
        {P ", action: reject}\n", PLAIN, "fail reject no_tls | p fail " NO_TLS},
        {NULL, {.macros = "v=Postfix|" ADDRESS TLS},
         "undecidable tempfail mta_macros | p undecidable tls?mta_macros min_tls_version?mta_macros ciphers?mta_macros"},
        {P ", action: quarantine}\n", PLAIN, "fail quarantine no_tls | p fail " NO_TLS},
        {NULL, {.macros = "v=Postfix|" ADDRESS TLS},
         "undecidable tempfail mta_macros | p undecidable tls?mta_macros min_tls_version?mta_macros ciphers?mta_macros"},
        {P ", mode: testing, action: reject}\n", PLAIN, "fail accept no_tls | p fail " NO_TLS},
        {NULL, {0}, "pass accept none | p pass"},
        {P ", mode: none}\n", PLAIN, "no_partner accept none | p off " NO_TLS},
        {NULL, {0}, "no_partner accept none | p off"},
        {P ", action: {no_tls: reject, default: quarantine}}\n", PLAIN, "fail reject no_tls | p fail " NO_TLS},
        {NULL, {.macros = POSTFIX "{tls_version}=TLSv1.1|{cipher}=AES128-SHA|"}, "fail quarantine tls_version | p fail min_tls_version!tls_version"},
        {P ", action: {no_tls: reject}}\n", {.macros = POSTFIX "{tls_version}=TLSv1.1|{cipher}=AES128-SHA|"},
         "fail tempfail tls_version | p fail min_tls_version!tls_version"},
        {"defaults: {action: reject, mode: testing}\n" P "}\n", PLAIN, "fail accept no_tls | p fail " NO_TLS},
        {"defaults: {action: reject, mode: testing}\n" P ", mode: enforce}\n", PLAIN, "fail reject no_tls | p fail " NO_TLS},
        {"defaults: {action: reject}\n" P ", action: {default: tempfail}}\n", PLAIN, "fail tempfail no_tls | p fail " NO_TLS},
        {P ", mode: testing, rollout: [{from: 2026-07-01, mode: enforce}, {from: 2026-08-01, action: reject}, {from: 2026-09-01, mode: none}]}\n",
         {.macros = POSTFIX, .date = "2026-06-30T23:59:59Z"}, "fail accept no_tls | p fail " NO_TLS},
        {NULL, {.macros = POSTFIX, .date = "2026-07-01"}, "fail tempfail no_tls | p fail " NO_TLS},
        {NULL, {.macros = POSTFIX, .date = "2026-07-31T23:59:59Z"}, "fail tempfail no_tls | p fail " NO_TLS},
        {NULL, {.macros = POSTFIX, .date = "2026-08-01"}, "fail reject no_tls | p fail " NO_TLS},
        {NULL, {.macros = POSTFIX, .date = "2026-09-01"}, "no_partner accept none | p off " NO_TLS},
    };

    (void)state;
    CHECK(rows);
}

static void s18_several_partners(void **state)
{
#define THREE "partners:\n- {name: p, domains: [p.example], action: reject}\n- {name: q, domains: [q.example], action: quarantine}\n" \
              "- {name: c, clients: [192.0.2.1], mode: testing}\n- {name: s, domains: [s.example], require: {min_tls_version: TLSv1.3}}\n" \
              "- {name: u, domains: [u.example], require: {certificates: [{subject: {O: U}}]}}\n- {name: o, domains: [n.example], mode: none}\n"
    static const struct row rows[] = {
        {THREE, {.from = "<a@q.example>", .mail_addr = "a@p.example", .macros = POSTFIX},
         "fail reject no_tls | p fail " NO_TLS " | q fail " NO_TLS " | c fail " NO_TLS},
        {NULL, {.from = "<a@p.example>", .mail_addr = "a@q.example", .macros = POSTFIX},
         "fail reject no_tls | p fail " NO_TLS " | q fail " NO_TLS " | c fail " NO_TLS},
        {NULL, {.from = "<a@q.example>", .macros = POSTFIX}, "fail quarantine no_tls | q fail " NO_TLS " | c fail " NO_TLS},
        {NULL, {.from = "<a@x.example>", .macros = POSTFIX}, "fail accept no_tls | c fail " NO_TLS},
        {NULL, {.from = "<a@s.example>"}, "fail tempfail tls_version | s fail min_tls_version!tls_version | c pass"},
        {NULL, {.from = "<a@u.example>", .macros = POSTFIX TLS "{cert_issuer}=CA|"}, "undecidable tempfail mta_facts | u undecidable certificates?mta_facts | c pass"},
        {NULL, {.from = "<a@u.example>", .mail_addr = "a@s.example", .macros = POSTFIX TLS "{cert_issuer}=CA|"},
         "fail tempfail tls_version | s fail min_tls_version!tls_version | u undecidable certificates?mta_facts | c pass"},
        {NULL, {.from = "<a@n.example>"}, "pass accept none | c pass | o off"},
        {NULL, {.from = "<a@p.example>", .mail_addr = "b@P.Example."}, "pass accept none | p pass | c pass"},
    };

    (void)state;
    CHECK(rows);
}

static void s11_s06_selection(void **state)
{
#define TREE "partners:\n- {name: top, domains: [.example]}\n- {name: p, domains: [p.example]}\n- {name: hole, domains: [h.p.example], mode: none}\n" \
             "- {name: under, domains: [.p.example]}\n"
    static const struct row rows[] = {
        {TREE, {0}, "pass accept none | p pass"},
        {NULL, {.from = "<a@x.p.example>"}, "pass accept none | under pass"},
        {NULL, {.from = "<a@h.p.example>", .macros = POSTFIX}, "no_partner accept none | hole off " NO_TLS},
        {NULL, {.from = "<a@xp.example>"}, "pass accept none | top pass"},
        {NULL, {.from = "<a@p.example.org>"}, "no_partner accept none"},
        {NULL, {.from = "<a@[192.0.2.1]>"}, "no_partner accept none"},
        {NULL, {.from = "<>", .helo = "p.example"}, "pass accept none | p pass"},
        {NULL, {.from = "<>", .helo = "mx.p.example"}, "pass accept none | under pass"},
        {NULL, {.from = "<>", .helo = "other.org"}, "no_partner accept none"},
        {NULL, {.from = "<>"}, "no_partner accept none"},
        {NULL, {.from = "<>", .mail_addr = "a@p.example", .helo = "other.org"}, "pass accept none | p pass"},
        {P "}\n", {.from = "<>", .helo = "MX.P.Example.", .macros = POSTFIX}, "fail tempfail no_tls | p fail " NO_TLS},
        {NULL, {.from = "<>", .helo = "p.example", .hidden = NEED_HELO, .macros = POSTFIX},
         "undecidable tempfail session_outdated | p undecidable decidable?session_outdated"},
        {NULL, {.from = "<a@x.example>", .hidden = NEED_HELO}, "no_partner accept none"},
        {"partners:\n- {name: all, domains: [\"*\"]}\n", {.from = "<a@x.example>"}, "pass accept none | all pass"},
        {NULL, {.from = "<a>"}, "pass accept none | all pass"},
        {NULL, {.from = "<a@[192.0.2.1]>"}, "pass accept none | all pass"},
        {NULL, {.from = "<>"}, "pass accept none | all pass"},
    };

    (void)state;
    CHECK(rows);
}

static void t20_exempt(void **state)
{
    static const struct row rows[] = {
        {P "}\n", {.macros = "v=Postfix|{client_port}=1|{client_addr}=127.0.0.1|"}, "exempt accept none | p fail " NO_TLS},
        {NULL, {.macros = "v=Postfix|{client_port}=1|{client_addr}=::1|"}, "exempt accept none | p fail " NO_TLS},
        {NULL, {.macros = POSTFIX "{auth_type}=PLAIN|{auth_authen}=u|"}, "exempt accept none | p fail " NO_TLS},
        {NULL, {.macros = POSTFIX "{auth_type}=XCLIENT|{auth_authen}=u|"}, "fail tempfail no_tls | p fail " NO_TLS},
        {NULL, {.macros = POSTFIX "{auth_type}=PLAIN|{auth_authen}=u|", .from = "<a@x.example>"}, "exempt accept none"},
        {"exempt: {clients: [.filters.example], authenticated: false, daemons: [submission]}\n" P ", action: reject}\n",
         {.macros = "v=Postfix|{client_port}=1|{client_addr}=127.0.0.1|"}, "fail reject no_tls | p fail " NO_TLS},
        {NULL, {.macros = POSTFIX "{auth_type}=PLAIN|{auth_authen}=u|"}, "fail reject no_tls | p fail " NO_TLS},
        {NULL, {.macros = POSTFIX "{daemon_name}=submission|"}, "exempt accept none | p fail " NO_TLS},
        {NULL, {.macros = POSTFIX "{daemon_name}=smtpd|"}, "fail reject no_tls | p fail " NO_TLS},
        {NULL, {.macros = "v=Postfix|{client_port}=1|{client_addr}=192.0.2.7|{client_name}=a.filters.example|{client_resolve}=OK|"},
         "exempt accept none | p fail " NO_TLS},
        {NULL, {.macros = "v=Postfix|{client_port}=1|{client_addr}=192.0.2.7|{client_name}=unknown|{client_resolve}=TEMP|"},
         "fail reject no_tls | p fail " NO_TLS},
        {"exempt: {clients: [], daemons: []}\n" P "}\n", {.macros = "v=Postfix|{client_port}=1|{client_addr}=127.0.0.1|"},
         "fail tempfail no_tls | p fail " NO_TLS},
        {"exempt: {daemons: [x]}\n" P ", identities: [header_from], recipients: [r.example]}\n", {.macros = POSTFIX "{daemon_name}=x|"},
         "exempt accept none"},
    };

    (void)state;
    CHECK(rows);
}

static void s17_recipients(void **state)
{
#define SCOPED "partners:\n- {name: p, domains: [p.example], recipients: [judged@here.example, .sub.example], action: reject}\n- {name: wide, domains: [.example]}\n"
    static const struct row rows[] = {
        {SCOPED, PLAIN, "no_partner accept none +rcpt"},
        {NULL, {.macros = POSTFIX, .to = "<judged@here.example>"}, "fail reject no_tls | p fail " NO_TLS},
        {NULL, {.macros = POSTFIX, .to = "<Judged@HERE.example>"}, "fail reject no_tls | p fail " NO_TLS},
        {NULL, {.macros = POSTFIX, .to = "<other@here.example>"}, "fail tempfail no_tls | wide fail " NO_TLS}, /* the next less specific one */
        {NULL, {.macros = POSTFIX, .to = "<other@here.example>=judged@here.example"}, "fail reject no_tls | p fail " NO_TLS},
        {NULL, {.macros = POSTFIX, .to = "<judged@here.example>=other@here.example"}, "fail reject no_tls | p fail " NO_TLS},
        {NULL, {.macros = POSTFIX, .to = "<x@a.sub.example>"}, "fail reject no_tls | p fail " NO_TLS},
        {NULL, {.macros = POSTFIX, .to = "<x@sub.example>"}, "fail tempfail no_tls | wide fail " NO_TLS},
        {NULL, {.macros = POSTFIX, .to = "<other@here.example> <judged@here.example>"},
         "fail reject no_tls | p fail " NO_TLS " | wide fail " NO_TLS},
        {NULL, {.macros = POSTFIX, .to = ""}, "fail tempfail no_tls | wide fail " NO_TLS},
        {NULL, {.macros = POSTFIX, .hidden = NEED_RCPT}, "undecidable tempfail session_outdated | p undecidable decidable?session_outdated"},
        {NULL, {.from = "<a@x.example>", .macros = POSTFIX, .hidden = NEED_RCPT}, "fail tempfail no_tls | wide fail " NO_TLS},
        {NULL, {.macros = POSTFIX "{auth_type}=PLAIN|{auth_authen}=u|"}, "exempt accept none | p fail " NO_TLS},
    };

    (void)state;
    CHECK(rows);
}

static void exceptions(void **state)
{
#define EXCEPT(keys) P ", action: reject, exceptions: [{" keys ", until: 2026-07-01, reason: r}]}\n"
#define REFUSED "fail reject no_tls | p fail " NO_TLS
#define OPEN(reason) "undecidable tempfail " reason " | p undecidable " NO_TLS " decidable?" reason /* nobody's fault but ours */
#define EXCEPTED "pass accept none | p excepted " NO_TLS
    static const struct row rows[] = {
        {EXCEPT("clients: [192.0.2.1]"), PLAIN, EXCEPTED},
        {NULL, {.macros = POSTFIX, .date = "2026-06-30T23:59:59Z"}, EXCEPTED},
        {NULL, {.macros = POSTFIX, .date = "2026-07-01"}, REFUSED},
        {NULL, {.macros = "v=Postfix|{client_port}=1|{client_addr}=192.0.2.2|"}, REFUSED},
        {NULL, {.macros = "v=Postfix|{client_port}=1|"}, OPEN("mta_macros")},
        {NULL, {0}, "pass accept none | p pass"},
        {NULL, {.macros = POSTFIX "{tls_version}=1.2|{cipher}=AES128-SHA|"}, "pass accept none | p excepted min_tls_version?mta_macros"},
        {EXCEPT("clients: [mx.p.example]"), {.macros = "v=Postfix|{client_port}=1|{client_addr}=192.0.2.2|{client_name}=x|{client_resolve}=TEMP|"}, OPEN("client_name_temporary")},
        {NULL, {.macros = "v=Postfix|{client_port}=1|{client_addr}=192.0.2.2|{client_name}=x|{client_resolve}=TEMP|", .date = "2026-07-01"}, REFUSED},
        {NULL, PLAIN, EXCEPTED},
        {EXCEPT("senders: [robot@p.example]"), {.from = "<Robot@P.example>", .macros = POSTFIX}, EXCEPTED},
        {NULL, PLAIN, REFUSED},
        {NULL, {.from = "<robot@p.example>", .mail_addr = "robot@p.example", .macros = POSTFIX}, EXCEPTED},
        {NULL, {.from = "<robot@p.example>", .mail_addr = "other@p.example", .macros = POSTFIX}, REFUSED}, /* every reading */
        {NULL, {.from = "<other@p.example>", .mail_addr = "robot@p.example", .macros = POSTFIX}, REFUSED},
        {NULL, {.from = "<robot@p.example>", .mail_addr = "robot", .macros = SENDMAIL}, EXCEPTED}, /* a user of Sendmail's own host */
        {NULL, {.from = "<other@p.example>", .mail_addr = "robot", .macros = SENDMAIL}, REFUSED},
        {NULL, {.from = "<robot@p.example>", .mail_addr = "robot@[127.0.0.1]", .macros = SENDMAIL}, REFUSED},
        {EXCEPT("senders: [p.example, .q.example]"), {.from = "<a@p.example>", .mail_addr = "b@x.q.example", .macros = POSTFIX}, EXCEPTED},
        {NULL, {.from = "<>", .helo = "p.example", .macros = POSTFIX}, REFUSED},
        {EXCEPT("senders: [\"<>\"]"), {.from = "<>", .helo = "p.example", .macros = POSTFIX}, EXCEPTED},
        {NULL, PLAIN, REFUSED},
        {EXCEPT("clients: [192.0.2.1], senders: [robot@p.example]"), PLAIN, REFUSED}, /* all selectors */
        {NULL, {.from = "<robot@p.example>", .macros = POSTFIX}, EXCEPTED},
        {EXCEPT("recipients: [t@here.example, .t.example]"), PLAIN, "no_partner accept none +rcpt"},
        {NULL, {.macros = POSTFIX, .to = "<t@here.example>"}, EXCEPTED},
        {NULL, {.macros = POSTFIX, .to = "<t@here.example>=t@here.example"}, EXCEPTED},
        {NULL, {.macros = POSTFIX, .to = "<t@here.example>=u@here.example"}, REFUSED}, /* both readings */
        {NULL, {.macros = POSTFIX, .to = "<t@here.example> <a@b.t.example>"}, EXCEPTED},
        {NULL, {.macros = POSTFIX, .to = "<t@here.example> <u@here.example>"}, REFUSED},
        {NULL, {.macros = POSTFIX, .to = ""}, REFUSED},
        {NULL, {.macros = POSTFIX, .hidden = NEED_RCPT},
         "undecidable tempfail session_outdated | p undecidable " NO_TLS " decidable?session_outdated"},
        {NULL, {0}, "pass accept none | p pass"},
        {EXCEPT("clients: [198.51.100.1], recipients: [t@here.example]"), PLAIN, REFUSED}, /* nothing to wait for */
        {EXCEPT("clients: [mx.p.example], recipients: [t@here.example]"), {.macros = "v=Postfix|{client_port}=1|", .to = "<u@here.example>"}, REFUSED},
        {NULL, {.macros = "v=Postfix|{client_port}=1|", .to = "<t@here.example>"}, OPEN("mta_macros")},
        {P ", exceptions: [{clients: [198.51.100.1], until: 2026-07-01, reason: r}, {clients: [192.0.2.1], until: 2026-08-01, reason: r}]}\n", PLAIN, EXCEPTED},
        {P ", mode: none, exceptions: [{clients: [192.0.2.1], until: 2026-07-01, reason: r}]}\n", PLAIN, "no_partner accept none | p off " NO_TLS},
        {"milter: {postfix_facts: \"unix:/run/f.sock\"}\n" P ", require: {certificates: [{fingerprint: \"sha256:" FP "\"}]}, exceptions: "
         "[{clients: [192.0.2.1], until: 2026-07-01, reason: r}]}\n", {0}, "pass accept none | p excepted certificates~mta_facts"},
    };

    (void)state;
    CHECK(rows);
}

static void s01_s13_s15_header_from(void **state)
{
#define HEADERS "partners:\n- {name: p, domains: [p.example, .p.example], identities: [header_from], action: reject}\n" \
                "- {name: q, domains: [q.example], identities: [envelope_from, header_from]}\n- {name: e, domains: [e.example]}\n"
#define FROM "<a@x.example>"
    static const struct row rows[] = {
        {HEADERS, {.from = FROM}, "no_partner accept none +headers"},
        {NULL, {.from = FROM, .header = "a@x.example"}, "no_partner accept none"},
        {NULL, {.from = FROM, .header = ""}, "no_partner accept none"},
        {NULL, {.from = FROM, .header = "\"p.example\" <a@x.example>"}, "no_partner accept none"},
        {NULL, {.from = FROM, .header = "P <a@p.example>", .macros = POSTFIX}, "fail reject no_tls | p fail " NO_TLS},
        {NULL, {.from = FROM, .header = "a@x.example, b@m.p.example", .macros = POSTFIX}, "fail reject no_tls | p fail " NO_TLS},
        {NULL, {.from = FROM, .header = "a@x.example\nb@p.example", .macros = POSTFIX}, "fail reject no_tls | p fail " NO_TLS},
        {NULL, {.from = "<a@p.example>", .header = "a@x.example", .macros = POSTFIX}, "no_partner accept none"}, /* not by envelope */
        {NULL, {.from = FROM, .header = "a@e.example", .macros = POSTFIX}, "no_partner accept none"},            /* not by header */
        {NULL, {.from = "<a@q.example>", .header = "a@q.example", .macros = POSTFIX}, "fail tempfail no_tls | q fail " NO_TLS},
        {NULL, {.from = "<a@q.example>", .macros = POSTFIX}, "fail tempfail no_tls +headers | q fail " NO_TLS},
        {NULL, {.from = "<>", .helo = "p.example", .header = "a@x.example", .macros = POSTFIX}, "no_partner accept none"},
        /* what cannot be read */
        {NULL, {.from = FROM, .header = "a@p.example>> (", .macros = POSTFIX}, "undecidable tempfail header_from | p undecidable decidable?header_from"},
        {NULL, {.from = FROM, .header = "a@p.example>> ("}, "undecidable tempfail header_from | p undecidable decidable?header_from"},
        {NULL, {.from = FROM, .header = "a@xp.example>> ("}, "no_partner accept none"},
        {NULL, {.from = FROM, .header = "a@e.example>> ("}, "no_partner accept none"},
        {NULL, {.from = FROM, .header = "a@p.example>> (\na@q.example"}, "undecidable tempfail header_from | p undecidable decidable?header_from | q pass"},
        {NULL, {.from = FROM, .header = "a@q.example>> (\na@q.example"}, "undecidable tempfail header_from | q undecidable decidable?header_from"},
        {NULL, {.from = "<a@q.example>", .header = "a@q.example>> (", .macros = POSTFIX}, "fail tempfail no_tls | q fail " NO_TLS},
        {NULL, {.from = FROM, .header = "a@x.example", .cut = true},
         "undecidable tempfail header_from | p undecidable decidable?header_from | q undecidable decidable?header_from"},
        {NULL, {.from = FROM, .header = "a@x.example", .exhausted = true},
         "undecidable tempfail internal | p undecidable decidable?internal | q undecidable decidable?internal"},
        /* F13: a session that does not show headers */
        {NULL, {.from = FROM, .hidden = NEED_HEADERS, .macros = POSTFIX},
         "undecidable tempfail session_outdated | p undecidable decidable?session_outdated | q undecidable decidable?session_outdated"},
        {NULL, {.from = FROM, .hidden = NEED_HEADERS, .macros = POSTFIX "{auth_type}=PLAIN|{auth_authen}=u|"}, "exempt accept none"},
        {"partners:\n- {name: p, domains: [p.example], identities: [header_from], recipients: [r.example]}\n- {name: all, domains: [\"*\"], "
         "identities: [header_from]}\n", {.from = FROM, .header = "a@p.example", .to = "<a@r.example>"}, "pass accept none | p pass"},
        {NULL, {.from = FROM, .header = "a@p.example", .to = "<a@s.example>"}, "pass accept none | all pass"},
        {NULL, {.from = FROM, .header = "a@p.example>> (", .to = "<a@s.example>", .macros = POSTFIX}, "fail tempfail no_tls | all fail " NO_TLS},
        {NULL, {.from = FROM, .header = "a@p.example>> (", .to = "<a@r.example>"},
         "undecidable tempfail header_from | p undecidable decidable?header_from | all pass"},
        {"partners:\n- {name: c, clients: [198.51.100.1], identities: [header_from]}\n- {name: p, domains: [p.example]}\n", /* no domain that could be meant */
         {.from = FROM, .header = "a@x.example", .cut = true}, "no_partner accept none"},
    };

    (void)state;
    CHECK(rows);
}

/* What Sendmail makes of From fields and senders behind the filter. */
static void s19_s21_behind_sendmail(void **state)
{
#define UNKNOWN_MTA "{client_port}=4711|" ADDRESS
    static const struct row rows[] = {
        {HEADERS, {.from = FROM, .header = "P <a%p.example>", .macros = SENDMAIL}, "fail reject no_tls | p fail " NO_TLS},
        {NULL, {.from = FROM, .header = "a@p example", .macros = SENDMAIL}, "fail reject no_tls | p fail " NO_TLS},
        {NULL, {.from = FROM, .header = "a@p example", .macros = UNKNOWN_MTA}, "fail reject no_tls | p fail " NO_TLS},
        {NULL, {.from = FROM, .header = "p.example!a", .macros = POSTFIX}, "no_partner accept none"},
        {NULL, {.from = FROM, .header = "a@p.example.UUCP", .macros = SENDMAIL}, "fail reject no_tls | p fail " NO_TLS},
        {NULL, {.from = FROM, .header = "a@p.example.UUCP", .macros = POSTFIX}, "no_partner accept none"},
        /* no From, or an empty one */
        {NULL, {.from = "<a@p.example>", .header = "", .macros = SENDMAIL}, "fail reject no_tls | p fail " NO_TLS},
        {NULL, {.from = "<a@p.example>", .header = " \n\t", .macros = SENDMAIL}, "fail reject no_tls | p fail " NO_TLS},
        {NULL, {.from = "<a@p.example>", .header = "", .macros = POSTFIX}, "no_partner accept none"},
        {NULL, {.from = "<a@p.example>", .header = "<>", .macros = SENDMAIL}, "no_partner accept none"},
        {NULL, {.from = "<a@p.example>", .header = "\na@x.example", .macros = SENDMAIL}, "no_partner accept none"},
        {NULL, {.from = FROM, .mail_addr = "a@p.example", .header = "", .macros = SENDMAIL}, "fail reject no_tls | p fail " NO_TLS},
        {NULL, {.from = "<>", .helo = "p.example", .header = "", .macros = SENDMAIL}, "no_partner accept none"},
        {NULL, {.from = "<a>", .header = "", .macros = SENDMAIL}, "no_partner accept none"},
        {NULL, {.from = "<a@e.example>", .header = "", .macros = SENDMAIL}, "fail tempfail no_tls | e fail " NO_TLS},
        /* senders */
        {NULL, {.from = "<a@e example>", .header = "a@x.example", .macros = SENDMAIL}, "fail tempfail no_tls | e fail " NO_TLS},
        {NULL, {.from = "<e example!a>", .header = "a@x.example", .macros = SENDMAIL}, "fail tempfail no_tls | e fail " NO_TLS},
        {NULL, {.from = "<a@e.example.UUCP>", .header = "a@x.example", .macros = SENDMAIL}, "fail tempfail no_tls | e fail " NO_TLS},
        {NULL, {.from = "<a@e.example.UUCP>", .header = "a@x.example", .macros = POSTFIX}, "no_partner accept none"},
        {"partners:\n- {name: u, domains: [.uucp]}\n- {name: e, domains: [e.example]}\n", {.from = "<a@e.example.UUCP>", .macros = SENDMAIL},
         "fail tempfail no_tls | u fail " NO_TLS " | e fail " NO_TLS},
    };

    (void)state;
    CHECK(rows);
}

static void s20_domains_that_are_none(void **state)
{
#define UNDECIDED "undecidable tempfail header_from | p undecidable decidable?header_from"
    static const struct row rows[] = {
        {HEADERS, {.from = FROM, .header = "P <a@=?utf-8?q?p.example?=>"}, UNDECIDED},
        {NULL, {.from = FROM, .header = "a@p.example.\xe2\x80\x8b"}, UNDECIDED},
        {NULL, {.from = FROM, .header = "a@p\xe2\x80\x8d.example"}, UNDECIDED},
        {NULL, {.from = FROM, .header = "\"a@p.example\""}, UNDECIDED},
        {NULL, {.from = FROM, .header = "a\xef\xbc\xa0p.example"}, UNDECIDED},
        {NULL, {.from = FROM, .header = "a@-x.p.example"}, UNDECIDED},
        {NULL, {.from = FROM, .header = "a@=?utf-8?q?e.example?="}, "no_partner accept none"},
        {NULL, {.from = FROM, .header = "a@=?utf-8?q?xp.example?="}, "no_partner accept none"},
        {NULL, {.from = FROM, .header = "a@p_q.x.example"}, "no_partner accept none"},
        {NULL, {.from = FROM, .header = "=?utf-8?q?a=40p.example?= <a@x.example>"}, "no_partner accept none"},
    };

    (void)state;
    CHECK(rows);
}

/* So many partners p0, p1, ... by header From, all in `mode` but one. */
static struct policy *load_many(unsigned count, const char *mode, unsigned enforcing)
{
    char *text = malloc(200 * (size_t)count + 100), *end = stpcpy(text, "partners:\n");
    struct policy *policy;

    for (unsigned i = 0; i < count; i++)
        end += sprintf(end, "- {name: p%u, domains: [p%u.example], identities: [header_from], mode: %s}\n", i, i,
                       i == enforcing ? "enforce" : mode);
    policy = load(text);
    free(text);
    return policy;
}

/* A From of 64 partners is judged; one of more is undecidable for everyone, whatever came first. */
static void s26_many_partners_in_a_from(void **state)
{
    struct policy *policy = load_many(100, "enforce", 0);
    static struct verdict verdict;
    static char header[2][4096];
    struct mail mail = {.from = "<a@x.example>", .macros = POSTFIX};

    (void)state;
    for (unsigned i = 0; i < 65; i++)
        for (unsigned k = 0; k < 2; k++)
            if (i < 64 + k)
                sprintf(header[k] + strlen(header[k]), "%sa@p%u.example, b@p%u.example", i == 0 ? "" : ", ", i, i);
    mail.header = header[0];
    evaluate(policy, &mail, &verdict);
    assert_int_equal(verdict.outcome, OUTCOME_FAIL);
    for (size_t i = 0; i < verdict.partner_count; i++)
        assert_int_equal(verdict.partner[i].outcome, OUTCOME_FAIL);
    mail.header = header[1];
    mail.macros = POSTFIX TLS; /* the 64 pass */
    evaluate(policy, &mail, &verdict);
    assert_int_equal(verdict.outcome, OUTCOME_UNDECIDABLE);
    assert_int_equal(verdict.reason, REASON_HEADER_FROM);
    assert_int_equal(verdict.action, ACTION_TEMPFAIL);
    policy_unref(policy);
}

/* Many addresses of one partner are one partner, also where it is asked for by recipient. */
static void s26_many_addresses_of_a_partner(void **state)
{
    struct policy *policy = load("partners:\n- {name: p, domains: [.p.example], identities: [header_from], recipients: [r.example]}\n"
                                 "- {name: q, domains: [.example], identities: [header_from]}\n");
    static struct verdict verdict;
    static char header[16384];
    struct mail mail = {.from = "<a@x.test>", .header = header, .to = "<a@r.example>", .macros = POSTFIX};

    (void)state;
    for (unsigned i = 0; i < 500; i++)
        sprintf(header + strlen(header), "%sa@m%u.p.example", i == 0 ? "" : ", ", i);
    evaluate(policy, &mail, &verdict);
    assert_int_equal(verdict.outcome, OUTCOME_FAIL);
    assert_int_equal(verdict.partner_count, 1);
    assert_string_equal(partner_name(verdict.partner[0].partner), "p");
    mail.to = "<a@r.example> <a@s.example>";
    evaluate(policy, &mail, &verdict);
    assert_int_equal(verdict.partner_count, 2);
    assert_int_equal(verdict.outcome, OUTCOME_FAIL);
    policy_unref(policy);
}

/* Where the mail may be anyone's, the one who enforces is found among all who test, wherever he stands. */
static void s16_s26_anyone_among_many(void **state)
{
    static const unsigned places[] = {0, 7, 8, 9, 2999};
    static struct verdict verdict;
    struct mail mail = {.from = "<a@x.example>", .header = "a@x.example", .cut = true, .macros = POSTFIX TLS};
    struct policy *policy = load_many(3000, "testing", 3000);
    char name[16];

    (void)state;
    evaluate(policy, &mail, &verdict);
    assert_int_equal(verdict.outcome, OUTCOME_UNDECIDABLE);
    assert_int_equal(verdict.action, ACTION_ACCEPT);
    assert_int_equal(verdict.partner_count, JUDGED_MAX);
    policy_unref(policy);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        policy = load_many(3000, "testing", places[i]);
        evaluate(policy, &mail, &verdict);
        assert_int_equal(verdict.action, ACTION_TEMPFAIL);
        assert_int_equal(verdict.reason, REASON_HEADER_FROM);
        sprintf(name, "p%u", places[i]);
        assert_string_equal(partner_name(verdict.partner[0].partner), name);
        policy_unref(policy);
    }
}

/* Ten partners in one transaction, by header addresses: the most severe are kept, and the worst stands in front. */
static void more_partners_than_are_kept(void **state)
{
    char text[2048] = "partners:\n", header[512] = "";
    static struct verdict verdict;
    struct mail mail = {.from = "<a@x.example>", .header = header, .macros = POSTFIX};
    struct policy *policy;

    (void)state;
    for (int i = 0; i < 12; i++) {
        sprintf(text + strlen(text), "- {name: p%d, domains: [p%d.example], identities: [header_from], mode: %s, action: %s}\n", i, i,
                i < 3 ? "none" : "enforce", i == 10 ? "reject" : i % 2 == 0 ? "tempfail" : "quarantine");
        sprintf(header + strlen(header), "%sa@p%d.example", i == 0 ? "" : ", ", i);
    }
    policy = load(text);
    evaluate(policy, &mail, &verdict);
    assert_int_equal(verdict.partner_count, JUDGED_MAX);
    assert_int_equal(verdict.action, ACTION_REJECT);
    assert_string_equal(partner_name(verdict.partner[0].partner), "p10");
    for (size_t i = 0; i < verdict.partner_count; i++) {
        assert_int_equal(verdict.partner[i].outcome, OUTCOME_FAIL);
        for (size_t k = 0; k < i; k++)
            assert_ptr_not_equal(verdict.partner[i].partner, verdict.partner[k].partner);
    }
    policy_unref(policy);
}

static void selected_by(void **state)
{
    struct policy *policy = load("partners:\n- {name: p, domains: [p.example], clients: [192.0.2.1], identities: [envelope_from, header_from]}\n");
    struct mail mail = {.header = "b@p.example"}, null_sender = {.from = "<>", .helo = "p.example", .header = ""};
    static struct verdict verdict;

    (void)state;
    evaluate(policy, &mail, &verdict);
    assert_int_equal(verdict.partner_count, 1);
    assert_int_equal(verdict.partner[0].selected_by, SELECTED_ENVELOPE_FROM | SELECTED_HEADER_FROM | SELECTED_CLIENT);
    evaluate(policy, &null_sender, &verdict);
    assert_int_equal(verdict.partner[0].selected_by, SELECTED_HELO | SELECTED_CLIENT);
    assert_string_equal(selected_by_name(SELECTED_ENVELOPE_FROM), "envelope_from");
    assert_string_equal(selected_by_name(SELECTED_HEADER_FROM), "header_from");
    assert_string_equal(selected_by_name(SELECTED_HELO), "helo");
    assert_string_equal(selected_by_name(SELECTED_CLIENT), "client");
    policy_unref(policy);
}

/* Who is nobody's by the sender alone, and who may be somebody's: the client, the HELO, the header are not asked. */
static void strangers(void **state)
{
    static const struct {
        const char *policy, *from, *mail_addr;
        bool stranger;
    } cases[] = {
        {P "}\n", "<a@q.example>", "a@q.example", true},
        {P "}\n", "<a@p.example>", "a@p.example", false},
        {P "}\n", "<a@P.Example.>", "a@q.example", false},
        {P "}\n", "<a@q.example>", "a@p.example", false},
        {P "}\n", "<>", "", false},
        {P "}\n", "<a>", "a", false},
        {P "}\n", "<a@sub.p.example>", "a@sub.p.example", true},
        {"partners:\n- {name: p, domains: [.p.example]}\n", "<a@sub.p.example>", "a@sub.p.example", false},
        {"partners:\n- {name: p, domains: [\"*\"]}\n", "<a@q.example>", "a@q.example", false},
        {"partners:\n- {name: p, clients: [192.0.2.0/24]}\n", "<a@q.example>", "a@q.example", false},
        {"partners:\n- {name: p, domains: [p.example], identities: [header_from]}\n", "<a@q.example>", "a@q.example",
         false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct envelope envelope = {.argument = cases[i].from, .shown = ~0u};
        struct policy *policy = load(cases[i].policy);
        char macros[256];
        struct facts facts;

        snprintf(macros, sizeof macros, "{mail_addr}=%s|", cases[i].mail_addr);
        assert_true(facts_read_sender(&facts, &envelope, value_of, macros));
        if (policy_is_stranger(policy, &facts) != cases[i].stranger)
            fail_msg("row %zu: %s", i, cases[i].stranger ? "a stranger was taken for a partner" : "no stranger");
        facts_clear(&facts);
        policy_unref(policy);
    }
}

static void s12_forwarder(void **state)
{
    static const struct row rows[] = {
        {P "}\n", {.from = "<SRS0=x=y=p.example=a@forwarder.example>", .macros = POSTFIX}, "no_partner accept none"},
        {NULL, {.from = "<a-p.example=owner@list.example>", .macros = POSTFIX}, "no_partner accept none"},
        {NULL, {.from = "<\"x@p.example\"@evil.example>", .macros = POSTFIX}, "no_partner accept none"},
        {NULL, {.from = "<\"a\"@\"p.example\">", .macros = POSTFIX}, "fail tempfail no_tls | p fail " NO_TLS},
        {NULL, {.from = "a@P.Example.", .macros = POSTFIX}, "fail tempfail no_tls | p fail " NO_TLS},
    };

    (void)state;
    CHECK(rows);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(t01_requirements), cmocka_unit_test(t08_t09_ciphers), cmocka_unit_test(t28_unknown_suites), cmocka_unit_test(merging),
        cmocka_unit_test(t11_t16_postfix_certificates), cmocka_unit_test(t11_t15_sendmail_certificates),
        cmocka_unit_test(sendmail_pins), cmocka_unit_test(t22_certificate_dates), cmocka_unit_test(pins_behind_postfix),
        cmocka_unit_test(t26_content_withheld),
        cmocka_unit_test(t24_clients), cmocka_unit_test(modes_and_actions), cmocka_unit_test(s18_several_partners),
        cmocka_unit_test(s11_s06_selection), cmocka_unit_test(t20_exempt), cmocka_unit_test(s17_recipients),
        cmocka_unit_test(exceptions), cmocka_unit_test(s01_s13_s15_header_from), cmocka_unit_test(s19_s21_behind_sendmail),
        cmocka_unit_test(s20_domains_that_are_none), cmocka_unit_test(s26_many_partners_in_a_from),
        cmocka_unit_test(s26_many_addresses_of_a_partner), cmocka_unit_test(s16_s26_anyone_among_many), cmocka_unit_test(more_partners_than_are_kept),
        cmocka_unit_test(selected_by), cmocka_unit_test(s12_forwarder), cmocka_unit_test(strangers),
    };

    return cmocka_run_group_tests_name("evaluate", tests, NULL, NULL);
}
