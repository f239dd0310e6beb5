/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads log files for the ledger. Knows their order, which last lines may still grow, and what to show of
 * lines that do not count. The ledger knows whether a line is new.
 */
#include "policy/tool/evidence/sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/names/printable.h"
#include "policy/tool/evidence/clock.h"
#include "policy/tool/evidence/delivery_line.h"
#include "policy/tool/evidence/input.h"

enum { SHOWN_MOST = 3, IDLE_SECONDS = 900 };

struct file {
    const char *path;
    struct input *input;
    struct clock clock;
    int64_t begin; /* the time of its first line of ours; INT64_MAX: unknown */
    size_t place;  /* its index on the command line */
    /* The run of the last numbered line, and its highest number. */
    char run[17];
    uint64_t highest;
};

/* Shows the first few lines of a kind that does not count. */
static void show_line(struct sources *sources, enum ledger_counter counter, const struct entry *entry,
                      const char *text)
{
    static const char *const what[COUNTER_COUNT] = {
        [COUNTER_UNREADABLE] = "a line cannot be read",
        [COUNTER_FOREIGN] = "a line is not by forcetls-milter",
        [COUNTER_FUTURE] = "a line is of the future",
        [COUNTER_CONFLICTING] = "a line has the number of another one, and does not count",
    };

    if (sources->shown[counter]++ >= SHOWN_MOST)
        return;
    fprintf(stderr, "%s: ", sources->title);
    text_show(stderr, sources->where);
    fprintf(stderr, ": %s%s%s: ", what[counter], entry->why != NULL ? ": " : "",
            entry->why != NULL ? entry->why : "");
    text_show(stderr, text);
    fputs(strlen(text) >= SOURCES_SHOWN ? "...\n" : "\n", stderr);
}

void sources_keep(char text[SOURCES_SHOWN + 1], const char *line, size_t length)
{
    size_t kept = length < SOURCES_SHOWN ? length : SOURCES_SHOWN;

    memcpy(text, line, kept);
    text[kept] = '\0';
}

void sources_entry(struct sources *sources, const struct entry *entry, const char *text, int64_t at)
{
    struct ledger *ledger = sources->ledger;
    uint64_t before[COUNTER_COUNT];

    memcpy(before, ledger->counter, sizeof before);
    if (entry->sort == ENTRY_FOREIGN)
        (void)ledger_count(ledger, COUNTER_FOREIGN, entry, at);
    else if (entry->sort == ENTRY_UNREADABLE)
        (void)ledger_count(ledger, COUNTER_UNREADABLE, entry, at);
    else if (entry->sort == ENTRY_OURS) {
        sources->entries++;
        (void)ledger_note(ledger, entry, *entry->host != '\0' ? entry->host : sources->gateway, at);
    }
    for (enum ledger_counter i = COUNTER_UNREADABLE; i < COUNTER_COUNT; i++)
        if (ledger->counter[i] != before[i])
            show_line(sources, i, entry, text);
}

/* ---- files ---- */

static void complain(struct sources *sources, const char *path, const char *why)
{
    fprintf(stderr, "%s: ", sources->title);
    text_show(stderr, path);
    fprintf(stderr, ": %s\n", why);
    sources->failed = true;
}

/* Learns the times of the file from its first line with at=. */
static void peek(struct file *file)
{
    size_t length;
    const char *text = input_peek(file->input, &length), *found = memmem(text, length, " at=", 4);
    const char *begin = found != NULL ? memrchr(text, '\n', (size_t)(found - text)) : NULL;
    int64_t changed = input_changed(file->input), at, unused;
    struct stamp_local local;

    file->clock = (struct clock){.last = STAMP_NONE, .limit = INT64_MAX};
    if (changed != 0)
        file->clock.limit = changed * STAMP_SECOND + STAMP_DAY;
    begin = begin != NULL ? begin + 1 : text;
    if (found != NULL && stamp_read(found + 4, &at) != 0) {
        file->clock.last = at;
        if (stamp_read_local(begin, &local) != 0
            || (stamp_read(begin, &unused) == 0 && stamp_read_zoneless(begin, &local) != 0))
            clock_anchor(&file->clock, &local, at, NULL);
    }
    file->begin = file->clock.last;
    if (stamp_read(text, &at) != 0)
        file->begin = at;
    if (file->begin == STAMP_NONE)
        file->begin = changed != 0 ? changed * STAMP_SECOND : INT64_MAX;
}

/* Whether a last line without line end may still be half-written. */
static bool may_grow(const struct sources *sources, const struct input *input)
{
    int64_t changed = input_changed(input);

    return !sources->complete && !input_finished(input) && changed != 0
           && changed > sources->ledger->now / STAMP_SECOND - IDLE_SECONDS;
}

static unsigned digits(uint64_t number)
{
    unsigned count = 1;

    for (; number > 9; number /= 10)
        count++;
    return count;
}

/*
 * The number is at the end of a line, so a line without line end may lack its last digits. It then has fewer
 * digits than earlier numbers, and would pass for another line.
 */
static void doubt_number(struct file *file, struct entry *entry, bool ended)
{
    if (entry->sort != ENTRY_OURS || !entry->numbered)
        return;
    if (strcmp(file->run, entry->value[KEY_RUN].text) != 0) {
        memcpy(file->run, entry->value[KEY_RUN].text, sizeof file->run);
        file->highest = 0;
    }
    if (!ended && digits(entry->seq) < digits(file->highest)) {
        entry->sort = ENTRY_UNREADABLE;
        entry->why = "the line is cut in its number";
    }
    if (entry->seq > file->highest)
        file->highest = entry->seq;
}

/* Reads a line that is not the daemon's, or only looks like it. */
static void read_delivery(const struct sources *sources, struct file *file, struct entry *entry)
{
    if (sources->deliveries == NULL || entry->sort == ENTRY_OURS || !delivery_tag(entry->tag))
        return;
    entry->sort = ENTRY_OTHER;
    deliveries_note(sources->deliveries, entry, *entry->host != '\0' ? entry->host : sources->gateway,
                    clock_time(&file->clock, entry));
}

static void read_file(struct sources *sources, struct file *file)
{
    /* With deliveries every line is read: a line without a blank has no known writer. */
    const char *word = sources->deliveries != NULL ? " " : "event=";
    struct input_line line;
    struct entry entry;
    char text[SOURCES_SHOWN + 1];
    bool first = true;

    sources->where = file->path;
    while (!sources->ledger->database->failed && input_next(file->input, word, &line)) {
        if (!line.ended && may_grow(sources, file->input))
            break;
        sources_keep(text, line.text, line.length);
        entry_read(&entry, line.text, line.length);
        if (line.too_long && entry.sort == ENTRY_OURS) {
            entry.sort = ENTRY_UNREADABLE;
            entry.why = "the line is too long";
        }
        doubt_number(file, &entry, line.ended);
        if (entry.sort != ENTRY_OTHER)
            sources_entry(sources, &entry, text, clock_time(&file->clock, &entry));
        if (first && sources->deliveries != NULL)
            deliveries_begin(sources->deliveries, clock_time(&file->clock, &entry));
        read_delivery(sources, file, &entry);
        first = false;
    }
    if (!first && sources->deliveries != NULL)
        deliveries_end_of_file(sources->deliveries, clock_time(&file->clock, &entry));
    if (input_error(file->input) != NULL)
        complain(sources, file->path, input_error(file->input));
}

static int by_time(const void *a, const void *b)
{
    const struct file *first = a, *second = b;

    if (first->begin != second->begin)
        return first->begin < second->begin ? -1 : 1;
    return first->place < second->place ? -1 : 1;
}

/* Opens a file only for its times and closes it again: there may be many files, but descriptors are few. */
static bool look_at(struct sources *sources, struct file *file)
{
    const char *error;

    file->input = input_open(file->path, &error);
    if (file->input == NULL) {
        complain(sources, file->path, error);
        return false;
    }
    peek(file);
    if (strcmp(file->path, "-") != 0 && strncmp(file->path, "/dev/fd/", 8) != 0) {
        input_close(file->input);
        file->input = NULL;
    }
    return true;
}

void sources_files(struct sources *sources, char *const paths[], size_t count)
{
    struct file *files = calloc(count + 1, sizeof *files);
    size_t found = 0;

    if (files == NULL) {
        sources->ledger->exhausted = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        files[found] = (struct file){.path = paths[i], .place = i};
        found += look_at(sources, &files[found]);
    }
    qsort(files, found, sizeof *files, by_time);
    for (size_t i = 0; i < found; i++) {
        const char *error;

        if (files[i].input == NULL)
            files[i].input = input_open(files[i].path, &error);
        if (files[i].input != NULL)
            read_file(sources, &files[i]);
        else
            complain(sources, files[i].path, error);
        input_close(files[i].input);
    }
    free(files);
}
