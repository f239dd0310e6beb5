/* SPDX-License-Identifier: BSD-2-Clause */
/* Domains below which anybody can register a domain. */
#ifndef POLICY_NAMES_SUFFIXES_H
#define POLICY_NAMES_SUFFIXES_H

/*
 * Names the kind of a domain (in its compared form) that belongs to no single organisation: "a top-level
 * domain" (com) or "a public suffix" (co.uk); NULL: it is none that is known. Names of one label that
 * networks use for themselves (localhost, lan, internal, ...) or that are reserved (example, test) are none.
 */
const char *suffix_kind(const char *domain);

#endif
