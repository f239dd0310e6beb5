/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mail to partners behind Sendmail: whether Sendmail asks the daemon, by the lines that `forcetls export
 * sendmail` prints, and whether its list of partners has what the policy gives. Only export knows these
 * lines, so its code writes them again, into memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "policy/language/survey.h"
#include "policy/names/domain.h"
#include "policy/outbound/outbound.h"
#include "policy/requirement/outbound_rule.h"
#include "policy/tool/doctor/outbound.h"
#include "policy/tool/doctor/sendmail.h"
#include "policy/tool/export/export.h"
#include "policy/tool/text.h"

enum { LOG_LEVEL_TLS = 9 }; /* from this level on, Sendmail logs each TLS session */

enum { PATH_SIZE = 4096 };

/* Adds the commands to run and the line to write. */
static void suggest(const struct sendmail *sendmail, const char *directory)
{
    struct examination *examination = sendmail->examination;
    struct remarks *remarks = &examination->remarks;
    char *policy = text_shell_word(examination->policy_file), *place = text_shell_word(directory);

    if (policy != NULL && place != NULL) {
        remark_change(remarks, "forcetls export sendmail -c %s -d %s >%s/forcetls.m4", policy, place, place);
        remark_change(remarks, "makemap hash %s/outbound_access <%s/outbound_access", place, place);
    } else {
        remarks->exhausted = true;
    }
    free(policy);
    free(place);
    remark_change(remarks, "sendmail.mc, behind the last MAILER line: include(`%s/forcetls.m4')dnl",
                  directory);
}

/* Finds the file of the map with the list of partners, as sendmail.cf names it. False: there is none. */
static bool find_list(const struct sendmail_cf *cf, char path[PATH_SIZE])
{
    static const char name[] = "forcetls_partners ";
    const char *line;

    for (size_t i = 0; (line = sendmail_cf_line(cf, 'K', i)) != NULL; i++) {
        if (strncmp(line, name, strlen(name)) != 0)
            continue;
        snprintf(path, PATH_SIZE, "%s", strrchr(line, ' ') + 1);
        return true;
    }
    return false;
}

static bool has_line(const struct sendmail_cf *cf, const char *wanted)
{
    const char *line;

    for (size_t i = 0; (line = sendmail_cf_at(cf, i)) != NULL; i++)
        if (strcmp(line, wanted) == 0)
            return true;
    return false;
}

/*
 * Returns the first of export's lines, as m4 leaves them, that sendmail.cf
 * lacks, and counts these. NULL: none.
 */
static const char *first_lacking(const struct sendmail_cf *cf, char *lines, size_t *count)
{
    const char *first = NULL;

    *count = 0;
    for (char *rest = NULL, *line = strtok_r(lines, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        const char *wanted = strcmp(line, "LOCAL_TLS_RCPT") == 0 ? "SLocal_tls_rcpt" : line;

        if (strchr("KORS", *wanted) == NULL || has_line(cf, wanted))
            continue;
        if ((*count)++ == 0)
            first = wanted;
    }
    return first;
}

/* Returns what export prints; to be freed. NULL: out of memory. */
static char *render(const struct examination *examination, const char *directory)
{
    struct export export = {.policy = examination->policy, .now = examination->now, .sendmail = true};
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    if (stream != NULL)
        write_rulesets(&export, directory, stream);
    if (stream != NULL && fclose(stream) == 0)
        return text;
    free(text);
    return NULL;
}

static void examine_rules(const struct sendmail *sendmail, const char *directory)
{
    struct remarks *remarks = &sendmail->examination->remarks;
    char *lines = render(sendmail->examination, directory);
    size_t count;
    const char *first;

    if (lines == NULL) {
        remarks->exhausted = true;
        return;
    }
    first = first_lacking(sendmail->cf, lines, &count);
    if (first == NULL) {
        remark(remarks, LEVEL_OK, "tls_rcpt", "Sendmail asks the daemon about mail to partners");
    } else {
        remark(remarks, LEVEL_ERROR, "tls_rcpt",
               "sendmail.cf lacks %zu of the lines that `forcetls export sendmail' prints (\"%.120s\"): mail "
               "to partners can leave without being judged",
               count, first);
        suggest(sendmail, directory);
    }
    free(lines);
}

/* Without SHA-256 no fingerprint matches. */
static void examine_digest(const struct sendmail *sendmail, const char *partner)
{
    const char *digest = sendmail_cf_option(sendmail->cf, "CertFingerprintAlgorithm");
    struct remarks *remarks = &sendmail->examination->remarks;

    if (partner == NULL || (digest != NULL && strcasecmp(digest, "sha256") == 0))
        return;
    remark(remarks, LEVEL_ERROR, "CertFingerprintAlgorithm",
           "not sha256: mail to partners that have a fingerprint in outbound (%s) is deferred", partner);
    remark_change(remarks, "sendmail.mc: define(`confCERT_FINGERPRINT_ALGORITHM', `sha256')dnl");
}

/* Without CAs no name counts. If partners' own mail needs CAs as well, that remark is there already. */
static void examine_authorities(const struct sendmail *sendmail, const char *partner)
{
    const char *file = sendmail_cf_option(sendmail->cf, "CACertFile");
    struct remarks *remarks = &sendmail->examination->remarks;

    if (partner == NULL || sendmail->examination->survey.names != NULL || (file != NULL && *file != '\0'))
        return;
    remark(remarks, LEVEL_ERROR, "CACertFile",
           "not set: no server of partner %s is trusted, and its mail is deferred", partner);
    remark_change(remarks, "sendmail.mc: define(`confCACERT', `/etc/ssl/certs/ca-certificates.crt')dnl");
}

/* The daemon logs its verdict. What Sendmail then did is in Sendmail's log. */
static void examine_log(const struct sendmail *sendmail)
{
    const char *level = sendmail_cf_option(sendmail->cf, "LogLevel");

    if (level == NULL || *level == '\0' || strtol(level, NULL, 10) >= LOG_LEVEL_TLS)
        return;
    remark(&sendmail->examination->remarks, LEVEL_WARNING, "LogLevel",
           "%s: the log does not say over which TLS mail to partners left", level);
    remark_change(&sendmail->examination->remarks, "sendmail.mc: define(`confLOG_LEVEL', `%d')dnl",
                  LOG_LEVEL_TLS);
}

/* ---- servers without TLS ---- */

/* Whether the identities of a rule name the server. */
static bool is_named(const struct server_certificates *certificates, const char *host)
{
    for (size_t i = 0; certificates->proof == PROOF_LIST && i < certificates->count; i++) {
        const struct server_identity *identity = &certificates->identities[i];

        if ((identity->kind == SERVER_NAME && strcmp(identity->name, host) == 0)
            || (identity->kind == SERVER_SUFFIX && domain_below(host, identity->name)))
            return true;
    }
    return false;
}

/*
 * Returns the partner whose rule names the server, or whose domain holds it. NULL: none
 * that is known without a look-up.
 */
static const struct partner *partner_of_server(const struct examination *examination, const char *host)
{
    const struct policy *policy = examination->policy;
    struct outbound_choice choice;
    struct domain domain;

    if (domain_normalise(&domain, host, strlen(host)) != DOMAIN_VALID)
        return NULL;
    for (size_t i = 0; i < policy->partner_count; i++) {
        const struct outbound *outbound = policy->partners[i].terms->outbound;

        if (outbound != NULL && is_named(outbound_certificates(policy, outbound), domain.text))
            return &policy->partners[i];
    }
    for (const char *name = domain.text; name != NULL && *name != '\0'; name = strchr(name, '.')) {
        name += *name == '.';
        outbound_choose(&choice, policy, name, strlen(name), examination->now);
        if (choice.partner != NULL)
            return choice.partner;
    }
    return NULL;
}

/* Takes "Try_TLS:mx.contoso.com NO". Without a name, it applies to all servers. */
static void take_try_tls(const struct sendmail *sendmail, const char *path, const char *line)
{
    static const char tag[] = "Try_TLS:";
    struct remarks *remarks = &sendmail->examination->remarks;
    const struct partner *partner = NULL;
    char host[256], value[8];

    if (strncasecmp(line, tag, sizeof tag - 1) != 0)
        return;
    line += sizeof tag - 1;
    snprintf(host, sizeof host, "%.*s", (int)strcspn(line, " \t\r\n"), line);
    line += strcspn(line, " \t\r\n");
    line += strspn(line, " \t");
    snprintf(value, sizeof value, "%.*s", (int)strcspn(line, " \t\r\n"), line);
    if (strcasecmp(value, "NO") != 0)
        return;
    if (*host != '\0' && (partner = partner_of_server(sendmail->examination, host)) == NULL)
        return;
    remark(remarks, LEVEL_ERROR, "Try_TLS",
           "%s: %s%s NO: Sendmail starts no TLS with %s, and mail to %s%s is deferred", path, tag, host,
           *host != '\0' ? "this server" : "any server", partner != NULL ? "partner " : "partners",
           partner != NULL ? partner_name(partner) : "");
    remark_change(remarks, "Delete %s%s from %s, and run: makemap hash %s <%s", tag, host, path, path, path);
}

void doctor_sendmail_asks(const struct sendmail *sendmail)
{
    struct examination *examination = sendmail->examination;
    struct outbound_survey survey;
    char list[PATH_SIZE], directory[PATH_SIZE];

    if (examination->policy == NULL)
        return;
    survey = policy_outbound_survey(examination->policy, examination->now);
    if (survey.partners == 0 || policy_milter(examination->policy)->outbound == NULL)
        return;
    if (!find_list(sendmail->cf, list)) {
        remark(&examination->remarks, survey.enforcing > 0 ? LEVEL_ERROR : LEVEL_WARNING, "tls_rcpt",
               "Sendmail does not ask the daemon about mail to partners: it leaves without its rules");
        suggest(sendmail, "/etc/mail");
        return;
    }
    exported_directory(list, directory);
    examine_rules(sendmail, directory);
    examine_digest(sendmail, survey.pins);
    examine_authorities(sendmail, survey.names);
    examine_log(sendmail);
    sendmail_each_access(sendmail, take_try_tls);
    if (doctor_exported_access(examination, list))
        suggest(sendmail, directory);
}
