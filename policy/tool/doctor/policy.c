/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of the policy matters to the machine: whether it loads, whether anything is enforced, whether every
 * client could pass as loopback, and whether the clock is right. Warnings are left to check.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "policy/names/date.h"
#include "policy/names/network.h"
#include "policy/names/socket_form.h"
#include "policy/tool/doctor/doctor.h"
#include "policy/tool/terminal.h"
#include "policy/warning.h"
#include "policy/yaml/diag_show.h"

enum { DAY = 86400, ERRORS_SHOWN = 5, QUOTE_COLUMNS = 80, QUOTE_INDENT = 9 };
static const int64_t built_for = 1735689600; /* 2025-01-01: a clock before that was never set */

/* ---- rules and clock ---- */

static void examine_rules(struct examination *examination)
{
    struct remarks *remarks = &examination->remarks;
    const struct survey *survey = &examination->survey;

    if (survey->enforcing > 0)
        remark(remarks, LEVEL_OK, "mode", "partners enforced: %zu of %zu", survey->enforcing,
               survey->partners);
    else {
        remark(remarks, LEVEL_WARNING, "mode",
               survey->partners == 0 ? "nothing is enforced yet: the policy has no partner"
                                     : "nothing is enforced yet: every partner is in mode testing or none");
        doctor_policy_line(examination, "a partner that is ready", "mode: enforce");
    }
    if (survey->dates != NULL) {
        remark(remarks, LEVEL_ERROR, "policy_dates",
               "no certificate identity of partner %s is in force: its mail is deferred", survey->dates);
        remark_command(remarks, WORDS("forcetls", "check", "-c", examination->policy_file));
    }
}

static void examine_clock(struct examination *examination)
{
    struct remarks *remarks = &examination->remarks;
    char now[32], date[32];
    struct stat found;

    date_format(examination->now, now);
    if (examination->now < built_for) {
        remark(remarks, LEVEL_ERROR, "clock",
               "the clock says %s: dates of rules and certificates need the right time", now);
        remark_change(remarks, "timedatectl set-ntp true");
        return;
    }
    for (size_t i = 0; examination->policy != NULL && i < policy_file_count(examination->policy); i++) {
        const char *file = policy_file(examination->policy, i);

        if (stat(file, &found) != 0 || found.st_mtime <= examination->now + DAY)
            continue;
        date_format(found.st_mtime, date);
        remark(remarks, LEVEL_WARNING, "clock",
               "the clock says %s, but %s was written on %s: the clock is behind", now, file, date);
        remark_change(remarks, "timedatectl set-ntp true");
        return;
    }
    remark(remarks, LEVEL_OK, "clock", "%s", now);
}

/* ---- loading ---- */

struct loading_report {
    struct examination *examination;
    unsigned errors, warnings;
};

/*
 * Returns what check shows of the error: its line, then the line of the file with a caret; to
 * be freed. NULL: out of memory.
 */
static char *show_error(const struct diag *diag)
{
    char *text = NULL;
    size_t size;
    int width = terminal_fold(stdout, QUOTE_COLUMNS) - QUOTE_INDENT;
    struct diag_show show = {.source = true, .width = width > 0 ? (unsigned)width : 0};

    show.stream = open_memstream(&text, &size);
    if (show.stream == NULL)
        return NULL;
    diag_show(&show, diag);
    diag_show_end(&show);
    if (fclose(show.stream) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

static void report_error(struct examination *examination, const struct diag *diag)
{
    struct remarks *remarks = &examination->remarks;
    char *text = show_error(diag);
    size_t length = text != NULL ? strcspn(text, "\n") : 0;

    if (text == NULL) {
        remarks->exhausted = true;
        return;
    }
    remark(remarks, LEVEL_ERROR, "policy", "%.*s", (int)length, text);
    if (text[length] == '\n' && text[length + 1])
        remark_quote(remarks, text + length + 1);
    if (geteuid() != 0 && strstr(diag->text, "cannot be") != NULL)
        remark_command(remarks, WORDS("sudo", "forcetls", "doctor", "-c", examination->policy_file));
    remark_command(remarks, WORDS("forcetls", "check", "-c", examination->policy_file));
    free(text);
}

/* Counts findings and reports errors. Skips those about directories of sockets: doctor_socket() says more. */
static void count(void *arg, const struct diag *diag)
{
    struct loading_report *report = arg;

    if (diag->id != NULL && strcmp(diag->id, warning_id(WARNING_SOCKET_DIRECTORY)) == 0)
        return;
    if (diag->severity != SEVERITY_ERROR)
        report->warnings++;
    else if (++report->errors <= ERRORS_SHOWN)
        report_error(report->examination, diag);
}

static void examine_loading(struct examination *examination)
{
    struct remarks *remarks = &examination->remarks;
    struct loading_report report = {examination, 0, 0};

    examination->policy = policy_load(examination->policy_file, count, &report);
    if (report.errors > ERRORS_SHOWN) {
        remark(remarks, LEVEL_ERROR, "policy", "%s: %u more errors", examination->policy_file,
               report.errors - ERRORS_SHOWN);
        remark_command(remarks, WORDS("forcetls", "check", "-c", examination->policy_file));
    }
    if (examination->policy == NULL)
        return;
    policy_warn(examination->policy, examination->now, count, &report);
    examination->survey = policy_survey(examination->policy, examination->now);
    if (report.warnings > 0) {
        remark(remarks, LEVEL_WARNING, "policy", "%s loads, with %u warning%s", examination->policy_file,
               report.warnings, report.warnings == 1 ? "" : "s");
        remark_command(remarks, WORDS("forcetls", "check", "-c", examination->policy_file));
    } else {
        remark(remarks, LEVEL_OK, "policy", "%s loads", examination->policy_file);
    }
}

/* ---- who is exempt ---- */

/* Whether this process runs in a container, by the marks that Docker and Podman leave. */
static bool in_container(void)
{
    return access("/.dockerenv", F_OK) == 0 || access("/run/.containerenv", F_OK) == 0;
}

/* Whether root in this container is another user outside: the container is rootless. */
static bool is_rootless(void)
{
    FILE *file = fopen("/proc/self/uid_map", "re");
    char line[128] = "", *rest = line;
    bool read = file != NULL && fgets(line, sizeof line, file) != NULL;
    unsigned long inside = strtoul(rest, &rest, 10), outside = strtoul(rest, &rest, 10),
                  count = strtoul(rest, &rest, 10);

    if (file != NULL)
        fclose(file);
    return read && !(inside == 0 && outside == 0 && count == 4294967295UL);
}

/* If a port driver or a proxy passes connections on, every client may look like loopback, and be exempt. */
static void examine_exempt(struct examination *examination)
{
    struct network loopback;
    bool rootless = is_rootless();

    if (!in_container() || !network_read_address(&loopback, "127.0.0.1")
        || !policy_exempts_client(examination->policy, &loopback))
        return;
    remark(&examination->remarks, rootless ? LEVEL_WARNING : LEVEL_OK, "exempt",
           "this is a %scontainer, and 127.0.0.1 is exempt: where a port driver, a tunnel or a proxy passes "
           "connections on, every client looks like 127.0.0.1 and no mail is judged",
           rootless ? "rootless " : "");
    doctor_policy_line(examination, "exempt", "clients: []");
}

/* ---- what no offered session has ---- */

/* Writes what a partner requires, for people: "TLSv1.3", "256 bits". */
static void describe(const struct unserved *unserved, char *text, size_t size)
{
    switch (unserved->reason) {
    case REASON_CIPHER:
        snprintf(text, size, "a suite of %s", unserved->wanted);
        break;
    case REASON_CIPHER_BITS:
        snprintf(text, size, "%s bits", unserved->wanted);
        break;
    case REASON_FORWARD_SECRECY:
        snprintf(text, size, "forward secrecy");
        break;
    default:
        snprintf(text, size, "%s", unserved->wanted);
    }
}

void doctor_unserved(struct examination *examination, const char *subject, const char *setting,
                     const struct unserved *unserved)
{
    char wanted[192];

    if (unserved->reason == REASON_NO_TLS) {
        remark(&examination->remarks, LEVEL_ERROR, subject,
               "%s: no TLS session is possible with this: mail of every partner fails", setting);
        return;
    }
    describe(unserved, wanted, sizeof wanted);
    remark(&examination->remarks, LEVEL_ERROR, subject,
           "%s: no session on offer has %s, which partner %s requires: its mail never passes", setting,
           wanted, unserved->partner);
}

void doctor_policy(struct examination *examination)
{
    examine_loading(examination);
    if (examination->policy != NULL) {
        const struct milter_settings *settings = policy_milter(examination->policy);

        if (examination->socket == NULL)
            examination->socket = settings->socket;
        examination->facts = settings->postfix_facts;
        examination->wanted = settings->mta;
        examine_rules(examination);
        doctor_files(examination);
        examine_exempt(examination);
    } else {
        doctor_top(examination);
    }
    if (examination->socket == NULL)
        examination->socket = MILTER_USUAL_SOCKET;
    examine_clock(examination);
}
