/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report: what the evidence says of partners' mail. This file has the options; report_*.c have the formats.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include "policy/names/printable.h"
#include "policy/tool/evidence/evidence.h"
#include "policy/tool/evidence/report.h"
#include "policy/tool/evidence/stamp.h"
#include "policy/tool/text.h"
#include "policy/tool/verbs.h"

static const char help[] =
    "Usage: forcetls report [--database FILE]... | [--log FILE]...\n"
    "                       [--since TIME] [--until TIME] [--partner NAME]...\n"
    "                       [--inbound|--outbound] [--failing]\n"
    "                       [--format text|json|csv|html] [-o FILE]\n\n"
    "Shows whose mail met what was agreed and whose did not, and why.\n\n"
    "  --database FILE   a database of forcetls record (default " DATABASE_FILE ")\n"
    "  --log FILE        instead: a log file, plain or compressed; - is standard input\n"
    "  --since TIME      from then on: 2026-12-01, RFC 3339, or -7d (s, m, h, d, w)\n"
    "  --until TIME      up to then\n"
    "  --partner NAME    only this partner\n"
    "  --inbound         only mail from partners\n"
    "  --outbound        only mail to partners\n"
    "  --failing         only partners with failures\n"
    "  --format FORMAT   text (the default), json, csv (a row a partner and day), or html\n"
    "  -o FILE           write to FILE instead of standard output\n\n"
    "Exit status: 0 good, 64 usage, 65 two databases have lines in common,\n"
    "66 a file cannot be read, 74 the output cannot be written.\n";

static const struct option options[] = {
    {"database", required_argument, NULL, 'd'},
    {"log", required_argument, NULL, 'l'},
    {"since", required_argument, NULL, 's'},
    {"until", required_argument, NULL, 'u'},
    {"partner", required_argument, NULL, 'p'},
    {"inbound", no_argument, NULL, 'i'},
    {"outbound", no_argument, NULL, 'x'},
    {"failing", no_argument, NULL, 'f'},
    {"format", required_argument, NULL, 'F'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct usage usage = {help, "o:h", options};

typedef int report_writer(FILE *stream, const struct summary *summary, const struct summary_request *request);

static const struct format {
    const char *name;
    report_writer *write;
    enum summary_course course;
} formats[] = {
    {"text", report_text, COURSE_NONE},
    {"json", report_json, COURSE_NONE},
    {"csv", report_csv, COURSE_DAYS},
    {"html", report_html, COURSE_FITTING},
};

struct question {
    struct evidence_source source;
    struct summary_request request;
    const struct format *format;
    const char *output; /* NULL: standard output */
};

/* Writes to a stream and closes it. False: errno says why. */
static bool write_stream(FILE *stream, const struct question *question, const struct summary *summary)
{
    bool good = question->format->write(stream, summary, &question->request) == 0 && fflush(stream) == 0
                && !ferror(stream);
    int error = errno;

    if (fclose(stream) != 0)
        return false;
    errno = error;
    return good;
}

/*
 * Writes a new file next to the wanted one, and renames it once it is complete. If `status` is that of an
 * existing file, its mode is kept.
 */
static bool write_beside(const char *path, const struct stat *status, const struct question *question,
                         const struct summary *summary)
{
    char *beside = text_format("%s.new.%ld", path, (long)getpid());
    FILE *stream = beside != NULL ? fopen(beside, "wxe") : NULL;
    bool good = false;

    if (stream != NULL) {
        if (status != NULL)
            (void)fchmod(fileno(stream), status->st_mode & 07777);
        good = write_stream(stream, question, summary) && rename(beside, path) == 0;
        if (!good) {
            int error = errno;

            (void)unlink(beside);
            errno = error;
        }
    }
    free(beside);
    return good;
}

/*
 * If the path is a link, its target is replaced. What is not a regular file, such as a device, is written to.
 */
static bool write_to(const char *path, const struct question *question, const struct summary *summary)
{
    struct stat status;
    char *target;
    bool good;

    if (stat(path, &status) != 0)
        return write_beside(path, NULL, question, summary);
    if (!S_ISREG(status.st_mode)) {
        FILE *stream = fopen(path, "we");

        return stream != NULL && write_stream(stream, question, summary);
    }
    target = realpath(path, NULL);
    good = target != NULL && write_beside(target, &status, question, summary);
    free(target);
    return good;
}

static int write_file(const struct question *question, const struct summary *summary, const char *title)
{
    int error;

    if (write_to(question->output, question, summary))
        return EX_OK;
    error = errno;
    fprintf(stderr, "%s: ", title);
    text_show(stderr, question->output);
    fprintf(stderr, ": %s\n", strerror(error));
    return EX_IOERR;
}

static bool has_partner(const struct summary *summary, const char *name)
{
    for (size_t i = 0; i < summary->partners; i++)
        if (strcmp(summary->partner[i].name, name) == 0)
            return true;
    return false;
}

/* Reports the wanted partners without mail: a name may be wrong. */
static void name_silent(const struct summary_request *request, const struct summary *summary,
                        const char *title)
{
    for (size_t i = 0; i < request->partners && !request->failing; i++)
        if (!has_partner(summary, request->partner[i])) {
            fprintf(stderr, "%s: no mail of this partner is known: ", title);
            text_show(stderr, request->partner[i]);
            fputc('\n', stderr);
        }
}

static int show(const struct question *question, const struct summary *summary, const char *title)
{
    name_silent(&question->request, summary, title);
    if (summary->widened)
        fprintf(stderr,
                "%s: sums are kept by whole hours, those older than 400 days by days:"
                " the report covers the hours or days that --since and --until lie in\n",
                title);
    if (question->output != NULL)
        return write_file(question, summary, title);
    if (question->format->write(stdout, summary, &question->request) == 0)
        return EX_OK;
    fprintf(stderr, "%s: out of memory\n", title);
    return EX_OSERR;
}

static int report(struct question *question, const char *title)
{
    struct database databases[EVIDENCE_SOURCES_MAX];
    struct summary summary;
    int status, answer = EX_SOFTWARE;
    size_t count;

    question->request.since = question->source.since;
    question->request.until = question->source.until;
    question->source.without_clients = true;
    question->request.exact = question->request.settled = question->source.logs > 0;
    question->request.course = question->format->course;
    count = evidence_open(&question->source, title, databases, &status);
    if (count == 0)
        return status;
    answer = summary_make(&summary, &question->request, databases, count) ? show(question, &summary, title)
                                                                          : EX_DATAERR;
    summary_clear(&summary);
    evidence_close(databases, count);
    return answer != EX_OK ? answer : status;
}

static const struct format *find_format(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

/* Reads one option. Returns what is wrong with it. NULL: nothing. */
static const char *take_option(struct question *question, int option)
{
    struct summary_request *request = &question->request;

    switch (option) {
    case 'p':
        if (request->partners == SUMMARY_NAMES_MAX)
            return "too many partners";
        request->partner[request->partners++] = optarg;
        return NULL;
    case 'F':
        question->format = find_format(optarg);
        return question->format != NULL ? NULL : "no such format";
    case 'i':
    case 'x':
        request->direction = option == 'i' ? "inbound" : "outbound";
        return NULL;
    default:
        return evidence_take(&question->source, option, optarg);
    }
}

int verb_report(int argc, char **argv)
{
    struct question question = {.source = evidence_source(), .format = &formats[0]};
    int option, status;

    question.request = (struct summary_request){.now = present() * STAMP_SECOND};
    while ((option = option_next(&usage, argc, argv, &status)) > 0) {
        const char *wrong = NULL;

        if ((option == 'i' || option == 'x') && question.request.direction != NULL
            && question.request.direction[0] != (option == 'i' ? 'i' : 'o'))
            return usage_error(argv[0], "--inbound and --outbound exclude each other", NULL);
        if (option == 'o')
            question.output = optarg;
        else if (option == 'f')
            question.request.failing = true;
        else
            wrong = take_option(&question, option);
        if (wrong != NULL)
            return usage_error(argv[0], wrong, optarg);
    }
    if (option == 0)
        return status;
    if (optind < argc)
        return usage_error(argv[0], "does not take the argument; name a log by --log", argv[optind]);
    if (question.source.databases > 0 && question.source.logs > 0)
        return usage_error(argv[0], "--database and --log exclude each other", NULL);
    if (question.source.since > question.source.until)
        return usage_error(argv[0], "--since is later than --until", NULL);
    return report(&question, argv[0]);
}
