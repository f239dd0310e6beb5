/* SPDX-License-Identifier: BSD-2-Clause */
/* Files whose changes `watch` does not see. */
#include "policy/language/doubts.h"

void doubt_watched_files(struct doubts *doubts)
{
    const struct milter_settings *milter = &doubts->policy->milter;
    const struct disk *disk = doubts->policy->disk;

    for (size_t i = 0; milter->watch && i < disk->file_count; i++)
        if (disk_is_mounted_alone(disk->files[i].path))
            doubts_report(
                doubts, milter->watch_place, WARNING_FILE_MOUNTED_ALONE,
                ": watch: %.255s is mounted alone, so that a file that replaces it is not seen; mount "
                "its directory",
                disk->files[i].path);
}
