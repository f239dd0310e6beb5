/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether the TLS that Postfix offers is enough for the policy: protocols,
 * ciphers, and STARTTLS in the EHLO reply. Settings are read as Postfix reads
 * them (TLS_README, postconf(5)); which sessions follow from them, OpenSSL says
 * (tls_server.c); whether a session would pass, the policy says (survey.c).
 */
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "policy/tool/doctor.h"
#include "policy/tool/doctor/endpoint.h"
#include "policy/tool/text.h"
#include "policy/tool/doctor/tls_server.h"

static const char separators[] = ", \t\r\n:";

/* What a service says of TLS. `protocols`, `grade` and `excluded` name the parameters in force. */
struct offering {
    const char *protocols, *grade;
    const char *excluded[2]; /* [1]: NULL, or what is added where TLS is mandatory */
    struct tls_server server;
    char *ciphers; /* what server.ciphers points to */
};

/* ---- protocols ---- */

struct protocol {
    const char *name;
    int number;
    uint64_t off;
};

static const struct protocol protocols[] = {
    {"SSLv2", SSL2_VERSION, 0},
    {"SSLv3", SSL3_VERSION, SSL_OP_NO_SSLv3},
    {"TLSv1", TLS1_VERSION, SSL_OP_NO_TLSv1},
    {"TLSv1.1", TLS1_1_VERSION, SSL_OP_NO_TLSv1_1},
    {"TLSv1.2", TLS1_2_VERSION, SSL_OP_NO_TLSv1_2},
    {"TLSv1.3", TLS1_3_VERSION, SSL_OP_NO_TLSv1_3},
};

enum { PROTOCOLS = sizeof(protocols) / sizeof(protocols[0]) };

static const struct protocol *find_protocol(const char *name)
{
    for (size_t i = 0; i < PROTOCOLS; i++)
        if (strcasecmp(protocols[i].name, name) == 0)
            return &protocols[i];
    return NULL;
}

/* A bound behind ">=" or "<=": a name, or a number in hexadecimal. -1: neither. */
static int read_bound(const char *text)
{
    const struct protocol *protocol = find_protocol(text);
    char *end;
    unsigned long number = strtoul(text, &end, 16);

    if (protocol)
        return protocol->number;
    return end == text || *end || number > 0xffff ? -1 : (int)number;
}

/*
 * Takes one entry. A name without a sign is collected in *named: only the collected ones are left on. False:
 * Postfix does not know the entry, and switches TLS off.
 */
static bool take_entry(const char *entry, struct tls_server *server, uint64_t *named)
{
    const struct protocol *protocol = find_protocol(entry + (*entry == '!'));
    int bound;

    if (strncmp(entry, ">=", 2) == 0 || strncmp(entry, "<=", 2) == 0) {
        bound = read_bound(entry + 2);
        *(*entry == '>' ? &server->min : &server->max) = bound;
        return bound >= 0;
    }
    if (!protocol)
        return false;
    if (*entry == '!')
        server->options |= protocol->off;
    else
        *named |= protocol->off;
    return true;
}

static bool read_protocols(const char *text, struct tls_server *server)
{
    uint64_t named = 0, all = 0;
    bool known = true;

    while (*text) {
        char entry[32];
        size_t length = strcspn(text, separators);

        snprintf(entry, sizeof(entry), "%.*s", (int)length, text);
        if (length > 0)
            known = known && length < sizeof(entry) && take_entry(entry, server, &named);
        text += length;
        text += strspn(text, separators);
    }
    for (size_t i = 0; i < PROTOCOLS; i++)
        all |= protocols[i].off;
    if (named != 0) /* SSLv2, which nobody speaks any more, names nothing */
        server->options |= all & ~named;
    return known;
}

/* ---- ciphers ---- */

/* "A:B" and ":!X:!Y" for what is excluded; NULL: out of memory. */
static char *cipher_string(const struct postfix *postfix, const struct offering *offering)
{
    char parameter[64], *string;

    snprintf(parameter, sizeof(parameter), "tls_%.20s_cipherlist", postfix_text(postfix, offering->grade));
    string = text_format("%s", postfix_text(postfix, parameter));
    for (int i = 0; i < 2 && offering->excluded[i]; i++) {
        const char *rest = postfix_text(postfix, offering->excluded[i]);

        for (rest += strspn(rest, separators); string && *rest; rest += strspn(rest, separators)) {
            size_t length = strcspn(rest, separators);
            char *longer = text_format("%s:!%.*s", string, (int)length, rest);

            free(string);
            string = longer;
            rest += length;
        }
    }
    return string;
}

/* The kinds of the server's keys, of whatever files name its certificates. */
static unsigned find_keys(const struct postfix *postfix)
{
    static const char *const parameters[] = {"smtpd_tls_cert_file", "smtpd_tls_eccert_file",
                                             "smtpd_tls_dcert_file"};
    const char *rest = postfix_text(postfix, "smtpd_tls_chain_files");
    struct element element;
    unsigned keys = 0;

    if (*rest) {
        while (element_next(&element, &rest))
            keys |= tls_server_keys(element.text);
        return keys;
    }
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
        if (*postfix_text(postfix, parameters[i]))
            keys |= tls_server_keys(postfix_text(postfix, parameters[i]));
    return keys;
}

/* ---- what is said ---- */

static void suggest_protocols(const struct postfix *postfix, const struct offering *offering)
{
    postfix_change(postfix, offering->protocols,
                   postconf_version(postfix->postconf) >= 3006 ? ">=TLSv1.2"
                                                               : "!SSLv2, !SSLv3, !TLSv1, !TLSv1.1");
}

/* Proposes to exclude nothing; where nothing is excluded, the usual grade. */
static void suggest_ciphers(const struct postfix *postfix, const struct offering *offering)
{
    for (int i = 0; i < 2 && offering->excluded[i]; i++) {
        if (*postfix_text(postfix, offering->excluded[i]) == '\0')
            continue;
        postfix_change(postfix, offering->excluded[i], "");
        return;
    }
    if (strcasecmp(postfix_text(postfix, offering->grade), "medium") != 0)
        postfix_change(postfix, offering->grade, "medium");
    else
        remark_change(&postfix->examination->remarks,
                      "main.cf: tls_medium_cipherlist as Postfix has it (postconf -d tls_medium_cipherlist)");
}

static void tell_protocols(const struct postfix *postfix, const struct offering *offering,
                           const struct unserved *unserved)
{
    char setting[300];

    snprintf(setting, sizeof(setting), "%s%s", postfix_where(postfix, offering->protocols),
             postfix_text(postfix, offering->protocols));
    doctor_unserved(postfix->examination, offering->protocols, setting, unserved);
    suggest_protocols(postfix, offering);
}

static void tell_ciphers(const struct postfix *postfix, const struct offering *offering,
                         const struct unserved *unserved)
{
    const char *subject = offering->grade, *excluded = "", *where;
    char setting[600];

    for (int i = 0; i < 2 && offering->excluded[i] && *excluded == '\0'; i++) {
        excluded = postfix_text(postfix, offering->excluded[i]);
        if (*excluded)
            subject = offering->excluded[i];
    }
    where = postfix_where(postfix, subject);
    snprintf(setting, sizeof(setting), "%s%s%s%s", where, postfix_text(postfix, offering->grade),
             *excluded ? " without " : "", excluded);
    doctor_unserved(postfix->examination, subject, setting, unserved);
    suggest_ciphers(postfix, offering);
}

/* Whether the protocols keep a partner away. With no session at all: whether the usual ciphers give none either. */
static bool is_about_protocols(const struct offering *offering, const struct unserved *unserved)
{
    struct tls_offer offer[TLS_OFFERS_MAX];
    struct tls_server server = offering->server;
    size_t count;

    if (unserved->reason != REASON_NO_TLS)
        return unserved->reason == REASON_TLS_VERSION;
    server.ciphers = NULL;
    server.keys = 0;
    return !tls_server_offers(&server, offer, &count) || count == 0;
}

static void examine_offer(const struct postfix *postfix, const struct offering *offering)
{
    struct tls_offer offer[TLS_OFFERS_MAX];
    struct tls_offers offers = {offer, 0};
    struct unserved unserved;

    if (!tls_server_offers(&offering->server, offer, &offers.count)) {
        remark(&postfix->examination->remarks, LEVEL_ERROR, offering->grade,
               "%s%s: OpenSSL does not take \"%s\", and no TLS is offered",
               postfix_where(postfix, offering->grade), postfix_text(postfix, offering->grade),
               offering->ciphers);
        suggest_ciphers(postfix, offering);
        return;
    }
    if (!policy_unserved(postfix->examination->policy, postfix->examination->now, &offers, &unserved))
        return;
    if (is_about_protocols(offering, &unserved))
        tell_protocols(postfix, offering, &unserved);
    else
        tell_ciphers(postfix, offering, &unserved);
}

/* ---- STARTTLS itself ---- */

static bool names_starttls(const char *text)
{
    while (*text) {
        size_t length = strcspn(text, separators);

        if (length == 8 && strncasecmp(text, "starttls", length) == 0)
            return true;
        text += length;
        text += strspn(text, separators);
    }
    return false;
}

/* Whether the text file behind a table ("cidr:/etc/postfix/x") has a line with that keyword. */
static bool file_names_starttls(const char *path)
{
    FILE *file = fopen(path, "re");
    char line[1024];
    bool found = false;

    while (file && !found && fgets(line, sizeof(line), file))
        found = *line != '#' && names_starttls(line);
    if (file)
        fclose(file);
    return found;
}

static void examine_keyword_maps(const struct postfix *postfix)
{
    static const char subject[] = "smtpd_discard_ehlo_keyword_address_maps";
    const char *maps = postfix_text(postfix, subject), *rest = maps;
    struct element element;
    bool found = false, of_all = false;

    while (element_next(&element, &rest)) {
        const char *colon = strchr(element.text, ':');
        bool named = names_starttls(element.text) || names_starttls(element.options);

        found |= named || (colon && file_names_starttls(colon + 1));
        of_all |= named && strncasecmp(element.text, "static:", 7) == 0;
    }
    if (strncasecmp(maps, "inline:", 7) == 0 && strcasestr(maps, "starttls"))
        found = true;
    if (!found)
        return;
    remark(&postfix->examination->remarks, of_all ? LEVEL_ERROR : LEVEL_WARNING, subject,
           "%s%s: %s not offered STARTTLS, and partners' mail from there never passes",
           postfix_where(postfix, subject), maps,
           of_all ? "no client is" : "clients for which it says starttls are");
    postfix_change(postfix, subject, "");
}

static void examine_keywords(const struct postfix *postfix)
{
    static const char subject[] = "smtpd_discard_ehlo_keywords";
    const char *keywords = postfix_text(postfix, subject);

    if (postfix_is_yes(postfix, "smtpd_tls_wrappermode"))
        return;
    if (names_starttls(keywords)) {
        remark(&postfix->examination->remarks, LEVEL_ERROR, subject,
               "%s%s: STARTTLS is not offered, and every partner's mail falls short",
               postfix_where(postfix, subject), keywords);
        postfix_change(postfix, subject, "");
    }
    examine_keyword_maps(postfix);
}

void doctor_postfix_offer(const struct postfix *postfix, bool mandatory)
{
    struct offering offering = {
        .protocols = mandatory ? "smtpd_tls_mandatory_protocols" : "smtpd_tls_protocols",
        .grade = mandatory ? "smtpd_tls_mandatory_ciphers" : "smtpd_tls_ciphers",
        .excluded = {"smtpd_tls_exclude_ciphers", mandatory ? "smtpd_tls_mandatory_exclude_ciphers" : NULL},
    };

    examine_keywords(postfix);
    if (!read_protocols(postfix_text(postfix, offering.protocols), &offering.server)) {
        remark(&postfix->examination->remarks, LEVEL_ERROR, offering.protocols,
               "%s%s: Postfix does not know one of these protocols, and offers no TLS",
               postfix_where(postfix, offering.protocols), postfix_text(postfix, offering.protocols));
        suggest_protocols(postfix, &offering);
        return;
    }
    offering.ciphers = cipher_string(postfix, &offering);
    if (!offering.ciphers) {
        postfix->examination->remarks.exhausted = true;
        return;
    }
    offering.server.ciphers = offering.ciphers;
    offering.server.keys = find_keys(postfix);
    examine_offer(postfix, &offering);
    free(offering.ciphers);
}
