/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe: connects to the mail servers of a partner with the rule for mail to it, as Postfix would. This file
 * has the options and chooses the next hops and hosts; the rule comes from the daemon's own code.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include <unistd.h>
#include "policy/array.h"
#include "policy/names/domain.h"
#include "policy/names/network.h"
#include "policy/outbound/outbound.h"
#include "policy/requirement/outbound_rule.h"
#include "policy/tool/cert/cert.h"
#include "policy/tool/probe/target.h"
#include "policy/tool/table.h"
#include "policy/tool/verbs.h"

enum { PATIENCE = 20, PATIENCE_MAX = 300, FALLS_SHORT = 1 };

static const char help[] =
    "Usage: forcetls probe [-c FILE] [--ca-file FILE] [--ca-path DIR] [--timeout SECONDS] [--json]\n"
    "         PARTNER|DOMAIN|NEXT_HOP\n\n"
    "Connects to the mail servers of a partner, and shows whether each meets the rule for mail to it,\n"
    "also in mode testing and none. Sends no mail.\n\n"
    "  -c FILE            the policy (default " POLICY_FILE ")\n"
    "  --ca-file FILE     the CAs that Postfix trusts (smtp_tls_CAfile), instead of the system's\n"
    "  --ca-path DIR      the same as a directory (smtp_tls_CApath)\n"
    "  --timeout SECONDS  how long to wait for a connection (default 20)\n"
    "  --json             one JSON object instead of a table\n\n"
    "Exit status: 0 all servers meet the rule, 1 one falls short, 64 usage, 65 no partner with outbound,\n"
    "66 a CA file cannot be read, 71 out of memory, 78 policy.\n";

static const struct option options[] = {
    {"ca-file", required_argument, NULL, 'f'}, {"ca-path", required_argument, NULL, 'p'},
    {"timeout", required_argument, NULL, 't'}, {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
};

static const struct usage usage = {help, "c:h", options};

/* ---- a next hop ---- */

/*
 * The port as a number without leading zeros, because TLSA records are named by it; 25 if the key has none.
 */
static void number_port(char port[32])
{
    const struct servent *service = getservbyname(port, "tcp");

    if (service != NULL)
        snprintf(port, 32, "%u", (unsigned)ntohs((uint16_t)service->s_port));
    else if (port[0] == '\0')
        snprintf(port, 32, "25");
    else if (port[strspn(port, "0123456789")] == '\0')
        memmove(port, port + strspn(port, "0"), strlen(port + strspn(port, "0")) + 1);
}

/*
 * Splits "[mx.contoso.com]:587" into "mx.contoso.com" and "587". False: the key is a domain, whose MX hosts
 * are used.
 */
static bool take_host(const char *key, char host[HOST_NAME_MAX_LENGTH], char port[32])
{
    bool bracket = *key == '[';
    size_t length = strcspn(key + bracket, bracket ? "]" : ":");
    const char *colon = strchr(key + bracket + length, ':');

    snprintf(host, HOST_NAME_MAX_LENGTH, "%.*s", (int)(length < 255 ? length : 255), key + bracket);
    snprintf(port, 32, "%.31s", colon != NULL ? colon + 1 : "");
    number_port(port);
    return bracket;
}

static void find_hosts(struct target *target)
{
    char host[HOST_NAME_MAX_LENGTH];
    bool bracket = take_host(target->key, host, target->port);
    struct domain read;

    if (bracket) {
        target->hosts.count = 1;
        snprintf(target->hosts.host[0].name, HOST_NAME_MAX_LENGTH, "%s",
                 strncasecmp(host, "ipv6:", 5) == 0 ? host + 5 : host);
    } else {
        const char *name = domain_normalise(&read, host, strlen(host)) == DOMAIN_VALID ? read.text : host;

        hosts_of_domain(&target->hosts, name);
        target->sts = domain_find_sts(name);
    }
    for (size_t i = 0; i < target->hosts.count; i++)
        host_find_tlsa(&target->hosts.host[i], target->port);
}

/* Whether Postfix accepts the name of an MX record: a host name, not an address. */
static bool is_host_name(const char *name)
{
    struct domain domain;
    struct network address;

    return domain_normalise(&domain, name, strlen(name)) == DOMAIN_VALID
           && !network_read_address(&address, name);
}

static void try_host(struct target *target, size_t i, const struct rule *rule, const struct probe *probe)
{
    struct host *host = &target->hosts.host[i];

    if (*target->key == '[' || is_host_name(host->name))
        probe_host(&target->shown[i], host, target->port, rule, &probe->trust, probe->patience);
    else
        target->shown[i] = (struct showing){.reason = "unreachable", .why = "the MX record names no host"};
}

/* False: out of memory. */
static bool try_hosts(struct target *target, const struct probe *probe)
{
    struct rule rule;
    bool good;

    target->answer = rule_answer(probe->policy, target->key, probe->trust.now, &target->waits);
    if (target->answer == NULL)
        return false;
    find_hosts(target);
    target->met = !target->waits && target->hosts.count > 0;
    if (target->waits)
        return true;
    good = rule_read(&rule, target->answer);
    for (size_t i = 0; good && i < target->hosts.count; i++) {
        try_host(target, i, &rule, probe);
        target->met &= target->shown[i].met;
    }
    rule_free(&rule);
    return good;
}

/* ---- which next hops ---- */

static bool add_target(struct probe *probe, const char *key)
{
    struct target *grown = array_grow(probe->target, probe->count, sizeof *grown);

    if (grown == NULL)
        return false;
    probe->target = grown;
    memset(&grown[probe->count], 0, sizeof *grown);
    return (grown[probe->count++].key = strdup(key)) != NULL;
}

/* Adds the domains without a leading dot, and the next hops that the policy lists. */
static bool add_all(struct probe *probe)
{
    size_t selectors, hops;
    const struct selector *entry = partner_selectors(probe->policy, probe->partner, &selectors);
    const struct listed_hop *hop = partner_hops(probe->policy, probe->partner, &hops);
    bool good = true;

    for (; good && selectors-- > 0; entry++)
        if ((entry->kinds & 1u << SELECT_DOMAIN) != 0)
            good = add_target(probe, arena_get(&probe->policy->arena, entry->text));
    for (; good && hops-- > 0; hop++)
        good = add_target(probe, arena_get(&probe->policy->arena, hop->text));
    return good;
}

static int refuse(const char *name, const char *why)
{
    fputs("forcetls probe: ", stderr);
    text_show(stderr, name);
    fprintf(stderr, ": %s\n", why);
    return EX_DATAERR;
}

static int no_memory(void)
{
    fputs("forcetls probe: out of memory\n", stderr);
    return EX_OSERR;
}

/* Finds the partner and its next hops. Returns EX_OK, or the exit status after an error that it reports. */
static int find_targets(struct probe *probe, const char *name)
{
    struct outbound_choice choice;
    int64_t now = probe->trust.now;

    probe->partner = policy_find_partner(probe->policy, name);
    if (probe->partner != NULL && !partner_outbound_mode(probe->policy, probe->partner, now, &probe->mode))
        return refuse(name, "the partner has no outbound");
    if (probe->partner != NULL && !add_all(probe))
        return no_memory();
    if (probe->partner != NULL)
        return probe->count > 0
                   ? EX_OK
                   : refuse(name, "the partner has only domains with a dot in front: name one below them");
    outbound_choose(&choice, probe->policy, name, strlen(name), now);
    if (choice.partner == NULL)
        return refuse(name, "neither a partner nor a next hop of a partner with outbound");
    probe->partner = choice.partner;
    probe->mode = choice.mode;
    return add_target(probe, name) ? EX_OK : no_memory();
}

/* ---- the verb ---- */

static int run(struct probe *probe, const char *name)
{
    int status = find_targets(probe, name);

    for (size_t i = 0; status <= FALLS_SHORT && i < probe->count; i++) {
        if (!try_hosts(&probe->target[i], probe))
            status = no_memory();
        else if (!probe->target[i].met)
            status = FALLS_SHORT;
    }
    if (status > FALLS_SHORT)
        return status;
    if (probe->json)
        probe_show_json(probe);
    else if (probe_show(probe) != 0)
        return no_memory();
    return status;
}

static int probe_partner(struct probe *probe, const char *file, const char *name)
{
    int status;

    probe->policy = load_policy(file);
    if (probe->policy == NULL)
        return EX_CONFIG;
    (void)signal(SIGPIPE, SIG_IGN); /* a server may hang up at any time */
    status = run(probe, name);
    for (size_t i = 0; i < probe->count; i++) {
        free(probe->target[i].key);
        free(probe->target[i].answer);
    }
    free(probe->target);
    policy_unref(probe->policy);
    return status;
}

/* False: not a number of seconds within the limits. */
static bool read_patience(const char *text, unsigned *patience)
{
    size_t length = strspn(text, "0123456789");
    unsigned long number = length > 0 && length < 5 && text[length] == '\0' ? strtoul(text, NULL, 10) : 0;

    *patience = (unsigned)number;
    return number > 0 && number <= PATIENCE_MAX;
}

static int refuse_file(const char *name, const char *why)
{
    (void)refuse(name, why);
    return EX_NOINPUT;
}

int verb_probe(int argc, char **argv)
{
    struct probe probe = {.trust = {NULL, NULL, present()}, .patience = PATIENCE};
    const char *file = POLICY_FILE;
    int option, status;

    while ((option = option_next(&usage, argc, argv, &status)) > 0) {
        switch (option) {
        case 'c':
            file = optarg;
            break;
        case 'f':
            probe.trust.ca_file = optarg;
            break;
        case 'p':
            probe.trust.ca_path = optarg;
            break;
        case 't':
            if (!read_patience(optarg, &probe.patience))
                return usage_error(argv[0], "not a number of seconds from 1 to 300", optarg);
            break;
        case 'j':
            probe.json = true;
            break;
        }
    }
    if (option == 0)
        return status;
    if (optind == argc)
        return usage_error(argv[0], "the partner, domain or next hop is missing", NULL);
    if (optind + 1 < argc)
        return usage_surplus(argv[0], argv[optind + 1]);
    if (probe.trust.ca_file != NULL && access(probe.trust.ca_file, R_OK) != 0)
        return refuse_file(probe.trust.ca_file, "cannot be read");
    if (probe.trust.ca_file != NULL && !cert_file_has_authorities(probe.trust.ca_file))
        return refuse_file(probe.trust.ca_file, "holds no certificate in PEM");
    if (probe.trust.ca_path != NULL && access(probe.trust.ca_path, R_OK | X_OK) != 0)
        return refuse_file(probe.trust.ca_path, "cannot be read");
    return probe_partner(&probe, file, argv[optind]);
}
