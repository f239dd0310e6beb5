/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks the CRL and OCSP endpoints of a certificate. Each is asked once, over HTTP, with a time limit. An
 * answer counts only if it is the issuer's and still current. OpenSSL speaks HTTP and checks signatures.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/http.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "policy/names/date.h"
#include "policy/tool/cert/cert.h"
#include "policy/tool/reach.h"

enum { PATIENCE = 10, CRL_LIMIT = 64 * 1024 * 1024, OCSP_LIMIT = 1024 * 1024, LEEWAY = 300 };

/* What is asked about, and where the answer goes. */
struct question {
    struct certificate_view *view;
    X509 *leaf, *issuer; /* issuer NULL: not available */
    int64_t now;
    struct endpoint_answer *answer;
};

const char *answer_name(enum answer answer)
{
    static const char *const names[ANSWER_COUNT] = {"good",     "revoked",   "unknown",
                                                    "outdated", "no_answer", "not_asked"};

    return names[answer];
}

static void say(const struct question *question, enum answer answer, const char *text)
{
    question->answer->answer = answer;
    question->answer->text = text;
}

static const char *date(const struct question *question, const ASN1_TIME *time)
{
    int64_t instant;
    char text[32] = "?";

    if (time != NULL && cert_instant(time, &instant))
        date_format(instant, text);
    return cert_text(question->view, "%s", text);
}

/* ---- HTTP ---- */

static bool behind_proxy(void)
{
    return getenv("http_proxy") != NULL || getenv("HTTP_PROXY") != NULL;
}

/* Whether the host can be reached, unless a proxy is used: OpenSSL's message about that is no help. */
static bool reachable(const struct question *question)
{
    const char *url = question->answer->url;
    char *host = NULL, *port = NULL;
    int why = 0, tls = 0;
    bool good;

    if (strncasecmp(url, "http://", 7) != 0) {
        say(question, ANSWER_NOT_ASKED, "not asked: only http: is supported");
        return false;
    }
    good = OSSL_HTTP_parse_url(url, &tls, NULL, &host, &port, NULL, NULL, NULL, NULL) == 1;
    if (!good)
        say(question, ANSWER_NONE, "no answer: this is not a URL");
    else if (!behind_proxy() && (why = reach_internet(host, port, REACH_CONNECT)) != 0)
        say(question, ANSWER_NONE,
            why == EADDRNOTAVAIL
                ? cert_text(question->view, "no answer: the name %s is not known here (is there a network?)",
                            host)
                : cert_text(question->view, "no answer: %s port %s: %s", host, port, strerror(why)));
    OPENSSL_free(host);
    OPENSSL_free(port);
    return good && why == 0;
}

static void say_failure(const struct question *question)
{
    unsigned long error = ERR_peek_last_error();
    const char *reason = error ? ERR_reason_error_string(error) : NULL;

    say(question, ANSWER_NONE,
        cert_text(question->view, "no answer: %s",
                  reason != NULL ? reason : "the server does not speak HTTP"));
    ERR_clear_error();
}

/* ---- OCSP ---- */

static OCSP_REQUEST *make_request(const struct question *question)
{
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    /* Responders know SHA-1. It identifies the certificate, and secures nothing. */
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), question->leaf, question->issuer);

    if (request == NULL || id == NULL || OCSP_request_add0_id(request, id) == NULL) {
        OCSP_CERTID_free(id);
        OCSP_REQUEST_free(request);
        return NULL;
    }
    return request;
}

static OCSP_RESPONSE *post(const struct question *question, OCSP_REQUEST *request)
{
    BIO *body = BIO_new(BIO_s_mem()), *got = NULL;
    char *host = NULL, *port = NULL, *path = NULL;
    OCSP_RESPONSE *response = NULL;

    if (body != NULL && i2d_OCSP_REQUEST_bio(body, request) == 1
        && OSSL_HTTP_parse_url(question->answer->url, NULL, NULL, &host, &port, NULL, &path, NULL, NULL) == 1)
        got = OSSL_HTTP_transfer(NULL, host, port, path, 0, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL,
                                 "application/ocsp-request", body, "application/ocsp-response", 1, OCSP_LIMIT,
                                 PATIENCE, 0);
    if (got != NULL)
        response = d2i_OCSP_RESPONSE_bio(got, NULL);
    BIO_free(body);
    BIO_free_all(got);
    OPENSSL_free(host);
    OPENSSL_free(port);
    OPENSSL_free(path);
    return response;
}

/* Whether the answer is signed by the issuer, or by a responder that the issuer has authorised. */
static bool is_signed(const struct question *question, OCSP_BASICRESP *basic)
{
    STACK_OF(X509) *issuers = sk_X509_new_null();
    X509_STORE *store = X509_STORE_new();
    bool good = issuers != NULL && store != NULL && sk_X509_push(issuers, question->issuer) > 0
                && X509_STORE_add_cert(store, question->issuer) == 1
                && X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME) == 1
                && OCSP_basic_verify(basic, issuers, store, 0) == 1;

    X509_STORE_free(store);
    sk_X509_free(issuers);
    ERR_clear_error();
    return good;
}

static void read_status(const struct question *question, OCSP_BASICRESP *basic)
{
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), question->leaf, question->issuer);
    ASN1_GENERALIZEDTIME *revoked = NULL, *from = NULL, *until = NULL;
    int status = -1, reason;
    int64_t end = 0;

    if (id == NULL || OCSP_resp_find_status(basic, id, &status, &reason, &revoked, &from, &until) != 1)
        say(question, ANSWER_UNKNOWN, "it answers, but not about this certificate");
    else if (until != NULL && (!cert_instant(until, &end) || end + LEEWAY < question->now))
        say(question, ANSWER_EXPIRED,
            cert_text(question->view, "its answer is outdated since %s", date(question, until)));
    else if (status == V_OCSP_CERTSTATUS_GOOD)
        say(question, ANSWER_GOOD, "good: not revoked");
    else if (status == V_OCSP_CERTSTATUS_REVOKED)
        say(question, ANSWER_REVOKED, cert_text(question->view, "revoked on %s", date(question, revoked)));
    else
        say(question, ANSWER_UNKNOWN, "it does not know this certificate");
    OCSP_CERTID_free(id);
}

static void ask_ocsp(const struct question *question)
{
    OCSP_REQUEST *request = NULL;
    OCSP_RESPONSE *response = NULL;
    OCSP_BASICRESP *basic = NULL;

    if (question->issuer == NULL) {
        say(question, ANSWER_NOT_ASKED, "not asked: the certificate of the issuer is missing");
        return;
    }
    if (!reachable(question))
        return;
    request = make_request(question);
    response = request != NULL ? post(question, request) : NULL;
    if (response == NULL)
        say_failure(question);
    else if (OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
        say(question, ANSWER_UNKNOWN,
            cert_text(question->view, "it answers: %s",
                      OCSP_response_status_str(OCSP_response_status(response))));
    else if ((basic = OCSP_response_get1_basic(response)) == NULL || !is_signed(question, basic))
        say(question, ANSWER_UNKNOWN, "its answer is not signed by the issuer");
    else
        read_status(question, basic);
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(response);
    OCSP_REQUEST_free(request);
}

/* ---- CRLs ---- */

/* Reads a CRL in DER, or in PEM, which some servers send. */
static X509_CRL *parse_crl(BIO *body)
{
    const unsigned char *text;
    char *start;
    long length = BIO_get_mem_data(body, &start);
    X509_CRL *crl;

    text = (const unsigned char *)start;
    crl = d2i_X509_CRL(NULL, &text, length);
    if (crl == NULL)
        crl = PEM_read_bio_X509_CRL(body, NULL, NULL, NULL);
    ERR_clear_error();
    return crl;
}

/* Reads the whole body, from a socket that does not block. */
static BIO *get(const char *url)
{
    BIO *got = OSSL_HTTP_get(url, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, 0, CRL_LIMIT, PATIENCE);
    BIO *memory = got != NULL ? BIO_new(BIO_s_mem()) : NULL;
    time_t end = time(NULL) + (time_t)3 * PATIENCE;
    char text[16384];
    int total = 0;

    while (memory != NULL && total < CRL_LIMIT && time(NULL) < end) {
        int length = BIO_read(got, text, sizeof text);

        if (length > 0 && BIO_write(memory, text, length) == length)
            total += length;
        else if (!BIO_should_retry(got) || BIO_wait(got, end, 50) != 1)
            break;
    }
    BIO_free_all(got);
    return memory;
}

static void read_crl(const struct question *question, X509_CRL *crl)
{
    EVP_PKEY *key = question->issuer != NULL ? X509_get0_pubkey(question->issuer) : NULL;
    const ASN1_TIME *until = X509_CRL_get0_nextUpdate(crl);
    X509_REVOKED *entry = NULL;
    int64_t end = 0;
    int found = X509_CRL_get0_by_cert(crl, &entry, question->leaf);

    if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_issuer_name(question->leaf)) != 0)
        say(question, ANSWER_UNKNOWN, "its list is not of this certificate's issuer");
    else if (key != NULL && X509_CRL_verify(crl, key) != 1)
        say(question, ANSWER_UNKNOWN, "its list is not signed by the issuer");
    else if (until != NULL && (!cert_instant(until, &end) || end + LEEWAY < question->now))
        say(question, ANSWER_EXPIRED,
            cert_text(question->view, "its list is outdated since %s", date(question, until)));
    else if (found == 1)
        say(question, ANSWER_REVOKED,
            cert_text(question->view, "revoked on %s",
                      date(question, X509_REVOKED_get0_revocationDate(entry))));
    else
        say(question, ANSWER_GOOD,
            key != NULL ? "good: not on the list"
                        : "good: not on the list, whose signature cannot be checked");
}

static void ask_crl(const struct question *question)
{
    BIO *body;
    X509_CRL *crl;

    if (!reachable(question))
        return;
    body = get(question->answer->url);
    if (body == NULL) {
        say_failure(question);
        return;
    }
    crl = parse_crl(body);
    if (crl != NULL)
        read_crl(question, crl);
    else
        say(question, ANSWER_UNKNOWN, "it answers, but with no revocation list");
    X509_CRL_free(crl);
    BIO_free(body);
}

void cert_ask_online(struct certificate_view *view, STACK_OF(X509) *chain, const struct cert_request *request)
{
    struct question question = {view, sk_X509_value(chain, 0), cert_find_issuer(chain, request), request->now,
                                NULL};
    const struct texts *lists[] = {&view->crls, &view->ocsps};

    for (size_t list = 0; list < 2; list++) {
        for (size_t i = 0; i < lists[list]->count; i++) {
            question.answer = &view->answer[view->answer_count++];
            question.answer->url = lists[list]->text[i];
            question.answer->ocsp = list == 1;
            ERR_clear_error();
            if (question.answer->ocsp)
                ask_ocsp(&question);
            else
                ask_crl(&question);
        }
    }
    X509_free(question.issuer);
}
