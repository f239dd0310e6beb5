/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * forcetls-milter: the order of its start and of its end. Everything else is
 * in libfilter.a (the conversation with the MTA) and libpolicy.a (what
 * partners are owed).
 */
#include <libmilter/mfapi.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#include "milter/callbacks.h"
#include "milter/current.h"
#include "milter/exempt.h"
#include "milter/limits.h"
#include "milter/listener.h"
#include "milter/log.h"
#include "milter/notify.h"
#include "milter/options.h"
#include "milter/socket.h"
#include "policy/yaml/diag_show.h"

enum { BACKLOG = 1024 };

static void log_event(int priority, const char *event, const char *key, const char *text)
{
    struct log_line line;
    log_begin(&line, event);
    log_text(&line, key, text);
    log_write(priority, &line);
}

static void print_diag(void *show, const struct diag *diag)
{
    diag_show(show, diag);
}

/* Why there is no start is told to whoever started the daemon, too. */
static int fail(const struct options *options, int status, const char *text)
{
    log_event(LOG_ERR, "error", "text", text);
    if (!options->to_stderr)
        fprintf(stderr, "forcetls-milter: %s\n", text);
    return status;
}

static void tell_diag(void *options, const struct diag *diag)
{
    current_log_diag(NULL, diag);
    if (!((const struct options *)options)->to_stderr && diag->severity == SEVERITY_ERROR)
        diag_show(&(struct diag_show){.stream = stderr}, diag);
}

static int check_policy(const struct options *options)
{
    struct diag_show show = {.stream = stderr, .source = isatty(STDERR_FILENO) != 0};
    struct policy *policy = current_load(options->policy, print_diag, &show);
    diag_show_end(&show);
    policy_unref(policy);
    return policy != NULL ? EX_OK : EX_CONFIG;
}

/* Those that end the daemon. */
static sigset_t stop_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    return signals;
}

/* The reload thread waits for USR1, for the end see run_until_stopped(): every thread must block them. */
static void block_signals(void)
{
    sigset_t blocked = stop_signals();
    sigaddset(&blocked, SIGPIPE);
    sigaddset(&blocked, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
}

/* Starts the listener of postfix_facts, where there is one. EX_OK, or the status to exit with, told. */
static int listen_to_postfix(const struct options *options, const char *spec)
{
    struct socket_problem problem;
    char text[512];
    if (spec == NULL)
        return EX_OK;
    enum socket_state state = listener_start(spec, &problem);
    if (state != SOCKET_GOOD) {
        snprintf(text, sizeof text, "postfix_facts '%s': %s", spec, problem.text);
        return fail(options, state == SOCKET_FAILED ? EX_CANTCREAT : EX_CONFIG, text);
    }
    log_event(LOG_NOTICE, "listening", "postfix_facts", spec);
    return EX_OK;
}

/* Opens the socket. EX_OK, or the status to exit with, told. */
static int listen_on(const struct options *options, const char *spec)
{
    struct socket_problem problem;
    char text[512];
    enum socket_state state = socket_prepare(spec, &problem);
    if (state != SOCKET_GOOD) {
        int refused = options->socket == NULL ? EX_CONFIG : EX_USAGE;
        snprintf(text, sizeof text, "socket '%s': %s", spec, problem.text);
        return fail(options, state == SOCKET_FAILED ? EX_CANTCREAT : refused, text);
    }
    if (smfi_setconn((char *)spec) != MI_SUCCESS || smfi_register(callbacks) != MI_SUCCESS
        || smfi_setbacklog(BACKLOG) != MI_SUCCESS)
        return fail(options, EX_SOFTWARE, "libmilter cannot be set up");
    if (smfi_opensocket(false) != MI_SUCCESS) {
        snprintf(text, sizeof text, "socket '%s' cannot be opened", spec);
        return fail(options, EX_CANTCREAT, text);
    }
    log_event(LOG_NOTICE, "listening", "socket", spec);
    return EX_OK;
}

static void log_start_event(const struct options *options, const struct policy *policy)
{
    struct log_line line;
    log_begin(&line, "start");
    log_word(&line, "version", PACKAGE_VERSION);
    log_text(&line, "policy", options->policy);
    log_number(&line, "partners", policy_partner_count(policy));
    log_write(LOG_NOTICE, &line);
}

/* libmilter's thread; a signal handler has no other way to it. */
static struct {
    sem_t begin, end;
    atomic_bool asked; /* somebody wants the end */
    int answer;        /* smfi_main()'s */
} work;

static void ask_for_end(int unused)
{
    (void)unused;
    atomic_store(&work.asked, true);
    sem_post(&work.end);
}

static void *run_libmilter(void *unused)
{
    while (sem_wait(&work.begin) != 0)
        continue;
    work.answer = smfi_main();
    sem_post(&work.end);
    return unused;
}

/* libmilter's own note of that it was told to stop; mfapi.h does not declare it, and some libmilter may lack it. */
extern int mi_stop(void) __attribute__((weak));

/*
 * libmilter's work until somebody asks for its end. libmilter waits for the signals itself, in a thread; but where
 * one comes at the wrong moment, as it begins or between two connections, smfi_main() fails. Linux gives a
 * process's signal to its first thread, unless that blocks it: so this one takes it, before libmilter
 * begins, and knows what was asked. Only as libmilter's thread begins to wait can it be the faster one: then
 * libmilter knows. EX_OK, or the status to exit with.
 */
static int run_until_stopped(const struct options *options)
{
    struct sigaction action = {.sa_handler = ask_for_end};
    sigset_t taken = stop_signals();
    pthread_t thread;
    sem_init(&work.begin, 0, 0);
    sem_init(&work.end, 0, 0);
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    if (pthread_create(&thread, NULL, run_libmilter, NULL) != 0)
        return fail(options, EX_OSERR, "libmilter's thread cannot be started");
    pthread_sigmask(SIG_UNBLOCK, &taken, NULL);
    sem_post(&work.begin);
    while (sem_wait(&work.end) != 0)
        continue;
    bool asked = atomic_load(&work.asked);
    if (asked)
        smfi_stop();
    pthread_join(thread, NULL);
    if (mi_stop != NULL && mi_stop() != 0)
        asked = true;
    return asked || work.answer == MI_SUCCESS ? EX_OK : EX_SOFTWARE;
}

/* To the end. The policy stays in force: callbacks may be under way when libmilter has stopped. */
static int serve(const struct options *options, struct policy *policy)
{
    struct milter_settings settings = *policy_milter(policy);
    const char *spec = options->socket != NULL ? options->socket : settings.socket;
    if (options->socket != NULL)
        settings.socket = NULL; /* the policy's word does not count */
    log_start_event(options, policy);
    current_replace(policy);
    int status = listen_to_postfix(options, settings.postfix_facts);
    if (status == EX_OK)
        status = listen_on(options, spec);
    if (status != EX_OK)
        return status;
    if (!current_start(options->policy, &settings))
        return fail(options, EX_OSERR, "the reload thread cannot be started");
    notify_send("READY=1");
    status = run_until_stopped(options);
    notify_send("STOPPING=1");
    exempt_finish(time(NULL));
    log_event(LOG_NOTICE, "stop", "text", status == EX_OK ? "asked to" : "libmilter failed");
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    block_signals();
    int status = options_read(&options, argc, argv);
    if (status >= 0)
        return status;
    if (options.check)
        return check_policy(&options);
    limits_set();
    if (!log_start(options.to_stderr)) {
        options.to_stderr = false; /* nobody will write what is logged */
        return fail(&options, EX_OSERR, "the log's thread cannot be started");
    }
    struct policy *policy = current_load(options.policy, tell_diag, &options);
    status = policy != NULL ? serve(&options, policy) : EX_CONFIG;
    listener_stop();
    bool reload_ended = current_stop();
    bool log_ended = log_stop();
    if (!reload_ended || !log_ended)
        _exit(status); /* a thread still runs: take nothing from under it */
    return status;
}
