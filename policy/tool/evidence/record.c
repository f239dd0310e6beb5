/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record: adds the lines of logs to the database of evidence, in a single transaction. A record that is
 * killed leaves the database unchanged, and the next one reads the same lines again.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "policy/names/scalar.h"
#include "policy/tool/evidence/alerts.h"
#include "policy/tool/evidence/evidence.h"
#include "policy/tool/evidence/ledger.h"
#include "policy/tool/evidence/retention.h"
#include "policy/tool/evidence/rules.h"
#include "policy/tool/evidence/sources.h"
#include "policy/tool/journal_lines.h"
#include "policy/tool/verbs.h"

static const char help[] =
    "Usage: forcetls record [--database FILE] [--journal [--directory DIR] | FILE...]\n"
    "                       [-c FILE] [--gateway NAME] [--keep DAYS] [--anonymous] [--strict]\n\n"
    "Adds what the filter's log lines say to a database, for forcetls report.\n"
    "Behind Postfix, its own lines about mail to partners count, too.\n"
    "Each line counts once, however often and in how many files it is read.\n"
    "Prints a line event=alert for a certificate that changes, an identity that ends,\n"
    "and a partner whose mail begins to fail, recovers, or stays away.\n\n"
    "  --database FILE   the database (default " DATABASE_FILE ")\n"
    "  --journal         read the journal of systemd instead of files\n"
    "  --directory DIR   the journal in that directory\n"
    "  -c FILE           the policy (default " POLICY_FILE "), for its rules,\n"
    "                    identities that end and mail to partners; no log is needed then\n"
    "  --gateway NAME    the host of lines that name none\n"
    "  --keep DAYS       delete what is older; without it sums by day are kept for ever\n"
    "  --anonymous       keep networks instead of client addresses, and no queue ids\n"
    "  --strict          exit with status 1 if there are alerts\n\n"
    "A FILE is a log, plain or compressed; - is standard input.\n\n"
    "Exit status: 0 good, 1 there are alerts (--strict), 64 usage,\n"
    "66 a file cannot be read (the others count),\n"
    "74 the database cannot be written, and nothing was added,\n"
    "78 the policy has errors (the filter's lines count, and identities that end are not reported).\n";

static const struct option options[] = {
    {"database", required_argument, NULL, 'd'},
    {"journal", no_argument, NULL, 'j'},
    {"directory", required_argument, NULL, 'D'},
    {"gateway", required_argument, NULL, 'g'},
    {"keep", required_argument, NULL, 'k'},
    {"anonymous", no_argument, NULL, 'a'},
    {"strict", no_argument, NULL, 's'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct usage usage = {help, "c:h", options};

enum { KEEP_MOST = 36500, OVERLAP = 3 * STAMP_HOUR };

struct request {
    const char *database, *directory, *gateway;
    const char *policy; /* NULL: the default file, if it is there */
    bool journal, anonymous, strict;
    unsigned keep; /* days; 0: for ever */
    char *const *files;
    size_t count;
};

/* Returns since when to read the journal: hours before the last line, in case the clock was set back. */
static int64_t journal_since(struct database *database)
{
    sqlite3_stmt *last = database_prepare(database, "SELECT max(last) FROM run WHERE source & 2");
    int64_t since = database_row(database, last) ? sqlite3_column_int64(last, 0) - OVERLAP : 0;

    sqlite3_finalize(last);
    return since > 0 ? since : 0;
}

/* Prints what was read as one line, in the format of alerts. */
static void show_sum(const struct ledger *ledger, const struct sources *sources)
{
    const struct deliveries *deliveries = sources->deliveries;

    printf("event=record lines=%" PRIu64 " decisions=%" PRIu64, sources->entries,
           ledger->decisions - (deliveries != NULL ? deliveries->counted : 0));
    for (size_t i = 0; i < COUNTER_COUNT; i++)
        printf(" %s=%" PRIu64, ledger_counter_names[i], ledger->counter[i]);
    if (deliveries != NULL)
        printf(" deliveries=%" PRIu64 " unknown_deliveries=%" PRIu64 "\n", deliveries->counted,
               deliveries->unknown);
    else
        puts(" deliveries=not_read");
}

static bool read_all(struct ledger *ledger, struct sources *sources, const struct request *request)
{
    ledger->anonymous = request->anonymous;
    ledger->hourly.now = ledger->daily.now = ledger->now;
    if (request->journal)
        sources_journal(sources, request->directory, journal_since(ledger->database));
    else
        sources_files(sources, request->files, request->count);
    if (sources->deliveries != NULL)
        deliveries_end(sources->deliveries);
    return ledger_write(ledger);
}

/* Returns the exit status after the lines are committed. */
static int finish(struct database *database, const struct request *request, bool readable, bool policy_good)
{
    int alerts = alerts_print(database);

    if (alerts < 0)
        return EX_IOERR;
    if (!readable)
        return EX_NOINPUT;
    if (!policy_good)
        return EX_CONFIG;
    return request->strict && alerts > 0 ? 1 : EX_OK;
}

static int record(const struct request *request, const struct policy *policy, bool policy_good,
                  const char *title)
{
    struct database database;
    struct ledger ledger;
    struct deliveries deliveries = {.ledger = NULL};
    struct sources sources = {.ledger = &ledger, .title = title, .gateway = request->gateway};
    int64_t now = present() * STAMP_SECOND;
    bool good;
    int status;

    if (!database_open(&database, title, request->database, DATABASE_WRITE))
        return EX_IOERR;
    sources.deliveries = deliveries_wanted(policy) ? &deliveries : NULL;
    good = ledger_open(&ledger, &database, now)
           && (sources.deliveries == NULL || deliveries_open(&deliveries, &ledger, policy))
           && read_all(&ledger, &sources, request) && (policy == NULL || rules_keep(&database, policy))
           && alerts_raise(&ledger, policy);
    if (good)
        retention_apply(&database, now, request->keep);
    good = good && database_commit(&database);
    if (good)
        show_sum(&ledger, &sources);
    deliveries_close(&deliveries);
    ledger_close(&ledger);
    status = good ? finish(&database, request, !sources.failed, policy_good) : EX_IOERR;
    database_close(&database);
    return status;
}

/* Records even if the policy is bad or missing: the filter's lines do not need it. */
static int record_with_policy(const struct request *request, const char *title)
{
    const char *file = request->policy != NULL ? request->policy : POLICY_FILE;
    bool wanted = request->policy != NULL || access(file, R_OK) == 0;
    struct policy *policy = wanted ? load_policy(file) : NULL;
    int status = record(request, policy, policy != NULL || !wanted, title);

    policy_unref(policy);
    return status;
}

static bool read_request(struct request *request, int option)
{
    switch (option) {
    case 'd':
        request->database = optarg;
        break;
    case 'j':
        request->journal = true;
        break;
    case 'D':
        request->directory = optarg;
        break;
    case 'g':
        request->gateway = optarg;
        break;
    case 'k':
        return scalar_number(optarg, KEEP_MOST, &request->keep) && request->keep > 0;
    case 'a':
        request->anonymous = true;
        break;
    case 's':
        request->strict = true;
        break;
    case 'c':
        request->policy = optarg;
        break;
    }
    return true;
}

int verb_record(int argc, char **argv)
{
    struct request request = {.database = DATABASE_FILE, .gateway = "unknown"};
    int option, status;

    (void)journal_lines();
    while ((option = option_next(&usage, argc, argv, &status)) > 0)
        if (!read_request(&request, option))
            return usage_error(argv[0], "not a number of days", optarg);
    if (option == 0)
        return status;
    request.files = argv + optind;
    request.count = (size_t)(argc - optind);
    if (request.journal && request.count > 0)
        return usage_error(argv[0], "--journal and files exclude each other", NULL);
    if (!request.journal && request.count == 0 && request.policy == NULL)
        return usage_error(argv[0], "--journal, a log file or -c is needed", NULL);
    if (*request.gateway == '\0')
        return usage_error(argv[0], "--gateway needs the name of a host", NULL);
    if (request.directory != NULL && !request.journal)
        return usage_error(argv[0], "--directory goes with --journal", NULL);
    return record_with_policy(&request, argv[0]);
}
