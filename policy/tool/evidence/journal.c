/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the journal in journalctl(1)'s export format: its text output cuts and escapes values, and its JSON
 * omits long ones. The journal knows who wrote an entry, whatever the entry says. Only the daemon's entries
 * count.
 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "policy/tool/evidence/delivery_line.h"
#include "policy/tool/evidence/input.h"
#include "policy/tool/evidence/prefix.h"
#include "policy/tool/evidence/program.h"
#include "policy/tool/evidence/sources.h"

/* The fields of an entry that are read. */
/* clang-format off */
enum field {
    FIELD_TIME, FIELD_HOST, FIELD_MESSAGE, FIELD_PID, FIELD_UID, FIELD_UNIT, FIELD_TAG, FIELD_COUNT
};
/* clang-format on */

static const char *const field_names[FIELD_COUNT] = {
    "__REALTIME_TIMESTAMP", "_HOSTNAME", "MESSAGE", "_PID", "_UID", "_SYSTEMD_UNIT", "SYSLOG_IDENTIFIER",
};

struct record {
    char *value[FIELD_COUNT]; /* malloc'd; NULL: not in the entry */
    size_t length[FIELD_COUNT];
};

static void record_clear(struct record *record)
{
    for (size_t i = 0; i < FIELD_COUNT; i++)
        free(record->value[i]);
    *record = (struct record){{NULL}, {0}};
}

/* Returns the field of a name. FIELD_COUNT: not one of ours. */
static enum field find_field(const char *name, size_t length)
{
    enum field field = FIELD_TIME;

    while (field < FIELD_COUNT
           && (strlen(field_names[field]) != length || memcmp(field_names[field], name, length) != 0))
        field++;
    return field;
}

static void keep_field(struct record *record, enum field field, const char *value, size_t length)
{
    if (field == FIELD_COUNT)
        return;
    free(record->value[field]);
    record->value[field] = malloc(length + 1);
    if (record->value[field] == NULL)
        return;
    memcpy(record->value[field], value, length);
    record->value[field][length] = '\0';
    record->length[field] = length;
}

/* Reads a value with unprintable octets: eight octets of length, the value, a line end. */
static bool read_binary(FILE *stream, struct record *record, enum field field)
{
    unsigned char size[8];
    uint64_t length = 0;
    char *value;
    bool whole;

    if (fread(size, 1, sizeof size, stream) != sizeof size)
        return false;
    for (int i = 7; i >= 0; i--)
        length = length << 8 | size[i];
    if (length > 64 * (uint64_t)INPUT_LINE_MAX || (value = malloc(length + 1)) == NULL)
        return false;
    whole = fread(value, 1, length + 1, stream) == length + 1;
    if (whole)
        keep_field(record, field, value, length);
    free(value);
    return whole;
}

/* Reads one entry. False: no more. */
static bool read_record(FILE *stream, struct record *record, char **line, size_t *room)
{
    bool any = false;
    ssize_t length;

    record_clear(record);
    while ((length = getline(line, room, stream)) > 0) {
        char *equals = memchr(*line, '=', (size_t)length);

        if ((*line)[length - 1] == '\n')
            (*line)[--length] = '\0';
        if (length == 0 && any)
            return true;
        if (length == 0)
            continue;
        any = true;
        if (equals != NULL)
            keep_field(record, find_field(*line, (size_t)(equals - *line)), equals + 1,
                       (size_t)(*line + length - equals - 1));
        else if (!read_binary(stream, record, find_field(*line, (size_t)length)))
            return false;
    }
    return any;
}

static const char *value_of(const struct record *record, enum field field)
{
    return record->value[field] != NULL ? record->value[field] : "";
}

/* Whether a unit is "forcetls-milter.service" or "forcetls-milter@mx.service". */
static bool is_our_unit(const char *unit)
{
    size_t name = strlen(PREFIX_TAG), length = strlen(unit), suffix = strlen(".service");

    return strncmp(unit, PREFIX_TAG, name) == 0 && (unit[name] == '.' || unit[name] == '@')
           && length > name + suffix - 1 && strcmp(unit + length - suffix, ".service") == 0;
}

/* Whether the daemon wrote the entry: our unit did; or no service did, but root or the daemon's user. */
static bool is_ours(const struct record *record, const char *user)
{
    const char *unit = value_of(record, FIELD_UNIT), *uid = value_of(record, FIELD_UID);

    if (is_our_unit(unit))
        return true;
    if (strstr(unit, ".service") != NULL)
        return false;
    return *uid != '\0' && (strcmp(uid, "0") == 0 || strcmp(uid, user) == 0);
}

/* The same for Postfix. */
static bool is_postfix(const struct record *record)
{
    const struct passwd *postfix = getpwnam("postfix");
    const char *unit = value_of(record, FIELD_UNIT), *uid = value_of(record, FIELD_UID);
    char user[24] = "";

    if (strcmp(unit, "postfix.service") == 0 || strncmp(unit, "postfix@", 8) == 0)
        return true;
    if (strstr(unit, ".service") != NULL)
        return false;
    if (postfix != NULL)
        snprintf(user, sizeof user, "%lu", (unsigned long)postfix->pw_uid);
    return *uid != '\0' && (strcmp(uid, "0") == 0 || strcmp(uid, user) == 0);
}

/* Sets what the journal knows of an entry: when, on which host and by which process it was written. */
static void read_origin(struct entry *entry, const struct record *record)
{
    if (record->value[FIELD_TIME] != NULL)
        entry->stamp = strtoll(record->value[FIELD_TIME], NULL, 10) / 1000;
    entry->host = value_of(record, FIELD_HOST);
    entry->pid = strtoul(value_of(record, FIELD_PID), NULL, 10);
}

static void note_delivery(const struct sources *sources, const struct record *record)
{
    struct entry entry;

    entry_read_message(&entry, record->value[FIELD_MESSAGE], record->length[FIELD_MESSAGE]);
    read_origin(&entry, record);
    entry.tag = value_of(record, FIELD_TAG);
    entry.sort = is_postfix(record) ? ENTRY_OTHER : ENTRY_FOREIGN;
    if (sources->deliveries != NULL)
        deliveries_note(sources->deliveries, &entry, *entry.host != '\0' ? entry.host : sources->gateway,
                        entry.stamp);
}

static void note_record(struct sources *sources, struct record *record, const char *user)
{
    char text[SOURCES_SHOWN + 1];
    struct entry entry;
    int64_t at;

    if (record->value[FIELD_MESSAGE] == NULL)
        return;
    if (delivery_tag(value_of(record, FIELD_TAG))) {
        note_delivery(sources, record);
        return;
    }
    sources_keep(text, record->value[FIELD_MESSAGE], record->length[FIELD_MESSAGE]);
    entry_read_message(&entry, record->value[FIELD_MESSAGE], record->length[FIELD_MESSAGE]);
    if (entry.sort == ENTRY_OTHER)
        return;
    read_origin(&entry, record);
    if (!is_ours(record, user)) {
        entry.sort = ENTRY_FOREIGN;
        entry.why = "another user or unit wrote it";
    }
    at = entry.sort == ENTRY_OURS && entry.at != STAMP_NONE ? entry.at : entry.stamp;
    sources_entry(sources, &entry, text, at);
}

/*
 * Starts journalctl, also for Postfix's entries if `deliveries`. Returns the stream of its output. NULL:
 * failed.
 */
static FILE *start(const char *directory, int64_t since, bool deliveries, pid_t *child)
{
    static const char tag[] = "SYSLOG_IDENTIFIER=" PREFIX_TAG;
    char from[40], where[4096];
    const char *arguments[12] = {"journalctl", "-o", "export", "-q", "--no-pager", tag};
    size_t count = 6;
    FILE *stream;
    int output;

    if (deliveries) {
        arguments[count++] = "SYSLOG_IDENTIFIER=postfix/smtp";
        arguments[count++] = "SYSLOG_IDENTIFIER=postfix/relay/smtp";
    }
    if (since > 0) {
        snprintf(from, sizeof from, "--since=@%lld", (long long)(since / STAMP_SECOND));
        arguments[count++] = from;
    }
    if (directory != NULL) {
        snprintf(where, sizeof where, "--directory=%s", directory);
        arguments[count] = where;
    }
    output = program_start(arguments, -1, false, child);
    stream = output >= 0 ? fdopen(output, "r") : NULL;
    if (stream == NULL && output >= 0)
        close(output);
    return stream;
}

void sources_journal(struct sources *sources, const char *directory, int64_t since)
{
    const struct passwd *daemon = getpwnam("_forcetls");
    struct record record = {{NULL}, {0}};
    char user[24] = "", *line = NULL;
    size_t room = 0;
    uint64_t records = 0;
    pid_t child = -1;
    FILE *stream = start(directory, since, sources->deliveries != NULL, &child);

    if (daemon != NULL)
        snprintf(user, sizeof user, "%lu", (unsigned long)daemon->pw_uid);
    sources->where = "the journal";
    sources->ledger->source = SOURCE_JOURNAL;
    if (sources->deliveries != NULL)
        deliveries_begin(sources->deliveries, STAMP_NONE);
    while (stream != NULL && !sources->ledger->database->failed
           && read_record(stream, &record, &line, &room)) {
        records++;
        note_record(sources, &record, user);
    }
    record_clear(&record);
    free(line);
    if (stream != NULL)
        fclose(stream);
    if (!program_end(child) || stream == NULL) {
        fprintf(stderr, "%s: journalctl cannot be run, or failed\n", sources->title);
        sources->failed = true;
    } else if (records == 0 && since <= 0) {
        fprintf(stderr,
                "%s: the journal has no entry of " PREFIX_TAG
                " that this user may read; a user needs the group "
                "systemd-journal\n",
                sources->title);
    }
    sources->ledger->source = SOURCE_FILE;
}
