/* SPDX-License-Identifier: BSD-2-Clause */
/* The access map of Sendmail, as the text that makemap(8) reads. */
#include <stdio.h>
#include <string.h>
#include "policy/tool/doctor/sendmail.h"

void sendmail_each_access(const struct sendmail *sendmail, sendmail_access_fn *take)
{
    const char *map, *path;
    char line[1024];
    FILE *file;

    for (size_t i = 0; (map = sendmail_cf_line(sendmail->cf, 'K', i)) != NULL; i++) {
        path = strchr(map, '/');
        if (strncmp(map, "access ", 7) != 0 || path == NULL)
            continue;
        file = fopen(path, "re");
        while (file != NULL && fgets(line, sizeof line, file) != NULL)
            take(sendmail, path, line);
        if (file != NULL)
            fclose(file);
    }
}
