/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Sendmail, as its sendmail.cf has it: whether its daemons ask the filter and
 * what they do while it does not answer. TLS and names are looked at in
 * doctor_sendmail_*.c. The reasons are told in forcetls-sendmail(7).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "policy/tool/doctor_sendmail.h"
#include "policy/tool/doctor/endpoint.h"

/* Sendmail's socket is written as ours, with "local:" for "unix:" at will. */
static bool is_ours(const struct sendmail *sendmail, const char *spec)
{
    char endpoint[512], host[256], port[16];

    if (endpoint_internet(spec, host, port)) {
        snprintf(endpoint, sizeof(endpoint), strchr(host, ':') ? "inet:[%s]:%s" : "inet:%s:%s", host, port);
        spec = endpoint;
    }
    return endpoint_compare(spec, sendmail->examination->socket, "", false) == SAME;
}

static void suggest_filter(const struct sendmail *sendmail)
{
    remark_change(&sendmail->examination->remarks,
                  "sendmail.mc: INPUT_MAIL_FILTER(`forcetls', `S=%s, F=T, T=C:5s;S:5s;R:5s;E:30s')dnl",
                  sendmail->examination->socket);
}

static void examine_flags(const struct sendmail *sendmail, const char *line)
{
    static const char subject[] = "INPUT_MAIL_FILTER";
    struct remarks *remarks = &sendmail->examination->remarks;
    char flags[32];

    if (!sendmail_equate(line, "F", flags, sizeof(flags)))
        *flags = '\0';
    if (strcmp(flags, "T") == 0 || strcmp(flags, "4") == 0) {
        remark(remarks, LEVEL_OK, subject, "%s: F=%s", sendmail->filter, flags);
        return;
    }
    if (strcmp(flags, "R") == 0)
        remark(remarks, LEVEL_WARNING, subject,
               "%s: F=R: everyone's mail is lost while the filter does not answer", sendmail->filter);
    else
        remark(remarks, LEVEL_ERROR, subject,
               "%s: no F=T: partners' mail gets through unjudged while the filter does not answer",
               sendmail->filter);
    suggest_filter(sendmail);
}

/* A part of "T=C:5s;S:5s;R:5s;E:30s" in seconds; the default where it is not given. */
static unsigned timeout(const char *line, char letter, unsigned usual)
{
    char times[128], *unit;

    if (!sendmail_equate(line, "T", times, sizeof(times)))
        return usual;
    for (const char *part = times; part; part = strchr(part, ';')) {
        part += strspn(part, "; ");
        if (part[0] != letter || part[1] != ':')
            continue;
        unsigned number = (unsigned)strtoul(part + 2, &unit, 10);
        if (unit != part + 2)
            return *unit == 'm' ? number * 60 : *unit == 'h' ? number * 3600 : number;
    }
    return usual;
}

static void examine_timeouts(const struct sendmail *sendmail, const char *line)
{
    unsigned connect = timeout(line, 'C', 300), answer = timeout(line, 'R', 10);

    if (connect <= 30 && answer >= 2 && answer <= 60)
        return;
    remark(&sendmail->examination->remarks, LEVEL_WARNING, "milter_timeouts",
           "%s: %u seconds to connect and %u to answer: a hung filter should be noticed early, and a busy "
           "one given time",
           sendmail->filter, connect, answer);
    suggest_filter(sendmail);
}

/* Whether the name is in a comma or blank separated list. */
static bool in_list(const char *list, const char *name)
{
    size_t length = strlen(name);

    while (list && *list) {
        size_t end = strcspn(list, ",; \t");

        if (end == length && strncasecmp(list, name, length) == 0)
            return true;
        list += end;
        list += strspn(list, ",; \t");
    }
    return false;
}

bool sendmail_is_public(const char *daemon)
{
    char port[32];

    return !sendmail_equate(daemon, "P", port, sizeof(port))
           || (strcmp(port, "587") != 0 && strncasecmp(port, "submission", 10) != 0
               && strcmp(port, "465") != 0);
}

static void examine_daemons(const struct sendmail *sendmail)
{
    struct remarks *remarks = &sendmail->examination->remarks;
    const char *general = sendmail_cf_option(sendmail->cf, "InputMailFilters"), *daemon;
    bool asked = in_list(general, sendmail->filter), any = false;

    for (size_t i = 0; (daemon = sendmail_cf_option_at(sendmail->cf, "DaemonPortOptions", i)) != NULL; i++) {
        char name[64] = "Daemon", port[32] = "25", filters[256] = "";
        bool own = sendmail_equate(daemon, "I", filters, sizeof(filters));
        bool asks = own ? in_list(filters, sendmail->filter) : asked;

        any = true;
        sendmail_equate(daemon, "N", name, sizeof(name));
        sendmail_equate(daemon, "P", port, sizeof(port));
        if (asks || !sendmail_is_public(daemon)) {
            remark(remarks, LEVEL_OK, "InputMailFilters", "daemon %s%s", name,
                   asks ? " asks the filter" : " does not ask the filter, and need not");
            continue;
        }
        remark(remarks, LEVEL_ERROR, "InputMailFilters", "daemon %s (port %s) does not ask the filter", name,
               port);
        if (own)
            remark_change(remarks, "sendmail.mc: DAEMON_OPTIONS(`Name=%s, Port=%s, InputMailFilters=%s')dnl",
                          name, port, sendmail->filter);
        else
            remark_change(remarks, "sendmail.mc: define(`confINPUT_MAIL_FILTERS', `%s')dnl",
                          sendmail->filter);
    }
    if (any || asked)
        return;
    remark(remarks, LEVEL_ERROR, "InputMailFilters", "does not name %s: no daemon asks the filter",
           sendmail->filter);
    remark_change(remarks, "sendmail.mc: define(`confINPUT_MAIL_FILTERS', `%s')dnl", sendmail->filter);
}

static void examine_filter(struct sendmail *sendmail)
{
    const char *line;
    char spec[256];

    for (size_t i = 0; (line = sendmail_cf_line(sendmail->cf, 'X', i)) != NULL; i++) {
        if (!sendmail_equate(line, "S", spec, sizeof(spec)) || !is_ours(sendmail, spec))
            continue;
        snprintf(sendmail->filter, sizeof(sendmail->filter), "%.*s", (int)strcspn(line, ", \t"), line);
        examine_flags(sendmail, line);
        examine_timeouts(sendmail, line);
        examine_daemons(sendmail);
        return;
    }
    remark(&sendmail->examination->remarks, LEVEL_ERROR, "INPUT_MAIL_FILTER", "no filter with the socket %s",
           sendmail->examination->socket);
    suggest_filter(sendmail);
}

/* Versions that take no list of macros from the filter must have it configured. */
static void examine_macros(const struct sendmail *sendmail)
{
    struct remarks *remarks = &sendmail->examination->remarks;
    unsigned version = sendmail_cf_version(sendmail->cf);
    const char *macros = sendmail_cf_option(sendmail->cf, "Milter.macros.envfrom");

    if (version == 0 || (version >= 81401 && version != 81406)) {
        remark(remarks, LEVEL_OK, "milter_macros", "the filter asks for the macros that it needs");
        return;
    }
    if (macros && strstr(macros, "{verify}") && strstr(macros, "{tls_version}")
        && strstr(macros, "{client_port}"))
        return;
    remark(remarks, LEVEL_ERROR, "milter_macros",
           "this version sends the macros of its own list, and that lacks {verify}, "
           "{tls_version} or {client_port}: every partner's mail is deferred (mta_macros)");
    remark_change(remarks, "sendmail.mc: the definition of confMILTER_MACROS_ENVFROM in "
                           "forcetls-sendmail(7)");
}

static void examine_blame(const struct sendmail *sendmail)
{
    const char *blame = sendmail_cf_option(sendmail->cf, "DontBlameSendmail");

    if (!blame || !strcasestr(blame, "GroupWritableDirPathSafe"))
        return;
    remark(&sendmail->examination->remarks, LEVEL_WARNING, "DontBlameSendmail",
           "%s: a socket in an unsafe directory is accepted", blame);
    remark_change(&sendmail->examination->remarks,
                  "sendmail.mc: without GroupWritableDirPathSafe in confDONT_BLAME_SENDMAIL");
}

static void examine_socket(const struct sendmail *sendmail)
{
    const char *user = sendmail_cf_option(sendmail->cf, "RunAsUser");
    struct viewer viewer = {"root", 0, 0, NULL};
    char name[64];

    snprintf(name, sizeof(name), "%.*s", user ? (int)strcspn(user, ":") : 0, user ? user : "");
    if (*name && !viewer_find(&viewer, name)) {
        remark(&sendmail->examination->remarks, LEVEL_ERROR, "RunAsUser", "there is no user %s", name);
        remark_change(&sendmail->examination->remarks, "sendmail.mc: define(`confRUN_AS_USER', `')dnl");
        return;
    }
    doctor_socket(sendmail->examination, sendmail->examination->socket, &viewer, true);
}

void doctor_sendmail(struct examination *examination)
{
    struct sendmail_cf *cf = sendmail_cf_read(examination->sendmail_cf);
    struct sendmail sendmail = {examination, cf, ""};
    unsigned version;

    if (!cf) {
        remark(&examination->remarks, LEVEL_ERROR, "mta", "%s cannot be read: %s", examination->sendmail_cf,
               strerror(errno));
        return;
    }
    version = sendmail_cf_version(cf);
    snprintf(examination->mta, sizeof(examination->mta), "Sendmail %u.%u.%u, %s", version / 10000,
             version / 100 % 100, version % 100, examination->sendmail_cf);
    examine_filter(&sendmail);
    doctor_sendmail_tls(&sendmail);
    doctor_sendmail_offer(&sendmail);
    doctor_sendmail_names(&sendmail);
    examine_macros(&sendmail);
    examine_blame(&sendmail);
    examine_socket(&sendmail);
    sendmail_cf_free(cf);
}
