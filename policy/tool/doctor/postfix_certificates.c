/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certificates of clients: whether Postfix asks for them, whether raw keys may come instead, and which CAs it
 * trusts, as far as the policy's rules need that.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "policy/tool/doctor/postfix.h"
#include "policy/tool/text.h"

enum { MANY = 60 };

static void examine_asking(const struct postfix *postfix, const char *partner)
{
    static const char subject[] = "smtpd_tls_ask_ccert";
    struct remarks *remarks = &postfix->examination->remarks;
    bool required = postfix_is_yes(postfix, "smtpd_tls_req_ccert");
    bool asked = postfix_is_yes(postfix, subject) || required;

    if (asked && partner != NULL)
        remark(remarks, LEVEL_OK, subject, "%syes", postfix_where(postfix, subject));
    if (!asked && partner != NULL) {
        remark(remarks, LEVEL_ERROR, subject,
               "%sno: Postfix asks no client for a certificate, and the rules of partner %s always fail",
               postfix_where(postfix, subject), partner);
        postfix_change(postfix, subject, "yes");
    }
    if (!required || !postfix_is_tls_mandatory(postfix)) /* no effect unless TLS is mandatory */
        return;
    remark(remarks, LEVEL_WARNING, "smtpd_tls_req_ccert",
           "%syes: Postfix refuses every client without a certificate",
           postfix_where(postfix, "smtpd_tls_req_ccert"));
    postfix_change(postfix, "smtpd_tls_req_ccert", "no");
}

/* A raw key has a key fingerprint, but no names and no certificate fingerprint. */
static void examine_raw_keys(const struct postfix *postfix)
{
    const struct survey *survey = &postfix->examination->survey;
    const char *partner = survey->names != NULL ? survey->names : survey->pins;

    if (partner == NULL || !postfix_is_yes(postfix, "smtpd_tls_enable_rpk"))
        return;
    remark(&postfix->examination->remarks, LEVEL_WARNING, "smtpd_tls_enable_rpk",
           "%syes: a client may send a raw key instead of the certificate that partner %s must show",
           postfix_where(postfix, "smtpd_tls_enable_rpk"), partner);
    postfix_change(postfix, "smtpd_tls_enable_rpk", "no");
}

/* Reports how many CAs there are, and whether they are public ones. `place`: where they are, for people. */
static void examine_authorities(const struct postfix *postfix, const char *subject, const char *place,
                                struct authorities_count found)
{
    const struct survey *survey = &postfix->examination->survey;
    struct remarks *remarks = &postfix->examination->remarks;
    const char *where = postfix_where(postfix, subject);

    if (found.count >= MANY && survey->trusted != NULL) {
        remark(remarks, LEVEL_WARNING, subject,
               "%s%s: any of its %u CAs can vouch for partner %s, whose rule names no issuer", where, place,
               found.count, survey->trusted);
        postfix_advise(postfix, subject,
                       "name a file or directory with the CAs that partners use, and no other");
    } else {
        remark(remarks, LEVEL_OK, subject, "%s%s (%u certificate%s)", where, place, found.count,
               found.count == 1 ? "" : "s");
    }
    if (found.in_system == 0 || survey->names_alone == NULL || postconf_version(postfix->postconf) > 3011)
        return;
    remark(
        remarks, LEVEL_WARNING, "client_certificates",
        "%s%s holds public CAs, which no longer issue certificates for clients: Postfix %s shows a milter no "
        "others, and partner %s is known by a verified name alone",
        where, place, postfix_text(postfix, "mail_version"), survey->names_alone);
    if (postfix->examination->facts == NULL)
        postfix_suggest_facts(postfix);
    doctor_policy_line(postfix->examination, "certificates of the partner",
                       "- fingerprint: \"sha256:...\"  (forcetls cert prints it)");
}

/* Adds the CAs of smtpd_tls_CAfile. False: it is not set. */
static bool examine_file(const struct postfix *postfix, struct authorities *authorities)
{
    static const char subject[] = "smtpd_tls_CAfile";
    const char *file = postfix_text(postfix, subject);
    struct authorities_count found;

    if (*file == '\0')
        return false;
    found = authorities_add_file(authorities, file);
    if (found.count > 0) {
        if (postfix->examination->survey.names != NULL)
            examine_authorities(postfix, subject, file, found);
        return true;
    }
    if (access(file, R_OK) != 0 && errno == EACCES && geteuid() != 0) {
        doctor_run_as_root(postfix->examination, subject, file);
        return true;
    }
    remark(&postfix->examination->remarks, LEVEL_ERROR, subject, "%s%s: %s; Postfix offers no TLS",
           postfix_where(postfix, subject), file,
           access(file, R_OK) == 0 ? "holds no certificate" : strerror(errno));
    postfix_advise(postfix, subject, "name a PEM file with the CAs that partners use");
    return true;
}

/* Adds the CAs of smtpd_tls_CApath. False: it is not set. */
static bool examine_directory(const struct postfix *postfix, struct authorities *authorities)
{
    static const char subject[] = "smtpd_tls_CApath";
    const char *directory = postfix_text(postfix, subject);
    struct authorities_count found;
    char path[PATH_MAX];

    if (*directory == '\0')
        return false;
    snprintf(path, sizeof path, "%s%s", postfix->service->chrooted ? postfix->queue_directory : "",
             directory);
    found = authorities_add_directory(authorities, path);
    if (found.count > 0) {
        if (postfix->examination->survey.names != NULL)
            examine_authorities(postfix, subject, path, found);
        return true;
    }
    if (postfix->examination->survey.names == NULL || *postfix_text(postfix, "smtpd_tls_CAfile"))
        return true;
    remark(&postfix->examination->remarks, LEVEL_ERROR, subject, "%s%s holds no certificates by hash%s",
           postfix_where(postfix, subject), path,
           postfix->service->chrooted ? "; a chrooted smtpd looks for it there" : "");
    remark_command(&postfix->examination->remarks, WORDS("openssl", "rehash", path));
    return true;
}

/* Examines whether the CAs that rules name are among those that Postfix trusts. */
static void examine_issuers(const struct postfix *postfix, const struct authorities *authorities)
{
    static const char *const parameters[] = {"smtpd_tls_CAfile", "smtpd_tls_CApath"};
    const char *parameter = "tls_append_default_CA";
    char *place = NULL;

    for (size_t i = 0; i < 2 && place == NULL; i++) {
        if (*postfix_text(postfix, parameters[i]) == '\0')
            continue;
        parameter = parameters[i];
        place = text_format("%s%s", postfix_where(postfix, parameter), postfix_text(postfix, parameter));
    }
    doctor_issuers(postfix->examination, authorities, parameter, place != NULL ? place : "the system's CAs");
    free(place);
}

/*
 * Reports if the system's CAs are trusted besides those that are named: a rule without an issuer then
 * takes a certificate of any of them.
 */
static void examine_default(const struct postfix *postfix)
{
    static const char subject[] = "tls_append_default_CA";
    const char *trusted = postfix->examination->survey.trusted;

    if (trusted == NULL)
        return;
    remark(&postfix->examination->remarks, LEVEL_WARNING, subject,
           "%syes: any of the system's CAs can vouch for partner %s, whose rule names no issuer",
           postfix_where(postfix, subject), trusted);
    postfix_change(postfix, subject, "no");
}

/* Examines how many CAs may be in the chain of a certificate. */
static void examine_depth(const struct postfix *postfix)
{
    static const char subject[] = "smtpd_tls_ccert_verifydepth";
    const char *names = postfix->examination->survey.names, *text = postfix_text(postfix, subject);
    char *end;
    long depth = strtol(text, &end, 10);

    if (names == NULL || end == text || depth > 1)
        return;
    if (depth < 1)
        remark(&postfix->examination->remarks, LEVEL_ERROR, subject,
               "%s%s: no certificate of a CA verifies, and the rules of partner %s always fail",
               postfix_where(postfix, subject), text, names);
    else
        remark(
            &postfix->examination->remarks, LEVEL_WARNING, subject,
            "%s%s: a certificate verifies only if a root issued it, without an intermediate CA; partner %s "
            "may need one",
            postfix_where(postfix, subject), text, names);
    postfix_change(postfix, subject, "9");
}

static void examine_trust(const struct postfix *postfix, struct authorities *authorities)
{
    const char *names = postfix->examination->survey.names;
    bool file = examine_file(postfix, authorities), directory = examine_directory(postfix, authorities);
    bool by_default = postfix_is_yes(postfix, "tls_append_default_CA");

    if (by_default) {
        authorities_add_default(authorities);
        examine_default(postfix);
    }
    if (file || directory || by_default || names == NULL) {
        if (authorities_any(authorities))
            examine_issuers(postfix, authorities);
        return;
    }
    remark(&postfix->examination->remarks, LEVEL_ERROR, "smtpd_tls_CAfile",
           "%sempty: no certificate ever verifies, and the rules of partner %s always fail",
           postfix_where(postfix, "smtpd_tls_CAfile"), names);
    postfix_change(postfix, "smtpd_tls_CAfile", "/etc/ssl/partners-ca.pem");
}

void doctor_postfix_certificates(const struct postfix *postfix)
{
    const struct survey *survey = &postfix->examination->survey;
    const char *partner = survey->names != NULL  ? survey->names
                          : survey->pins != NULL ? survey->pins
                                                 : survey->key_pins;
    struct authorities *authorities;

    if (!postfix_has_tls(postfix))
        return;
    examine_asking(postfix, partner);
    examine_raw_keys(postfix);
    examine_depth(postfix);
    authorities = authorities_new();
    if (authorities != NULL)
        examine_trust(postfix, authorities);
    else
        postfix->examination->remarks.exhausted = true;
    authorities_free(authorities);
}
