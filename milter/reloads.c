/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Remembers how reloads end. A reload that is asked for while another one runs must be a new one, because the
 * running one may have read the files before they were written. So each has a number, and a client waits for
 * the number that is its own.
 */
#include "milter/reloads.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include "milter/current.h"

/* One per process: the reload thread and the status thread share it. */
static struct {
    pthread_mutex_t lock;
    uint64_t begun;
    struct reload_result running; /* only the reload thread uses it */
    struct reload_result last;
} reloads = {.lock = PTHREAD_MUTEX_INITIALIZER};

void reloads_begin(void)
{
    pthread_mutex_lock(&reloads.lock);
    reloads.running = (struct reload_result){.number = ++reloads.begun};
    pthread_mutex_unlock(&reloads.lock);
}

void reloads_diag(void *unused, const struct diag *diag)
{
    struct reload_result *running = &reloads.running;
    struct reload_finding *finding = &running->finding[running->finding_count];

    current_log_diag(unused, diag);
    if (diag->severity != SEVERITY_ERROR)
        return;
    running->errors++;
    if (running->finding_count == RELOAD_FINDINGS)
        return;
    running->finding_count++;
    finding->line = diag->place.line;
    finding->column = diag->place.column;
    snprintf(finding->file, sizeof finding->file, "%s", diag->place.file);
    snprintf(finding->text, sizeof finding->text, "%s", diag->text);
}

static void describe_failed(struct reload_result *result)
{
    const struct reload_finding *first = &result->finding[0];
    char more[48] = "";

    if (result->finding_count == 0) {
        snprintf(result->text, sizeof result->text, "the policy did not load");
        return;
    }
    if (result->errors > 1)
        snprintf(more, sizeof more, " (%u errors)", result->errors);
    if (first->line == 0)
        snprintf(result->text, sizeof result->text, "%.255s: %.511s%s", first->file, first->text, more);
    else
        snprintf(result->text, sizeof result->text, "%.255s:%u:%u: %.511s%s", first->file, first->line,
                 first->column, first->text, more);
}

static void note(const struct policy *policy)
{
    snprintf(reloads.running.digest, sizeof reloads.running.digest, "%s", policy_digest(policy));
}

void reloads_note(const struct policy *policy, const char *text)
{
    note(policy);
    reloads.running.loaded = true;
    snprintf(reloads.running.text, sizeof reloads.running.text, "%s", text);
}

void reloads_note_failed(const struct policy *kept)
{
    note(kept);
    describe_failed(&reloads.running);
}

void reloads_end(void)
{
    reloads.running.time = (int64_t)time(NULL);
    pthread_mutex_lock(&reloads.lock);
    reloads.last = reloads.running;
    pthread_mutex_unlock(&reloads.lock);
}

uint64_t reloads_next(void)
{
    uint64_t next;

    pthread_mutex_lock(&reloads.lock);
    next = reloads.begun + 1;
    pthread_mutex_unlock(&reloads.lock);
    return next;
}

uint64_t reloads_ended(void)
{
    uint64_t ended;

    pthread_mutex_lock(&reloads.lock);
    ended = reloads.last.number;
    pthread_mutex_unlock(&reloads.lock);
    return ended;
}

void reloads_read(struct reload_result *result)
{
    pthread_mutex_lock(&reloads.lock);
    *result = reloads.last;
    pthread_mutex_unlock(&reloads.lock);
}
