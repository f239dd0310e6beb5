/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash table of reports by their key (message and session). The entries are
 * also linked in the order of their arrival, so that the oldest can be dropped
 * when there are too many or their time is over. Each report is allocated by
 * itself, so that an idle daemon returns the memory. Does not know where reports
 * come from, or whether they agree with the macros.
 */
#include "milter/report/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct stored_report {
    struct stored_report *next;          /* in its bucket */
    struct stored_report *older, *newer; /* by arrival */
    size_t bucket;
    uint64_t serial, time;
    struct postfix_report report;
};

struct report_store {
    pthread_mutex_t lock;
    atomic_uint_least64_t serial;    /* the last one that was returned */
    size_t count, max, bucket_count; /* bucket_count is a power of two */
    uint64_t seconds;
    struct stored_report *oldest, *newest;
    struct stored_report **buckets;
};

struct report_store *report_store_new(size_t max, uint64_t seconds)
{
    struct report_store *store = calloc(1, sizeof *store);

    if (store == NULL)
        return NULL;
    store->bucket_count = 1;
    while (store->bucket_count < max / 4)
        store->bucket_count *= 2;
    store->buckets = calloc(store->bucket_count, sizeof *store->buckets);
    if (store->buckets == NULL || pthread_mutex_init(&store->lock, NULL) != 0) {
        free(store->buckets);
        free(store);
        return NULL;
    }
    atomic_init(&store->serial, 0);
    store->max = max;
    store->seconds = seconds;
    return store;
}

uint64_t report_store_next_serial(struct report_store *store)
{
    return atomic_fetch_add(&store->serial, 1) + 1;
}

uint64_t report_store_last_serial(struct report_store *store)
{
    return atomic_load(&store->serial);
}

/* FNV-1a over all but the server, which is the same for most. */
static size_t bucket_of(const struct report_store *store, const struct report_key *key)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (const char *octet = key->queue_id; *octet != '\0'; octet++)
        hash = (hash ^ (unsigned char)*octet) * UINT64_C(1099511628211);
    for (size_t i = 0; i < sizeof key->client.octets; i++)
        hash = (hash ^ key->client.octets[i]) * UINT64_C(1099511628211);
    hash = (hash ^ key->client_port) * UINT64_C(1099511628211);
    return (size_t)(hash ^ hash >> 32) & (store->bucket_count - 1);
}

static bool same_key(const struct report_key *a, const struct report_key *b)
{
    return strcmp(a->queue_id, b->queue_id) == 0 && a->client_port == b->client_port
           && a->server_port == b->server_port && network_equal(&a->client, &b->client)
           && network_equal(&a->server, &b->server);
}

static struct stored_report *find(const struct report_store *store, const struct report_key *key)
{
    struct stored_report *stored = store->buckets[bucket_of(store, key)];

    while (stored != NULL && !same_key(&stored->report.key, key))
        stored = stored->next;
    return stored;
}

/* Unlinks a report from its bucket and from the order of arrival. */
static void unlink_report(struct report_store *store, struct stored_report *stored)
{
    struct stored_report **link = &store->buckets[stored->bucket];

    while (*link != stored)
        link = &(*link)->next;
    *link = stored->next;
    *(stored->older != NULL ? &stored->older->newer : &store->oldest) = stored->newer;
    *(stored->newer != NULL ? &stored->newer->older : &store->newest) = stored->older;
    store->count--;
}

static void link_report(struct report_store *store, struct stored_report *stored)
{
    stored->bucket = bucket_of(store, &stored->report.key);
    stored->next = store->buckets[stored->bucket];
    store->buckets[stored->bucket] = stored;
    stored->older = store->newest;
    stored->newer = NULL;
    *(store->newest != NULL ? &store->newest->newer : &store->oldest) = stored;
    store->newest = stored;
    store->count++;
}

/* Drops reports whose time is over, and the oldest while the store is full. */
static void make_room(struct report_store *store, uint64_t now)
{
    struct stored_report *stored;

    while ((stored = store->oldest) != NULL
           && (store->count >= store->max || now - stored->time > store->seconds)) {
        unlink_report(store, stored);
        free(stored);
    }
}

bool report_store_put(struct report_store *store, const struct postfix_report *report, uint64_t serial,
                      uint64_t now)
{
    struct stored_report *stored;

    pthread_mutex_lock(&store->lock);
    stored = find(store, &report->key);
    if (stored != NULL)
        unlink_report(store, stored);
    make_room(store, now);
    if (stored == NULL)
        stored = malloc(sizeof *stored);
    if (stored != NULL) {
        stored->serial = serial;
        stored->time = now;
        stored->report = *report;
        link_report(store, stored);
    }
    pthread_mutex_unlock(&store->lock);
    return stored != NULL;
}

bool report_store_find(struct report_store *store, const struct report_key *key, uint64_t after,
                       struct postfix_report *found)
{
    const struct stored_report *stored;
    bool counts;

    pthread_mutex_lock(&store->lock);
    stored = find(store, key);
    counts = stored != NULL && stored->serial > after;
    if (counts)
        *found = stored->report;
    pthread_mutex_unlock(&store->lock);
    return counts;
}

size_t report_store_count(struct report_store *store)
{
    size_t count;

    pthread_mutex_lock(&store->lock);
    count = store->count;
    pthread_mutex_unlock(&store->lock);
    return count;
}

void report_store_free(struct report_store *store)
{
    if (store == NULL)
        return;
    for (struct stored_report *stored = store->oldest, *newer; stored != NULL; stored = newer) {
        newer = stored->newer;
        free(stored);
    }
    pthread_mutex_destroy(&store->lock);
    free(store->buckets);
    free(store);
}
