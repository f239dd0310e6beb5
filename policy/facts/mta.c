/* SPDX-License-Identifier: BSD-2-Clause */
/* Differences between Postfix and Sendmail that are not in their macros. Reads no facts. */
#include "policy/facts/mta.h"

#include <stddef.h>

const char *mta_name(enum mta mta)
{
    return mta == MTA_POSTFIX ? "postfix" : mta == MTA_SENDMAIL ? "sendmail" : NULL;
}

bool mta_rewrites(enum mta mta)
{
    return mta != MTA_POSTFIX;
}

bool mta_completes_recipients(enum mta mta)
{
    return mta != MTA_SENDMAIL;
}

bool mta_hides_distinguished_names(enum mta mta)
{
    return mta == MTA_POSTFIX;
}
