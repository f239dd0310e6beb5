/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.cf as a whole: the version, message smuggling, what turns refusals into deferrals, and mail that
 * comes back from a content filter.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "policy/names/network.h"
#include "policy/tool/doctor/endpoint.h"
#include "policy/tool/doctor/postfix.h"

static void examine_non_smtpd(const struct postfix *postfix)
{
    const char *rest = postfix_text(postfix, "non_smtpd_milters");
    struct element element;

    while (element_next(&element, &rest)) {
        if (postfix_drop_filter(postfix, &element, NULL) == 0)
            continue;
        remark(&postfix->examination->remarks, LEVEL_WARNING, "non_smtpd_milters",
               "lists the filter, but mail of sendmail(1) has no session that it could judge");
        postfix_without(postfix, "non_smtpd_milters", postfix_drop_filter, postfix);
        return;
    }
}

/*
 * Examines what replaces smtpd_forbid_bare_newline if Postfix does not have it
 * (postfix.org/smtp-smuggling.html).
 */
static void examine_smuggling(const struct postfix *postfix)
{
    static const char restrictions[] = "smtpd_data_restrictions", keywords[] = "smtpd_discard_ehlo_keywords";
    static const char pipelining[] = "reject_unauth_pipelining", chunking[] = "chunking";
    struct remarks *remarks = &postfix->examination->remarks;
    bool restricts = element_in(postfix_text(postfix, restrictions), pipelining);
    bool discards = element_in(postfix_text(postfix, keywords), chunking);

    if (restricts && discards) {
        remark(remarks, LEVEL_OK, "smtpd_forbid_bare_newline", "%s and %s stand in for it", pipelining,
               chunking);
        return;
    }
    remark(remarks, LEVEL_WARNING, "smtpd_forbid_bare_newline",
           "Postfix %s has no such setting: a message can hide another one (SMTP smuggling)",
           postfix_text(postfix, "mail_version"));
    if (!restricts)
        postfix_with_last(postfix, restrictions, pipelining);
    if (!discards)
        postfix_with_last(postfix, keywords, chunking);
}

static void examine_bare_newline(const struct postfix *postfix)
{
    static const char subject[] = "smtpd_forbid_bare_newline";
    struct remarks *remarks = &postfix->examination->remarks;
    const char *value = postconf_value(postfix->postconf, NULL, subject);

    if (value == NULL) {
        examine_smuggling(postfix);
    } else if (strcasecmp(value, "no") == 0 || strcasecmp(value, "note") == 0) {
        remark(remarks, LEVEL_WARNING, subject, "%s: a message can hide another one (SMTP smuggling)", value);
        postfix_change(postfix, subject, "yes");
    } else {
        remark(remarks, LEVEL_OK, subject, "%s", value);
    }
}

/*
 * Whether a content filter has a service of its own to hand mail back to. That service is examined by itself.
 */
static bool has_reinjection(const struct postfix *postfix)
{
    for (size_t i = 0; i < postconf_service_count(postfix->postconf); i++) {
        const struct service *service = postconf_service(postfix->postconf, i);

        if (strcmp(service->command, "smtpd") == 0
            && postconf_overrides(postfix->postconf, service, "content_filter")
            && *postconf_text(postfix->postconf, service, "content_filter") == '\0')
            return true;
    }
    return false;
}

/* Whether the program of that transport speaks SMTP. Others hand mail back by sendmail(1). */
static bool speaks_smtp(const struct postfix *postfix, const char *transport, size_t length)
{
    for (size_t i = 0; i < postconf_service_count(postfix->postconf); i++) {
        const struct service *service = postconf_service(postfix->postconf, i);

        if (strlen(service->name) == length && strncmp(service->name, transport, length) == 0
            && strcmp(service->type, "unix") == 0)
            return strcmp(service->command, "smtp") == 0 || strcmp(service->command, "lmtp") == 0;
    }
    return true;
}

static void examine_content_filter(const struct postfix *postfix, const char *parameter)
{
    const char *filter = postfix_text(postfix, parameter), *host;
    struct remarks *remarks = &postfix->examination->remarks;
    struct network address;
    char text[256];

    if (*filter == '\0')
        return;
    if (strcmp(parameter, "content_filter") == 0 && !speaks_smtp(postfix, filter, strcspn(filter, ":")))
        return;
    if (has_reinjection(postfix)) {
        remark(remarks, LEVEL_OK, parameter, "%s, with a service of its own for what it hands back", filter);
        return;
    }
    host = strchr(filter, '[');
    host = host != NULL ? host + 1 : filter + (strncmp(filter, "inet:", 5) == 0 ? 5 : 0);
    snprintf(text, sizeof text, "%.*s", (int)strcspn(host, host > filter && host[-1] == '[' ? "]" : ":"),
             host);
    if (strcmp(text, "localhost") == 0)
        snprintf(text, sizeof text, "127.0.0.1");
    if (postfix->examination->policy != NULL && network_read_address(&address, text)
        && policy_exempts_client(postfix->examination->policy, &address)) {
        remark(remarks, LEVEL_OK, parameter, "%s, which is exempt", filter);
        return;
    }
    remark(remarks, LEVEL_WARNING, parameter,
           "%s: what it hands back comes without the partner's TLS, and is refused", filter);
    doctor_policy_exempt_clients(postfix->examination, text);
}

static void examine_version(const struct postfix *postfix)
{
    const char *version = postfix_text(postfix, "mail_version");

    if (postconf_version(postfix->postconf) >= 3000) {
        remark(&postfix->examination->remarks, LEVEL_OK, "mail_version", "%s", version);
        return;
    }
    remark(&postfix->examination->remarks, LEVEL_WARNING, "mail_version",
           "%s: before 3.0 one filter has no settings of its own in braces", version);
    remark_change(&postfix->examination->remarks, "main.cf: milter_default_action = tempfail");
}

static void examine_soft_bounce(const struct postfix *postfix)
{
    if (!postfix_is_yes(postfix, "soft_bounce"))
        return;
    remark(&postfix->examination->remarks, LEVEL_WARNING, "soft_bounce",
           "yes: mail that the policy rejects is only deferred");
    postfix_change(postfix, "soft_bounce", "no");
}

void doctor_postfix_main(const struct postfix *postfix)
{
    examine_version(postfix);
    examine_bare_newline(postfix);
    examine_soft_bounce(postfix);
    examine_non_smtpd(postfix);
    examine_content_filter(postfix, "content_filter");
    examine_content_filter(postfix, "smtpd_proxy_filter");
}
