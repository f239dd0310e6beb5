/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether the TLS that Sendmail offers is enough for the policy: STARTTLS in the EHLO reply, which a daemon's
 * modifier, the access map or a ruleset can hide, and versions and ciphers. tls_server.c asks OpenSSL which
 * sessions follow from these, and survey.c says whether a session would pass.
 */
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "policy/tool/doctor/sendmail.h"
#include "policy/tool/doctor/tls_server.h"

/* ---- STARTTLS ---- */

static void examine_modifiers(const struct sendmail *sendmail)
{
    struct remarks *remarks = &sendmail->examination->remarks;
    const char *daemon;
    char modifiers[64], name[64];

    for (size_t i = 0; (daemon = sendmail_cf_option_at(sendmail->cf, "DaemonPortOptions", i)) != NULL; i++) {
        if (!sendmail_is_public(sendmail, daemon)
            || !sendmail_equate(daemon, "M", modifiers, sizeof modifiers) || strchr(modifiers, 'S') == NULL)
            continue;
        sendmail_daemon_name(daemon, i, name, sizeof name);
        remark(remarks, LEVEL_ERROR, "DaemonPortOptions",
               "daemon %s has the modifier S: Sendmail offers no STARTTLS, and mail of every partner fails",
               name);
        sendmail_suggest_modifiers(sendmail, daemon, 'S');
    }
}

/* Whether a list of features ("A S", "v,S") has this one: the first letter of each word counts. */
static bool has_feature(const char *list, char feature)
{
    while (*list) {
        list += strspn(list, ", \t\r\n");
        if (*list == feature)
            return true;
        list += strcspn(list, ", \t\r\n");
    }
    return false;
}

/* Reports what follows from these features. `where` gives them to everyone, or to some clients. */
static void report_features(const struct sendmail *sendmail, const char *where, const char *features,
                            bool everyone)
{
    struct remarks *remarks = &sendmail->examination->remarks;
    const struct survey *survey = &sendmail->examination->survey;
    const char *partner = survey->names != NULL ? survey->names : survey->pins;
    enum level level = everyone ? LEVEL_ERROR : LEVEL_WARNING;
    const char *whom = everyone ? "no client" : "not every client";

    if (has_feature(features, 'S')) {
        remark(remarks, level, "srv_features", "%s has S: %s is offered STARTTLS, and mail of partners fails",
               where, whom);
        remark_change(remarks, "Remove S from %s.", where);
    }
    if (partner != NULL && has_feature(features, 'V')) {
        remark(remarks, level, "srv_features",
               "%s has V: %s is asked for a certificate, and mail of partner %s is deferred "
               "(verify_not_requested)",
               where, whom, partner);
        remark_change(remarks, "Remove V from %s.", where);
    }
}

/* Examines the rules of ruleset srv_features: "R$*\t$# S". */
static void examine_ruleset(const struct sendmail *sendmail)
{
    const char *line;
    bool inside = false;

    for (size_t i = 0; (line = sendmail_cf_at(sendmail->cf, i)) != NULL; i++) {
        const char *tab = strchr(line, '\t'), *mark;

        if (*line == 'S')
            inside = strncasecmp(line + 1, "srv_features", 12) == 0;
        if (!inside || *line != 'R' || tab == NULL || (mark = strstr(tab, "$#")) == NULL)
            continue;
        report_features(sendmail, "ruleset srv_features", mark + 2, strncmp(line + 1, "$*\t", 3) == 0);
    }
}

/* Takes "Srv_Features:", which is for everyone, or "Srv_Features:10.0.0", which is for some. */
static void take_access(const struct sendmail *sendmail, const char *path, const char *line)
{
    static const char tag[] = "Srv_Features:";
    char where[300], key[64];
    size_t length;

    if (strncasecmp(line, tag, sizeof tag - 1) != 0)
        return;
    length = strcspn(line, " \t\r\n");
    snprintf(key, sizeof key, "%.*s", (int)length, line);
    snprintf(where, sizeof where, "%.200s: %s", path, key);
    report_features(sendmail, where, line + length, length == sizeof tag - 1);
}

/* ---- versions and ciphers ---- */

/* Takes "+SSL_OP_NO_TLSv1_2" or a number. Other options do not matter here. */
static void take_option(const char *word, uint64_t *options)
{
    static const struct {
        const char *name;
        uint64_t option;
    } known[] = {
        {"SSL_OP_NO_TLSv1", SSL_OP_NO_TLSv1},
        {"SSL_OP_NO_TLSv1_1", SSL_OP_NO_TLSv1_1},
        {"SSL_OP_NO_TLSv1_2", SSL_OP_NO_TLSv1_2},
        {"SSL_OP_NO_TLSv1_3", SSL_OP_NO_TLSv1_3},
    };
    bool off = *word == '-';
    uint64_t option = 0;

    word += off || *word == '+';
    if (strchr("0123456789", *word) != NULL)
        option = strtoull(word, NULL, 0);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcasecmp(known[i].name, word) == 0)
            option = known[i].option;
    *options = off ? *options & ~option : *options | option;
}

static uint64_t read_options(const char *text)
{
    uint64_t options = 0;

    while (text != NULL && *text) {
        char word[64];
        size_t length;

        text += strspn(text, " \t");
        length = strcspn(text, " \t");
        snprintf(word, sizeof word, "%.*s", (int)length, text);
        if (length > 0 && length < sizeof word)
            take_option(word, &options);
        text += length;
    }
    return options;
}

static const char *set_or_null(const struct sendmail *sendmail, const char *option)
{
    const char *value = sendmail_cf_option(sendmail->cf, option);

    return value != NULL && *value ? value : NULL;
}

/* Whether the word is an option like "+SSL_OP_NO_TLSv1_3". */
static bool is_version_option(const char *word, size_t length)
{
    static const char name[] = "SSL_OP_NO_TLSv1";
    size_t sign = *word == '+' || *word == '-';

    return length >= sign + sizeof name - 1 && strncasecmp(word + sign, name, sizeof name - 1) == 0;
}

/* Whether these settings come nearer to what partners need. */
static bool improves(const struct sendmail *sendmail, const struct tls_server *server,
                     const struct unserved *before)
{
    struct tls_offer offer[TLS_OFFERS_MAX];
    struct tls_offers offers = {offer, 0};
    struct unserved after;

    if (!tls_server_offers(server, offer, &offers.count))
        return false;
    return !policy_unserved(sendmail->examination->policy, sendmail->examination->now, &offers, &after)
           || strcmp(after.partner, before->partner) != 0 || after.reason > before->reason;
}

/*
 * Suggests the options without the first one that is the cause. If more than one is, suggests those
 * that do not switch off versions.
 */
static void suggest_options(const struct sendmail *sendmail, const struct tls_server *server,
                            const char *options, const struct unserved *unserved)
{
    char kept[512] = "", others[512] = "";
    size_t length = 0;

    for (const char *word = options != NULL ? options : ""; *word;) {
        size_t before, end;
        struct tls_server other = *server;

        word += strspn(word, " \t");
        before = (size_t)(word - options);
        end = strcspn(word, " \t");
        snprintf(kept, sizeof kept, "%.*s%s", (int)before, options, word + end + strspn(word + end, " \t"));
        other.options = read_options(kept);
        if (end > 0 && improves(sendmail, &other, unserved)) {
            kept[strlen(kept) - (*kept && kept[strlen(kept) - 1] == ' ')] = '\0';
            remark_change(&sendmail->examination->remarks,
                          "sendmail.mc: define(`confSERVER_SSL_OPTIONS', `%s')dnl", kept);
            return;
        }
        if (end > 0 && !is_version_option(word, end) && length < sizeof others)
            length += (size_t)snprintf(others + length, sizeof others - length, "%s%.*s",
                                       length > 0 ? " " : "", (int)end, word);
        word += end;
    }
    remark_change(&sendmail->examination->remarks, "sendmail.mc: define(`confSERVER_SSL_OPTIONS', `%s')dnl",
                  others);
}

/* Suggests the usual suites besides those that are set; those of TLS 1.3 if their list is the cause. */
static void suggest_ciphers(const struct sendmail *sendmail, const struct tls_server *server,
                            const struct unserved *unserved)
{
    static const char usual[] = "HIGH:!aNULL", usual_13[] = "TLS_AES_256_GCM_SHA384";
    struct remarks *remarks = &sendmail->examination->remarks;
    struct tls_server other = *server;
    char list[1024];

    if (server->suites != NULL) {
        snprintf(list, sizeof list, "%s:%s", server->suites, usual_13);
        other.suites = list;
        if (improves(sendmail, &other, unserved)) {
            remark_change(remarks, "sendmail.mc, under LOCAL_CONFIG: O CipherSuites=%s", list);
            return;
        }
        other.suites = server->suites;
    }
    if (server->ciphers != NULL) {
        snprintf(list, sizeof list, "%s:%s", server->ciphers, usual);
        other.ciphers = list;
        if (!improves(sendmail, &other, unserved))
            snprintf(list, sizeof list, "%s", usual);
    } else {
        snprintf(list, sizeof list, "%s", usual);
    }
    remark_change(remarks, "sendmail.mc: define(`confCIPHER_LIST', `%s')dnl", list);
}

static void report_unserved(const struct sendmail *sendmail, const struct tls_server *server,
                            const struct unserved *unserved)
{
    static const char versions[] = "ServerSSLOptions", ciphers[] = "CipherList";
    struct examination *examination = sendmail->examination;
    const char *options = set_or_null(sendmail, versions);
    bool of_version =
        unserved->reason == REASON_TLS_VERSION || (unserved->reason == REASON_NO_TLS && server->options != 0);
    char setting[300];

    if (of_version) {
        snprintf(setting, sizeof setting, "%.280s", options != NULL ? options : "not set");
        doctor_unserved(examination, versions, setting, unserved);
        suggest_options(sendmail, server, options, unserved);
    } else {
        snprintf(setting, sizeof setting, "%.280s", server->ciphers != NULL ? server->ciphers : "not set");
        doctor_unserved(examination, ciphers, setting, unserved);
        suggest_ciphers(sendmail, server, unserved);
    }
}

static void examine_offer(const struct sendmail *sendmail)
{
    const char *certificate = set_or_null(sendmail, "ServerCertFile");
    struct tls_server server = {
        .options = read_options(set_or_null(sendmail, "ServerSSLOptions")),
        .ciphers = set_or_null(sendmail, "CipherList"),
        .suites = set_or_null(sendmail, "CipherSuites"),
        .system_bounds = true,
    };
    struct tls_offer offer[TLS_OFFERS_MAX];
    struct tls_offers offers = {offer, 0};
    struct unserved unserved;

    if (certificate == NULL)
        return; /* sendmail_tls.c reports that */
    server.keys = tls_server_keys(certificate);
    if (sendmail->examination->policy == NULL)
        return;
    if (!tls_server_offers(&server, offer, &offers.count))
        offers.count = 0;
    if (policy_unserved(sendmail->examination->policy, sendmail->examination->now, &offers, &unserved))
        report_unserved(sendmail, &server, &unserved);
}

void doctor_sendmail_offer(const struct sendmail *sendmail)
{
    examine_modifiers(sendmail);
    examine_ruleset(sendmail);
    sendmail_each_access(sendmail, take_access);
    examine_offer(sendmail);
}
