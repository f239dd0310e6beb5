/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Policy files. Whatever the octets: a policy comes of them or at least one
 * error is told; every finding is one printable line; the same octets give the
 * same answer twice; a policy that loads can be asked everything.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "policy/macros.h"
#include "policy/policy.h"
#include "policy/reply.h"

struct told {
    unsigned errors, warnings;
};

static void tell(void *arg, const struct diag *diag)
{
    struct told *told = arg;

    CHECK(diag->text[0] != '\0');
    for (const char *c = diag->text; *c != '\0'; c++)
        CHECK((unsigned char)*c >= 0x20 && *c != 0x7F);
    told->errors += diag->severity == SEVERITY_ERROR;
    told->warnings += diag->severity == SEVERITY_WARNING;
}

static const char *macro(void *arg, const char *name)
{
    (void)arg;
    return strcmp(name, "{client_port}") == 0 ? "25" : strcmp(name, "{client_addr}") == 0 ? "192.0.2.1" : NULL;
}

static void ask(const struct policy *policy)
{
    static const char *const senders[] = {"<>", "<a@contoso.com>", "<a@x.contoso.com>", "a"};
    struct told told = {0, 0};

    policy_warn(policy, 1800000000, tell, &told);
    for (size_t i = 0; i < sizeof senders / sizeof *senders; i++) {
        struct envelope envelope = {.argument = senders[i], .helo = "mx.contoso.com", .shown = ~0u};
        struct verdict verdict;
        struct facts facts;
        struct reply reply;

        CHECK(facts_read(&facts, &envelope, macro, NULL));
        policy_evaluate(policy, &facts, 1800000000, &verdict);
        if (verdict.partner_count > 0 && (verdict.action == ACTION_REJECT || verdict.action == ACTION_TEMPFAIL))
            CHECK(reply_make(&reply, policy, &verdict, &facts));
        facts_clear(&facts);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct told told[2] = {{0, 0}, {0, 0}};
    char path[64];
    int file = memfd_create("policy", 0);

    CHECK(file >= 0 && fchmod(file, 0600) == 0 && write(file, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    for (int i = 0; i < 2; i++) {
        struct policy *policy = policy_load(path, tell, &told[i]);

        CHECK((policy == NULL) == (told[i].errors > 0));
        if (policy != NULL)
            ask(policy);
        policy_unref(policy);
    }
    CHECK(told[0].errors == told[1].errors && told[0].warnings == told[1].warnings);
    close(file);
    return 0;
}
