/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explain: what the daemon would answer to one transaction. The question comes as macros, and from there on
 * all code is the daemon's own: facts_read(), policy_evaluate(), reply_make(). This file judges nothing.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "policy/facts/macros.h"
#include "policy/facts/mta.h"
#include "policy/names/address.h"
#include "policy/names/printable.h"
#include "policy/names/tls.h"
#include "policy/tool/explain/answer.h"
#include "policy/tool/explain/question.h"
#include "policy/tool/verbs.h"

/* What facts_read() and policy_evaluate() work on. */
struct transaction {
    struct facts facts;
    struct header_from header_from;
    struct recipient *recipients;
    struct recipient_store all;
    struct verdict verdict, unaddressed;
};

static const char *macro_value(void *arg, const char *name)
{
    const struct question *question = arg;

    for (size_t i = 0; i < MACRO_COUNT; i++) {
        if (strcmp(macro_names[i], name) == 0)
            return question->macro[i];
    }
    return NULL;
}

/*
 * Fills in what postfix_facts would have reported of the certificate by DATA, behind Postfix. It reports both
 * fingerprints of any certificate. So a fingerprint that is not given here counts as not reported.
 */
static void report_pin(struct pin *pin, const char *text, bool certificate)
{
    if (pin->state != PIN_PENDING)
        return;
    pin->state = certificate ? PIN_MISSING : PIN_ABSENT;
    if (text != NULL
        && (fingerprint_read(pin->fingerprint, text) || fingerprint_parse(pin->fingerprint, text) == NULL))
        pin->state = PIN_KNOWN;
}

/*
 * Returns {rcpt_addr}: what --macro says, else the recipient. With `mailboxes`, it is the user alone, as
 * Sendmail has it for a mailbox of its own host; `local` holds it.
 */
static const char *rcpt_addr_of(const struct question *question, const char *to, bool mailboxes,
                                struct address *local)
{
    if (question->rcpt_addr_set)
        return question->rcpt_addr;
    if (!mailboxes)
        return to;
    address_read(local, to);
    return local->local;
}

static bool read_recipients(const struct question *question, const struct policy *policy,
                            struct transaction *transaction, bool mailboxes)
{
    struct address local;

    recipients_free(&transaction->all);
    for (size_t i = 0; i < question->to.count; i++) {
        const char *to = question->to.value[i];

        if (!recipient_read(&transaction->recipients[i], policy,
                            mta_completes_recipients(transaction->facts.mta), to,
                            rcpt_addr_of(question, to, mailboxes, &local))
            || !recipients_add(&transaction->all, &transaction->recipients[i]))
            return false;
    }
    return true;
}

static bool read_facts(struct question *question, const struct policy *policy,
                       struct transaction *transaction)
{
    const struct milter_settings *settings = policy_milter(policy);
    struct network client;
    bool certificate;
    struct envelope envelope = {
        .argument = question->argument,
        .helo = question->helo,
        .shown = NEED_CONNECT | NEED_HELO | NEED_RCPT | NEED_DATA | NEED_HEADERS,
        .mta = settings->mta,
        .pins_at_data = settings->postfix_facts != NULL,
    };

    if (network_read_address(&client, question->macro[MACRO_CLIENT_ADDR]))
        envelope.client = &client;
    if (!facts_read(&transaction->facts, &envelope, macro_value, question))
        return false;
    certificate = question->fingerprint != NULL || question->key_fingerprint != NULL
                  || transaction->facts.certificate == CERTIFICATE_TRUSTED;
    report_pin(&transaction->facts.certificate_pin, question->fingerprint, certificate);
    report_pin(&transaction->facts.key_pin, question->key_fingerprint, certificate);
    for (size_t i = 0; i < question->header_from.count; i++)
        header_from_add(&transaction->header_from, question->header_from.value[i],
                        facts_header_reader(&transaction->facts));
    transaction->facts.header_from = &transaction->header_from;
    return read_recipients(question, policy, transaction, false);
}

static bool more_severe(const struct verdict *a, const struct verdict *b)
{
    if (a->action != b->action)
        return a->action > b->action;
    return a->outcome != b->outcome ? a->outcome > b->outcome : a->would > b->would;
}

/*
 * Judges the message as a whole, as from DATA on, and each recipient alone, as at its RCPT.
 * The most severe verdict counts.
 */
static void judge(const struct question *question, const struct policy *policy,
                  struct transaction *transaction, struct verdict *verdict)
{
    struct facts *facts = &transaction->facts;
    struct verdict one;

    facts->recipients = &transaction->all.all;
    policy_evaluate(policy, facts, question->now, verdict);
    for (size_t i = 0; question->to.count > 1 && i < question->to.count; i++) {
        const struct recipients alone = recipients_of_one(&transaction->recipients[i]);

        facts->recipients = &alone;
        policy_evaluate(policy, facts, question->now, &one);
        if (more_severe(&one, verdict))
            *verdict = one;
    }
    facts->recipients = &transaction->all.all;
}

/* Judges as before any recipient is known. NULL: the question has recipients. */
static const struct verdict *judge_unaddressed(const struct question *question, const struct policy *policy,
                                               struct transaction *transaction, struct verdict *verdict)
{
    if (question->to.count != 0)
        return NULL;
    transaction->facts.recipients = NULL;
    policy_evaluate(policy, &transaction->facts, question->now, verdict);
    transaction->facts.recipients = &transaction->all.all;
    return verdict;
}

/* Says if the answer would differ for a mailbox of Sendmail's own. */
static void hint_recipients(const struct question *question, const struct policy *policy,
                            struct transaction *transaction)
{
    struct verdict other = {.partner_count = 0};

    if (question->to.count == 0 || question->mta != MTA_SENDMAIL || question->rcpt_addr_set
        || !read_recipients(question, policy, transaction, true))
        return;
    judge(question, policy, transaction, &other);
    if (other.action != transaction->verdict.action || other.outcome != transaction->verdict.outcome)
        fputs("forcetls explain: if the mailbox is Sendmail's own, the answer differs: add --macro "
              "'{rcpt_addr}=user'\n",
              stderr);
}

/* Warns of an option whose value was probably meant as a domain: as an address it is a local part. */
static void hint_address(const char *option, const char *text)
{
    struct address address;
    struct domain domain;

    address_read(&address, text);
    if (address.kind != ADDRESS_LOCAL || strchr(address.local, '.') == NULL
        || domain_normalise(&domain, address.local, strlen(address.local)) != DOMAIN_VALID)
        return;
    fprintf(stderr, "forcetls explain: %s ", option);
    text_show(stderr, text);
    fprintf(stderr, " is an address without a domain; for a mail of %s write %s user@%s\n", domain.text,
            option, domain.text);
}

static void hint_addresses(const struct question *question)
{
    hint_address("--from", question->from);
    for (size_t i = 0; i < question->to.count; i++)
        hint_address("--to", question->to.value[i]);
    for (size_t i = 0; i < question->header_from.count; i++)
        hint_address("--header-from", question->header_from.value[i]);
}

static void hint_version(const char *version)
{
    if (version == NULL || tls_version_read(version) != TLS_VERSION_UNREADABLE)
        return;
    fputs("forcetls explain: no MTA reports a TLS version as ", stderr);
    text_show(stderr, version);
    fputs("; write TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3\n", stderr);
}

/* Warns of a suite that this OpenSSL does not have, such as a cipher string. */
static void hint_cipher(const char *cipher)
{
    struct suites *suites = cipher != NULL ? suites_new() : NULL;
    const char *nearest;

    if (suites == NULL || suites_find(suites, cipher) >= 0 || suites_name_is_weak(cipher)) {
        suites_free(suites);
        return;
    }
    nearest = suites_nearest(suites, cipher);
    fputs("forcetls explain: no suite is known as ", stderr);
    text_show(stderr, cipher);
    if (nearest != NULL)
        fprintf(stderr, "; did you mean %s?", nearest);
    fputc('\n', stderr);
    suites_free(suites);
}

static void hint_bits(const char *bits)
{
    if (bits == NULL || bits[strspn(bits, "0123456789")] == '\0')
        return;
    fputs("forcetls explain: no MTA reports bits as ", stderr);
    text_show(stderr, bits);
    fputs("; write a number, such as 256\n", stderr);
}

/* Warns of options that have no effect behind this MTA, and of values that no MTA sends. */
static void hint(const struct question *question, const struct policy *policy)
{
    hint_addresses(question);
    hint_version(question->macro[MACRO_TLS_VERSION]);
    hint_cipher(question->macro[MACRO_CIPHER]);
    hint_bits(question->macro[MACRO_CIPHER_BITS]);
    if (question->mta == MTA_SENDMAIL && question->key_fingerprint != NULL)
        fputs("forcetls explain: Sendmail shows no fingerprint of a key\n", stderr);
    if (question->mta == MTA_POSTFIX && question->macro[MACRO_VERIFY] != NULL)
        fputs("forcetls explain: Postfix sends no {verify}; --mta sendmail asks as Sendmail\n", stderr);
    if (policy_milter(policy)->mta != MTA_UNKNOWN && policy_milter(policy)->mta != question->mta)
        fputs("forcetls explain: the policy's mta differs from --mta, so certificates are unknown\n", stderr);
    if (question->mta == MTA_POSTFIX && policy_milter(policy)->postfix_facts == NULL
        && (question->fingerprint != NULL || question->key_fingerprint != NULL))
        fputs("forcetls explain: Postfix shows no fingerprint, as the policy has no postfix_facts\n", stderr);
}

/* Warns if a partner's clients matter and no client is given: every MTA reports the client. */
static void hint_client(const struct question *question, const struct verdict *verdict)
{
    for (size_t i = 0; question->macro[MACRO_CLIENT_ADDR] == NULL && i < verdict->partner_count; i++) {
        const struct judged *judged = &verdict->partner[i];

        for (size_t j = 0; j < judged->finding_count; j++) {
            const struct finding *finding = &judged->finding[j];

            if (finding->reason != REASON_MTA_MACROS || finding->met != UNKNOWN
                || (finding->requirement != REQUIRE_CLIENTS && finding->requirement != REQUIRE_DECIDABLE))
                continue;
            fprintf(stderr,
                    "forcetls explain: whether %s refuses this depends on the client: give --client\n",
                    partner_name(judged->partner));
            return;
        }
    }
}

static int answer_question(struct question *question)
{
    struct transaction *transaction = calloc(1, sizeof *transaction);
    struct policy *policy = NULL;
    int status = EX_OSERR;

    if (transaction == NULL)
        goto out;
    transaction->recipients = calloc(question->to.count + 1, sizeof *transaction->recipients);
    if (transaction->recipients == NULL)
        goto out;
    policy = load_policy(question->file);
    if (policy == NULL) {
        status = EX_CONFIG;
        goto out;
    }
    if (read_facts(question, policy, transaction)) {
        struct answer answer = {policy, &transaction->facts, &transaction->verdict, NULL};

        hint(question, policy);
        judge(question, policy, transaction, &transaction->verdict);
        answer.unaddressed = judge_unaddressed(question, policy, transaction, &transaction->unaddressed);
        if (question->json && answer.unaddressed != NULL && answer.unaddressed->pending & NEED_RCPT)
            fputs("forcetls explain: a partner is judged by recipient: give --to\n", stderr);
        hint_recipients(question, policy, transaction);
        hint_client(question, &transaction->verdict);
        status = question->json ? answer_json(&answer) : answer_show(&answer);
    }
    facts_clear(&transaction->facts);
out:
    if (status == EX_OSERR)
        fputs("forcetls explain: out of memory\n", stderr);
    policy_unref(policy);
    if (transaction != NULL) {
        header_from_clear(&transaction->header_from);
        recipients_free(&transaction->all);
        free(transaction->recipients);
    }
    free(transaction);
    return status;
}

int verb_explain(int argc, char **argv)
{
    struct question *question = calloc(1, sizeof *question);
    const char **values = calloc(3 * (size_t)argc, sizeof *values); /* for three lists */
    int status = EX_OSERR;

    if (question != NULL && values != NULL) {
        question->file = POLICY_FILE;
        question->mta = MTA_POSTFIX;
        question->now = present();
        question->to.value = values;
        question->header_from.value = values + argc;
        question->overrides.value = values + 2 * (size_t)argc;
        status = question_read(question, argc, argv);
        if (status < 0)
            status = !question->outbound             ? answer_question(question)
                     : question->mta == MTA_SENDMAIL ? answer_session(question)
                                                     : answer_outbound(question);
    } else {
        fputs("forcetls explain: out of memory\n", stderr);
    }
    free(values);
    free(question);
    return status;
}
