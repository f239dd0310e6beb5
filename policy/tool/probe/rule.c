/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parses a TLS policy of Postfix, so that probe demands from a server what Postfix would demand by the
 * daemon's answer. Maps the words of that answer to OpenSSL's.
 */
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "policy/array.h"
#include "policy/names/tls.h"
#include "policy/outbound/outbound.h"
#include "policy/tool/probe/probe.h"
#include "policy/tool/text.h"

/* Postfix's list if the policy names no grade (tls_medium_cipherlist). */
static const char grade[] = "aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH";

char *rule_answer(const struct policy *policy, const char *key, int64_t now, bool *waits)
{
    struct outbound_choice choice;
    struct outbound_answer answer;
    const struct upstream none = {UPSTREAM_NOT_FOUND, NULL};

    outbound_choose(&choice, policy, key, strlen(key), now);
    choice.mode = MODE_ENFORCE;
    choice.excepted = NULL;
    outbound_answer(&answer, policy, &choice, &none, now);
    *waits = answer.result != OUTBOUND_OK;
    return answer.text;
}

static int openssl_version(const char *name)
{
    switch (tls_version_read(name)) {
    case TLS_VERSION_1_0:
        return TLS1_VERSION;
    case TLS_VERSION_1_1:
        return TLS1_1_VERSION;
    case TLS_VERSION_1_2:
        return TLS1_2_VERSION;
    case TLS_VERSION_1_3:
        return TLS1_3_VERSION;
    default:
        return 0;
    }
}

/* ">=TLSv1.2:<=TLSv1.3" */
static void read_protocols(struct rule *rule, char *text)
{
    for (char *rest = NULL, *word = strtok_r(text, ":", &rest); word != NULL;
         word = strtok_r(NULL, ":", &rest)) {
        if (strncmp(word, ">=", 2) == 0)
            rule->min_version = openssl_version(word + 2);
        else if (strncmp(word, "<=", 2) == 0)
            rule->max_version = openssl_version(word + 2);
    }
}

/*
 * Makes an OpenSSL list without the excluded suites. At levels that authenticate, Postfix refuses weak keys.
 */
static bool set_ciphers(struct rule *rule, char *exclude)
{
    char *list = text_format("%s", grade), *longer;

    for (char *rest = NULL, *word = strtok_r(exclude, ":", &rest); list != NULL && word != NULL;
         word = strtok_r(NULL, ":", &rest)) {
        longer = text_format("%s:!%s", list, word);
        free(list);
        list = longer;
    }
    rule->ciphers =
        list != NULL ? text_format("%s:@SECLEVEL=%d", list, rule->level == RULE_ENCRYPT ? 0 : 1) : NULL;
    free(list);
    return rule->ciphers != NULL;
}

/* Removes the colons of a fingerprint. */
static void strip_colons(char *text)
{
    char *to = text;

    for (; *text; text++)
        if (*text != ':')
            *to++ = *text;
    *to = '\0';
}

static bool add_pattern(struct rule *rule, const char *pattern)
{
    const char **grown = array_grow((void *)rule->pattern, rule->count, sizeof *grown);

    if (grown == NULL)
        return false;
    rule->pattern = grown;
    rule->pattern[rule->count++] = pattern;
    return true;
}

/* Reads names that colons separate, or one fingerprint. */
static bool read_match(struct rule *rule, char *text)
{
    if (rule->level == RULE_FINGERPRINT) {
        strip_colons(text);
        return add_pattern(rule, text);
    }
    for (char *rest = NULL, *word = strtok_r(text, ":", &rest); word != NULL;
         word = strtok_r(NULL, ":", &rest))
        if (!add_pattern(rule, word))
            return false;
    return true;
}

static enum rule_level read_level(const char *word)
{
    if (strcmp(word, "secure") == 0)
        return RULE_SECURE;
    if (strcmp(word, "fingerprint") == 0)
        return RULE_FINGERPRINT;
    return strcmp(word, "dane-only") == 0 ? RULE_DANE : RULE_ENCRYPT;
}

bool rule_read(struct rule *rule, const char *policy)
{
    char nothing[] = "", *exclude = nothing, *rest = NULL, *word;
    bool good;

    *rule = (struct rule){.text = strdup(policy)};
    word = rule->text != NULL ? strtok_r(rule->text, " ", &rest) : NULL;
    good = word != NULL;
    if (good)
        rule->level = read_level(word);
    while (good && (word = strtok_r(NULL, " ", &rest)) != NULL) {
        if (strncmp(word, "match=", 6) == 0)
            good = read_match(rule, word + 6);
        else if (strncmp(word, "protocols=", 10) == 0)
            read_protocols(rule, word + 10);
        else if (strncmp(word, "exclude=", 8) == 0)
            exclude = word + 8;
    }
    return good && set_ciphers(rule, exclude);
}

void rule_free(struct rule *rule)
{
    free(rule->ciphers);
    free(rule->text);
    free(rule->pattern);
}

/* Compares the name of a certificate with a pattern of match= as Postfix does. */
static bool name_matches(const char *name, const char *pattern)
{
    size_t length = strlen(name), tail = strlen(pattern);
    const char *dot = strchr(pattern, '.');

    if (*pattern == '.')
        return length > tail && strcasecmp(name + length - tail, pattern) == 0;
    if (strcasecmp(name, pattern) == 0)
        return true;
    return name[0] == '*' && name[1] == '.' && dot != NULL && strcasecmp(name + 1, dot) == 0;
}

bool rule_has_name(const struct rule *rule, const char *name)
{
    for (size_t i = 0; i < rule->count; i++)
        if (name_matches(name, rule->pattern[i]))
            return true;
    return false;
}
