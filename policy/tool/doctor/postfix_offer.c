/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether the TLS that Postfix offers is enough for the policy: protocols, ciphers, and STARTTLS in the EHLO
 * reply. Settings are read as Postfix reads them (TLS_README, postconf(5)). tls_server.c asks OpenSSL which
 * sessions follow from them, and survey.c says whether a session would pass.
 */
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "policy/tool/doctor/endpoint.h"
#include "policy/tool/doctor/postfix.h"
#include "policy/tool/doctor/tls_server.h"
#include "policy/tool/text.h"

static const char separators[] = ", \t\r\n:";

enum { LIST_MAX = 2048 };

/*
 * The TLS settings of a service. `protocols`, `grade` and `excluded` are the
 * names of the parameters in force.
 */
struct offering {
    const char *protocols, *grade;
    const char *excluded[2]; /* [1]: NULL, or the list that counts as well if TLS is mandatory */
    struct tls_server server;
    char *ciphers; /* server.ciphers points to it; to be freed */
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

enum { PROTOCOLS = sizeof protocols / sizeof protocols[0] };

static const struct protocol *find_protocol(const char *name)
{
    for (size_t i = 0; i < PROTOCOLS; i++)
        if (strcasecmp(protocols[i].name, name) == 0)
            return &protocols[i];
    return NULL;
}

/* Reads a bound after ">=" or "<=": a name, or a hexadecimal number. -1: neither. */
static int read_bound(const char *text)
{
    const struct protocol *protocol = find_protocol(text);
    char *end;
    unsigned long number = strtoul(text, &end, 16);

    if (protocol != NULL)
        return protocol->number;
    return end == text || *end || number > 0xffff ? -1 : (int)number;
}

/*
 * Takes one entry. Names without a sign are collected in *named: if there are any, no other protocols are on.
 * False: Postfix does not know the entry, and switches TLS off.
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
    if (protocol == NULL)
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

        snprintf(entry, sizeof entry, "%.*s", (int)length, text);
        if (length > 0)
            known = known && length < sizeof entry && take_entry(entry, server, &named);
        text += length;
        text += strspn(text, separators);
    }
    for (size_t i = 0; i < PROTOCOLS; i++)
        all |= protocols[i].off;
    if (named != 0) /* SSLv2 alone does not count: its bit is 0 */
        server->options |= all & ~named;
    return known;
}

/* ---- ciphers ---- */

/* Returns "A:B", with ":!X:!Y" for what is excluded; to be freed. NULL: out of memory. */
static char *cipher_string(const struct postfix *postfix, const struct offering *offering)
{
    char parameter[64], *string;

    snprintf(parameter, sizeof parameter, "tls_%.20s_cipherlist", postfix_text(postfix, offering->grade));
    string = text_format("%s", postfix_text(postfix, parameter));
    for (int i = 0; i < 2 && offering->excluded[i] != NULL; i++) {
        const char *rest = postfix_text(postfix, offering->excluded[i]);

        for (rest += strspn(rest, separators); string != NULL && *rest; rest += strspn(rest, separators)) {
            size_t length = strcspn(rest, separators);
            char *longer = text_format("%s:!%.*s", string, (int)length, rest);

            free(string);
            string = longer;
            rest += length;
        }
    }
    return string;
}

/* Returns the kinds of the server's keys, from all files that hold its certificates. */
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
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++)
        if (*postfix_text(postfix, parameters[i]))
            keys |= tls_server_keys(postfix_text(postfix, parameters[i]));
    return keys;
}

/* ---- lines to write ---- */

/* Whether other protocols or other ciphers (NULL: those in force) come nearer to what partners need. */
static bool improves(const struct postfix *postfix, const struct offering *offering,
                     const struct unserved *before, const char *protocol_list, const char *cipher_list)
{
    struct tls_offer offer[TLS_OFFERS_MAX];
    struct tls_offers offers = {offer, 0};
    struct tls_server server = offering->server;
    struct unserved after;

    if (protocol_list != NULL) {
        server.min = server.max = 0;
        server.options = 0;
        if (!read_protocols(protocol_list, &server))
            return false;
    }
    if (cipher_list != NULL)
        server.ciphers = cipher_list;
    if (!tls_server_offers(&server, offer, &offers.count))
        return false;
    if (before == NULL)
        return offers.count > 0;
    return !policy_unserved(postfix->examination->policy, postfix->examination->now, &offers, &after)
           || strcmp(after.partner, before->partner) != 0 || after.reason > before->reason;
}

/* The words of a list, in a copy that is split. */
enum { WORDS = 64 };

struct words {
    char text[LIST_MAX];
    const char *word[WORDS];
    size_t count;
};

static void take_words(const char *list, struct words *words)
{
    char *rest = NULL;

    words->count = 0;
    snprintf(words->text, sizeof words->text, "%s", list);
    for (char *word = strtok_r(words->text, separators, &rest); word != NULL && words->count < WORDS;
         word = strtok_r(NULL, separators, &rest))
        words->word[words->count++] = word;
}

/* Two words to leave out. If both are the same: one word. */
struct pair {
    size_t first, second;
};

/* Moves on to the next pair: first each word alone, then two words. At the end, there is no word `second`. */
static void next_pair(const struct words *words, struct pair *pair)
{
    size_t distance = pair->second - pair->first;

    if (pair->second + 1 < words->count) {
        pair->first++;
        pair->second++;
    } else {
        pair->first = 0;
        pair->second = distance + 1;
    }
}

/* Joins the words without that pair. */
static void join_without(const struct words *words, const struct pair *pair, const char *between, char *list,
                         size_t size)
{
    size_t length = 0;

    *list = '\0';
    for (size_t i = 0; i < words->count && length < size; i++)
        if (i != pair->first && i != pair->second)
            length += (size_t)snprintf(list + length, size - length, "%s%s", length > 0 ? between : "",
                                       words->word[i]);
}

/* Returns the list as it is written; if it has $references, as Postfix expands it. */
static const char *plain_list(const struct postfix *postfix, const char *parameter)
{
    const char *written = postfix_written(postfix, parameter);

    return strchr(written, '$') != NULL ? postfix_text(postfix, parameter) : written;
}

/* Suggests the list without one or two entries, with one more name, or else the usual bound. */
static void suggest_protocols(const struct postfix *postfix, const struct offering *offering,
                              const struct unserved *unserved)
{
    static const char *const more[] = {"TLSv1.3", "TLSv1.2"};
    static const struct pair none = {WORDS, WORDS};
    const char *parameter = offering->protocols;
    struct words words;
    char list[LIST_MAX];

    take_words(plain_list(postfix, parameter), &words);
    for (struct pair pair = {0, 0}; pair.second < words.count; next_pair(&words, &pair)) {
        join_without(&words, &pair, ", ", list, sizeof list);
        if (*list && improves(postfix, offering, unserved, list, NULL)) {
            postfix_change(postfix, parameter, list);
            return;
        }
    }
    for (size_t i = 0; i < sizeof more / sizeof more[0] && words.count > 0; i++) {
        size_t length;

        join_without(&words, &none, ", ", list, sizeof list);
        length = strlen(list);
        snprintf(list + length, sizeof list - length, ", %s", more[i]);
        if (improves(postfix, offering, unserved, list, NULL)) {
            postfix_change(postfix, parameter, list);
            return;
        }
    }
    postfix_change(postfix, parameter,
                   postconf_version(postfix->postconf) >= 3006 ? ">=TLSv1.2"
                                                               : "!SSLv2, !SSLv3, !TLSv1, !TLSv1.1");
}

/* Returns the cipher string with `list` in place of what offering->excluded[which] says; to be freed. */
static char *ciphers_with(const struct postfix *postfix, const struct offering *offering, int which,
                          const char *list)
{
    struct offering other = *offering;
    char *string, *longer;

    other.excluded[0] = offering->excluded[which == 0 ? 1 : 0];
    other.excluded[1] = NULL;
    string = cipher_string(postfix, &other);
    longer = string != NULL && *list ? text_format("%s:!%s", string, list) : NULL;
    if (longer == NULL)
        return string;
    free(string);
    return longer;
}

/* Takes as few names as possible out of a list of excluded ciphers. False: the list is not the cause. */
static bool suggest_included(const struct postfix *postfix, const struct offering *offering, int which,
                             const struct unserved *unserved)
{
    struct words words;
    char list[LIST_MAX], joined[LIST_MAX];

    take_words(plain_list(postfix, offering->excluded[which]), &words);
    for (struct pair pair = {0, 0}; pair.second < words.count; next_pair(&words, &pair)) {
        char *ciphers;
        bool better;

        join_without(&words, &pair, ":!", joined, sizeof joined);
        ciphers = ciphers_with(postfix, offering, which, joined);
        better = ciphers != NULL && improves(postfix, offering, unserved, NULL, ciphers);
        free(ciphers);
        if (!better)
            continue;
        join_without(&words, &pair, ", ", list, sizeof list);
        postfix_change(postfix, offering->excluded[which], list);
        return true;
    }
    return false;
}

static void suggest_ciphers(const struct postfix *postfix, const struct offering *offering,
                            const struct unserved *unserved)
{
    static const char parameter[] = "tls_medium_cipherlist";

    for (int i = 0; i < 2 && offering->excluded[i] != NULL; i++)
        if (suggest_included(postfix, offering, i, unserved))
            return;
    if (strcasecmp(postfix_text(postfix, offering->grade), "medium") != 0) {
        postfix_change(postfix, offering->grade, "medium");
        return;
    }
    if (postconf_default(postfix->postconf, parameter) != NULL)
        postfix_change(postfix, parameter, postconf_default(postfix->postconf, parameter));
    else
        postfix_advise(postfix, parameter, "remove it: Postfix then has its default");
}

/* ---- what is reported ---- */

static void report_protocols(const struct postfix *postfix, const struct offering *offering,
                             const struct unserved *unserved)
{
    char setting[300];

    snprintf(setting, sizeof setting, "%s%s", postfix_where(postfix, offering->protocols),
             postfix_text(postfix, offering->protocols));
    doctor_unserved(postfix->examination, offering->protocols, setting, unserved);
    suggest_protocols(postfix, offering, unserved);
}

static void report_ciphers(const struct postfix *postfix, const struct offering *offering,
                           const struct unserved *unserved)
{
    const char *subject = offering->grade, *excluded = "", *where;
    char setting[600];

    for (int i = 0; i < 2 && offering->excluded[i] != NULL && *excluded == '\0'; i++) {
        excluded = postfix_text(postfix, offering->excluded[i]);
        if (*excluded)
            subject = offering->excluded[i];
    }
    where = postfix_where(postfix, subject);
    snprintf(setting, sizeof setting, "%s%s%s%s", where, postfix_text(postfix, offering->grade),
             *excluded ? " without " : "", excluded);
    doctor_unserved(postfix->examination, subject, setting, unserved);
    suggest_ciphers(postfix, offering, unserved);
}

/*
 * Whether the protocols are the cause. If there is no session at all: whether the
 * usual ciphers give none either.
 */
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
               "%s%s: OpenSSL rejects the cipher list \"%s\", and Postfix offers no TLS",
               postfix_where(postfix, offering->grade), postfix_text(postfix, offering->grade),
               offering->ciphers);
        suggest_ciphers(postfix, offering, NULL);
        return;
    }
    if (postfix->examination->policy == NULL
        || !policy_unserved(postfix->examination->policy, postfix->examination->now, &offers, &unserved))
        return;
    if (is_about_protocols(offering, &unserved))
        report_protocols(postfix, offering, &unserved);
    else
        report_ciphers(postfix, offering, &unserved);
}

/* ---- STARTTLS itself ---- */

static bool names_starttls(const char *text)
{
    static const char words[] = ", \t\r\n:{}"; /* what separates keywords */

    while (*text) {
        size_t length = strcspn(text, words);

        if (length == 8 && strncasecmp(text, "starttls", length) == 0)
            return true;
        text += length;
        text += strspn(text, words);
    }
    return false;
}

/* Whether the text file of a table ("cidr:/etc/postfix/x") has a line with that keyword. */
static bool file_names_starttls(const char *path)
{
    FILE *file = fopen(path, "re");
    char line[1024];
    bool found = false;

    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL)
        found = *line != '#' && names_starttls(line);
    if (file != NULL)
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

        found |= named || (colon != NULL && file_names_starttls(colon + 1));
        of_all |= named && strncasecmp(element.text, "static:", 7) == 0;
    }
    if (strncasecmp(maps, "inline:", 7) == 0 && strcasestr(maps, "starttls") != NULL)
        found = true;
    if (!found)
        return;
    remark(&postfix->examination->remarks, of_all ? LEVEL_ERROR : LEVEL_WARNING, subject,
           "%s%s: Postfix offers no STARTTLS to %s, and mail of partners from there never passes",
           postfix_where(postfix, subject), maps,
           of_all ? "any client" : "clients for which it says starttls");
    postfix_advise(postfix, subject, "take starttls out of what these tables say");
}

/* Commands that smtpd answers without executing them, and those at which it hangs up. */
static void examine_commands(const struct postfix *postfix)
{
    static const char *const parameters[] = {"smtpd_noop_commands", "smtpd_forbidden_commands"};

    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
        const char *commands = postfix_text(postfix, parameters[i]);

        if (!names_starttls(commands))
            continue;
        remark(&postfix->examination->remarks, LEVEL_ERROR, parameters[i],
               "%s%s: Postfix begins no TLS at STARTTLS, and mail of every partner fails",
               postfix_where(postfix, parameters[i]), commands);
        postfix_without(postfix, parameters[i], merge_drop_word, "starttls");
    }
}

static void examine_keywords(const struct postfix *postfix)
{
    static const char subject[] = "smtpd_discard_ehlo_keywords";
    const char *keywords = postfix_text(postfix, subject);

    if (postfix_is_yes(postfix, "smtpd_tls_wrappermode"))
        return;
    if (names_starttls(keywords)) {
        remark(&postfix->examination->remarks, LEVEL_ERROR, subject,
               "%s%s: Postfix offers no STARTTLS, and mail of every partner fails",
               postfix_where(postfix, subject), keywords);
        postfix_without(postfix, subject, merge_drop_word, "starttls");
    }
    examine_keyword_maps(postfix);
    examine_commands(postfix);
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
        suggest_protocols(postfix, &offering, NULL);
        return;
    }
    offering.ciphers = cipher_string(postfix, &offering);
    if (offering.ciphers == NULL) {
        postfix->examination->remarks.exhausted = true;
        return;
    }
    offering.server.ciphers = offering.ciphers;
    offering.server.keys = find_keys(postfix);
    examine_offer(postfix, &offering);
    free(offering.ciphers);
}
