/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The options of explain, turned into what the MTA would have sent. What an
 * option means to each MTA is known here, and which macros go with it; what a
 * macro means is the library's knowledge.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "policy/names/certfile.h"
#include "policy/names/date.h"
#include "policy/facts/macros.h"
#include "policy/names/network.h"
#include "policy/tool/explain/question.h"
#include "policy/tool/verbs.h"

static const char help[] =
    "Usage: forcetls explain --from ADDR [OPTION]...\n\n"
    "Shows what the policy says of one transaction, and why.\n\n"
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
    "  --date DATE              judge as of then (2026-12-01 or RFC 3339) instead of now\n"
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
    {"json", no_argument, NULL, OPTION_JSON},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* Takes "{name}=value"; people may leave the braces out. False: no macro that is read. */
static bool override(struct question *question, const char *text)
{
    const char *equals = strchr(text, '=');
    const char *value = equals && equals[1] ? equals + 1 : NULL;
    size_t length = equals ? (size_t)(equals - text) : 0;

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

/* Sendmail's "+XX" for what does not stand for itself in a name. */
static void encode(const char *name, char *text, size_t size)
{
    size_t length = 0;

    for (; *name && length + 4 < size; name++) {
        if (*name <= ' ' || *name > '~' || strchr("+\\(<>\")", *name))
            length += (size_t)snprintf(text + length, size - length, "+%02X", (unsigned char)*name);
        else
            text[length++] = *name;
    }
    text[length] = '\0';
}

/*
 * Sendmail sends a whole name and, beside it, its common name: each is made
 * from the other, the whole name of a bare one being "/CN=name".
 */
static void sendmail_name(struct question *question, enum macro whole, enum macro common,
                          char name[2][ENCODED_MAX])
{
    const char *given = question->macro[whole];
    char decoded[CERTNAME_MAX], value[CERTNAME_MAX];

    if (!given || !*given)
        return;
    if (*given != '/') {
        snprintf(name[0], sizeof(name[0]), "/CN=%s", given);
        question->macro[whole] = name[0];
        question->macro[common] = given;
    } else if (certname_decode(given, decoded, sizeof(decoded))
               && dn_attribute(decoded, "CN", value, sizeof(value)) == DN_FOUND) {
        encode(value, name[1], sizeof(name[1]));
        question->macro[common] = name[1];
    } else {
        question->macro[common] = "BadCertificateUnknown";
    }
}

/* The macros that the MTA sends beside those that options name. */
static void complete(struct question *question)
{
    const char **macro = question->macro;
    const char *name = macro[MACRO_CLIENT_NAME];
    bool bracketed = question->from[0] == '<';
    unsigned char fingerprint[FINGERPRINT_SIZE];
    size_t length;

    snprintf(question->bare, sizeof(question->bare), "%s", question->from + bracketed);
    length = strlen(question->bare);
    if (bracketed && length > 0 && question->bare[length - 1] == '>')
        question->bare[length - 1] = '\0';
    snprintf(question->argument, sizeof(question->argument), "<%s>", question->bare);
    macro[MACRO_MAIL_ADDR] = question->bare;
    macro[MACRO_CLIENT_PORT] = "49152";
    macro[MACRO_V] = question->mta == MTA_SENDMAIL ? "8.17.1.9" : "Postfix 3.7.11";
    if (macro[MACRO_AUTH_AUTHEN])
        macro[MACRO_AUTH_TYPE] = "PLAIN";
    if (name)
        macro[MACRO_CLIENT_RESOLVE] = strcmp(name, "unknown") == 0 || name[0] == '[' ? "FAILED" : "OK";
    if (question->mta == MTA_SENDMAIL) {
        sendmail_name(question, MACRO_CERT_SUBJECT, MACRO_CN_SUBJECT, question->name);
        sendmail_name(question, MACRO_CERT_ISSUER, MACRO_CN_ISSUER, question->name + 2);
        macro[MACRO_CERT_FP] = question->fingerprint;
        if (question->fingerprint && fingerprint_parse(fingerprint, question->fingerprint) == NULL) {
            fingerprint_format(fingerprint, question->cert_fp);
            macro[MACRO_CERT_FP] = question->cert_fp + strlen("sha256:");
        }
    }
}

static bool is_fingerprint(const char *text)
{
    unsigned char fingerprint[FINGERPRINT_SIZE];

    return fingerprint_read(fingerprint, text) || !fingerprint_parse(fingerprint, text);
}

/* Takes one option; NULL if good, else what is wrong with its argument. */
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

/* What only all options together show; -1 if good, else the exit status. */
static int sensible(const struct question *question, const char *title)
{
    if (!question->from)
        return usage_error(title, "--from is missing", NULL);
    if (strlen(question->from) > FROM_MAX)
        return usage_error(title, "--from is longer than an SMTP line", NULL);
    if (question->mta == MTA_POSTFIX && question->fingerprint && !is_fingerprint(question->fingerprint))
        return usage_error(title, "not a SHA-256 fingerprint", question->fingerprint);
    if (question->key_fingerprint && !is_fingerprint(question->key_fingerprint))
        return usage_error(title, "not a SHA-256 fingerprint", question->key_fingerprint);
    return -1;
}

int question_read(struct question *question, int argc, char **argv)
{
    int option, status;

    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        const char *wrong;

        if (option == 'h') {
            fputs(help, stdout);
            return EX_OK;
        }
        if (option == '?')
            return usage_error(argv[0], NULL, NULL);
        wrong = take(question, option, optarg);
        if (wrong)
            return usage_error(argv[0], wrong, optarg);
    }
    if (optind < argc)
        return usage_error(argv[0], "takes no such argument", argv[optind]);
    status = sensible(question, argv[0]);
    if (status >= 0)
        return status;
    complete(question);
    for (size_t i = 0; i < question->overrides.count; i++) {
        const char *text = question->overrides.value[i];

        if (!strchr(text, '=') || *text == '=')
            return usage_error(argv[0], "not of the form '{name}=value'", text);
        if (!override(question, text))
            fprintf(stderr, "%s: no macro that forcetls reads, so without effect: %s\n", argv[0], text);
    }
    return -1;
}
