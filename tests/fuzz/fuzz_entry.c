/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader of log lines. What the daemon writes of any values is read back as it was, behind the prefix
 * of any logger; cut anywhere it is no whole line. Any octets are answered, by a line that is ours only if
 * it begins as ours.
 */
#include "tests/fuzz/fuzz.h"

#include "milter/log.h"
#include "policy/tool/evidence/entry.h"
#include "policy/tool/evidence/prefix.h"

static const char *const prefixes[] = {
    "", "2026-11-28T14:33:57.623930+00:00 mx1 forcetls-milter[77]: ",
    "Nov  8 14:33:57 mx1 forcetls-milter[77]: ", "<22>1 2026-11-28T14:33:57Z mx1 forcetls-milter 77 - - "};

/* Whether the key's value comes from outside; else it is a word of ours. */
static bool is_outside(enum entry_key key)
{
    return (key >= KEY_REPLY && key <= KEY_ARGUMENT) || key == KEY_FINGERPRINT || key == KEY_KEY_FINGERPRINT
           || key == KEY_RESOLVE || key == KEY_DAEMON || key == KEY_HEADER_FROM;
}

/* A decision with these values from outside: NULL leaves one empty. */
static void write_line(struct log_line *line, const char *const outside[], bool old)
{
    log_begin(line, "decision");
    for (enum entry_key key = KEY_PARTNER; key < (old ? KEY_FIRST_NEW : KEY_DECISION_COUNT); key++) {
        const char *name = entry_key_name(key);

        if (is_outside(key))
            log_quoted(line, name, outside[key]);
        else if (key == KEY_AT)
            log_word(line, name, "2026-11-28T14:36:07.768Z");
        else if (key == KEY_RUN)
            log_word(line, name, "0123456789abcdef");
        else
            log_number(line, name, (size_t)key);
    }
}

/* The value, or as much of its beginning as the line has room for. */
static void check_value(const struct entry_value *value, const char *sent)
{
    size_t length = strlen(value->text);

    CHECK(value->quoted == (sent != NULL));
    CHECK(length <= LOG_VALUE_MAX && strncmp(value->text, sent ? sent : "", length) == 0);
    CHECK(sent == NULL || sent[length] == '\0' || length >= LOG_VALUE_MAX / 4 - 1);
}

/* The line, whole or cut, behind a prefix. */
static void read_back(const struct log_line *line, const char *prefix, size_t length, struct entry *entry,
                      char *text)
{
    memcpy(text, prefix, strlen(prefix));
    memcpy(text + strlen(prefix), line->text, length);
    text[strlen(prefix) + length] = '\0';
    entry_read(entry, text, strlen(prefix) + length);
}

static void check_written(const char *const outside[], size_t seed)
{
    struct log_line *line = malloc(sizeof *line);
    const char *prefix = prefixes[seed % 4];
    bool old = seed / 4 % 4 == 0;
    char *text = malloc(LOG_LINE_SIZE + 100);
    struct entry entry;
    size_t cut;

    CHECK(line != NULL && text != NULL);
    write_line(line, outside, old);
    read_back(line, prefix, line->length, &entry, text);
    CHECK(entry.sort == ENTRY_OURS && entry.numbered == !old);
    for (enum entry_key key = KEY_PARTNER; key < (old ? KEY_FIRST_NEW : KEY_DECISION_COUNT); key++)
        if (is_outside(key))
            check_value(&entry.value[key], outside[key]);
    CHECK(old || (entry.seq == KEY_SEQ && entry.msg == KEY_MSG));
    /* A line that ends in or behind identity= is whole for all that can be seen: 0.2.0 wrote such lines. */
    cut = 6 + seed * 7 % (line->length - 8);
    read_back(line, prefix, cut, &entry, text);
    CHECK(entry.sort != ENTRY_OURS || strcmp(entry.value[KEY_EVENT].text, "decision") != 0
          || (!old && !entry.numbered));
    free(text);
    free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *outside[KEY_DECISION_COUNT] = {NULL};
    char *text = fuzz_text(data, size), *rest = text, *line = malloc(size + 1);
    struct entry entry;

    for (enum entry_key key = KEY_PARTNER; key < KEY_DECISION_COUNT && rest; key++) {
        const char *value = is_outside(key) ? strsep(&rest, "\n") : "";

        outside[key] = *value == '\0' ? NULL : value;
    }
    check_written(outside, size);
    CHECK(line != NULL);
    for (int message = 0; message < 2; message++) {
        memcpy(line, data, size);
        line[size] = '\0';
        (message ? entry_read_message : entry_read)(&entry, line, size);
        CHECK(entry.sort != ENTRY_OURS || (entry.value[KEY_EVENT].text && memmem(data, size, "event=", 6)));
    }
    free(line);
    free(text);
    return 0;
}
