/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether the filter's user can read all that the filter reads when it starts or reloads: the policy's files,
 * the directories of include patterns, and the certificates that rules name. A file or directory that keeps
 * the user out is reported once, with the command that opens this one and no other.
 */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "policy/tool/doctor/doctor.h"

static const char subject[] = "policy_readable";

struct look {
    struct examination *examination;
    const struct viewer *filter;
    size_t unreadable;
};

/* The length of the directory of a path, with its slash. 0: the working directory. */
static int directory_length(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? (int)(slash - path) + 1 : 0;
}

/*
 * Whether mode and group may be changed for the filter: of what is below the policy's directory, and of that
 * directory itself if it is named for forcetls.
 */
static bool is_own(const struct look *look, const char *path)
{
    const char *policy_file = look->examination->policy_file;
    size_t length = (size_t)directory_length(policy_file);

    if (strncmp(path, policy_file, length) == 0 && path[length] != '\0')
        return true;
    return length > 1 && strncmp(path, policy_file, length - 1) == 0 && path[length - 1] == '\0'
           && strstr(strrchr(path, '/'), "forcetls") != NULL;
}

/*
 * Opens the part of the path that keeps the filter's user out. If other programs use that
 * part, the file is copied elsewhere.
 */
static void suggest_opening(const struct look *look, const struct part *part, const char *path)
{
    struct remarks *remarks = &look->examination->remarks;
    struct stat found;
    bool directory = stat(part->path, &found) == 0 && S_ISDIR(found.st_mode);

    if (!is_own(look, part->path)) {
        remark_command(remarks,
                       WORDS("install", "-m", "0640", "-g", look->filter->name, path, "/etc/forcetls/"));
        remark_change(remarks, "Name the copy where the file is named now.");
        return;
    }
    remark_command(remarks, WORDS("chgrp", look->filter->name, part->path));
    remark_command(remarks, WORDS("chmod", directory ? "g+rx" : "g+r", part->path));
}

static void examine(struct look *look, const char *path)
{
    struct remarks *remarks = &look->examination->remarks;
    int why = reach(look->filter, path, REACH_READ);
    struct part obstacle;

    if (why == 0)
        return;
    look->unreadable++;
    if (why == EPERM) {
        doctor_run_as_root(look->examination, subject, path);
        return;
    }
    reach_obstacle(look->filter, path, REACH_READ, &obstacle);
    if (*obstacle.path) { /* the same remark for all files below it */
        remark(remarks, LEVEL_ERROR, subject, "the filter's user %s cannot read %s", look->filter->name,
               obstacle.text);
        suggest_opening(look, &obstacle, path);
        return;
    }
    remark(remarks, LEVEL_ERROR, subject, "the filter's user %s cannot read %s: %s", look->filter->name, path,
           strerror(why));
    remark_command(remarks, WORDS("namei", "-l", path));
}

static void examine_file(void *arg, const char *path)
{
    examine(arg, path);
}

/*
 * For "conf.d/x*.yaml", the directory conf.d has to be readable. A directory part
 * with wildcards is expanded first.
 */
static void examine_include(void *arg, const char *pattern)
{
    struct look *look = arg;
    const char *policy_file = look->examination->policy_file;
    int prefix = *pattern == '/' ? 0 : directory_length(policy_file), length = directory_length(pattern);
    char directory[PATH_MAX];
    glob_t matches = {0};

    if (strpbrk(pattern + length, "*?[") == NULL)
        return;
    if (snprintf(directory, sizeof directory, "%.*s%.*s", prefix, policy_file, length, pattern)
            >= (int)sizeof directory
        || *directory == '\0')
        return;
    directory[strlen(directory) - (strlen(directory) > 1)] = '\0'; /* the last slash */
    if (glob(directory, GLOB_NOSORT | GLOB_NOCHECK, NULL, &matches) == 0)
        for (size_t i = 0; i < matches.gl_pathc; i++)
            examine(look, matches.gl_pathv[i]);
    globfree(&matches);
}

void doctor_files(struct examination *examination)
{
    struct viewer filter;
    struct look look = {examination, &filter, 0};

    if (!doctor_find_filter(examination, &filter))
        return;
    doctor_each_include(examination, examine_include, &look);
    for (size_t i = 0; i < policy_file_count(examination->policy); i++)
        examine(&look, policy_file(examination->policy, i));
    policy_each_certificate_file(examination->policy, examine_file, &look);
    if (look.unreadable == 0)
        remark(&examination->remarks, LEVEL_OK, subject, "the filter's user %s can read the policy",
               filter.name);
}
