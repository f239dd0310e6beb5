/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MTA's macros, read into facts. Only this file knows what the macros mean
 * and how Postfix and Sendmail differ in them: Postfix shows the common names of
 * a certificate only if it verified; Sendmail shows whole encoded names of any
 * certificate, and in {verify} whether it verified. Decides nothing.
 */
#include "policy/facts/macros.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "policy/names/certname.h"
#include "policy/names/scalar.h"

const char *const macro_names[MACRO_COUNT] = {
    [MACRO_MAIL_ADDR] = "{mail_addr}",
    [MACRO_AUTH_TYPE] = "{auth_type}",
    [MACRO_AUTH_AUTHEN] = "{auth_authen}",
    [MACRO_CLIENT_ADDR] = "{client_addr}",
    [MACRO_CLIENT_PORT] = "{client_port}",
    [MACRO_CLIENT_NAME] = "{client_name}",
    [MACRO_CLIENT_RESOLVE] = "{client_resolve}",
    [MACRO_DAEMON_NAME] = "{daemon_name}",
    [MACRO_DAEMON_ADDR] = "{daemon_addr}",
    [MACRO_DAEMON_PORT] = "{daemon_port}",
    [MACRO_V] = "v",
    [MACRO_I] = "i",
    [MACRO_TLS_VERSION] = "{tls_version}",
    [MACRO_CIPHER] = "{cipher}",
    [MACRO_CIPHER_BITS] = "{cipher_bits}",
    [MACRO_CERT_SUBJECT] = "{cert_subject}",
    [MACRO_CERT_ISSUER] = "{cert_issuer}",
    [MACRO_VERIFY] = "{verify}",
    [MACRO_CN_SUBJECT] = "{cn_subject}",
    [MACRO_CN_ISSUER] = "{cn_issuer}",
    [MACRO_CERT_FP] = "{cert_fp}",
};

/* ---- which MTA it is ---- */

/* "8.17.1.9", "8.18.1/8.18.1": a Sendmail version. */
static bool is_sendmail_version(const char *text)
{
    size_t digits = text == NULL ? 0 : strspn(text, "0123456789");

    return digits > 0 && text[digits] == '.' && text[digits + 1] >= '0' && text[digits + 1] <= '9';
}

/*
 * Postfix never has a {verify}: if one comes with Postfix's name, somebody
 * made it up (milter_macro_defaults), and the macros cannot be read as either MTA's.
 */
static enum mta recognise(const struct facts *facts, enum mta setting)
{
    const char *v = facts->macro[MACRO_V];
    bool postfix = v != NULL && strstr(v, "Postfix") != NULL, verify = facts->macro[MACRO_VERIFY] != NULL;
    bool sendmail = verify || is_sendmail_version(v);

    switch (setting) {
    case MTA_POSTFIX:
        return sendmail ? MTA_UNKNOWN : MTA_POSTFIX;
    case MTA_SENDMAIL:
        return postfix ? MTA_UNKNOWN : MTA_SENDMAIL;
    default:
        return postfix == sendmail ? MTA_UNKNOWN : postfix ? MTA_POSTFIX : MTA_SENDMAIL;
    }
}

/* ---- who sends ---- */

/* False: out of memory. */
static bool read_address(struct address *address, const char *text)
{
    address_read(address, text);
    return address->kind != ADDRESS_UNREAD;
}

/* Whether the argument of MAIL is exactly {mail_addr}, with or without angle brackets. */
static bool is_argument(const char *argument, const char *mail_addr)
{
    size_t length = strlen(mail_addr);
    bool bracketed = argument[0] == '<';

    return strncmp(argument + bracketed, mail_addr, length) == 0
           && strcmp(argument + bracketed + length, bracketed ? ">" : "") == 0;
}

/* False: out of memory. */
static bool read_senders(struct facts *facts, const char *mail_addr)
{
    facts->senders = 0;
    if (mail_addr != NULL && *mail_addr == '\0' && strchr(facts->argument, '(') == NULL)
        mail_addr = NULL; /* a "(" may hide it all: "<(a@b.test>" is the null sender to Postfix */
    if (mail_addr != NULL && !read_address(&facts->sender[facts->senders++], mail_addr))
        return false;
    if (mail_addr != NULL && is_argument(facts->argument, mail_addr)) {
        facts->sender[facts->senders++] = facts->sender[0];
        return true;
    }
    return read_address(&facts->sender[facts->senders++], facts->argument);
}

/*
 * XCLIENT, ANONYMOUS and EXTERNAL are no login. Sendmail grants EXTERNAL to every client whose certificate
 * verifies, whatever name is in it.
 */
static void read_authentication(struct facts *facts)
{
    const char *type = facts->macro[MACRO_AUTH_TYPE], *user = facts->macro[MACRO_AUTH_AUTHEN];

    facts->authenticated = user != NULL && type != NULL && strcasecmp(type, "XCLIENT") != 0
                           && strcasecmp(type, "ANONYMOUS") != 0 && strcasecmp(type, "EXTERNAL") != 0;
}

/*
 * Returns {client_resolve}. If Postfix does not send it, {client_name} implies it: it is a verified name or
 * "unknown".
 */
static const char *resolution(const struct facts *facts)
{
    const char *name = facts->macro[MACRO_CLIENT_NAME], *resolve = facts->macro[MACRO_CLIENT_RESOLVE];

    if (resolve != NULL || name == NULL)
        return resolve;
    return facts->mta == MTA_POSTFIX && strcmp(name, "unknown") != 0 ? "OK" : NULL;
}

/* The name that the resolver verified. False: out of memory. */
static bool read_client_name(struct facts *facts, const char *name)
{
    enum domain_form form = domain_normalise(&facts->client_name, name, strlen(name));

    facts->client_name_state = form == DOMAIN_NONE ? CLIENT_NAME_NONE : CLIENT_NAME_VERIFIED;
    return form != DOMAIN_UNREAD;
}

/* Whether the resolver found no name for the client, or one that does not resolve to its address. */
static bool is_no_name(const char *resolve)
{
    return strcmp(resolve, "FAIL") == 0 || strcmp(resolve, "FAILED") == 0 || strcmp(resolve, "PERM") == 0
           || strcmp(resolve, "FORGED") == 0;
}

/* What is known of the client's name if it is not verified. */
static enum client_name_state state_without_name(const char *resolve, const char *name)
{
    if (resolve != NULL && strcmp(resolve, "TEMP") == 0)
        return CLIENT_NAME_TEMPORARY;
    if (resolve != NULL && name != NULL && is_no_name(resolve))
        return CLIENT_NAME_NONE;
    return CLIENT_NAME_MACROS; /* a macro is missing, or has a value that is not known */
}

/* False: out of memory. */
static bool read_client(struct facts *facts, const struct network *connected)
{
    const char *name = facts->macro[MACRO_CLIENT_NAME], *resolve = resolution(facts);

    facts->client_known = network_read_address(&facts->client, facts->macro[MACRO_CLIENT_ADDR]);
    if (!facts->client_known && facts->macro[MACRO_CLIENT_ADDR] == NULL && connected != NULL) {
        facts->client = *connected;
        facts->client_known = true;
    }
    if (resolve != NULL && name != NULL && strcmp(resolve, "OK") == 0)
        return read_client_name(facts, name);
    facts->client_name_state = state_without_name(resolve, name);
    return true;
}

/* ---- what the session is ---- */

/*
 * If the MTA does not honour our macro list, TLS macros may be left over from an
 * earlier stage. If it does, TLS macros without a version contradict each other.
 */
static void read_tls(struct facts *facts)
{
    const char *bits = facts->macro[MACRO_CIPHER_BITS], *version = facts->macro[MACRO_TLS_VERSION];
    unsigned number;

    facts->macros_asked = facts->macro[MACRO_CLIENT_PORT] != NULL;
    if (!facts->macros_asked)
        facts->tls = TLS_UNKNOWN;
    else if (version != NULL)
        facts->tls = TLS_ON;
    else if (facts->macro[MACRO_CIPHER] != NULL || bits != NULL || facts->macro[MACRO_CERT_ISSUER] != NULL)
        facts->tls = TLS_UNKNOWN;
    else
        facts->tls = TLS_OFF;
    facts->tls_version = version == NULL ? TLS_VERSION_UNREADABLE : tls_version_read(version);
    facts->cipher_bits = bits != NULL && scalar_number(bits, 65535, &number) ? (int)number : -1;
}

/* ---- whose certificate ---- */

static void read_postfix_certificate(struct facts *facts, bool pins_at_data)
{
    enum pin_state pin = !pins_at_data                        ? PIN_UNSHOWN
                         : facts->content == CONTENT_WITHHELD ? PIN_MISSING
                                                              : PIN_PENDING;

    facts->certificate = facts->macro[MACRO_CERT_ISSUER] == NULL ? CERTIFICATE_NONE : CERTIFICATE_TRUSTED;
    if (facts->certificate == CERTIFICATE_TRUSTED) {
        facts->subject_cn = facts->macro[MACRO_CERT_SUBJECT];
        facts->issuer_cn = facts->macro[MACRO_CERT_ISSUER];
    }
    facts->certificate_pin.state = facts->key_pin.state = pin;
}

static enum certificate_state state_of_verify(const char *verify)
{
    if (verify == NULL)
        return CERTIFICATE_MACROS;
    if (strcmp(verify, "OK") == 0)
        return CERTIFICATE_TRUSTED;
    if (strcmp(verify, "FAIL") == 0)
        return CERTIFICATE_UNTRUSTED;
    if (strcmp(verify, "NO") == 0)
        return CERTIFICATE_NONE;
    return strcmp(verify, "NOT") == 0 ? CERTIFICATE_NOT_REQUESTED : CERTIFICATE_VERIFY_TEMPORARY;
}

/* Decodes a name into *storage; NULL: the macro is absent, or holds no name that may be compared. */
static const char *decode(const char *macro, char **storage)
{
    char name[CERTNAME_MAX];
    size_t size;

    if (macro == NULL || !certname_decode(macro, name, sizeof name) || certname_is_sentinel(name))
        return NULL;
    size = strlen(name) + 1;
    memcpy(*storage, name, size);
    *storage += size;
    return *storage - size;
}

/*
 * Returns the distinguished name, or NULL if it may not be the certificate's: Sendmail drops the first part
 * that does not fit into its buffer and all parts after it, and old OpenSSL does not escape separators in
 * values. The common name, which has a macro of its own, decides: `dn` must have that CN, or no CN if there
 * is none.
 */
static const char *corroborated(const char *dn, const char *cn, const char *macro)
{
    char value[CERTNAME_MAX];
    enum dn_answer answer;

    if (dn == NULL || macro == NULL)
        return NULL;
    answer = dn_attribute(dn, "CN", value, sizeof value);
    if (cn == NULL)
        return answer == DN_ABSENT && strcmp(macro, "BadCertificateUnknown") == 0 ? dn : NULL;
    return answer == DN_FOUND && strcmp(value, cn) == 0 ? dn : NULL;
}

static bool decode_names(struct facts *facts)
{
    static const enum macro macros[] = {MACRO_CN_SUBJECT, MACRO_CN_ISSUER, MACRO_CERT_SUBJECT,
                                        MACRO_CERT_ISSUER};
    const char **names[] = {&facts->subject_cn, &facts->issuer_cn, &facts->subject_dn, &facts->issuer_dn};
    size_t size = 1;
    char *storage;

    for (size_t i = 0; i < 4; i++)
        size += facts->macro[macros[i]] == NULL ? 0 : strlen(facts->macro[macros[i]]) + 1;
    facts->decoded = storage = malloc(size);
    if (storage == NULL)
        return false;
    for (size_t i = 0; i < 4; i++)
        *names[i] = decode(facts->macro[macros[i]], &storage);
    facts->subject_dn = corroborated(facts->subject_dn, facts->subject_cn, facts->macro[MACRO_CN_SUBJECT]);
    facts->issuer_dn = corroborated(facts->issuer_dn, facts->issuer_cn, facts->macro[MACRO_CN_ISSUER]);
    facts->names_unsent = facts->macro[MACRO_CN_SUBJECT] == NULL || facts->macro[MACRO_CN_ISSUER] == NULL;
    return true;
}

static bool read_sendmail_certificate(struct facts *facts)
{
    const char *fingerprint = facts->macro[MACRO_CERT_FP];

    facts->certificate = state_of_verify(facts->macro[MACRO_VERIFY]);
    facts->key_pin.state = PIN_UNSHOWN;
    switch (facts->certificate) {
    case CERTIFICATE_NONE:
        facts->certificate_pin.state = PIN_ABSENT;
        return true;
    case CERTIFICATE_TRUSTED:
    case CERTIFICATE_UNTRUSTED:
        if (fingerprint != NULL && fingerprint_read(facts->certificate_pin.fingerprint, fingerprint))
            facts->certificate_pin.state = PIN_KNOWN;
        return facts->certificate == CERTIFICATE_UNTRUSTED || decode_names(facts);
    default:
        return true; /* the pin stays PIN_MACROS: not known, for the reason in `certificate` */
    }
}

/* ---- together ---- */

/* An empty macro counts as absent. */
static void read_macro(struct facts *facts, enum macro which, macro_fn *macro, void *arg)
{
    const char *value = macro(arg, macro_names[which]);

    facts->macro[which] = value != NULL && *value != '\0' ? value : NULL;
}

bool facts_read_sender(struct facts *facts, const struct envelope *envelope, macro_fn *macro, void *arg)
{
    facts_begin(facts);
    read_macro(facts, MACRO_MAIL_ADDR, macro, arg);
    facts->argument = envelope->argument;
    facts->helo = envelope->helo;
    facts->shown = envelope->shown;
    return read_senders(facts, macro(arg, macro_names[MACRO_MAIL_ADDR]));
}

/* At MAIL only Sendmail, and Postfix for mail of the sendmail command, have a queue id. */
static enum content_state read_content(const struct facts *facts, const struct envelope *envelope)
{
    if (facts->mta == MTA_SENDMAIL || facts->macro[MACRO_I] != NULL || (envelope->shown & NEED_DATA) != 0)
        return CONTENT_EXPECTED;
    return envelope->data_unoffered ? CONTENT_WITHHELD : CONTENT_OUTDATED;
}

void facts_read_data(struct facts *facts, const char *queue_id)
{
    bool has_id = queue_id != NULL && *queue_id != '\0';

    facts->content = has_id || facts->mta == MTA_SENDMAIL ? CONTENT_EXPECTED : CONTENT_WITHHELD;
}

bool facts_read_session(struct facts *facts, const struct envelope *envelope, macro_fn *macro, void *arg)
{
    for (enum macro which = 0; which < MACRO_COUNT; which++)
        if (which != MACRO_MAIL_ADDR)
            read_macro(facts, which, macro, arg);
    facts->mta = recognise(facts, envelope->mta);
    if (!read_client(facts, envelope->client))
        return false;
    read_authentication(facts);
    read_tls(facts);
    facts->content = read_content(facts, envelope);
    if (facts->tls != TLS_ON)
        return true;
    if (facts->mta == MTA_POSTFIX)
        read_postfix_certificate(facts, envelope->pins_at_data);
    return facts->mta != MTA_SENDMAIL || read_sendmail_certificate(facts);
}

bool facts_read(struct facts *facts, const struct envelope *envelope, macro_fn *macro, void *arg)
{
    return facts_read_sender(facts, envelope, macro, arg) && facts_read_session(facts, envelope, macro, arg);
}
