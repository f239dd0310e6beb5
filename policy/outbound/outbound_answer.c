/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a partner's rule to a TLS policy of Postfix: level, names, protocols, suites. Knows what Postfix 3.6
 * and later can be asked for, and how. Postfix itself judges the server.
 */
#include "policy/outbound/outbound.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/internal.h"
#include "policy/outbound/upstream.h"
#include "policy/requirement/outbound_rule.h"
#include "policy/text.h"
#include "policy/verdict/select.h"

/*
 * Suites that no rule accepts unless it names them, in OpenSSL's words. `exclude` of a TLS policy replaces
 * the lists of main.cf, so it must name them.
 */
#define WEAK_SUITES "aNULL:eNULL:EXP:MD5:RC2:RC4:DES:3DES"

/* An answer being made. */
struct making {
    const struct policy *policy;
    const struct outbound_choice *choice;
    const struct upstream *upstream;
    int64_t now;
    struct server_terms terms;
    struct growing_text text;
    const char *why; /* why the answer must be TEMP; NULL: it need not be */
};

/* ---- protocols and suites ---- */

static void add_protocols(struct making *making)
{
    const struct server_terms *terms = &making->terms;

    text_add_string(&making->text, " protocols=>=");
    text_add_string(&making->text, tls_version_name(terms->min));
    if (terms->max < TLS_VERSION_1_3) {
        text_add_string(&making->text, ":<=");
        text_add_string(&making->text, tls_version_name(terms->max));
    }
}

/* Adds every suite up to TLS 1.2 that does not satisfy the rule; if `weak`, the weak ones, too. */
static void add_complement(struct making *making, bool weak, const char *colon)
{
    const struct suites *suites = making->policy->suites;
    struct suite_set excluded = *suites_of(suites, SUITES_USABLE);

    suite_set_leave_out(&excluded, suites_of(suites, SUITES_TLS13));
    suite_set_leave_out(&excluded, &making->terms.suites);
    if (!weak)
        suite_set_leave_out(&excluded, suites_of(suites, SUITES_WEAK));
    for (int suite = 0; suite < (int)suites_count(suites); suite++) {
        if (!suite_set_has(&excluded, suite))
            continue;
        text_add_string(&making->text, colon);
        text_add_string(&making->text, suites_name(suites, suite));
        colon = ":";
    }
}

static void add_exclude(struct making *making)
{
    const struct server_terms *terms = &making->terms;
    const struct suite_set *all_weak = suites_of(making->policy->suites, SUITES_WEAK);
    bool weak = terms->listed && suite_set_meets(&terms->suites, all_weak);

    if (terms->min >= TLS_VERSION_1_3)
        return;
    text_add_string(&making->text, weak ? " exclude=" : " exclude=" WEAK_SUITES);
    if (terms->forward_secrecy)
        text_add_string(&making->text, weak ? "kRSA" : ":kRSA");
    if (terms->listed)
        add_complement(making, weak, weak && !terms->forward_secrecy ? "" : ":");
}

static void add_session(struct making *making)
{
    add_protocols(making);
    add_exclude(making);
}

/* ---- names and pins ---- */

static void add_name(struct making *making, size_t *count, bool suffix, const char *name)
{
    text_add_string(&making->text, (*count)++ == 0 ? "secure match=" : ":");
    text_add_string(&making->text, suffix ? "." : "");
    text_add_string(&making->text, name);
}

/* Whether the partner also lists the domain itself. Then that entry adds the names. */
static bool has_itself(const struct making *making, const char *domain)
{
    const struct partner *found[2];

    select_exact(making->policy, domain, strlen(domain), found);
    return found[0] == making->choice->partner;
}

/*
 * Adds the recipient domain and the names below it; for a listed next hop, those of all the partner's
 * domains.
 */
static size_t add_domains(struct making *making)
{
    const struct outbound_choice *choice = making->choice;
    const struct selector *entry;
    size_t selectors, count = 0;

    if (choice->domain[0] != '\0') {
        add_name(making, &count, false, choice->domain);
        add_name(making, &count, true, choice->domain);
        return count;
    }
    entry = partner_selectors(making->policy, choice->partner, &selectors);
    for (; selectors-- > 0; entry++) {
        const char *domain = arena_at(&making->policy->arena, entry->text);

        if ((entry->kinds & (1u << SELECT_DOMAIN | 1u << SELECT_SUBDOMAINS)) == 0)
            continue;
        if ((entry->kinds & 1u << SELECT_DOMAIN) != 0)
            add_name(making, &count, false, domain);
        else if (has_itself(making, domain))
            continue;
        add_name(making, &count, true, domain);
    }
    return count;
}

/*
 * Adds a pin once, even if it is listed for both: Postfix compares it with the certificate and with its key.
 */
static void add_pin(struct making *making, size_t *count, const unsigned char *fingerprint)
{
    char text[FINGERPRINT_TEXT];

    fingerprint_format(fingerprint, text);
    if (*count > 0 && making->text.text != NULL
        && strstr(making->text.text, text + strlen("sha256:")) != NULL)
        return;
    text_add_string(&making->text, (*count)++ == 0 ? "fingerprint match=" : " match=");
    text_add_string(&making->text, text + strlen("sha256:"));
}

/* Adds the identities in force. Returns how many there are. */
static size_t add_identities(struct making *making, const struct server_certificates *certificates,
                             bool *pins)
{
    size_t count = 0;

    for (size_t i = 0; i < certificates->count; i++) {
        const struct server_identity *identity = &certificates->identities[i];

        if (!particulars_in_force(&identity->particulars, making->now))
            continue;
        *pins = identity->kind == SERVER_FINGERPRINT || identity->kind == SERVER_KEY_FINGERPRINT;
        if (*pins)
            add_pin(making, &count, identity->particulars.fingerprint);
        else
            add_name(making, &count, identity->kind == SERVER_SUFFIX, identity->name);
    }
    return count;
}

/* ---- the answer ---- */

static void add_dane(struct making *making)
{
    if (making->choice->asks_upstream)
        upstream_add(&making->text, making->upstream);
    else
        text_add_string(&making->text, "dane-only");
    add_session(making);
}

/* If encryption is enough for the rule, the upstream map may ask for more. */
static void make_encrypted(struct making *making, enum upstream_worth worth)
{
    if (worth == UPSTREAM_NAMES)
        upstream_add(&making->text, making->upstream);
    else
        text_add_string(&making->text, "encrypt");
    add_session(making);
}

/*
 * Whether a domain can be written as a name. A recipient domain below a suffix of the policy comes from the
 * sender: with a brace or a comma, Postfix would read more than a name.
 */
static bool is_name(const char *domain)
{
    return domain[strspn(domain, "abcdefghijklmnopqrstuvwxyz0123456789-_.")] == '\0';
}

static void make_listed(struct making *making, const struct server_certificates *certificates)
{
    bool pins = false;
    size_t count = certificates->proof == PROOF_DOMAIN ? add_domains(making)
                                                       : add_identities(making, certificates, &pins);

    if (count == 0)
        making->why = "no certificate identity is in force";
    else if (certificates->proof == PROOF_DOMAIN && !is_name(making->choice->domain))
        making->why = "the domain is not a host name";
    if (making->why != NULL)
        return;
    add_session(making);
    text_add_string(&making->text, " servername=hostname");
}

static void make(struct making *making)
{
    const struct server_certificates *certificates =
        outbound_certificates(making->policy, making->choice->rule);
    enum upstream_worth worth =
        making->choice->asks_upstream ? upstream_worth(making->upstream) : UPSTREAM_NOTHING;

    making->terms = outbound_terms(making->policy, making->choice->rule);
    if (making->terms.none)
        making->why = "no cipher suite satisfies the rule";
    else if (worth == UPSTREAM_UNREADABLE)
        making->why = "the upstream map does not answer";
    else if (worth == UPSTREAM_DANE || certificates->proof == PROOF_DANE)
        add_dane(making);
    else if (certificates->proof == PROOF_NONE)
        make_encrypted(making, worth);
    else
        make_listed(making, certificates);
    if (making->why == NULL && making->text.length > OUTBOUND_ANSWER_MAX)
        making->why = "the rule is longer than Postfix takes";
}

/* Returns the reason of a TEMP; NULL: out of memory. */
static char *temporary(const struct partner *partner, const char *why)
{
    size_t size = strlen(partner->name) + strlen(why) + 64;
    char *text = malloc(size);

    if (text != NULL)
        snprintf(text, size, "forcetls: partner %s: %s", partner->name, why);
    return text;
}

const char *outbound_result_name(enum outbound_result result)
{
    static const char *const names[] = {
        [OUTBOUND_NOT_FOUND] = "notfound", [OUTBOUND_OK] = "ok", [OUTBOUND_TEMP] = "temp"};

    return names[result];
}

void outbound_answer(struct outbound_answer *answer, const struct policy *policy,
                     const struct outbound_choice *choice, const struct upstream *upstream, int64_t now)
{
    struct making making = {.policy = policy, .choice = choice, .upstream = upstream, .now = now};

    *answer = (struct outbound_answer){choice->unread ? OUTBOUND_TEMP : OUTBOUND_NOT_FOUND, NULL};
    if (choice->partner == NULL || choice->mode != MODE_ENFORCE || choice->excepted != NULL)
        return;
    make(&making);
    if (making.why == NULL && !making.text.failed) {
        *answer = (struct outbound_answer){OUTBOUND_OK, making.text.text};
        return;
    }
    free(making.text.text);
    *answer = (struct outbound_answer){OUTBOUND_TEMP,
                                       making.why != NULL ? temporary(choice->partner, making.why) : NULL};
}
