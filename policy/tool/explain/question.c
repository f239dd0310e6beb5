/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The options of explain, turned into what the MTA would have sent. This file knows what an option means to
 * each MTA, and which macros go with it; the library knows what a macro means.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "policy/facts/macros.h"
#include "policy/names/certfile.h"
#include "policy/names/date.h"
#include "policy/names/network.h"
#include "policy/tool/explain/question.h"
#include "policy/tool/verbs.h"

static const char help[] =
    "Usage: forcetls explain --from ADDR [OPTION]...\n\n"
    "Shows what happens to a mail, and why.\n\n"
    "  -c FILE                  the policy (default " POLICY_FILE ")\n"
    "  --from ADDR              envelope sender; \"\" or \"<>\" is the null sender\n"
    "  --to ADDR                envelope recipient; of several the most severe answer is shown\n"
    "  --header-from ADDR       a From field of the message, address or whole value; repeatable\n"
    "  --helo NAME              the name last given by HELO or EHLO\n"
    "  --client IP              the client's address\n"
    "  --client-name NAME       its verified name\n"
    "  --auth USER              authenticated by SASL as USER\n"
    "  --tls-version VERSION    TLSv1.2, as the MTA writes it; without these three: plaintext\n"
    "  --cipher SUITE           OpenSSL's name\n"
    "  --cipher-bits N\n"
    "  --cert-subject NAME      the client certificate's subject: behind Postfix the common name of a\n"
    "  --cert-issuer NAME       verified one; behind Sendmail /C=DE/CN=name, or a common name alone\n"
    "  --verify RESULT          Sendmail's {verify}\n"
    "  --fingerprint HEX        SHA-256 of the certificate: Sendmail's {cert_fp}, or what postfix_facts\n"
    "                           reports\n"
    "  --key-fingerprint HEX    of its public key: what postfix_facts reports\n"
    "  --macro '{name}=value'   any other macro, applied last; an empty value removes it; repeatable\n"
    "  --mta postfix|sendmail   which MTA sends the macros (default postfix)\n"
    "  --outbound               instead: mail to --to: what Postfix is answered; with --mta sendmail, what\n"
    "                           becomes of a session with the server that the options describe\n"
    "  --next-hop KEY           with --outbound: the next hop by which Postfix asks, where it is not the\n"
    "                           domain of --to: [mail.example.com]:25\n"
    "  --upstream ANSWER        with --outbound: what the outbound_upstream map answers (default NOTFOUND)\n"
    "  --alt-name NAME          with --outbound --mta sendmail: the server's name, where the certificate\n"
    "                           has it as an alternative name\n"
    "  --date DATE              judge as of this date (2026-12-01 or RFC 3339) instead of now\n"
    "  --json                   one JSON object\n\n"
    "Exit status: 0 accepted, 10 tempfail, 11 reject, 12 quarantine, 64 usage, 78 the policy has errors.\n";

enum {
    OPTION_FROM = 256,
    OPTION_TO,
    OPTION_HEADER_FROM,
    OPTION_HELO,
    OPTION_FINGERPRINT,
    OPTION_KEY_FINGERPRINT,
    OPTION_MACRO,
    OPTION_MTA,
    OPTION_DATE,
    OPTION_OUTBOUND,
    OPTION_NEXT_HOP,
    OPTION_UPSTREAM,
    OPTION_ALT_NAME,
    OPTION_JSON,
    OPTION_VALUE /* + enum macro: the option is that macro's value */
};

static const struct option options[] = {
    {"from", required_argument, NULL, OPTION_FROM},
    {"to", required_argument, NULL, OPTION_TO},
    {"header-from", required_argument, NULL, OPTION_HEADER_FROM},
    {"helo", required_argument, NULL, OPTION_HELO},
    {"client", required_argument, NULL, OPTION_VALUE + MACRO_CLIENT_ADDR},
    {"client-name", required_argument, NULL, OPTION_VALUE + MACRO_CLIENT_NAME},
    {"auth", required_argument, NULL, OPTION_VALUE + MACRO_AUTH_AUTHEN},
    {"tls-version", required_argument, NULL, OPTION_VALUE + MACRO_TLS_VERSION},
    {"cipher", required_argument, NULL, OPTION_VALUE + MACRO_CIPHER},
    {"cipher-bits", required_argument, NULL, OPTION_VALUE + MACRO_CIPHER_BITS},
    {"cert-subject", required_argument, NULL, OPTION_VALUE + MACRO_CERT_SUBJECT},
    {"cert-issuer", required_argument, NULL, OPTION_VALUE + MACRO_CERT_ISSUER},
    {"verify", required_argument, NULL, OPTION_VALUE + MACRO_VERIFY},
    {"fingerprint", required_argument, NULL, OPTION_FINGERPRINT},
    {"key-fingerprint", required_argument, NULL, OPTION_KEY_FINGERPRINT},
    {"macro", required_argument, NULL, OPTION_MACRO},
    {"mta", required_argument, NULL, OPTION_MTA},
    {"date", required_argument, NULL, OPTION_DATE},
    {"outbound", no_argument, NULL, OPTION_OUTBOUND},
    {"next-hop", required_argument, NULL, OPTION_NEXT_HOP},
    {"upstream", required_argument, NULL, OPTION_UPSTREAM},
    {"alt-name", required_argument, NULL, OPTION_ALT_NAME},
    {"json", no_argument, NULL, OPTION_JSON},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct usage usage = {help, "c:h", options};

/* Takes "{name}=value", with or without the braces. False: the daemon does not read that macro. */
static bool override(struct question *question, const char *text)
{
    const char *equals = strchr(text, '=');
    const char *value = equals != NULL && equals[1] ? equals + 1 : NULL;
    size_t length = equals != NULL ? (size_t)(equals - text) : 0;

    if (length > 2 && text[0] == '{' && text[length - 1] == '}') {
        text++;
        length -= 2;
    }
    if (length == 9 && strncmp(text, "rcpt_addr", length) == 0) {
        question->rcpt_addr = value;
        question->rcpt_addr_set = true;
        return true;
    }
    for (size_t i = 0; i < MACRO_COUNT; i++) {
        const char *name = macro_names[i] + (macro_names[i][0] == '{');

        if (length > 0 && strcspn(name, "}") == length && strncmp(name, text, length) == 0) {
            question->macro[i] = value;
            return true;
        }
    }
    return false;
}

/* Writes a name as Sendmail encodes it: "+XX" for special characters. */
static void encode(const char *name, char *text, size_t size)
{
    size_t length = 0;

    for (; *name && length + 4 < size; name++) {
        if (*name <= ' ' || *name > '~' || strchr("+\\(<>\")", *name) != NULL)
            length += (size_t)snprintf(text + length, size - length, "+%02X", (unsigned char)*name);
        else
            text[length++] = *name;
    }
    text[length] = '\0';
}

/*
 * Sendmail sends a whole name, and its common name as well. Each is made from the other: the whole name of a
 * bare common name is "/CN=name".
 */
static void sendmail_name(struct question *question, enum macro whole, enum macro common,
                          char name[2][ENCODED_MAX])
{
    const char *given = question->macro[whole];
    char decoded[CERTNAME_MAX], value[CERTNAME_MAX];

    if (given == NULL || !*given)
        return;
    if (*given != '/') {
        snprintf(name[0], sizeof name[0], "/CN=%s", given);
        question->macro[whole] = name[0];
        question->macro[common] = given;
    } else if (certname_decode(given, decoded, sizeof decoded)
               && dn_attribute(decoded, "CN", value, sizeof value) == DN_FOUND) {
        encode(value, name[1], sizeof name[1]);
        question->macro[common] = name[1];
    } else {
        question->macro[common] = "BadCertificateUnknown";
    }
}

/* Adds what Sendmail shows of a certificate beyond what options name. */
static void complete_names(struct question *question)
{
    unsigned char fingerprint[FINGERPRINT_SIZE];

    sendmail_name(question, MACRO_CERT_SUBJECT, MACRO_CN_SUBJECT, question->name);
    sendmail_name(question, MACRO_CERT_ISSUER, MACRO_CN_ISSUER, question->name + 2);
    question->macro[MACRO_CERT_FP] = question->fingerprint;
    if (question->fingerprint != NULL && fingerprint_parse(fingerprint, question->fingerprint) == NULL) {
        fingerprint_format(fingerprint, question->cert_fp);
        question->macro[MACRO_CERT_FP] = question->cert_fp + strlen("sha256:");
    }
}

/* Adds the macros that the MTA sends beyond those that options name. */
static void complete(struct question *question)
{
    const char **macro = question->macro;
    const char *name = macro[MACRO_CLIENT_NAME];
    bool bracketed = question->from[0] == '<';
    size_t length;

    snprintf(question->bare, sizeof question->bare, "%s", question->from + bracketed);
    length = strlen(question->bare);
    if (bracketed && length > 0 && question->bare[length - 1] == '>')
        question->bare[length - 1] = '\0';
    snprintf(question->argument, sizeof question->argument, "<%s>", question->bare);
    macro[MACRO_MAIL_ADDR] = question->bare;
    macro[MACRO_CLIENT_PORT] = "49152";
    macro[MACRO_V] = question->mta == MTA_SENDMAIL ? "8.17.1.9" : "Postfix 3.7.11";
    if (macro[MACRO_AUTH_AUTHEN] != NULL)
        macro[MACRO_AUTH_TYPE] = "PLAIN";
    if (name != NULL)
        macro[MACRO_CLIENT_RESOLVE] = strcmp(name, "unknown") == 0 || name[0] == '[' ? "FAILED" : "OK";
    if (question->mta == MTA_SENDMAIL)
        complete_names(question);
}

static bool is_fingerprint(const char *text)
{
    unsigned char fingerprint[FINGERPRINT_SIZE];

    return fingerprint_read(fingerprint, text) || fingerprint_parse(fingerprint, text) == NULL;
}

/* Takes one option. NULL: good; else what is wrong with its argument. */
static const char *take(struct question *question, int option, const char *text)
{
    struct network client;

    switch (option) {
    case 'c':
        question->file = text;
        break;
    case OPTION_JSON:
        question->json = true;
        break;
    case OPTION_FROM:
        question->from = text;
        break;
    case OPTION_HELO:
        question->helo = text;
        break;
    case OPTION_TO:
        question->to.value[question->to.count++] = text;
        break;
    case OPTION_HEADER_FROM:
        question->header_from.value[question->header_from.count++] = text;
        break;
    case OPTION_MACRO:
        question->overrides.value[question->overrides.count++] = text;
        break;
    case OPTION_DATE:
        return date_parse(text, &question->now) ? NULL : "not a date";
    case OPTION_OUTBOUND:
        question->outbound = true;
        break;
    case OPTION_NEXT_HOP:
        question->next_hop = text;
        break;
    case OPTION_UPSTREAM:
        question->upstream = text;
        break;
    case OPTION_ALT_NAME:
        question->alternative_name = text;
        break;
    case OPTION_FINGERPRINT:
        question->fingerprint = text;
        break;
    case OPTION_KEY_FINGERPRINT:
        question->key_fingerprint = text;
        break;
    case OPTION_MTA:
        question->mta = strcmp(text, "sendmail") == 0 ? MTA_SENDMAIL : MTA_POSTFIX;
        if (question->mta == MTA_POSTFIX && strcmp(text, "postfix") != 0)
            return "neither postfix nor sendmail";
        break;
    default:
        if (option == OPTION_VALUE + MACRO_CLIENT_ADDR && *text && !network_read_address(&client, text))
            return "not an IP address";
        question->macro[option - OPTION_VALUE] = *text ? text : NULL;
    }
    return NULL;
}

/* Whether an option is given that describes a client or a message, not a server. */
static bool has_client(const struct question *question)
{
    static const enum macro of_client[] = {MACRO_CLIENT_ADDR, MACRO_CLIENT_NAME, MACRO_AUTH_AUTHEN};

    for (size_t i = 0; i < sizeof of_client / sizeof *of_client; i++)
        if (question->macro[of_client[i]] != NULL)
            return true;
    return question->helo != NULL || question->key_fingerprint != NULL || question->header_from.count > 0
           || question->overrides.count > 0;
}

/* Checks the options for Sendmail, which asks when it has a session with the server. -1: good. */
static int sensible_session(const struct question *question, const char *title)
{
    if (question->next_hop != NULL || question->upstream != NULL)
        return usage_error(title, "--next-hop and --upstream are for Postfix", NULL);
    if (has_client(question))
        return usage_error(title, "--outbound takes no option about a client, a header or other macros",
                           NULL);
    return -1;
}

/* Checks the options for Postfix, which asks with the next hop and shows nothing else. -1: good. */
static int sensible_lookup(const struct question *question, const char *title)
{
    bool macros = has_client(question) || question->fingerprint != NULL || question->alternative_name != NULL;

    for (size_t i = 0; i < MACRO_COUNT; i++)
        macros |= question->macro[i] != NULL;
    if (question->from != NULL || macros)
        return usage_error(title,
                           "--outbound takes --to, --next-hop, --upstream and --date only (more with --mta "
                           "sendmail)",
                           NULL);
    return -1;
}

static int sensible_outbound(const struct question *question, const char *title)
{
    if (question->to.count == 0 || question->to.value[0][0] == '\0')
        return usage_error(title, "--to is missing", NULL);
    if (strlen(question->to.value[0]) > FROM_MAX)
        return usage_error(title, "--to is longer than an SMTP line", NULL);
    if (question->to.count > 1)
        return usage_error(title, "--outbound takes one --to", question->to.value[1]);
    return question->mta == MTA_SENDMAIL ? sensible_session(question, title)
                                         : sensible_lookup(question, title);
}

/* Finds mistakes that only all options together show. -1: good, else the exit status. */
static int sensible(const struct question *question, const char *title)
{
    if (question->outbound)
        return sensible_outbound(question, title);
    if (question->next_hop != NULL || question->upstream != NULL || question->alternative_name != NULL)
        return usage_error(title,
                           question->next_hop != NULL   ? "--next-hop needs --outbound"
                           : question->upstream != NULL ? "--upstream needs --outbound"
                                                        : "--alt-name needs --outbound",
                           NULL);
    if (question->from == NULL)
        return usage_error(title, "--from is missing", NULL);
    if (strlen(question->from) > FROM_MAX)
        return usage_error(title, "--from is longer than an SMTP line", NULL);
    if (question->mta == MTA_POSTFIX && question->fingerprint != NULL
        && !is_fingerprint(question->fingerprint))
        return usage_error(title, "not a SHA-256 fingerprint", question->fingerprint);
    if (question->key_fingerprint != NULL && !is_fingerprint(question->key_fingerprint))
        return usage_error(title, "not a SHA-256 fingerprint", question->key_fingerprint);
    return -1;
}

/* Takes the address out of "Name <user@domain>"; a domain alone becomes "@domain". */
static void complete_recipient(struct question *question)
{
    const char *to = question->to.value[0], *open = strrchr(to, '<');
    int length;

    to = open == NULL ? to : open + 1;
    length = (int)(open == NULL ? strlen(to) : strcspn(to, ">"));
    snprintf(question->bare, sizeof question->bare, "%s%.*s",
             strchr(to, '.') != NULL && strpbrk(to, "@!%") == NULL ? "@" : "", length, to);
    question->to.value[0] = question->bare;
}

int question_read(struct question *question, int argc, char **argv)
{
    int option, status;

    while ((option = option_next(&usage, argc, argv, &status)) > 0) {
        const char *wrong;

        wrong = take(question, option, optarg);
        if (wrong != NULL)
            return usage_error(argv[0], wrong, optarg);
    }
    if (option == 0)
        return status;
    if (optind < argc)
        return usage_surplus(argv[0], argv[optind]);
    status = sensible(question, argv[0]);
    if (status < 0 && question->outbound)
        complete_recipient(question);
    if (status >= 0 || (question->outbound && question->mta == MTA_POSTFIX))
        return status;
    if (question->outbound)
        complete_names(question);
    else
        complete(question);
    for (size_t i = 0; i < question->overrides.count; i++) {
        const char *text = question->overrides.value[i];

        if (strchr(text, '=') == NULL || *text == '=')
            return usage_error(argv[0], "not of the form '{name}=value'", text);
        if (!override(question, text))
            fprintf(stderr, "%s: forcetls does not read this macro, so it has no effect: %s\n", argv[0],
                    text);
    }
    return -1;
}
