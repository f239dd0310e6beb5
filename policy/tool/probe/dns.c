/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks the resolver of this machine for the MX, TLSA and TXT records of a domain, and whether DNSSEC secures
 * them (the AD bit). Uses libresolv.
 */
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/tool/probe/probe.h"

enum { REPLY_MAX = 65535, TYPE_TLSA = 52 };

#ifndef RES_TRUSTAD
#define RES_TRUSTAD 0
#endif

/* Is called for each record of the type that was asked for. */
typedef void found_fn(void *arg, const ns_msg *message, const ns_rr *record);

static struct answer_state read_reply(const unsigned char *reply, int length, int type, found_fn *found,
                                      void *arg)
{
    struct answer_state state = {.there = false};
    ns_msg message;
    ns_rr record;

    if (ns_initparse(reply, length, &message) != 0) {
        state.failed = true;
        return state;
    }
    state.secure = (reply[3] & 0x20) != 0;
    for (int i = 0; i < ns_msg_count(message, ns_s_an); i++) {
        if (ns_parserr(&message, ns_s_an, i, &record) != 0)
            break;
        if ((int)ns_rr_type(record) != type)
            continue;
        state.there = true;
        found(arg, &message, &record);
    }
    return state;
}

static struct answer_state ask(const char *name, int type, found_fn *found, void *arg)
{
    struct answer_state state = {.failed = true};
    struct __res_state resolver;
    unsigned char *reply = malloc(REPLY_MAX);
    int length;

    memset(&resolver, 0, sizeof resolver);
    if (reply == NULL || res_ninit(&resolver) != 0) {
        free(reply);
        return state;
    }
    resolver.options |= RES_USE_EDNS0 | RES_USE_DNSSEC | RES_TRUSTAD;
    resolver.options &= ~(unsigned long)(RES_DEFNAMES | RES_DNSRCH);
    length = res_nsearch(&resolver, name, ns_c_in, type, reply, REPLY_MAX);
    if (length > 0)
        state = read_reply(reply, length < REPLY_MAX ? length : REPLY_MAX, type, found, arg);
    else if (resolver.res_h_errno == HOST_NOT_FOUND)
        state = (struct answer_state){.missing = true};
    else if (resolver.res_h_errno == NO_DATA)
        state = (struct answer_state){.there = false};
    res_nclose(&resolver);
    free(reply);
    return state;
}

/* ---- MX ---- */

static void take_mx(void *arg, const ns_msg *message, const ns_rr *record)
{
    const unsigned char *data = ns_rr_rdata(*record);
    struct hosts *hosts = arg;
    char name[NS_MAXDNAME];

    if (hosts->count == HOSTS_MAX || ns_rr_rdlen(*record) < 3
        || dn_expand(ns_msg_base(*message), ns_msg_end(*message), data + 2, name, sizeof name) < 0)
        return;
    if (*name == '\0' || strcmp(name, ".") == 0) {
        hosts->none = true;
        return;
    }
    hosts->host[hosts->count].priority = (unsigned)data[0] << 8 | data[1];
    snprintf(hosts->host[hosts->count].name, HOST_NAME_MAX_LENGTH, "%.255s", name);
    hosts->count++;
}

static int compare(const void *a, const void *b)
{
    const struct host *one = a, *other = b;

    return one->priority != other->priority
               ? (one->priority > other->priority) - (one->priority < other->priority)
               : strcmp(one->name, other->name);
}

void hosts_of_domain(struct hosts *hosts, const char *domain)
{
    memset(hosts, 0, sizeof *hosts);
    hosts->state = ask(domain, ns_t_mx, take_mx, hosts);
    if (hosts->count > 1)
        qsort(hosts->host, hosts->count, sizeof *hosts->host, compare);
    if (hosts->count > 0 || hosts->none || hosts->state.failed || hosts->state.missing)
        return;
    snprintf(hosts->host[0].name, HOST_NAME_MAX_LENGTH, "%.255s", domain);
    hosts->count = 1;
}

/* ---- TLSA and MTA-STS ---- */

static void take_tlsa(void *arg, const ns_msg *message, const ns_rr *record)
{
    const unsigned char *data = ns_rr_rdata(*record);
    size_t length = ns_rr_rdlen(*record);
    struct host *host = arg;
    struct tlsa *tlsa = &host->record[host->record_count];

    (void)message;
    if (host->record_count == TLSA_MAX || length < 4 || length - 3 > TLSA_DATA_MAX)
        return;
    *tlsa = (struct tlsa){.usage = data[0], .selector = data[1], .matching = data[2], .length = length - 3};
    memcpy(tlsa->data, data + 3, length - 3);
    host->record_count++;
}

void host_find_tlsa(struct host *host, const char *port)
{
    char name[HOST_NAME_MAX_LENGTH + 40];

    snprintf(name, sizeof name, "_%s._tcp.%s", port, host->name);
    host->record_count = 0;
    host->tlsa = ask(name, TYPE_TLSA, take_tlsa, host);
}

static void take_txt(void *arg, const ns_msg *message, const ns_rr *record)
{
    static const char begins[] = "v=STSv1";
    const unsigned char *data = ns_rr_rdata(*record);

    (void)message;
    if (ns_rr_rdlen(*record) > strlen(begins) && data[0] >= strlen(begins)
        && memcmp(data + 1, begins, strlen(begins)) == 0)
        *(bool *)arg = true;
}

struct answer_state domain_find_sts(const char *domain)
{
    char name[HOST_NAME_MAX_LENGTH + 16];
    struct answer_state state;
    bool there = false;

    snprintf(name, sizeof name, "_mta-sts.%s", domain);
    state = ask(name, ns_t_txt, take_txt, &there);
    state.there = there;
    return state;
}
