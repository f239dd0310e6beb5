/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Postfix, service by service: who asks the filter, who should and who should
 * not. Which services partners reach is judged here, by their names and ports;
 * how the filter is asked and what TLS is offered is looked at in
 * doctor_postfix_*.c.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include "policy/tool/doctor.h"
#include "policy/tool/doctor/endpoint.h"

/* Services of smtpd, by who talks to them. */
enum role {
    ROLE_PUBLIC,     /* partners */
    ROLE_OTHER,      /* whoever reaches an unusual port */
    ROLE_SUBMISSION, /* our own users, who log in */
    ROLE_LOCAL       /* programs of this machine, content filters above all */
};

/* Why a service does not ask the filter. */
enum asking { ASKS, NOT_LISTED, NOT_IN_CHROOT, SWITCHED_OFF };

const char *postfix_text(const struct postfix *postfix, const char *parameter)
{
    return postconf_text(postfix->postconf, postfix->service, parameter);
}

bool postfix_is_yes(const struct postfix *postfix, const char *parameter)
{
    return postconf_is_yes(postfix->postconf, postfix->service, parameter);
}

static bool is_own(const struct postfix *postfix, const char *parameter)
{
    return postfix->service && postconf_overrides(postfix->postconf, postfix->service, parameter);
}

const char *postfix_where(const struct postfix *postfix, const char *parameter)
{
    return is_own(postfix, parameter) ? postfix->service->label : "";
}

void postfix_change(const struct postfix *postfix, const char *parameter, const char *value)
{
    const char *blank = *value ? " " : "";

    if (is_own(postfix, parameter))
        remark_change(&postfix->examination->remarks, "master.cf, %s %s: -o { %s =%s%s }",
                      postfix->service->name, postfix->service->type, parameter, blank, value);
    else
        remark_change(&postfix->examination->remarks, "main.cf: %s =%s%s", parameter, blank, value);
}

/* ---- roles ---- */

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(word, *words) == 0)
            return true;
    return false;
}

static bool is_loopback(const char *name)
{
    return strncmp(name, "127.", 4) == 0 || strncmp(name, "[::1]", 5) == 0
           || strncmp(name, "localhost:", 10) == 0;
}

static enum role find_role(const struct postfix *postfix)
{
    static const char *const submission[] = {"submission", "submissions", "smtps", "587", "465", NULL};
    static const char *const usual[] = {"smtp", "25", NULL};
    const char *name = postfix->service->name, *colon = strrchr(name, ':'), *port = colon ? colon + 1 : name;
    bool logs_in = postfix_is_yes(postfix, "smtpd_sasl_auth_enable");

    if (strcmp(postfix->service->type, "pass") == 0)
        return ROLE_PUBLIC; /* postscreen hands over to it */
    if (strcmp(postfix->service->type, "inet") != 0)
        return ROLE_LOCAL;
    if (colon && is_loopback(name) && *postfix_text(postfix, "smtpd_upstream_proxy_protocol") == '\0')
        return ROLE_LOCAL; /* else a proxy in front brings partners to it */
    if (is_own(postfix, "content_filter") && *postfix_text(postfix, "content_filter") == '\0'
        && *postconf_text(postfix->postconf, NULL, "content_filter") != '\0')
        return ROLE_LOCAL;
    if (logs_in && (is_one_of(port, submission) || is_own(postfix, "smtpd_sasl_auth_enable")))
        return ROLE_SUBMISSION;
    return is_one_of(port, usual) || is_one_of(port, submission) ? ROLE_PUBLIC : ROLE_OTHER;
}

/* ---- the filter's place ---- */

static bool has_no_milters(const struct postfix *postfix)
{
    return strstr(postfix_text(postfix, "receive_override_options"), "no_milters") != NULL;
}

static enum asking find_filter(const struct postfix *postfix, struct element *element)
{
    const char *rest = postfix_text(postfix, "smtpd_milters");
    enum asking answer = NOT_LISTED;

    while (element_next(element, &rest)) {
        enum same same = endpoint_compare(element->text, postfix->examination->socket,
                                          postfix->queue_directory, postfix->service->chrooted);

        if (same == SAME)
            return has_no_milters(postfix) ? SWITCHED_OFF : ASKS;
        if (same == SAME_UNCHROOTED)
            answer = NOT_IN_CHROOT;
    }
    return answer;
}

static void suggest_filter(const struct postfix *postfix)
{
    char endpoint[512], value[600];
    bool good;

    endpoint_write(postfix->examination->socket, postfix->queue_directory, endpoint, sizeof(endpoint), &good);
    if (good || !postfix->service->chrooted) {
        snprintf(value, sizeof(value), "{ %s, default_action=tempfail }", endpoint);
        postfix_change(postfix, "smtpd_milters", value);
    } else {
        remark_change(&postfix->examination->remarks, "%s: milter: {socket: unix:%s/forcetls/forcetls.sock}",
                      postfix->examination->policy_file, postfix->queue_directory);
    }
}

static void tell_missing(const struct postfix *postfix, enum asking asking, enum level level)
{
    struct remarks *remarks = &postfix->examination->remarks;
    const struct service *service = postfix->service;
    const char *list = postfix_text(postfix, "smtpd_milters");

    switch (asking) {
    case NOT_IN_CHROOT:
        remark(remarks, level, "smtpd_milters", "%sis chrooted, and finds no such path inside of %s: %s",
               service->label, postfix->queue_directory, list);
        suggest_filter(postfix);
        break;
    case SWITCHED_OFF:
        remark(remarks, level, "receive_override_options",
               "%sno_milters: mail that comes there is not judged", service->label);
        postfix_change(postfix, "receive_override_options", "");
        break;
    default:
        remark(remarks, level, "smtpd_milters", "%sdoes not ask the filter: its list is %s", service->label,
               *list ? list : "empty");
        suggest_filter(postfix);
    }
}

static bool is_exempt_submission(const struct postfix *postfix)
{
    struct examination *examination = postfix->examination;

    return examination->survey.authenticated_exempt
           || policy_exempts_daemon(examination->policy, postfix_text(postfix, "milter_macro_daemon_name"));
}

static void examine_submission(const struct postfix *postfix)
{
    struct examination *examination = postfix->examination;
    const char *label = postfix->service->label;

    if (is_exempt_submission(postfix)) {
        remark(&examination->remarks, LEVEL_OK, "smtpd_milters",
               "%sasks the filter; authenticated sessions are exempt", label);
        return;
    }
    remark(&examination->remarks, LEVEL_WARNING, "smtpd_milters",
           "%sasks the filter: mail of our own users is judged, if it bears a partner's domain", label);
    remark_change(&examination->remarks, "%s: exempt: {authenticated: true}", examination->policy_file);
}

static void examine_service(const struct postfix *postfix)
{
    struct remarks *remarks = &postfix->examination->remarks;
    const char *label = postfix->service->label;
    enum role role = find_role(postfix);
    struct element element;
    enum asking asking = find_filter(postfix, &element);
    bool judges = role == ROLE_PUBLIC || role == ROLE_OTHER;

    if (asking != ASKS && judges) {
        tell_missing(postfix, asking, role == ROLE_PUBLIC ? LEVEL_ERROR : LEVEL_WARNING);
    } else if (asking == ASKS && role == ROLE_SUBMISSION) {
        examine_submission(postfix);
    } else if (asking == ASKS && role == ROLE_LOCAL && !strstr(postfix->service->name, ":25")
               && !strstr(postfix->service->name, ":smtp")) {
        remark(remarks, LEVEL_WARNING, "reinjection",
               "%sasks the filter, and mail that a content filter hands back comes in plaintext", label);
        remark_change(remarks, "master.cf, %s %s: -o smtpd_milters=", postfix->service->name,
                      postfix->service->type);
    } else {
        remark(remarks, LEVEL_OK, "smtpd_milters", "%s%s the filter%s", label,
               asking == ASKS ? "asks" : "does not ask", asking == ASKS ? "" : ", and need not");
    }
    if (asking == ASKS)
        doctor_postfix_filter(postfix, element.options);
    if (asking == ASKS && (role != ROLE_SUBMISSION || !is_exempt_submission(postfix)))
        doctor_postfix_events(postfix);
    if (!judges)
        return;
    doctor_postfix_tls(postfix);
    doctor_postfix_certificates(postfix);
    doctor_postfix_facts(postfix);
}

/* Tries the sockets as each kind of smtpd, chrooted or not, would. */
static void examine_sockets(const struct postfix *postfix, bool chrooted)
{
    struct viewer viewer = postfix->owner;
    struct examination *examination = postfix->examination;

    if (*viewer.name == '\0')
        return;
    if (chrooted)
        viewer.root = postfix->queue_directory;
    doctor_socket(examination, examination->socket, &viewer, false);
    if (examination->facts)
        doctor_socket(examination, examination->facts, &viewer, false);
}

static void examine_services(struct postfix *postfix)
{
    struct remarks *remarks = &postfix->examination->remarks;
    bool seen[2] = {false, false}, any = false;

    for (size_t i = 0; i < postconf_service_count(postfix->postconf); i++) {
        const struct service *service = postconf_service(postfix->postconf, i);

        if (strcmp(service->command, "smtpd") != 0)
            continue;
        postfix->service = service;
        any |= find_role(postfix) == ROLE_PUBLIC;
        seen[service->chrooted] |= find_role(postfix) != ROLE_LOCAL;
        examine_service(postfix);
    }
    postfix->service = NULL;
    if (!any) {
        remark(remarks, LEVEL_WARNING, "smtpd_milters", "no service of master.cf takes mail on port 25");
        remark_change(remarks, "master.cf: smtp inet n - y - - smtpd");
    }
    for (int chrooted = 0; chrooted < 2; chrooted++)
        if (seen[chrooted])
            examine_sockets(postfix, chrooted == 1);
}

static void examine_warnings(struct postfix *postfix)
{
    const char *line = postconf_warnings(postfix->postconf);

    while (*line) {
        size_t length = strcspn(line, "\n");

        remark(&postfix->examination->remarks, LEVEL_WARNING, "postconf", "%.*s", (int)length, line);
        line += length;
        line += *line == '\n';
    }
}

static void examine_owner(struct postfix *postfix)
{
    const char *name = postfix_text(postfix, "mail_owner");

    if (viewer_find(&postfix->owner, name))
        return;
    remark(&postfix->examination->remarks, LEVEL_ERROR, "mail_owner", "there is no user %s", name);
    postfix_change(postfix, "mail_owner", "postfix");
}

void doctor_postfix(struct examination *examination)
{
    char *why;
    struct postconf *postconf = postconf_read(examination->postfix_directory, &why);
    struct postfix postfix = {examination, postconf, NULL, NULL, {"", 0, 0, NULL}};

    if (!postconf) {
        remark(&examination->remarks, LEVEL_ERROR, "mta", "no configuration of Postfix to look at: %s",
               why ? why : "out of memory");
        free(why);
        return;
    }
    postfix.queue_directory = postconf_text(postconf, NULL, "queue_directory");
    snprintf(examination->mta, sizeof(examination->mta), "Postfix %s, %s",
             postfix_text(&postfix, "mail_version"), postconf_directory(postconf));
    examine_warnings(&postfix);
    examine_owner(&postfix);
    doctor_postfix_main(&postfix);
    examine_services(&postfix);
    doctor_postfix_sessions(&postfix);
    postconf_free(postconf);
}
