/* SPDX-License-Identifier: BSD-2-Clause */
/* A domain as people read it. */
#ifndef POLICY_TOOL_UNICODE_DOMAIN_H
#define POLICY_TOOL_UNICODE_DOMAIN_H

enum { UNICODE_DOMAIN_MAX = 1100 };

/*
 * Writes the domain to `shown`, with its A-labels (xn--...) as U-labels, and returns `shown`. A label that
 * does not decode (idna.h), or holds a character that does not show, stays as it is. A text that is too
 * long for a domain is returned itself.
 */
const char *unicode_domain(const char *domain, char shown[UNICODE_DOMAIN_MAX]);

#endif
