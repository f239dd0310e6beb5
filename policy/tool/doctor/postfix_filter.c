/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How Postfix asks the filter: what it does while the filter does not answer, the protocol, macros with
 * made-up values, and who may claim to be another client. Each setting has one function.
 * forcetls-postfix(7) explains the dangers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "policy/facts/macros.h"
#include "policy/tool/doctor/endpoint.h"
#include "policy/tool/doctor/postfix.h"

/* The filter's own option does not affect other filters. Before 3.0 there is only the setting for all. */
static void suggest_action(const struct postfix *postfix)
{
    if (postconf_version(postfix->postconf) >= 3000)
        postfix_suggest_filter(postfix);
    else
        postfix_change(postfix, "milter_default_action", "tempfail");
}

/* Postfix has "shutdown" from 3.11 on, and a release of 3.10 has it if it is the default there. */
static bool knows_shutdown(const struct postfix *postfix)
{
    const char *usual = postconf_default(postfix->postconf, "milter_default_action");

    return postconf_version(postfix->postconf) >= 3011 || (usual != NULL && strcmp(usual, "shutdown") == 0);
}

static void examine_default_action(const struct postfix *postfix, const struct element *element)
{
    static const char subject[] = "milter_default_action";
    struct remarks *remarks = &postfix->examination->remarks;
    char action[64];
    bool own = element_option(element, "default_action", action, sizeof action);
    const char *where = own ? "for this filter: " : postfix_where(postfix, subject);

    if (!own)
        snprintf(action, sizeof action, "%s", postfix_text(postfix, subject));
    if (strcasecmp(action, "tempfail") == 0
        || (strcasecmp(action, "shutdown") == 0 && knows_shutdown(postfix))) {
        remark(remarks, LEVEL_OK, subject, "%s%s", where, action);
        return;
    }
    if (strcasecmp(action, "accept") == 0 || strcasecmp(action, "quarantine") == 0)
        remark(remarks, LEVEL_ERROR, subject,
               "%s%s: partner mail passes unchecked while the filter does not answer", where, action);
    else if (strcasecmp(action, "reject") == 0)
        remark(remarks, LEVEL_WARNING, subject,
               "%sreject: all mail is refused while the filter does not answer", where);
    else
        remark(remarks, LEVEL_WARNING, subject, "%s%s: this Postfix knows no such action", where, action);
    suggest_action(postfix);
}

static void examine_protocol(const struct postfix *postfix, const struct element *element)
{
    static const char subject[] = "milter_protocol";
    char protocol[64];
    bool own = element_option(element, "protocol", protocol, sizeof protocol);

    if (!own)
        snprintf(protocol, sizeof protocol, "%s", postfix_text(postfix, subject));
    if (strcmp(protocol, "6") == 0)
        return;
    remark(&postfix->examination->remarks, LEVEL_WARNING, subject, "%s%s: the filter needs version 6",
           own ? "for this filter: " : postfix_where(postfix, subject), protocol);
    if (own)
        postfix_advise(postfix, "smtpd_milters", "take protocol= out of the braces of this filter");
    else
        postfix_change(postfix, subject, "6");
}

/* Settings that change while all processes of a service are busy: see STRESS_README. */
static void examine_stress(const struct postfix *postfix)
{
    static const char *const parameters[] = {"smtpd_milters",
                                             "smtpd_milter_maps",
                                             "milter_default_action",
                                             "receive_override_options",
                                             "smtpd_tls_security_level",
                                             "smtpd_tls_ask_ccert",
                                             "smtpd_data_restrictions",
                                             "smtpd_peername_lookup"};

    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
        const char *written = postfix_written(postfix, parameters[i]);

        if (strstr(written, "{stress") == NULL && strstr(written, "$stress") == NULL)
            continue;
        remark(&postfix->examination->remarks, LEVEL_WARNING, parameters[i],
               "%s%s: under stress Postfix takes another value, which is not examined; anyone can cause it",
               postfix_where(postfix, parameters[i]), written);
        postfix_change(postfix, parameters[i], postfix_text(postfix, parameters[i]));
    }
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

static unsigned drop_macro(const void *arg, const struct element *element, const struct element *next)
{
    (void)arg;
    (void)next;
    return known_macro(element->text) != NULL;
}

static void examine_macro_defaults(const struct postfix *postfix)
{
    static const char subject[] = "milter_macro_defaults";
    const char *rest = postfix_text(postfix, subject);
    struct element element;

    while (element_next(&element, &rest)) {
        const char *macro = known_macro(element.text);

        if (macro == NULL)
            continue;
        remark(&postfix->examination->remarks, LEVEL_ERROR, subject,
               "%snames %s: the filter sees it in sessions that do not have it",
               postfix_where(postfix, subject), macro);
        postfix_without(postfix, subject, drop_macro, NULL);
        return;
    }
}

static void examine_name(const struct postfix *postfix)
{
    const char *v = postfix_text(postfix, "milter_macro_v");

    if (strstr(v, "Postfix") != NULL)
        return;
    if (postfix->examination->wanted == MTA_POSTFIX) {
        remark(&postfix->examination->remarks, LEVEL_OK, "milter_macro_v",
               "%s%s, and the policy says mta: postfix", postfix_where(postfix, "milter_macro_v"), v);
        return;
    }
    remark(
        &postfix->examination->remarks, LEVEL_ERROR, "milter_macro_v",
        "%s%s: the filter does not recognise Postfix by this, and rules about certificates cannot be decided",
        postfix_where(postfix, "milter_macro_v"), *v ? v : "empty");
    doctor_policy_line(postfix->examination, "milter", "mta: postfix");
}

static void examine_maps(const struct postfix *postfix)
{
    const char *maps = postfix_text(postfix, "smtpd_milter_maps");

    if (*maps == '\0')
        return;
    if (strcasecmp(maps, "static:DISABLE") == 0) {
        remark(&postfix->examination->remarks, LEVEL_ERROR, "smtpd_milter_maps",
               "%s%s: Postfix asks no filter, and no mail is judged",
               postfix_where(postfix, "smtpd_milter_maps"), maps);
        postfix_change(postfix, "smtpd_milter_maps", "");
        return;
    }
    remark(&postfix->examination->remarks, LEVEL_WARNING, "smtpd_milter_maps",
           "%s%s: mail of a client for which it says DISABLE, or lists other filters only, is not judged",
           postfix_where(postfix, "smtpd_milter_maps"), maps);
    postfix_advise(postfix, "smtpd_milter_maps", "name this filter too wherever a partner may connect from");
}

/* Whether this is the version (3010 is 3.10), and the number after it is at least `least`: "3.10.13". */
static bool has_patch(const struct postfix *postfix, unsigned version, unsigned long least)
{
    const char *minor = strchr(postfix_text(postfix, "mail_version"), '.');
    const char *patch = minor != NULL ? strchr(minor + 1, '.') : NULL;

    return postconf_version(postfix->postconf) == version && patch != NULL
           && strtoul(patch + 1, NULL, 10) >= least;
}

/*
 * After smtpd_end_of_data_restrictions has rejected a message, older versions take a second one without MAIL.
 * They do not ask a filter again that accepted the first one at MAIL.
 */
static void examine_end_of_data(const struct postfix *postfix)
{
    static const char subject[] = "smtpd_end_of_data_restrictions";
    const char *restrictions = postfix_text(postfix, subject);

    if (*restrictions == '\0' || postconf_version(postfix->postconf) > 3011 || has_patch(postfix, 3010, 13)
        || has_patch(postfix, 3011, 6))
        return;
    remark(
        &postfix->examination->remarks, LEVEL_WARNING, subject,
        "%s%s: Postfix %s takes a second message without MAIL after one that is rejected here, and filters "
        "may not see it; 3.10.13 and 3.11.6 are fixed",
        postfix_where(postfix, subject), restrictions, postfix_text(postfix, "mail_version"));
    postfix_advise(postfix, subject, "use smtpd_data_restrictions instead, or update Postfix");
}

/* Postfix has this setting from 3.11 on. */
static void examine_replies(const struct postfix *postfix)
{
    static const char subject[] = "smtpd_reject_filter_maps";
    const char *maps = postfix_text(postfix, subject);

    if (*maps == '\0')
        return;
    remark(&postfix->examination->remarks, LEVEL_WARNING, subject,
           "%s%s: Postfix may replace the replies that say why a partner's mail is refused",
           postfix_where(postfix, subject), maps);
    postfix_advise(postfix, subject, "leave replies of 451, 530 and 554 as they are");
}

/* The table changes a command before Postfix or any filter sees it. */
static void examine_command_filter(const struct postfix *postfix)
{
    static const char subject[] = "smtpd_command_filter";
    const char *table = postfix_text(postfix, subject);

    if (*table == '\0')
        return;
    remark(&postfix->examination->remarks, LEVEL_WARNING, subject,
           "%s%s: Postfix and the filter see each command as this table makes it: STARTTLS, EHLO and the "
           "sender may be others",
           postfix_where(postfix, subject), table);
    postfix_advise(postfix, subject,
                   "see that it leaves STARTTLS, EHLO, MAIL and RCPT as the client sends them");
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
        postfix_advise(postfix, xclient, "keep only hosts of your own that have to use XCLIENT");
    }
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++) {
        const char *protocol = postfix_text(postfix, protocols[i]);

        if (*protocol == '\0')
            continue;
        remark(remarks, LEVEL_WARNING, protocols[i],
               "%s%s: the proxy in front must pass TLS through; where it ends TLS itself, mail looks like "
               "plaintext",
               postfix_where(postfix, protocols[i]), protocol);
        postfix_advise(postfix, protocols[i], "set the proxy to TCP mode, without a certificate of its own");
    }
}

void doctor_postfix_filter(const struct postfix *postfix, const char *options)
{
    struct element element = {.length = 0};

    snprintf(element.options, sizeof element.options, "%s", options);
    doctor_postfix_options(postfix);
    examine_default_action(postfix, &element);
    examine_protocol(postfix, &element);
    examine_stress(postfix);
    examine_macro_defaults(postfix);
    examine_name(postfix);
    examine_maps(postfix);
    examine_end_of_data(postfix);
    examine_replies(postfix);
    examine_command_filter(postfix);
    examine_proxies(postfix);
}
