/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a certificate, with those that were shown after it, leads to a trusted root, and if not, what is
 * missing. The dates are checked after the chain, so that an expired certificate does not hide a missing one.
 * The purpose of the certificate does not matter here.
 */
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include "policy/tool/cert/cert.h"

bool cert_file_has_authorities(const char *file)
{
    X509_STORE *store = X509_STORE_new();
    bool good = store != NULL && X509_STORE_load_file(store, file) == 1;

    X509_STORE_free(store);
    ERR_clear_error();
    return good;
}

static X509_STORE *open_store(const struct cert_request *request)
{
    X509_STORE *store = X509_STORE_new();

    if (store == NULL)
        return NULL;
    if (request->ca_file != NULL)
        X509_STORE_load_file(store, request->ca_file);
    if (request->ca_path != NULL)
        X509_STORE_load_path(store, request->ca_path);
    if (request->ca_file == NULL && request->ca_path == NULL)
        X509_STORE_set_default_paths(store);
    return store;
}

static X509_STORE_CTX *prepare(X509_STORE *store, STACK_OF(X509) *chain)
{
    X509_STORE_CTX *verification = X509_STORE_CTX_new();

    if (verification != NULL
        && X509_STORE_CTX_init(verification, store, sk_X509_value(chain, 0), chain) != 1) {
        X509_STORE_CTX_free(verification);
        return NULL;
    }
    return verification;
}

static void take_url(struct certificate_view *view, const ASN1_STRING *url)
{
    const char *text = (const char *)ASN1_STRING_get0_data(url);

    cert_add(view, &view->missing_at, cert_text(view, "%.*s", ASN1_STRING_length(url), text));
}

static void take_where(struct certificate_view *view, X509 *certificate)
{
    AUTHORITY_INFO_ACCESS *access = X509_get_ext_d2i(certificate, NID_info_access, NULL, NULL);

    for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access); i++) {
        const ACCESS_DESCRIPTION *one = sk_ACCESS_DESCRIPTION_value(access, i);

        if (OBJ_obj2nid(one->method) == NID_ad_ca_issuers && one->location->type == GEN_URI)
            take_url(view, one->location->d.uniformResourceIdentifier);
    }
    AUTHORITY_INFO_ACCESS_free(access);
}

static void tell_missing(struct certificate_view *view, X509 *at)
{
    view->missing = at != NULL ? cert_short_name(view, X509_get_issuer_name(at)) : view->issuer;
    view->trust = cert_text(view,
                            "the chain is incomplete: the certificate of %s is neither sent along nor in "
                            "the trust store",
                            view->missing);
    view->root = NULL;
    if (at != NULL)
        take_where(view, at);
}

static void tell_failure(struct certificate_view *view, X509_STORE_CTX *verification)
{
    int error = X509_STORE_CTX_get_error(verification);
    X509 *at = X509_STORE_CTX_get_current_cert(verification);

    switch (error) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        tell_missing(view, at);
        break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        view->trust = "self-signed: no root vouches for it; it can be pinned";
        break;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        view->trust =
            cert_text(view, "its root %s is not in the trust store", view->root != NULL ? view->root : "");
        break;
    default:
        view->trust = cert_text(view, "it does not verify: %s (%s)", X509_verify_cert_error_string(error),
                                at != NULL ? cert_short_name(view, X509_get_subject_name(at)) : "");
    }
}

/* Takes the chain as far as it could be built. The issuer of its last certificate is the root. */
static void take_built(struct certificate_view *view, X509_STORE_CTX *verification)
{
    STACK_OF(X509) *built = X509_STORE_CTX_get0_chain(verification);
    int count = sk_X509_num(built);

    for (int i = 0; i < count; i++)
        cert_add(view, &view->chain, cert_short_name(view, X509_get_subject_name(sk_X509_value(built, i))));
    if (count > 0)
        view->root = cert_short_name(view, X509_get_issuer_name(sk_X509_value(built, count - 1)));
}

/* What is verified, and as of when. The view gets what is wrong. */
struct verification {
    struct certificate_view *view;
    X509_STORE *store;
    STACK_OF(X509) *chain;
    int64_t now;
};

static bool verify(const struct verification *of, bool dates)
{
    X509_STORE_CTX *verification = prepare(of->store, of->chain);
    X509_VERIFY_PARAM *parameters = verification != NULL ? X509_STORE_CTX_get0_param(verification) : NULL;
    bool good;

    if (verification == NULL)
        return false;
    X509_VERIFY_PARAM_set_time(parameters, (time_t)of->now);
    X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_ANY);
    if (!dates)
        X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_NO_CHECK_TIME);
    good = X509_verify_cert(verification) == 1;
    if (!dates)
        take_built(of->view, verification);
    if (!good)
        tell_failure(of->view, verification);
    X509_STORE_CTX_free(verification);
    return good;
}

void cert_judge_chain(struct certificate_view *view, STACK_OF(X509) *chain,
                      const struct cert_request *request)
{
    X509_STORE *store = open_store(request);
    struct verification verification = {view, store, chain, request->now};

    view->self_signed = X509_self_signed(sk_X509_value(chain, 0), 1) == 1;
    if (store == NULL) {
        view->exhausted = true;
        return;
    }
    view->trusted = verify(&verification, false) && verify(&verification, true);
    if (view->trusted)
        view->trust = cert_text(view, "it verifies: the chain leads to %s", view->root);
    else if (view->trust == NULL)
        view->trust = "it could not be verified";
    X509_STORE_free(store);
}

X509 *cert_find_issuer(STACK_OF(X509) *chain, const struct cert_request *request)
{
    X509 *leaf = sk_X509_value(chain, 0), *issuer = NULL;
    X509_STORE *store;
    X509_STORE_CTX *lookup;

    for (int i = 0; i < sk_X509_num(chain); i++) {
        X509 *candidate = sk_X509_value(chain, i);

        if (X509_check_issued(candidate, leaf) == X509_V_OK && X509_up_ref(candidate) == 1)
            return candidate;
    }
    store = open_store(request);
    lookup = store != NULL ? prepare(store, chain) : NULL;
    if (lookup != NULL && X509_STORE_CTX_get1_issuer(&issuer, lookup, leaf) != 1)
        issuer = NULL;
    X509_STORE_CTX_free(lookup);
    X509_STORE_free(store);
    return issuer;
}
