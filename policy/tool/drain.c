/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drain: asks the daemon to drain, as SIGTERM does: it takes no new sessions and ends with the last one.
 * With --wait, waits until the daemon has ended.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>
#include "policy/tool/daemon.h"
#include "policy/tool/table.h"
#include "policy/tool/verbs.h"

static const char help[] =
    "Usage: forcetls drain [-c FILE] [--wait]\n\n"
    "Ends the daemon with the sessions that are under way: it takes no new ones.\n\n"
    "  -c FILE    the policy that names the daemon's sockets (default " POLICY_FILE ")\n"
    "  --wait     wait until the daemon has ended\n\n"
    "Exit status: 0 the daemon drains, 64 usage, 69 it does not answer, 77 this user may not drain,\n"
    "78 the policy of -c is not there.\n";

static const struct option options[] = {
    {"wait", no_argument, NULL, 'w'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct usage usage = {help, "c:h", options};

static int complain(const struct daemon_answer *answer)
{
    bool forbidden = answer->error == EACCES;

    fprintf(stderr, "forcetls drain: %s: ",
            forbidden ? "only root and the daemon's own user may drain" : "the daemon does not answer");
    text_show(stderr, answer->why);
    fputc('\n', stderr);
    if (!forbidden)
        fputs("If it runs without a status socket: \"systemctl stop forcetls-milter\", or SIGTERM.\n",
              stderr);
    return forbidden ? EX_NOPERM : EX_UNAVAILABLE;
}

/* Waits until the status socket does not answer, or a daemon answers that does not drain. */
static void wait_for_end(const char *status_socket)
{
    const struct timespec pause = {.tv_nsec = 100000000};
    bool draining = true;

    while (draining) {
        struct daemon_answer answer;

        nanosleep(&pause, NULL);
        draining = daemon_ask(&answer, status_socket, "status", DAEMON_SECONDS)
                   && daemon_text(answer.top, "draining") != NULL;
        daemon_answer_free(&answer);
    }
}

/*
 * Whether the policy of -c exists. If it does not, the usual sockets would be asked, maybe another
 * daemon's.
 */
static bool is_there(const char *file)
{
    if (access(file, F_OK) == 0)
        return true;
    fputs("forcetls drain: ", stderr);
    text_show(stderr, file);
    fprintf(stderr, ": %s\n", strerror(errno));
    return false;
}

static int drain(const char *file, bool waits)
{
    struct daemon_sockets sockets;
    struct daemon_answer answer;
    int status = EX_OK;

    daemon_sockets_read(&sockets, file);
    if (daemon_ask(&answer, sockets.control, "drain", DAEMON_SECONDS)) {
        const char *sessions = daemon_text(answer.top, "sessions");

        fputs("draining, sessions under way: ", stdout);
        text_show(stdout, sessions != NULL ? sessions : "?");
        fputc('\n', stdout);
        if (waits)
            wait_for_end(sockets.status);
    } else {
        status = complain(&answer);
    }
    daemon_answer_free(&answer);
    return status;
}

int verb_drain(int argc, char **argv)
{
    const char *file = NULL;
    bool waits = false;
    int option, status;

    while ((option = option_next(&usage, argc, argv, &status)) > 0) {
        if (option == 'c')
            file = optarg;
        waits = waits || option == 'w';
    }
    if (option == 0)
        return status;
    if (optind < argc)
        return usage_surplus(argv[0], argv[optind]);
    if (file != NULL && !is_there(file))
        return EX_CONFIG;
    return drain(file != NULL ? file : POLICY_FILE, waits);
}
