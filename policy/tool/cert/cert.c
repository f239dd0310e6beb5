/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cert: shows an administrator what to know of a certificate before he writes a rule for it,
 * and the rule. Here are the arguments and the order of the steps. The other files of this
 * directory read, judge, ask and show.
 */
#include "policy/tool/cert/cert.h"

#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "policy/names/date.h"
#include "policy/tool/table.h"
#include "policy/tool/verbs.h"

static const char help[] =
    "Usage: forcetls cert FILE... | - | --connect HOST[:PORT]\n"
    "         [--ca-file FILE] [--ca-path DIR] [--online] [--date DATE] [--json]\n\n"
    "Shows a certificate, whether an MTA will see it, and the lines of a policy for it.\n\n"
    "  FILE                   the certificate, behind it its chain: PEM, DER or PKCS#7\n"
    "  -                      the same from standard input\n"
    "  --connect HOST[:PORT]  what this mail server shows on STARTTLS (default port 25)\n"
    "  --ca-file FILE         trust these roots instead of the system's\n"
    "  --ca-path DIR          likewise, a directory by hash\n"
    "  --online               ask its CRL and OCSP endpoints\n"
    "  --date DATE            judge as of this date (2026-12-01 or RFC 3339) instead of now\n"
    "  --json                 one JSON object\n\n"
    "Exit status: 0 shown, 1 --online: revoked or no answer, 64 usage, 66 no certificate\n"
    "in a file, 69 no certificate from a server.\n";

static const struct option options[] = {
    {"connect", required_argument, NULL, 'c'}, {"ca-file", required_argument, NULL, 'f'},
    {"ca-path", required_argument, NULL, 'p'}, {"online", no_argument, NULL, 'o'},
    {"date", required_argument, NULL, 'd'},    {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
};

static const struct usage usage = {help, "h", options};

struct command {
    const struct cert_request *request;
    struct json *json;
};

/* Shows the certificate that the chain begins with, and frees the chain. Returns the exit status. */
static int show(STACK_OF(X509) *chain, struct certificate_view view, const struct cert_source *source,
                const struct command *command)
{
    const struct cert_request *request = command->request;
    struct json *json = command->json;
    int status = EX_OK;

    if (source != NULL)
        cert_note_place(&view, chain, source);
    if (!cert_view(&view, chain, request)) {
        fputs("forcetls cert: out of memory\n", stderr);
        status = EX_OSERR;
    } else if (request->json) {
        cert_show_json(&view, json);
    } else {
        cert_show(&view, stdout);
    }
    for (size_t i = 0; i < view.answer_count; i++)
        if (view.answer[i].answer != ANSWER_GOOD && view.answer[i].answer != ANSWER_NOT_ASKED)
            status = status == EX_OK ? 1 : status;
    cert_view_free(&view);
    sk_X509_pop_free(chain, X509_free);
    return status;
}

static int refuse(const char *source, const char *why, int status)
{
    fputs("forcetls cert: ", stderr);
    text_show(stderr, source);
    fputs(": ", stderr);
    text_show(stderr, why);
    fputc('\n', stderr);
    return status;
}

static int show_server(const char *target, const struct command *command)
{
    struct connection connection = {.why = ""};
    STACK_OF(X509) *chain = cert_connect(target, &connection);
    struct certificate_view view = {.source = target, .session = connection.session};

    return chain != NULL ? show(chain, view, NULL, command) : refuse(target, connection.why, EX_UNAVAILABLE);
}

static int show_file(const char *path, const struct command *command)
{
    struct cert_source source = {.other = NULL};
    STACK_OF(X509) *chain = cert_read_file(path, &source);
    struct certificate_view view = {.source = source.name};

    return chain != NULL ? show(chain, view, &source, command) : refuse(source.name, source.why, EX_NOINPUT);
}

static int show_all(char **files, const char *target, const struct cert_request *request)
{
    struct json json = {stdout, false};
    const struct command command = {request, &json};
    int status = EX_OK;

    if (request->json) {
        json_open(&json, '{');
        json_open_list(&json, "certificates");
    }
    if (target != NULL)
        status = show_server(target, &command);
    for (; *files != NULL; files++) {
        int one = show_file(*files, &command);

        status = one > status ? one : status;
        if (!request->json && files[1] != NULL)
            puts("");
    }
    if (request->json) {
        json_close(&json, ']');
        json_close(&json, '}');
        puts("");
    }
    return status;
}

int verb_cert(int argc, char **argv)
{
    struct cert_request request = {NULL, NULL, false, false, present()};
    const char *target = NULL;
    int option, status;

    while ((option = option_next(&usage, argc, argv, &status)) > 0) {
        switch (option) {
        case 'c':
            target = optarg;
            break;
        case 'f':
            request.ca_file = optarg;
            break;
        case 'p':
            request.ca_path = optarg;
            break;
        case 'o':
            request.online = true;
            break;
        case 'j':
            request.json = true;
            break;
        case 'd':
            if (!date_parse(optarg, &request.now))
                return usage_error(argv[0], "not a date", optarg);
            break;
        }
    }
    if (option == 0)
        return status;
    (void)signal(SIGPIPE, SIG_IGN); /* a server may hang up at any time */
    if ((target != NULL) == (optind < argc))
        return usage_error(argv[0], "takes either files or --connect", NULL);
    if (request.ca_file != NULL && access(request.ca_file, R_OK) != 0)
        return refuse(request.ca_file, "cannot be read", EX_NOINPUT);
    if (request.ca_file != NULL && !cert_file_has_authorities(request.ca_file))
        return refuse(request.ca_file, "holds no certificate in PEM", EX_NOINPUT);
    if (request.ca_path != NULL && access(request.ca_path, R_OK | X_OK) != 0)
        return refuse(request.ca_path, "cannot be read", EX_NOINPUT);
    return show_all(argv + optind, target, &request);
}
