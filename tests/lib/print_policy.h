/* SPDX-License-Identifier: BSD-2-Clause */
/* A loaded policy as YAML: for tests that load it again. */
#ifndef TESTS_LIB_PRINT_POLICY_H
#define TESTS_LIB_PRINT_POLICY_H

#include <stdio.h>
#include "policy/policy.h"

/*
 * Writes all that decides about mail and all that is for people, in one file and one order, so that two policies
 * that say the same print the same. What stands for the same is written in one way: `file` as its fingerprint and
 * dates, cipher strings as the suites they select.
 */
void print_policy(FILE *to, const struct policy *policy);

#endif
