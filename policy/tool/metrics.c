/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * metrics: prints what the daemon counts and measures as text for Prometheus, or serves it by HTTP. The
 * daemon gives series and numbers on its status socket.
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sysexits.h>
#include "policy/tool/daemon.h"
#include "policy/tool/exposition.h"
#include "policy/tool/http_listen.h"
#include "policy/tool/http_server.h"
#include "policy/tool/journal_lines.h"
#include "policy/tool/table.h"
#include "policy/tool/verbs.h"

#define TITLE "forcetls metrics: "

static const char help[] =
    "Usage: forcetls metrics [-c FILE] [--format FORMAT]\n"
    "       forcetls metrics [-c FILE] --listen HOST:PORT\n\n"
    "Prints what the daemon counts and measures, as text for Prometheus, or serves it by HTTP.\n\n"
    "  -c FILE            the policy that names the daemon's sockets (default " POLICY_FILE ")\n"
    "  --format FORMAT    classic (Prometheus' text format 0.0.4, the default) or openmetrics (1.0.0)\n"
    "  --listen HOST:PORT answer GET /metrics there, in the form that the client prefers; without a HOST on\n"
    "                     127.0.0.1; fd:N is a listening socket of the service manager\n\n"
    "Exit status: 0 printed, 64 usage, 69 the daemon does not answer, 73 the address cannot be listened on,\n"
    "77 this user may not ask the daemon.\n";

static const struct option options[] = {
    {"format", required_argument, NULL, 'f'},
    {"listen", required_argument, NULL, 'l'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct usage usage = {help, "c:h", options};

/* ---- the daemon ---- */

/* Asks the daemon. False: answer->why says why not. Call daemon_answer_free() in both cases. */
static bool ask(struct daemon_answer *answer, const char *file)
{
    struct daemon_sockets sockets = {.milter = ""};

    daemon_sockets_read(&sockets, file);
    if (!daemon_ask(answer, sockets.status, "metrics", DAEMON_METRICS_SECONDS))
        return false;
    if (exposition_is_readable(answer->top))
        return true;
    snprintf(answer->why, sizeof answer->why, "the answer cannot be read");
    return false;
}

static void complain(FILE *stream, const char *why)
{
    fputs(TITLE "the status socket does not answer: ", stream);
    text_show(stream, why);
    fputc('\n', stream);
}

/* ---- printed ---- */

static int print(const char *file, bool openmetrics)
{
    struct daemon_answer answer;
    int status = EX_OK;

    if (ask(&answer, file)) {
        exposition_show(stdout, answer.top, openmetrics);
    } else {
        complain(stderr, answer.why);
        status = answer.error == EACCES ? EX_NOPERM : EX_UNAVAILABLE;
    }
    daemon_answer_free(&answer);
    return status;
}

/* ---- served ---- */

#define PLAIN "text/plain; charset=utf-8"

/* An http_answer_fn. `arg`: the policy file that names the sockets. */
static struct http_answer answer_request(void *arg, const struct http_request *request, bool failing,
                                         FILE *body)
{
    struct http_answer found = {HTTP_OK, request->openmetrics
                                             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                             : "text/plain; version=0.0.4; charset=utf-8"};
    struct daemon_answer answer;

    if (strcmp(request->path, "/metrics") != 0) {
        fputs("The metrics of forcetls-milter are at /metrics.\n", body);
        return (struct http_answer){HTTP_NOT_FOUND, PLAIN};
    }
    if (ask(&answer, arg)) {
        exposition_show(body, answer.top, request->openmetrics);
    } else {
        complain(body, answer.why);
        if (!failing)
            complain(stderr, answer.why);
        found = (struct http_answer){HTTP_UNAVAILABLE, PLAIN};
    }
    daemon_answer_free(&answer);
    return found;
}

static int serve(char *file, const char *where, bool in_journal)
{
    char shown[HTTP_ADDRESS_MAX];
    const char *why;
    int listener = http_listen(where, shown, &why);
    int error;

    if (listener < 0) {
        fputs(TITLE, stderr);
        text_show(stderr, where);
        fprintf(stderr, ": %s\n", why);
        return EX_CANTCREAT;
    }
    fprintf(stderr,
            in_journal ? "event=listening metrics=\"http://%s/metrics\"\n"
                       : TITLE "serves http://%s/metrics\n",
            shown);
    error = http_serve(listener, answer_request, file);

    fprintf(stderr, TITLE "%s: %s\n", shown, strerror(error));
    return EX_OSERR;
}

/* ---- the verb ---- */

int verb_metrics(int argc, char **argv)
{
    char usual[] = POLICY_FILE, *file = usual;
    const char *format = NULL, *where = NULL;
    bool in_journal = journal_lines();
    int option, status;

    while ((option = option_next(&usage, argc, argv, &status)) > 0) {
        switch (option) {
        case 'c':
            file = optarg;
            break;
        case 'f':
            format = optarg;
            break;
        case 'l':
            where = optarg;
            break;
        }
    }
    if (option == 0)
        return status;
    if (optind < argc)
        return usage_surplus(argv[0], argv[optind]);
    if (format != NULL && strcmp(format, "classic") != 0 && strcmp(format, "openmetrics") != 0)
        return usage_error(argv[0], "the format is classic or openmetrics, not", format);
    if (format != NULL && where != NULL)
        return usage_error(argv[0], "with --listen the client chooses the format, not --format", NULL);
    if (where != NULL && !http_listen_is_address(where))
        return usage_error(argv[0], "not HOST:PORT (an IPv6 address has brackets: [::1]:8896)", where);
    if (where != NULL)
        return serve(file, where, in_journal);
    return print(file, format != NULL && strcmp(format, "openmetrics") == 0);
}
