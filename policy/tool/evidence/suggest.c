/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * suggest: drafts a rule from the evidence of a partner or a domain, and shows which of that mail would not
 * pass. Before the draft is shown, it is loaded and evaluated like any other policy.
 */
#include "policy/tool/evidence/suggest.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "policy/names/domain.h"
#include "policy/names/printable.h"
#include "policy/policy.h"
#include "policy/tool/evidence/evidence.h"
#include "policy/tool/evidence/rejudge.h"
#include "policy/tool/evidence/stamp.h"
#include "policy/tool/text.h"
#include "policy/tool/verbs.h"

static const char help[] =
    "Usage: forcetls suggest PARTNER|DOMAIN [--database FILE]... | [--log FILE]...\n\n"
    "Drafts the rule of a partner from its mail of the last 30 days, in mode testing:\n"
    "of a partner of the policy, or of a domain whose mail selected the partner of \"*\".\n\n"
    "  --database FILE   a database of forcetls record (default " DATABASE_FILE ")\n"
    "  --log FILE        instead: a log file, plain or compressed; - is standard input\n\n"
    "Exit status: 0 good, 1 there is too little mail, 64 usage,\n"
    "65 two databases have lines in common, 66 a file cannot be read.\n";

static const struct option options[] = {
    {"database", required_argument, NULL, 'd'},
    {"log", required_argument, NULL, 'l'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct usage usage = {help, "h", options};

enum { MAILS_LEAST = 50, DAYS_LEAST = 5, OTHERS_MAX = 20, CLIENTS_MAX = 5, CLIENT_SIZE = 64 };

/* Mails that would not pass the draft, for one reason. */
struct others {
    enum reason reason;
    int64_t mails;
    char client[CLIENTS_MAX][CLIENT_SIZE];
    size_t clients;
};

struct trial {
    const struct policy *policy;
    int64_t pass, not_selected, unknown;
    struct others others[OTHERS_MAX];
    size_t count;
};

/* The databases of the source, and the state of the query. */
struct inquiry {
    struct database *databases;
    size_t count;
    struct seen *seen;
    struct domain domain; /* the given name, if it is not a partner's */
    struct trial trial;
};

typedef void row_fn(struct inquiry *inquiry, const struct past *past);

/* Calls `row` for the wanted rows. False: a database cannot be read, or out of memory. */
static bool each_row(struct inquiry *inquiry, row_fn *row)
{
    for (size_t i = 0; i < inquiry->count && !inquiry->seen->exhausted; i++) {
        sqlite3_stmt *rows = past_open(&inquiry->databases[i], INT64_MIN);
        struct past past;

        while (rows != NULL && past_next(&inquiry->databases[i], rows, &past) && !inquiry->seen->exhausted)
            if (seen_wants(inquiry->seen, &past))
                row(inquiry, &past);
        sqlite3_finalize(rows);
        if (inquiry->databases[i].failed)
            return false;
    }
    return !inquiry->seen->exhausted;
}

static void note_row(struct inquiry *inquiry, const struct past *past)
{
    seen_note(inquiry->seen, past);
}

static void add_row(struct inquiry *inquiry, const struct past *past)
{
    seen_add(inquiry->seen, past);
}

/* ---- the draft on trial ---- */

static void note_client(struct others *others, const char *client)
{
    for (size_t i = 0; i < others->clients; i++)
        if (strcmp(others->client[i], client) == 0)
            return;
    if (others->clients < CLIENTS_MAX && *client != '\0' && strlen(client) < CLIENT_SIZE)
        snprintf(others->client[others->clients++], CLIENT_SIZE, "%s", client);
}

static void note_other(struct trial *trial, enum reason reason, const struct past *past)
{
    size_t i = 0;

    while (i < trial->count && trial->others[i].reason != reason)
        i++;
    if (i == OTHERS_MAX)
        i = OTHERS_MAX - 1;
    else if (i == trial->count)
        trial->others[trial->count++] = (struct others){.reason = reason};
    trial->others[i].mails += past->n;
    note_client(&trial->others[i], past->client[CLIENT_ADDRESS]);
}

static void try_row(struct inquiry *inquiry, const struct past *past)
{
    struct trial *trial = &inquiry->trial;
    struct past_facts facts;
    struct answer answer;

    if (past->last < inquiry->seen->first)
        return;
    if (!past_read(&facts, past)) {
        inquiry->seen->exhausted = true;
        past_clear(&facts);
        return;
    }
    answer = answer_ask(trial->policy, &facts, past->last);
    if (answer.overall == OUTCOME_PASS)
        trial->pass += past->n;
    else if (answer.overall == OUTCOME_NO_PARTNER || answer.overall == OUTCOME_EXEMPT)
        trial->not_selected += past->n;
    else if (answer_doubt(past, &answer, false) != WHY_COUNT)
        trial->unknown += past->n;
    else
        note_other(trial, answer.reason, past);
    past_clear(&facts);
}

static void show_trial(const struct inquiry *inquiry)
{
    const struct trial *trial = &inquiry->trial;

    fputs("# Under this rule ", stdout);
    draft_count(stdout, trial->pass, NULL);
    fputs(" of ", stdout);
    draft_count(stdout, inquiry->seen->mails, "mail");
    puts(" would pass.");
    for (size_t i = 0; i < trial->count; i++) {
        const struct others *others = &trial->others[i];

        fputs("#   ", stdout);
        draft_count(stdout, others->mails, "mail");
        printf(" would fail: %s, from",
               others->reason == REASON_NONE ? "several reasons" : reason_name(others->reason));
        for (size_t k = 0; k < others->clients; k++) {
            fputs(k > 0 ? ", " : " ", stdout);
            text_show(stdout, others->client[k]);
        }
        puts("");
    }
    if (trial->not_selected > 0) {
        fputs("#   ", stdout);
        draft_count(stdout, trial->not_selected, "mail");
        puts(" would not be judged: it has another sender, or is exempt by default.");
    }
    if (trial->unknown > 0) {
        fputs("#   ", stdout);
        draft_count(stdout, trial->unknown, "mail");
        puts(" cannot be judged by what was logged.");
    }
}

/* Loads the text of a policy from an unnamed file. NULL: stderr says why. */
static struct policy *load_text(const char *text)
{
    struct policy *policy = NULL;
    FILE *file = tmpfile();
    char path[32];

    if (file == NULL || fputs(text, file) == EOF || fflush(file) != 0) {
        fprintf(stderr, "forcetls suggest: a temporary file: %s\n", strerror(errno));
    } else {
        snprintf(path, sizeof path, "/proc/self/fd/%d", fileno(file));
        policy = load_policy(path);
    }
    if (file != NULL)
        fclose(file);
    return policy;
}

/* Tries the draft on the mail that it was made from, and shows both. Returns the exit status. */
static int show_draft(struct inquiry *inquiry)
{
    bool selected = false;
    char *policy = draft_policy(inquiry->seen, &selected), *remarks = draft_remarks(inquiry->seen);
    struct policy *loaded = policy != NULL && remarks != NULL && selected ? load_text(policy) : NULL;
    int status = EX_OSERR;

    if (policy != NULL && remarks != NULL && !selected) {
        fputs("forcetls suggest: the mail has no domain that a policy can name, and too many clients\n",
              stderr);
        status = 1;
    } else if (loaded != NULL) {
        inquiry->trial.policy = loaded;
        if (each_row(inquiry, try_row)) {
            fputs(remarks, stdout);
            show_trial(inquiry);
            fputs(policy, stdout);
            status = EX_OK;
        }
    }
    policy_unref(loaded);
    free(policy);
    free(remarks);
    return status;
}

/* ---- the verb ---- */

/*
 * Looks for a partner of that name, and if there is none, for a domain. False: a database cannot be read, or
 * out of memory.
 */
static bool find_rows(struct inquiry *inquiry, const char *name)
{
    inquiry->seen->partner = true;
    if (!each_row(inquiry, note_row))
        return false;
    if (inquiry->seen->newest == STAMP_NONE) {
        name += *name == '.';
        if (domain_normalise(&inquiry->domain, name, strlen(name)) == DOMAIN_UNREAD)
            return false;
        inquiry->seen->partner = false;
        inquiry->seen->name = inquiry->domain.text;
        if (!each_row(inquiry, note_row))
            return false;
    }
    return each_row(inquiry, add_row);
}

static int show_answer(struct inquiry *inquiry, const char *name)
{
    const struct seen *seen = inquiry->seen;

    if (!find_rows(inquiry, name))
        return evidence_failure(inquiry->databases, inquiry->count, "forcetls suggest");
    if (seen->mails == 0) {
        fputs("forcetls suggest: no mail of this partner or domain is known: ", stderr);
        text_show(stderr, seen->name);
        fputs("\nMail of no partner is not logged; a partner with domains [\"*\"] in mode testing logs it.\n",
              stderr);
        return 1;
    }
    if (seen->mails < MAILS_LEAST || seen->days.count < DAYS_LEAST) {
        fprintf(stderr,
                "forcetls suggest: too little for a rule: %" PRId64
                " mail%s on %zu day%s; %d mails on %d days are"
                " needed\n",
                seen->mails, seen->mails == 1 ? "" : "s", seen->days.count, seen->days.count == 1 ? "" : "s",
                (int)MAILS_LEAST, (int)DAYS_LEAST);
        return 1;
    }
    return show_draft(inquiry);
}

static int suggest(struct evidence_source *source, const char *name)
{
    struct database databases[EVIDENCE_SOURCES_MAX];
    struct suites *suites = suites_new();
    struct seen seen = {.name = name,
                        .suites = suites,
                        .newest = STAMP_NONE,
                        .first = STAMP_NONE,
                        .last = STAMP_NONE,
                        .last_fail = STAMP_NONE};
    struct inquiry inquiry = {.databases = databases, .seen = &seen};
    int status = EX_OSERR;

    if (suites != NULL) {
        inquiry.count = evidence_open(source, "forcetls suggest", databases, &status);
        if (inquiry.count > 0) {
            int result = show_answer(&inquiry, name);

            /* A log that cannot be read may be the reason for too little mail. */
            if (result > 1 || status == EX_OK)
                status = result;
        }
        evidence_close(databases, inquiry.count);
    } else {
        fputs("forcetls suggest: out of memory\n", stderr);
    }
    seen_clear(&seen);
    suites_free(suites);
    return status;
}

int verb_suggest(int argc, char **argv)
{
    struct evidence_source source = evidence_source();
    int option, status;

    while ((option = option_next(&usage, argc, argv, &status)) > 0) {
        const char *wrong = evidence_take(&source, option, optarg);

        if (wrong != NULL)
            return usage_error(argv[0], wrong, optarg);
    }
    if (option == 0)
        return status;
    if (argc - optind != 1)
        return usage_error(argv[0], "the name of one partner, or one domain, is needed", NULL);
    if (source.databases > 0 && source.logs > 0)
        return usage_error(argv[0], "--database and --log exclude each other", NULL);
    return suggest(&source, argv[optind]);
}
