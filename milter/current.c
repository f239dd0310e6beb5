/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The policy in force. Sessions hold counted references, so a new one can be
 * put in place at any time: it is loaded beside the old one, outside any lock,
 * and exchanged whole or not at all. A thread of its own waits for SIGUSR1 (libmilter
 * keeps HUP, TERM and INT for itself). What a policy says is not known here.
 */
#include "milter/current.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include "milter/join.h"
#include "milter/log.h"

enum { NAMES_SHOWN = 20, STOP_SECONDS = 2, RELOAD_STACK = 2 << 20 };

/* The process has one policy in force; libmilter's callbacks have no other way to it. */
static struct {
    pthread_mutex_t lock; /* between reading the pointer and counting the reference */
    _Atomic(struct policy *) policy;
} current = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct {
    pthread_t thread;
    bool started;
    atomic_bool stopping;
    const char *path;
    char *socket, *postfix_facts; /* where the daemon listens by the policy then in force; or NULL */
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

struct policy *current_load(const char *path, diag_fn *diag, void *arg)
{
    struct policy *policy = policy_load(path, diag, arg);
    if (policy != NULL)
        policy_warn(policy, time(NULL), diag, arg);
    return policy;
}

void current_replace(struct policy *policy)
{
    pthread_mutex_lock(&current.lock);
    struct policy *old = atomic_exchange(&current.policy, policy);
    pthread_mutex_unlock(&current.lock);
    policy_unref(old);
}

struct policy *current_get(void)
{
    pthread_mutex_lock(&current.lock);
    struct policy *policy = policy_ref(atomic_load(&current.policy));
    pthread_mutex_unlock(&current.lock);
    return policy;
}

/* Names of partners that are only in one of two policies. */
struct difference {
    char names[LOG_VALUE_MAX * 4];
    size_t count, length, shown;
};

static void add_difference(void *arg, const struct partner *partner)
{
    struct difference *difference = arg;
    const char *name = partner_name(partner);
    size_t length = difference->length;
    if (difference->shown == difference->count && difference->shown < NAMES_SHOWN
        && length + strlen(name) + sizeof ",..." < sizeof difference->names) {
        char *end = stpcpy(stpcpy(difference->names + length, difference->count ? "," : ""), name);
        difference->length = (size_t)(end - difference->names);
        difference->shown++;
    }
    difference->count++;
}

/* Lists the partners of `policy` that `other` has not, and counts them. */
static void log_partners_only_in(struct log_line *line, const char *key, const struct policy *policy,
                                 const struct policy *other)
{
    struct difference difference = {.count = 0};
    char count_key[32] = "";
    if (!policy_each_missing(policy, other, add_difference, &difference)) {
        log_text(line, key, "out of memory");
        return;
    }
    if (difference.shown < difference.count)
        strcpy(difference.names + difference.length, difference.shown ? ",..." : "...");
    log_text(line, key, difference.names);
    log_number(line, strcat(strcpy(count_key, key), "_count"), difference.count);
}

static void warn_at(struct place place, const char *text)
{
    struct diag diag = {SEVERITY_WARNING, place, text, NULL};
    if (place.file == NULL)
        diag.place.file = reload.path;
    current_log_diag(NULL, &diag);
}

/* What a running daemon cannot follow. */
static void warn_of_restart(const struct policy *policy)
{
    const struct milter_settings *settings = policy_milter(policy);
    const char *old = reload.postfix_facts, *new = settings->postfix_facts;
    if (reload.socket != NULL && strcmp(settings->socket, reload.socket) != 0)
        warn_at(settings->socket_place, "a changed socket needs a restart");
    if (strcmp(old != NULL ? old : "", new != NULL ? new : "") != 0)
        warn_at(settings->postfix_facts_place, "a changed postfix_facts needs a restart");
}

static void reload_policy(void)
{
    struct policy *old = current_get();
    struct policy *new = current_load(reload.path, current_log_diag, NULL);
    struct log_line line;
    log_begin(&line, "reload");
    log_word(&line, "result", new != NULL ? "loaded" : "failed");
    if (new != NULL) {
        log_number(&line, "partners", policy_partner_count(new));
        log_partners_only_in(&line, "added", new, old);
        log_partners_only_in(&line, "removed", old, new);
        warn_of_restart(new);
        current_replace(new);
        join_tell_again();
    } else {
        log_text(&line, "policy", reload.path);
        log_number(&line, "kept", policy_partner_count(old));
    }
    log_write(new != NULL ? LOG_NOTICE : LOG_ERR, &line);
    policy_unref(old);
    if (new != NULL)
        malloc_trim(0); /* a large policy's memory is of no use to small sessions */
}

static void *wait_for_reloads(void *unused)
{
    sigset_t wanted;
    int received;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGUSR1);
    while (sigwait(&wanted, &received) == 0 && !atomic_load(&reload.stopping))
        reload_policy();
    return unused;
}

/* False: out of memory. NULL is kept as such. */
static bool keep(char **copy, const char *text)
{
    *copy = text != NULL ? strdup(text) : NULL;
    return text == NULL || *copy != NULL;
}

bool current_start(const char *path, const struct milter_settings *begun_with)
{
    pthread_attr_t attributes;
    reload.path = path;
    if (!keep(&reload.socket, begun_with->socket) || !keep(&reload.postfix_facts, begun_with->postfix_facts)
        || pthread_attr_init(&attributes) != 0)
        return false;
    pthread_attr_setstacksize(&attributes, RELOAD_STACK);
    reload.started = pthread_create(&reload.thread, &attributes, wait_for_reloads, NULL) == 0;
    pthread_attr_destroy(&attributes);
    return reload.started;
}

bool current_stop(void)
{
    if (!reload.started)
        return true;
    atomic_store(&reload.stopping, true);
    pthread_kill(reload.thread, SIGUSR1);

    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += STOP_SECONDS;
    reload.started = pthread_timedjoin_np(reload.thread, NULL, &deadline) != 0;
    if (!reload.started) {
        free(reload.socket);
        free(reload.postfix_facts);
    }
    return !reload.started;
}
