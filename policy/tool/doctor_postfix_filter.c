/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How Postfix asks the filter: what it does while the filter does not answer,
 * the protocol, macros that are made up, and who may speak in another client's
 * name. Each setting is one function; its dangers are told in forcetls-postfix(7).
 */
#include <string.h>
#include <strings.h>
#include "policy/facts/macros.h"
#include "policy/names/network.h"
#include "policy/tool/doctor.h"
#include "policy/tool/doctor/endpoint.h"

static void suggest_action(const struct postfix *postfix, bool own)
{
    char endpoint[512];
    bool good;

    endpoint_write(postfix->examination->socket, postfix->queue_directory, endpoint, sizeof(endpoint), &good);
    if (own)
        remark_change(&postfix->examination->remarks,
                      "main.cf: smtpd_milters = { %s, default_action=tempfail }", endpoint);
    else
        postfix_change(postfix, "milter_default_action", "tempfail");
}

static void examine_default_action(const struct postfix *postfix, const struct element *element)
{
    static const char subject[] = "milter_default_action";
    struct remarks *remarks = &postfix->examination->remarks;
    char action[64];
    bool own = element_option(element, "default_action", action, sizeof(action));
    const char *where = own ? "of the filter: " : postfix_where(postfix, subject);

    if (!own)
        snprintf(action, sizeof(action), "%s", postfix_text(postfix, subject));
    if (strcmp(action, "tempfail") == 0
        || (strcmp(action, "shutdown") == 0 && postconf_version(postfix->postconf) >= 3011)) {
        remark(remarks, LEVEL_OK, subject, "%s%s", where, action);
        return;
    }
    if (strcmp(action, "accept") == 0 || strcmp(action, "quarantine") == 0)
        remark(remarks, LEVEL_ERROR, subject,
               "%s%s: partners' mail gets through unjudged while the filter does not answer", where, action);
    else if (strcmp(action, "reject") == 0)
        remark(remarks, LEVEL_WARNING, subject,
               "%sreject: everyone's mail is lost while the filter does not answer", where);
    else
        remark(remarks, LEVEL_WARNING, subject, "%s%s: this Postfix knows no such action", where, action);
    suggest_action(postfix, own);
}

static void examine_protocol(const struct postfix *postfix)
{
    const char *protocol = postfix_text(postfix, "milter_protocol");

    if (strcmp(protocol, "6") == 0)
        return;
    remark(&postfix->examination->remarks, LEVEL_WARNING, "milter_protocol",
           "%s%s: the filter was made for 6", postfix_where(postfix, "milter_protocol"), protocol);
    postfix_change(postfix, "milter_protocol", "6");
}

static const char *known_macro(const char *text)
{
    size_t length = strcspn(text, "=} ");

    for (size_t i = 0; i < MACRO_COUNT; i++) {
        const char *name = macro_names[i] + (macro_names[i][0] == '{');

        if (strcspn(name, "}") == length && strncmp(name, text, length) == 0)
            return macro_names[i];
    }
    return NULL;
}

static void examine_macro_defaults(const struct postfix *postfix)
{
    static const char subject[] = "milter_macro_defaults";
    const char *rest = postfix_text(postfix, subject);
    struct element element;

    while (element_next(&element, &rest)) {
        const char *macro = known_macro(element.text);

        if (!macro)
            continue;
        remark(&postfix->examination->remarks, LEVEL_ERROR, subject,
               "%snames %s: the filter would see it in sessions that do not have it",
               postfix_where(postfix, subject), macro);
        postfix_change(postfix, subject, "");
        return;
    }
}

static void examine_name(const struct postfix *postfix)
{
    const char *v = postfix_text(postfix, "milter_macro_v");

    if (strstr(v, "Postfix"))
        return;
    remark(&postfix->examination->remarks, LEVEL_ERROR, "milter_macro_v",
           "%s%s: the filter does not recognise Postfix, and certificates cannot be judged",
           postfix_where(postfix, "milter_macro_v"), v);
    postfix_change(postfix, "milter_macro_v", "Postfix $mail_version");
}

static void examine_maps(const struct postfix *postfix)
{
    const char *maps = postfix_text(postfix, "smtpd_milter_maps");

    if (*maps == '\0')
        return;
    remark(&postfix->examination->remarks, LEVEL_WARNING, "smtpd_milter_maps",
           "%s%s: clients for which it says DISABLE or names other filters are not judged",
           postfix_where(postfix, "smtpd_milter_maps"), maps);
    postfix_change(postfix, "smtpd_milter_maps", "");
}

static void examine_proxies(const struct postfix *postfix)
{
    static const char xclient[] = "smtpd_authorized_xclient_hosts";
    static const char *const protocols[] = {"smtpd_upstream_proxy_protocol",
                                            "postscreen_upstream_proxy_protocol"};
    struct remarks *remarks = &postfix->examination->remarks;
    const char *hosts = postfix_text(postfix, xclient);

    if (*hosts) {
        remark(remarks, LEVEL_WARNING, xclient,
               "%s%s: these hosts choose the client's address and name; TLS is that of their own connection",
               postfix_where(postfix, xclient), hosts);
        postfix_change(postfix, xclient, "");
    }
    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
        const char *protocol = postfix_text(postfix, protocols[i]);

        if (*protocol == '\0')
            continue;
        remark(remarks, LEVEL_WARNING, protocols[i],
               "%s%s: a proxy in front must leave TLS alone; what it ends itself looks like plaintext",
               postfix_where(postfix, protocols[i]), protocol);
        postfix_change(postfix, protocols[i], "");
    }
}

void doctor_postfix_filter(const struct postfix *postfix, const char *options)
{
    struct element element = {"", ""};

    snprintf(element.options, sizeof(element.options), "%s", options);
    examine_default_action(postfix, &element);
    examine_protocol(postfix);
    examine_macro_defaults(postfix);
    examine_name(postfix);
    examine_maps(postfix);
    examine_proxies(postfix);
}

/* ---- main.cf as a whole ---- */

static void examine_non_smtpd(const struct postfix *postfix)
{
    const char *rest = postfix_text(postfix, "non_smtpd_milters"), *ours = postfix->examination->socket;
    struct element element;

    while (element_next(&element, &rest)) {
        if (endpoint_compare(element.text, ours, postfix->queue_directory, false) == SAME_NOT
            && endpoint_compare(element.text, ours, postfix->queue_directory, true) == SAME_NOT)
            continue;
        remark(&postfix->examination->remarks, LEVEL_WARNING, "non_smtpd_milters",
               "names the filter: mail of sendmail(1) has no session to be judged");
        postfix_change(postfix, "non_smtpd_milters", "");
        return;
    }
}

static void examine_bare_newline(const struct postfix *postfix)
{
    static const char subject[] = "smtpd_forbid_bare_newline";
    struct remarks *remarks = &postfix->examination->remarks;
    const char *value = postconf_value(postfix->postconf, NULL, subject);

    if (!value) {
        remark(remarks, LEVEL_WARNING, subject,
               "Postfix %s has no such setting: a message can hide another one in itself (SMTP smuggling)",
               postfix_text(postfix, "mail_version"));
        remark_change(remarks, "main.cf: smtpd_data_restrictions = reject_unauth_pipelining\n"
                               "main.cf: smtpd_discard_ehlo_keywords = chunking");
    } else if (strcasecmp(value, "no") == 0 || strcasecmp(value, "note") == 0) {
        remark(remarks, LEVEL_WARNING, subject,
               "%s: a message can hide another one in itself (SMTP smuggling)", value);
        postfix_change(postfix, subject, "yes");
    } else {
        remark(remarks, LEVEL_OK, subject, "%s", value);
    }
}

/* Where a content filter hands mail back: a port of its own without the filter is told of at that service. */
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

/* Whether the program of that transport speaks SMTP; others hand mail back by sendmail(1). */
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
    host = host ? host + 1 : filter + (strncmp(filter, "inet:", 5) == 0 ? 5 : 0);
    snprintf(text, sizeof(text), "%.*s", (int)strcspn(host, host > filter && host[-1] == '[' ? "]" : ":"),
             host);
    if (strcmp(text, "localhost") == 0)
        snprintf(text, sizeof(text), "127.0.0.1");
    if (postfix->examination->policy && network_read_address(&address, text)
        && policy_exempts_client(postfix->examination->policy, &address)) {
        remark(remarks, LEVEL_OK, parameter, "%s, which is exempt", filter);
        return;
    }
    remark(remarks, LEVEL_WARNING, parameter,
           "%s: what it hands back comes without the partner's TLS, and would be refused", filter);
    remark_change(remarks, "%s: exempt: {clients: [127.0.0.0/8, \"::1\", %s]}",
                  postfix->examination->policy_file, text);
}

static void examine_version(const struct postfix *postfix)
{
    const char *version = postfix_text(postfix, "mail_version");

    if (postconf_version(postfix->postconf) >= 3000) {
        remark(&postfix->examination->remarks, LEVEL_OK, "mail_version", "%s", version);
        return;
    }
    remark(&postfix->examination->remarks, LEVEL_WARNING, "mail_version",
           "%s: no settings of one filter in braces before 3.0", version);
}

static void examine_soft_bounce(const struct postfix *postfix)
{
    if (!postfix_is_yes(postfix, "soft_bounce"))
        return;
    remark(&postfix->examination->remarks, LEVEL_WARNING, "soft_bounce",
           "yes: what the policy rejects is only deferred");
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
