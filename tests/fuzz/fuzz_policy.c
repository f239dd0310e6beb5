/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Policy files. Whatever the octets: a policy comes of them or at least one
 * error is told; every finding is one printable line; the same octets give the
 * same answer again; a policy that loads can be asked everything, and is the
 * same policy when it is printed and loaded again.
 */
#include "tests/fuzz/fuzz.h"

#include "policy/facts/macros.h"
#include "policy/verdict/reply.h"
#include "tests/fuzz/load.h"
#include "tests/lib/print_policy.h"

/* The findings, counted and summed up. */
struct told {
    unsigned errors, warnings;
    uint64_t sum;
};

static void tell(void *arg, const struct diag *diag)
{
    struct told *told = arg;

    CHECK(diag->text[0] != '\0');
    for (const char *c = diag->text; *c != '\0'; c++) {
        CHECK((unsigned char)*c >= 0x20 && *c != 0x7F);
        told->sum = (told->sum ^ (unsigned char)*c) * 1099511628211u;
    }
    told->sum += diag->place.line * 4096u + diag->place.column;
    told->errors += diag->severity == SEVERITY_ERROR;
    told->warnings += diag->severity == SEVERITY_WARNING;
}

static const char *macro(void *arg, const char *name)
{
    (void)arg;
    return strcmp(name, "{client_port}") == 0   ? "25"
           : strcmp(name, "{client_addr}") == 0 ? "192.0.2.1"
                                                : NULL;
}

static void ask(const struct policy *policy, struct told *told)
{
    static const char *const senders[] = {"<>", "<a@contoso.com>", "<a@x.contoso.com>", "a"};

    policy_warn(policy, 1800000000, tell, told);
    for (size_t i = 0; i < sizeof senders / sizeof *senders; i++) {
        struct envelope envelope = {.argument = senders[i], .helo = "mx.contoso.com", .shown = ~0u};
        struct verdict verdict;
        struct facts facts;
        struct reply reply;

        CHECK(facts_read(&facts, &envelope, macro, NULL));
        policy_evaluate(policy, &facts, 1800000000, &verdict);
        if (verdict.partner_count > 0
            && (verdict.action == ACTION_REJECT || verdict.action == ACTION_TEMPFAIL))
            CHECK(reply_make(&reply, policy, &verdict, &facts));
        facts_clear(&facts);
    }
}

/* As YAML, malloc'd. */
static char *printed(const struct policy *policy, size_t *size)
{
    char *text = NULL;
    FILE *to = open_memstream(&text, size);

    CHECK(to != NULL);
    print_policy(to, policy);
    CHECK(fclose(to) == 0);
    return text;
}

static void print_and_load(const struct policy *policy)
{
    struct told told = {0};
    size_t size, size_again;
    char *text = printed(policy, &size), *again;
    struct policy *other = load_octets(text, size, tell, &told);

    CHECK(other != NULL);
    again = printed(other, &size_again);
    CHECK(size == size_again && memcmp(text, again, size) == 0);
    policy_unref(other);
    free(text);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct told told[2];
    int times = size % 8 == 0 ? 2 : 1;

    memset(told, 0, sizeof told);
    for (int i = 0; i < times; i++) {
        struct policy *policy = load_octets(data, size, tell, &told[i]);

        CHECK((policy == NULL) == (told[i].errors > 0));
        if (policy != NULL)
            ask(policy, &told[i]);
        if (policy != NULL && i == 0)
            print_and_load(policy);
        policy_unref(policy);
    }
    CHECK(times == 1 || memcmp(&told[0], &told[1], sizeof *told) == 0);
    return 0;
}
