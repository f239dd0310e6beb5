/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLS as Postfix offers it to partners: whether there is any, whether it asks
 * for certificates and whom it believes, as far as the policy's rules need that.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "policy/tool/doctor.h"
#include "policy/tool/doctor/endpoint.h"

enum { MANY = 60 };

static bool is_empty(const char *value)
{
    return *value == '\0' || strcasecmp(value, "none") == 0;
}

/* The level in force: older settings count where the newer one is empty. */
static const char *security_level(const struct postfix *postfix)
{
    const char *level = postfix_text(postfix, "smtpd_tls_security_level");

    if (*level)
        return level;
    if (postfix_is_yes(postfix, "smtpd_enforce_tls"))
        return "encrypt";
    return postfix_is_yes(postfix, "smtpd_use_tls") ? "may" : "";
}

static bool examine_level(const struct postfix *postfix)
{
    static const char subject[] = "smtpd_tls_security_level";
    struct remarks *remarks = &postfix->examination->remarks;
    const char *level = security_level(postfix), *where = postfix_where(postfix, subject);

    if (postfix_is_yes(postfix, "smtpd_tls_wrappermode")) {
        remark(remarks, LEVEL_OK, subject, "%swrappermode", postfix->service->label);
    } else if (is_empty(level)) {
        remark(remarks, LEVEL_ERROR, subject, "%s%s: no TLS is offered, and every partner's mail falls short",
               where, *level ? level : "empty");
        postfix_change(postfix, subject, "may");
        return false;
    } else if (strcasecmp(level, "may") == 0) {
        remark(remarks, LEVEL_OK, subject, "%smay", where);
    } else if (strcasecmp(level, "encrypt") == 0) {
        remark(remarks, LEVEL_WARNING, subject,
               "%sencrypt: everyone without TLS is refused, not only partners", where);
        postfix_change(postfix, subject, "may");
    } else {
        remark(remarks, LEVEL_ERROR, subject, "%s%s is no level of a server", where, level);
        postfix_change(postfix, subject, "may");
    }
    return true;
}

/* A list of files; the first that is not there is told. True: there is at least one name. */
static bool examine_files(const struct postfix *postfix, const char *parameter)
{
    const char *rest = postfix_text(postfix, parameter);
    struct element element;
    bool any = false;

    if (is_empty(rest))
        return false;
    while (element_next(&element, &rest)) {
        any = true;
        if (access(element.text, R_OK) == 0 || (errno == EACCES && geteuid() != 0))
            continue; /* smtpd reads it as root */
        remark(&postfix->examination->remarks, LEVEL_ERROR, parameter, "%s%s: %s; no TLS is offered",
               postfix_where(postfix, parameter), element.text, strerror(errno));
        postfix_change(postfix, parameter, "the file that is there");
    }
    return any;
}

static void examine_own_certificate(const struct postfix *postfix)
{
    bool any = examine_files(postfix, "smtpd_tls_chain_files");

    if (!any) {
        any = examine_files(postfix, "smtpd_tls_cert_file") && examine_files(postfix, "smtpd_tls_key_file");
        any |=
            examine_files(postfix, "smtpd_tls_eccert_file") && examine_files(postfix, "smtpd_tls_eckey_file");
    }
    if (any)
        return;
    remark(&postfix->examination->remarks, LEVEL_ERROR, "smtpd_tls_cert_file",
           "%sempty: without a certificate of its own Postfix offers no TLS worth the name",
           postfix_where(postfix, "smtpd_tls_cert_file"));
    postfix_change(postfix, "smtpd_tls_cert_file", "/etc/ssl/mail.example.org.pem");
}

/* Whether smtpd takes the settings for mandatory TLS. */
static bool is_mandatory(const struct postfix *postfix)
{
    return postfix_is_yes(postfix, "smtpd_tls_wrappermode")
           || strcasecmp(security_level(postfix), "encrypt") == 0;
}

void doctor_postfix_tls(const struct postfix *postfix)
{
    if (!examine_level(postfix))
        return;
    examine_own_certificate(postfix);
    doctor_postfix_offer(postfix, is_mandatory(postfix));
}

/* ---- certificates of clients ---- */

static void examine_asking(const struct postfix *postfix, const char *partner)
{
    static const char subject[] = "smtpd_tls_ask_ccert";
    struct remarks *remarks = &postfix->examination->remarks;
    bool required = postfix_is_yes(postfix, "smtpd_tls_req_ccert");
    bool asked = postfix_is_yes(postfix, subject) || required;

    if (asked && partner)
        remark(remarks, LEVEL_OK, subject, "%syes", postfix_where(postfix, subject));
    if (!asked && partner) {
        remark(remarks, LEVEL_ERROR, subject,
               "%sno: no client is asked for a certificate, and the rules of partner %s fail for everyone",
               postfix_where(postfix, subject), partner);
        postfix_change(postfix, subject, "yes");
    }
    if (required && !is_mandatory(postfix))
        required = false; /* without effect there */
    if (!required)
        return;
    remark(remarks, LEVEL_WARNING, "smtpd_tls_req_ccert", "%syes: everyone without a certificate is refused",
           postfix_where(postfix, "smtpd_tls_req_ccert"));
    postfix_change(postfix, "smtpd_tls_req_ccert", "no");
}

static void examine_raw_keys(const struct postfix *postfix, const char *partner)
{
    if (!partner || !postfix_is_yes(postfix, "smtpd_tls_enable_rpk"))
        return;
    remark(&postfix->examination->remarks, LEVEL_WARNING, "smtpd_tls_enable_rpk",
           "%syes: a client may send a raw key instead of the certificate that partner %s must show",
           postfix_where(postfix, "smtpd_tls_enable_rpk"), partner);
    postfix_change(postfix, "smtpd_tls_enable_rpk", "no");
}

/* What can be said of the CAs that are there. */
static void examine_authorities(const struct postfix *postfix, const char *file, struct authorities found)
{
    static const char subject[] = "smtpd_tls_CAfile";
    const struct survey *survey = &postfix->examination->survey;
    struct remarks *remarks = &postfix->examination->remarks;
    const char *where = postfix_where(postfix, subject);

    if (found.count >= MANY && survey->trusted) {
        remark(remarks, LEVEL_WARNING, subject,
               "%s%s: any of its %u CAs can vouch for partner %s, whose rule names no issuer", where, file,
               found.count, survey->trusted);
        postfix_change(postfix, subject, "the CAs that partners use");
    } else {
        remark(remarks, LEVEL_OK, subject, "%s%s (%u certificate%s)", where, file, found.count,
               found.count == 1 ? "" : "s");
    }
    if (found.in_system == 0 || !survey->names_alone || postconf_version(postfix->postconf) > 3011)
        return;
    remark(remarks, LEVEL_WARNING, "client_certificates",
           "%s%s holds public CAs, which no longer issue certificates for clients; Postfix %s shows a "
           "milter no others, "
           "and partner %s is known by a verified name alone",
           where, file, postfix_text(postfix, "mail_version"), survey->names_alone);
    remark_change(remarks,
                  "%s: milter: {postfix_facts: unix:%s/forcetls/facts.sock}\n"
                  "%s: certificates: [..., {fingerprint: \"sha256:...\"}]  (forcetls cert)",
                  postfix->examination->policy_file, postfix->queue_directory,
                  postfix->examination->policy_file);
}

static bool examine_file(const struct postfix *postfix)
{
    static const char subject[] = "smtpd_tls_CAfile";
    const char *file = postfix_text(postfix, subject);
    struct authorities found;

    if (*file == '\0')
        return false;
    found = authorities_read(file);
    if (found.count > 0) {
        if (postfix->examination->survey.names)
            examine_authorities(postfix, file, found);
        return true;
    }
    if (access(file, R_OK) != 0 && errno == EACCES && geteuid() != 0)
        return true;
    remark(&postfix->examination->remarks, LEVEL_ERROR, subject, "%s%s: %s; Postfix offers no TLS then",
           postfix_where(postfix, subject), file,
           access(file, R_OK) == 0 ? "holds no certificate" : strerror(errno));
    postfix_change(postfix, subject, "/etc/ssl/partners-ca.pem");
    return true;
}

static bool examine_directory(const struct postfix *postfix)
{
    static const char subject[] = "smtpd_tls_CApath";
    const char *directory = postfix_text(postfix, subject);
    char path[1024];

    if (*directory == '\0')
        return false;
    snprintf(path, sizeof(path), "%s%s", postfix->service->chrooted ? postfix->queue_directory : "",
             directory);
    if (authorities_in_directory(path)) {
        remark(&postfix->examination->remarks, LEVEL_OK, subject, "%s%s", postfix_where(postfix, subject),
               path);
        return true;
    }
    if (!postfix->examination->survey.names || *postfix_text(postfix, "smtpd_tls_CAfile"))
        return true;
    remark(&postfix->examination->remarks, LEVEL_ERROR, subject, "%s%s holds no certificates by hash%s",
           postfix_where(postfix, subject), path,
           postfix->service->chrooted ? "; it is looked for inside of the chroot" : "");
    remark_change(&postfix->examination->remarks, "openssl rehash %s", path);
    return true;
}

void doctor_postfix_certificates(const struct postfix *postfix)
{
    const struct survey *survey = &postfix->examination->survey;
    const char *partner = survey->names ? survey->names : survey->pins ? survey->pins : survey->key_pins;
    bool file, directory;

    if (is_empty(security_level(postfix)) && !postfix_is_yes(postfix, "smtpd_tls_wrappermode"))
        return;
    examine_asking(postfix, partner);
    examine_raw_keys(postfix, partner);
    file = examine_file(postfix);
    directory = examine_directory(postfix);
    if (file || directory || !survey->names || postfix_is_yes(postfix, "tls_append_default_CA"))
        return;
    remark(&postfix->examination->remarks, LEVEL_ERROR, "smtpd_tls_CAfile",
           "%sempty: no certificate ever verifies, and the rules of partner %s fail for everyone",
           postfix_where(postfix, "smtpd_tls_CAfile"), survey->names);
    postfix_change(postfix, "smtpd_tls_CAfile", "/etc/ssl/partners-ca.pem");
}
