/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The connections of those who ask: how many there may be, which one goes where one too many comes, and when
 * each is freed. Knows nothing of what they ask.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <syslog.h>
#include <unistd.h>
#include "milter/outbound/internal.h"
#include "milter/log.h"

enum {
    SILENT_PART = 8, /* of all connections, this part may be silent before those go first */
    WARNED_MS = 60000,
};

bool askers_watch(const struct askers *askers, int operation, int fd, uint32_t events, void *what)
{
    struct epoll_event wanted = {.events = events, .data.ptr = what};

    return epoll_ctl(askers->events, operation, fd, &wanted) == 0;
}

bool askers_await(const struct askers *askers, struct asker *asker, uint32_t events)
{
    if (asker->awaited == events)
        return true;
    asker->awaited = events;
    return askers_watch(askers, EPOLL_CTL_MOD, asker->fd, events, asker);
}

bool askers_begin(struct askers *askers, int events, size_t max)
{
    *askers = (struct askers){.events = events, .max = max, .buffer = malloc(PART)};
    return askers->buffer != NULL;
}

static struct asker_list *list_of(struct askers *askers, const struct asker *asker)
{
    return asker->is_served ? &askers->served : &askers->silent;
}

static void unlink_asker(struct askers *askers, struct asker *asker)
{
    struct asker_list *list = list_of(askers, asker);

    *(asker->older != NULL ? &asker->older->newer : &list->oldest) = asker->newer;
    *(asker->newer != NULL ? &asker->newer->older : &list->newest) = asker->older;
    list->count--;
}

/* Appends it to its list: the newest. */
static void link_asker(struct askers *askers, struct asker *asker)
{
    struct asker_list *list = list_of(askers, asker);

    asker->older = list->newest;
    asker->newer = NULL;
    *(list->newest != NULL ? &list->newest->newer : &list->oldest) = asker;
    list->newest = asker;
    list->count++;
}

void askers_renew(struct askers *askers, struct asker *asker)
{
    unlink_asker(askers, asker);
    asker->is_served = true;
    link_asker(askers, asker);
}

/* Once a minute at most. */
static void warn_of_displaced(struct askers *askers, int64_t now)
{
    struct log_line line;

    if (askers->warned != 0 && now - askers->warned < WARNED_MS)
        return;
    askers->warned = now;
    log_begin(&line, "warning");
    log_text(&line, "text", "too many connections to outbound, the oldest are closed");
    log_write(LOG_WARNING, &line);
}

/* Postfix sends its request at once: strangers that say nothing displace each other, and none of its own. */
void askers_displace(struct askers *askers, int64_t now)
{
    bool silent = askers->silent.count > askers->max / SILENT_PART || askers->served.count == 0;
    struct asker *oldest = silent ? askers->silent.oldest : askers->served.oldest;

    if (oldest == NULL)
        return;
    warn_of_displaced(askers, now);
    askers_hang_up(askers, oldest);
}

void askers_add(struct askers *askers, int fd, int64_t now)
{
    struct asker *asker = calloc(1, sizeof *asker);

    if (asker != NULL) {
        asker->watched = WATCHED_ASKER;
        asker->fd = fd;
        asker->awaited = EPOLLIN;
    }
    if (asker == NULL || !askers_watch(askers, EPOLL_CTL_ADD, fd, EPOLLIN, asker)) {
        free(asker);
        close(fd);
        return;
    }
    if (askers->silent.count + askers->served.count >= askers->max)
        askers_displace(askers, now);
    link_asker(askers, asker);
}

void askers_hang_up(struct askers *askers, struct asker *asker)
{
    if (asker->query != NULL)
        queries_forget(askers, asker->query);
    unlink_asker(askers, asker);
    close(asker->fd);
    asker->fd = -1;
    asker->newer = askers->gone;
    askers->gone = asker;
}

void askers_sweep(struct askers *askers)
{
    struct asker *asker;
    struct query *query;

    while ((query = askers->done) != NULL) {
        askers->done = query->next;
        queries_free(query);
    }
    while ((asker = askers->gone) != NULL) {
        askers->gone = asker->newer;
        octets_clear(&asker->input);
        octets_clear(&asker->output);
        free(asker);
    }
}

void askers_end(struct askers *askers)
{
    while (askers->silent.oldest != NULL)
        askers_hang_up(askers, askers->silent.oldest);
    while (askers->served.oldest != NULL)
        askers_hang_up(askers, askers->served.oldest);
    askers_sweep(askers);
    while (askers->idle_count > 0)
        close(askers->idle[--askers->idle_count]);
    free(askers->buffer);
    askers->buffer = NULL;
}
