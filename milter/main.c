/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * forcetls-milter: the order of its start and of its end. Everything else is in libfilter.a (the conversation
 * with the MTA) and libpolicy.a (what is required of partners).
 */
#include <stdbool.h> /* before mfapi.h, which defines a bool of its own */
#include <libmilter/mfapi.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#include "milter/accepting.h"
#include "milter/callbacks.h"
#include "milter/current.h"
#include "milter/drain.h"
#include "milter/exempt.h"
#include "milter/inherited.h"
#include "milter/limits.h"
#include "milter/log.h"
#include "milter/notify.h"
#include "milter/options.h"
#include "milter/outbound/listener.h"
#include "milter/report/listener.h"
#include "milter/socket.h"
#include "milter/status.h"
#include "milter/sums.h"
#include "policy/names/socket_form.h"
#include "policy/yaml/diag_show.h"

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

/* Reports why the daemon does not start; on stderr, too, for whoever started it. */
static int fail(const struct options *options, int status, const char *text)
{
    log_event(LOG_ERR, "error", "text", text);
    if (!options->to_stderr && !options->to_journal)
        fprintf(stderr, "forcetls-milter: %s\n", text);
    return status;
}

static void tell_diag(void *arg, const struct diag *diag)
{
    const struct options *options = arg;

    current_log_diag(NULL, diag);
    if (!options->to_stderr && !options->to_journal && diag->severity == SEVERITY_ERROR)
        diag_show(&(struct diag_show){.stream = stderr}, diag);
}

/* Reports that nobody will write what is logged. */
static int fail_without_log(const struct options *options)
{
    static const char text[] = "the log's thread cannot be started";

    fprintf(stderr, options->to_journal ? "event=error text=\"%s\"\n" : "forcetls-milter: %s\n", text);
    return EX_OSERR;
}

/* Warns on stderr that the log goes nowhere, as in a container. A syslog may still come. */
static void report_missing_syslog(const struct options *options)
{
    if (!options->to_stderr && !options->to_journal && access(_PATH_LOG, F_OK) != 0)
        fputs("forcetls-milter: there is no " _PATH_LOG
              ", so nothing is logged until there is; -e logs to standard error\n",
              stderr);
}

/* Checks the policy; the findings are lines of the log. */
static int check_policy_for_log(const struct options *options)
{
    struct policy *policy;
    int status;

    if (!log_start(true))
        return fail_without_log(options);
    policy = current_load(options->policy, current_log_diag, NULL);
    status = policy != NULL ? EX_OK : EX_CONFIG;
    policy_unref(policy);
    if (!log_stop())
        _exit(status); /* a thread still runs: free nothing that it uses */
    return status;
}

static int check_policy(const struct options *options)
{
    struct diag_show show = {.stream = stderr, .source = isatty(STDERR_FILENO) != 0};
    struct policy *policy;

    if (options->to_journal)
        return check_policy_for_log(options);
    policy = current_load(options->policy, print_diag, &show);
    diag_show_end(&show);
    policy_unref(policy);
    return policy != NULL ? EX_OK : EX_CONFIG;
}

/* All threads block these: the reload thread waits for USR1, drain_work() takes those that end the daemon. */
static void block_signals(void)
{
    sigset_t blocked;

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGPIPE);
    sigaddset(&blocked, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
    drain_block_signals();
}

/* Warns that others may write the directory of a socket, if the policy permits it. */
static void log_shared(const struct milter_settings *settings, const char *spec)
{
    char text[512];

    if (!settings->shared_directory || !socket_is_shared(spec))
        return;
    snprintf(text, sizeof text,
             "other users may write the directory of socket '%s', and put another socket there: "
             "milter.shared_directory permits it",
             spec);
    log_event(LOG_WARNING, "warning", "text", text);
}

/* Starts the listener of postfix_facts, if there is one. EX_OK, or the status to exit with, reported. */
static int listen_to_postfix(const struct options *options, const struct milter_settings *settings)
{
    const char *spec = settings->postfix_facts;
    struct socket_problem problem;
    char text[512];
    enum socket_state state;

    if (spec == NULL)
        return EX_OK;
    state = report_listener_start(spec, settings->shared_directory, &problem);
    if (state != SOCKET_GOOD) {
        snprintf(text, sizeof text, "postfix_facts '%s': %s", spec, problem.text);
        return fail(options, state == SOCKET_FAILED ? EX_CANTCREAT : EX_CONFIG, text);
    }
    log_event(LOG_NOTICE, "listening", "postfix_facts", spec);
    log_shared(settings, spec);
    return EX_OK;
}

/* Where the MTA connects, and the sockets that the service manager handed over. */
struct mta_place {
    const char *spec;
    bool shared; /* milter.shared_directory */
    struct inherited inherited[INHERITED_COUNT];
    struct socket_problem problem; /* of the inherited sockets */
};

/* Reports what is wrong with an inherited socket. */
static int fail_inherited(const struct options *options, const struct socket_problem *problem)
{
    char text[512];

    snprintf(text, sizeof text, "the service manager's socket: %s", problem->text);
    return fail(options, EX_CONFIG, text);
}

/* Whether two sockets are in the same place. An inet host may be written as a name: only the port counts. */
static bool is_same_place(const char *own, const char *other)
{
    const char *path = socket_form_path(own), *other_path = socket_form_path(other);
    const char *port = strchr(own, ':'), *other_port = strchr(other, ':');

    if (path != NULL && other_path != NULL)
        return strcmp(path, other_path) == 0;
    return path == NULL && other_path == NULL && port != NULL && other_port != NULL
           && strtol(port + 1, NULL, 10) == strtol(other_port + 1, NULL, 10);
}

/* Warns if an inherited socket is not where the policy or -s says. `own` NULL: they say nothing. */
static void compare_places(const char *own, const struct inherited *inherited)
{
    char text[512];

    if (own != NULL && is_same_place(own, inherited->spec))
        return;
    snprintf(text, sizeof text, "the service manager's socket is %.160s; that counts, and not %.160s",
             inherited->spec, own != NULL ? own : "a policy without outbound");
    log_event(LOG_WARNING, "warning", "text", text);
}

static void log_listening(const char *key, const char *spec, bool held)
{
    struct log_line line;

    log_begin(&line, "listening");
    log_text(&line, key, spec);
    if (held)
        log_word(&line, "held_by", "service_manager");
    log_write(LOG_NOTICE, &line);
}

/*
 * Starts the listener of outbound, if the policy or the service manager has a socket for it: nobody may wait
 * on one that is not served. EX_OK, or the status to exit with, reported.
 */
static int listen_for_outbound(const struct options *options, const struct milter_settings *settings,
                               const struct inherited *inherited)
{
    struct milter_settings own = *settings;
    struct socket_problem problem;
    char text[512];
    bool held = inherited->fd >= 0;
    enum socket_state state;

    if (held) {
        compare_places(own.outbound, inherited);
        own.outbound = inherited->spec;
    }
    if (own.outbound == NULL)
        return EX_OK;
    state = outbound_listener_start(&own, inherited->fd, &problem);
    if (state != SOCKET_GOOD) {
        snprintf(text, sizeof text, "outbound '%s': %s", own.outbound, problem.text);
        return fail(options, state == SOCKET_FAILED ? EX_CANTCREAT : EX_CONFIG, text);
    }
    log_listening("outbound", own.outbound, held);
    log_shared(settings, own.outbound);
    return EX_OK;
}

/* Opens a socket of our own. EX_OK, or the status to exit with, reported. */
static int open_own(const struct options *options, const struct mta_place *place, struct listening *listening)
{
    struct socket_problem problem;
    char text[512];
    enum socket_state state = socket_prepare(place->spec, place->shared, &problem);
    int refused;

    if (state == SOCKET_GOOD)
        state = socket_listen(listening, place->spec, place->shared ? SOCKET_SHARED_MODE : 0, &problem);
    if (state == SOCKET_GOOD)
        return EX_OK;
    refused = options->socket == NULL ? EX_CONFIG : EX_USAGE;
    snprintf(text, sizeof text, "socket '%s': %s", place->spec, problem.text);
    return fail(options, state == SOCKET_FAILED ? EX_CANTCREAT : refused, text);
}

/* Takes the service manager's socket and its spec. EX_OK, or the status to exit with, reported. */
static int take_inherited(const struct options *options, struct mta_place *place, struct listening *listening)
{
    const struct inherited *inherited = &place->inherited[INHERITED_MILTER];
    struct socket_problem problem;

    if (socket_check_place(inherited->spec, place->shared, &problem) != SOCKET_GOOD)
        return fail_inherited(options, &problem);
    compare_places(place->spec, inherited);
    place->spec = inherited->spec;
    listening->fd = inherited->fd;
    return EX_OK;
}

/* Opens the socket, or takes the service manager's. EX_OK, or the status to exit with, reported. */
static int listen_on(const struct options *options, const struct milter_settings *settings,
                     struct mta_place *place)
{
    struct listening listening = LISTENING_NONE;
    bool held = place->inherited[INHERITED_MILTER].fd >= 0;
    int status;

    if (smfi_register(callbacks) != MI_SUCCESS)
        return fail(options, EX_SOFTWARE, "libmilter cannot be set up");
    place->shared = settings->shared_directory;
    status = held ? take_inherited(options, place, &listening) : open_own(options, place, &listening);
    if (status != EX_OK)
        return status;
    if (!accepting_start(&listening, held))
        return fail(options, EX_SOFTWARE, "libmilter does not take the socket");
    log_listening("socket", place->spec, held);
    log_shared(settings, place->spec);
    return EX_OK;
}

/*
 * Opens the status socket: the policy's, or the usual one if its directory exists. The daemon works without
 * it, so a failure is a warning.
 */
static void open_status(const struct options *options, const struct milter_settings *settings,
                        const char *socket)
{
    const struct status_subject subject = {options->policy, socket, settings->shared_directory};
    const char *spec = settings->status != NULL ? settings->status : STATUS_USUAL_SOCKET;
    struct socket_problem problem;
    char text[512];

    if (settings->status == NULL && access(STATUS_USUAL_DIRECTORY, F_OK) != 0)
        return;
    if (status_start(spec, &subject, &problem) == SOCKET_GOOD) {
        log_event(LOG_NOTICE, "listening", "status", spec);
        log_shared(settings, spec);
        return;
    }
    snprintf(text, sizeof text, "status socket '%s': %s", spec, problem.text);
    log_event(LOG_WARNING, "warning", "text", text);
}

static void log_start_event(const struct options *options, const struct policy *policy)
{
    struct log_line line;

    log_begin(&line, "start");
    log_word(&line, "version", PACKAGE_VERSION);
    log_text(&line, "file", options->policy);
    log_number(&line, "partners", policy_partner_count(policy));
    log_policy(&line);
    log_write(LOG_NOTICE, &line);
}

static void log_stop_event(const char *text)
{
    struct log_line line;

    log_begin(&line, "stop");
    log_text(&line, "text", text);
    log_policy(&line);
    log_write(LOG_NOTICE, &line);
}

/* Works until the end. */
static int work(const struct options *options)
{
    enum work_end end = drain_work(options->drain_seconds);

    if (end == WORK_NO_THREAD)
        return fail(options, EX_OSERR, "libmilter's thread cannot be started");
    exempt_finish(time(NULL));
    sums_log();
    log_stop_event(end == WORK_STOPPED ? "asked to" : "libmilter failed");
    return end == WORK_STOPPED ? EX_OK : EX_SOFTWARE;
}

/* The policy stays in force: callbacks may be under way when libmilter has stopped. */
static int serve(const struct options *options, struct mta_place *place, struct policy *policy)
{
    struct milter_settings settings = *policy_milter(policy);
    int status;

    place->spec = options->socket != NULL ? options->socket : settings.socket;
    if (options->socket != NULL)
        settings.socket = NULL;          /* the policy's is not used */
    current_replace(policy_ref(policy)); /* a reload may come before the last setting is used */
    log_start_event(options, policy);
    status = listen_to_postfix(options, &settings);
    if (status == EX_OK)
        status = listen_for_outbound(options, &settings, &place->inherited[INHERITED_OUTBOUND]);
    if (status == EX_OK)
        status = listen_on(options, &settings, place);
    if (status != EX_OK)
        return status;
    if (!current_start(options->policy, &settings))
        return fail(options, EX_OSERR, "the reload thread cannot be started");
    open_status(options, &settings, place->spec);
    policy_unref(policy);
    notify_send("READY=1");
    return work(options);
}

/* Loads the policy and works, unless an inherited socket cannot be used. */
static int run(const struct options *options, struct mta_place *place, enum socket_state inherited)
{
    struct policy *policy;

    if (inherited != SOCKET_GOOD)
        return fail_inherited(options, &place->problem);
    policy = current_load(options->policy, tell_diag, (void *)options);
    return policy != NULL ? serve(options, place, policy) : EX_CONFIG;
}

int main(int argc, char **argv)
{
    struct options options;
    struct mta_place place = {.spec = NULL};
    int status;
    enum socket_state inherited;
    bool status_ended;
    bool reload_ended;
    bool log_ended;

    block_signals();
    status = options_read(&options, argc, argv);
    if (status >= 0)
        return status;
    if (options.check)
        return check_policy(&options);
    inherited = inherited_find(place.inherited, &place.problem);
    limits_set();
    if (!log_start(options.to_stderr))
        return fail_without_log(&options);
    report_missing_syslog(&options);
    status = run(&options, &place, inherited);
    report_listener_stop();
    outbound_listener_stop();
    status_ended = status_stop();
    reload_ended = current_stop();
    log_ended = log_stop();
    if (!status_ended || !reload_ended || !log_ended)
        _exit(status); /* a thread still runs: free nothing that it uses */
    return status;
}
