/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How Postfix and Sendmail differ in the mail that they show, apart from the macros (macros.h). For an MTA
 * that is not recognised, the worse is assumed.
 */
#ifndef POLICY_FACTS_MTA_H
#define POLICY_FACTS_MTA_H

#include <stdbool.h>
#include "policy/facts/facts.h"

/* The MTA's name in a policy and in logs; NULL: it is not recognised. */
const char *mta_name(enum mta mta);

/*
 * Whether the MTA may rewrite what it takes for an address ("domain!user"), and write the envelope sender
 * into a missing From field. Sendmail does.
 */
bool mta_rewrites(enum mta mta);

/* Whether the MTA puts its own domain into {rcpt_addr} if a RCPT, however written, has none. Postfix does. */
bool mta_completes_recipients(enum mta mta);

/* Whether the MTA never shows a distinguished name, but only its CN. That is Postfix. */
bool mta_hides_distinguished_names(enum mta mta);

#endif
