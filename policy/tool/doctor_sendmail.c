/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Sendmail, as its sendmail.cf has it: whether its daemons ask the filter, what
 * they do while it does not answer, and what they show of certificates. The
 * reasons are told in forcetls-sendmail(7).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "policy/tool/doctor.h"
#include "policy/tool/endpoint.h"
#include "policy/tool/sendmail_cf.h"

struct sendmail {
    struct examination *examination;
    const struct sendmail_cf *cf;
    char filter[64]; /* the name of ours, or "" */
};

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
        if (asks || strcmp(port, "587") == 0 || strncasecmp(port, "submission", 10) == 0
            || strcmp(port, "465") == 0) {
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

/* ---- TLS ---- */

/* A file or directory that has to be there and that nobody else may change. */
static bool examine_path(const struct sendmail *sendmail, const char *option, const char *define)
{
    struct remarks *remarks = &sendmail->examination->remarks;
    const char *path = sendmail_cf_option(sendmail->cf, option);
    char danger[512];

    if (!path || *path == '\0')
        return false;
    if (access(path, F_OK) != 0) {
        remark(remarks, LEVEL_ERROR, option, "%s: %s; Sendmail offers no TLS then", path, strerror(errno));
        remark_change(remarks, "sendmail.mc: define(`%s', `the file that is there')dnl", define);
        return true;
    }
    path_danger(path, true, danger, sizeof(danger));
    if (*danger) {
        remark(remarks, LEVEL_ERROR, option,
               "%s: Sendmail offers no TLS because its group or others may write %s", path, danger);
        remark_change(remarks, "chmod g-w,o-w %.*s", (int)strcspn(danger, " "), danger);
    } else {
        remark(remarks, LEVEL_OK, option, "%s", path);
    }
    return true;
}

static void examine_tls(const struct sendmail *sendmail)
{
    struct remarks *remarks = &sendmail->examination->remarks;
    const char *names = sendmail->examination->survey.names;

    if (!examine_path(sendmail, "ServerCertFile", "confSERVER_CERT")
        || !examine_path(sendmail, "ServerKeyFile", "confSERVER_KEY")) {
        remark(remarks, LEVEL_ERROR, "ServerCertFile", "certificate or key is not set: no TLS is offered");
        remark_change(remarks, "sendmail.mc: define(`confSERVER_CERT', "
                               "`/etc/mail/tls/mail.example.org.pem')dnl\n"
                               "sendmail.mc: define(`confSERVER_KEY', "
                               "`/etc/mail/tls/mail.example.org.key')dnl");
    }
    if (!examine_path(sendmail, "CACertFile", "confCACERT") && names) {
        remark(remarks, LEVEL_ERROR, "CACertFile",
               "not set: no certificate ever verifies, and the rules of partner %s fail for everyone", names);
        remark_change(remarks, "sendmail.mc: define(`confCACERT', `/etc/mail/tls/partners-ca.pem')dnl");
    }
    if (!examine_path(sendmail, "CACertPath", "confCACERT_PATH") && names) {
        remark(remarks, LEVEL_WARNING, "CACertPath",
               "not set: Sendmail wants a directory beside the file, if only an empty one");
        remark_change(remarks, "sendmail.mc: define(`confCACERT_PATH', `/etc/mail/tls/partners-ca')dnl");
    }
}

static void examine_certificates(const struct sendmail *sendmail)
{
    struct remarks *remarks = &sendmail->examination->remarks;
    const struct survey *survey = &sendmail->examination->survey;
    const char *options = sendmail_cf_option(sendmail->cf, "TLSSrvOptions");
    const char *algorithm = sendmail_cf_option(sendmail->cf, "CertFingerprintAlgorithm");
    const char *partner = survey->names ? survey->names : survey->pins;

    if (partner && options && strchr(options, 'V')) {
        remark(remarks, LEVEL_ERROR, "TLSSrvOptions",
               "%s: no client is asked for a certificate, and mail of partner %s is deferred "
               "(verify_not_requested)",
               options, partner);
        remark_change(remarks, "sendmail.mc: define(`confTLS_SRV_OPTIONS', `')dnl");
    } else if (partner) {
        remark(remarks, LEVEL_OK, "TLSSrvOptions", "clients are asked for certificates");
    }
    if (survey->pins && (!algorithm || strcasecmp(algorithm, "sha256") != 0)) {
        remark(remarks, LEVEL_ERROR, "CertFingerprintAlgorithm",
               "%s: the fingerprint of partner %s is compared with one of sha256",
               algorithm ? algorithm : "not set", survey->pins);
        remark_change(remarks, "sendmail.mc: define(`confCERT_FINGERPRINT_ALGORITHM', `sha256')dnl");
    } else if (survey->pins) {
        remark(remarks, LEVEL_OK, "CertFingerprintAlgorithm", "sha256");
    }
    if (survey->key_pins) {
        remark(remarks, LEVEL_ERROR, "key_fingerprint",
               "Sendmail shows no fingerprint of a key; mail of partner %s is deferred (mta_facts)",
               survey->key_pins);
        remark_change(remarks, "%s: certificates: [{fingerprint: \"sha256:...\"}]  (forcetls cert)",
                      sendmail->examination->policy_file);
    }
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
    examine_tls(&sendmail);
    examine_certificates(&sendmail);
    examine_macros(&sendmail);
    examine_blame(&sendmail);
    examine_socket(&sendmail);
    sendmail_cf_free(cf);
}
