/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `decidable`: what had to be known to judge the partner at all. No key of the language; whoever cannot
 * know whose mail it is adds the finding.
 */
#include "policy/requirement/requirement.h"

static void wanted(struct growing *text, const struct weighing *weighing, const struct finding *finding)
{
    (void)weighing;
    growing_add(text, "%s",
                finding->reason == REASON_HEADER_FROM        ? "a From header that can be read"
                : finding->reason == REASON_SESSION_OUTDATED ? "a session begun under this policy"
                                                             : "memory to judge it");
}

static void detail(struct growing *text, const struct weighing *weighing, const struct finding *finding)
{
    if (finding->reason == REASON_MTA_MACROS && weighing->facts->content == CONTENT_WITHHELD)
        growing_add(text, ": content of the message not shown");
}

/* clang-format off */
const struct requirement_row requirement_decidable = {
    .wanted = wanted, .detail = detail,
    .reasons = {
        {REASON_HEADER_FROM, NULL, NULL, "4.3.5",
         "From header of this message cannot be read, try again later"},
        {REASON_SESSION_OUTDATED, NULL, NULL, "4.3.5",
         "Local policy changed during this session, try again later in a new one"},
        {REASON_INTERNAL, NULL, NULL, "4.3.5", "Local problem, not yours: try again later"},
    }};
