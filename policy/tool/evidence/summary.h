/* SPDX-License-Identifier: BSD-2-Clause */
/* What a report shows, computed from databases: sums of each partner, their course, gaps and policies. */
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

/* What is asked for. Times in milliseconds; INT64_MIN and INT64_MAX: everything. */
struct summary_request {
    int64_t since, until;
    bool exact;   /* what is outside of since and until is not in the database: hours need not be whole */
    bool settled; /* no further lines will come: a hole in the numbers is a gap, however young */
    int64_t now;
    const char *direction; /* NULL: both */
    bool failing;          /* only partners with failures */
    enum summary_course {
        COURSE_NONE,
        COURSE_FITTING, /* hours, days or weeks, by the length of the period */
        COURSE_DAYS
    } course;
    const char *partner[SUMMARY_NAMES_MAX];
    size_t partners; /* 0: all */
};

/* Classes of TLS, for charts. */
enum tls_class { CLASS_NONE, CLASS_OLD, CLASS_1_2, CLASS_1_3, CLASS_UNKNOWN, CLASS_COUNT };

/* "mails" are judged ones: pass, fail, undecidable, excepted. */
struct sums {
    int64_t mails, pass, fail, undecidable, excepted, exempt, refused, would_fail;
    int64_t tls[CLASS_COUNT]; /* of the mails */
};

/* One of a list of words with the mails that have it. */
struct part {
    /*
     * "more" and "extra": of a certificate, issuer and fingerprint; of a policy, "more" is the partner's
     * rule; of a rule, "extra" are the digests of its policies, with commas; NULL elsewhere.
     */
    const char *name, *more, *extra;
    int64_t mails, first, last;
};

struct parts {
    struct part *part;
    size_t count;
};

struct partner_summary {
    const char *name, *direction, *mode; /* mode: the last one seen, or "" */
    struct sums sums;
    int64_t first, last; /* of mails, and exempt ones; STAMP_NONE: there was none */
    struct parts tls, ciphers, reasons, certificates, exceptions, exemptions;
    /*
     * By which mail was judged: policies by their digests, and the rules that the partner had, the oldest
     * first; a line for each key; "": not known.
     */
    struct parts policies, rules;
    struct sums *course; /* summary.buckets of them; NULL: there was no mail */
};

enum gap_kind { GAP_DOWN, GAP_LOST };

struct gap {
    const char *gateway;
    enum gap_kind kind;
    int64_t from, until; /* STAMP_NONE: not known */
    uint64_t lines;      /* of GAP_LOST */
};

/*
 * From when to when there are lines of a gateway. The filter writes a line at least every hour; a report may
 * be made before the next one is recorded.
 */
enum { COVER_SLACK = 2 * STAMP_HOUR };
struct cover {
    const char *gateway;
    int64_t first, last;
};

struct policy_span {
    const char *gateway, *digest;
    int64_t from, until; /* until STAMP_NONE: it is in force */
};

struct summary {
    struct arena arena;   /* of all names */
    int64_t since, until; /* the whole hours that are covered; STAMP_NONE: there is nothing */
    bool widened;         /* since or until lay within an hour */
    const char **gateway;
    size_t gateways;
    struct partner_summary *partner; /* by name and direction */
    struct slots index;              /* of them, while they are gathered */
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
    bool numbered;   /* there are runs: gaps can be seen */
    /* The course: spans of this many milliseconds from `course_begin` on. */
    int64_t course_begin, course_end, bucket;
    size_t buckets;
    bool exhausted;
};

/* Computes the summary of all databases together. False: stderr says why; clear it all the same. */
bool summary_make(struct summary *summary, const struct summary_request *request, struct database databases[],
                  size_t count);
void summary_clear(struct summary *summary);

/* Chooses since, until and the course, from what is asked for and what the databases hold. */
void period_choose(struct summary *summary, const struct summary_request *request,
                   struct database databases[], size_t count);

/* array_grow() for a list of the summary; out of memory is noted there, too. */
void *summary_grow(struct summary *summary, void *list, size_t count, size_t size);

/* A copy of a word that lives as long as the summary. */
const char *summary_word(struct summary *summary, const char *text);

/* Adds one to another, once or so many times. */
void sums_add(struct sums *to, const struct sums *sums);
void sums_add_times(struct sums *to, const struct sums *sums, int64_t times);

/*
 * Adds mails to those of the same name, "more" and "extra", which live as long as the summary. Beyond 500
 * names they count as "(many)".
 */
void parts_add(struct summary *summary, struct parts *parts, const struct part *mails);

/* Moves first and last, of which each may be STAMP_NONE, so that they span those of the mails. */
void parts_widen(int64_t *first, int64_t *last, const struct part *mails);

/* The most mails first. */
void parts_sort(struct parts *parts);

/* The rules of one database; of summary_make(). */
struct agreed_source {
    struct database *database;
    sqlite3_stmt *rule; /* of agreed_prepare() */
};
sqlite3_stmt *agreed_prepare(struct database *database);

/* Adds the mails of a kind, which are called by the digest of their policy. */
void agreed_add(struct summary *summary, const struct agreed_source *source, struct partner_summary *partner,
                const struct part *mails);

/* Makes the rules of the policies. */
void agreed_join(struct summary *summary, struct partner_summary *partner);

/* Gaps, covers and policies of one database; of summary_make(). */
void covers_read(struct summary *summary, struct database *database);
/* Several databases may have a gateway, or gateways of one name: joins what they cover where it touches. */
void covers_join(struct summary *summary);
void gaps_read(struct summary *summary, const struct summary_request *request, struct database *database);
void policies_read(struct summary *summary, struct database *database);

#endif
