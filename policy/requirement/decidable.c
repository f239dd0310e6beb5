/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `decidable`: what must be known to judge a partner at all. It is no key of the language. The code that
 * cannot tell whose mail it is adds the finding.
 */
#include "policy/requirement/requirement.h"

/* Whether an exception depends on the client. */
static bool asks_client(const struct terms *terms)
{
    for (size_t i = 0; i < terms->exception_count; i++)
        if (terms->exceptions[i].clients != NULL)
            return true;
    return false;
}

static const char *wanted_macro(const struct judged *judged)
{
    return asks_client(judged->partner->terms) ? "the client, for an exception"
                                               : "the content of the message";
}

static void wanted(struct growing *text, const struct weighing *weighing, const struct finding *finding)
{
    growing_add(text, "%s",
                finding->reason == REASON_HEADER_FROM             ? "a From header that can be read"
                : finding->reason == REASON_SESSION_OUTDATED      ? "a session begun under this policy"
                : finding->reason == REASON_CLIENT_NAME_TEMPORARY ? "the client's name, for an exception"
                : finding->reason == REASON_MTA_MACROS            ? wanted_macro(weighing->judged)
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
