/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts partners' mail that is exempt because of its client, and warns of it once an hour. With a content
 * filter such mail is normal; with a proxy, or in a container that hides the clients' addresses, it means
 * that nothing is judged. The milter cannot see which it is; the administrator can. There is no thread: the
 * hour ends with the first mail after it.
 */
#include "milter/exempt.h"

#include <pthread.h>
#include <string.h>
#include <syslog.h>
#include "milter/log.h"
#include "policy/names/date.h"

static struct {
    pthread_mutex_t lock;
    struct exempt_sum sum;
    struct network client; /* of the last mail, while client_known */
    bool client_known;
} noted = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool is_listed(const char *list, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = list; *at != '\0'; at += strcspn(at, ",") + (at[strcspn(at, ",")] != '\0'))
        if (strcspn(at, ",") == length && strncmp(at, name, length) == 0)
            return true;
    return false;
}

static void add_partner(struct exempt_sum *sum, const char *name)
{
    size_t length = strlen(sum->partners);
    char *end = sum->partners + length;

    if (is_listed(sum->partners, name) || is_listed(sum->partners, "..."))
        return;
    if (length + strlen(name) + sizeof ",,..." > sizeof sum->partners)
        name = "...";
    if (length != 0)
        end = stpcpy(end, ",");
    strcpy(end, name);
}

bool exempt_count(struct exempt_sum *sum, const struct verdict *verdict, int64_t now)
{
    sum->count++;
    for (size_t i = 0; i < verdict->partner_count; i++)
        if (verdict->partner[i].outcome != OUTCOME_OFF)
            add_partner(sum, partner_name(verdict->partner[i].partner));
    return !sum->warned || now < sum->since || now - sum->since >= EXEMPT_INTERVAL;
}

void exempt_warned(struct exempt_sum *sum, int64_t now)
{
    *sum = (struct exempt_sum){.warned = true, .since = now};
}

/* The caller holds the lock. */
static void warn(int64_t now)
{
    char since[32], client[64] = "";
    struct log_line line;

    date_format_whole(noted.sum.warned ? noted.sum.since : now, since);
    if (noted.client_known)
        network_format(&noted.client, client);
    log_begin(&line, "exempt");
    log_number(&line, "count", noted.sum.count);
    log_quoted(&line, "partners", noted.sum.partners);
    log_quoted(&line, "client", noted.client_known ? client : NULL);
    log_quoted(&line, "since", since);
    log_text(&line, "text",
             "mail of partners was not judged, because exempt.clients lists the client: this is right for a "
             "content filter; if a proxy or a container hides the clients, set exempt: {clients: []}");
    log_write(LOG_WARNING, &line);
    exempt_warned(&noted.sum, now);
}

void exempt_note(const struct verdict *verdict, const struct facts *facts, int64_t now)
{
    pthread_mutex_lock(&noted.lock);
    noted.client_known = facts->client_known;
    if (facts->client_known)
        noted.client = facts->client;
    if (exempt_count(&noted.sum, verdict, now))
        warn(now);
    pthread_mutex_unlock(&noted.lock);
}

void exempt_finish(int64_t now)
{
    pthread_mutex_lock(&noted.lock);
    if (noted.sum.count != 0)
        warn(now);
    pthread_mutex_unlock(&noted.lock);
}
