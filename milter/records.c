/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports by the message and session that they are of: a hash table whose
 * entries also stand in the order in which they came, so that the oldest can be
 * dropped when there are too many or when their time is over. Each report is an
 * allocation of its own: a quiet server gives the memory back. Knows not
 * where reports come from nor what they are worth.
 */
#include "milter/records.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct record {
    struct record *next;          /* in its bucket */
    struct record *older, *newer; /* by arrival */
    size_t bucket;
    uint64_t number, time;
    struct delegation report;
};

struct records {
    pthread_mutex_t lock;
    atomic_uint_least64_t number;
    size_t count, max, bucket_count; /* bucket_count is a power of two */
    uint64_t seconds;
    struct record *oldest, *newest;
    struct record **buckets;
};

struct records *records_new(size_t max, uint64_t seconds)
{
    struct records *records = calloc(1, sizeof *records);
    if (records == NULL)
        return NULL;
    records->bucket_count = 1;
    while (records->bucket_count < max / 4)
        records->bucket_count *= 2;
    records->buckets = calloc(records->bucket_count, sizeof *records->buckets);
    if (records->buckets == NULL || pthread_mutex_init(&records->lock, NULL) != 0) {
        free(records->buckets);
        free(records);
        return NULL;
    }
    atomic_init(&records->number, 0);
    records->max = max;
    records->seconds = seconds;
    return records;
}

uint64_t records_number(struct records *records)
{
    return atomic_fetch_add(&records->number, 1) + 1;
}

uint64_t records_last(struct records *records)
{
    return atomic_load(&records->number);
}

/* FNV-1a over all but the server, which is the same for most. */
static size_t bucket_of(const struct records *records, const struct delegation_key *key)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const char *octet = key->queue_id; *octet != '\0'; octet++)
        hash = (hash ^ (unsigned char)*octet) * UINT64_C(1099511628211);
    for (size_t i = 0; i < sizeof key->client.octets; i++)
        hash = (hash ^ key->client.octets[i]) * UINT64_C(1099511628211);
    hash = (hash ^ key->client_port) * UINT64_C(1099511628211);
    return (size_t)(hash ^ hash >> 32) & (records->bucket_count - 1);
}

static bool same_key(const struct delegation_key *a, const struct delegation_key *b)
{
    return strcmp(a->queue_id, b->queue_id) == 0 && a->client_port == b->client_port
           && a->server_port == b->server_port && network_equal(&a->client, &b->client)
           && network_equal(&a->server, &b->server);
}

static struct record *find(const struct records *records, const struct delegation_key *key)
{
    struct record *record = records->buckets[bucket_of(records, key)];
    while (record != NULL && !same_key(&record->report.key, key))
        record = record->next;
    return record;
}

/* Takes a record out of the table and of the order. */
static void take_out(struct records *records, struct record *record)
{
    struct record **link = &records->buckets[record->bucket];
    while (*link != record)
        link = &(*link)->next;
    *link = record->next;
    *(record->older != NULL ? &record->older->newer : &records->oldest) = record->newer;
    *(record->newer != NULL ? &record->newer->older : &records->newest) = record->older;
    records->count--;
}

static void put_in(struct records *records, struct record *record)
{
    record->bucket = bucket_of(records, &record->report.key);
    record->next = records->buckets[record->bucket];
    records->buckets[record->bucket] = record;
    record->older = records->newest;
    record->newer = NULL;
    *(records->newest != NULL ? &records->newest->newer : &records->oldest) = record;
    records->newest = record;
    records->count++;
}

/* Drops what is over, and more where there is no room. */
static void make_room(struct records *records, uint64_t now)
{
    struct record *record;
    while ((record = records->oldest) != NULL
           && (records->count >= records->max || now - record->time > records->seconds)) {
        take_out(records, record);
        free(record);
    }
}

bool records_put(struct records *records, const struct delegation *report, uint64_t number, uint64_t now)
{
    pthread_mutex_lock(&records->lock);
    struct record *record = find(records, &report->key);
    if (record != NULL)
        take_out(records, record);
    make_room(records, now);
    if (record == NULL)
        record = malloc(sizeof *record);
    if (record != NULL) {
        record->number = number;
        record->time = now;
        record->report = *report;
        put_in(records, record);
    }
    pthread_mutex_unlock(&records->lock);
    return record != NULL;
}

bool records_find(struct records *records, const struct delegation_key *key, uint64_t behind,
                  struct delegation *found)
{
    pthread_mutex_lock(&records->lock);
    const struct record *record = find(records, key);
    bool counts = record != NULL && record->number > behind;
    if (counts)
        *found = record->report;
    pthread_mutex_unlock(&records->lock);
    return counts;
}

size_t records_count(struct records *records)
{
    pthread_mutex_lock(&records->lock);
    size_t count = records->count;
    pthread_mutex_unlock(&records->lock);
    return count;
}

void records_free(struct records *records)
{
    if (records == NULL)
        return;
    for (struct record *record = records->oldest, *newer; record != NULL; record = newer) {
        newer = record->newer;
        free(record);
    }
    pthread_mutex_destroy(&records->lock);
    free(records->buckets);
    free(records);
}
