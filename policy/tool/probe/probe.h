/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of probe share: the hosts of a next hop, what was asked of them, and what they showed. */
#ifndef POLICY_TOOL_PROBE_PROBE_H
#define POLICY_TOOL_PROBE_PROBE_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/names/json.h"
#include "policy/policy.h"

enum { HOSTS_MAX = 32, HOST_NAME_MAX_LENGTH = 256, TLSA_MAX = 16, TLSA_DATA_MAX = 64 };

/* ---- names (dns.c) ---- */

/* A TLSA record. */
struct tlsa {
    unsigned char usage, selector, matching;
    unsigned char data[TLSA_DATA_MAX];
    size_t length;
};

/* What the resolver says of a name. */
struct answer_state {
    bool there;   /* it has such records */
    bool secure;  /* the answer has the AD bit */
    bool missing; /* the name does not exist */
    bool failed;  /* no answer, or one that cannot be read */
};

/* A server of a domain. */
struct host {
    char name[HOST_NAME_MAX_LENGTH];
    unsigned priority;
    struct answer_state tlsa;
    struct tlsa record[TLSA_MAX];
    size_t record_count;
};

/* The servers of a domain, best first. */
struct hosts {
    struct answer_state state; /* of the MX records */
    bool none;                 /* the domain takes no mail (RFC 7505) */
    struct host host[HOSTS_MAX];
    size_t count;
};

/* The MX hosts of a domain; without MX records the domain itself. */
void hosts_of_domain(struct hosts *hosts, const char *domain);
/* The TLSA records of a host. */
void host_find_tlsa(struct host *host, const char *port);
/* Whether the domain publishes an MTA-STS policy: there is such a TXT record. */
struct answer_state domain_find_sts(const char *domain);

/* ---- the rule (rule.c) ---- */

enum rule_level { RULE_ENCRYPT, RULE_SECURE, RULE_FINGERPRINT, RULE_DANE };

/* A TLS policy of Postfix, taken apart. */
struct rule {
    enum rule_level level;
    int min_version, max_version; /* as OpenSSL numbers them; 0: any */
    char *ciphers;                /* as OpenSSL takes them */
    char *text;                   /* what the patterns lie in */
    const char **pattern;         /* names, or fingerprints in hexadecimal digits */
    size_t count;
};

/*
 * What the daemon would answer about a next hop if its rule were enforced: Postfix's TLS policy; or why mail
 * waits, and *waits is set. To be freed; NULL: out of memory.
 */
char *rule_answer(const struct policy *policy, const char *key, int64_t now, bool *waits);

/* Takes a policy apart as Postfix reads it. False: out of memory. Free with rule_free() either way. */
bool rule_read(struct rule *rule, const char *policy);
void rule_free(struct rule *rule);

/* Whether one of its names stands for that name of a certificate. */
bool rule_has_name(const struct rule *rule, const char *name);

/* ---- whether a server meets it (judge.c) ---- */

struct trust {
    const char *ca_file, *ca_path; /* instead of the system's trust store */
    int64_t now;
};

/* What a server showed. */
struct showing {
    bool met;
    const char *reason; /* an id; NULL where it is met */
    char why[256];      /* in words */
    char version[16], suite[64];
    char name[256], issuer[256]; /* of the certificate: its first name, and who issued it */
    char fingerprint[80], key_fingerprint[80], until[32];
};

/* Notes what the certificate says. */
void showing_take(struct showing *showing, X509 *certificate);
/* Whether the chain proves what the rule asks for. */
void showing_judge(struct showing *showing, STACK_OF(X509) *chain, const struct rule *rule,
                   const struct host *host, const struct trust *trust);

/* Tries a host, at a port, with the rule; `patience` in seconds. */
void probe_host(struct showing *showing, const struct host *host, const char *port, const struct rule *rule,
                const struct trust *trust, unsigned patience);

#endif
