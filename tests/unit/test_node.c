/* SPDX-License-Identifier: BSD-2-Clause */
/* Policy files as trees of nodes: what is read, where it stands, what is refused and how reading goes on. */
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
#include "policy/yaml/node.h"

enum { TEXT = 64 * 1024 };

/* What a reading gave: the nodes and the findings as text. */
struct reading {
    char nodes[TEXT], findings[TEXT];
    size_t finding_count;
    bool failed;
};

static void note(void *arg, const struct diag *diag)
{
    struct reading *reading = arg;
    size_t length = strlen(reading->findings);

    assert_int_equal(diag->severity, SEVERITY_ERROR);
    reading->finding_count++;
    snprintf(reading->findings + length, TEXT - length, "%u:%u %s\n", diag->place.line, diag->place.column, diag->text);
}

static void show(char *to, const struct node *node)
{
    size_t length = strlen(to);

    if (node->kind == NODE_SCALAR) {
        snprintf(to + length, TEXT - length, node->quoted ? "'%s'" : "%s", node->text);
        return;
    }
    strcat(to, node->kind == NODE_SEQUENCE ? "[" : "{");
    for (const struct node *item = node->first; item != NULL; item = item->next) {
        if (item != node->first)
            strcat(to, ",");
        if (node->kind == NODE_MAPPING) {
            show(to, item->key);
            strcat(to, ":");
        }
        show(to, item);
    }
    strcat(to, node->kind == NODE_SEQUENCE ? "]" : "}");
}

static char read_path[64]; /* of the file being read: outlives the reader, and is read again to explain a mistake */

static void remove_file(void)
{
    if (read_path[0] != '\0')
        unlink(read_path);
}

static struct node_reader *open_octets(const void *octets, size_t count, mode_t mode, struct reading *reading)
{
    int file;

    remove_file();

    strcpy(read_path, "/tmp/test_node.XXXXXX");
    file = mkstemp(read_path);
    assert_true(file >= 0);
    assert_int_equal(write(file, octets, count), count);
    assert_int_equal(fchmod(file, mode), 0);
    close(file);
    return node_open(read_path, note, reading);
}

/* Reads a text whole, every value by node_value(). */
static void read_octets(const void *octets, size_t count, struct reading *reading)
{
    struct arena arena = {0};
    struct node_reader *reader;
    const struct node *key, *value;

    memset(reading, 0, sizeof *reading);
    reader = open_octets(octets, count, 0600, reading);
    assert_non_null(reader);
    while ((key = node_next_key(reader, &arena)) != NULL) {
        show(reading->nodes, key);
        strcat(reading->nodes, ":");
        value = node_value(reader, &arena);
        if (value != NULL)
            show(reading->nodes, value);
        strcat(reading->nodes, " ");
        arena_reset(&arena);
    }
    reading->failed = node_failed(reader);
    node_close(reader);
    arena_free(&arena);
}

struct sample {
    const char *text, *nodes, *findings;
};

static void check_samples(const struct sample *samples, size_t count)
{
    static struct reading reading;

    for (size_t i = 0; i < count; i++) {
        read_octets(samples[i].text, strlen(samples[i].text), &reading);
        if (strcmp(reading.nodes, samples[i].nodes) != 0 || strcmp(reading.findings, samples[i].findings) != 0)
            fail_msg("%s: got nodes \"%s\" and findings \"%s\"", samples[i].text, reading.nodes, reading.findings);
    }
}

#define CHECK(samples) check_samples(samples, sizeof (samples) / sizeof *(samples))

static void trees(void **state)
{
    static const struct sample samples[] = {
        {"a: 1\n", "a:1 ", ""},
        {"a: 1\nb:\n  - x\n  - [y, {z: w}]\n", "a:1 b:[x,[y,{z:w}]] ", ""},
        {"{\"a\": \"1\", 'b': 'it''s'}\n", "'a':'1' 'b':'it's' ", ""},
        {"a:\n", "a: ", ""},
        {"a: []\nb: {}\n", "a:[] b:{} ", ""},
        {"a: |\n  x\n  y\nb: >-\n  x\n  y\n", "a:'x\ny\n' b:'x y' ", ""},
        {"--- # one\na: b c # no more\n...\n", "a:b c ", ""},
        {"a: \"\\x41\\u00fc\"\n", "a:'A\xc3\xbc' ", ""},
        {"a: x  y\n", "a:x  y ", ""},
        {"? a\n: b\n", "a:b ", ""},
        {"{}\n", "", ""},
    };

    (void)state;
    CHECK(samples);
}

static void f02_duplicate_keys(void **state)
{
    static const struct sample samples[] = {
        {"a: {b: 1, b: 2, c: 3}\n", "a:{b:1,c:3} ", "1:11 duplicate key \"b\"; the first is in line 1\n"},
        {"a:\n  b: 1\n  'b': 2\n  \"\\u0062\": {x: y}\n", "a:{b:1} ",
         "3:3 duplicate key \"b\"; the first is in line 2\n"
         "4:3 duplicate key \"b\"; the first is in line 2\n"},
        {"a: [{b: 1}, {b: 1}]\nc: {b: 1}\n", "a:[{b:1},{b:1}] c:{b:1} ", ""},
        {"a: {B: 1, b: 2}\n", "a:{B:1,b:2} ", ""},
    };

    (void)state;
    CHECK(samples);
}

static void f03_yaml_that_is_left_out(void **state)
{
    static const struct sample samples[] = {
        {"a: &x 1\n", "a:1 ", "1:4 anchors are not allowed; write the value where it is needed, and a text that begins with \"&\" in quotes\n"},
        {"&x a: 1\n", "a:1 ", "1:1 anchors are not allowed; write the value where it is needed, and a text that begins with \"&\" in quotes\n"},
        {"a: &x [1]\nb: *x\n", "a:[1] b:'' ",
         "1:4 anchors are not allowed; write the value where it is needed, and a text that begins with \"&\" in quotes\n2:4 \"*x\" is an alias in YAML, and aliases are not allowed; where the text is meant, put it in quotes: \"*x\"\n"},
        {"&x {a: 1}\n", "a:1 ", "1:1 anchors are not allowed; write the value where it is needed, and a text that begins with \"&\" in quotes\n"},
        {"a: !!int 1\n", "a:1 ", "1:4 tags are not allowed; write a text that begins with \"!\" in quotes\n"},
        {"a: !x {b: !y [1]}\n", "a:{b:[1]} ", "1:4 tags are not allowed; write a text that begins with \"!\" in quotes\n1:11 tags are not allowed; write a text that begins with \"!\" in quotes\n"},
        {"a: 1\n---\nb: 2\n", "a:1 ", "2:1 a second document; a policy file holds one\n"},
        {"a: 1\n...\n---\n", "a:1 ", "3:1 a second document; a policy file holds one\n"},
        {"a: \"x\\0y\"\n", "a:'x' ", "1:4 a NUL character in a text\n"},
        {"a:\t1\n", "a:1 ", "1:3 a tab; indent and separate with blanks\n"},
        {"a: 'x\ty'\nb: 2\n", "a:'x y' b:2 ", "1:6 a tab; indent and separate with blanks\n"},
        {"a: x\x01y\n", "a:x_y ", "1:5 a control character\n"},
        {"a: {[x]: 1, {y: z}: 2, b: 3}\n", "a:{b:3} ", "1:5 a key must be a word\n1:13 a key must be a word\n"},
        {"[x]: 1\n", "", "1:1 a key must be a word\n"},
        {"a: *x\n", "a:'' ", "1:4 \"*x\" is an alias in YAML, and aliases are not allowed; where the text is meant, put it in quotes: \"*x\"\n"},
        {"<<: {b: 1}\n", "<<:{b:1} ", ""}, /* a key like any other: nobody knows it */
    };

    (void)state;
    CHECK(samples);
}

static void f03_not_yaml(void **state)
{
    static const struct sample samples[] = {
        {"a: [1\n", "a: ", "1:4 this \"[\" is never closed\n"},
        {"a: \"x\n", "a: ", "1:4 the quotation mark that opens here is never closed\n"},
        {"a: b: c\n", "a: ", "1:5 a second colon with a blank after it on one line; put the value in quotes: \"b: c\"\n"},
        {"a: %\n", "a: ", "1:4 \"%\" begins with \"%\", which YAML keeps for itself; put it in quotes: \"%\"\n"},
        {"a: *\n", "a: ", "1:4 \"*\" begins with \"*\", which makes it an alias in YAML; put it in quotes: \"*\"\n"},
        {"b: 1\na:1\nc: 2\n", "b: ", "2:3 a blank is missing after the colon; write \"a: 1\"\n"},
        {"a: 1\n b: 2\n", "a: ", "2:2 wrong indentation: this line begins in column 2, lines above in column 1\n"},
    };

    (void)state;
    CHECK(samples);
}

static void f03_line_ends_and_bom(void **state)
{
    static const struct sample samples[] = {
        {"a: 1\r\nb:\r\n  - 2\r\n", "a:1 b:[2] ", ""},
        {"a: 1\rb: 2\r", "a:1 b:2 ", ""},
        {"\xef\xbb\xbf" "a: 1\nb: 2\n", "a:1 b:2 ", ""},
        {"\xef\xbb\xbf" "a: &x 1\n", "a:1 ", "1:4 anchors are not allowed; write the value where it is needed, and a text that begins with \"&\" in quotes\n"},
        {"a: 1\r\nb:\t2\r\n", "a:1 b:2 ", "2:3 a tab; indent and separate with blanks\n"},
    };

    (void)state;
    CHECK(samples);
}

static void f03_octets(void **state)
{
    static const struct {
        const char *octets;
        size_t count;
        const char *finding;
    } cases[] = {
        {"a: x\0y\n", 7, "1:5 a NUL octet\n"},
        {"a: \xff\n", 5, "1:4 not UTF-8; save the file as UTF-8\n"},
        {"a: \x80\n", 5, "1:4 not UTF-8; save the file as UTF-8\n"},
        {"a: \xc0\xaf\n", 6, "1:4 not UTF-8; save the file as UTF-8\n"},
        {"a: \xc3\n", 5, "1:4 not UTF-8; save the file as UTF-8\n"},
        {"# \xc3\n#\ta\na: 1\n", 13, "1:3 not UTF-8; save the file as UTF-8\n2:2 a tab; indent and separate with blanks\n"},
        {"# \xc3\xbc\xe6\x97\xa5\xf0\x9f\x92\xa9\t\na: 1\n", 18, "1:6 a tab; indent and separate with blanks\n"},
        {"a: \x7fz\n", 6, "1:4 a control character\n"},
        {"a: \xed\xa0\x80\n", 7, "1:4 not UTF-8; save the file as UTF-8\n"},
        {"a: \xe0\x80\xaf\n", 7, "1:4 not UTF-8; save the file as UTF-8\n"},
        {"a: 1 # \xe2\x80\xa8 b: 2\n", 15, "1:8 a line break of Unicode, which editors do not show; end lines with LF or CRLF\n"},
    };
    static struct reading reading;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_octets(cases[i].octets, cases[i].count, &reading);
        if (reading.finding_count == 0)
            fail_msg("case %zu: nothing found", i);
        if (strncmp(reading.findings, cases[i].finding, strlen(cases[i].finding)) != 0)
            fail_msg("case %zu: got \"%s\"", i, reading.findings);
    }
    read_octets("# \t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\na: 1\n", 38, &reading);
    assert_int_equal(reading.finding_count, 21);
}

static void f04_depth(void **state)
{
    static struct reading reading;
    char text[256];

    (void)state;
    for (unsigned depth = 14; depth <= 17; depth++) {
        snprintf(text, sizeof text, "a: %.*s%.*s\n", (int)depth, "[[[[[[[[[[[[[[[[[[[[", (int)depth, "]]]]]]]]]]]]]]]]]]]]");
        read_octets(text, strlen(text), &reading);
        /* the mapping of the file is the first level */
        assert_string_equal(reading.findings, depth <= 15 ? "" : "1:19 nested more than 16 deep\n");
        assert_int_equal(reading.failed, depth > 15);
    }
}

static void f04_depth_is_told_at_once(void **state)
{
    static struct reading reading;
    size_t count = 3 + 400000;
    char *text = malloc(count);

    (void)state;
    assert_non_null(text);
    memset(text, '[', count);
    memcpy(text, "a: ", 3);
    read_octets(text, count, &reading);
    assert_string_equal(reading.findings, "1:19 nested more than 16 deep\n");
    assert_true(reading.failed);
    free(text);
}

static void f03_scalar_limit(void **state)
{
    static struct reading reading;
    char text[5000] = "a: ";

    (void)state;
    memset(text + 3, 'x', 4096);
    read_octets(text, strlen(text), &reading);
    assert_string_equal(reading.findings, "");
    assert_int_equal(strlen(reading.nodes), 2 + 4096 + 1);
    memset(text + 3, 'x', 4097);
    read_octets(text, strlen(text), &reading);
    assert_string_equal(reading.findings, "1:4 a text of 4097 octets; at most 4096 are allowed\n");
    assert_false(reading.failed); /* reading goes on */
}

static void f04_key_limit(void **state)
{
    static struct reading reading;
    char text[16000] = "a: {";

    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        snprintf(text + strlen(text), 16, "k%u: 1,", i);
    strcat(text, "}\n");
    read_octets(text, strlen(text), &reading);
    assert_string_equal(reading.findings, "");
    strcpy(strrchr(text, '}'), "k1000: 1}\n");
    read_octets(text, strlen(text), &reading);
    assert_non_null(strstr(reading.findings, "more than 1000 keys"));
    assert_true(reading.failed);
}

static void f05_no_mapping(void **state)
{
    static const struct sample samples[] = {
        {"", "", "0:0 is empty\n"},
        {"\xef\xbb\xbf", "", "0:0 is empty\n"},
        {"# x\n", "", "0:0 is empty\n"},
        {"- a\n", "", "1:1 the file must hold a mapping (key: value)\n"},
        {"\n  a\n", "", "2:3 the file must hold a mapping (key: value)\n"},
        {"*x\n", "", "1:1 the file must hold a mapping (key: value)\n"},
    };

    (void)state;
    CHECK(samples);
}

static void f05_files(void **state)
{
    static const mode_t bad[] = {0620, 0602, 0666, 0664}, good[] = {0600, 0644, 0444};
    static struct reading reading;

    (void)state;
    memset(&reading, 0, sizeof reading);
    assert_null(node_open("/tmp/test_node.no/such/file", note, &reading));
    assert_string_equal(reading.findings, "0:0 cannot be opened: No such file or directory\n");
    memset(&reading, 0, sizeof reading);
    assert_null(node_open("/tmp", note, &reading));
    assert_string_equal(reading.findings, "0:0 is a directory, not a regular file\n");
    assert_null(node_open("/dev/null", NULL, NULL));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        memset(&reading, 0, sizeof reading);
        assert_null(open_octets("a: 1\n", 5, bad[i], &reading));
        assert_non_null(strstr(reading.findings, "can be written by group or others"));
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct node_reader *reader = open_octets("a: 1\n", 5, good[i], &reading);

        assert_non_null(reader);
        node_close(reader);
    }
    node_close(NULL);
}

static void f06_changed_while_read(void **state)
{
    static struct reading reading;
    struct arena arena = {0};
    char path[] = "/tmp/test_node.XXXXXX";
    int file = mkstemp(path);
    struct node_reader *reader;

    (void)state;
    memset(&reading, 0, sizeof reading);
    assert_int_equal(write(file, "a: 1\n", 5), 5);
    assert_int_equal(fchmod(file, 0600), 0);
    reader = node_open(path, note, &reading);
    assert_non_null(reader);
    assert_non_null(node_next_key(reader, &arena));
    assert_int_equal(write(file, "b: 1\n", 5), 5);
    assert_non_null(node_value(reader, &arena));
    while (node_next_key(reader, &arena) != NULL)
        node_value(reader, &arena);
    assert_string_equal(reading.findings, "0:0 changed while it was being read\n");
    node_close(reader);
    arena_free(&arena);
    close(file);
    unlink(path);
}

static void places(void **state)
{
    static const char text[] = "first: 1\n\xc3\xbc: [a,   b]\nthird:\n  key: \"v\"\n";
    static struct reading reading;
    struct arena arena = {0};
    struct node_reader *reader;
    const struct node *key, *value;

    (void)state;
    memset(&reading, 0, sizeof reading);
    reader = open_octets(text, sizeof text - 1, 0600, &reading);
    assert_non_null(node_next_key(reader, &arena));
    assert_non_null(node_value(reader, &arena));
    key = node_next_key(reader, &arena);
    assert_string_equal(key->text, "\xc3\xbc");
    assert_int_equal(key->line, 2);
    assert_int_equal(key->column, 1);
    value = node_value(reader, &arena);
    assert_int_equal(value->count, 2);
    assert_int_equal(value->column, 4); /* characters, not octets */
    assert_int_equal(value->first->next->column, 10);
    assert_non_null(node_next_key(reader, &arena));
    value = node_value(reader, &arena);
    assert_int_equal(value->line, 4);
    assert_string_equal(node_find(value, "key")->text, "v");
    assert_true(node_find(value, "key")->quoted);
    assert_int_equal(node_find(value, "key")->column, 8);
    assert_null(node_find(value, "Key"));
    assert_null(node_next_key(reader, &arena));
    assert_null(node_next_key(reader, &arena)); /* and stays so */
    assert_false(node_failed(reader));
    node_close(reader);
    arena_free(&arena);
}

/* Reads "a" item by item. */
static void stream(const char *text, struct reading *reading, bool *entered)
{
    struct arena arena = {0};
    struct node_reader *reader;
    const struct node *item, *other;

    memset(reading, 0, sizeof *reading);
    reader = open_octets(text, strlen(text), 0600, reading);
    assert_non_null(node_next_key(reader, &arena));
    *entered = node_enter_sequence(reader, &arena, &other);
    if (*entered)
        while ((item = node_next_item(reader, &arena)) != NULL) {
            show(reading->nodes, item);
            strcat(reading->nodes, " ");
            arena_reset(&arena);
        }
    else if (other != NULL)
        show(reading->nodes, other);
    if (node_next_key(reader, &arena) != NULL) {
        strcat(reading->nodes, "then ");
        show(reading->nodes, node_value(reader, &arena));
    }
    reading->failed = node_failed(reader);
    node_close(reader);
    arena_free(&arena);
}

static void streaming(void **state)
{
    static const struct {
        const char *text, *nodes, *findings;
        bool entered, failed;
    } cases[] = {
        {"a:\n  - x\n  - {y: z}\nb: 1\n", "x {y:z} then 1", "", true, false},
        {"a: []\nb: 1\n", "then 1", "", true, false},
        {"a: {x: y}\n", "{x:y}", "", false, false},
        {"a: x\n", "x", "", false, false},
        {"a: &q [x]\n", "x ", "1:4 anchors are not allowed; write the value where it is needed, and a text that begins with \"&\" in quotes\n", true, false},
        {"a: *q\n", "''", "1:4 \"*q\" is an alias in YAML, and aliases are not allowed; where the text is meant, put it in quotes: \"*q\"\n", false, false},
        {"a: [x, [y\n", "x ", "1:8 this \"[\" is never closed\n", true, true},
        {"a: \"x\n", "", "1:4 the quotation mark that opens here is never closed\n", false, true},
        {"a: [[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]\n", "", "1:19 nested more than 16 deep\n", true, true},
    };
    static struct reading reading;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool entered;

        stream(cases[i].text, &reading, &entered);
        assert_string_equal(reading.nodes, cases[i].nodes);
        assert_string_equal(reading.findings, cases[i].findings);
        assert_int_equal(entered, cases[i].entered);
        assert_int_equal(reading.failed, cases[i].failed);
    }
}

static void without_listener(void **state)
{
    struct arena arena = {0};
    char path[] = "/tmp/test_node.XXXXXX";
    int file = mkstemp(path);
    struct node_reader *reader;

    (void)state;
    assert_int_equal(write(file, "a: &x\t1\n", 8), 8);
    reader = node_open(path, NULL, NULL);
    assert_non_null(reader);
    assert_non_null(node_next_key(reader, &arena));
    assert_non_null(node_value(reader, &arena));
    node_close(reader);
    arena_free(&arena);
    close(file);
    unlink(path);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees), cmocka_unit_test(f02_duplicate_keys), cmocka_unit_test(f03_yaml_that_is_left_out),
        cmocka_unit_test(f03_not_yaml), cmocka_unit_test(f03_line_ends_and_bom), cmocka_unit_test(f03_octets),
        cmocka_unit_test(f04_depth), cmocka_unit_test(f04_depth_is_told_at_once), cmocka_unit_test(f03_scalar_limit),
        cmocka_unit_test(f04_key_limit), cmocka_unit_test(f05_no_mapping), cmocka_unit_test(f05_files),
        cmocka_unit_test(f06_changed_while_read), cmocka_unit_test(places), cmocka_unit_test(streaming),
        cmocka_unit_test(without_listener),
    };

    atexit(remove_file);
    return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
