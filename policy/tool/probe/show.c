/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints what probe found, a row for each host: a table for people, or JSON. Makes no queries. */
#include <stdio.h>
#include <string.h>
#include "policy/tool/probe/target.h"
#include "policy/tool/table.h"

/* ---- for people ---- */

static const char *tlsa_words(const struct answer_state *tlsa)
{
    if (tlsa->failed)
        return "no answer";
    return !tlsa->there ? "none" : tlsa->secure ? "signed" : "unsigned";
}

static void add_host(struct table *table, const struct target *target, size_t i)
{
    const struct host *host = &target->hosts.host[i];
    const struct showing *shown = &target->shown[i];
    char name[300], result[400];

    if (*target->key == '[')
        snprintf(name, sizeof name, "%.255s", host->name);
    else
        snprintf(name, sizeof name, "%u %.255s", host->priority, host->name);
    if (shown->met)
        snprintf(result, sizeof result, "ok");
    else
        snprintf(result, sizeof result, "%s: %s", shown->reason, shown->why);
    table_row(table, (const char *const[]){target->key, name, shown->version, shown->suite, shown->name,
                                           tlsa_words(&host->tlsa), result});
}

/* Returns why there is no host to try. NULL: there is one. */
static const char *no_hosts(const struct target *target)
{
    if (target->waits)
        return target->answer;
    if (target->hosts.none)
        return "the domain takes no mail (null MX)";
    if (target->hosts.state.failed)
        return "the resolver does not answer";
    if (target->hosts.state.missing)
        return "there is no such domain";
    return target->hosts.count == 0 ? "there is no server" : NULL;
}

static void show_domain(const struct target *target)
{
    text_show(stdout, target->key);
    fputs(": ", stdout);
    text_show(stdout, target->answer);
    putchar('\n');
    if (*target->key != '[')
        printf("  MX records: %s; MTA-STS: %s\n", target->hosts.state.secure ? "signed" : "not signed",
               target->sts.there    ? "published"
               : target->sts.failed ? "no answer"
                                    : "none");
}

int probe_show(const struct probe *probe)
{
    struct table *table = table_new(7, 0);

    if (table == NULL)
        return -1;
    printf("partner %s, mode %s\n", partner_name(probe->partner), mode_name(probe->mode));
    table_row(table,
              (const char *const[]){"NEXT HOP", "HOST", "TLS", "SUITE", "CERTIFICATE", "TLSA", "RESULT"});
    for (size_t i = 0; i < probe->count; i++) {
        const struct target *target = &probe->target[i];
        const char *why = no_hosts(target);

        show_domain(target);
        if (why != NULL)
            table_row(table, (const char *const[]){target->key, NULL, NULL, NULL, NULL, NULL, why});
        for (size_t k = 0; why == NULL && k < target->hosts.count; k++)
            add_host(table, target, k);
    }
    putchar('\n');
    return table_print(table, stdout);
}

/* ---- JSON ---- */

static void text_of(struct json *json, const char *key, const char *text)
{
    json_member(json, key, text != NULL && *text ? text : NULL);
}

static void truth_of(struct json *json, const char *key, bool value)
{
    json_member_bool(json, key, value);
}

static void write_host(struct json *json, const struct target *target, size_t i)
{
    const struct host *host = &target->hosts.host[i];
    const struct showing *shown = &target->shown[i];

    json_open(json, '{');
    text_of(json, "host", host->name);
    json_member_number(json, "priority", host->priority);
    text_of(json, "tls_version", shown->version);
    text_of(json, "cipher", shown->suite);
    text_of(json, "certificate", shown->name);
    text_of(json, "issuer", shown->issuer);
    text_of(json, "fingerprint", shown->fingerprint);
    text_of(json, "key_fingerprint", shown->key_fingerprint);
    text_of(json, "until", shown->until);
    text_of(json, "tlsa", tlsa_words(&host->tlsa));
    truth_of(json, "met", shown->met);
    text_of(json, "reason", shown->met ? NULL : shown->reason);
    text_of(json, "text", shown->met ? NULL : shown->why);
    json_close(json, '}');
}

static void write_target(struct json *json, const struct target *target)
{
    const char *why = no_hosts(target);

    json_open(json, '{');
    text_of(json, "next_hop", target->key);
    text_of(json, "answer", target->waits ? NULL : target->answer);
    truth_of(json, "mx_signed", target->hosts.state.secure);
    truth_of(json, "mta_sts", target->sts.there);
    truth_of(json, "met", target->met);
    text_of(json, "text", why);
    json_open_list(json, "hosts");
    for (size_t i = 0; why == NULL && i < target->hosts.count; i++)
        write_host(json, target, i);
    json_close(json, ']');
    json_close(json, '}');
}

void probe_show_json(const struct probe *probe)
{
    struct json json = {stdout, false};

    json_open(&json, '{');
    text_of(&json, "partner", partner_name(probe->partner));
    text_of(&json, "mode", mode_name(probe->mode));
    json_open_list(&json, "next_hops");
    for (size_t i = 0; i < probe->count; i++)
        write_target(&json, &probe->target[i]);
    json_close(&json, ']');
    json_close(&json, '}');
    puts("");
}
