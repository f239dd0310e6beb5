/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of the policy matters to the machine: that it loads, that the filter's
 * user can read it, that anything is enforced, that loopback clients are not
 * everyone, and that the clock is right. Its mistakes in detail are check's business.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "policy/names/date.h"
#include "policy/names/network.h"
#include "policy/socket_form.h"
#include "policy/tool/doctor.h"

static const char usual_socket[] = "unix:/var/spool/postfix/forcetls/forcetls.sock";
static const char usual_user[] = "_forcetls";

enum { DAY = 86400 };
static const int64_t built_for = 1735689600; /* 2025-01-01: a clock before that has no battery */

struct count {
    unsigned errors, warnings;
};

static void count(void *arg, const struct diag *diag)
{
    struct count *counted = arg;

    if (diag->severity == SEVERITY_ERROR)
        counted->errors++;
    else
        counted->warnings++;
}

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
        remark_change(remarks, "%s: mode: enforce", examination->policy_file);
    }
    if (survey->dates) {
        remark(remarks, LEVEL_ERROR, "policy_dates",
               "no certificate identity of partner %s is in force; its mail is deferred", survey->dates);
        remark_change(remarks, "forcetls check -c %s", examination->policy_file);
    }
}

bool doctor_find_filter(const struct examination *examination, struct viewer *filter)
{
    const char *path = socket_form_path(examination->socket);
    struct stat found;

    if (path && lstat(path, &found) == 0 && S_ISSOCK(found.st_mode)) {
        viewer_of(filter, found.st_uid, found.st_gid);
        return true;
    }
    return viewer_find(filter, usual_user);
}

static void examine_files(struct examination *examination)
{
    struct remarks *remarks = &examination->remarks;
    struct viewer filter;
    size_t unreadable = 0;

    if (!doctor_find_filter(examination, &filter))
        return;
    for (size_t i = 0; i < policy_file_count(examination->policy); i++) {
        const char *file = policy_file(examination->policy, i);
        int why = reach(&filter, file, REACH_READ);
        char obstacle[512];

        if (why == 0 || unreadable++ > 0)
            continue;
        reach_obstacle(&filter, file, REACH_READ, obstacle, sizeof(obstacle));
        remark(remarks, LEVEL_ERROR, "policy_readable", "the filter's user %s cannot read %s: %s%s%s",
               filter.name, file, strerror(why), *obstacle ? " at " : "", obstacle);
        remark_change(remarks, "chgrp %s %s && chmod 0640 %s", filter.name, file, file);
    }
    if (unreadable == 0)
        remark(remarks, LEVEL_OK, "policy_readable", "the filter's user %s can read the policy", filter.name);
}

static void examine_clock(struct examination *examination)
{
    struct remarks *remarks = &examination->remarks;
    char now[32], date[32];
    struct stat found;

    date_format(examination->now, now);
    if (examination->now < built_for) {
        remark(remarks, LEVEL_ERROR, "clock",
               "the clock says %s; rules with dates and certificates need the right one", now);
        remark_change(remarks, "timedatectl set-ntp true");
        return;
    }
    for (size_t i = 0; examination->policy && i < policy_file_count(examination->policy); i++) {
        const char *file = policy_file(examination->policy, i);

        if (stat(file, &found) != 0 || found.st_mtime <= examination->now + DAY)
            continue;
        date_format(found.st_mtime, date);
        remark(remarks, LEVEL_WARNING, "clock", "the clock says %s, and %s was written on %s", now, file,
               date);
        remark_change(remarks, "timedatectl set-ntp true");
        return;
    }
    remark(remarks, LEVEL_OK, "clock", "%s", now);
}

static void examine_loading(struct examination *examination)
{
    struct remarks *remarks = &examination->remarks;
    struct count counted = {0, 0};

    examination->policy = policy_load(examination->policy_file, count, &counted);
    if (!examination->policy) {
        remark(remarks, LEVEL_ERROR, "policy", "%s does not load: %u error%s; the MTA was not looked at",
               examination->policy_file, counted.errors, counted.errors == 1 ? "" : "s");
        remark_change(remarks, "forcetls check -c %s", examination->policy_file);
        return;
    }
    policy_warn(examination->policy, examination->now, count, &counted);
    examination->survey = policy_survey(examination->policy, examination->now);
    if (counted.warnings > 0) {
        remark(remarks, LEVEL_WARNING, "policy", "%s loads, with %u warning%s", examination->policy_file,
               counted.warnings, counted.warnings == 1 ? "" : "s");
        remark_change(remarks, "forcetls check -c %s", examination->policy_file);
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

/* Whether root here is another user outside: a rootless container. */
static bool is_rootless(void)
{
    FILE *file = fopen("/proc/self/uid_map", "re");
    char line[128] = "", *rest = line;
    bool read = file && fgets(line, sizeof(line), file);
    unsigned long inside = strtoul(rest, &rest, 10), outside = strtoul(rest, &rest, 10),
                  count = strtoul(rest, &rest, 10);

    if (file)
        fclose(file);
    return read && !(inside == 0 && outside == 0 && count == 4294967295UL);
}

/* Where something in front passes connections on, every client may be loopback, and exempt. */
static void examine_exempt(struct examination *examination)
{
    struct network loopback;
    bool rootless = is_rootless();

    if (!in_container() || !network_read_address(&loopback, "127.0.0.1")
        || !policy_exempts_client(examination->policy, &loopback))
        return;
    remark(&examination->remarks, rootless ? LEVEL_WARNING : LEVEL_OK, "exempt",
           "this is a %scontainer, and 127.0.0.1 is exempt: if a port driver, a tunnel or a proxy passes "
           "connections on, every client is 127.0.0.1 and nobody's mail is judged",
           rootless ? "rootless " : "");
    remark_change(&examination->remarks, "%s: exempt: {clients: []}", examination->policy_file);
}

/* ---- what no session on offer has ---- */

/* "TLSv1.3", "256 bits": what a partner requires, for people. */
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
               "%s: no session is possible with these, and every partner's mail falls short", setting);
        return;
    }
    describe(unserved, wanted, sizeof(wanted));
    remark(&examination->remarks, LEVEL_ERROR, subject,
           "%s: no session that is offered has %s, which partner %s requires; its mail never passes", setting,
           wanted, unserved->partner);
}

void doctor_policy(struct examination *examination)
{
    examine_loading(examination);
    if (examination->policy && !examination->socket)
        examination->socket = policy_milter(examination->policy)->socket;
    if (!examination->socket)
        examination->socket = usual_socket;
    if (examination->policy) {
        examination->facts = policy_milter(examination->policy)->postfix_facts;
        examine_rules(examination);
        examine_files(examination);
        examine_exempt(examination);
    }
    examine_clock(examination);
}
