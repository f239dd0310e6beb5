/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the daemon ends, from top to bottom: a signal asks for it; libmilter stops accepting; sessions under
 * way go on to their end, or to a deadline; libmilter is stopped. The listeners of reports, of outbound and
 * of the status serve until then; main.c ends them.
 */
#include "milter/drain.h"

#include <libmilter/mfapi.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <syslog.h>
#include <unistd.h>
#include "milter/accepting.h"
#include "milter/counters.h"
#include "milter/log.h"
#include "milter/monotonic.h"
#include "milter/notify.h"
#include "milter/outbound/listener.h"
#include "milter/sums.h"

enum {
    TICK_MS = 10,
    NEGOTIATION_MS = 2000, /* from then on, connections that have said nothing are not waited for */
    WAKE = SIGURG          /* if nothing handles it, it does nothing */
};

/* One per process, as there is one libmilter: signal handlers are given no pointer. */
static struct {
    pthread_t thread; /* libmilter's */
    sem_t news;       /* somebody asked for the end, or libmilter ended */
    atomic_uint terms;
    atomic_bool asked, at_once, ended;
    int answer; /* what smfi_main() returned */
} work;

/* ---- Who asks ---- */

static sigset_t end_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    return signals;
}

void drain_block_signals(void)
{
    sigset_t blocked = end_signals();

    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
}

void drain_ask(void)
{
    atomic_store(&work.asked, true);
    sem_post(&work.news);
}

bool drain_is_on(void)
{
    return atomic_load(&work.asked);
}

static void note_signal(int signal)
{
    if (signal == SIGINT || (signal == SIGTERM && atomic_fetch_add(&work.terms, 1) > 0))
        atomic_store(&work.at_once, true);
    drain_ask();
}

static void ignore(int signal)
{
    (void)signal;
}

/*
 * A thread of libmilter waits for TERM, HUP and INT, and stops without a drain when it gets one. It waits by
 * sigwait(3), which this function replaces. Nothing else in this program calls sigwait(3).
 */
int sigwait(const sigset_t *signals, int *number)
{
    (void)signals;
    (void)number;
    for (;;)
        pause();
}

/* No other thread takes these signals: see drain_block_signals() and sigwait(). */
static void take_signals(void)
{
    struct sigaction noted = {.sa_handler = note_signal}, ignored = {.sa_handler = ignore};
    sigset_t taken = end_signals();

    sigaction(SIGHUP, &noted, NULL);
    sigaction(SIGTERM, &noted, NULL);
    sigaction(SIGINT, &noted, NULL);
    sigaction(WAKE, &ignored, NULL);
    pthread_sigmask(SIG_UNBLOCK, &taken, NULL);
}

/* ---- The drain ---- */

/* Interrupts poll(2) in libmilter's listener: it may wait for 5 seconds on the socket that was replaced. */
static void wake_libmilter(void)
{
    pthread_kill(work.thread, WAKE);
}

static void log_drain(unsigned seconds)
{
    struct log_line line;

    log_begin(&line, "drain");
    log_number(&line, "sessions", counters_read().sessions);
    log_number(&line, "seconds", seconds);
    log_policy(&line);
    log_write(LOG_NOTICE, &line);
}

/* Whether nobody waits for us: no session, no outbound request, no connection that may begin one. */
static bool is_quiet(int64_t passed)
{
    return counters_read().sessions == 0 && !outbound_listener_is_asking()
           && (passed > NEGOTIATION_MS
               || (accepting_connections() == 0 && !outbound_listener_has_newcomers()));
}

/* A connection that is being accepted shows only a moment later: so it must be quiet twice. */
static void wait_for_sessions(unsigned seconds)
{
    int64_t begun = monotonic_ms(CLOCK_MONOTONIC), passed = 0;
    int quiet = 0;

    while (quiet < 2 && passed < seconds * INT64_C(1000) && !atomic_load(&work.at_once)) {
        wake_libmilter();
        poll(NULL, 0, TICK_MS);
        passed = monotonic_ms(CLOCK_MONOTONIC) - begun;
        quiet = is_quiet(passed) ? quiet + 1 : 0;
    }
}

static void warn_of_no_drain(void)
{
    struct log_line line;

    log_begin(&line, "warning");
    log_text(&line, "text", "no drain: neither the socket's directory nor /tmp can be written");
    log_write(LOG_WARNING, &line);
}

static void drain(unsigned seconds)
{
    outbound_listener_stop_accepting();
    if (!accepting_stop()) {
        warn_of_no_drain();
        return;
    }
    log_drain(seconds);
    wait_for_sessions(seconds);
}

/* ---- libmilter ---- */

/* Runs even if the end was asked for before: those who connected until then are served. */
static void *run_libmilter(void *unused)
{
    work.answer = smfi_main();
    atomic_store(&work.ended, true);
    sem_post(&work.news);
    return unused;
}

static void *stop_libmilter(void *unused)
{
    smfi_stop();
    return unused;
}

/* smfi_stop() waits for the listener's poll(2): another thread calls it, and this one interrupts poll(2). */
static void end_libmilter(void)
{
    pthread_t stopper;
    bool started;

    if (atomic_load(&work.ended))
        return;
    started = pthread_create(&stopper, NULL, stop_libmilter, NULL) == 0;
    if (!started)
        smfi_stop();
    while (!atomic_load(&work.ended)) {
        wake_libmilter();
        poll(NULL, 0, TICK_MS);
    }
    if (started)
        pthread_join(stopper, NULL);
}

enum work_end drain_work(unsigned seconds)
{
    bool asked;

    sem_init(&work.news, 0, 0);
    if (pthread_create(&work.thread, NULL, run_libmilter, NULL) != 0)
        return WORK_NO_THREAD;
    take_signals();
    sums_wait(&work.news);
    notify_send("STOPPING=1");
    if (drain_is_on() && !atomic_load(&work.at_once))
        drain(seconds);
    else
        accepting_stop();
    asked = drain_is_on();
    if (asked)
        end_libmilter();
    pthread_join(work.thread, NULL);
    return asked || work.answer == MI_SUCCESS ? WORK_STOPPED : WORK_FAILED;
}
