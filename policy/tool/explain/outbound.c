/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explain --outbound: what the daemon answers Postfix before it sends. The keys are those that smtp(8) makes
 * of a next hop; the answer is made by the daemon's own code.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "policy/outbound/outbound.h"
#include "policy/requirement/outbound_rule.h"
#include "policy/tool/explain/answer.h"
#include "policy/tool/explain/question.h"
#include "policy/names/address.h"
#include "policy/names/json.h"
#include "policy/tool/table.h"
#include "policy/tool/verbs.h"

enum { TEMPFAIL = 10 };

/* What was asked and answered. */
struct lookup {
    const struct policy *policy;
    const struct question *question;
    const char *key;   /* the first that Postfix asks for */
    size_t key_length; /* without a final dot */
    struct address address;
    struct upstream upstream;
    struct outbound_choice choice;
    struct outbound_answer answer;
};

/* Returns the domain of an address, or of a domain alone; *length is without a final dot. */
static const char *domain_of(const char *to, size_t *length)
{
    const char *at = strrchr(to, '@'), *domain = at == NULL ? to : at + 1;

    *length = strlen(domain);
    if (*length > 1 && domain[*length - 1] == '.')
        --*length;
    return domain;
}

/*
 * Finds the first key for an address: its domain as it is written, or as Postfix rewrites it if the address
 * has blanks, comments, "%" or "!" that hide it.
 */
static void find_key(struct lookup *lookup, const char *to)
{
    struct domain written;

    lookup->key = domain_of(to, &lookup->key_length);
    address_read(&lookup->address, to);
    if (lookup->address.kind != ADDRESS_DOMAIN || *lookup->key == '['
        || (domain_normalise(&written, lookup->key, lookup->key_length) == DOMAIN_VALID
            && strcmp(written.text, lookup->address.domain.text) == 0))
        return;
    lookup->key = lookup->address.domain.text;
    lookup->key_length = lookup->address.domain.length;
}

/*
 * Calls `each` for the keys that Postfix asks for until one is answered: a domain, then its
 * parents with a dot before them.
 */
static void each_key(const struct lookup *lookup, void (*each)(void *arg, const char *key, size_t length),
                     void *arg)
{
    const char *at = lookup->key, *end = at + lookup->key_length;

    each(arg, at, lookup->key_length);
    if (lookup->answer.result != OUTBOUND_NOT_FOUND || *at == '[' || *at == '.'
        || memchr(at, ':', lookup->key_length) != NULL)
        return;
    while ((at = memchr(at, '.', (size_t)(end - at))) != NULL) {
        each(arg, at, (size_t)(end - at));
        at++;
    }
}

static void json_text(struct json *json, const char *text, size_t length)
{
    char *copy = strndup(text, length);

    json_string(json, copy);
    free(copy);
}

static void json_one_key(void *json, const char *key, size_t length)
{
    json_text(json, key, length);
}

/* Returns "secure match=..." or "TEMP ..."; to be freed. NULL: not found, or out of memory. */
static char *answer_text(const struct outbound_answer *answer)
{
    const char *text = answer->text != NULL ? answer->text : "out of memory";
    size_t size = strlen(text) + sizeof "TEMP ";
    char *whole;

    if (answer->result == OUTBOUND_NOT_FOUND || (whole = malloc(size)) == NULL)
        return NULL;
    snprintf(whole, size, "%s%s", answer->result == OUTBOUND_TEMP ? "TEMP " : "", text);
    return whole;
}

static void show_json(const struct lookup *lookup)
{
    const struct outbound_choice *choice = &lookup->choice;
    struct json json = {stdout, false};
    char *text = answer_text(&lookup->answer);

    json_open(&json, '{');
    json_member(&json, "direction", "outbound");
    json_member(&json, "partner", choice->partner == NULL ? NULL : partner_name(choice->partner));
    json_member(&json, "mode", choice->partner == NULL ? NULL : mode_name(choice->mode));
    json_open_list(&json, "keys");
    each_key(lookup, json_one_key, &json);
    json_close(&json, ']');
    json_member(&json, "answer", text);
    json_close(&json, '}');
    puts("");
    free(text);
}

static void print_key(void *count, const char *key, size_t length)
{
    char *copy = strndup(key, length);

    fputs((*(size_t *)count)++ == 0 ? "" : ", ", stdout);
    if (copy != NULL)
        text_show(stdout, copy);
    free(copy);
}

static void show_answer(const char *what, const struct outbound_answer *answer)
{
    char *text = answer_text(answer);

    printf("%s", what);
    if (text != NULL && answer->result == OUTBOUND_OK)
        fputs("OK ", stdout);
    if (text != NULL)
        text_show(stdout, text);
    else
        fputs("NOTFOUND", stdout);
    putchar('\n');
    free(text);
}

/* Shows what the answer would be if the rule were enforced, without exceptions. */
static void show_enforced(const struct lookup *lookup)
{
    struct outbound_choice enforced = lookup->choice;
    struct outbound_answer answer;

    if (enforced.mode == MODE_ENFORCE && enforced.excepted == NULL)
        return;
    enforced.mode = MODE_ENFORCE;
    enforced.excepted = NULL;
    outbound_answer(&answer, lookup->policy, &enforced, &lookup->upstream, lookup->question->now);
    show_answer("enforced:  ", &answer);
    free(answer.text);
}

static void show_partner(const struct lookup *lookup)
{
    const struct outbound_choice *choice = &lookup->choice;
    struct place place = partner_place(lookup->policy, choice->partner);

    printf("partner:   %s (", partner_name(choice->partner));
    text_show(stdout, place.file);
    printf(":%u), mode %s\n", place.line, mode_name(choice->mode));
    if (choice->excepted != NULL) {
        fputs("exception: ", stdout);
        text_show(stdout, choice->excepted);
        putchar('\n');
    }
}

static void show_text(const struct lookup *lookup)
{
    const struct outbound_choice *choice = &lookup->choice;
    size_t count = 0;

    fputs("asked:     ", stdout);
    each_key(lookup, print_key, &count);
    putchar('\n');
    if (choice->partner != NULL)
        show_partner(lookup);
    else
        puts("partner:   none with outbound");
    show_answer("answer:    ", &lookup->answer);
    if (choice->partner != NULL)
        show_enforced(lookup);
    if (lookup->answer.result == OUTBOUND_NOT_FOUND)
        puts("Postfix asks its next map, and then takes smtp_tls_security_level.");
    if (lookup->answer.result == OUTBOUND_OK && outbound_terms(lookup->policy, choice->rule).unasked)
        puts("Postfix cannot leave out suites of TLS 1.3: all of them are taken.");
    if (choice->asks_upstream && policy_milter(lookup->policy)->outbound_upstream != NULL
        && lookup->question->upstream == NULL)
        puts("The daemon asks outbound_upstream first; give its answer with --upstream.");
}

static void look_up(struct lookup *lookup)
{
    const struct question *question = lookup->question;

    find_key(lookup, question->to.value[0]);
    if (question->next_hop != NULL) {
        lookup->key = question->next_hop;
        lookup->key_length = strlen(lookup->key);
    }
    outbound_choose(&lookup->choice, lookup->policy, lookup->key, lookup->key_length, question->now);
    outbound_answer(&lookup->answer, lookup->policy, &lookup->choice, &lookup->upstream, question->now);
}

int answer_outbound(const struct question *question)
{
    struct policy *policy = load_policy(question->file);
    struct lookup lookup = {.policy = policy, .question = question, .upstream = {UPSTREAM_NOT_FOUND, NULL}};
    char *upstream = question->upstream == NULL ? NULL : strdup(question->upstream);

    if (policy == NULL) {
        free(upstream);
        return EX_CONFIG;
    }
    if (upstream != NULL)
        lookup.upstream = upstream_read(upstream, strlen(upstream), true);
    look_up(&lookup);
    if (question->json)
        show_json(&lookup);
    else
        show_text(&lookup);
    free(lookup.answer.text);
    free(upstream);
    policy_unref(policy);
    return lookup.answer.result == OUTBOUND_TEMP ? TEMPFAIL : EX_OK;
}
