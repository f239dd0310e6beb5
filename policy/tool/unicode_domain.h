/* SPDX-License-Identifier: BSD-2-Clause */
/* A domain as people read it. */
#ifndef POLICY_TOOL_UNICODE_DOMAIN_H
#define POLICY_TOOL_UNICODE_DOMAIN_H

enum { UNICODE_DOMAIN_MAX = 1100 };

/*
 * The domain with its A-labels (xn--...) as U-labels, written to `shown`; the domain itself where it has
 * none. A label that does not decode (idna.h), or holds a character that does not show, stays as it is.
 */
const char *unicode_domain(const char *domain, char shown[UNICODE_DOMAIN_MAX]);

#endif
