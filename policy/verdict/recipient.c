/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One recipient, from its RCPT to the numbers of the patterns that it matches. Knows which spellings
 * lead to one mailbox (measured with Postfix 3.7 and Sendmail 8.17); knows no partners and decides
 * nothing.
 */
#include <string.h>
#include "policy/facts/recipient_words.h"
#include "policy/internal.h"

enum { USERS_MAX = 16 };

/* A recipient being read. */
struct reading {
    const struct policy *policy;
    uint32_t *words;
    unsigned row; /* the row that numbers are added to, always the last */
    bool failed;  /* out of memory, or a table is full */
    const char *local;
    /* Lengths of the parts of `local` that patterns may name: up to each delimiter, and all of it. */
    size_t user_count, users[USERS_MAX];
};

/* Adds a number to the row, once. */
static void put(struct reading *reading, uint32_t number)
{
    size_t size = recipient_size(reading->words), begin = size - row_count(reading->words, reading->row);

    for (size_t i = begin; i < size; i++)
        if (reading->words[i] == number)
            return;
    if (size > RECIPIENT_PATTERNS_MAX) {
        reading->failed = true;
        return;
    }
    reading->words[size] = number;
    reading->words[0] += 1u << reading->row * ROW_BITS;
}

static void put_user(struct reading *reading, size_t length)
{
    if (reading->user_count == USERS_MAX)
        reading->failed = true;
    else
        reading->users[reading->user_count++] = length;
}

/*
 * Takes the local part alone, as it stands. `cut`: it was not kept whole, so it is longer than that of any
 * pattern.
 */
static void take_local(struct reading *reading, const char *local, size_t length, bool cut)
{
    reading->local = local;
    reading->user_count = 0;
    if (!cut && length > 0 && length <= reading->policy->patterns.local_max)
        put_user(reading, length);
}

/*
 * Takes the local part, and what precedes each of its delimiters, but only those that some pattern has at any
 * domain.
 */
static void take_users(struct reading *reading, const char *local, size_t length, bool cut)
{
    const char *delimiters = reading->policy->milter.recipient_delimiter;
    char text[sizeof(struct address)];
    uint32_t number;

    take_local(reading, local, length, true);
    memcpy(text, local, length);
    for (size_t i = 1; i <= length && i <= reading->policy->patterns.local_max; i++) {
        if (i == length ? cut : strchr(delimiters, local[i]) == NULL)
            continue;
        text[i] = '@';
        if (patterns_find(&reading->policy->patterns, text, i + 1, &number))
            put_user(reading, i);
        text[i] = local[i];
    }
}

/* Adds the patterns "domain" and ".suffix" that match the domain. */
static void match_domain(struct reading *reading, const struct domain *domain)
{
    const struct policy *policy = reading->policy;
    char text[sizeof domain->text + 1] = "@";
    unsigned labels = 0;
    uint32_t number;

    memcpy(text + 1, domain->text, domain->length);
    if (patterns_find(&policy->patterns, text, (size_t)domain->length + 1, &number))
        put(reading, number);
    for (size_t dot = domain->length; dot-- > 1 && labels < policy->patterns.labels_max;) {
        if (domain->text[dot] != '.')
            continue;
        labels++;
        text[dot] = '@'; /* here "@.suffix" begins */
        text[dot + 1] = '.';
        if (patterns_find(&policy->patterns, text + dot, domain->length + 1u - dot, &number))
            put(reading, number);
        text[dot] = domain->text[dot - 1];
    }
}

/* Adds the patterns that match the users at the domain, and those that match the domain. */
static void match_at(struct reading *reading, const struct domain *domain)
{
    char text[sizeof(struct address) + 1];
    uint32_t number;

    for (size_t i = 0; i < reading->user_count; i++) {
        size_t length = reading->users[i];

        memcpy(text, reading->local, length);
        text[length] = '@';
        memcpy(text + length + 1, domain->text, domain->length);
        if (patterns_find(&reading->policy->patterns, text, length + 1 + domain->length, &number))
            put(reading, number);
    }
    match_domain(reading, domain);
}

/* Adds the patterns whose scope includes local mail to the users. */
static void match_local(struct reading *reading)
{
    char text[sizeof(struct address)];
    uint32_t number;

    put(reading, PATTERN_ANY_LOCAL);
    for (size_t i = 0; i < reading->user_count; i++) {
        memcpy(text, reading->local, reading->users[i]);
        text[reading->users[i]] = '@';
        if (patterns_find(&reading->policy->patterns, text, reading->users[i] + 1, &number))
            put(reading, number);
    }
}

static bool is_local_name(const struct domain *domain)
{
    return strchr(domain->text, '.') == NULL;
}

/* ---- addresses inside of local parts ---- */

static const char separators[] = "!%@";

/* Matches the users at a domain that the local part names. A literal ("[127.0.0.1]") may be this host. */
static void match_inner_domain(struct reading *reading, const char *name, size_t length)
{
    char literal[64];
    struct domain domain;
    enum domain_form form;

    if (length > 2 && name[0] == '[' && name[length - 1] == ']') {
        name++, length -= 2;
        if (length < sizeof literal) {
            memcpy(literal, name, length);
            literal[length] = '\0';
            if (address_is_literal(literal)) {
                match_local(reading);
                return;
            }
        }
    }
    form = domain_normalise(&domain, name, length);
    reading->failed |= form == DOMAIN_UNREAD;
    if (form == DOMAIN_NONE || form == DOMAIN_UNREAD)
        return;
    match_at(reading, &domain);
    if (is_local_name(&domain))
        match_local(reading);
}

/*
 * Matches what a local part such as "user%domain", "domain!user" or "user@domain" names, if the next MTA or
 * this one takes it for an address. The user is between the last "!" and the next "%" or "@"; every other
 * part may be the domain.
 */
static void match_inner(struct reading *reading, const char *local)
{
    const char *bang = strrchr(local, '!'), *user = bang == NULL ? local : bang + 1;
    size_t user_length = strcspn(user, "%@");

    take_users(reading, user, user_length, false);
    for (const char *at = local; *at != '\0';) {
        size_t length = at == user ? user_length : strcspn(at, separators);

        if (at != user && length > 0)
            match_inner_domain(reading, at, length);
        at += length;
        at += *at != '\0';
    }
}

/* ---- both readings ---- */

/* Whether a local part was cut, and what is missing may name an address. */
static bool hides_inner(const struct address *address, const char *text)
{
    const char *at = strchr(text, '@');

    return address->local_cut && (strpbrk(text, "!%") != NULL || (at != NULL && strchr(at + 1, '@') != NULL));
}

/* Adds the patterns that the address, written as `text`, is in scope of. */
static void match_scope(struct reading *reading, const struct address *address, const char *text)
{
    if (address->kind == ADDRESS_NULL)
        return;
    take_users(reading, address->local, strlen(address->local), address->local_cut);
    if (address->kind == ADDRESS_DOMAIN)
        match_at(reading, &address->domain);
    if (address->kind != ADDRESS_DOMAIN || is_local_name(&address->domain))
        match_local(reading);
    if (hides_inner(address, text))
        reading->words[0] |= EVERYWHERE;
    else if (strpbrk(address->local, separators) != NULL)
        match_inner(reading, address->local);
}

/*
 * Whether the MTA added its own domain in {rcpt_addr}: then the argument does not contain it. Postfix sees no
 * domain in spellings such as ",user", "user(x" and "@x(y:user". We do not read those as Postfix does.
 */
static bool is_completed(const struct address address[2], const char *argument, const char *rcpt_addr)
{
    const char *at = strrchr(rcpt_addr, '@');
    /* This also finds U-labels in capitals equal. */
    bool same =
        address[0].kind == ADDRESS_DOMAIN && strcmp(address[0].domain.text, address[1].domain.text) == 0;

    return at != NULL && address[1].kind == ADDRESS_DOMAIN && !same && strcasestr(argument, at + 1) == NULL;
}

/* Adds the patterns that the address matches as it stands, to the row. */
static void match_strictly(struct reading *reading, const struct address *address, unsigned row)
{
    reading->row = row;
    take_local(reading, address->local, strlen(address->local), address->local_cut);
    if (address->kind == ADDRESS_DOMAIN)
        match_at(reading, &address->domain);
}

/* If no exception can match the recipient, keeps its scope only: such recipients count as the same. */
static void forget_if_never_excepted(struct recipient *recipient)
{
    uint32_t *words = recipient->words;
    bool never = row_count(words, ROW_ARGUMENT) == 0
                 || ((words[0] & HAS_MACRO) != 0 && row_count(words, ROW_MACRO) == 0);

    if (never)
        words[0] &= ROW_MASK | EVERYWHERE;
}

bool recipient_read(struct recipient *recipient, const struct policy *policy, bool completes,
                    const char *argument, const char *rcpt_addr)
{
    struct reading reading = {.policy = policy, .words = recipient->words};
    bool given = rcpt_addr != NULL && *rcpt_addr != '\0', domainless;
    struct address address[2];

    recipient->words[0] = 0;
    address_read(&address[0], argument);
    address[1].kind = ADDRESS_NULL;
    if (given)
        address_read(&address[1], rcpt_addr);
    if (address[0].kind == ADDRESS_UNREAD || address[1].kind == ADDRESS_UNREAD)
        return false;
    match_scope(&reading, &address[0], argument);
    if (given)
        match_scope(&reading, &address[1], rcpt_addr);
    if (given && completes && is_completed(address, argument, rcpt_addr)) {
        take_users(&reading, address[1].local, strlen(address[1].local), address[1].local_cut);
        match_local(&reading);
    }
    match_strictly(&reading, &address[0], ROW_ARGUMENT);
    domainless = given && address[1].kind == ADDRESS_LOCAL && strchr(rcpt_addr, '@') == NULL;
    if (given && !domainless) {
        match_strictly(&reading, &address[1], ROW_MACRO);
        recipient->words[0] |= HAS_MACRO;
    }
    forget_if_never_excepted(recipient);
    return !reading.failed;
}
