/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of probe: the hosts of a next hop, the rule for them, and what they showed. */
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

/* The resolver's answer about a name. */
struct answer_state {
    bool there;   /* the name has such records */
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

/* The servers of a domain, best priority first. */
struct hosts {
    struct answer_state state; /* of the MX records */
    bool none;                 /* the domain takes no mail (RFC 7505) */
    struct host host[HOSTS_MAX];
    size_t count;
};

/* Finds the MX hosts of a domain; if it has no MX records, the domain itself is the host. */
void hosts_of_domain(struct hosts *hosts, const char *domain);
/* Finds the TLSA records of a host. */
void host_find_tlsa(struct host *host, const char *port);
/* Whether the domain publishes an MTA-STS policy, which is a TXT record at _mta-sts. */
struct answer_state domain_find_sts(const char *domain);

/* ---- the rule (rule.c) ---- */

enum rule_level { RULE_ENCRYPT, RULE_SECURE, RULE_FINGERPRINT, RULE_DANE };

/* A TLS policy of Postfix, parsed. */
struct rule {
    enum rule_level level;
    int min_version, max_version; /* OpenSSL's numbers; 0: any */
    char *ciphers;                /* in OpenSSL's syntax */
    char *text;                   /* the memory of the patterns */
    const char **pattern;         /* names, or fingerprints in hexadecimal digits */
    size_t count;
};

/*
 * Returns what the daemon would answer about a next hop if its rule were enforced: Postfix's TLS policy; or,
 * with *waits set, why mail is deferred. The caller frees it. NULL: out of memory.
 */
char *rule_answer(const struct policy *policy, const char *key, int64_t now, bool *waits);

/* Parses a policy as Postfix reads it. False: out of memory. Call rule_free() in both cases. */
bool rule_read(struct rule *rule, const char *policy);
void rule_free(struct rule *rule);

/* Whether one of the rule's patterns matches this name of a certificate. */
bool rule_has_name(const struct rule *rule, const char *name);

/* ---- whether a server meets the rule (judge.c) ---- */

struct trust {
    const char *ca_file, *ca_path; /* instead of the system's trust store */
    int64_t now;
};

/* What a server showed, and whether that meets the rule. */
struct showing {
    bool met;
    const char *reason; /* an id; NULL if the rule is met */
    char why[256];      /* in words */
    char version[16], suite[64];
    char name[256], issuer[256]; /* of the certificate: its first name, and the issuer */
    char fingerprint[80], key_fingerprint[80], until[32];
};

/* Notes names, fingerprints and expiry of the certificate. */
void showing_take(struct showing *showing, X509 *certificate);
/* Notes whether the chain proves what the rule asks for. */
void showing_judge(struct showing *showing, STACK_OF(X509) *chain, const struct rule *rule,
                   const struct host *host, const struct trust *trust);

/* Connects to a host and port with the rule, and judges it; `patience` in seconds. */
void probe_host(struct showing *showing, const struct host *host, const char *port, const struct rule *rule,
                const struct trust *trust, unsigned patience);

#endif
