/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sockets on which the filter listens: whether anybody else could put another socket in their place, and
 * whether the MTA, with its rights and its root directory, gets an answer there. Knows which directories
 * belong to other programs: their modes and owners must not change, so the socket has to move.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "policy/names/network.h"
#include "policy/names/socket_form.h"
#include "policy/tool/doctor/doctor.h"
#include "policy/tool/doctor/endpoint.h"

static const char start[] = "systemctl enable --now forcetls-milter";
static const char restart[] = "systemctl restart forcetls-milter";

static bool is_loopback(const char *host)
{
    struct network address, block;

    if (strcasecmp(host, "localhost") == 0)
        return true;
    if (!network_read_address(&address, host))
        return false;
    return (network_check(&block, "127.0.0.0/8") == NULL && network_contains(&block, &address))
           || (network_check(&block, "::1") == NULL && network_contains(&block, &address));
}

/* Reports that something listens at this place, but does not answer as the filter. */
static void report_silence(struct remarks *remarks, const char *place, int why)
{
    switch (why) {
    case ETIMEDOUT:
        remark(remarks, LEVEL_ERROR, "socket",
               "%s: the filter does not answer within 5 seconds: it hangs or is stopped", place);
        break;
    case EPROTO:
        remark(remarks, LEVEL_ERROR, "socket", "%s: another program listens there, not a milter", place);
        break;
    default:
        remark(remarks, LEVEL_ERROR, "socket", "%s: the filter closes the connection without an answer",
               place);
    }
    remark_change(remarks, "%s", restart);
}

static bool is_silence(int why)
{
    return why == ETIMEDOUT || why == EPROTO || why == ECONNRESET;
}

static void examine_internet(struct examination *examination, const struct listening *listening)
{
    struct remarks *remarks = &examination->remarks;
    const char *spec = listening->spec;
    char host[256], port[16];
    int why;

    if (!socket_form_internet(spec, host, port))
        return;
    if (!is_loopback(host)) {
        remark(remarks, LEVEL_WARNING, "socket_safety",
               "%s: every host that reaches this address can talk to the filter", spec);
        doctor_policy_line(examination, "milter", "%s: inet:%s@127.0.0.1", listening->key, port);
    }
    why = reach_internet(host, port, listening->what);
    if (why == 0) {
        remark(remarks, LEVEL_OK, "socket", "%s answers", spec);
    } else if (is_silence(why)) {
        report_silence(remarks, spec, why);
    } else {
        remark(remarks, LEVEL_ERROR, "socket", "%s: %s%s", spec, strerror(why),
               why == ECONNREFUSED ? "; the filter does not run" : "");
        remark_change(remarks, "%s", start);
    }
}

/* ---- directories of other programs ---- */

/* Whether the directory holds anything but sockets, or cannot be read. */
static bool holds_more(const char *path)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;
    bool more = directory == NULL;

    while (directory != NULL && !more && (entry = readdir(directory)) != NULL) {
        char name[PATH_MAX];
        struct stat found;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        more = lstat(name, &found) == 0 && !S_ISSOCK(found.st_mode);
    }
    if (directory != NULL)
        closedir(directory);
    return more;
}

static bool is_same_directory(const char *a, const char *b)
{
    struct stat left, right;

    return stat(a, &left) == 0 && stat(b, &right) == 0 && left.st_dev == right.st_dev
           && left.st_ino == right.st_ino;
}

/* Whether programs of all kinds put their files into this directory, or it is the queue directory. */
static bool is_common(const struct listening *listening, const char *path)
{
    static const char *const common[] = {"/",          "/tmp",     "/var/tmp", "/dev",
                                         "/dev/shm",   "/run",     "/var/run", "/run/lock",
                                         "/var/spool", "/var/lib", "/var",     "/etc"};
    struct stat found;

    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
        if (is_same_directory(path, common[i]))
            return true;
    if (listening->queue_directory != NULL && is_same_directory(path, listening->queue_directory))
        return true;
    return stat(path, &found) == 0 && (found.st_mode & S_ISVTX) != 0;
}

static void parent_of(const char *path, char *directory, size_t size)
{
    int length = (int)(strrchr(path, '/') - path);

    snprintf(directory, size, "%.*s", length > 0 ? length : 1, path);
}

/* Whether the directory is for the filter's sockets alone, so that its mode and owner may be changed. */
static bool is_own(const struct listening *listening, const char *directory)
{
    char parent[PATH_MAX];

    parent_of(socket_form_path(listening->spec), parent, sizeof parent);
    return is_same_directory(parent, directory) && !is_common(listening, directory)
           && (is_same_directory(directory, listening->home) || !holds_more(directory));
}

static void suggest_directory(struct examination *examination, const struct viewer *viewer, const char *path)
{
    struct viewer filter;

    remark_command(&examination->remarks,
                   WORDS("install", "-d", "-m", viewer->user == 0 ? "0755" : "2750", "-o",
                         doctor_filter_name(examination, &filter), "-g", viewer->name, path));
}

static void suggest_move(struct examination *examination, const struct listening *listening,
                         const struct viewer *viewer)
{
    char spec[PATH_MAX + 32];

    snprintf(spec, sizeof spec, "unix:%s/%s", listening->home,
             listening->what == REACH_ANSWER ? "forcetls.sock" : "facts.sock");
    doctor_policy_setting(examination, "milter", listening->key, spec);
    suggest_directory(examination, viewer, listening->home);
    remark_change(&examination->remarks,
                  "Restart the filter, then run forcetls doctor again: it prints the line for the MTA.");
}

/* ---- who else could put a socket there ---- */

/* Whether the policy permits that others write this directory. Sendmail calls it unsafe all the same. */
static bool is_permitted(const struct examination *examination, const struct listening *listening,
                         const char *directory)
{
    char parent[PATH_MAX];

    if (listening->strict || examination->policy == NULL
        || !policy_milter(examination->policy)->shared_directory)
        return false;
    parent_of(socket_form_path(listening->spec), parent, sizeof parent);
    return is_same_directory(parent, directory);
}

/* A directory's owner can put another socket there, so the filter does not start. False: this is reported. */
static bool examine_owners(struct examination *examination, const struct listening *listening,
                           const struct viewer *viewer)
{
    const char *path = socket_form_path(listening->spec);
    struct viewer filter;
    struct part owned;

    if (!doctor_find_filter(examination, &filter))
        return true;
    path_owner(path, filter.user, &owned);
    if (*owned.path == '\0' || is_permitted(examination, listening, owned.path))
        return true;
    remark(&examination->remarks, LEVEL_ERROR, "socket_safety",
           "%s: %s belongs to neither root nor the filter's user %s: its owner can put another socket there",
           path, owned.text, filter.name);
    if (is_own(listening, owned.path))
        remark_command(&examination->remarks, WORDS("chown", filter.name, owned.path));
    else
        suggest_move(examination, listening, viewer);
    return false;
}

static void report_danger(struct examination *examination, const struct listening *listening,
                          const struct viewer *viewer, const struct part *danger)
{
    const char *path = socket_form_path(listening->spec);

    bool permitted = is_permitted(examination, listening, danger->path);

    remark(&examination->remarks, permitted ? LEVEL_WARNING : LEVEL_ERROR, "socket_safety",
           listening->strict ? "%s: Sendmail calls it unsafe because its group or others may write %s"
           : permitted       ? "%s: another user can put a socket in its place, because of %s; "
                               "milter.shared_directory permits it"
                             : "%s: another user can put a socket in its place, because of %s",
           path, danger->text);
    if (!permitted && is_own(listening, danger->path))
        remark_command(&examination->remarks,
                       WORDS("chmod", listening->strict ? "g-w,o-w" : "o-w", danger->path));
    else
        suggest_move(examination, listening, viewer);
}

static void examine_safety(struct examination *examination, const struct listening *listening,
                           const struct viewer *viewer)
{
    struct remarks *remarks = &examination->remarks;
    const char *path = socket_form_path(listening->spec);
    char directory[PATH_MAX], aside[PATH_MAX];
    struct part danger;
    struct stat found;

    path_danger(path, listening->strict, &danger);
    if (*danger.path == '\0' && !examine_owners(examination, listening, viewer))
        return;
    parent_of(path, directory, sizeof directory);
    if (*danger.path) {
        report_danger(examination, listening, viewer, &danger);
    } else if (lstat(path, &found) == 0 && !S_ISSOCK(found.st_mode)) {
        remark(remarks, LEVEL_ERROR, "socket_safety",
               "%s exists and is not a socket: the filter cannot listen", path);
        snprintf(aside, sizeof aside, "%s.old", path);
        remark_command(remarks, WORDS("mv", path, aside));
    } else if (is_common(listening, directory)) {
        remark(remarks, LEVEL_WARNING, "socket_safety",
               "%s lies directly in %s, which other programs use: the filter needs a directory of its own",
               path, directory);
        suggest_move(examination, listening, viewer);
    } else if (reach_everyone(path)) {
        remark(remarks, LEVEL_WARNING, "socket_safety",
               "%s: every user of this machine can talk to the filter", path);
        remark_command(remarks, WORDS("chmod", "0660", path));
        remark_change(remarks, "forcetls-milter.service: UMask=0117");
    }
}

/* ---- whether the MTA gets an answer ---- */

static void report_missing(struct examination *examination, const struct viewer *viewer, const char *path)
{
    struct remarks *remarks = &examination->remarks;
    char directory[PATH_MAX];
    struct stat found;

    parent_of(path, directory, sizeof directory);
    if (stat(directory, &found) != 0) {
        remark(remarks, LEVEL_ERROR, "socket", "%s: there is no directory %s", path, directory);
        suggest_directory(examination, viewer, directory);
    } else {
        remark(remarks, LEVEL_ERROR, "socket", "%s: there is no socket; the filter does not run", path);
    }
    remark_change(remarks, "%s", start);
}

static void report_forbidden(struct examination *examination, const struct listening *listening,
                             const struct viewer *viewer)
{
    struct remarks *remarks = &examination->remarks;
    const char *path = socket_form_path(listening->spec);
    char directory[PATH_MAX];
    struct part obstacle;

    reach_obstacle(viewer, path, REACH_CONNECT, &obstacle);
    parent_of(path, directory, sizeof directory);
    if (*obstacle.path == '\0') { /* the permission bits allow it, but root's attempt failed */
        remark(remarks, LEVEL_ERROR, "socket", "%s: user %s may not connect, because of an access list", path,
               viewer->name);
        remark_command(remarks, WORDS("getfacl", path, directory));
        return;
    }
    remark(remarks, LEVEL_ERROR, "socket", "%s: user %s may not connect, because of %s", path, viewer->name,
           obstacle.text);
    if (!is_own(listening, directory)
        || (strcmp(obstacle.path, directory) != 0 && strcmp(obstacle.path, path) != 0)) {
        suggest_move(examination, listening, viewer);
        return;
    }
    remark_command(remarks, WORDS("chgrp", viewer->name, directory));
    remark_command(remarks, WORDS("chmod", "2750", directory));
    remark_change(remarks, "forcetls-milter.service: UMask=0117");
    remark_change(remarks, "%s", restart);
}

void doctor_socket(struct examination *examination, const struct listening *listening,
                   const struct viewer *viewer)
{
    struct remarks *remarks = &examination->remarks;
    const char *path = socket_form_path(listening->spec);
    int why;

    if (path == NULL) {
        examine_internet(examination, listening);
        return;
    }
    examine_safety(examination, listening, viewer);
    why = reach(viewer, path, listening->what);
    switch (why) {
    case 0:
        remark(remarks, LEVEL_OK, "socket", "%s answers user %s%s", path, viewer->name,
               viewer->root != NULL ? " in its chroot" : "");
        break;
    case ENOENT:
        report_missing(examination, viewer, path);
        break;
    case ECONNREFUSED:
        remark(remarks, LEVEL_ERROR, "socket", "%s: nobody listens; the filter does not run", path);
        remark_change(remarks, "%s", start);
        break;
    case EPERM:
        doctor_run_as_root(examination, "socket", path);
        break;
    case EACCES:
        report_forbidden(examination, listening, viewer);
        break;
    default:
        if (is_silence(why)) {
            report_silence(remarks, path, why);
            break;
        }
        remark(remarks, LEVEL_ERROR, "socket", "%s: %s", path, strerror(why));
        remark_change(remarks, "%s", restart);
    }
}
