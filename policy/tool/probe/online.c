/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check --online: compares the rules for mail to partners with DNS. Only looks up names: it connects to no
 * mail server (probe.c does).
 */
#include <stdio.h>
#include <stdlib.h>
#include "policy/language/doubts.h"
#include "policy/requirement/outbound_rule.h"
#include "policy/requirement/profiles.h"
#include "policy/tool/probe/probe.h"
#include "policy/tool/verbs.h"

enum { NAMES_SHOWN = 100 };

/* A domain of a partner, which is looked up. */
struct question {
    struct doubts doubts; /* of the partner */
    const char *domain;
    const struct outbound *outbound;
    enum proof proof;
    struct rule rule; /* as Postfix gets it */
    struct hosts hosts;
    bool exhausted; /* memory ran out */
};

static void warn(struct question *question, enum warning warning, const char *text)
{
    doubts_report(&question->doubts, question->outbound->place, warning, ": %s %s", question->domain, text);
}

/* ---- DANE and MTA-STS ---- */

/* Whether Postfix can use DANE: the MX records are signed, and each server has a signed TLSA record. */
static bool has_dane(const struct hosts *hosts)
{
    bool has = hosts->state.secure;

    for (size_t i = 0; i < hosts->count; i++)
        has &= hosts->host[i].tlsa.there && hosts->host[i].tlsa.secure;
    return has;
}

/*
 * Whether the rule hides what the domain publishes. An upstream map passes that on, unless the rule is a pin.
 */
static bool hides(const struct question *question)
{
    if (question->rule.level == RULE_FINGERPRINT)
        return true;
    return policy_milter(question->doubts.policy)->outbound_upstream == NULL
           && (question->proof == PROOF_NONE || question->proof == PROOF_DOMAIN);
}

static void warn_published(struct question *question)
{
    const bool pinned = question->rule.level == RULE_FINGERPRINT;
    const char *wanted = pinned                          ? "a fingerprint in its place"
                         : question->proof == PROOF_NONE ? "no certificate"
                                                         : "a name of the domain only";

    if (!hides(question))
        return;
    if (has_dane(&question->hosts))
        doubts_report(&question->doubts, question->outbound->place, WARNING_OUTBOUND_DANE_PUBLISHED,
                      ": %s publishes DANE for all its servers, and the rule asks for %s; write "
                      "certificates: dane",
                      question->domain, wanted);
    if (!pinned && domain_find_sts(question->domain).there)
        doubts_report(&question->doubts, question->outbound->place, WARNING_OUTBOUND_STS_PUBLISHED,
                      ": %s publishes an MTA-STS policy, and the rule asks for %s; write the names that the "
                      "policy lists, or set milter.outbound_upstream",
                      question->domain, wanted);
}

static void warn_no_dane(struct question *question)
{
    if (question->proof == PROOF_DANE && !has_dane(&question->hosts))
        warn(question, WARNING_OUTBOUND_NO_DANE,
             "does not publish DANE for all its servers, and the rule asks for it: mail to the partner is "
             "deferred");
}

/* ---- names ---- */

/* The names of the rule, as many as fit: "contoso.com, .contoso.com". */
static void list_names(const struct rule *rule, char names[NAMES_SHOWN])
{
    size_t length = 0;

    for (size_t i = 0; i < rule->count && length < NAMES_SHOWN; i++)
        length += (size_t)snprintf(names + length, NAMES_SHOWN - length, "%s%s", i > 0 ? ", " : "",
                                   rule->pattern[i]);
}

/* The certificates of a platform's servers have its own name, and it replaces them at any time. */
static void warn_provider(struct question *question, const char *host, const struct provider *provider)
{
    bool pinned = question->rule.level == RULE_FINGERPRINT;
    const char *name = provider->subject + (*provider->subject == '*');

    doubts_report(&question->doubts, question->outbound->place, WARNING_OUTBOUND_PROVIDER,
                  ": the servers of %s belong to %s (%s), whose certificates %s: mail to the partner is "
                  "deferred%s; write certificates: [{name: %s}]",
                  question->domain, provider->name, host,
                  pinned ? "change without notice" : "have none of the rule's names", pinned ? " then" : "",
                  name);
}

static void warn_name(struct question *question, const char *host)
{
    char names[NAMES_SHOWN];

    list_names(&question->rule, names);
    doubts_report(&question->doubts, question->outbound->place, WARNING_OUTBOUND_SERVER_NAME,
                  ": the server %s of %s has none of the rule's names (%s): mail to it is deferred, unless "
                  "its certificate has one",
                  host, question->domain, names);
}

/* Warns once per domain: the names of its servers are mostly alike. */
static void warn_names(struct question *question)
{
    for (size_t i = 0; i < question->hosts.count; i++) {
        const char *host = question->hosts.host[i].name;
        const struct provider *provider = provider_of_subject(host);
        bool named = question->rule.level == RULE_SECURE && rule_has_name(&question->rule, host);

        if (named || (question->rule.level == RULE_FINGERPRINT && provider == NULL))
            continue;
        if (provider != NULL)
            warn_provider(question, host, provider);
        else
            warn_name(question, host);
        return;
    }
}

/* ---- a domain ---- */

/* Looks up the servers of the domain. False: it has none; the reason is reported. */
static bool find_servers(struct question *question)
{
    struct hosts *hosts = &question->hosts;

    hosts_of_domain(hosts, question->domain);
    if (hosts->state.failed)
        warn(question, WARNING_OUTBOUND_NO_SERVER, "cannot be looked up: the name server does not answer");
    else if (hosts->state.missing)
        warn(question, WARNING_OUTBOUND_NO_SERVER, "does not exist: mail to it is returned");
    else if (hosts->none)
        warn(question, WARNING_OUTBOUND_NO_SERVER,
             "takes no mail (its MX record is \".\"): mail to it is returned");
    for (size_t i = 0; i < hosts->count; i++)
        host_find_tlsa(&hosts->host[i], "25");
    return hosts->count > 0;
}

static void warn_servers(struct question *question)
{
    warn_published(question);
    warn_no_dane(question);
    if (question->rule.level == RULE_SECURE || question->rule.level == RULE_FINGERPRINT)
        warn_names(question);
}

/*
 * A rule that allows no server today has its own warning: of such a domain only failed look-ups are reported.
 */
static void ask(struct question *question, const char *domain)
{
    const struct policy *policy = question->doubts.policy;
    bool waits, good;
    char *answer = rule_answer(policy, domain, question->doubts.now, &waits);

    question->domain = domain;
    good = answer != NULL && rule_read(&question->rule, waits ? "encrypt" : answer);
    if (good && find_servers(question) && !waits)
        warn_servers(question);
    if (answer != NULL)
        rule_free(&question->rule);
    question->exhausted |= !good;
    free(answer);
}

static void ask_all(struct question *question, const struct partner *partner)
{
    const struct policy *policy = question->doubts.policy;
    size_t selectors, hops;
    const struct selector *entry = partner_selectors(policy, partner, &selectors);
    const struct listed_hop *hop = partner_hops(policy, partner, &hops);

    question->doubts.name = partner->name;
    question->doubts.partner = partner;
    question->outbound = partner->terms->outbound;
    question->proof = outbound_certificates(policy, question->outbound)->proof;
    for (; selectors-- > 0; entry++)
        if ((entry->kinds & 1u << SELECT_DOMAIN) != 0)
            ask(question, arena_get(&policy->arena, entry->text));
    for (; hops-- > 0; hop++)
        if (hop->domain)
            ask(question, arena_get(&policy->arena, hop->text));
}

bool online_warn(const struct policy *policy, int64_t now, diag_fn *diag, void *arg)
{
    struct question *question = calloc(1, sizeof *question);
    bool good;

    if (question == NULL)
        return false;
    question->doubts =
        (struct doubts){.policy = policy, .now = now, .diag = diag, .arg = arg, .kind = "partner"};
    for (size_t i = 0; i < policy->partner_count; i++)
        if (policy->partners[i].terms->outbound != NULL)
            ask_all(question, &policy->partners[i]);
    good = !question->exhausted;
    free(question);
    return good;
}
