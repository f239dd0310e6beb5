/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLS as Postfix offers it to partners: whether there is any, and whether
 * Postfix has a certificate of its own.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "policy/tool/doctor/endpoint.h"
#include "policy/tool/doctor/postfix.h"

static bool is_empty(const char *value)
{
    return *value == '\0' || strcasecmp(value, "none") == 0;
}

static bool examine_level(const struct postfix *postfix)
{
    static const char subject[] = "smtpd_tls_security_level";
    struct remarks *remarks = &postfix->examination->remarks;
    const char *level = postfix_security_level(postfix), *where = postfix_where(postfix, subject);

    if (postfix_is_yes(postfix, "smtpd_tls_wrappermode") && postfix_has_plain_port(postfix->service)) {
        remark(remarks, LEVEL_ERROR, "smtpd_tls_wrappermode",
               "%syes: Postfix waits there for TLS without STARTTLS, and no mail server can connect",
               postfix->service->label);
        postfix_change(postfix, "smtpd_tls_wrappermode", "no");
    } else if (postfix_is_yes(postfix, "smtpd_tls_wrappermode")) {
        remark(remarks, LEVEL_OK, subject, "%swrappermode", postfix->service->label);
    } else if (is_empty(level)) {
        remark(remarks, LEVEL_ERROR, subject, "%s%s: Postfix offers no TLS, and mail of every partner fails",
               where, *level ? level : "empty");
        postfix_change(postfix, subject, "may");
        return false;
    } else if (strcasecmp(level, "may") == 0) {
        remark(remarks, LEVEL_OK, subject, "%smay", where);
    } else if (strcasecmp(level, "encrypt") == 0) {
        remark(remarks, LEVEL_WARNING, subject,
               "%sencrypt: Postfix refuses all mail without TLS, not only that of partners", where);
        postfix_change(postfix, subject, "may");
    } else {
        remark(remarks, LEVEL_ERROR, subject, "%s%s: smtpd has no such level", where, level);
        postfix_change(postfix, subject, "may");
    }
    return true;
}

/* Reports each file of a list that is not there. Returns whether the list names any. */
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
        remark(&postfix->examination->remarks, LEVEL_ERROR, parameter, "%s%s: %s; Postfix offers no TLS",
               postfix_where(postfix, parameter), element.text, strerror(errno));
        postfix_advise(postfix, parameter, "name a file that is there");
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
           "%sempty: without a certificate of its own Postfix offers no usable TLS",
           postfix_where(postfix, "smtpd_tls_cert_file"));
    postfix_change(postfix, "smtpd_tls_cert_file", "/etc/ssl/mail.example.org.pem");
}

void doctor_postfix_tls(const struct postfix *postfix)
{
    if (!examine_level(postfix))
        return;
    examine_own_certificate(postfix);
    doctor_postfix_offer(postfix, postfix_is_tls_mandatory(postfix));
}
