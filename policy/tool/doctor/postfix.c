/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Postfix, service by service: which services ask the filter, which should and which should not, in
 * every instance. Judges by names and ports which services partners reach. postfix_*.c examine how
 * the filter is asked and what TLS is offered, and do not call this file. They share
 * postfix_settings.c and postfix_merge.c.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/tool/doctor/endpoint.h"
#include "policy/tool/doctor/postfix.h"

static const char daemon_name[] = "milter_macro_daemon_name";

/* Services of smtpd, by their clients. */
enum role {
    ROLE_PUBLIC,     /* partners */
    ROLE_OTHER,      /* clients of an unusual port */
    ROLE_SUBMISSION, /* our own users, who log in */
    ROLE_LOCAL       /* programs of this machine, content filters above all */
};

/* Why a service does not ask the filter. */
enum asking { ASKS, NOT_LISTED, MISWRITTEN, NOT_IN_CHROOT, SWITCHED_OFF };

/* ---- roles ---- */

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words != NULL; words++)
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
    const char *name = postfix->service->name, *colon = strrchr(name, ':'),
               *port = colon != NULL ? colon + 1 : name;
    bool logs_in = postfix_is_yes(postfix, "smtpd_sasl_auth_enable");

    if (strcmp(postfix->service->type, "pass") == 0)
        return ROLE_PUBLIC; /* postscreen hands its connections to it */
    if (strcmp(postfix->service->type, "inet") != 0)
        return ROLE_LOCAL;
    if (colon != NULL && is_loopback(name) && *postfix_text(postfix, "smtpd_upstream_proxy_protocol") == '\0')
        return ROLE_LOCAL; /* a proxy in front would bring partners to it */
    if (postfix_has_plain_port(postfix->service))
        return ROLE_PUBLIC; /* partners connect there, whatever else it is for */
    if (postfix_is_own(postfix, "content_filter") && *postfix_text(postfix, "content_filter") == '\0'
        && *postconf_text(postfix->postconf, NULL, "content_filter") != '\0')
        return ROLE_LOCAL;
    if (logs_in && (is_one_of(port, submission) || postfix_is_own(postfix, "smtpd_sasl_auth_enable")))
        return ROLE_SUBMISSION;
    return is_one_of(port, submission) ? ROLE_PUBLIC : ROLE_OTHER;
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
        else if (same == SAME_MISWRITTEN)
            answer = MISWRITTEN;
    }
    return answer;
}

static void report_missing(const struct postfix *postfix, enum asking asking, enum level level)
{
    static const char overrides[] = "receive_override_options";
    struct remarks *remarks = &postfix->examination->remarks;
    const struct service *service = postfix->service;
    const char *list = postfix_text(postfix, "smtpd_milters");

    switch (asking) {
    case NOT_IN_CHROOT:
        remark(remarks, level, "smtpd_milters",
               "%sdoes not ask the filter: it is chrooted to %s and finds no such path there: %s",
               service->label, postfix->queue_directory, list);
        postfix_suggest_filter(postfix);
        break;
    case MISWRITTEN:
        remark(remarks, level, "smtpd_milters",
               "%sdoes not ask the filter: Postfix cannot use it as it is written: %s", service->label, list);
        postfix_suggest_filter(postfix);
        break;
    case SWITCHED_OFF:
        remark(remarks, level, overrides, "%sno_milters: mail that comes there is not judged",
               service->label);
        postfix_without(postfix, overrides, merge_drop_word, "no_milters");
        break;
    default:
        remark(remarks, level, "smtpd_milters", "%sdoes not ask the filter: its list is %s", service->label,
               *list ? list : "empty");
        postfix_suggest_filter(postfix);
    }
}

static bool is_exempt_submission(const struct postfix *postfix)
{
    struct examination *examination = postfix->examination;

    return examination->policy == NULL || examination->survey.authenticated_exempt
           || policy_exempts_daemon(examination->policy, postfix_text(postfix, daemon_name));
}

/* If `exempt: {daemons: ...}` lists this name, all mail of the service passes, a partner's as well. */
static void examine_daemon_name(const struct postfix *postfix, enum level level)
{
    struct examination *examination = postfix->examination;
    const char *name = postfix_text(postfix, daemon_name);

    if (examination->policy == NULL || !policy_exempts_daemon(examination->policy, name))
        return;
    remark(&examination->remarks, level, daemon_name,
           "%shas the daemon name %s, which exempt.daemons lists: no mail that comes there is judged",
           postfix->service->label, name);
    if (strcmp(name, postfix_text(postfix, "myhostname")) == 0) {
        doctor_policy_exempt_daemons(examination, name);
        return;
    }
    postfix_change(postfix, daemon_name, "$myhostname");
    if (!postfix_is_own(postfix, daemon_name))
        remark_change(&examination->remarks, "%s, submission inet: -o { %s = %s }", postfix->master_cf,
                      daemon_name, name);
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
           "%sasks the filter: mail of your own users is judged if its sender has a partner's domain", label);
    doctor_policy_line(examination, "exempt", "authenticated: true");
}

/*
 * Takes our filter from the service that gets mail back from a content filter: that mail is judged already.
 */
static void change_reinjection(const struct postfix *postfix)
{
    size_t dropped;
    char *value =
        merge_without(postfix_text(postfix, "smtpd_milters"), postfix_drop_filter, postfix, &dropped);

    if (value != NULL)
        remark_change(&postfix->examination->remarks, "%s, %s %s: -o { smtpd_milters =%s%s }",
                      postfix->master_cf, postfix->service->name, postfix->service->type, *value ? " " : "",
                      value);
    else
        postfix->examination->remarks.exhausted = true;
    free(value);
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
        report_missing(postfix, asking, role == ROLE_PUBLIC ? LEVEL_ERROR : LEVEL_WARNING);
    } else if (asking == ASKS && role == ROLE_SUBMISSION) {
        examine_submission(postfix);
    } else if (asking == ASKS && role == ROLE_LOCAL && strstr(postfix->service->name, ":25") == NULL
               && strstr(postfix->service->name, ":smtp") == NULL) {
        remark(remarks, LEVEL_WARNING, "reinjection",
               "%sasks the filter, but what a content filter hands back comes without the partner's TLS",
               label);
        change_reinjection(postfix);
    } else {
        remark(remarks, LEVEL_OK, "smtpd_milters", "%s%s the filter%s", label,
               asking == ASKS ? "asks" : "does not ask", asking == ASKS ? "" : ", and need not");
    }
    if (asking == ASKS)
        doctor_postfix_filter(postfix, element.options);
    if (asking == ASKS && (role != ROLE_SUBMISSION || !is_exempt_submission(postfix)))
        doctor_postfix_events(postfix);
    if (asking == ASKS && judges)
        examine_daemon_name(postfix, role == ROLE_PUBLIC ? LEVEL_ERROR : LEVEL_WARNING);
    if (!judges)
        return;
    doctor_postfix_tls(postfix);
    doctor_postfix_certificates(postfix);
    doctor_postfix_facts(postfix);
}

/* Tries the sockets as smtpd would, chrooted or not. */
static void examine_sockets(const struct postfix *postfix, bool chrooted)
{
    struct viewer viewer = postfix->owner;
    struct examination *examination = postfix->examination;
    char home[PATH_MAX];
    struct listening milter = {examination->socket,      "socket", REACH_ANSWER, home,
                               postfix->queue_directory, false};
    struct listening facts = {
        examination->facts, "postfix_facts", REACH_CONNECT, home, postfix->queue_directory, false};

    if (*viewer.name == '\0')
        return;
    snprintf(home, sizeof home, "%s/forcetls", postfix->queue_directory);
    if (chrooted)
        viewer.root = postfix->queue_directory;
    doctor_socket(examination, &milter, &viewer);
    if (facts.spec != NULL)
        doctor_socket(examination, &facts, &viewer);
}

/*
 * Whether master(8) does not start the service, because master_service_disable names it:
 * "inet", "smtp/inet" or "smtp.inet".
 */
static bool is_disabled(const struct postfix *postfix)
{
    const char *rest = postfix_text(postfix, "master_service_disable");
    const struct service *service = postfix->service;
    size_t length = strlen(service->name);
    struct element element;

    while (element_next(&element, &rest)) {
        const char *text = element.text;

        if (strcmp(text, service->type) == 0
            || (strncmp(text, service->name, length) == 0 && (text[length] == '/' || text[length] == '.')
                && strcmp(text + length + 1, service->type) == 0))
            return true;
    }
    return false;
}

/* Returns whether any service takes mail of partners. */
static bool examine_services(struct postfix *postfix)
{
    bool seen[2] = {false, false}, any = false;

    for (size_t i = 0; i < postconf_service_count(postfix->postconf); i++) {
        const struct service *service = postconf_service(postfix->postconf, i);

        postfix->service = service;
        if (strcmp(service->command, "smtpd") != 0 || is_disabled(postfix))
            continue;
        any |= find_role(postfix) == ROLE_PUBLIC;
        seen[service->chrooted] |= find_role(postfix) != ROLE_LOCAL;
        examine_service(postfix);
    }
    postfix->service = NULL;
    for (int chrooted = 0; chrooted < 2; chrooted++)
        if (seen[chrooted])
            examine_sockets(postfix, chrooted == 1);
    return any;
}

static void examine_warnings(struct postfix *postfix)
{
    const char *line = postconf_warnings(postfix->postconf);

    while (*line) {
        size_t length = strcspn(line, "\n");

        remark(&postfix->examination->remarks, LEVEL_WARNING, "postconf", "%.*s", (int)length, line);
        remark_change(&postfix->examination->remarks, "Correct the line that postconf names.");
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

/* ---- instances ---- */

/* Reports if the policy is for another MTA. */
static void examine_kind(const struct postfix *postfix)
{
    struct examination *examination = postfix->examination;

    if (examination->wanted != MTA_SENDMAIL)
        return;
    remark(&examination->remarks, LEVEL_ERROR, "mta",
           "the policy says mta: sendmail, but this is Postfix: rules about certificates cannot be decided");
    doctor_policy_line(examination, "milter", "mta: postfix");
}

/* Examines one configuration. Returns whether any of its services takes mail of partners. */
static bool examine_instance(struct examination *examination, struct postconf *postconf, bool first,
                             bool several)
{
    const char *directory = postconf_directory(postconf);
    struct postfix postfix = {.examination = examination, .postconf = postconf, .several = several};
    char main_cf[PATH_MAX], master_cf[PATH_MAX];
    bool any;

    snprintf(main_cf, sizeof main_cf, "%s%smain.cf", first ? "" : directory, first ? "" : "/");
    snprintf(master_cf, sizeof master_cf, "%s%smaster.cf", first ? "" : directory, first ? "" : "/");
    postfix.main_cf = main_cf;
    postfix.master_cf = master_cf;
    postfix.queue_directory = postconf_text(postconf, NULL, "queue_directory");
    examine_warnings(&postfix);
    examine_owner(&postfix);
    doctor_postfix_main(&postfix);
    any = examine_services(&postfix);
    doctor_postfix_outbound(&postfix);
    doctor_postfix_sessions(&postfix);
    return any;
}

/* Examines another instance of multi_instance_directories. Its remarks begin with its directory. */
static bool examine_other(struct examination *examination, const char *directory)
{
    char *why, prefix[PATH_MAX + 16];
    struct postconf *postconf = postconf_read(directory, &why);
    bool any = false;

    snprintf(prefix, sizeof prefix, "%s: ", directory);
    examination->remarks.prefix = prefix;
    if (postconf != NULL) {
        any = examine_instance(examination, postconf, false, true);
    } else {
        remark(&examination->remarks, LEVEL_ERROR, "mta", "this instance's configuration cannot be read: %s",
               why != NULL ? why : "out of memory");
        remark_command(&examination->remarks, WORDS("postconf", "-c", directory));
        free(why);
    }
    examination->remarks.prefix = NULL;
    postconf_free(postconf);
    return any;
}

void doctor_postfix(struct examination *examination)
{
    char *why;
    struct postconf *postconf = postconf_read(examination->postfix_directory, &why);
    const char *instances;
    struct element instance;
    bool any;

    if (postconf == NULL) {
        remark(&examination->remarks, LEVEL_ERROR, "mta", "Postfix's configuration cannot be read: %s",
               why != NULL ? why : "out of memory");
        remark_change(&examination->remarks, "forcetls doctor --postfix-config DIR, or --sendmail-cf FILE");
        free(why);
        return;
    }
    snprintf(examination->mta, sizeof examination->mta, "Postfix %s, %s",
             postconf_text(postconf, NULL, "mail_version"), postconf_directory(postconf));
    examine_kind(&(struct postfix){.examination = examination});
    instances = postconf_text(postconf, NULL, "multi_instance_directories");
    any = examine_instance(examination, postconf, true, *instances != '\0');
    while (element_next(&instance, &instances))
        any |= examine_other(examination, instance.text);
    if (!any) {
        remark(&examination->remarks, LEVEL_WARNING, "smtpd_milters",
               "no service of master.cf takes mail on port 25");
        remark_change(&examination->remarks, "master.cf: smtp inet n - y - - smtpd");
    }
    postconf_free(postconf);
}
