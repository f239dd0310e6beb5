/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reload: checks the policy that the daemon runs, makes the daemon load it, and shows the result. The daemon
 * loads its own file, whatever -c says: -c finds the daemon.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "policy/names/scalar.h"
#include "policy/tool/daemon.h"
#include "policy/tool/table.h"
#include "policy/tool/text.h"
#include "policy/tool/verbs.h"

static const char help[] =
    "Usage: forcetls reload [-c FILE] [--pid PID]\n\n"
    "Checks the policy, makes the daemon load it, and shows what changed or the mistakes.\n\n"
    "  -c FILE     the policy (default " POLICY_FILE ")\n"
    "  --pid PID   for the service manager: the daemon checks and logs; without a status socket\n"
    "              the daemon, process PID, gets SIGUSR1\n\n"
    "Exit status: 0 loaded, 64 usage, 69 the daemon does not answer, 77 this user may not reload,\n"
    "78 the policy has errors and the old one stays in force.\n";

static const struct option options[] = {
    {"pid", required_argument, NULL, 'p'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct usage usage = {help, "c:h", options};

struct request {
    const char *file; /* -c */
    unsigned pid;     /* 0: none */
    struct daemon_sockets sockets;
};

static void complain(const char *text, const char *outside)
{
    fprintf(stderr, "forcetls reload: %s", text);
    text_show(stderr, outside);
    fputc('\n', stderr);
}

/* Reports why the daemon was not asked: for people, or with --pid as a line of the unit's log. */
static void complain_of_daemon(const struct request *request, const char *text, const char *outside)
{
    if (request->pid == 0) {
        complain(text, outside);
        return;
    }
    fputs("event=error text=\"forcetls reload: ", stderr);
    text_escaped(stderr, text);
    text_escaped(stderr, outside);
    fputs("\"\n", stderr);
}

/* ---- the check ---- */

/* Loads the file, and shows its mistakes. False: it has some. */
static bool check(const char *file)
{
    struct policy *policy = load_policy(file);

    if (policy == NULL)
        complain("not reloaded, the old policy stays in force; mistakes in ", file);
    policy_unref(policy);
    return policy != NULL;
}

/*
 * Returns the file that the daemon runs, malloc'd. NULL: it does not say, or out of memory. *error: an errno,
 * why the status socket does not answer; 0: it does.
 */
static char *daemon_file(const struct request *request, int *error)
{
    struct daemon_answer answer;
    char *file = NULL;

    if (daemon_ask(&answer, request->sockets.status, "status", DAEMON_SECONDS)) {
        const char *text = daemon_text(node_find(answer.top, "policy"), "file");

        file = text != NULL ? strdup(text) : NULL;
    }
    *error = answer.error;
    daemon_answer_free(&answer);
    return file;
}

/*
 * Checks the daemon's own file, unless --pid is given. EX_OK: go on. A daemon
 * that hangs is not asked for more.
 */
static int check_daemon_file(const struct request *request)
{
    int error;
    char *file = daemon_file(request, &error);
    bool good;

    if (error == ETIMEDOUT) {
        free(file);
        complain_of_daemon(request, "the daemon does not answer within 5 seconds; not reloaded: ",
                           request->sockets.status);
        return EX_UNAVAILABLE;
    }
    if (request->pid != 0) { /* the daemon checks the file */
        free(file);
        return EX_OK;
    }
    if (file != NULL && !daemon_same_file(file, request->file)) {
        complain("the daemon does not run ", request->file);
        complain("it loads its own policy, ", file);
    }
    good = check(file != NULL ? file : request->file);
    free(file);
    return good ? EX_OK : EX_CONFIG;
}

/* ---- the answer ---- */

static unsigned number(const struct node *mapping, const char *key)
{
    const char *text = daemon_text(mapping, key);
    unsigned value = 0;

    return text != NULL && scalar_number(text, 1u << 30, &value) ? value : 0;
}

static void show_mistakes(const struct node *findings)
{
    struct diag_show show = show_findings(stderr);

    for (const struct node *item = findings != NULL && findings->kind == NODE_SEQUENCE ? findings->first
                                                                                       : NULL;
         item != NULL; item = item->next) {
        const char *file = daemon_text(item, "file"), *text = daemon_text(item, "text");
        struct diag diag = {SEVERITY_ERROR, {file, number(item, "line"), number(item, "column")}, text, NULL};

        if (file != NULL && text != NULL)
            diag_show(&show, &diag);
    }
    diag_show_end(&show);
}

static int show_result(const struct request *request, const struct node *answer)
{
    const char *result = daemon_text(answer, "result"), *text = daemon_text(answer, "text"),
               *digest = daemon_text(answer, "digest");
    bool loaded = result != NULL && strcmp(result, "loaded") == 0;

    if (request->pid != 0) /* the daemon has logged the result */
        return loaded ? EX_OK : EX_CONFIG;
    if (!loaded) {
        show_mistakes(node_find(answer, "findings"));
        complain("not reloaded, the old policy stays in force: ", text != NULL ? text : "?");
        return EX_CONFIG;
    }
    fputs("loaded: ", stdout);
    text_show(stdout, text != NULL ? text : "?");
    fputs("\ndigest: ", stdout);
    text_show(stdout, digest != NULL ? digest : "?");
    fputc('\n', stdout);
    return EX_OK;
}

/*
 * If the control socket gives no result. With --pid, sends SIGUSR1, but not to a daemon that
 * hangs: it would not load either.
 */
static int without_socket(const struct request *request, const struct daemon_answer *answer)
{
    if (answer->error == EACCES) {
        complain_of_daemon(request, "only root and the daemon's own user may reload: ", answer->why);
        return EX_NOPERM;
    }
    if (answer->error == 0) {
        complain_of_daemon(request, "", answer->why);
        return EX_UNAVAILABLE;
    }
    if (request->pid != 0 && answer->error != ETIMEDOUT && kill((pid_t)request->pid, SIGUSR1) == 0)
        return EX_OK;
    complain_of_daemon(request, "the daemon does not answer: ", answer->why);
    if (request->pid != 0)
        return EX_UNAVAILABLE;
    fputs("If it runs without a status socket: \"systemctl kill -s USR1 forcetls-milter\"; "
          "the result is in the log.\n",
          stderr);
    return EX_UNAVAILABLE;
}

static int reload(struct request *request)
{
    struct daemon_answer answer;
    int status;

    daemon_sockets_read(&request->sockets, request->file);
    status = check_daemon_file(request);
    if (status != EX_OK)
        return status;
    status = daemon_ask(&answer, request->sockets.control, "reload", DAEMON_RELOAD_SECONDS)
                 ? show_result(request, answer.top)
                 : without_socket(request, &answer);
    daemon_answer_free(&answer);
    return status;
}

int verb_reload(int argc, char **argv)
{
    struct request request = {.file = POLICY_FILE};
    int option, status;

    while ((option = option_next(&usage, argc, argv, &status)) > 0) {
        switch (option) {
        case 'c':
            request.file = optarg;
            break;
        case 'p':
            if (!scalar_number(optarg, 1u << 30, &request.pid) || request.pid < 2)
                return usage_error(argv[0], "not a process id", optarg);
            break;
        }
    }
    if (option == 0)
        return status;
    if (optind < argc)
        return usage_surplus(argv[0], argv[optind]);
    return reload(&request);
}
