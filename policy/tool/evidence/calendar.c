/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * calendar: lists what begins and ends by the dates of a policy, in order of time, and how much of last
 * week's mail would fail from then on. This file has the options and the formats; policy/language/dated.h
 * knows the dates and their words, forecast.h the mail.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "policy/array.h"
#include "policy/language/dated.h"
#include "policy/names/date.h"
#include "policy/names/scalar.h"
#include "policy/names/json.h"
#include "policy/tool/evidence/evidence.h"
#include "policy/tool/evidence/forecast.h"
#include "policy/tool/evidence/stamp.h"
#include "policy/tool/icalendar.h"
#include "policy/tool/table.h"
#include "policy/tool/text.h"
#include "policy/tool/verbs.h"

static const char help[] =
    "Usage: forcetls calendar [-c FILE] [--days N] [--date DATE] [--json]\n"
    "                         [--format text|json|ics] [--database FILE]...\n\n"
    "Lists what begins and ends by the dates of a policy, in order of time:\n"
    "certificate identities, certificates of files, rollouts and exceptions;\n"
    "and how many mails of the week before today would fail from then on.\n\n"
    "  -c FILE        the policy (default " POLICY_FILE ")\n"
    "  --days N       only today and the next N days, in UTC\n"
    "  --date DATE    begin at this date (2026-12-01 or RFC 3339) instead of today\n"
    "  --format F     text, json, or ics (iCalendar, for calendar programs)\n"
    "  --json         the same as --format json\n"
    "  --database FILE\n"
    "                 a database of forcetls record with the mail (default, if it is there,\n"
    "                 " DATABASE_FILE ")\n\n"
    "Exit status: 0 good, 64 usage, 65 two databases have lines in common,\n"
    "66 a database cannot be read, 78 the policy has errors.\n";

static const struct option options[] = {
    {"days", required_argument, NULL, 'n'},
    {"date", required_argument, NULL, 'd'},
    {"format", required_argument, NULL, 'f'},
    {"json", no_argument, NULL, 'j'},
    {"database", required_argument, NULL, 'D'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct usage usage = {help, "c:h", options};

enum { DAY = 86400, DAYS_MOST = 3652500 /* ten thousand years */, UID_DIGITS = 32 };

struct entry {
    struct dated dated; /* its texts are those below; the policy owns the partner's name */
    char *subject, *text;
    size_t order;          /* in which the entry was found */
    int64_t judged, fails; /* mails of last week; judged 0: unknown */
};

/* The entries from `first` until just before `end`. */
struct calendar {
    int64_t first, end;
    struct entry *entries; /* malloc'd */
    size_t count;
    bool exhausted; /* memory ran out */
    int64_t now;
};

typedef int write_fn(const struct calendar *calendar); /* -1: out of memory */

struct format {
    const char *name;
    write_fn *write;
};

struct request {
    const char *file;
    const struct format *format; /* NULL: not given */
    bool limited;
    unsigned days;
    int64_t now;
    struct evidence_source source;
};

/* ---- the entries ---- */

static void add_entry(void *arg, const struct dated *dated)
{
    struct calendar *calendar = arg;
    struct entry *entries, *entry;

    if (calendar->exhausted || dated->date < calendar->first || dated->date >= calendar->end)
        return;
    entries = array_grow(calendar->entries, calendar->count, sizeof *entries);
    if (entries == NULL) {
        calendar->exhausted = true;
        return;
    }
    calendar->entries = entries;
    entry = &calendar->entries[calendar->count];
    *entry = (struct entry){.dated = *dated,
                            .subject = strdup(dated->subject),
                            .text = strdup(dated->text),
                            .order = calendar->count};
    entry->dated.subject = entry->subject;
    entry->dated.text = entry->text;
    calendar->exhausted = entry->subject == NULL || entry->text == NULL;
    calendar->count++;
}

static int compare(const void *a, const void *b)
{
    const struct entry *one = a, *two = b;

    if (one->dated.date != two->dated.date)
        return one->dated.date < two->dated.date ? -1 : 1;
    return one->order < two->order ? -1 : one->order > two->order;
}

/* False: out of memory. */
static bool fill(struct calendar *calendar, const struct policy *policy)
{
    policy_each_dated(policy, add_entry, calendar);
    if (calendar->count > 0)
        qsort(calendar->entries, calendar->count, sizeof *calendar->entries, compare);
    return !calendar->exhausted;
}

static void clear(struct calendar *calendar)
{
    for (size_t i = 0; i < calendar->count; i++) {
        free(calendar->entries[i].subject);
        free(calendar->entries[i].text);
    }
    free(calendar->entries);
}

/* ---- the mail of last week ---- */

/* Judges the mail of a database. False: out of memory, or the database cannot be read; stderr says so. */
static bool ask_database(const struct calendar *calendar, struct forecast list[], const struct policy *policy,
                         struct database *database)
{
    const int64_t first = calendar->first * STAMP_SECOND;

    for (size_t i = 0; i < calendar->count; i++) {
        const struct dated *dated = &calendar->entries[i].dated;

        list[i].partner = dated->outbound ? "" : dated->partner; /* mail to partners is not judged again */
        list[i].date = dated->date + (dated->kind == DATED_CERTIFICATE_ENDS);
    }
    return forecast_add(list, calendar->count, policy, database, first - 7 * (int64_t)STAMP_DAY, first);
}

/* Whether there is a database to ask. The default one may be missing. */
static bool has_database(const struct evidence_source *source)
{
    if (source->databases > 0 || access(DATABASE_FILE, R_OK) == 0)
        return true;
    if (errno != ENOENT)
        fprintf(stderr, "forcetls calendar: %s: %s: the mail of last week is not looked at\n", DATABASE_FILE,
                strerror(errno));
    return false;
}

/* Adds the counts of last week's mail. Returns the exit status. */
static int fill_mail(struct calendar *calendar, struct request *request, const struct policy *policy)
{
    struct database databases[EVIDENCE_SOURCES_MAX];
    struct forecast *list;
    bool good = true;
    size_t count;
    int status;

    if (calendar->count == 0 || !has_database(&request->source))
        return EX_OK;
    count = evidence_open(&request->source, "forcetls calendar", databases, &status);
    list = calloc(calendar->count, sizeof *list);
    for (size_t i = 0; i < count && list != NULL && good; i++)
        good = ask_database(calendar, list, policy, &databases[i]);
    for (size_t i = 0; i < calendar->count && list != NULL && good; i++) {
        calendar->entries[i].judged = list[i].judged;
        calendar->entries[i].fails = list[i].fails;
    }
    if (count > 0 && (list == NULL || !good))
        status = evidence_failure(databases, count, "forcetls calendar");
    free(list);
    evidence_close(databases, count);
    return status;
}

/* Writes "14 of 211 mails of last week would fail", with `when` " of last week"; "" if unknown. */
static void say_mails(const struct entry *entry, const char *when, char text[96])
{
    const char *plural = entry->judged == 1 ? "" : "s";

    text[0] = '\0';
    if (entry->judged > 0 && entry->fails == 0)
        snprintf(text, 96, "none of %" PRId64 " mail%s%s would fail", entry->judged, plural, when);
    else if (entry->judged > 0)
        snprintf(text, 96, "%" PRId64 " of %" PRId64 " mail%s%s would fail", entry->fails, entry->judged,
                 plural, when);
}

/* ---- text ---- */

static bool any_outbound(const struct calendar *calendar)
{
    for (size_t i = 0; i < calendar->count; i++)
        if (calendar->entries[i].dated.outbound)
            return true;
    return false;
}

static const char *direction(const struct dated *dated)
{
    return dated->outbound ? "outbound" : "inbound";
}

static bool any_mail(const struct calendar *calendar)
{
    for (size_t i = 0; i < calendar->count; i++)
        if (calendar->entries[i].judged > 0)
            return true;
    return false;
}

static int write_text(const struct calendar *calendar)
{
    const bool outbound = any_outbound(calendar);
    struct table *table;

    if (calendar->count == 0)
        return 0;
    table = table_new(6, 0);
    table_row(table, (const char *const[]){"DATE", "PARTNER", outbound ? "DIRECTION" : NULL, "WHAT",
                                           any_mail(calendar) ? "LAST WEEK" : NULL, "TEXT"});
    for (size_t i = 0; i < calendar->count; i++) {
        const struct dated *dated = &calendar->entries[i].dated;
        char date[32], mails[96];

        date_format(dated->date, date);
        say_mails(&calendar->entries[i], "", mails);
        table_row(table, (const char *const[]){date, dated->partner, outbound ? direction(dated) : NULL,
                                               dated_kind_name(dated->kind), mails, dated->text});
    }
    return table_print(table, stdout);
}

/* ---- JSON ---- */

static int write_json(const struct calendar *calendar)
{
    struct json json = {stdout, false};

    json_open(&json, '{');
    json_open_list(&json, "entries");
    for (size_t i = 0; i < calendar->count; i++) {
        const struct dated *dated = &calendar->entries[i].dated;
        char date[32];

        date_format_whole(dated->date, date);
        json_open(&json, '{');
        json_member(&json, "date", date);
        json_member(&json, "partner", dated->partner);
        json_member(&json, "direction", direction(dated));
        json_member(&json, "what", dated_kind_name(dated->kind));
        json_member(&json, "text", dated->text);
        json_key(&json, "mails");
        if (calendar->entries[i].judged > 0)
            json_number(&json, (size_t)calendar->entries[i].fails);
        else
            json_string(&json, NULL);
        json_close(&json, '}');
    }
    json_close(&json, ']');
    json_close(&json, '}');
    puts("");
    return 0;
}

/* ---- iCalendar ---- */

/* Counts earlier entries about the same event, which differ only in what the words leave out. */
static size_t alike_before(const struct calendar *calendar, size_t at)
{
    const struct dated *dated = &calendar->entries[at].dated;
    size_t count = 0;

    for (size_t i = at; i-- > 0;) {
        const struct dated *other = &calendar->entries[i].dated;

        if (other->date != dated->date || other->partner != dated->partner)
            break;
        count += other->outbound == dated->outbound && other->kind == dated->kind
                 && strcmp(other->subject, dated->subject) == 0;
    }
    return count;
}

/* Writes an id that never changes, so that calendars recognise the event. False: out of memory. */
static bool write_uid(const struct calendar *calendar, size_t at)
{
    const struct dated *dated = &calendar->entries[at].dated;
    unsigned char digest[EVP_MAX_MD_SIZE];
    char *words, date[32], uid[UID_DIGITS + sizeof "@forcetls"];
    bool good;

    date_format_whole(dated->date, date);
    words = text_format("%s\n%s\n%s\n%s\n%s\n%zu", date, dated->partner, direction(dated),
                        dated_kind_name(dated->kind), dated->subject, alike_before(calendar, at));
    good = words != NULL && EVP_Digest(words, strlen(words), digest, NULL, EVP_sha256(), NULL) == 1;
    for (size_t i = 0; good && i < UID_DIGITS; i += 2)
        snprintf(uid + i, sizeof uid - i, "%02x", digest[i / 2]);
    if (good) {
        snprintf(uid + UID_DIGITS, sizeof uid - UID_DIGITS, "@forcetls");
        icalendar_line(stdout, "UID", uid);
    }
    free(words);
    return good;
}

/* False: out of memory. */
static bool write_event(const struct calendar *calendar, size_t at)
{
    const struct dated *dated = &calendar->entries[at].dated;
    char mails[96], *summary;
    bool good;

    say_mails(&calendar->entries[at], " of last week", mails);
    summary = text_format("%s%s: %s%s%s", dated->partner, dated->outbound ? " (outbound)" : "", dated->text,
                          *mails != '\0' ? "; " : "", mails);

    icalendar_line(stdout, "BEGIN", "VEVENT");
    good = summary != NULL && write_uid(calendar, at);
    icalendar_time(stdout, "DTSTAMP", calendar->now, false);
    icalendar_time(stdout, "DTSTART", dated->date, true);
    good = good && icalendar_text(stdout, "SUMMARY", summary);
    icalendar_line(stdout, "CATEGORIES", dated_kind_name(dated->kind));
    icalendar_line(stdout, "TRANSP", "TRANSPARENT");
    icalendar_line(stdout, "END", "VEVENT");
    free(summary);
    return good;
}

/* A calendar must have a component; a time zone is one that shows nothing. */
static void write_zone(void)
{
    static const char *const line[][2] = {{"BEGIN", "VTIMEZONE"},    {"TZID", "UTC"},
                                          {"BEGIN", "STANDARD"},     {"DTSTART", "19700101T000000"},
                                          {"TZOFFSETFROM", "+0000"}, {"TZOFFSETTO", "+0000"},
                                          {"END", "STANDARD"},       {"END", "VTIMEZONE"}};

    for (size_t i = 0; i < sizeof line / sizeof *line; i++)
        icalendar_line(stdout, line[i][0], line[i][1]);
}

static int write_ics(const struct calendar *calendar)
{
    bool good = true;

    icalendar_line(stdout, "BEGIN", "VCALENDAR");
    icalendar_line(stdout, "VERSION", "2.0");
    icalendar_line(stdout, "PRODID", "-//forcetls-milter//forcetls " PACKAGE_VERSION "//EN");
    for (size_t i = 0; good && i < calendar->count; i++)
        good = write_event(calendar, i);
    if (calendar->count == 0)
        write_zone();
    icalendar_line(stdout, "END", "VCALENDAR");
    return good ? 0 : -1;
}

static const struct format formats[] = {{"text", write_text}, {"json", write_json}, {"ics", write_ics}};

/* ---- the verb ---- */

/* If nothing is ahead, people want to see what is past: it may be why mail fails. False: out of memory. */
static bool fill_with_past(struct calendar *calendar, const struct request *request,
                           const struct policy *policy)
{
    if (request->limited) {
        if (request->days > 1)
            printf("nothing begins or ends today or in the next %u days\n", request->days);
        else
            printf("nothing begins or ends today%s\n", request->days == 1 ? " or tomorrow" : "");
        return true;
    }
    calendar->end = calendar->first;
    calendar->first = DATE_BEGIN;
    if (!fill(calendar, policy))
        return false;
    puts(calendar->count > 0 ? "nothing begins or ends from today on; this is past:"
                             : "the policy has no dates");
    return true;
}

static int calendar_of(struct request *request, const struct policy *policy)
{
    const struct format *format = request->format != NULL ? request->format : &formats[0];
    const int64_t today = request->now - request->now % DAY;
    struct calendar calendar = {.first = today, .end = DATE_END, .now = request->now};
    bool good;
    int status = EX_OK;

    if (request->limited)
        calendar.end = today + ((int64_t)request->days + 1) * DAY;
    good = fill(&calendar, policy);
    if (good && calendar.count == 0 && format->write == write_text)
        good = fill_with_past(&calendar, request, policy);
    if (good)
        status = fill_mail(&calendar, request, policy);
    if (good && status == EX_OK)
        good = format->write(&calendar) == 0;
    clear(&calendar);
    if (good)
        return status;
    fputs("forcetls calendar: out of memory\n", stderr);
    return EX_OSERR;
}

/* Sets the format. Returns what is wrong with the name; NULL: nothing. */
static const char *take_format(struct request *request, const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(formats[i].name, name) != 0)
            continue;
        if (request->format != NULL && request->format != &formats[i])
            return "a second format";
        request->format = &formats[i];
        return NULL;
    }
    return "not a format";
}

/* Reads one option. Returns what is wrong with its value; NULL: nothing. */
static const char *take_option(struct request *request, int option)
{
    switch (option) {
    case 'c':
        request->file = optarg;
        return NULL;
    case 'n':
        request->limited = true;
        return scalar_number(optarg, DAYS_MOST, &request->days) ? NULL : "not a number of days";
    case 'd':
        return date_parse(optarg, &request->now) ? NULL : "not a date";
    case 'f':
        return take_format(request, optarg);
    case 'D':
        return evidence_take(&request->source, 'd', optarg);
    default:
        return take_format(request, "json");
    }
}

int verb_calendar(int argc, char **argv)
{
    struct request request = {.file = POLICY_FILE, .now = present(), .source = evidence_source()};
    struct policy *policy;
    int option, status, answer;

    while ((option = option_next(&usage, argc, argv, &status)) > 0) {
        const char *wrong;

        wrong = take_option(&request, option);
        if (wrong != NULL)
            return usage_error(argv[0], wrong, option == 'j' ? "json" : optarg);
    }
    if (option == 0)
        return status;
    if (optind < argc)
        return usage_surplus(argv[0], argv[optind]);
    policy = load_policy(request.file);
    if (policy == NULL)
        return EX_CONFIG;
    answer = calendar_of(&request, policy);
    policy_unref(policy);
    return answer;
}
