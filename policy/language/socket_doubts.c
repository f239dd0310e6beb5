/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets of the `milter` section in directories that everybody may write to: another process can create the
 * socket first, and then gets the MTA's requests or answers them. `shared_directory` permits the directory
 * that holds a socket, and none above it. Looks at the directories of this machine, if they exist; the policy
 * may be meant for another one. The daemon checks them again when it opens the sockets.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "policy/language/doubts.h"
#include "policy/names/socket_form.h"

/* Removes the last name of a path: "/a/b" becomes "/a", and "/a" becomes "/". */
static void cut_name(char *path)
{
    char *slash = strrchr(path, '/');

    slash[slash == path] = '\0';
}

static bool is_writable(const char *path, mode_t without)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode) && (status.st_mode & S_IWOTH) != 0
           && (status.st_mode & without) == 0;
}

/* Whether a directory of that path is usually writable for everybody. */
static bool is_known(const char *path)
{
    static const char *const known[] = {"/tmp", "/var/tmp", "/dev/shm", "/run/shm", "/run/lock", "/var/lock"};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(path, known[i]) == 0)
            return true;
    return false;
}

/* Replaces several slashes by one, and removes ".". */
static void clean(char *path)
{
    char *to = path;

    for (const char *from = path; *from != '\0';) {
        while (strncmp(from, "//", 2) == 0 || strncmp(from, "/./", 3) == 0)
            from += from[1] == '/' ? 1 : 2;
        *to++ = *from++;
    }
    *to = '\0';
}

/*
 * Replaces the socket's path by the directory in which everybody can replace the socket. For a directory that
 * does not exist, that is the one in which it will be made. *below: the socket is not directly in it. False:
 * there is none.
 */
static bool find_open(char path[PATH_MAX], bool *below)
{
    char real[PATH_MAX];

    *below = false;
    clean(path);
    cut_name(path);
    while (!is_known(path) && realpath(path, real) == NULL && errno == ENOENT && path[1] != '\0') {
        cut_name(path);
        *below = true;
    }
    if (is_known(path) || is_writable(path, 0))
        return true;
    if (realpath(path, real) == NULL)
        return false;
    *below = true;
    while (real[1] != '\0') { /* in a sticky directory, nobody can replace another user's directory */
        cut_name(real);
        if (is_writable(real, S_ISVTX)) {
            strcpy(path, real);
            return true;
        }
    }
    return false;
}

/* `instead` is the socket to write. */
static void doubt_socket(struct doubts *doubts, const char *spec, struct place place, const char *instead)
{
    const char *socket = spec == NULL ? NULL : socket_form_path(spec);
    char path[PATH_MAX];
    bool below;

    if (socket == NULL || place.line == 0 || (size_t)snprintf(path, sizeof path, "%s", socket) >= sizeof path
        || !find_open(path, &below) || (!below && doubts->policy->milter.shared_directory))
        return;
    doubts_report(
        doubts, place, WARNING_SOCKET_DIRECTORY,
        ": the socket %.108s is %s %.108s, which everybody may write: somebody else can put a socket "
        "in its place; write %s",
        spec, below ? "below" : "in", path, instead);
}

void doubt_sockets(struct doubts *doubts)
{
    const struct milter_settings *milter = &doubts->policy->milter;

    doubt_socket(doubts, milter->socket, milter->socket_place,
                 milter->mta == MTA_SENDMAIL ? "unix:/run/forcetls/forcetls.sock" : MILTER_USUAL_SOCKET);
    doubt_socket(doubts, milter->postfix_facts, milter->postfix_facts_place,
                 "unix:" POSTFIX_USUAL_QUEUE "forcetls/facts.sock");
    doubt_socket(doubts, milter->status, milter->status_place, STATUS_USUAL_SOCKET);
    doubt_socket(doubts, milter->outbound, milter->outbound_place,
                 "unix:" POSTFIX_USUAL_QUEUE "forcetls/outbound.sock");
}
