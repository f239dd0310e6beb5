/* SPDX-License-Identifier: BSD-2-Clause */
/* Macros to facts, in both dialects: who speaks, who sends, what the session is, whose certificate. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "policy/facts/macros.h"

#define FP "AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99"
#define POSTFIX "v=Postfix 3.7.11|{client_port}=4711|"
#define SENDMAIL "v=8.17.1.9|{client_port}=4711|"
#define TLS "{tls_version}=TLSv1.2|{cipher}=ECDHE-RSA-AES256-GCM-SHA384|{cipher_bits}=256|"

/* Macros as "name=value|name=value|"; every one that is read must be asked for by its right name. */
struct macros {
    char text[4096];
};

static const char *value_of(void *arg, const char *name)
{
    static char values[64][1024];
    static unsigned next;
    const struct macros *macros = arg;
    size_t length = strlen(name);

    for (const char *at = macros->text; *at != '\0'; at = strchr(at, '|') + 1)
        if (strncmp(at, name, length) == 0 && at[length] == '=') {
            char *value = values[next++ % 64];

            snprintf(value, 1024, "%.*s", (int)strcspn(at + length + 1, "|"), at + length + 1);
            return value;
        }
    return NULL;
}

static void read_facts(struct facts *facts, const char *text, const struct envelope *envelope)
{
    struct macros macros;

    snprintf(macros.text, sizeof macros.text, "%s", text);
    assert_true(facts_read(facts, envelope, value_of, &macros));
}

static void read_plainly(struct facts *facts, const char *text)
{
    static const struct envelope envelope = {.argument = "<a@sender.example>", .helo = "helo.example", .shown = NEED_RCPT};

    read_facts(facts, text, &envelope);
}

static void t25_who_speaks(void **state)
{
    static const struct {
        const char *macros;
        enum mta setting, mta;
    } cases[] = {
        {"v=Postfix 3.7.11|", MTA_UNKNOWN, MTA_POSTFIX},
        {"v=Postfix 3.7.11|", MTA_POSTFIX, MTA_POSTFIX},
        {"v=Postfix 3.7.11|", MTA_SENDMAIL, MTA_UNKNOWN},
        {"v=Postfix 3.7.11|{verify}=OK|", MTA_UNKNOWN, MTA_UNKNOWN},
        {"v=Postfix 3.7.11|{verify}=OK|", MTA_POSTFIX, MTA_UNKNOWN},
        {"v=Postfix 3.7.11|{verify}=OK|", MTA_SENDMAIL, MTA_UNKNOWN},
        {"v=8.17.1.9|", MTA_UNKNOWN, MTA_SENDMAIL},
        {"v=8.18.1/8.18.1|", MTA_UNKNOWN, MTA_SENDMAIL},
        {"v=8.17.1.9|{verify}=NO|", MTA_UNKNOWN, MTA_SENDMAIL},
        {"{verify}=NO|", MTA_UNKNOWN, MTA_SENDMAIL},
        {"{verify}=NO|", MTA_POSTFIX, MTA_UNKNOWN},
        {"v=8.17.1.9|", MTA_POSTFIX, MTA_UNKNOWN},
        {"v=8.17.1.9|", MTA_SENDMAIL, MTA_SENDMAIL},
        {"", MTA_UNKNOWN, MTA_UNKNOWN},
        {"", MTA_POSTFIX, MTA_POSTFIX},
        {"", MTA_SENDMAIL, MTA_SENDMAIL},
        {"v=|{verify}=|", MTA_UNKNOWN, MTA_UNKNOWN},
        {"v=exim 4.96|", MTA_UNKNOWN, MTA_UNKNOWN},
        {"v=8|", MTA_UNKNOWN, MTA_UNKNOWN},
        {"v=.8|", MTA_UNKNOWN, MTA_UNKNOWN},
        {"v=8.x|", MTA_UNKNOWN, MTA_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct envelope envelope = {.argument = "<>", .mta = cases[i].setting};
        struct facts facts;

        read_facts(&facts, cases[i].macros, &envelope);
        if (facts.mta != cases[i].mta)
            fail_msg("%s with setting %d: got %d", cases[i].macros, cases[i].setting, facts.mta);
        facts_clear(&facts);
    }
}

static void t25_unrecognised_hides_certificates_alone(void **state)
{
    struct facts facts;

    (void)state;
    read_plainly(&facts, "v=Other 1|{client_port}=1|" TLS "{cert_subject}=mail.p.example|{cert_issuer}=CA|{cn_subject}=x|{cert_fp}=" FP "|");
    assert_int_equal(facts.tls, TLS_ON);
    assert_int_equal(facts.tls_version, TLS_VERSION_1_2);
    assert_int_equal(facts.cipher_bits, 256);
    assert_int_equal(facts.certificate, CERTIFICATE_MACROS);
    assert_int_equal(facts.certificate_pin.state, PIN_MACROS);
    assert_int_equal(facts.key_pin.state, PIN_MACROS);
    assert_null(facts.subject_cn);
    facts_clear(&facts);
}

static void t03_t05_is_there_tls(void **state)
{
    static const struct {
        const char *macros;
        enum tls_state tls;
    } cases[] = {
        {POSTFIX, TLS_OFF},
        {POSTFIX TLS, TLS_ON},
        {SENDMAIL TLS "{verify}=NO|", TLS_ON},
        {POSTFIX "{tls_version}=TLSv1.3|", TLS_ON},
        {POSTFIX "{tls_version}=|{cipher}=|{cipher_bits}=|{cert_issuer}=|", TLS_OFF}, /* empty is absent */
        {SENDMAIL "{tls_version}=|{cipher}=|{cipher_bits}=|{verify}=|", TLS_OFF},
        {"v=Postfix 3.7.11|", TLS_UNKNOWN},                  /* our list was not honoured */
        {"v=Postfix 3.7.11|" TLS, TLS_UNKNOWN},              /* may be left over from an earlier stage */
        {"v=Postfix 3.7.11|{client_port}=|" TLS, TLS_UNKNOWN},
        {POSTFIX "{cipher}=AES256-SHA|", TLS_UNKNOWN},       /* contradicts itself */
        {POSTFIX "{cipher_bits}=256|", TLS_UNKNOWN},
        {POSTFIX "{cert_issuer}=CA|", TLS_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct facts facts;

        read_plainly(&facts, cases[i].macros);
        if (facts.tls != cases[i].tls)
            fail_msg("%s: got %d", cases[i].macros, facts.tls);
        assert_int_equal(facts.macros_asked, strstr(cases[i].macros, "{client_port}=4711") != NULL);
        facts_clear(&facts);
    }
}

static void t05_empty_is_absent(void **state)
{
    struct macros empty = {""};
    struct facts facts;

    (void)state;
    for (size_t i = 0; i < MACRO_COUNT; i++) {
        char pair[64];

        assert_non_null(macro_names[i]);
        snprintf(pair, sizeof pair, "%s=|", macro_names[i]);
        strcat(empty.text, pair);
    }
    read_plainly(&facts, empty.text);
    for (size_t i = 0; i < MACRO_COUNT; i++)
        assert_null(facts.macro[i]);
    assert_int_equal(facts.senders, 1);
    facts_clear(&facts);
}

static void t06_versions(void **state)
{
    static const struct {
        const char *text;
        enum tls_version version;
    } cases[] = {
        {"TLSv1", TLS_VERSION_1_0}, {"TLSv1.1", TLS_VERSION_1_1}, {"TLSv1.2", TLS_VERSION_1_2}, {"TLSv1.3", TLS_VERSION_1_3},
        {"SSLv3", TLS_VERSION_SSL3}, {"SSLv2", TLS_VERSION_SSL2}, {"tlsv1.2", TLS_VERSION_UNREADABLE},
        {"TLSv1.2 ", TLS_VERSION_UNREADABLE}, {" TLSv1.2", TLS_VERSION_UNREADABLE}, {"TLSv1.4", TLS_VERSION_UNREADABLE},
        {"TLSv1.0", TLS_VERSION_UNREADABLE}, {"TLS 1.3", TLS_VERSION_UNREADABLE}, {"1.3", TLS_VERSION_UNREADABLE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char macros[256];
        struct facts facts;

        snprintf(macros, sizeof macros, POSTFIX "{tls_version}=%s|", cases[i].text);
        read_plainly(&facts, macros);
        assert_int_equal(facts.tls, TLS_ON);
        if (facts.tls_version != cases[i].version)
            fail_msg("\"%s\": got %d", cases[i].text, facts.tls_version);
        facts_clear(&facts);
    }
}

static void t07_cipher_bits(void **state)
{
    static const struct {
        const char *text;
        int bits;
    } cases[] = {
        {"256", 256}, {"128", 128}, {"0", 0}, {"65535", 65535}, {"65536", -1}, {"", -1}, {"-1", -1}, {"+256", -1}, {"256 ", -1},
        {" 256", -1}, {"256bits", -1}, {"0x100", -1}, {"0256", -1}, {"99999999999999999999", -1}, {"18446744073709551872", -1},
        {"256.0", -1}, {"zwei", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char macros[256];
        struct facts facts;

        snprintf(macros, sizeof macros, POSTFIX "{tls_version}=TLSv1.2|{cipher_bits}=%s|", cases[i].text);
        read_plainly(&facts, macros);
        if (facts.cipher_bits != cases[i].bits)
            fail_msg("\"%s\": got %d", cases[i].text, facts.cipher_bits);
        facts_clear(&facts);
    }
}

static void t11_t14_postfix_certificates(void **state)
{
    struct envelope pins = {.argument = "<>", .pins_at_data = true};
    struct facts facts;

    (void)state;
    read_plainly(&facts, POSTFIX TLS);
    assert_int_equal(facts.certificate, CERTIFICATE_NONE);
    assert_int_equal(facts.certificate_pin.state, PIN_UNSHOWN);
    assert_int_equal(facts.key_pin.state, PIN_UNSHOWN);
    facts_clear(&facts);
    read_plainly(&facts, POSTFIX TLS "{cert_subject}=mail.p.example|"); /* a subject alone proves nothing */
    assert_int_equal(facts.certificate, CERTIFICATE_NONE);
    assert_null(facts.subject_cn);
    facts_clear(&facts);
    read_plainly(&facts, POSTFIX TLS "{cert_subject}=mail.p.example|{cert_issuer}=The+20CA|");
    assert_int_equal(facts.certificate, CERTIFICATE_TRUSTED);
    assert_string_equal(facts.subject_cn, "mail.p.example");
    assert_string_equal(facts.issuer_cn, "The+20CA"); /* Postfix encodes nothing */
    assert_null(facts.subject_dn);
    assert_null(facts.issuer_dn);
    assert_false(facts.names_unsent);
    facts_clear(&facts);
    read_plainly(&facts, POSTFIX TLS "{cert_subject}=|{cert_issuer}=CA|{cert_fp}=" FP "|{cn_subject}=other|");
    assert_int_equal(facts.certificate, CERTIFICATE_TRUSTED);
    assert_null(facts.subject_cn);
    assert_int_equal(facts.certificate_pin.state, PIN_UNSHOWN); /* {cert_fp} is none of Postfix's */
    facts_clear(&facts);
    read_facts(&facts, POSTFIX TLS, &pins);
    assert_int_equal(facts.certificate_pin.state, PIN_PENDING);
    assert_int_equal(facts.key_pin.state, PIN_PENDING);
    facts_clear(&facts);
    read_plainly(&facts, POSTFIX "{cert_subject}=mail.p.example|"); /* plaintext */
    assert_int_equal(facts.tls, TLS_OFF);
    assert_int_equal(facts.certificate, CERTIFICATE_MACROS);
    facts_clear(&facts);
}

static void t12_t13_verify(void **state)
{
    static const struct {
        const char *verify;
        enum certificate_state certificate;
        enum pin_state pin;
    } cases[] = {
        {"{verify}=OK|", CERTIFICATE_TRUSTED, PIN_KNOWN},
        {"{verify}=FAIL|", CERTIFICATE_UNTRUSTED, PIN_KNOWN},
        {"{verify}=NO|", CERTIFICATE_NONE, PIN_ABSENT},
        {"{verify}=NOT|", CERTIFICATE_NOT_REQUESTED, PIN_MACROS},
        {"{verify}=TEMP|", CERTIFICATE_VERIFY_TEMPORARY, PIN_MACROS},
        {"{verify}=PROTOCOL|", CERTIFICATE_VERIFY_TEMPORARY, PIN_MACROS},
        {"{verify}=SOFTWARE|", CERTIFICATE_VERIFY_TEMPORARY, PIN_MACROS},
        {"{verify}=CONFIG|", CERTIFICATE_VERIFY_TEMPORARY, PIN_MACROS},
        {"{verify}=TRUSTED|", CERTIFICATE_VERIFY_TEMPORARY, PIN_MACROS},
        {"{verify}=NONE|", CERTIFICATE_VERIFY_TEMPORARY, PIN_MACROS},
        {"{verify}=CLEAR|", CERTIFICATE_VERIFY_TEMPORARY, PIN_MACROS},
        {"{verify}=ok|", CERTIFICATE_VERIFY_TEMPORARY, PIN_MACROS},
        {"{verify}=OK |", CERTIFICATE_VERIFY_TEMPORARY, PIN_MACROS},
        {"{verify}=|", CERTIFICATE_MACROS, PIN_MACROS},
        {"", CERTIFICATE_MACROS, PIN_MACROS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char macros[1024];
        struct facts facts;

        snprintf(macros, sizeof macros, SENDMAIL TLS "%s{cn_subject}=mail.p.example|{cn_issuer}=CA|{cert_fp}=" FP "|", cases[i].verify);
        read_plainly(&facts, macros);
        if (facts.certificate != cases[i].certificate || facts.certificate_pin.state != cases[i].pin)
            fail_msg("\"%s\": got %d, pin %d", cases[i].verify, facts.certificate, facts.certificate_pin.state);
        assert_int_equal(facts.key_pin.state, PIN_UNSHOWN);
        if (cases[i].certificate == CERTIFICATE_TRUSTED)
            assert_string_equal(facts.subject_cn, "mail.p.example");
        else
            assert_null(facts.subject_cn); /* what a name says that was not verified */
        facts_clear(&facts);
    }
}

static void t15_sendmail_names(void **state)
{
    static const struct {
        const char *macros;
        const char *subject_cn, *issuer_cn, *subject_dn, *issuer_dn;
        bool unsent;
    } cases[] = {
        {"{cn_subject}=mail.p.example|{cn_issuer}=The+20CA|{cert_subject}=/C=DE/CN=mail.p.example|{cert_issuer}=/CN=The+20CA|",
         "mail.p.example", "The CA", "/C=DE/CN=mail.p.example", "/CN=The CA", false},
        {"{cn_subject}=m+C3+BCller|{cn_issuer}=CA|", "m\xc3\xbcller", "CA", NULL, NULL, false},
        {"{cn_subject}=BadCertificateUnknown|{cn_issuer}=BadCertificateContainsNUL|{cert_subject}=BadCertificateTooLong|{cert_issuer}=/CN=x|",
         NULL, NULL, NULL, NULL, false},
        {"{cn_subject}=a+|{cn_issuer}=a+00b|{cert_subject}=+zz|{cert_issuer}=+0a|", NULL, NULL, NULL, NULL, false},
        {"{cn_issuer}=CA|", NULL, "CA", NULL, NULL, true},
        {"{cn_subject}=a|", "a", NULL, NULL, NULL, true},
        {"{cert_subject}=/CN=a|{cert_issuer}=/CN=b|", NULL, NULL, NULL, NULL, true}, /* nothing vouches for them */
        {"{cn_subject}=a|{cn_issuer}=b|{cert_subject}=/CN=x|{cert_issuer}=/O=y|", "a", "b", NULL, NULL, false}, /* nor here */
        {"{cn_subject}=BadCertificateUnknown|{cn_issuer}=b|{cert_subject}=/O=x|{cert_issuer}=/CN=b/CN=c|", NULL, "b", "/O=x",
         NULL, false}, /* two common names: doubtful */
        {"", NULL, NULL, NULL, NULL, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char macros[2048];
        struct facts facts;
        const char *got[4];

        snprintf(macros, sizeof macros, SENDMAIL TLS "{verify}=OK|%s", cases[i].macros);
        read_plainly(&facts, macros);
        for (int copied = 0; copied < 2; copied++) {
            const char *wanted[] = {cases[i].subject_cn, cases[i].issuer_cn, cases[i].subject_dn, cases[i].issuer_dn};

            got[0] = facts.subject_cn;
            got[1] = facts.issuer_cn;
            got[2] = facts.subject_dn;
            got[3] = facts.issuer_dn;
            for (size_t k = 0; k < 4; k++)
                if ((got[k] == NULL) != (wanted[k] == NULL) || (got[k] != NULL && strcmp(got[k], wanted[k]) != 0))
                    fail_msg("case %zu, name %zu: got %s", i, k, got[k] == NULL ? "none" : got[k]);
            assert_int_equal(facts.names_unsent, cases[i].unsent);
            assert_true(facts_copy(&facts));
        }
        facts_clear(&facts);
    }
}

static void sendmail_fingerprints(void **state)
{
    static const struct {
        const char *fingerprint;
        enum pin_state state;
    } cases[] = {
        {FP, PIN_KNOWN},
        {"AABBCCDDEEFF00112233445566778899AABBCCDDEEFF00112233445566778899", PIN_KNOWN},
        {"aa:bb", PIN_MACROS},
        {"d41d8cd98f00b204e9800998ecf8427e", PIN_MACROS},
        {"none", PIN_MACROS},
        {"", PIN_MACROS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char macros[1024];
        struct facts facts;

        snprintf(macros, sizeof macros, SENDMAIL TLS "{verify}=FAIL|{cert_fp}=%s|", cases[i].fingerprint);
        read_plainly(&facts, macros);
        if (facts.certificate_pin.state != cases[i].state)
            fail_msg("\"%s\": got %d", cases[i].fingerprint, facts.certificate_pin.state);
        if (cases[i].state == PIN_KNOWN) {
            assert_int_equal(facts.certificate_pin.fingerprint[0], 0xAA);
            assert_int_equal(facts.certificate_pin.fingerprint[31], 0x99);
        }
        facts_clear(&facts);
    }
}

static void s03_senders(void **state)
{
    static const struct {
        const char *argument, *mail_addr;
        unsigned senders;
        const char *domain[2];
    } cases[] = {
        {"<a@b.example>", "a@b.example", 2, {"b.example", "b.example"}},
        {"<@x,@y:a@b.example>", "a@b.example", 2, {"b.example", "b.example"}},
        {"<\"a@b.example\"@c.example>", NULL, 1, {"c.example", NULL}},
        {"<a@c.example>", "a@b.example", 2, {"b.example", "c.example"}},
        {"<>", NULL, 1, {"", NULL}},
        {"<(a@b.example>", NULL, 2, {"", "b.example"}},
        {"<a>", "a@here.example", 2, {"here.example", ""}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct envelope envelope = {.argument = cases[i].argument};
        char macros[256];
        struct facts facts;

        snprintf(macros, sizeof macros, POSTFIX "{mail_addr}=%s|", cases[i].mail_addr == NULL ? "" : cases[i].mail_addr);
        read_facts(&facts, macros, &envelope);
        assert_int_equal(facts.senders, cases[i].senders);
        for (unsigned k = 0; k < facts.senders; k++)
            assert_string_equal(facts.sender[k].kind == ADDRESS_DOMAIN ? facts.sender[k].domain.text : "", cases[i].domain[k]);
        facts_clear(&facts);
    }
}

static void t20_authentication(void **state)
{
    static const struct {
        const char *macros;
        bool authenticated;
    } cases[] = {
        {"{auth_type}=PLAIN|{auth_authen}=user|", true}, {"{auth_type}=EXTERNAL|{auth_authen}=user|", false},
        {"{auth_type}=XCLIENT|{auth_authen}=user|", false}, {"{auth_type}=xclient|{auth_authen}=user|", false},
        {"{auth_type}=ANONYMOUS|{auth_authen}=user|", false}, {"{auth_type}=anonymous|{auth_authen}=user|", false},
        {"{auth_type}=PLAIN|", false}, {"{auth_authen}=user|", false}, {"{auth_type}=|{auth_authen}=user|", false}, {"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct facts facts;

        read_plainly(&facts, cases[i].macros);
        if (facts.authenticated != cases[i].authenticated)
            fail_msg("%s", cases[i].macros);
        facts_clear(&facts);
    }
}

static void t23_client_addresses(void **state)
{
    static const struct network connected = {0, 32, {203, 0, 113, 7}};
    static const struct {
        const char *macro, *address; /* NULL: not known */
        bool connect;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1", true}, {"IPv6:2001:db8::1", "2001:db8::1", true}, {"2001:db8::1", "2001:db8::1", false},
        {"::ffff:192.0.2.1", "192.0.2.1", false}, {"IPv6:::ffff:192.0.2.1", "192.0.2.1", false},
        {"", "203.0.113.7", true}, {"", NULL, false}, {"unknown", NULL, true}, {"unknown", NULL, false},
        {"192.0.2.1 ", NULL, true}, /* what was sent and cannot be read is not replaced */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct envelope envelope = {.argument = "<>", .client = cases[i].connect ? &connected : NULL};
        char macros[256], text[64] = "";
        struct facts facts;

        snprintf(macros, sizeof macros, POSTFIX "{client_addr}=%s|", cases[i].macro);
        read_facts(&facts, macros, &envelope);
        if (facts.client_known)
            network_format(&facts.client, text);
        if (facts.client_known != (cases[i].address != NULL) || (facts.client_known && strcmp(text, cases[i].address) != 0))
            fail_msg("\"%s\": got \"%s\"", cases[i].macro, text);
        facts_clear(&facts);
    }
}

static void t24_client_names(void **state)
{
    static const struct {
        const char *macros;
        enum client_name_state name;
    } cases[] = {
        {POSTFIX "{client_name}=MX.P.example|{client_resolve}=OK|", CLIENT_NAME_VERIFIED},
        {POSTFIX "{client_name}=mx.p.example|", CLIENT_NAME_VERIFIED}, /* Postfix shows only verified names there */
        {POSTFIX "{client_name}=unknown|", CLIENT_NAME_MACROS},
        {POSTFIX "{client_name}=unknown|{client_resolve}=TEMP|", CLIENT_NAME_TEMPORARY},
        {POSTFIX "{client_name}=unknown|{client_resolve}=FAIL|", CLIENT_NAME_NONE},
        {POSTFIX "{client_name}=unknown|{client_resolve}=FORGED|", CLIENT_NAME_NONE},
        {SENDMAIL "{client_name}=mx.p.example|{client_resolve}=FORGED|", CLIENT_NAME_NONE},
        {SENDMAIL "{client_name}=mx.p.example|{client_resolve}=FAIL|", CLIENT_NAME_NONE},
        {SENDMAIL "{client_name}=mx.p.example|{client_resolve}=TEMP|", CLIENT_NAME_TEMPORARY},
        {SENDMAIL "{client_name}=mx.p.example|{client_resolve}=OK|", CLIENT_NAME_VERIFIED},
        {SENDMAIL "{client_name}=mx.p.example|", CLIENT_NAME_MACROS}, /* Sendmail shows forged ones too */
        {SENDMAIL "{client_resolve}=TEMP|", CLIENT_NAME_TEMPORARY},
        {SENDMAIL "{client_resolve}=OK|", CLIENT_NAME_MACROS},
        {POSTFIX "{client_name}=unknown|{client_resolve}=FAILED|", CLIENT_NAME_NONE},
        {POSTFIX "{client_name}=unknown|{client_resolve}=PERM|", CLIENT_NAME_NONE},
        {POSTFIX "{client_name}=mx.p.example|{client_resolve}=ok|", CLIENT_NAME_MACROS},
        {SENDMAIL "{client_name}=mx.p.example|{client_resolve}=NOT|", CLIENT_NAME_MACROS},
        {"{client_name}=mx.p.example|", CLIENT_NAME_MACROS},
        {POSTFIX "{client_name}=.|{client_resolve}=OK|", CLIENT_NAME_NONE},
        {POSTFIX, CLIENT_NAME_MACROS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct facts facts;

        read_plainly(&facts, cases[i].macros);
        if (facts.client_name_state != cases[i].name)
            fail_msg("%s: got %d", cases[i].macros, facts.client_name_state);
        if (facts.client_name_state == CLIENT_NAME_VERIFIED)
            assert_non_null(strstr(facts.client_name.text, "mx.p.example"));
        facts_clear(&facts);
    }
}

static void envelope_is_kept_and_copied(void **state)
{
    static char helo[] = "helo.example", argument[] = "<a@b.example>";
    const struct envelope envelope = {.argument = argument, .helo = helo, .shown = NEED_RCPT | NEED_DATA};
    struct facts facts;

    (void)state;
    read_facts(&facts, POSTFIX TLS "{daemon_name}=smtpd|i=4ABC|{mail_addr}=a@b.example|", &envelope);
    assert_int_equal(facts.shown, NEED_RCPT | NEED_DATA);
    assert_ptr_equal(facts.helo, helo);
    assert_true(facts_copy(&facts));
    helo[0] = argument[0] = '!';
    assert_string_equal(facts.helo, "helo.example");
    assert_string_equal(facts.argument, "<a@b.example>");
    assert_string_equal(facts.macro[MACRO_DAEMON_NAME], "smtpd");
    assert_string_equal(facts.macro[MACRO_I], "4ABC");
    assert_string_equal(facts.macro[MACRO_V], "Postfix 3.7.11");
    assert_string_equal(facts.macro[MACRO_CIPHER], "ECDHE-RSA-AES256-GCM-SHA384");
    assert_null(facts.macro[MACRO_VERIFY]);
    helo[0] = 'h';
    argument[0] = '<';
    facts_clear(&facts);
    assert_null(facts.decoded);
}

/* Whether the MTA shows the rest of the message, as known at MAIL and at DATA. */
static void t26_content(void **state)
{
    static const struct {
        const char *macros;
        unsigned shown;
        bool data_unoffered;
        enum content_state at_mail, at_data, with_id;
    } cases[] = {
        {POSTFIX, NEED_DATA, false, CONTENT_EXPECTED, CONTENT_WITHHELD, CONTENT_EXPECTED},
        {POSTFIX, 0, false, CONTENT_OUTDATED, CONTENT_WITHHELD, CONTENT_EXPECTED},
        {POSTFIX, 0, true, CONTENT_WITHHELD, CONTENT_WITHHELD, CONTENT_EXPECTED},
        {POSTFIX "i=4ABC|", 0, true, CONTENT_EXPECTED, CONTENT_WITHHELD, CONTENT_EXPECTED},
        {SENDMAIL, 0, true, CONTENT_EXPECTED, CONTENT_EXPECTED, CONTENT_EXPECTED},
        {"{client_port}=1|", NEED_DATA, false, CONTENT_EXPECTED, CONTENT_WITHHELD, CONTENT_EXPECTED},
        {"{client_port}=1|", 0, true, CONTENT_WITHHELD, CONTENT_WITHHELD, CONTENT_EXPECTED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct envelope envelope = {
            .argument = "<a@b.example>", .shown = cases[i].shown, .data_unoffered = cases[i].data_unoffered};
        struct facts facts;

        read_facts(&facts, cases[i].macros, &envelope);
        assert_int_equal(facts.content, cases[i].at_mail);
        facts_read_data(&facts, NULL);
        assert_int_equal(facts.content, cases[i].at_data);
        facts_read_data(&facts, "");
        assert_int_equal(facts.content, cases[i].at_data);
        facts_read_data(&facts, "4ABC");
        assert_int_equal(facts.content, cases[i].with_id);
        facts_clear(&facts);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(t25_who_speaks), cmocka_unit_test(t25_unrecognised_hides_certificates_alone),
        cmocka_unit_test(t03_t05_is_there_tls), cmocka_unit_test(t05_empty_is_absent), cmocka_unit_test(t06_versions),
        cmocka_unit_test(t07_cipher_bits), cmocka_unit_test(t11_t14_postfix_certificates), cmocka_unit_test(t12_t13_verify),
        cmocka_unit_test(t15_sendmail_names), cmocka_unit_test(sendmail_fingerprints), cmocka_unit_test(s03_senders),
        cmocka_unit_test(t20_authentication), cmocka_unit_test(t23_client_addresses), cmocka_unit_test(t24_client_names),
        cmocka_unit_test(envelope_is_kept_and_copied), cmocka_unit_test(t26_content),
    };

    return cmocka_run_group_tests_name("macros", tests, NULL, NULL);
}
