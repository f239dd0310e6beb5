/* SPDX-License-Identifier: BSD-2-Clause */
/* Log lines as loggers write them: who wrote them, when, and what they say. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "policy/tool/evidence/entry.h"

#define OLD                                                                                                  \
    "event=decision partner=contoso mode=enforce verdict=fail action=tempfail reasons=no_tls reply=\"451 "   \
    "4.7.0 x\" "                                                                                             \
    "qid=\"4Q\" client=\"192.0.2.1\" client_port=\"1\" client_name=\"a.example\" helo=\"h\" "                \
    "from=\"a@contoso.com\" "                                                                                \
    "tls= cipher= bits= subject=\"a \\\"b\\\" \\\\ \\xE4\" issuer= verify= also= argument= identity="
#define NEW                                                                                                  \
    OLD " fingerprint=none key_fingerprint=unshown would=tempfail policy=abc exception= mta=postfix "        \
        "resolve=OK "                                                                                        \
        "exempt= daemon= selected=envelope_from header_from= cut= at=2026-11-28T14:36:07.768Z msg=12 "       \
        "run=0123456789abcdef seq=34"

static struct entry read_line(const char *text)
{
    static char line[8192];
    struct entry entry;

    snprintf(line, sizeof line, "%s", text);
    entry_read(&entry, line, strlen(line));
    return entry;
}

static void ev_prefixes(void **state)
{
    static const struct {
        const char *prefix, *host;
        unsigned long pid;
        int64_t stamp;
    } cases[] = {
        {"", "", 0, STAMP_NONE},
        {"2026-11-28T14:33:57.623930+00:00 mx1 forcetls-milter[77]: ", "mx1", 77, 1795876437623},
        {"2026-11-28T20:03:57+05:30 mx1.example.com forcetls-milter[77]: ", "mx1.example.com", 77,
         1795876437000},
        {"2026-11-28t14:33:57z 2001:db8::1 forcetls-milter: ", "2001:db8::1", 0, 1795876437000},
        {"<22>2026-11-28T14:33:57Z mx1 forcetls-milter[77]: ", "mx1", 77, 1795876437000},
        {"2026-11-28T14:33:57Z relay mx1 forcetls-milter[77]: ", "relay", 77, 1795876437000},
        {"2026-11-28T14:33:57Z forcetls-milter[77]: ", "", 77, 1795876437000},
        {"2026-11-28T14:33:57Z ", "", 0, 1795876437000},
        {"2026-11-28T14:33:57.5Z stderr F ", "", 0, 1795876437500},
        {"<22>1 2026-11-28T14:33:57Z mx1 forcetls-milter 77 - - ", "mx1", 77, 1795876437000},
        {"<22>1 2026-11-28T14:33:57Z mx1 forcetls-milter 77 ID [a b=\"c\"] ", "mx1", 77, 1795876437000},
        {"2026-11-28T14:34:00Z relay 1 2026-11-28T14:33:57Z mx1 forcetls-milter 77 - - ", "mx1", 77,
         1795876437000},
        {"<22>1 2026-11-28T14:33:57Z - forcetls-milter 77 - - \xEF\xBB\xBF", "", 77, 1795876437000},
        {"<22>1 - mx1 forcetls-milter 77 - - ", "mx1", 77, STAMP_NONE},
        {"1 - - forcetls-milter - - - ", "", 0, STAMP_NONE},
        {"2026-11-28T14:33:57Z relay 1 - mx1 forcetls-milter 77 - - ", "mx1", 77, 1795876437000},
        {"<22>1 - mx1 forcetls-milter 77 - [a b=\"\\] c\"][d e=\"] \"] ", "mx1", 77, STAMP_NONE},
        {"2026-11-28T20:03:57+0530 mx1 forcetls-milter[77]: ", "mx1", 77, 1795876437000},
        {"forcetls-1  | ", "", 0, STAMP_NONE},
        {"[forcetls]   | ", "", 0, STAMP_NONE},
        {"forcetls  | 2026-11-28T14:33:57.123456789Z ", "", 0, 1795876437123},
        {"[pod/mx-0/forcetls] 2026-11-28T14:33:57.123456789Z ", "", 0, 1795876437123},
        {"@400000006b0ae65f25306b68 ", "", 0, 1795876437623},
        {"2026-11-28T14:33:58Z Nov 28 14:33:57 mx1 forcetls-milter[77]: ", "mx1", 77, 1795876438000},
        {"N  | Nov 28 14:33:57 mx1 forcetls-milter[77]: ", "mx1", 77, STAMP_NONE},
        {"Nov 28 14:33:57.623930 mx1 forcetls-milter[77]: ", "mx1", 77, STAMP_NONE},
        {"Sat 2026-11-28 14:33:57 UTC mx1 forcetls-milter[77]: ", "mx1", 77, STAMP_NONE},
        {"1795876437.623930 mx1 forcetls-milter[77]: ", "mx1", 77, STAMP_NONE},
        {"[12345.678901] mx1 forcetls-milter[77]: ", "mx1", 77, STAMP_NONE},
        {"Dec 28 2026 14:33:57 mx1 forcetls-milter[77]: ", "mx1", 77, STAMP_NONE},
        {"Nov 28 14:33:57 mx1 forcetls-milter[77]: ", "mx1", 77, STAMP_NONE},
        {"Nov  8 14:33:57 mx1 forcetls-milter[77]: ", "mx1", 77, STAMP_NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[4096];
        struct entry entry;

        snprintf(text, sizeof text, "%s%s", cases[i].prefix, NEW);
        entry = read_line(text);
        if (entry.sort != ENTRY_OURS || strcmp(entry.host, cases[i].host) != 0 || entry.pid != cases[i].pid
            || entry.stamp != cases[i].stamp || !entry.numbered)
            fail_msg("%s: sort %d, host %s, pid %lu, stamp %lld", cases[i].prefix, (int)entry.sort,
                     entry.host, entry.pid, (long long)entry.stamp);
        assert_int_equal(entry.has_local, cases[i].prefix[0] == 'N');
    }
}

/* tai64nlocal(8), svlogd(8), s6-log(8): a time without a zone, in front of a message or of another time. */
static void ev_supervisors(void **state)
{
    static const char *const prefixes[] = {
        "2026-11-28 14:33:57.623930000 ",
        "2026-11-28_14:33:57.62393 ",
        "2026-11-28T14:33:57.62393 ",
        "2026-11-28 14:33:57.623930000  ",
        "2026-11-28 14:33:57.623930000 Nov 28 14:33:58 forcetls-milter[77]: ",
    };

    (void)state;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        char text[4096];
        struct entry entry;

        snprintf(text, sizeof text, "%s%s", prefixes[i], NEW);
        entry = read_line(text);
        assert_int_equal(entry.sort, ENTRY_OURS);
        assert_true(entry.has_local && entry.numbered && entry.stamp == STAMP_NONE);
        assert_int_equal(entry.local.month * 100 + entry.local.day, 1128);
        assert_int_equal(entry.local.minute, 33);
        assert_string_equal(entry.host, "");
    }
}

/* Structured data without an end, and what stands in the middle of a line, is no prefix. */
static void ev_no_prefixes(void **state)
{
    static const char *const prefixes[] = {
        "<22>1 - mx1 forcetls-milter 77 - [a b=\"] ",   "<22>1 - mx1 forcetls-milter 77 - [a]x ",
        "<22>1 - mx1 sshd 77 - - ",                     "Nov 28 14:33:57 mx1 sshd[7]: forcetls-1  | ",
        "@400000006b0ae65f25306b68x ",                  "@400000006B0AE65F25306B68 ",
        "@400000006b0ae65f3b9aca00 ",                   "a b  | ",
        "[pod/mx-0/forcetls]",                          "2026-02-30 14:33:57 ",
    };

    (void)state;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        char text[4096];

        snprintf(text, sizeof text, "%s%s", prefixes[i], NEW);
        if (read_line(text).sort != ENTRY_FOREIGN)
            fail_msg("%s", prefixes[i]);
    }
}

/* Forms that are not read are told, also where ": " in a value looks like the end of a tag. */
static void ev_unknown_forms(void **state)
{
    static const char *const lines[] = {
        "MESSAGE=event=decision partner=a reply=\"530 5.7.0 first: mail\"",
        "{\"MESSAGE\":\"event=decision partner=a reply=\\\"530 5.7.0 first: mail\\\"\"}",
        "a b | event=decision partner=a reply=\"530 5.7.0 first: mail\"",
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct entry entry = read_line(lines[i]);

        assert_int_equal(entry.sort, ENTRY_FOREIGN);
        assert_string_equal(entry.why, "what stands in front of it is not known");
    }
    assert_string_equal(read_line("Nov 28 14:33:57 mx1 sshd[7]: event=decision partner=a").why,
                        "another program wrote it");
}

/* What Docker's json-file makes of a text. */
static void write_json(char *line, size_t size, const char *text)
{
    size_t length = (size_t)snprintf(line, size, "{\"log\":\"");

    for (; *text != '\0' && length + 8 < size; text++)
        length += (size_t)(*text == '<' || *text == '>'    ? snprintf(line + length, 8, "\\u%04x", *text)
                           : *text == '"' || *text == '\\' ? snprintf(line + length, 8, "\\%c", *text)
                                                           : snprintf(line + length, 8, "%c", *text));
    snprintf(line + length, size - length,
             "\\n\",\"stream\":\"stderr\",\"time\":\"2026-11-28T14:33:57.623930123Z\"}");
}

static void ev_json_file(void **state)
{
    char line[8192];
    struct entry entry;

    (void)state;
    write_json(line, sizeof line, NEW);
    entry = read_line(line);
    assert_int_equal(entry.sort, ENTRY_OURS);
    assert_true(entry.numbered);
    assert_string_equal(entry.value[KEY_SUBJECT].text, "a \"b\" \\ \xE4");
    assert_true(entry.stamp == INT64_C(1795876437623));
    write_json(line, sizeof line, "Nov 28 14:33:57 mx1 postfix/smtp[77]: 4Q: to=<a@contoso.com>, relay=none");
    entry = read_line(line);
    assert_int_equal(entry.sort, ENTRY_OTHER);
    assert_string_equal(entry.tag, "postfix/smtp");
    assert_string_equal(entry.host, "mx1");
    assert_string_equal(entry.text, "4Q: to=<a@contoso.com>, relay=none");
    /* Cut anywhere, it is not taken for a whole line. */
    write_json(line, sizeof line, NEW);
    for (size_t length = strlen(NEW); length > 0; length--) {
        line[length] = '\0';
        assert_int_not_equal(read_line(line).sort, ENTRY_OURS);
    }
    entry = read_line("{\"log\":\"a\\u00");
    assert_int_equal(entry.sort, ENTRY_OTHER);
}

static void ev_values(void **state)
{
    struct entry entry = read_line("Nov  8 14:33:57 mx1 forcetls-milter[77]: " NEW "\r");

    (void)state;
    assert_int_equal(entry.sort, ENTRY_OURS);
    assert_int_equal(entry.local.month, 11);
    assert_int_equal(entry.local.day, 8);
    assert_int_equal(entry.seq, 34);
    assert_int_equal(entry.msg, 12);
    assert_true(entry.at == INT64_C(1795876567768));
    assert_string_equal(entry.value[KEY_SUBJECT].text, "a \"b\" \\ \xE4");
    assert_true(entry.value[KEY_SUBJECT].quoted);
    assert_string_equal(entry.value[KEY_FINGERPRINT].text, "none");
    assert_false(entry.value[KEY_FINGERPRINT].quoted);
    assert_string_equal(entry.value[KEY_TLS].text, "");
}

static void ev_versions(void **state)
{
    struct entry entry = read_line(OLD);

    (void)state;
    assert_int_equal(entry.sort, ENTRY_OURS);
    assert_false(entry.numbered);
    assert_true(entry.at == STAMP_NONE);
    entry = read_line(NEW " later=1 more=\"x\"");
    assert_int_equal(entry.sort, ENTRY_OURS);
    assert_true(entry.numbered);
    entry = read_line(
        "event=start version=0.3.0 policy=\"/etc/x\" partners=3 policy=abc run=0123456789abcdef seq=1");
    assert_int_equal(entry.sort, ENTRY_OURS);
    assert_string_equal(entry.value[KEY_POLICY].text, "abc");
    assert_int_equal(entry.seq, 1);
    entry = read_line("event=stop text=\"ended\"");
    assert_int_equal(entry.sort, ENTRY_OURS);
    assert_false(entry.numbered);
}

/* However much of a line is missing at its end, it is not taken for a whole one. */
static void ev_cut_lines(void **state)
{
    static const char line[] = "Nov 28 14:33:57 mx1 forcetls-milter[77]: " NEW;
    size_t old = strlen("Nov 28 14:33:57 mx1 forcetls-milter[77]: " OLD);

    (void)state;
    for (size_t length = strlen("Nov 28 14:33:57 mx1 forcetls-milter[77]: event="); length < strlen(line) - 1;
         length++) {
        char text[4096];
        struct entry entry;

        memcpy(text, line, length);
        text[length] = '\0';
        entry = read_line(text);
        /* A line that ends where lines of 0.2.0 end is one of those. */
        if (entry.sort == ENTRY_OURS && length != old && strcmp(entry.value[KEY_EVENT].text, "decision") == 0)
            fail_msg("%s", line + length);
    }
}

static void ev_other_lines(void **state)
{
    static const struct {
        const char *line;
        enum entry_sort sort;
    } cases[] = {
        {"Nov 28 14:33:57 mx1 postfix/smtpd[1]: connect from a[192.0.2.1]", ENTRY_OTHER},
        {"Nov 28 14:33:57 mx1 forcetls-milter[1]: ForceTLS: mi_stop=1", ENTRY_OTHER},
        {"Nov 28 14:33:57 mx1 forcetls-milter[77][4711]: " NEW, ENTRY_FOREIGN},
        {"Nov 28 14:33:57 mx1 postfix/smtp[1]: QID: status=deferred (host said: 450 " NEW ")", ENTRY_FOREIGN},
        {"Nov 28 14:33:57 mx1 logger: " NEW, ENTRY_FOREIGN},
        {"Nov 28 14:33:57 mx1 forcetls-milter-x[1]: " NEW, ENTRY_FOREIGN},
        {OLD " " OLD, ENTRY_UNREADABLE},
        {"event=decision mode=enforce partner=contoso", ENTRY_UNREADABLE},
        {"event=decision", ENTRY_UNREADABLE},
        {"event=", ENTRY_UNREADABLE},
        {"event=start run=0123456789abcdef", ENTRY_UNREADABLE},
        {"event=start run=0123456789abcdeX seq=1", ENTRY_UNREADABLE},
        {"event=start run=0123456789abcdef seq=0", ENTRY_UNREADABLE},
        {"event=start at=yesterday", ENTRY_UNREADABLE},
        {"event=start text=\"\\x00\"", ENTRY_UNREADABLE},
        {"event=start text=\"\\q\"", ENTRY_UNREADABLE},
        {"event=start text=\"\xC3\xA4\"", ENTRY_UNREADABLE},
        {"event=start text=\"a\tb\"", ENTRY_UNREADABLE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct entry entry = read_line(cases[i].line);

        if (entry.sort != cases[i].sort)
            fail_msg("%s: %d", cases[i].line, (int)entry.sort);
        assert_true((entry.why != NULL) == (entry.sort == ENTRY_FOREIGN || entry.sort == ENTRY_UNREADABLE));
    }
}

static void ev_nul_octets(void **state)
{
    char inside[] =
        "Nov 28 14:33:57 mx1 forcetls-milter[77]: event=start text=\"a\0b\" run=0123456789abcdef seq=1";
    char before[] = "Nov 28 14:33\0:57 mx1 forcetls-milter[77]: event=decision partner=x";
    struct entry entry;

    (void)state;
    entry_read(&entry, inside, sizeof inside - 1);
    assert_int_equal(entry.sort, ENTRY_UNREADABLE);
    entry_read(&entry, before, sizeof before - 1);
    assert_int_equal(entry.sort, ENTRY_UNREADABLE);
}

static void ev_times(void **state)
{
    int64_t instant = 0;
    struct stamp_local local;
    char text[STAMP_TEXT_SIZE];

    (void)state;
    assert_int_equal(stamp_read("2016-12-31T23:59:60Z", &instant), 20);
    assert_true(instant == INT64_C(1483228800000));
    assert_int_equal(stamp_read("2026-02-29T00:00:00Z", &instant), 0);
    assert_int_equal(stamp_read("2026-11-28T14:33:57.Z", &instant), 0);
    assert_int_equal(stamp_read("2026-11-28T14:33:57", &instant), 0);
    assert_int_equal(stamp_read_local("Feb 29 14:33:57", &local), 15);
    assert_true(stamp_in_year(&local, 2026) == STAMP_NONE);
    assert_true(stamp_in_year(&local, 2028) == INT64_C(1835447637000));
    assert_int_equal(stamp_read_local("Feb 30 14:33:57", &local), 0);
    assert_int_equal(stamp_read_local("Foo 20 14:33:57", &local), 0);
    stamp_format(INT64_C(1795876567768), text);
    assert_string_equal(text, "2026-11-28T14:36:07.768Z");
    stamp_format(INT64_C(1795876567000), text);
    assert_string_equal(text, "2026-11-28T14:36:07Z");
    stamp_format_short(INT64_C(1795876567768), text);
    assert_string_equal(text, "2026-11-28 14:36");
    assert_true(stamp_hour(-1) == -3600000);
    assert_true(stamp_year(INT64_C(1795876567768)) == 2026);
    assert_true(stamp_month(INT64_C(1795876567768)) == INT64_C(1793491200000)); /* 2026-11-01 */
    assert_true(stamp_month(INT64_C(1793491200000)) == INT64_C(1793491200000));
    assert_true(stamp_month(INT64_C(1793491199999)) == INT64_C(1790812800000)); /* 2026-10-01 */
    assert_true(stamp_month(INT64_C(1704067199999)) == INT64_C(1701388800000)); /* 2023-12-01 */
    assert_true(stamp_month(0) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ev_supervisors), cmocka_unit_test(ev_no_prefixes),
        cmocka_unit_test(ev_unknown_forms),
        cmocka_unit_test(ev_prefixes),   cmocka_unit_test(ev_json_file), cmocka_unit_test(ev_values),
        cmocka_unit_test(ev_versions),   cmocka_unit_test(ev_cut_lines), cmocka_unit_test(ev_other_lines),
        cmocka_unit_test(ev_nul_octets), cmocka_unit_test(ev_times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
