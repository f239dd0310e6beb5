/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * status: whether the daemon answers, and what it does. It is alive if it negotiates on the milter socket
 * as it does with the MTA; a process or a socket file proves nothing. The status socket says what it does.
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sysexits.h>
#include "policy/names/json.h"
#include "policy/tool/daemon.h"
#include "policy/tool/negotiate.h"
#include "policy/tool/table.h"
#include "policy/tool/verbs.h"

static const char help[] =
    "Usage: forcetls status [-c FILE] [--json]\n\n"
    "Shows whether the daemon answers, and what it does.\n\n"
    "  -c FILE    the policy that names the daemon's sockets (default " POLICY_FILE ")\n"
    "  --json     one JSON object instead of lines\n\n"
    "Exit status: 0 the daemon answers on the milter socket, 64 usage, 69 it does not answer,\n"
    "77 this user may not connect to the milter socket.\n";

static const struct option options[] = {
    {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct usage usage = {help, "c:h", options};

/* What was found out. */
struct finding_out {
    const char *file; /* -c */
    struct daemon_sockets sockets;
    int unanswered; /* an errno: why the milter socket does not answer; 0: it does */
    bool known;     /* the status socket answered */
    struct daemon_answer status;
};

/* Asks the daemon where its milter socket is: it may have been started with -s. */
static void ask_for_socket(struct finding_out *out)
{
    struct daemon_answer answer;

    if (daemon_ask(&answer, out->sockets.status, "socket", DAEMON_SECONDS)) {
        const char *socket = daemon_text(answer.top, "socket");

        if (socket != NULL)
            snprintf(out->sockets.milter, sizeof out->sockets.milter, "%s", socket);
    }
    daemon_answer_free(&answer);
}

static void find_out(struct finding_out *out)
{
    daemon_sockets_read(&out->sockets, out->file);
    out->known = daemon_ask(&out->status, out->sockets.status, "status", DAEMON_SECONDS);
    if (out->known)
        ask_for_socket(out);
    out->unanswered = milter_answers(out->sockets.milter, DAEMON_SECONDS);
}

static const char *why_silent(int error)
{
    return error == ETIMEDOUT ? "does not answer within 5 seconds"
           : error == EPROTO  ? "answers, but not as a milter"
           : error == ENOENT  ? "is not there"
           : error == EACCES  ? "is not open to this user; run as root"
                              : strerror(error);
}

static void row(const char *name, const char *text)
{
    printf("%-15s ", name);
    text_show(stdout, text != NULL ? text : "?");
    fputc('\n', stdout);
}

/* Prints the numbers of a mapping: "3 enforce, 1 testing". */
static void counts(const char *name, const struct node *mapping)
{
    printf("%-15s ", name);
    for (const struct node *value = mapping != NULL && mapping->kind == NODE_MAPPING ? mapping->first : NULL;
         value != NULL; value = value->next) {
        text_show(stdout, value->kind == NODE_SCALAR ? value->text : "?");
        fputc(' ', stdout);
        text_show(stdout, value->key->text);
        fputs(value->next != NULL ? ", " : "", stdout);
    }
    fputc('\n', stdout);
}

static void show_policy(const struct finding_out *out)
{
    const struct node *policy = node_find(out->status.top, "policy");
    const char *changed = daemon_text(policy, "changed_since"), *file = daemon_text(policy, "file");

    row("policy", file);
    row("digest", daemon_text(policy, "digest"));
    row("loaded", daemon_text(policy, "loaded"));
    if (changed != NULL && strcmp(changed, "true") == 0)
        row("", "the files have changed since; \"forcetls reload\" puts them in force");
    else if (changed != NULL && strcmp(changed, "false") == 0)
        row("", "the files have not changed since");
    if (file != NULL && !daemon_same_file(file, out->file)) {
        fputs("forcetls status: the daemon does not run ", stderr);
        text_show(stderr, out->file);
        fputc('\n', stderr);
    }
}

static void show_last_reload(const struct node *reload)
{
    const char *time = daemon_text(reload, "time"), *result = daemon_text(reload, "result"),
               *text = daemon_text(reload, "text");

    if (time == NULL || result == NULL || text == NULL) {
        row("last reload", "none");
        return;
    }
    printf("%-15s ", "last reload");
    text_show(stdout, time);
    fputc(' ', stdout);
    text_show(stdout, result);
    fputs(": ", stdout);
    text_show(stdout, text);
    fputc('\n', stdout);
}

static void show_status(const struct finding_out *out)
{
    const struct node *top = out->status.top;

    row("version", daemon_text(top, "version"));
    row("started", daemon_text(top, "started"));
    show_policy(out);
    counts("partners", node_find(top, "partners"));
    row("sessions", daemon_text(top, "sessions"));
    if (daemon_text(top, "draining") != NULL)
        row("", "draining: no new ones; the daemon ends with the last, or at its deadline");
    counts("decisions", node_find(top, "decisions"));
    row("log lines lost", daemon_text(top, "log_lines_lost"));
    show_last_reload(node_find(top, "last_reload"));
}

static void show(const struct finding_out *out)
{
    printf("%-15s ", "milter socket");
    text_show(stdout, out->sockets.milter);
    printf(" %s\n", out->unanswered == 0 ? "answers" : why_silent(out->unanswered));
    if (out->known) {
        show_status(out);
        return;
    }
    fputs(out->status.error == EACCES
              ? "forcetls status: this user may not ask the status socket; run as root: "
              : "forcetls status: the status socket does not answer: ",
          stderr);
    text_show(stderr, out->status.why);
    fputc('\n', stderr);
}

static void show_json(const struct finding_out *out)
{
    struct json json = {stdout, false};

    if (out->known) {
        puts(out->status.line);
    } else {
        json_open(&json, '{');
        json_member(&json, "error", out->status.why);
        json_close(&json, '}');
        puts("");
    }
    if (out->unanswered == 0)
        return;
    fputs("forcetls status: the milter socket ", stderr);
    text_show(stderr, out->sockets.milter);
    fprintf(stderr, " %s\n", why_silent(out->unanswered));
}

int verb_status(int argc, char **argv)
{
    struct finding_out out = {.file = POLICY_FILE};
    bool json = false;
    int option, status;

    while ((option = option_next(&usage, argc, argv, &status)) > 0) {
        switch (option) {
        case 'c':
            out.file = optarg;
            break;
        case 'j':
            json = true;
            break;
        }
    }
    if (option == 0)
        return status;
    if (optind < argc)
        return usage_surplus(argv[0], argv[optind]);
    find_out(&out);
    if (json)
        show_json(&out);
    else
        show(&out);
    daemon_answer_free(&out.status);
    return out.unanswered == 0 ? EX_OK : out.unanswered == EACCES ? EX_NOPERM : EX_UNAVAILABLE;
}
