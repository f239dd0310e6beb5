/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sockets on which the filter listens: whether anybody else could sit in
 * their place, and whether the MTA, with the rights and the root directory that it
 * has, gets an answer there.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include "policy/names/network.h"
#include "policy/socket_form.h"
#include "policy/tool/doctor.h"
#include "policy/tool/doctor/endpoint.h"

static bool is_loopback(const char *host)
{
    struct network address, block;

    if (strcasecmp(host, "localhost") == 0)
        return true;
    if (!network_read_address(&address, host))
        return false;
    return (!network_check(&block, "127.0.0.0/8") && network_contains(&block, &address))
           || (!network_check(&block, "::1") && network_contains(&block, &address));
}

static void examine_internet(struct examination *examination, const char *spec)
{
    struct remarks *remarks = &examination->remarks;
    char host[256], port[16];
    int why;

    if (!endpoint_internet(spec, host, port))
        return;
    if (!is_loopback(host)) {
        remark(remarks, LEVEL_WARNING, "socket_safety",
               "%s: whoever reaches that address can talk to the filter", spec);
        remark_change(remarks, "%s: milter: {socket: inet:%s@127.0.0.1}", examination->policy_file, port);
    }
    why = reach_internet(host, port);
    if (why == 0) {
        remark(remarks, LEVEL_OK, "socket", "somebody listens on %s", spec);
        return;
    }
    remark(remarks, LEVEL_ERROR, "socket", "%s: %s%s", spec, strerror(why),
           why == ECONNREFUSED ? "; the filter does not run" : "");
    remark_change(remarks, "systemctl enable --now forcetls-milter");
}

/* A directory's owner can put another socket there; the filter does not start then. */
static bool examine_owners(struct examination *examination, const char *path)
{
    struct viewer filter;
    char owned[512];

    if (!doctor_find_filter(examination, &filter))
        return true;
    path_owner(path, filter.user, owned, sizeof(owned));
    if (*owned == '\0')
        return true;
    remark(&examination->remarks, LEVEL_ERROR, "socket_safety",
           "%s: %s belongs to neither root nor the filter's user %s: its owner can put another socket there",
           path, owned, filter.name);
    remark_change(&examination->remarks, "chown %s %.*s", filter.name, (int)strcspn(owned, " "), owned);
    return false;
}

static void examine_safety(struct examination *examination, const char *spec, bool strict)
{
    struct remarks *remarks = &examination->remarks;
    const char *path = socket_form_path(spec);
    char danger[512];
    struct stat found;

    if (!path)
        return;
    path_danger(path, strict, danger, sizeof(danger));
    if (*danger == '\0' && !examine_owners(examination, path))
        return;
    if (*danger) {
        remark(remarks, LEVEL_ERROR, "socket_safety",
               strict ? "%s: Sendmail calls it unsafe because its group or others may write %s"
                      : "%s: somebody else can put a socket in its place, by way of %s",
               path, danger);
        remark_change(remarks, "chmod %s %.*s", strict ? "g-w,o-w" : "o-w", (int)strcspn(danger, " "),
                      danger);
    } else if (lstat(path, &found) == 0 && !S_ISSOCK(found.st_mode)) {
        remark(remarks, LEVEL_ERROR, "socket_safety", "%s: is there and is not a socket", path);
        remark_change(remarks, "rm %s", path);
    } else if (reach_everyone(path)) {
        remark(remarks, LEVEL_WARNING, "socket_safety",
               "%s: every user of this machine can talk to the filter", path);
        remark_change(remarks, "chmod 0660 %s, and umask 0117 for the filter", path);
    }
}

static void tell_missing(struct examination *examination, const char *path)
{
    struct remarks *remarks = &examination->remarks;
    int length = (int)(strrchr(path, '/') - path);
    char directory[512];
    struct stat found;

    snprintf(directory, sizeof(directory), "%.*s", length > 0 ? length : 1, path);
    if (stat(directory, &found) != 0) {
        remark(remarks, LEVEL_ERROR, "socket", "%s: there is no directory %s", path, directory);
        remark_change(remarks, "install -d -m 2750 -o _forcetls -g postfix %s", directory);
    } else {
        remark(remarks, LEVEL_ERROR, "socket", "%s: there is no socket; the filter does not run", path);
        remark_change(remarks, "systemctl enable --now forcetls-milter");
    }
}

void doctor_socket(struct examination *examination, const char *spec, const struct viewer *viewer,
                   bool strict)
{
    struct remarks *remarks = &examination->remarks;
    const char *path = socket_form_path(spec);
    char obstacle[512];
    int why;

    if (!path) {
        examine_internet(examination, spec);
        return;
    }
    examine_safety(examination, spec, strict);
    why = reach(viewer, path, REACH_CONNECT);
    switch (why) {
    case 0:
        remark(remarks, LEVEL_OK, "socket", "%s answers user %s%s", path, viewer->name,
               viewer->root ? " in its chroot" : "");
        break;
    case ENOENT:
        tell_missing(examination, path);
        break;
    case ECONNREFUSED:
        remark(remarks, LEVEL_ERROR, "socket", "%s: nobody listens; the filter does not run", path);
        remark_change(remarks, "systemctl enable --now forcetls-milter");
        break;
    case EACCES:
        reach_obstacle(viewer, path, REACH_CONNECT, obstacle, sizeof(obstacle));
        remark(remarks, LEVEL_ERROR, "socket", "%s: user %s may not connect, because of %s", path,
               viewer->name, *obstacle ? obstacle : "an access list");
        remark_change(remarks, "a directory of mode 2750 and group %s, and umask 0117 for the filter",
                      viewer->name);
        break;
    default:
        remark(remarks, LEVEL_ERROR, "socket", "%s: %s", path, strerror(why));
    }
}
