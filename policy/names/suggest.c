/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The policy language's words as administrators misremember them: under the
 * names of other programs, and a level too high or too low. Knows words, but not
 * what they mean.
 */
#include "policy/names/suggest.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include "policy/names/scalar.h"

/* ---- synonyms ---- */

/* A word and what people write in its place, with a blank after each. */
static const struct {
    const char *word, *synonyms;
} synonyms[] = {
    {"none", "off disable disabled inactive false no never "},
    {"testing", "monitor monitoring audit report permissive dry-run dryrun dry_run log warn observe "},
    {"enforce", "enforcing on enable enabled active true yes strict mandatory required require "},
    {"tempfail", "defer deferred temporary temp temperror softfail retry 4xx 450 451 421 "},
    {"reject", "bounce deny refuse block permfail hardfail 5xx 530 550 554 "},
    {"quarantine", "hold "},
    {"trusted", "any verified valid required true yes verify "},
    {"envelope_from", "sender mail_from mailfrom return-path return_path "},
    {"header_from", "from "},
    {"min_tls_version", "tls tls_version tls_min min_version minimum_tls_version version "},
    {"min_cipher_bits", "bits cipher_bits min_bits key_bits "},
    {"ciphers", "suites cipher_suites ciphersuites tls_ciphers cipherlist "},
    {"forward_secrecy", "pfs fs perfect_forward_secrecy "},
    {"certificates", "cert certs ccerts identities pins "},
    {"subject", "cn common_name commonname name hostname san "},
    {"issuer", "ca root authority "},
    {"fingerprint", "sha256 pin thumbprint hash digest "},
    {"key_fingerprint", "spki pubkey public_key key_pin "},
    {"file", "path pem "},
    {"clients", "hosts host ip ips address addresses network networks servers "},
    {"domains", "senders sender from "},
    {"recipients", "to rcpt "},
    {"until", "expires expiry expire end ends valid_until not_after "},
    {"from", "start starts begin since valid_from not_before date "},
    {"comment", "description note notes "},
    {"message", "text reply reply_text "},
    {"contact", "email mail owner admin "},
    {"reason", "why comment "},
    {"socket", "listen bind "},
    {"daemons", "daemon_names services "},
    {"include", "include_dir imports "},
    {"require", "requirements tls "},
    {"mode", "policy state status "},
    {"action", "on_failure failure fail_action "},
};

static bool is_among(const char *text, const char *words)
{
    size_t length = strlen(text);

    for (; *words != '\0'; words += strcspn(words, " ") + 1)
        if (strcspn(words, " ") == length && strncasecmp(words, text, length) == 0)
            return true;
    return false;
}

static const char *synonym(const char *text, const char *const *words)
{
    for (; *words != NULL; words++)
        for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms; i++)
            if (strcmp(synonyms[i].word, *words) == 0 && is_among(text, synonyms[i].synonyms))
                return *words;
    return NULL;
}

/* A TLS version in another form: "1.2", "TLS 1.2", "tls1_2", "TLSv1.2+". */
static const char *tls_version(const char *text, const char *const *words)
{
    char digits[4] = "";
    size_t count = 0;

    for (; *text != '\0'; text++) {
        if (isdigit((unsigned char)*text) && count < sizeof digits - 1)
            digits[count++] = *text;
        else if (strchr("tlsvTLSV ._-+>=", *text) == NULL)
            return NULL;
    }
    if (count == 2 && strcmp(digits, "10") == 0)
        digits[--count] = '\0';
    for (; count > 0 && *words != NULL; words++)
        if (strncmp(*words, "TLSv1", 5) == 0 && digits[0] == '1'
            && (count == 1 ? (*words)[5] == '\0'
                           : strlen(*words) == 7 && count == 2 && (*words)[6] == digits[1]))
            return *words;
    return NULL;
}

const char *suggest_word(const char *text, const char *const *words)
{
    const char *word = tls_version(text, words);

    if (word == NULL)
        word = synonym(text, words);
    return word != NULL ? word : scalar_nearest(text, words);
}

/* ---- keys and where they belong ---- */

static const struct {
    struct key_home home;
    const char *keys[10];
} homes[] = {
    {{"require", "require: {", ": ...}"},
     {"min_tls_version", "ciphers", "min_cipher_bits", "forward_secrecy", "certificates", "profile"}},
    {{"an item of certificates", "certificates: [{", ": ...}]"},
     {"subject", "issuer", "fingerprint", "key_fingerprint", "file"}},
    {{"an exception", "exceptions: [{", ": ..., until: DATE, reason: TEXT}]"}, {"senders"}},
    {{"a partner", NULL, NULL},
     {"name", "domains", "identities", "recipients", "rollout", "exceptions", "contact", "comment",
      "acknowledge"}},
    {{"outbound of a partner", "outbound: {", ": [...]}"}, {"next_hops"}},
    {{"a partner, defaults or milter", NULL, NULL}, {"outbound"}},
    {{"a partner or defaults, beside require", NULL, NULL}, {"mode", "action", "message", "require"}},
    {{"a partner, its require, an exception or exempt", NULL, NULL}, {"clients"}},
    {{"a certificate identity or an exception", NULL, NULL}, {"until"}},
    {{"a certificate identity or a step of a rollout", NULL, NULL}, {"from"}},
    {{"an exception", NULL, NULL}, {"reason"}},
    {{"milter", "milter: {", ": ...}"},
     {"socket", "postfix_facts", "status", "watch", "outbound_upstream", "shared_directory", "mta",
      "recipient_delimiter"}},
    {{"a partner's require or exempt", NULL, NULL}, {"authenticated"}},
    {{"exempt", "exempt: {", ": ...}"}, {"daemons"}},
    {{"the main file", NULL, NULL}, {"version", "milter", "exempt", "defaults", "include", "allow_empty"}},
    {{"the file itself", NULL, NULL}, {"profiles", "partners"}},
};
enum { HOMES = sizeof homes / sizeof *homes, KEYS = sizeof homes[0].keys / sizeof *homes[0].keys };

const struct key_home *suggest_home(const char *key)
{
    for (size_t i = 0; i < HOMES; i++)
        for (size_t k = 0; k < KEYS && homes[i].keys[k] != NULL; k++)
            if (strcmp(homes[i].keys[k], key) == 0)
                return &homes[i].home;
    return NULL;
}

const char *suggest_key(const char *text)
{
    const char *words[HOMES * KEYS + 1];
    size_t count = 0;

    for (size_t i = 0; i < HOMES; i++)
        for (size_t k = 0; k < KEYS && homes[i].keys[k] != NULL; k++)
            words[count++] = homes[i].keys[k];
    words[count] = NULL;
    return scalar_nearest(text, words);
}
