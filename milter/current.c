/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The policy in force. Sessions hold counted references, so the policy can be replaced at any time: a new one
 * is loaded beside the old one, outside any lock, and replaces it whole or not at all. A thread waits for
 * SIGUSR1 (HUP, TERM and INT end the daemon) and, if the policy has `watch`, for changes of the files. This
 * file does not know what a policy says of partners.
 */
#include "milter/current.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include "milter/changes.h"
#include "milter/findings.h"
#include "milter/log.h"
#include "milter/reloads.h"
#include "milter/report/match.h"
#include "milter/watch.h"

enum { STOP_SECONDS = 2, RELOAD_STACK = 2 << 20, TRIES = 3 };

/* One policy in force per process: libmilter's callbacks are given no pointer to it. */
static struct {
    pthread_mutex_t lock; /* held between reading the pointer and counting the reference */
    _Atomic(struct policy *) policy;
    int64_t since;
    atomic_uint alive; /* all policies in memory, with those that sessions still hold */
} current = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct {
    pthread_t thread;
    bool started;
    atomic_bool stopping;
    const char *path;
    struct watch *watch;
    /* the sockets with which the daemon started; NULL: none */
    char *socket, *postfix_facts, *outbound, *outbound_upstream, *status;
    bool shared_directory;
} reload;

void current_log_diag(void *unused, const struct diag *diag)
{
    bool error = diag->severity == SEVERITY_ERROR;
    struct log_line line;

    (void)unused;
    log_begin(&line, "policy");
    log_word(&line, "severity", error ? "error" : "warning");
    log_text(&line, "file", diag->place.file);
    log_number(&line, "line", diag->place.line);
    log_number(&line, "column", diag->place.column);
    log_text(&line, "text", diag->text);
    log_write(error ? LOG_ERR : LOG_WARNING, &line);
}

/* As current_load(); *looked_at as by policy_load_noting(). */
static struct policy *load_noting(const char *path, struct disk **looked_at, diag_fn *diag, void *arg)
{
    struct policy *policy = policy_load_noting(path, looked_at, diag, arg);

    if (policy == NULL)
        return NULL;
    policy_count_in(policy, &current.alive);
    policy_warn(policy, time(NULL), diag, arg);
    return policy;
}

struct policy *current_load(const char *path, diag_fn *diag, void *arg)
{
    struct disk *looked_at;
    struct policy *policy = load_noting(path, &looked_at, diag, arg);

    disk_unref(looked_at);
    return policy;
}

unsigned current_policies_alive(void)
{
    return atomic_load_explicit(&current.alive, memory_order_relaxed);
}

void current_replace(struct policy *policy)
{
    struct policy *old;

    pthread_mutex_lock(&current.lock);
    old = atomic_exchange(&current.policy, policy);
    current.since = (int64_t)time(NULL);
    pthread_mutex_unlock(&current.lock);
    log_name_policy(policy_digest(policy));
    policy_unref(old);
}

struct policy *current_get(void)
{
    struct policy *policy;

    pthread_mutex_lock(&current.lock);
    policy = policy_ref(atomic_load(&current.policy));
    pthread_mutex_unlock(&current.lock);
    return policy;
}

struct policy *current_get_loaded(int64_t *since)
{
    struct policy *policy;

    pthread_mutex_lock(&current.lock);
    policy = policy_ref(atomic_load(&current.policy));
    *since = current.since;
    pthread_mutex_unlock(&current.lock);
    return policy;
}

static void warn_at(struct place place, const char *text)
{
    struct diag diag = {SEVERITY_WARNING, place, text, NULL};

    if (place.file == NULL)
        diag.place.file = reload.path;
    current_log_diag(NULL, &diag);
}

/* Compares two settings; NULL: not set. */
static bool differs(const char *old, const char *new)
{
    return strcmp(old != NULL ? old : "", new != NULL ? new : "") != 0;
}

/* Warns of changed settings that a running daemon cannot follow. */
static void warn_of_restart(const struct policy *policy)
{
    const struct milter_settings *settings = policy_milter(policy);

    if (reload.socket != NULL && strcmp(settings->socket, reload.socket) != 0)
        warn_at(settings->socket_place, "a changed socket needs a restart");
    if (differs(reload.postfix_facts, settings->postfix_facts))
        warn_at(settings->postfix_facts_place, "a changed postfix_facts needs a restart");
    if (differs(reload.outbound, settings->outbound))
        warn_at(settings->outbound_place, "a changed outbound needs a restart");
    if (differs(reload.outbound_upstream, settings->outbound_upstream))
        warn_at(settings->outbound_upstream_place, "a changed outbound_upstream needs a restart");
    if (differs(reload.status, settings->status))
        warn_at(settings->status_place, "a changed status needs a restart");
    if (reload.shared_directory != settings->shared_directory)
        warn_at(settings->shared_directory_place, "a changed shared_directory needs a restart");
}

/* What a reload read. */
struct reading {
    bool watched;           /* nobody asked for it: the files changed */
    bool one_version;       /* no file changed while they were read */
    struct disk *looked_at; /* or NULL */
    struct policy *policy;  /* or NULL: it does not load, or may not replace the old one */
    struct changes changes; /* from the old policy to that one */
};

/* Loads the policy, again if its files changed meanwhile: all that is read must be of one version. */
static void read_policy(struct reading *reading)
{
    struct findings findings = {.count = 0};

    for (unsigned tries = 1;; tries++) {
        reading->policy = load_noting(reload.path, &reading->looked_at, findings_keep, &findings);
        reading->one_version = reading->looked_at == NULL || !disk_has_changed(reading->looked_at);
        if (reading->one_version || tries == TRIES)
            break;
        policy_unref(reading->policy);
        disk_unref(reading->looked_at);
        findings_clear(&findings);
    }
    findings_each(&findings, reload.path, reloads_diag, NULL);
    findings_clear(&findings);
}

/* Reports a doubt: a warning if somebody asked for the reload, else an error, which keeps the old policy. */
static void doubt(struct reading *reading, const char *text)
{
    struct diag diag = {SEVERITY_WARNING, {reload.path, 0, 0}, text, NULL};

    if (reading->watched) {
        diag.severity = SEVERITY_ERROR;
        policy_unref(reading->policy);
        reading->policy = NULL;
    }
    reloads_diag(NULL, &diag);
}

/* Decides whether a policy that loads may replace the old one. */
static void doubt_policy(struct reading *reading, const struct policy *old)
{
    const struct changes *changes = &reading->changes;
    size_t count = policy_partner_count(old);
    char text[256];

    if (!reading->one_version) {
        snprintf(text, sizeof text, "the files changed while they were read, %d times", TRIES);
        doubt(reading, text);
    } else if (!changes->known) {
        doubt(reading, "out of memory over which partners are removed");
    } else if (2 * changes->removed.count > count) {
        snprintf(text, sizeof text, "%zu of %zu partners %s removed, more than half%s",
                 changes->removed.count, count, reading->watched ? "would be" : "are",
                 reading->watched ? "; \"forcetls reload\" puts the new policy in force" : "");
        doubt(reading, text);
    }
}

static void put_in_force(struct log_line *line, const struct reading *reading)
{
    struct policy *new = reading->policy;
    char text[RELOAD_TEXT];

    changes_describe(&reading->changes, policy_partner_count(new), text);
    log_number(line, "partners", policy_partner_count(new));
    changes_log(line, &reading->changes);
    warn_of_restart(new);
    reloads_note(new, text);
    current_replace(new);
    report_match_log_again();
}

/* Watches the files that were looked at, if the policy in force says so. */
static void watch_files(struct disk *looked_at)
{
    struct policy *policy = current_get();

    watch_end_load(reload.watch, looked_at, policy_milter(policy)->watch);
    policy_unref(policy);
}

static void reload_policy(bool watched)
{
    struct reading reading = {.watched = watched};
    struct policy *old;
    struct log_line line;
    bool loaded;

    reloads_begin();
    watch_begin_load(reload.watch);
    old = current_get();
    read_policy(&reading);
    if (reading.policy != NULL) {
        changes_find(&reading.changes, old, reading.policy);
        doubt_policy(&reading, old);
    }
    loaded = reading.policy != NULL;
    log_begin(&line, "reload");
    log_word(&line, "result", loaded ? "loaded" : "failed");
    if (loaded) {
        put_in_force(&line, &reading);
    } else {
        log_text(&line, "file", reload.path);
        log_number(&line, "kept", policy_partner_count(old));
        reloads_note_failed(old);
    }
    policy_unref(old);
    if (loaded)
        malloc_trim(0); /* a large policy's memory is of no use to small sessions */
    log_word(&line, "by", watched ? "watch" : "request");
    log_policy(&line);
    watch_files(reading.looked_at);
    reloads_end();
    log_write(loaded ? LOG_NOTICE : LOG_ERR, &line);
}

uint64_t current_ask_reload(void)
{
    uint64_t next = reloads_next();

    pthread_kill(reload.thread, SIGUSR1);
    return next;
}

static void *wait_for_reloads(void *unused)
{
    struct policy *begun_with = current_get();
    struct disk *disk = policy_disk(begun_with);

    policy_unref(begun_with);
    watch_files(disk);
    for (;;) {
        bool watched = watch_wait(reload.watch);

        if (atomic_load(&reload.stopping))
            return unused;
        reload_policy(watched);
    }
}

/* Copies a text; NULL stays NULL. False: out of memory. */
static bool keep(char **copy, const char *text)
{
    *copy = text != NULL ? strdup(text) : NULL;
    return text == NULL || *copy != NULL;
}

bool current_start(const char *path, const struct milter_settings *begun_with)
{
    pthread_attr_t attributes;

    reload.path = path;
    reload.shared_directory = begun_with->shared_directory;
    if (!keep(&reload.socket, begun_with->socket) || !keep(&reload.postfix_facts, begun_with->postfix_facts)
        || !keep(&reload.outbound, begun_with->outbound)
        || !keep(&reload.outbound_upstream, begun_with->outbound_upstream)
        || !keep(&reload.status, begun_with->status) || (reload.watch = watch_new()) == NULL
        || pthread_attr_init(&attributes) != 0)
        return false;
    pthread_attr_setstacksize(&attributes, RELOAD_STACK);
    reload.started = pthread_create(&reload.thread, &attributes, wait_for_reloads, NULL) == 0;
    pthread_attr_destroy(&attributes);
    return reload.started;
}

bool current_stop(void)
{
    struct timespec deadline;

    if (!reload.started)
        return true;
    atomic_store(&reload.stopping, true);
    pthread_kill(reload.thread, SIGUSR1);

    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += STOP_SECONDS;
    reload.started = pthread_timedjoin_np(reload.thread, NULL, &deadline) != 0;
    if (!reload.started) {
        free(reload.socket);
        free(reload.postfix_facts);
        free(reload.outbound);
        free(reload.outbound_upstream);
        free(reload.status);
        watch_free(reload.watch);
    }
    return !reload.started;
}
