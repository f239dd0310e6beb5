/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts by partner: a hash table of fixed size with chains that only grow, and for each partner a chain of
 * the kinds of decisions that it had. One atomic exchange puts a new link at the head of its chain; a thread
 * that loses the race looks again. Knows names and numbers only.
 */
#include "milter/partner_counts.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUCKETS = 1 << 14,
    VERSIONS = TLS_VERSION_1_3 + 1,
    RESULTS = OUTBOUND_TEMP + 1,
    KINDS = 2 * OUTCOME_COUNT * ACTION_COUNT * REASON_COUNT
};

/* A kind of decision that a partner had. */
struct kind_count {
    struct kind_count *next;
    atomic_uint_fast64_t count;
    unsigned kind;
};

struct partner_counts {
    struct partner_counts *next;  /* in its bucket */
    struct partner_counts *older; /* in the list of all; NULL: the oldest */
    _Atomic(struct kind_count *) decisions;
    atomic_uint_fast64_t outbound[RESULTS], tls[VERSIONS];
    char name[];
};

/* One set per process: libmilter's callbacks are given no pointer to it. */
static _Atomic(struct partner_counts *) buckets[BUCKETS];
static _Atomic(struct partner_counts *) newest;
static atomic_uint made;

/* The counts of "": static, so they need no memory. */
static struct partner_counts rest;
static atomic_uint_fast64_t rest_decisions[KINDS];

static void add_one(atomic_uint_fast64_t *count)
{
    atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
}

static uint64_t value_of(const atomic_uint_fast64_t *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

/* ---- by name ---- */

/* FNV-1a. */
static unsigned bucket_of(const char *name)
{
    uint32_t hash = 2166136261u;

    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return (hash ^ hash >> 14) % BUCKETS;
}

static struct partner_counts *find(struct partner_counts *chain, const char *name)
{
    while (chain != NULL && strcmp(chain->name, name) != 0)
        chain = chain->next;
    return chain;
}

/* Makes the counts of a new name, in no chain yet. NULL: out of memory, or PARTNER_COUNTS_MAX is reached. */
static struct partner_counts *make(const char *name)
{
    size_t size = strlen(name) + 1;
    struct partner_counts *counts;

    if (atomic_fetch_add(&made, 1) >= PARTNER_COUNTS_MAX
        || (counts = calloc(1, sizeof *counts + size)) == NULL) {
        atomic_fetch_sub(&made, 1);
        return NULL;
    }
    memcpy(counts->name, name, size);
    return counts;
}

static void drop(struct partner_counts *counts)
{
    free(counts);
    atomic_fetch_sub(&made, 1);
}

/*
 * Puts the counts at the head of their bucket and returns them. If the name is there by now, drops them and
 * returns those that are there.
 */
static struct partner_counts *publish(struct partner_counts *counts)
{
    _Atomic(struct partner_counts *) *bucket = &buckets[bucket_of(counts->name)];

    counts->next = atomic_load(bucket);
    do {
        struct partner_counts *other = find(counts->next, counts->name);

        if (other != NULL) {
            drop(counts);
            return other;
        }
    } while (!atomic_compare_exchange_weak(bucket, &counts->next, counts));
    counts->older = atomic_load(&newest);
    while (!atomic_compare_exchange_weak(&newest, &counts->older, counts))
        continue;
    return counts;
}

struct partner_counts *partner_counts_of(const char *name)
{
    struct partner_counts *counts;

    if (name == NULL || name[0] == '\0')
        return &rest;
    counts = find(atomic_load(&buckets[bucket_of(name)]), name);
    if (counts != NULL)
        return counts;
    counts = make(name);
    return counts != NULL ? publish(counts) : &rest;
}

/* ---- counting ---- */

static unsigned pack(struct decision_kind kind)
{
    return (((unsigned)kind.outbound * OUTCOME_COUNT + (unsigned)kind.outcome) * ACTION_COUNT
            + (unsigned)kind.action)
               * REASON_COUNT
           + (unsigned)kind.reason;
}

static struct decision_kind unpack(unsigned kind)
{
    return (struct decision_kind){
        .outcome = (enum outcome)(kind / REASON_COUNT / ACTION_COUNT % OUTCOME_COUNT),
        .action = (enum action)(kind / REASON_COUNT % ACTION_COUNT),
        .reason = (enum reason)(kind % REASON_COUNT),
        .outbound = kind / REASON_COUNT / ACTION_COUNT / OUTCOME_COUNT != 0,
    };
}

static struct kind_count *find_kind(struct kind_count *chain, unsigned kind)
{
    while (chain != NULL && chain->kind != kind)
        chain = chain->next;
    return chain;
}

/* Returns the count of a kind, made at its first use. NULL: out of memory. */
static struct kind_count *kind_of(struct partner_counts *counts, unsigned kind)
{
    struct kind_count *chain = atomic_load(&counts->decisions), *found = find_kind(chain, kind), *added;

    if (found != NULL || (added = calloc(1, sizeof *added)) == NULL)
        return found;
    added->kind = kind;
    added->next = chain;
    while (!atomic_compare_exchange_weak(&counts->decisions, &added->next, added)) {
        found = find_kind(added->next, kind);
        if (found != NULL) {
            free(added);
            return found;
        }
    }
    return added;
}

void partner_counts_add_decision(struct partner_counts *counts, struct decision_kind kind)
{
    unsigned number = pack(kind);
    struct kind_count *own = counts != &rest ? kind_of(counts, number) : NULL;

    add_one(own != NULL ? &own->count : &rest_decisions[number]);
}

void partner_counts_add_outbound(struct partner_counts *counts, enum outbound_result result)
{
    add_one(&counts->outbound[result]);
}

void partner_counts_add_tls(struct partner_counts *counts, enum tls_version version)
{
    add_one(&counts->tls[version]);
}

/* ---- reading ---- */

const struct partner_counts *partner_counts_first(void)
{
    const struct partner_counts *first = atomic_load(&newest);

    return first != NULL ? first : &rest;
}

const struct partner_counts *partner_counts_next(const struct partner_counts *counts)
{
    if (counts == &rest)
        return NULL;
    return counts->older != NULL ? counts->older : &rest;
}

const char *partner_counts_name(const struct partner_counts *counts)
{
    return counts != &rest ? counts->name : "";
}

static void each_of_rest(decision_count_fn *found, void *arg)
{
    for (unsigned kind = 0; kind < KINDS; kind++) {
        uint64_t count = value_of(&rest_decisions[kind]);

        if (count != 0)
            found(arg, unpack(kind), count);
    }
}

void partner_counts_each_decision(const struct partner_counts *counts, decision_count_fn *found, void *arg)
{
    if (counts == &rest) {
        each_of_rest(found, arg);
        return;
    }
    for (const struct kind_count *kind = atomic_load(&counts->decisions); kind != NULL; kind = kind->next) {
        uint64_t count = value_of(&kind->count);

        if (count != 0)
            found(arg, unpack(kind->kind), count);
    }
}

uint64_t partner_counts_outbound(const struct partner_counts *counts, enum outbound_result result)
{
    return value_of(&counts->outbound[result]);
}

uint64_t partner_counts_tls(const struct partner_counts *counts, enum tls_version version)
{
    return value_of(&counts->tls[version]);
}
