/* SPDX-License-Identifier: BSD-2-Clause */
/* The user that the filter runs as, and what the user of doctor may not see. */
#include <sys/stat.h>
#include "policy/names/socket_form.h"
#include "policy/tool/doctor/doctor.h"

static const char usual_user[] = "_forcetls";

bool doctor_find_filter(const struct examination *examination, struct viewer *filter)
{
    const char *path = socket_form_path(examination->socket);
    struct stat found;

    if (path != NULL && lstat(path, &found) == 0 && S_ISSOCK(found.st_mode)) {
        viewer_of(filter, found.st_uid, found.st_gid);
        return true;
    }
    return viewer_find(filter, usual_user);
}

const char *doctor_filter_name(const struct examination *examination, struct viewer *filter)
{
    return doctor_find_filter(examination, filter) && filter->user != 0 ? filter->name : usual_user;
}

void doctor_run_as_root(struct examination *examination, const char *subject, const char *what)
{
    remark(&examination->remarks, LEVEL_WARNING, subject,
           "%s: this user may not look there: run doctor as root", what);
    remark_command(&examination->remarks,
                   WORDS("sudo", "forcetls", "doctor", "-c", examination->policy_file));
}
