/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether the TLS that Sendmail offers is enough for the policy: STARTTLS in the
 * EHLO reply, which a daemon's modifier, the access map or a ruleset can hide, and
 * versions and ciphers. Which sessions follow from these, OpenSSL says
 * (tls_server.c); whether a session would pass, the policy says (survey.c).
 */
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "policy/tool/doctor_sendmail.h"
#include "policy/tool/doctor/tls_server.h"

/* ---- STARTTLS ---- */

static void examine_modifiers(const struct sendmail *sendmail)
{
    struct remarks *remarks = &sendmail->examination->remarks;
    const char *daemon;
    char modifiers[64], name[64];

    for (size_t i = 0; (daemon = sendmail_cf_option_at(sendmail->cf, "DaemonPortOptions", i)) != NULL; i++) {
        if (!sendmail_is_public(daemon) || !sendmail_equate(daemon, "M", modifiers, sizeof(modifiers))
            || !strchr(modifiers, 'S'))
            continue;
        snprintf(name, sizeof(name), "Daemon");
        sendmail_equate(daemon, "N", name, sizeof(name));
        remark(remarks, LEVEL_ERROR, "DaemonPortOptions",
               "daemon %s has the modifier S: STARTTLS is not offered, and every partner's mail falls short",
               name);
        remark_change(remarks, "sendmail.mc: DAEMON_OPTIONS(`Name=%s, ...') without S in Modifiers", name);
    }
}

/* Whether a list of features ("A S", "v,S") has that one: the first letter of each word counts. */
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

/* What follows from features that `where` gives to everyone, or to some clients. */
static void tell_features(const struct sendmail *sendmail, const char *where, const char *features,
                          bool everyone)
{
    struct remarks *remarks = &sendmail->examination->remarks;
    const struct survey *survey = &sendmail->examination->survey;
    const char *partner = survey->names ? survey->names : survey->pins;
    enum level level = everyone ? LEVEL_ERROR : LEVEL_WARNING;
    const char *whom = everyone ? "no client" : "some clients";

    if (has_feature(features, 'S')) {
        remark(remarks, level, "srv_features",
               "%s has S: %s %s offered STARTTLS, and partners' mail falls short", where, whom,
               everyone ? "is" : "are not");
        remark_change(remarks, "%s: without S", where);
    }
    if (partner && has_feature(features, 'V')) {
        remark(remarks, level, "srv_features",
               "%s has V: %s %s asked for a certificate, and mail of partner %s is deferred "
               "(verify_not_requested)",
               where, whom, everyone ? "is" : "are not", partner);
        remark_change(remarks, "%s: without V", where);
    }
}

/* The rules of ruleset srv_features: "R$*\t$# S". */
static void examine_ruleset(const struct sendmail *sendmail)
{
    const char *line;
    bool inside = false;

    for (size_t i = 0; (line = sendmail_cf_at(sendmail->cf, i)) != NULL; i++) {
        const char *tab = strchr(line, '\t'), *mark;

        if (*line == 'S')
            inside = strncasecmp(line + 1, "srv_features", 12) == 0;
        if (!inside || *line != 'R' || !tab || (mark = strstr(tab, "$#")) == NULL)
            continue;
        tell_features(sendmail, "ruleset srv_features", mark + 2, strncmp(line + 1, "$*\t", 3) == 0);
    }
}

/* "Srv_Features:" of everyone, "Srv_Features:10.0.0" of some. */
static void take_access(const struct sendmail *sendmail, const char *path, const char *line)
{
    static const char tag[] = "Srv_Features:";
    char where[300], key[64];
    size_t length;

    if (strncasecmp(line, tag, sizeof(tag) - 1) != 0)
        return;
    length = strcspn(line, " \t\r\n");
    snprintf(key, sizeof(key), "%.*s", (int)length, line);
    snprintf(where, sizeof(where), "%.200s: %s", path, key);
    tell_features(sendmail, where, line + length, length == sizeof(tag) - 1);
}

/* The text behind the access map, "Kaccess hash -T<TMPF> /etc/mail/access". */
static void examine_access(const struct sendmail *sendmail)
{
    const char *map, *path;
    char line[1024];
    FILE *file;

    for (size_t i = 0; (map = sendmail_cf_line(sendmail->cf, 'K', i)) != NULL; i++) {
        path = strchr(map, '/');
        if (strncmp(map, "access ", 7) != 0 || !path)
            continue;
        file = fopen(path, "re");
        while (file && fgets(line, sizeof(line), file))
            take_access(sendmail, path, line);
        if (file)
            fclose(file);
    }
}

/* ---- versions and ciphers ---- */

/* Takes "+SSL_OP_NO_TLSv1_2" or a number; others do not matter here. */
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
    if (strchr("0123456789", *word))
        option = strtoull(word, NULL, 0);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcasecmp(known[i].name, word) == 0)
            option = known[i].option;
    *options = off ? *options & ~option : *options | option;
}

static uint64_t read_options(const char *text)
{
    uint64_t options = 0;

    while (text && *text) {
        char word[64];
        size_t length;

        text += strspn(text, " \t");
        length = strcspn(text, " \t");
        snprintf(word, sizeof(word), "%.*s", (int)length, text);
        if (length > 0 && length < sizeof(word))
            take_option(word, &options);
        text += length;
    }
    return options;
}

static const char *set_or_null(const struct sendmail *sendmail, const char *option)
{
    const char *value = sendmail_cf_option(sendmail->cf, option);

    return value && *value ? value : NULL;
}

static void tell_unserved(const struct sendmail *sendmail, const struct tls_server *server,
                          const struct unserved *unserved)
{
    static const char versions[] = "ServerSSLOptions", ciphers[] = "CipherList";
    struct examination *examination = sendmail->examination;
    const char *options = set_or_null(sendmail, versions);
    bool of_version =
        unserved->reason == REASON_TLS_VERSION || (unserved->reason == REASON_NO_TLS && server->options != 0);
    char setting[300];

    if (of_version) {
        snprintf(setting, sizeof(setting), "%.280s", options ? options : "not set");
        doctor_unserved(examination, versions, setting, unserved);
        remark_change(&examination->remarks, "sendmail.mc: define(`confSERVER_SSL_OPTIONS', `')dnl");
    } else {
        snprintf(setting, sizeof(setting), "%.280s", server->ciphers ? server->ciphers : "not set");
        doctor_unserved(examination, ciphers, setting, unserved);
        remark_change(&examination->remarks, "sendmail.mc: define(`confCIPHER_LIST', `HIGH:!aNULL')dnl");
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

    if (!certificate)
        return; /* that is reported where the certificate is looked at */
    server.keys = tls_server_keys(certificate);
    if (!tls_server_offers(&server, offer, &offers.count))
        offers.count = 0;
    if (policy_unserved(sendmail->examination->policy, sendmail->examination->now, &offers, &unserved))
        tell_unserved(sendmail, &server, &unserved);
}

void doctor_sendmail_offer(const struct sendmail *sendmail)
{
    examine_modifiers(sendmail);
    examine_ruleset(sendmail);
    examine_access(sendmail);
    examine_offer(sendmail);
}
