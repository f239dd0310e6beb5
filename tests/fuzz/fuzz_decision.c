/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From macros to reply and log line. Lines of the input are the macros in their order,
 * then the argument of MAIL, the HELO name, a recipient and a From field. Whatever
 * they say: mail whose resolved sender is the partner's and which came without TLS is not accepted; a
 * reply is one printable line with codes of its class; a decision is one log line.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "milter/decision.h"
#include "milter/log.h"
#include "policy/macros.h"
#include "policy/policy.h"
#include "policy/reply.h"

enum { LINES = MACRO_COUNT + 4 };

static const char policy_text[] =
    "version: 1\n"
    "defaults: {action: reject, message: \"https://example.com/\"}\n"
    "exempt: {clients: [], authenticated: false}\n"
    "partners:\n"
    "  - {name: contoso, domains: [contoso.com, .contoso.com], require: {min_cipher_bits: 128, forward_secrecy: true,\n"
    "     certificates: [{subject: mail.contoso.com}, {subject: {O: Contoso}}], clients: [192.0.2.0/24, .contoso.com]}}\n"
    "  - {name: header, domains: [header.test], identities: [header_from], action: tempfail}\n"
    "  - {name: client, clients: [198.51.100.0/24], recipients: [a@example.com]}\n";

static const struct policy *policy(void)
{
    static struct policy *loaded;
    char path[64];
    int file;

    if (loaded != NULL)
        return loaded;
    file = memfd_create("policy", 0);
    CHECK(file >= 0 && fchmod(file, 0600) == 0 && write(file, policy_text, sizeof policy_text - 1) > 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    loaded = policy_load(path, NULL, NULL);
    CHECK(loaded != NULL);
    close(file);
    return loaded;
}

static const char *macro(void *arg, const char *name)
{
    char **lines = arg;

    for (size_t i = 0; i < MACRO_COUNT; i++)
        if (strcmp(macro_names[i], name) == 0)
            return lines[i];
    return NULL;
}

static void check_reply(const struct verdict *verdict, const struct facts *facts)
{
    struct reply reply;

    if (!reply_make(&reply, policy(), verdict, facts))
        return;
    CHECK(strlen(reply.code) == 3 && reply.code[0] == (verdict->action == ACTION_REJECT ? '5' : '4'));
    CHECK(reply.status[0] == reply.code[0] && strlen(reply.text) < sizeof reply.text - 1);
    for (const char *c = reply.text; *c != '\0'; c++)
        CHECK(*c >= 0x20 && *c <= 0x7E);
}

static void check_log(const struct verdict *verdict, const struct facts *facts)
{
    struct decision decision = {.facts = facts, .verdict = verdict};
    struct log_line line;

    decision_line(&line, &decision);
    for (const char *c = line.text; *c != '\0'; c++)
        CHECK(*c >= 0x20 && *c <= 0x7E);
}

static void judge(struct facts *facts)
{
    struct verdict verdict;

    policy_evaluate(policy(), facts, 1800000000, &verdict);
    if (facts->tls != TLS_ON && facts->senders > 0 && facts->sender[0].kind == ADDRESS_DOMAIN
        && (strcmp(facts->sender[0].domain.text, "contoso.com") == 0 || domain_below(facts->sender[0].domain.text, "contoso.com")))
        CHECK(verdict.action == ACTION_REJECT || verdict.action == ACTION_TEMPFAIL);
    check_reply(&verdict, facts);
    check_log(&verdict, facts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), *lines[LINES], *rest = text;
    struct header_from from = {0};
    struct recipient recipient;
    struct facts facts;

    CHECK(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    for (size_t i = 0; i < LINES; i++)
        lines[i] = rest == NULL ? (char *)"" : strsep(&rest, "\n");
    struct envelope envelope = {.argument = lines[MACRO_COUNT], .helo = lines[MACRO_COUNT + 1], .shown = ~0u};
    CHECK(facts_read(&facts, &envelope, macro, lines));
    judge(&facts);
    recipient_read(&recipient, lines[MACRO_COUNT + 2], NULL);
    header_from_add(&from, lines[MACRO_COUNT + 3]);
    facts.recipients = &recipient;
    facts.recipient_count = 1;
    facts.header_from = &from;
    CHECK(facts_copy(&facts));
    judge(&facts);
    facts_clear(&facts);
    header_from_clear(&from);
    free(text);
    return 0;
}
