/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Sendmail, according to its sendmail.cf: whether its daemons ask the filter, and what they do while it
 * does not answer. sendmail_*.c examine TLS and names, and do not call this file; they share
 * sendmail_daemon.c. forcetls-sendmail(7) has the reasons.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "policy/names/socket_form.h"
#include "policy/tool/doctor/endpoint.h"
#include "policy/tool/doctor/sendmail.h"

/* Whether Sendmail's socket is the filter's. Sendmail also writes "local:" for "unix:". */
static bool is_ours(const struct sendmail *sendmail, const char *spec)
{
    char endpoint[512], host[256], port[16];

    if (socket_form_internet(spec, host, port)) {
        snprintf(endpoint, sizeof endpoint, strchr(host, ':') != NULL ? "inet:[%s]:%s" : "inet:%s:%s", host,
                 port);
        spec = endpoint;
    }
    return endpoint_compare(spec, sendmail->examination->socket, "", false) == SAME;
}

/* The equates of the filter's line without S=, F= and T=, which the new line sets: ", P=x" or "". */
static void other_equates(const char *line, char *text, size_t size)
{
    size_t length = 0;

    *text = '\0';
    line += strcspn(line, ",");
    while (*line == ',' && length < size) {
        size_t end;

        line += strspn(line, ", \t");
        end = strcspn(line, ",");
        if (end > 0 && strchr("SFT", toupper((unsigned char)*line)) == NULL)
            length += (size_t)snprintf(text + length, size - length, ", %.*s", (int)end, line);
        line += end;
    }
}

/* `line`: the filter's line of sendmail.cf, or NULL. The administrator's T= stays if it is good. */
static void suggest_filter(const struct sendmail *sendmail, const char *line, bool good_times)
{
    struct remarks *remarks = &sendmail->examination->remarks;
    const char *list = sendmail_cf_option(sendmail->cf, "InputMailFilters");
    const char *name = *sendmail->filter ? sendmail->filter : "forcetls";
    char spec[256], times[128] = "C:5s;S:5s;R:5s;E:30s", others[256] = "", filters[512];

    snprintf(spec, sizeof spec, "%s", sendmail->examination->socket);
    if (line != NULL) {
        sendmail_equate(line, "S", spec, sizeof spec);
        if (good_times)
            sendmail_equate(line, "T", times, sizeof times);
        other_equates(line, others, sizeof others);
    }
    remark_change(remarks, "sendmail.mc: INPUT_MAIL_FILTER(`%s', `S=%s, F=T, T=%s%s')dnl", name, spec, times,
                  others);
    if (line == NULL && list != NULL && *list
        && sendmail_filters_with(list, name, ", ", filters, sizeof filters))
        remark_change(remarks, "sendmail.mc: define(`confINPUT_MAIL_FILTERS', `%s')dnl", filters);
}

/* Returns a part of "T=C:5s;S:5s;R:5s;E:30s" in seconds; the default if it is not given. */
static unsigned timeout(const char *line, char letter, unsigned usual)
{
    char times[128], *unit;

    if (!sendmail_equate(line, "T", times, sizeof times))
        return usual;
    for (const char *part = times; part != NULL; part = strchr(part, ';')) {
        unsigned number;

        part += strspn(part, "; ");
        if (part[0] != letter || part[1] != ':')
            continue;
        number = (unsigned)strtoul(part + 2, &unit, 10);
        if (unit != part + 2)
            return *unit == 'm' ? number * 60 : *unit == 'h' ? number * 3600 : number;
    }
    return usual;
}

/* Sendmail's defaults, which count without T=, are not good. */
static bool has_good_times(const char *line)
{
    unsigned connect = timeout(line, 'C', 300), answer = timeout(line, 'R', 10);

    return connect <= 30 && answer >= 2 && answer <= 60;
}

static void examine_flags(const struct sendmail *sendmail, const char *line)
{
    static const char subject[] = "INPUT_MAIL_FILTER";
    struct remarks *remarks = &sendmail->examination->remarks;
    char flags[32];

    if (!sendmail_equate(line, "F", flags, sizeof flags))
        *flags = '\0';
    if (strcmp(flags, "T") == 0 || strcmp(flags, "4") == 0) {
        remark(remarks, LEVEL_OK, subject, "%s: F=%s", sendmail->filter, flags);
        return;
    }
    if (strcmp(flags, "R") == 0)
        remark(remarks, LEVEL_WARNING, subject,
               "%s: F=R: all mail is refused while the filter does not answer", sendmail->filter);
    else
        remark(remarks, LEVEL_ERROR, subject,
               "%s: no F=T: partner mail passes unchecked while the filter does not answer",
               sendmail->filter);
    suggest_filter(sendmail, line, has_good_times(line));
}

static void examine_timeouts(const struct sendmail *sendmail, const char *line)
{
    if (has_good_times(line))
        return;
    remark(&sendmail->examination->remarks, LEVEL_WARNING, "milter_timeouts",
           "%s: %u seconds to connect and %u to answer: a filter that hangs is noticed late, or a busy one "
           "gets too "
           "little time",
           sendmail->filter, timeout(line, 'C', 300), timeout(line, 'R', 10));
    suggest_filter(sendmail, line, false);
}

/* Whether a list has the name. Commas, semicolons or blanks separate its words. */
static bool in_list(const char *list, const char *name)
{
    size_t length = strlen(name);

    while (list != NULL && *list) {
        size_t end = strcspn(list, ",; \t");

        if (end == length && strncasecmp(list, name, length) == 0)
            return true;
        list += end;
        list += strspn(list, ",; \t");
    }
    return false;
}

/* Suggests the filter first in its list: in a daemon's own list, or in the general one. */
static void suggest_asking(const struct sendmail *sendmail, const char *daemon, const char *filters)
{
    const char *general = sendmail_cf_option(sendmail->cf, "InputMailFilters");
    char list[512];

    if (daemon != NULL && sendmail_filters_with(filters, sendmail->filter, ";", list, sizeof list))
        sendmail_suggest_daemon(sendmail, daemon, "InputMailFilters", list);
    else if (sendmail_filters_with(general != NULL ? general : "", sendmail->filter, ", ", list, sizeof list))
        remark_change(&sendmail->examination->remarks,
                      "sendmail.mc: define(`confINPUT_MAIL_FILTERS', `%s')dnl", list);
}

/* If `exempt: {daemons: ...}` lists this name, all mail of the daemon passes, a partner's as well. */
static void examine_daemon_name(const struct sendmail *sendmail, const char *daemon, const char *name)
{
    struct examination *examination = sendmail->examination;

    if (examination->policy == NULL || !policy_exempts_daemon(examination->policy, name))
        return;
    remark(&examination->remarks, LEVEL_ERROR, "DaemonPortOptions",
           "daemon %s takes mail from everyone, and exempt.daemons lists its name: no mail that comes there "
           "is judged",
           name);
    doctor_policy_exempt_daemons(examination, name);
    if (daemon != NULL)
        sendmail_suggest_daemon(sendmail, daemon, "Name", "MX");
    else
        remark_change(&examination->remarks, "sendmail.mc: DAEMON_OPTIONS(`Port=smtp, Name=MX')dnl");
}

static void examine_daemons(const struct sendmail *sendmail)
{
    struct remarks *remarks = &sendmail->examination->remarks;
    const char *general = sendmail_cf_option(sendmail->cf, "InputMailFilters"), *daemon;
    bool asked = in_list(general, sendmail->filter), any = false;

    for (size_t i = 0; (daemon = sendmail_cf_option_at(sendmail->cf, "DaemonPortOptions", i)) != NULL; i++) {
        char name[64], port[32] = "25", filters[256] = "";
        bool own = sendmail_equate(daemon, "I", filters, sizeof filters);
        bool asks = own ? in_list(filters, sendmail->filter) : asked;

        any = true;
        sendmail_daemon_name(daemon, i, name, sizeof name);
        sendmail_equate(daemon, "P", port, sizeof port);
        if (asks && sendmail_is_public(sendmail, daemon))
            examine_daemon_name(sendmail, daemon, name);
        if (asks || !sendmail_is_public(sendmail, daemon)) {
            remark(remarks, LEVEL_OK, "InputMailFilters", "daemon %s%s", name,
                   asks ? " asks the filter" : " does not ask the filter, and need not");
            continue;
        }
        remark(remarks, LEVEL_ERROR, "InputMailFilters", "daemon %s (port %s) does not ask the filter", name,
               port);
        suggest_asking(sendmail, own ? daemon : NULL, filters);
    }
    if (!any && asked)
        examine_daemon_name(sendmail, NULL, "Daemon0");
    if (any || asked)
        return;
    remark(remarks, LEVEL_ERROR, "InputMailFilters", "%s is not listed: no daemon asks the filter",
           sendmail->filter);
    suggest_asking(sendmail, NULL, "");
}

static void examine_filter(struct sendmail *sendmail)
{
    const char *line;
    char spec[256];

    for (size_t i = 0; (line = sendmail_cf_line(sendmail->cf, 'X', i)) != NULL; i++) {
        if (!sendmail_equate(line, "S", spec, sizeof spec) || !is_ours(sendmail, spec))
            continue;
        snprintf(sendmail->filter, sizeof sendmail->filter, "%.*s", (int)strcspn(line, ", \t"), line);
        examine_flags(sendmail, line);
        examine_timeouts(sendmail, line);
        examine_daemons(sendmail);
        return;
    }
    remark(&sendmail->examination->remarks, LEVEL_ERROR, "INPUT_MAIL_FILTER", "no filter with the socket %s",
           sendmail->examination->socket);
    suggest_filter(sendmail, NULL, false);
}

/* Versions that take no list of macros from the filter need the list in their configuration. */
static void examine_macros(const struct sendmail *sendmail)
{
    struct remarks *remarks = &sendmail->examination->remarks;
    unsigned version = sendmail_cf_version(sendmail->cf);
    const char *macros = sendmail_cf_option(sendmail->cf, "Milter.macros.envfrom");

    if (version == 0 || (version >= 81401 && version != 81406)) {
        remark(remarks, LEVEL_OK, "milter_macros", "the filter asks for the macros that it needs");
        return;
    }
    if (macros != NULL && strstr(macros, "{verify}") != NULL && strstr(macros, "{tls_version}") != NULL
        && strstr(macros, "{client_port}") != NULL)
        return;
    remark(remarks, LEVEL_ERROR, "milter_macros",
           "this version sends the macros of its own list, which lacks {verify}, {tls_version} or "
           "{client_port}: mail "
           "of every partner is deferred (mta_macros)");
    remark_change(remarks,
                  "sendmail.mc: define(`confMILTER_MACROS_ENVFROM', confMILTER_MACROS_ENVFROM`, {verify}, "
                  "{tls_version}, {client_port}, ...')dnl  (the whole line is in forcetls-sendmail(7))");
}

/* Suggests the same list without the flag for directories that a group may write. */
static void suggest_blame(const struct sendmail *sendmail, const char *blame)
{
    char text[1024];
    size_t length = 0;

    *text = '\0';
    while (*blame && length < sizeof text) {
        size_t end = strcspn(blame, ", \t");

        if (end > 0 && (end != 24 || strncasecmp(blame, "GroupWritableDirPathSafe", end) != 0))
            length += (size_t)snprintf(text + length, sizeof text - length, "%s%.*s", length > 0 ? "," : "",
                                       (int)end, blame);
        blame += end;
        blame += strspn(blame, ", \t");
    }
    remark_change(&sendmail->examination->remarks, "sendmail.mc: define(`confDONT_BLAME_SENDMAIL', `%s')dnl",
                  text);
}

static void examine_blame(const struct sendmail *sendmail)
{
    const char *blame = sendmail_cf_option(sendmail->cf, "DontBlameSendmail");

    if (blame == NULL || strcasestr(blame, "GroupWritableDirPathSafe") == NULL)
        return;
    remark(&sendmail->examination->remarks, LEVEL_WARNING, "DontBlameSendmail",
           "%s: Sendmail accepts a socket in an unsafe directory", blame);
    suggest_blame(sendmail, blame);
}

static void examine_socket(const struct sendmail *sendmail)
{
    const char *user = sendmail_cf_option(sendmail->cf, "RunAsUser");
    struct viewer viewer = {"root", 0, 0, NULL};
    struct listening listening = {
        .key = "socket", .what = REACH_ANSWER, .home = "/run/forcetls", .strict = true};
    char name[64];

    snprintf(name, sizeof name, "%.*s", user != NULL ? (int)strcspn(user, ":") : 0, user != NULL ? user : "");
    if (*name && !viewer_find(&viewer, name)) {
        remark(&sendmail->examination->remarks, LEVEL_ERROR, "RunAsUser", "there is no user %s", name);
        remark_command(&sendmail->examination->remarks,
                       WORDS("useradd", "-r", "-M", "-s", "/usr/sbin/nologin", name));
        return;
    }
    listening.spec = sendmail->examination->socket;
    doctor_socket(sendmail->examination, &listening, &viewer);
}

/* Reports if the policy is for another MTA. */
static void examine_kind(struct examination *examination)
{
    if (examination->wanted != MTA_POSTFIX)
        return;
    remark(&examination->remarks, LEVEL_ERROR, "mta",
           "the policy says mta: postfix, but this is Sendmail: rules about certificates cannot be decided");
    doctor_policy_line(examination, "milter", "mta: sendmail");
}

void doctor_sendmail(struct examination *examination)
{
    struct sendmail_cf *cf = sendmail_cf_read(examination->sendmail_cf);
    struct sendmail sendmail = {examination, cf, ""};
    unsigned version;

    if (cf == NULL) {
        int why = errno;

        if (why == EACCES && geteuid() != 0) {
            doctor_run_as_root(examination, "mta", examination->sendmail_cf);
            return;
        }
        remark(&examination->remarks, LEVEL_ERROR, "mta", "%s cannot be read: %s", examination->sendmail_cf,
               strerror(why));
        remark_change(&examination->remarks, "forcetls doctor --sendmail-cf FILE");
        return;
    }
    version = sendmail_cf_version(cf);
    snprintf(examination->mta, sizeof examination->mta, "Sendmail %u.%u.%u, %s", version / 10000,
             version / 100 % 100, version % 100, examination->sendmail_cf);
    examine_kind(examination);
    examine_filter(&sendmail);
    doctor_sendmail_tls(&sendmail);
    doctor_sendmail_offer(&sendmail);
    doctor_sendmail_names(&sendmail);
    doctor_sendmail_asks(&sendmail);
    examine_macros(&sendmail);
    examine_blame(&sendmail);
    examine_socket(&sendmail);
    sendmail_cf_free(cf);
}
