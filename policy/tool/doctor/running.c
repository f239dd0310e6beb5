/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether the running daemon judges by the policy that is examined. After an edit without a reload,
 * everything else that doctor says is untrue of the daemon. Asks the status socket. If nobody answers there,
 * nothing is reported: the milter socket shows whether the daemon runs.
 */
#include <string.h>
#include "policy/tool/daemon.h"
#include "policy/tool/doctor/doctor.h"

static const char subject[] = "running";

static void examine_other_file(struct examination *examination, const char *file)
{
    remark(&examination->remarks, LEVEL_WARNING, subject,
           "the daemon runs the policy %s, not %s, which is what was checked here", file,
           examination->policy_file);
    remark_change(&examination->remarks, "forcetls doctor -c %s", file);
}

static void examine_digest(struct examination *examination, const char *digest, const char *loaded)
{
    struct remarks *remarks = &examination->remarks;

    if (examination->policy == NULL) {
        remark(
            remarks, LEVEL_ERROR, subject,
            "the daemon still judges by the policy that it loaded at %s; the file has changed since and has "
            "errors",
            loaded);
        remark_command(remarks, WORDS("forcetls", "check", "-c", examination->policy_file));
    } else if (strcmp(policy_digest(examination->policy), digest) != 0) {
        remark(remarks, LEVEL_ERROR, subject,
               "the daemon judges by the policy that it loaded at %s (digest %s); the file has changed since "
               "(digest %s)",
               loaded, digest, policy_digest(examination->policy));
        remark_command(remarks, WORDS("forcetls", "reload", "-c", examination->policy_file));
    } else {
        remark(remarks, LEVEL_OK, subject, "the daemon judges by this policy (digest %s), loaded at %s",
               digest, loaded);
    }
}

static void examine_lines(struct examination *examination, const char *lost)
{
    if (lost != NULL && strcmp(lost, "0") != 0)
        remark(&examination->remarks, LEVEL_WARNING, subject,
               "the daemon has lost %s log lines since its start: the log is written too slowly", lost);
}

void doctor_running(struct examination *examination)
{
    struct daemon_sockets sockets = {.milter = ""};
    struct daemon_answer answer;

    daemon_sockets_read(&sockets, examination->policy_file);
    if (daemon_ask(&answer, sockets.status, "status", DAEMON_SECONDS)) {
        const struct node *policy = node_find(answer.top, "policy");
        const char *file = daemon_text(policy, "file"), *digest = daemon_text(policy, "digest"),
                   *loaded = daemon_text(policy, "loaded");

        if (file != NULL && !daemon_same_file(file, examination->policy_file))
            examine_other_file(examination, file);
        else if (digest != NULL && loaded != NULL)
            examine_digest(examination, digest, loaded);
        examine_lines(examination, daemon_text(answer.top, "log_lines_lost"));
    }
    daemon_answer_free(&answer);
}
