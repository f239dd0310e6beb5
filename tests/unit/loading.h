/* SPDX-License-Identifier: BSD-2-Clause */
/* A policy from a text, and what was found on the way: for the unit tests of what works on loaded policies. */
#ifndef TESTS_UNIT_LOADING_H
#define TESTS_UNIT_LOADING_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "policy/names/date.h"
#include "policy/policy.h"

#define P "partners:\n- {name: p, domains: [p.example]"
#define FP "sha256:AABBCCDDEEFF00112233445566778899AABBCCDDEEFF00112233445566778899"

/* Findings of the last load as "3:5 text\n", errors with "! " in front. */
static char findings[8192];

static void note(void *arg, const struct diag *diag)
{
    size_t length = strlen(findings);

    assert_ptr_equal(arg, findings);
    assert_non_null(diag->place.file);
    snprintf(findings + length, sizeof findings - length, "%s%u:%u %s\n", diag->severity == SEVERITY_ERROR ? "! " : "", diag->place.line,
             diag->place.column, diag->text);
}

static struct policy *load(const char *text)
{
    char path[] = "/tmp/test_policy.XXXXXX";
    int file = mkstemp(path);
    struct policy *policy;

    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    close(file);
    findings[0] = '\0';
    policy = policy_load(path, note, findings);
    unlink(path);
    return policy;
}

static struct policy *load_good(const char *text)
{
    char whole[8192];
    struct policy *policy;

    snprintf(whole, sizeof whole, "version: 1\n%s", text);
    policy = load(whole);
    if (policy == NULL)
        fail_msg("does not load: %s", findings);
    return policy;
}

static inline int64_t date(const char *text)
{
    int64_t value;

    assert_true(date_parse(text, &value));
    return value;
}

#endif
