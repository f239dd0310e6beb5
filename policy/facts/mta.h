/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Postfix and Sendmail do differently with the mail that they show, beside the macros (macros.h). Of
 * an MTA that is not recognised, the worse is assumed.
 */
#ifndef POLICY_FACTS_MTA_H
#define POLICY_FACTS_MTA_H

#include <stdbool.h>
#include "policy/facts/facts.h"

/* The word for it in a policy and in logs; NULL: it is not recognised. */
const char *mta_name(enum mta mta);

/*
 * Whether it may rewrite what it takes for an address ("domain!user"), and write the envelope sender into a
 * missing From field. Sendmail does.
 */
bool mta_rewrites(enum mta mta);

/* Whether {rcpt_addr} has its own domain where a RCPT, however it is written, has none. So does Postfix. */
bool mta_completes_recipients(enum mta mta);

/* Whether it shows no distinguished names, but only the CN in them. So does Postfix. */
bool mta_hides_distinguished_names(enum mta mta);

#endif
