/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parameters as a service of Postfix sees them: its own value, else that of main.cf. All files of Postfix's
 * examination read their settings here. Knows what few parameters mean, such as the level of TLS.
 */
#include <openssl/evp.h>
#include <string.h>
#include <strings.h>
#include "policy/tool/doctor/postfix.h"

const char *postfix_text(const struct postfix *postfix, const char *parameter)
{
    return postconf_text(postfix->postconf, postfix->service, parameter);
}

bool postfix_is_yes(const struct postfix *postfix, const char *parameter)
{
    return postconf_is_yes(postfix->postconf, postfix->service, parameter);
}

bool postfix_is_sha256(const char *name)
{
    const EVP_MD *digest = EVP_get_digestbyname(name);

    return digest != NULL && EVP_MD_get_type(digest) == NID_sha256;
}

bool postfix_has_plain_port(const struct service *service)
{
    const char *colon = strrchr(service->name, ':'), *port = colon != NULL ? colon + 1 : service->name;

    return strcmp(service->type, "pass") == 0 || strcmp(port, "smtp") == 0 || strcmp(port, "25") == 0;
}

bool postfix_is_own(const struct postfix *postfix, const char *parameter)
{
    return postfix->service != NULL && postconf_overrides(postfix->postconf, postfix->service, parameter);
}

const char *postfix_where(const struct postfix *postfix, const char *parameter)
{
    return postfix_is_own(postfix, parameter) ? postfix->service->label : "";
}

const char *postfix_written(const struct postfix *postfix, const char *parameter)
{
    return postconf_written(postfix->postconf, postfix->service, parameter);
}

const char *postfix_security_level(const struct postfix *postfix)
{
    const char *level = postfix_text(postfix, "smtpd_tls_security_level");

    if (*level)
        return level;
    if (postfix_is_yes(postfix, "smtpd_enforce_tls"))
        return "encrypt";
    return postfix_is_yes(postfix, "smtpd_use_tls") ? "may" : "";
}

bool postfix_is_tls_mandatory(const struct postfix *postfix)
{
    return postfix_is_yes(postfix, "smtpd_tls_wrappermode")
           || strcasecmp(postfix_security_level(postfix), "encrypt") == 0;
}

bool postfix_has_tls(const struct postfix *postfix)
{
    const char *level = postfix_security_level(postfix);

    return (*level != '\0' && strcasecmp(level, "none") != 0)
           || postfix_is_yes(postfix, "smtpd_tls_wrappermode");
}
