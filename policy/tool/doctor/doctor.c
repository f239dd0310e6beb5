/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor: whether the machine is set up as the filter's promises need it. Reads the configuration of the MTA,
 * the policy and the file system, and changes nothing. Here are the arguments and the order of the parts. The
 * other files of this directory know which settings are good.
 */
#include "policy/tool/doctor/doctor.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "policy/names/socket_form.h"
#include "policy/tool/table.h"
#include "policy/tool/verbs.h"

static const char help[] =
    "Usage: forcetls doctor [-c FILE] [--postfix-config DIR] [--sendmail-cf FILE]\n"
    "         [--socket SPEC] [--json]\n\n"
    "Checks that MTA, policy and machine fit together. Changes nothing.\n\n"
    "  -c FILE                the policy (default " POLICY_FILE ")\n"
    "  --postfix-config DIR   the configuration of this Postfix (postconf -c)\n"
    "  --sendmail-cf FILE     the configuration of this Sendmail\n"
    "  --socket SPEC          where the filter listens, if it was started with -s\n"
    "  --json                 one JSON object instead of lines\n\n"
    "Run it as root: then it tries sockets and files with the rights of the MTA and of the filter.\n\n"
    "Exit status: 0 all is well, 1 warnings, 2 errors, 64 usage.\n";

static const struct option options[] = {
    {"postfix-config", required_argument, NULL, 'p'},
    {"sendmail-cf", required_argument, NULL, 's'},
    {"socket", required_argument, NULL, 'S'},
    {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct usage usage = {help, "c:h", options};

static const char usual_sendmail_cf[] = "/etc/mail/sendmail.cf";

static bool has_program(const char *name)
{
    static const char *const places[] = {"/usr/sbin", "/sbin", "/usr/bin", "/usr/local/sbin",
                                         "/usr/local/bin"};
    char path[64];

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", places[i], name);
        if (access(path, X_OK) == 0)
            return true;
    }
    return false;
}

/*
 * Examines the MTAs that the options name, else the one that is installed: Postfix, unless it is
 * missing or the policy says Sendmail.
 */
static void examine_mta(struct examination *examination)
{
    bool asked = examination->postfix_directory != NULL || examination->sendmail_cf != NULL;
    bool sendmail = access(usual_sendmail_cf, F_OK) == 0;

    if (!asked && sendmail && (examination->wanted == MTA_SENDMAIL || !has_program("postconf")))
        examination->sendmail_cf = usual_sendmail_cf;
    if (examination->sendmail_cf != NULL)
        doctor_sendmail(examination);
    if (examination->postfix_directory != NULL || examination->sendmail_cf == NULL)
        doctor_postfix(examination);
}

static void show(const struct examination *examination)
{
    const size_t *counts = examination->remarks.counts;

    fputs("MTA:     ", stdout);
    text_show(stdout, *examination->mta ? examination->mta : "none");
    fputs("\npolicy:  ", stdout);
    text_show(stdout, examination->policy_file);
    if (examination->policy != NULL)
        printf(" (%zu partner%s, %zu enforced)", examination->survey.partners,
               examination->survey.partners == 1 ? "" : "s", examination->survey.enforcing);
    fputs("\nsocket:  ", stdout);
    text_show(stdout, examination->socket);
    fputs("\n\n", stdout);
    remarks_show(&examination->remarks, stdout);
    printf("\n%zu ok, %zu warning%s, %zu error%s\n", counts[LEVEL_OK], counts[LEVEL_WARNING],
           counts[LEVEL_WARNING] == 1 ? "" : "s", counts[LEVEL_ERROR], counts[LEVEL_ERROR] == 1 ? "" : "s");
}

static void show_json(const struct examination *examination)
{
    static const char *const keys[LEVEL_COUNT] = {"ok", "warnings", "errors"};
    struct json json = {stdout, false};

    json_open(&json, '{');
    json_member(&json, "mta", *examination->mta ? examination->mta : NULL);
    json_member(&json, "policy", examination->policy_file);
    json_member(&json, "socket", examination->socket);
    for (int i = 0; i < LEVEL_COUNT; i++) {
        json_member_number(&json, keys[i], examination->remarks.counts[i]);
    }
    json_open_list(&json, "findings");
    remarks_json(&examination->remarks, &json);
    json_close(&json, ']');
    json_close(&json, '}');
    puts("");
}

static int examine(struct examination *examination, bool json)
{
    struct remarks *remarks = &examination->remarks;
    int status;

    doctor_policy(examination);
    doctor_running(examination);
    examine_mta(examination);
    if (remarks->exhausted) {
        fputs("forcetls doctor: out of memory\n", stderr);
        status = EX_OSERR;
    } else {
        if (json)
            show_json(examination);
        else
            show(examination);
        status = remarks->counts[LEVEL_ERROR] > 0 ? 2 : remarks->counts[LEVEL_WARNING] > 0 ? 1 : EX_OK;
    }
    remarks_free(remarks);
    policy_unref(examination->policy);
    arena_free(&examination->arena);
    return status;
}

int verb_doctor(int argc, char **argv)
{
    struct examination examination = {.policy_file = POLICY_FILE, .now = present()};
    bool json = false;
    int option, status;

    while ((option = option_next(&usage, argc, argv, &status)) > 0) {
        switch (option) {
        case 'c':
            examination.policy_file = optarg;
            break;
        case 'p':
            examination.postfix_directory = optarg;
            break;
        case 's':
            examination.sendmail_cf = optarg;
            break;
        case 'j':
            json = true;
            break;
        case 'S':
            if (socket_form_check(optarg) != NULL)
                return usage_error(argv[0], "not of the form unix:/path or inet:port@host", optarg);
            examination.socket = optarg;
            break;
        }
    }
    if (option == 0)
        return status;
    if (optind < argc)
        return usage_surplus(argv[0], argv[optind]);
    return examine(&examination, json);
}
