/* SPDX-License-Identifier: BSD-2-Clause */
/* milter/log_line.c and the decision's line: escaping, cuts, keys and their order. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>
#include "milter/decision.h"
#include "milter/log.h"

static const char *quoted(const char *value)
{
    static struct log_line line;
    log_begin(&line, "x");
    log_quoted(&line, "k", value);
    assert_int_equal(strlen(line.text), line.length);
    return line.text;
}

static void f11_values_are_escaped(void **state)
{
    static const struct {
        const char *value, *line;
    } rows[] = {
        {NULL, "event=x k="},
        {"", "event=x k=\"\""},
        {"mail.example", "event=x k=\"mail.example\""},
        {"a b=c", "event=x k=\"a b=c\""},
        {"say \"hi\"", "event=x k=\"say \\\"hi\\\"\""},
        {"back\\slash", "event=x k=\"back\\\\slash\""},
        {"\\\"", "event=x k=\"\\\\\\\"\""},
        {"a\nevent=decision", "event=x k=\"a\\x0Aevent=decision\""},
        {"\r\t\x1b[31m", "event=x k=\"\\x0D\\x09\\x1B[31m\""},
        {"\x01\x7f", "event=x k=\"\\x01\\x7F\""},
        {"m\xc3\xa4il", "event=x k=\"m\\xC3\\xA4il\""},
        {"\xff", "event=x k=\"\\xFF\""},
        {"100%s%n", "event=x k=\"100%s%n\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(quoted(rows[i].value), rows[i].line);
}

static void f11_values_are_cut(void **state)
{
    char value[1000], wanted[1100];
    (void)state;
    memset(value, 'a', sizeof value);
    value[256] = '\0';
    snprintf(wanted, sizeof wanted, "event=x k=\"%.256s\"", value);
    assert_string_equal(quoted(value), wanted);
    value[256] = 'a';
    value[999] = '\0';
    assert_string_equal(quoted(value), wanted);
}

static void f11_a_cut_splits_no_escape(void **state)
{
    char value[300], wanted[300];
    (void)state;
    memset(value, 'a', sizeof value);
    strcpy(value + 253, "\xff\"");
    snprintf(wanted, sizeof wanted, "event=x k=\"%.253s\"", value);
    assert_string_equal(quoted(value), wanted);
    memset(value, 'a', sizeof value);
    strcpy(value + 252, "\xff\"");
    snprintf(wanted, sizeof wanted, "event=x k=\"%.252s\\xFF\"", value);
    assert_string_equal(quoted(value), wanted);
}

static void words_stand_bare(void **state)
{
    struct log_line line;
    (void)state;
    log_begin(&line, "decision");
    log_word(&line, "partner", "contoso");
    log_word(&line, "mode", NULL);
    log_word(&line, "reasons", "");
    log_number(&line, "lost", 42);
    assert_string_equal(line.text, "event=decision partner=contoso mode= reasons= lost=42");
}

static void a_full_line_loses_whole_values(void **state)
{
    char value[257];
    struct log_line line;
    (void)state;
    memset(value, 'a', 256);
    value[256] = '\0';
    log_begin(&line, "x");
    for (int i = 0; i < 100; i++)
        log_quoted(&line, "k", value);
    assert_true(line.length < sizeof line.text);
    assert_int_equal(strlen(line.text), line.length);
    assert_true(line.length > sizeof line.text - 270);
    size_t quotes = 0;
    for (const char *at = line.text; (at = strchr(at, '"')) != NULL; at++)
        quotes++;
    assert_int_equal(quotes % 2, 0);
}

/* How often `text` stands in the file, and where it stands last. */
static size_t occurrences(FILE *file, const char *text, size_t *last, size_t *lines)
{
    static char line[2 * LOG_LINE_SIZE];
    size_t count = 0;
    rewind(file);
    for (*lines = 0; fgets(line, sizeof line, file) != NULL; ++*lines) {
        if (strstr(line, text) == NULL)
            continue;
        count++;
        *last = *lines;
    }
    return count;
}

/* Each line ends with the same run and its number; what was lost is a hole in front of the line that reports it. */
static void check_numbers(FILE *file, size_t written, size_t all)
{
    static char line[2 * LOG_LINE_SIZE];
    char run[17] = "", first[17] = "";
    rewind(file);
    for (size_t i = 0; i <= written; i++) {
        unsigned long long number;
        int end = 0;
        assert_non_null(fgets(line, sizeof line, file));
        const char *tail = strstr(line, " run=");
        assert_non_null(tail);
        assert_int_equal(sscanf(tail, " run=%16[0-9a-f] seq=%llu%n", run, &number, &end), 2);
        assert_string_equal(tail + end, "\n");
        assert_int_equal(strlen(run), 16);
        assert_int_equal(number, i < written ? i + 1 : all + 1);
        if (i == 0)
            strcpy(first, run);
        assert_string_equal(run, first);
    }
}

/* More lines than the queue holds, before anybody writes them out; then one more. */
static void f08_a_full_queue_loses_lines_and_says_so(void **state)
{
    enum { WRITTEN = 3000 };
    static struct log_line line;
    char value[257], lost[64];
    size_t last = 0, lines = 0;
    FILE *file = tmpfile();
    int old = dup(STDERR_FILENO);
    (void)state;
    assert_non_null(file);
    memset(value, 'a', 256);
    value[256] = '\0';
    log_begin(&line, "fill");
    for (int i = 0; i < 2; i++)
        log_quoted(&line, i == 0 ? "k" : "l", value);
    log_name_policy("abc");
    for (int i = 0; i < WRITTEN; i++)
        log_write(LOG_INFO, &line);

    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    bool started = log_start(true), stopped = log_stop();
    dup2(old, STDERR_FILENO);
    close(old);
    assert_true(started);
    assert_true(stopped);
    size_t written = occurrences(file, "event=fill", &last, &lines);
    assert_true(written > 1000 && written < WRITTEN);
    snprintf(lost, sizeof lost, "event=log lost=%zu policy=abc run=", WRITTEN - written);
    assert_int_equal(occurrences(file, lost, &last, &lines), 1);
    assert_int_equal(last, written);
    assert_int_equal(lines, written + 1);
    check_numbers(file, written, WRITTEN);
    fclose(file);
}

/* The facts of a session over TLS with everything shown. */
static void fill_facts(struct facts *facts)
{
    memset(facts, 0, sizeof *facts);
    facts->macro[MACRO_MAIL_ADDR] = "a@partner.example";
    facts->macro[MACRO_CLIENT_ADDR] = "IPv6:2001:db8::1";
    facts->macro[MACRO_CLIENT_PORT] = "2525";
    facts->macro[MACRO_CLIENT_NAME] = "mx.partner.example";
    facts->macro[MACRO_TLS_VERSION] = "TLSv1.3";
    facts->macro[MACRO_CIPHER] = "TLS_AES_256_GCM_SHA384";
    facts->macro[MACRO_CIPHER_BITS] = "256";
    facts->macro[MACRO_CERT_SUBJECT] = "mx.partner.example";
    facts->macro[MACRO_CERT_ISSUER] = "Some \"CA\"";
    facts->macro[MACRO_VERIFY] = "OK";
    facts->macro[MACRO_CLIENT_RESOLVE] = "OK";
    facts->macro[MACRO_DAEMON_NAME] = "MTA-v4";
    facts->mta = MTA_SENDMAIL;
    facts->tls = TLS_ON;
    facts->certificate_pin.state = PIN_KNOWN;
    for (unsigned char i = 0; i < FINGERPRINT_SIZE; i++)
        facts->certificate_pin.fingerprint[i] = i;
    facts->helo = "helo\nname";
}

static void decision_keys_in_their_order(void **state)
{
    struct facts facts;
    struct verdict verdict = {
        .outcome = OUTCOME_UNDECIDABLE, .action = ACTION_TEMPFAIL, .would = ACTION_TEMPFAIL, .reason = REASON_INTERNAL};
    struct reply reply = {"451", "4.3.5", "Say \"later\" [internal]"};
    struct decision decision = {&facts, &verdict, &reply, "4BC", NULL, {1795876567, 768999999}, 42};
    struct log_line line;
    (void)state;
    fill_facts(&facts);
    decision_line(&line, &decision);
    assert_string_equal(
        line.text,
        "event=decision partner= mode= verdict=undecidable action=tempfail reasons=internal "
        "reply=\"451 4.3.5 Say \\\"later\\\" [internal]\" qid=\"4BC\" client=\"2001:db8::1\" "
        "client_port=\"2525\" client_name=\"mx.partner.example\" helo=\"helo\\x0Aname\" "
        "from=\"a@partner.example\" tls=\"TLSv1.3\" cipher=\"TLS_AES_256_GCM_SHA384\" bits=\"256\" "
        "subject=\"mx.partner.example\" issuer=\"Some \\\"CA\\\"\" "
        "verify=\"OK\" also= argument= identity= fingerprint=\"sha256:00:01:02:03:04:05:06:07:08:09:0A:0B:0C:"
        "0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F\" key_fingerprint=unshown would=tempfail policy= "
        "exception= mta=sendmail resolve=\"OK\" exempt= daemon=\"MTA-v4\" selected= header_from= cut= "
        "at=2026-11-28T14:36:07.768Z msg=42");
}

static void decision_of_nothing_has_every_key(void **state)
{
    static const struct facts facts;
    static const struct verdict verdict = {.outcome = OUTCOME_PASS, .action = ACTION_ACCEPT};
    struct decision decision = {.facts = &facts, .verdict = &verdict};
    struct log_line line;
    (void)state;
    decision_line(&line, &decision);
    assert_string_equal(line.text,
                        "event=decision partner= mode= verdict=pass action=accept reasons= reply= qid= "
                        "client= client_port= client_name= helo= from= tls= cipher= bits= subject= "
                        "issuer= verify= also= argument= identity= fingerprint=unshown key_fingerprint=unshown "
                        "would=accept policy= exception= mta= resolve= exempt= daemon= selected= header_from= "
                        "cut= at=1970-01-01T00:00:00.000Z msg=0");
}

static void client_of_the_connect_event(void **state)
{
    static struct facts facts;
    static const struct verdict verdict = {.outcome = OUTCOME_PASS, .action = ACTION_ACCEPT};
    struct decision decision = {.facts = &facts, .verdict = &verdict};
    struct log_line line;
    (void)state;
    facts.client_known = true;
    facts.client = (struct network){.prefix = 32, .octets = {192, 0, 2, 7}};
    decision_line(&line, &decision);
    assert_non_null(strstr(line.text, " client=\"192.0.2.7\" "));
}

static void s02_an_argument_of_another_domain_is_told(void **state)
{
    static struct facts facts;
    static const struct verdict verdict = {.outcome = OUTCOME_PASS, .action = ACTION_ACCEPT};
    struct decision decision = {.facts = &facts, .verdict = &verdict};
    struct log_line line;
    (void)state;
    facts.senders = 2;
    facts.sender[0].domain = (struct domain){15, "partner.example"};
    facts.sender[1].domain = (struct domain){13, "other.example"};
    decision_line(&line, &decision);
    assert_non_null(strstr(line.text, " argument=\"other.example\""));
    facts.sender[1].domain = facts.sender[0].domain;
    decision_line(&line, &decision);
    assert_non_null(strstr(line.text, " argument= identity= "));
    facts.sender[1].domain.length = 0;
    decision_line(&line, &decision);
    assert_non_null(strstr(line.text, " argument=\"\" identity= "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(f11_values_are_escaped),
        cmocka_unit_test(f11_values_are_cut),
        cmocka_unit_test(f11_a_cut_splits_no_escape),
        cmocka_unit_test(words_stand_bare),
        cmocka_unit_test(a_full_line_loses_whole_values),
        cmocka_unit_test(f08_a_full_queue_loses_lines_and_says_so),
        cmocka_unit_test(decision_keys_in_their_order),
        cmocka_unit_test(decision_of_nothing_has_every_key),
        cmocka_unit_test(client_of_the_connect_event),
        cmocka_unit_test(s02_an_argument_of_another_domain_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
