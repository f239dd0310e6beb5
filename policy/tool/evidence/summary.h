/* SPDX-License-Identifier: BSD-2-Clause */
/* What a report shows, computed from databases: sums per partner, their course, gaps and policies. */
#ifndef POLICY_TOOL_EVIDENCE_SUMMARY_H
#define POLICY_TOOL_EVIDENCE_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/arena.h"
#include "policy/slots.h"
#include "policy/tool/evidence/database.h"
#include "policy/tool/evidence/ledger.h"
#include "policy/tool/evidence/stamp.h"

enum { SUMMARY_NAMES_MAX = 256 };

/* What the report is about. Times are in milliseconds; INT64_MIN and INT64_MAX: everything. */
struct summary_request {
    int64_t since, until;
    bool exact;   /* the database has nothing outside of since and until, so hours need not be whole */
    bool settled; /* no more lines will come: a missing number is a gap, however recent */
    int64_t now;
    const char *direction; /* NULL: both */
    bool failing;          /* only partners with failures */
    enum summary_course {
        COURSE_NONE,
        COURSE_FITTING, /* in hours, days or weeks, by the length of the period */
        COURSE_DAYS
    } course;
    const char *partner[SUMMARY_NAMES_MAX];
    size_t partners; /* 0: all */
};

/* Classes of TLS, for charts. */
enum tls_class { CLASS_NONE, CLASS_OLD, CLASS_1_2, CLASS_1_3, CLASS_UNKNOWN, CLASS_COUNT };

/* "mails" are the judged ones: pass, fail, undecidable, excepted. */
struct sums {
    int64_t mails, pass, fail, undecidable, excepted, exempt, refused, would_fail;
    int64_t tls[CLASS_COUNT]; /* of the mails */
};

/* A word of a list, with the mails that have it. */
struct part {
    /*
     * Of a certificate, "more" is the issuer and "extra" the fingerprint. Of a policy, "more" is the
     * partner's rule. Of a rule, "extra" is the digests of its policies, separated by commas. Otherwise NULL.
     */
    const char *name, *more, *extra;
    int64_t mails, first, last;
};

struct parts {
    struct part *part;
    size_t count;
};

struct partner_summary {
    const char *name, *direction, *mode; /* mode: the last one that was seen, or "" */
    struct sums sums;
    int64_t first, last; /* of mails and exempt mails; STAMP_NONE: none */
    struct parts tls, ciphers, reasons, certificates, exceptions, exemptions;
    /*
     * What judged the mail: policies by digest, and the rules of the partner, oldest first, one line per key;
     * "": unknown.
     */
    struct parts policies, rules;
    struct sums *course; /* summary.buckets of them; NULL: no mail */
};

enum gap_kind { GAP_DOWN, GAP_LOST };

struct gap {
    const char *gateway;
    enum gap_kind kind;
    int64_t from, until; /* STAMP_NONE: unknown */
    uint64_t lines;      /* of GAP_LOST */
};

/*
 * The time in which a gateway has lines. The filter writes a line at least every hour, and a report may be
 * made before the next one is recorded: hence the slack.
 */
enum { COVER_SLACK = 2 * STAMP_HOUR };
struct cover {
    const char *gateway;
    int64_t first, last;
};

struct policy_span {
    const char *gateway, *digest;
    int64_t from, until; /* until STAMP_NONE: in force */
};

struct summary {
    struct arena arena; /* the memory of all names */
    int64_t since,
        until;    /* the period, in whole hours or days unless `exact`; STAMP_NONE: there is nothing */
    bool widened; /* since or until was not at a whole hour or day */
    const char **gateway;
    size_t gateways;
    struct partner_summary *partner; /* sorted by name and direction */
    struct slots index;              /* of partners, until they are sorted */
    size_t partners;
    struct sums sums; /* of all partners */
    struct gap *gap;
    size_t gaps;
    struct cover *cover;
    size_t covers;
    struct policy_span *policy;
    size_t policies;
    uint64_t counter[COUNTER_COUNT];
    unsigned source; /* SOURCE_* of the runs */
    bool numbered;   /* there are runs, so gaps can be seen */
    /* The course: steps of `bucket` milliseconds from `course_begin` on. */
    int64_t course_begin, course_end, bucket;
    size_t buckets;
    bool exhausted;
};

/* Computes one summary of all databases. False: stderr says why; call summary_clear() all the same. */
bool summary_make(struct summary *summary, const struct summary_request *request, struct database databases[],
                  size_t count);
void summary_clear(struct summary *summary);

/* Chooses since, until and the course by the request and the content of the databases. */
void period_choose(struct summary *summary, const struct summary_request *request,
                   struct database databases[], size_t count);

/* array_grow() for a list of the summary; notes in the summary if memory runs out. */
void *summary_grow(struct summary *summary, void *list, size_t count, size_t size);

/* Copies a word; the copy lives as long as the summary. */
const char *summary_word(struct summary *summary, const char *text);

/* Adds sums once, or `times` times. */
void sums_add(struct sums *to, const struct sums *sums);
void sums_add_times(struct sums *to, const struct sums *sums, int64_t times);

/*
 * Adds mails to those with the same name, "more" and "extra", which must live as long as the summary. After
 * 500 different ones they count as "(many)".
 */
void parts_add(struct summary *summary, struct parts *parts, const struct part *mails);

/* Widens first and last to span those of the mails; each may be STAMP_NONE. */
void parts_widen(int64_t *first, int64_t *last, const struct part *mails);

/* Sorts by mails, most first. */
void parts_sort(struct parts *parts);

/* For summary_make(): the rules of one database. */
struct agreed_source {
    struct database *database;
    sqlite3_stmt *rule; /* of agreed_prepare() */
};
sqlite3_stmt *agreed_prepare(struct database *database);

/* Adds the mails of a kind; their name is the digest of their policy. */
void agreed_add(struct summary *summary, const struct agreed_source *source, struct partner_summary *partner,
                const struct part *mails);

/* Makes partner->rules from partner->policies. */
void agreed_join(struct summary *summary, struct partner_summary *partner);

/* For summary_make(): read gaps, covers and policies of one database. */
void covers_read(struct summary *summary, struct database *database);
/*
 * Joins the covers of gateways with the same name if they touch: several databases may have the same gateway.
 */
void covers_join(struct summary *summary);
void gaps_read(struct summary *summary, const struct summary_request *request, struct database *database);
void policies_read(struct summary *summary, struct database *database);

#endif
