/* SPDX-License-Identifier: BSD-2-Clause */
/* Policies for the fuzz targets, from memory. */
#ifndef TESTS_FUZZ_LOAD_H
#define TESTS_FUZZ_LOAD_H

#include "policy/policy.h"

/* policy_load() of a file that holds these octets. */
struct policy *load_octets(const void *octets, size_t size, diag_fn *diag, void *arg);

#endif
