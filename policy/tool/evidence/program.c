/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts and ends other programs. Knows nothing of what they write. */
#include "policy/tool/evidence/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int program_start(const char *const arguments[], int input, bool quiet, pid_t *child)
{
    posix_spawn_file_actions_t actions;
    int out[2], error;

    *child = -1;
    if (pipe2(out, O_CLOEXEC) != 0)
        return -1;
    posix_spawn_file_actions_init(&actions);
    if (input >= 0)
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    if (quiet)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    error = posix_spawnp(child, arguments[0], &actions, NULL, (char *const *)arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    if (error == 0)
        return out[0];
    close(out[0]);
    *child = -1;
    errno = error;
    return -1;
}

bool program_end(pid_t child)
{
    int status = 0;
    pid_t ended = -1;

    while (child > 0 && (ended = waitpid(child, &status, 0)) < 0 && errno == EINTR)
        ;
    return ended > 0 && status == 0;
}

void program_kill(pid_t child)
{
    if (child <= 0)
        return;
    (void)kill(child, SIGTERM);
    (void)program_end(child);
}
