/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Computes the summary. It reads the hours once, in order. What a kind adds to the sums is computed when the
 * kind is first found, because there are many more hours than kinds. Knows the definitions of the report:
 * what a mail is, and what counts as refused.
 */
#include "policy/tool/evidence/summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/tool/evidence/kinds.h"
#include "policy/tool/evidence/stamp.h"

/* What a kind adds to the sums. */
struct kind {
    bool known, wanted;
    size_t partner;   /* index in summary->partner */
    struct sums sums; /* of one mail */
    int64_t n, first, last;
    const char *tls, *cipher, *subject, *issuer, *fingerprint, *exception, *exempt, *mode, *policy;
    const char *reasons; /* separated by commas */
};

struct reading {
    struct summary *summary;
    const struct summary_request *request;
    struct database *database;
    struct kind *kind;
    size_t kinds;
    const char **word; /* by id, read when first needed; NULL: not yet */
    size_t words;
    const char *column[KIND_COLUMNS]; /* of the current kind */
    sqlite3_stmt *attributes, *text;
    struct agreed_source agreed;
};

/* ---- kinds ---- */

static const char *column(const struct reading *reading, enum kind_column column)
{
    return reading->column[column];
}

/* Returns the word of an id, which lives as long as the summary. */
static const char *word_of(struct reading *reading, size_t number)
{
    if (number >= reading->words)
        return "";
    if (reading->word[number] == NULL) {
        reading->word[number] = "";
        sqlite3_bind_int64(reading->text, 1, (int64_t)number);
        if (database_row(reading->database, reading->text))
            reading->word[number] =
                summary_word(reading->summary, (const char *)sqlite3_column_text(reading->text, 0));
        sqlite3_reset(reading->text);
    }
    return reading->word[number];
}

static bool is_wanted(const struct reading *reading)
{
    const struct summary_request *request = reading->request;

    if (request->direction != NULL && strcmp(column(reading, KIND_DIRECTION), request->direction) != 0)
        return false;
    for (size_t i = 0; i < request->partners; i++)
        if (strcmp(request->partner[i], column(reading, KIND_PARTNER)) == 0)
            return true;
    return request->partners == 0;
}

static uint32_t hash_name(const char *name, const char *direction)
{
    return slots_hash(name, strlen(name)) * 31 + slots_hash(direction, strlen(direction));
}

static uint32_t partner_hash(const void *owner, uint32_t place)
{
    const struct partner_summary *partner = &((const struct summary *)owner)->partner[place];

    return hash_name(partner->name, partner->direction);
}

/* Returns the index of a partner, which it adds if needed. SIZE_MAX: out of memory. */
static size_t partner_place(struct summary *summary, const char *name, const char *direction)
{
    struct partner_summary *grown;
    uint32_t hash = hash_name(name, direction), place;
    size_t at = 0;

    while (slots_next(&summary->index, hash, &at, &place))
        if (strcmp(summary->partner[place].name, name) == 0
            && strcmp(summary->partner[place].direction, direction) == 0)
            return place;
    grown = summary_grow(summary, summary->partner, summary->partners, sizeof *grown);
    if (grown != NULL)
        summary->partner = grown;
    if (grown == NULL || !slots_grow(&summary->index, partner_hash, summary)) {
        summary->exhausted = true;
        return SIZE_MAX;
    }
    grown[summary->partners] = (struct partner_summary){.name = summary_word(summary, name),
                                                        .direction = summary_word(summary, direction),
                                                        .mode = "",
                                                        .first = STAMP_NONE,
                                                        .last = STAMP_NONE};
    slots_add(&summary->index, hash, (uint32_t)summary->partners);
    return summary->partners++;
}

static enum tls_class class_of(const char *version)
{
    if (strcmp(version, "none") == 0)
        return CLASS_NONE;
    if (strcmp(version, "TLSv1.3") == 0)
        return CLASS_1_3;
    if (strcmp(version, "TLSv1.2") == 0)
        return CLASS_1_2;
    return *version == '\0' ? CLASS_UNKNOWN : CLASS_OLD;
}

/* Sets what one mail of the kind counts as. */
static void weigh(const struct reading *reading, struct sums *sums)
{
    const char *verdict = column(reading, KIND_VERDICT), *action = column(reading, KIND_ACTION);
    const char *mode = column(reading, KIND_MODE);
    bool short_of = strcmp(verdict, "fail") == 0 || strcmp(verdict, "undecidable") == 0;

    if (strcmp(verdict, "exempt") == 0) {
        sums->exempt = 1;
        return;
    }
    sums->mails = 1;
    sums->pass = strcmp(verdict, "pass") == 0;
    sums->fail = strcmp(verdict, "fail") == 0;
    sums->undecidable = strcmp(verdict, "undecidable") == 0;
    sums->excepted = strcmp(verdict, "excepted") == 0;
    sums->refused = strcmp(action, "tempfail") == 0 || strcmp(action, "reject") == 0;
    /*
     * The mode of a partner that did not decide is unknown, but accepted mail that failed was not enforced.
     */
    sums->would_fail = short_of && strcmp(action, "accept") == 0 && strcmp(mode, "enforce") != 0;
    sums->tls[class_of(column(reading, KIND_TLS))] = 1;
}

static void note_gateway(struct summary *summary, const char *name)
{
    const char **grown;

    for (size_t i = 0; i < summary->gateways; i++)
        if (strcmp(summary->gateway[i], name) == 0)
            return;
    grown = summary_grow(summary, (void *)summary->gateway, summary->gateways, sizeof *grown);
    if (grown == NULL)
        return;
    summary->gateway = grown;
    grown[summary->gateways++] = summary_word(summary, name);
}

/* Sets what the kind means. */
static void learn_kind(struct reading *reading, struct kind *kind)
{
    struct summary *summary = reading->summary;

    kind->wanted = is_wanted(reading);
    if (!kind->wanted)
        return;
    note_gateway(summary, column(reading, KIND_GATEWAY));
    kind->partner = partner_place(summary, column(reading, KIND_PARTNER), column(reading, KIND_DIRECTION));
    if (kind->partner == SIZE_MAX) {
        kind->wanted = false;
        return;
    }
    weigh(reading, &kind->sums);
    kind->tls = column(reading, KIND_TLS);
    kind->cipher = column(reading, KIND_CIPHER);
    kind->subject = column(reading, KIND_SUBJECT);
    kind->issuer = column(reading, KIND_ISSUER);
    kind->fingerprint = column(reading, KIND_FINGERPRINT);
    kind->exception = column(reading, KIND_EXCEPTION);
    kind->exempt = column(reading, KIND_EXEMPT);
    kind->mode = column(reading, KIND_MODE);
    kind->policy = column(reading, KIND_POLICY);
    kind->reasons = kind->sums.fail || kind->sums.undecidable ? column(reading, KIND_REASONS) : "";
}

/* What a report needs of a kind, in the order of ATTRIBUTES. */
static const unsigned char attributes[] = {KIND_GATEWAY,   KIND_DIRECTION, KIND_PARTNER, KIND_MODE,
                                           KIND_VERDICT,   KIND_ACTION,    KIND_REASONS, KIND_TLS,
                                           KIND_CIPHER,    KIND_SUBJECT,   KIND_ISSUER,  KIND_FINGERPRINT,
                                           KIND_EXCEPTION, KIND_EXEMPT,    KIND_POLICY};
#define ATTRIBUTES                                                                                           \
    "gateway, direction, partner, mode, verdict, action, reasons, "                                          \
    "tls, cipher, subject, issuer, fingerprint, exception, exempt, policy"

/* False: the database is damaged. */
static bool read_attributes(struct reading *reading)
{
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        size_t number;

        if (!database_number(reading->database, reading->attributes, (int)i, &number))
            return false;
        reading->column[attributes[i]] = word_of(reading, number);
    }
    return true;
}

/* Returns the kind of an id. NULL: not in the database. */
static struct kind *kind_of(struct reading *reading, size_t number)
{
    struct kind *kind;

    if (number >= reading->kinds)
        return NULL;
    kind = &reading->kind[number];
    if (kind->known)
        return kind;
    kind->known = true;
    kind->first = INT64_MAX;
    kind->last = INT64_MIN;
    sqlite3_bind_int64(reading->attributes, 1, (int64_t)number);
    if (database_row(reading->database, reading->attributes) && read_attributes(reading))
        learn_kind(reading, kind);
    sqlite3_reset(reading->attributes);
    return kind;
}

/* ---- hours ---- */

/* Returns the step of the course that an hour belongs to. */
static size_t bucket_of(const struct summary *summary, int64_t at)
{
    int64_t bucket = (at - summary->course_begin) / summary->bucket;

    if (bucket < 0)
        return 0;
    return (size_t)bucket < summary->buckets ? (size_t)bucket : summary->buckets - 1;
}

static void add_to_course(struct reading *reading, const struct kind *kind, int64_t at, int64_t n)
{
    struct summary *summary = reading->summary;
    struct partner_summary *partner = &summary->partner[kind->partner];

    if (partner->course == NULL)
        partner->course = calloc(summary->buckets, sizeof *partner->course);
    if (partner->course != NULL)
        sums_add_times(&partner->course[bucket_of(summary, at)], &kind->sums, n);
    else
        summary->exhausted = true;
}

static void read_hours(struct reading *reading)
{
    struct summary *summary = reading->summary;
    sqlite3_stmt *hours =
        database_prepare(reading->database, "SELECT hour, kind, n, first, ifnull(last, first) FROM hourly"
                                            " WHERE hour >= ?1 AND hour < ?2 ORDER BY hour");

    if (hours == NULL)
        return;
    sqlite3_bind_int64(hours, 1, summary->since / STAMP_HOUR);
    sqlite3_bind_int64(hours, 2, (summary->until + STAMP_HOUR - 1) / STAMP_HOUR);
    while (!summary->exhausted && database_row(reading->database, hours)) {
        int64_t at = sqlite3_column_int64(hours, 0) * STAMP_HOUR, n, first, last;
        struct kind *kind = NULL;
        size_t number;

        if (database_mails(reading->database, hours, 2, &n)
            && database_instant(reading->database, hours, 3, &first)
            && database_instant(reading->database, hours, 4, &last)
            && database_number(reading->database, hours, 1, &number))
            kind = kind_of(reading, number);
        if (kind == NULL || !kind->wanted)
            continue;
        kind->n += n;
        if (kind->n == n) /* its first hour: hours are read in order */
            kind->first = at + first;
        kind->last = at + last;
        if (reading->request->course != COURSE_NONE)
            add_to_course(reading, kind, at, n);
    }
    sqlite3_finalize(hours);
}

/* ---- partners ---- */

/* Returns the mails of a kind under a word that they share. */
static struct part mails_of(const struct kind *kind, const char *word)
{
    return (struct part){.name = word, .mails = kind->n, .first = kind->first, .last = kind->last};
}

static void add_word(struct summary *summary, struct parts *parts, const struct kind *kind, const char *word)
{
    struct part mails = mails_of(kind, *word != '\0' ? word : "unknown");

    parts_add(summary, parts, &mails);
}

static void add_reasons(struct summary *summary, struct parts *reasons, const struct kind *kind)
{
    char text[512], *rest = text, *name;

    snprintf(text, sizeof text, "%s", kind->reasons);
    while ((name = strsep(&rest, ",")) != NULL)
        if (*name != '\0')
            add_word(summary, reasons, kind, summary_word(summary, name));
}

static void add_certificate(struct summary *summary, struct parts *certificates, const struct kind *kind)
{
    /* if not, it is a word that says why there is none */
    bool is_fingerprint = strchr(kind->fingerprint, ':') != NULL;
    struct part mails = mails_of(kind, kind->subject);

    if (*kind->subject == '\0' && !is_fingerprint)
        return;
    mails.more = kind->issuer;
    mails.extra = is_fingerprint ? kind->fingerprint : NULL;
    parts_add(summary, certificates, &mails);
}

static void add_kind(const struct reading *reading, const struct kind *kind)
{
    struct summary *summary = reading->summary;
    struct partner_summary *partner = &summary->partner[kind->partner];
    struct part under_policy = mails_of(kind, kind->policy);

    sums_add_times(&partner->sums, &kind->sums, kind->n);
    if (*kind->mode != '\0' && (partner->last == STAMP_NONE || kind->last >= partner->last))
        partner->mode = kind->mode;
    parts_widen(&partner->first, &partner->last, &under_policy);
    if (kind->sums.exempt) {
        add_word(summary, &partner->exemptions, kind, kind->exempt);
        return;
    }
    add_word(summary, &partner->tls, kind, kind->tls);
    agreed_add(summary, &reading->agreed, partner, &under_policy);
    if (*kind->cipher != '\0')
        add_word(summary, &partner->ciphers, kind, kind->cipher);
    add_reasons(summary, &partner->reasons, kind);
    add_certificate(summary, &partner->certificates, kind);
    if (kind->sums.excepted)
        add_word(summary, &partner->exceptions, kind, kind->exception);
}

/* ---- the whole ---- */

static void read_counters(struct summary *summary, struct database *database)
{
    sqlite3_stmt *counters = database_prepare(database, "SELECT name, n FROM counter");

    while (database_row(database, counters)) {
        const char *name = (const char *)sqlite3_column_text(counters, 0);

        for (size_t i = 0; name != NULL && i < COUNTER_COUNT; i++)
            if (strcmp(name, ledger_counter_names[i]) == 0)
                summary->counter[i] += (uint64_t)sqlite3_column_int64(counters, 1);
    }
    sqlite3_finalize(counters);
}

static void read_runs(struct summary *summary, struct database *database)
{
    sqlite3_stmt *runs = database_prepare(
        database,
        "SELECT t.value, r.source FROM run r LEFT JOIN text t ON t.id = r.gateway ORDER BY r.first");

    while (database_row(database, runs)) {
        const char *gateway = (const char *)sqlite3_column_text(runs, 0);

        note_gateway(summary, gateway != NULL ? gateway : "");
        summary->source |= (unsigned)sqlite3_column_int(runs, 1);
        summary->numbered = true;
    }
    sqlite3_finalize(runs);
}

/*
 * Allocates zeroed memory for the rows of a table, indexed by id; `sql` yields the highest id. Memory that is
 * never touched costs nothing, so the list need not grow. NULL: out of memory, or the database failed.
 */
static void *make_room(struct reading *reading, const char *sql, size_t size, size_t *count)
{
    sqlite3_stmt *highest = database_prepare(reading->database, sql);
    size_t number = 0;
    void *room = NULL;

    if (database_row(reading->database, highest) && database_number(reading->database, highest, 0, &number)) {
        room = calloc(number + 1, size);
        reading->summary->exhausted |= room == NULL;
    }
    *count = room != NULL ? number + 1 : 0;
    sqlite3_finalize(highest);
    return room;
}

static void read_database(struct summary *summary, const struct summary_request *request,
                          struct database *database)
{
    struct reading reading = {.summary = summary, .request = request, .database = database};

    reading.attributes = database_prepare(database, "SELECT " ATTRIBUTES " FROM kind WHERE id = ?1");
    reading.text = database_prepare(database, "SELECT value FROM text WHERE id = ?1");
    reading.agreed = (struct agreed_source){database, agreed_prepare(database)};
    reading.kind = make_room(&reading, "SELECT max(id) FROM kind", sizeof *reading.kind, &reading.kinds);
    reading.word = make_room(&reading, "SELECT max(id) FROM text", sizeof *reading.word, &reading.words);
    if (reading.attributes != NULL && reading.text != NULL && reading.agreed.rule != NULL)
        read_hours(&reading);
    for (size_t i = 0; i < reading.kinds && !summary->exhausted; i++)
        if (reading.kind[i].wanted && reading.kind[i].n > 0)
            add_kind(&reading, &reading.kind[i]);
    sqlite3_finalize(reading.attributes);
    sqlite3_finalize(reading.text);
    sqlite3_finalize(reading.agreed.rule);
    free(reading.kind);
    free((void *)reading.word);
    read_counters(summary, database);
    read_runs(summary, database);
    covers_read(summary, database);
    gaps_read(summary, request, database);
    policies_read(summary, database);
}

static int by_name(const void *a, const void *b)
{
    const struct partner_summary *first = a, *second = b;
    int order = strcmp(first->name, second->name);

    return order != 0 ? order : strcmp(first->direction, second->direction);
}

static void clear_partner(struct partner_summary *partner)
{
    free(partner->tls.part);
    free(partner->ciphers.part);
    free(partner->reasons.part);
    free(partner->certificates.part);
    free(partner->exceptions.part);
    free(partner->exemptions.part);
    free(partner->policies.part);
    free(partner->rules.part);
    free(partner->course);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts the partners, removes unwanted ones, and sums up the others. */
static void finish(struct summary *summary, const struct summary_request *request)
{
    size_t kept = 0;

    if (summary->gateways > 0)
        qsort((void *)summary->gateway, summary->gateways, sizeof *summary->gateway, by_text);
    if (summary->partners > 0)
        qsort(summary->partner, summary->partners, sizeof *summary->partner, by_name);
    for (size_t i = 0; i < summary->partners; i++) {
        struct partner_summary *partner = &summary->partner[i];

        if ((request->failing && partner->sums.fail + partner->sums.undecidable == 0)
            || partner->sums.mails + partner->sums.exempt == 0) {
            clear_partner(partner);
            continue;
        }
        parts_sort(&partner->tls);
        parts_sort(&partner->ciphers);
        parts_sort(&partner->reasons);
        parts_sort(&partner->certificates);
        parts_sort(&partner->exceptions);
        parts_sort(&partner->exemptions);
        agreed_join(summary, partner);
        sums_add(&summary->sums, &partner->sums);
        summary->partner[kept++] = *partner;
    }
    summary->partners = kept;
}

bool summary_make(struct summary *summary, const struct summary_request *request, struct database databases[],
                  size_t count)
{
    *summary = (struct summary){.since = STAMP_NONE};
    period_choose(summary, request, databases, count);
    for (size_t i = 0; i < count; i++)
        read_database(summary, request, &databases[i]);
    covers_join(summary);
    finish(summary, request);
    if (summary->until == 0)
        summary->since = summary->until = STAMP_NONE;
    if (summary->exhausted)
        fprintf(stderr, "%s: out of memory\n", databases[0].title);
    for (size_t i = 0; i < count; i++)
        if (databases[i].failed)
            return false;
    return !summary->exhausted;
}

void summary_clear(struct summary *summary)
{
    for (size_t i = 0; i < summary->partners; i++)
        clear_partner(&summary->partner[i]);
    free(summary->partner);
    free((void *)summary->gateway);
    free(summary->gap);
    free(summary->cover);
    free(summary->policy);
    slots_free(&summary->index);
    arena_free(&summary->arena);
}
