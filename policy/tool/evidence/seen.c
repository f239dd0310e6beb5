/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sums up what a partner's mail was like. Selects mail by the name of a partner or by a domain, and reads its
 * facts as the filter does. The draft decides which rule follows.
 */
#include <stdlib.h>
#include <string.h>
#include "policy/array.h"
#include "policy/names/certname.h"
#include "policy/names/domain.h"
#include "policy/names/fingerprint.h"
#include "policy/tool/evidence/stamp.h"
#include "policy/tool/evidence/suggest.h"
#include "policy/tool/text.h"

enum { WINDOW_DAYS = 30, NETWORKS_MAX = 4096, STRONG_BITS = 256 };

static struct seen_value *find_value(const struct seen_values *values, const char *name, const char *more)
{
    for (size_t i = 0; i < values->count; i++)
        if (strcmp(values->value[i].name, name) == 0 && strcmp(values->value[i].more, more) == 0)
            return &values->value[i];
    return NULL;
}

static struct seen_value *new_value(struct seen_values *values, const char *name, const char *more)
{
    struct seen_value *grown = array_grow(values->value, values->count, sizeof *grown);
    struct seen_value value = {.first = INT64_MAX, .last = INT64_MIN};

    if (grown == NULL)
        return NULL;
    values->value = grown;
    value.name = strdup(name);
    value.more = strdup(more);
    if (value.name == NULL || value.more == NULL) {
        free(value.name);
        free(value.more);
        return NULL;
    }
    values->value[values->count] = value;
    return &values->value[values->count++];
}

static void add_value(struct seen *seen, struct seen_values *values, const char *name, const char *more,
                      const struct past *past)
{
    struct seen_value *value = find_value(values, name, more);

    if (value == NULL)
        value = new_value(values, name, more);
    if (value == NULL) {
        seen->exhausted = true;
        return;
    }
    value->mails += past->n;
    if (past->first < value->first)
        value->first = past->first;
    if (past->last > value->last)
        value->last = past->last;
}

/* ---- which mail ---- */

/* Whether a name is the domain, or is below it. */
static bool is_within(const char *name, const char *domain)
{
    size_t length = strlen(name), wanted = strlen(domain);

    return length >= wanted && strcmp(name + length - wanted, domain) == 0
           && (length == wanted || name[length - wanted - 1] == '.');
}

bool seen_wants(const struct seen *seen, const struct past *past)
{
    const char *verdict = past->kind[KIND_VERDICT], *name = past->client[CLIENT_DOMAIN];
    struct domain domain;

    if (strcmp(past->kind[KIND_DIRECTION], "inbound") != 0 || strcmp(verdict, "exempt") == 0)
        return false;
    if (seen->partner)
        return strcmp(past->kind[KIND_PARTNER], seen->name) == 0;
    return domain_normalise(&domain, name, strlen(name)) != DOMAIN_UNREAD
           && is_within(domain.text, seen->name);
}

/* Whether the text is a fingerprint as the filter writes it. */
static bool is_fingerprint(const char *text)
{
    unsigned char octets[FINGERPRINT_SIZE];

    return strncmp(text, "sha256:", 7) == 0 && fingerprint_read(octets, text + 7);
}

void seen_note(struct seen *seen, const struct past *past)
{
    if (past->last > seen->newest)
        seen->newest = past->last;
    if (is_fingerprint(past->kind[KIND_FINGERPRINT]))
        add_value(seen, &seen->all_pins, past->kind[KIND_FINGERPRINT], "", past);
}

/* ---- what it was like ---- */

/* Adds the domains, of the sender or of the From header, that selected the partner. */
static void add_domains(struct seen *seen, const struct past *past)
{
    const char *selected = past->client[CLIENT_SELECTED], *at = past->client[CLIENT_HEADER_FROM];
    const char *sender = past->client[CLIENT_DOMAIN];
    struct domain domain;
    char name[256];

    if (domain_normalise(&domain, sender, strlen(sender)) == DOMAIN_UNREAD) {
        seen->exhausted = true;
        return;
    }
    seen->below |= !seen->partner && strcmp(domain.text, seen->name) != 0;
    if (*selected == '\0' || strstr(selected, "envelope_from") != NULL) {
        if (*sender != '\0' && *sender != '<' && *sender != '(')
            add_value(seen, &seen->domains, domain.text, "", past);
        return;
    }
    if (strstr(selected, "header_from") == NULL || *at == '<' || *at == '(')
        return;
    while (*at != '\0') {
        size_t length = strcspn(at, ",");

        snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : 0), at);
        if (*name != '\0')
            add_value(seen, &seen->header_domains, name, "", past);
        at += length + (at[length] == ',');
    }
}

/* Adds the client's address, or the network that was stored instead. */
static void add_client(struct seen *seen, const struct past *past)
{
    struct network network, *grown;

    if (!network_read_address(&network, past->client[CLIENT_ADDRESS])
        && network_check(&network, past->client[CLIENT_ADDRESS]) != NULL) {
        seen->many_clients = true;
        return;
    }
    for (size_t i = 0; i < seen->networks; i++)
        if (network_equal(&seen->network[i], &network))
            return;
    if (seen->networks >= NETWORKS_MAX) {
        seen->many_clients = true;
        return;
    }
    grown = array_grow(seen->network, seen->networks, sizeof *grown);
    if (grown == NULL) {
        seen->exhausted = true;
        return;
    }
    seen->network = grown;
    seen->network[seen->networks++] = network;
}

static bool is_ephemeral(const struct seen *seen, const char *cipher)
{
    int suite = suites_find(seen->suites, cipher);

    return suite >= 0 ? suites_is_ephemeral(seen->suites, suite) : suites_name_is_ephemeral(cipher);
}

/* Whether a policy can contain the name, and all its characters are printable. */
static bool is_nameable(const char *name)
{
    char *printable = name != NULL && certname_is_pattern(name) ? text_printable(name) : NULL;
    bool same = printable != NULL && strcmp(printable, name) == 0;

    free(printable);
    return same;
}

static void add_session(struct seen *seen, const struct past *past, const struct facts *facts)
{
    seen->tls += past->n;
    seen->tls13 += facts->tls_version == TLS_VERSION_1_3 ? past->n : 0;
    seen->ephemeral += is_ephemeral(seen, past->kind[KIND_CIPHER]) ? past->n : 0;
    seen->strong += facts->cipher_bits >= STRONG_BITS ? past->n : 0;
    if (facts->certificate == CERTIFICATE_TRUSTED && is_nameable(facts->subject_cn)
        && is_nameable(facts->issuer_cn) && strstr(past->client[CLIENT_CUT], "subject") == NULL
        && strstr(past->client[CLIENT_CUT], "issuer") == NULL) {
        seen->named += past->n;
        add_value(seen, &seen->certificates, facts->subject_cn, facts->issuer_cn, past);
    }
    if (is_fingerprint(past->kind[KIND_FINGERPRINT])) {
        seen->pinned += past->n;
        add_value(seen, &seen->pins, past->kind[KIND_FINGERPRINT], "", past);
    }
}

static void add_failure(struct seen *seen, const struct past *past)
{
    const char *verdict = past->kind[KIND_VERDICT];
    char *reasons;

    if ((strcmp(verdict, "fail") != 0 && strcmp(verdict, "undecidable") != 0)
        || past->last <= seen->last_fail)
        return;
    reasons = strdup(past->kind[KIND_REASONS]);
    free(seen->last_reasons);
    seen->last_reasons = reasons;
    seen->last_fail = past->last;
    seen->exhausted |= reasons == NULL;
}

static void add_mail(struct seen *seen, const struct past *past, const struct facts *facts)
{
    char day[STAMP_TEXT_SIZE];

    seen->mails += past->n;
    if (seen->first == STAMP_NONE || past->first < seen->first)
        seen->first = past->first;
    if (past->last > seen->last)
        seen->last = past->last;
    stamp_format(stamp_day(past->first), day);
    add_value(seen, &seen->days, day, "", past);
    add_value(seen, &seen->versions, *past->kind[KIND_TLS] ? past->kind[KIND_TLS] : "unknown", "", past);
    add_domains(seen, past);
    add_client(seen, past);
    add_failure(seen, past);
    if (facts->tls == TLS_ON)
        add_session(seen, past, facts);
}

void seen_add(struct seen *seen, const struct past *past)
{
    struct past_facts facts;

    if (past->last < seen->newest - WINDOW_DAYS * (int64_t)STAMP_DAY)
        return;
    if (past_read(&facts, past))
        add_mail(seen, past, &facts.facts);
    else
        seen->exhausted = true;
    past_clear(&facts);
}

static void clear_values(struct seen_values *values)
{
    for (size_t i = 0; i < values->count; i++) {
        free(values->value[i].name);
        free(values->value[i].more);
    }
    free(values->value);
}

void seen_clear(struct seen *seen)
{
    clear_values(&seen->days);
    clear_values(&seen->versions);
    clear_values(&seen->domains);
    clear_values(&seen->header_domains);
    clear_values(&seen->certificates);
    clear_values(&seen->pins);
    clear_values(&seen->all_pins);
    free(seen->network);
    free(seen->last_reasons);
}
