/* SPDX-License-Identifier: BSD-2-Clause */
/* A certificate as cert sees it, and the steps that fill the view. */
#ifndef POLICY_TOOL_CERT_CERT_H
#define POLICY_TOOL_CERT_CERT_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "policy/arena.h"
#include "policy/names/certfile.h"
#include "policy/names/issuers.h"
#include "policy/requirement/profiles.h"
#include "policy/names/json.h"

struct cert_request {
    const char *ca_file, *ca_path; /* instead of the system's trust store */
    bool online, json;
    int64_t now;
};

/* Whether a file for `ca_file` has certificates, in PEM. */
bool cert_file_has_authorities(const char *file);

enum { TEXTS_MAX = 64 };

/* A list of texts; what does not fit is counted. */
struct texts {
    size_t count, left_out;
    const char *text[TEXTS_MAX];
};

enum answer {
    ANSWER_GOOD,
    ANSWER_REVOKED,
    ANSWER_UNKNOWN,
    ANSWER_EXPIRED,
    ANSWER_NONE,
    ANSWER_NOT_ASKED,
    ANSWER_COUNT
};

/* What a CRL or OCSP endpoint said. */
struct endpoint_answer {
    const char *url;
    bool ocsp;
    enum answer answer;
    const char *text; /* in words */
};

enum validity { VALID, NOT_YET_VALID, EXPIRED };

/* Everything that is shown. Texts are UTF-8, or what the certificate holds; a NUL octet is written \x00. */
struct certificate_view {
    struct arena arena;  /* holds the texts */
    bool exhausted;      /* memory ran out: the view is not complete */
    const char *source;  /* a file, or host:port */
    const char *place;   /* a sentence, if the file has more than this and its chain, or a CA's; else NULL */
    const char *session; /* "TLSv1.3, TLS_AES_256_GCM_SHA384", or NULL */
    const char *root;    /* NULL: the chain does not lead to one */
    const char *issuer, *common_name, *organisation, *unit; /* NULL: none */
    const char *issuer_shown; /* the issuer as Postfix shows it: its CN, else its O; NULL: neither */
    const char *serial, *key, *signature;
    int key_bits;
    int64_t not_before, not_after; /* not_after is the last second */
    enum validity validity;
    long days_left;
    struct texts names, usages, extended_usages, chain;
    bool for_clients;            /* Postfix shows it to a milter, if Postfix can verify the chain */
    const char *for_clients_why; /* a sentence */
    char fingerprint[72], key_fingerprint[72]; /* sha256: and digits without colons */
    bool is_authority;                         /* it comes from a file, and can only be a CA's */
    bool self_signed, trusted;
    const char *trust;       /* in words */
    const char *missing;     /* the issuer whose certificate is missing, or NULL */
    struct texts missing_at; /* where that certificate can be downloaded */
    const struct provider *provider;
    const struct issuer_family *family; /* the issuer is one of several of its company; or NULL */
    const char *issuer_note;            /* what follows from that, a sentence; or NULL */
    struct texts crls, ocsps;
    size_t answer_count;
    struct endpoint_answer answer[2 * TEXTS_MAX];
};

/* A file of certificates, and which of them is meant. */
struct cert_source {
    const char *name;  /* for people */
    const char *why;   /* what is wrong; static text */
    int position;      /* of the certificate that is meant, from 1 */
    int count;         /* of certificates */
    bool is_authority; /* the one that is meant can only be a CA's */
    X509 *other;       /* another server's, in the same file; borrowed; NULL: none */
};

/*
 * Reads all certificates of a file in PEM, DER or PKCS#7 ("-": of standard input). The first of the result is
 * the one that is meant, wherever it is in the file. NULL: source->why says what is wrong.
 */
STACK_OF(X509) *cert_read_file(const char *path, struct cert_source *source);

/*
 * For cert_connect(), which returns the certificates that a server shows on STARTTLS (port 465: at once).
 * They are not verified. The target is host, host:port or [v6]:port. NULL: `why` says what is wrong.
 * `session` gets version and suite.
 */
struct connection {
    /* What the client offers, and how long it waits. 0 and NULL: anything, and 20 seconds to connect. */
    int min_version, max_version; /* TLS1_2_VERSION */
    const char *ciphers;          /* up to TLS 1.2, as OpenSSL takes them */
    unsigned patience;            /* seconds to connect; three times as long for what follows */

    enum { CONNECTION_REACH, CONNECTION_SMTP, CONNECTION_STARTTLS, CONNECTION_TLS, CONNECTION_DONE } stage;
    char why[256], session[128];
    char version[16], suite[64]; /* "" if the handshake failed */
};
STACK_OF(X509) *cert_connect(const char *target, struct connection *connection);

/* Fills the view. False: out of memory. Call cert_view_free() in both cases. */
bool cert_view(struct certificate_view *view, STACK_OF(X509) *chain, const struct cert_request *request);
void cert_view_free(struct certificate_view *view);
/* Fills in the place of the certificate in its file. */
void cert_note_place(struct certificate_view *view, STACK_OF(X509) *chain, const struct cert_source *source);
/*
 * For the steps that fill the view: a text that the view owns, made as by printf; and a copy added to a list.
 */
const char *cert_text(struct certificate_view *view, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void cert_add(struct certificate_view *view, struct texts *texts, const char *text);
/* Octets as a text of the view, with a NUL written as \x00; and a string of the certificate, as UTF-8. */
const char *cert_octets(struct certificate_view *view, const unsigned char *text, size_t length);
const char *cert_string(struct certificate_view *view, const ASN1_STRING *text);
/* The first attribute of that type in a name. NULL: none. */
const char *cert_name(struct certificate_view *view, const X509_NAME *name, int nid);
/* CN, else O, else the whole name. */
const char *cert_short_name(struct certificate_view *view, const X509_NAME *name);
bool cert_instant(const ASN1_TIME *from, int64_t *instant);

/* Fills in whether Postfix shows it to a milter, and what to know of its issuer, in sentences. */
void cert_judge_usage(struct certificate_view *view, X509 *x509);
void cert_judge_issuer(struct certificate_view *view);

/* Fills in whether the chain leads to a root of the trust store, and if not, whose certificate is missing. */
void cert_judge_chain(struct certificate_view *view, STACK_OF(X509) *chain,
                      const struct cert_request *request);
/*
 * Returns the certificate of the leaf's issuer, from the chain or the trust store; to be freed. NULL: none.
 */
X509 *cert_find_issuer(STACK_OF(X509) *chain, const struct cert_request *request);

/* Asks every CRL and OCSP endpoint. */
void cert_ask_online(struct certificate_view *view, STACK_OF(X509) *chain,
                     const struct cert_request *request);

/* Returns the lines of a policy for the certificate; to be freed. NULL: out of memory. */
char *cert_yaml(const struct certificate_view *view);

void cert_show(const struct certificate_view *view, FILE *stream);
void cert_show_json(const struct certificate_view *view, struct json *json);
const char *answer_name(enum answer answer);

#endif
