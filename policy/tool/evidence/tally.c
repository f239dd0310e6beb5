/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns a decision into kinds of mail and counts them: one kind for the partner that decided, and one for
 * each other partner. The number of a partner's kinds in an hour and of its clients in a day is limited.
 * Further ones count as one kind whose free values are "(many)". So nobody outside can make the database
 * large, and the sums stay right.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/tool/evidence/kinds.h"
#include "policy/tool/evidence/ledger.h"
#include "policy/verdict/verdict.h"

enum { WORD_SIZE = 320 };

/* What a line says of one partner. */
struct share {
    const struct entry *entry;
    const struct run *run; /* NULL: a line without a number */
    int64_t at;
    const char *kind[KIND_COLUMNS];
    const char *client[CLIENT_COLUMNS];
    char domain[WORD_SIZE], address[64], name[WORD_SIZE];
    enum outcome outcome;
    enum action action;
};

static const char *text_of(const struct entry *entry, enum entry_key key)
{
    return entry->value[key].text != NULL ? entry->value[key].text : "";
}

/* ---- words that are known ---- */

static enum outcome outcome_of(const char *word)
{
    enum outcome outcome = OUTCOME_NO_PARTNER;

    while (outcome < OUTCOME_COUNT && strcmp(outcome_name(outcome), word) != 0)
        outcome++;
    return outcome;
}

static enum action action_of(const char *word)
{
    enum action action = ACTION_ACCEPT;

    while (action < ACTION_COUNT && strcmp(action_name(action), word) != 0)
        action++;
    return action;
}

bool tally_knows(const struct entry *entry)
{
    return outcome_of(text_of(entry, KEY_VERDICT)) != OUTCOME_COUNT
           && action_of(text_of(entry, KEY_ACTION)) != ACTION_COUNT && !entry->value[KEY_PARTNER].quoted;
}

/* ---- values ---- */

/* Returns the version of TLS. Lines before 0.3.0 show plaintext only by the reason. */
static const char *tls_of(const struct entry *entry)
{
    const char *version = text_of(entry, KEY_TLS);

    if (*version == '\0' && strstr(text_of(entry, KEY_REASONS), "no_tls") != NULL)
        return "none";
    return version;
}

static bool is_null_sender(const char *from)
{
    return *from == '\0' || strcmp(from, "<>") == 0;
}

/* Writes the domain of the sender in small letters, or "<>" for the null sender. */
static void read_domain(char domain[WORD_SIZE], const char *from)
{
    const char *at = strrchr(from, '@');
    size_t length = 0;

    if (is_null_sender(from)) {
        snprintf(domain, WORD_SIZE, "<>");
        return;
    }
    for (at = at != NULL ? at + 1 : ""; *at != '\0' && *at != '>' && length + 1 < WORD_SIZE; at++)
        domain[length++] = (char)(*at >= 'A' && *at <= 'Z' ? *at | 0x20 : *at);
    domain[length] = '\0';
}

/* Writes the network of an address: /24 or /48. "": not an address. */
static void shorten_address(char shortened[64], const char *address)
{
    unsigned char octets[16];

    if (inet_pton(AF_INET, address, octets) == 1) {
        octets[3] = 0;
        (void)inet_ntop(AF_INET, octets, shortened, 60);
        strcat(shortened, "/24");
    } else if (inet_pton(AF_INET6, address, octets) == 1) {
        memset(octets + 6, 0, 10);
        (void)inet_ntop(AF_INET6, octets, shortened, 60);
        strcat(shortened, "/48");
    } else {
        shortened[0] = '\0';
    }
}

/* Returns the domain of a host name. */
static const char *parent_of(const char *name)
{
    const char *dot = strchr(name, '.');

    return dot != NULL ? dot + 1 : "";
}

/* Returns the domains of the From header. "": it was not read. */
static const char *header_from_of(const struct entry *entry)
{
    const struct entry_value *value = &entry->value[KEY_HEADER_FROM];

    return value->quoted && *value->text == '\0' ? KIND_NO_HEADER_FROM : text_of(entry, KEY_HEADER_FROM);
}

static void fill_client(struct share *share, bool anonymous)
{
    const struct entry *entry = share->entry;
    const char *from = text_of(entry, KEY_FROM), *address = text_of(entry, KEY_CLIENT);
    const char *name = text_of(entry, KEY_CLIENT_NAME);

    read_domain(share->domain, from);
    if (anonymous)
        shorten_address(share->address, address);
    share->client[CLIENT_ADDRESS] = anonymous ? share->address : address;
    share->client[CLIENT_NAME] = anonymous ? parent_of(name) : name;
    share->client[CLIENT_DOMAIN] = share->domain;
    share->client[CLIENT_HELO] = is_null_sender(from) && !anonymous ? text_of(entry, KEY_HELO) : "";
    share->client[CLIENT_RESOLVE] = text_of(entry, KEY_RESOLVE);
    share->client[CLIENT_ARGUMENT] = text_of(entry, KEY_ARGUMENT);
    share->client[CLIENT_HEADER_FROM] = header_from_of(entry);
    share->client[CLIENT_SELECTED] = text_of(entry, KEY_SELECTED);
    share->client[CLIENT_DAEMON] = text_of(entry, KEY_DAEMON);
    share->client[CLIENT_CUT] = text_of(entry, KEY_CUT);
}

static void fill_kind(struct share *share, const char *gateway)
{
    static const struct {
        enum kind_column column;
        enum entry_key key;
    } same[] = {
        {KIND_DIRECTION, KEY_DIRECTION},
        {KIND_PARTNER, KEY_PARTNER},
        {KIND_MODE, KEY_MODE},
        {KIND_VERDICT, KEY_VERDICT},
        {KIND_ACTION, KEY_ACTION},
        {KIND_WOULD, KEY_WOULD},
        {KIND_REASONS, KEY_REASONS},
        {KIND_POLICY, KEY_POLICY},
        {KIND_CIPHER, KEY_CIPHER},
        {KIND_BITS, KEY_BITS},
        {KIND_SUBJECT, KEY_SUBJECT},
        {KIND_ISSUER, KEY_ISSUER},
        {KIND_VERIFY, KEY_VERIFY},
        {KIND_FINGERPRINT, KEY_FINGERPRINT},
        {KIND_IDENTITY, KEY_IDENTITY},
        {KIND_KEY_FINGERPRINT, KEY_KEY_FINGERPRINT},
        {KIND_MTA, KEY_MTA},
        {KIND_EXCEPTION, KEY_EXCEPTION},
        {KIND_EXEMPT, KEY_EXEMPT},
    };

    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        share->kind[same[i].column] = text_of(share->entry, same[i].key);
    share->kind[KIND_GATEWAY] = gateway;
    share->kind[KIND_TLS] = tls_of(share->entry);
    share->kind[KIND_ROLE] = "";
    if (*share->kind[KIND_DIRECTION] == '\0')
        share->kind[KIND_DIRECTION] = "inbound";
}

/* ---- counting ---- */

/* Finds the ids of known words; the others are WORD_UNKNOWN. */
static void find_kind_words(struct ledger *ledger, const struct share *share, uint32_t value[])
{
    for (size_t i = 0; i < KIND_COLUMNS; i++)
        value[i] = words_find_near(&ledger->words, share->kind[i], &ledger->kind_place[i]);
}

static void find_client_words(struct ledger *ledger, const struct share *share, uint32_t value[])
{
    for (size_t i = 0; i < CLIENT_COLUMNS; i++)
        value[i] = words_find_near(&ledger->words, share->client[i], &ledger->client_place[i]);
}

static void add_words(struct ledger *ledger, const char *const text[], uint32_t value[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (value[i] == WORD_UNKNOWN)
            value[i] = words_add(&ledger->words, text[i]);
}

static void replace(const char *text[], const unsigned char columns[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (*text[columns[i]] != '\0')
            text[columns[i]] = KIND_MANY;
}

/* Returns the row of the kind, or of "(many)" if the partner has too many kinds. */
static uint32_t kind_row(struct ledger *ledger, struct share *share, uint32_t partner)
{
    static const unsigned char free_columns[] = {KIND_CIPHER,          KIND_BITS,    KIND_SUBJECT,
                                                 KIND_ISSUER,          KIND_VERIFY,  KIND_FINGERPRINT,
                                                 KIND_KEY_FINGERPRINT, KIND_IDENTITY};
    uint32_t value[KIND_COLUMNS], known = recall_find(ledger->known_kinds, share->kind, KIND_COLUMNS);
    uint32_t row = known;

    if (known == 0) {
        find_kind_words(ledger, share, value);
        row = rows_find(&ledger->kinds, value);
    }
    if ((row == 0 || !counts_has(&ledger->hourly, &(struct count){.kind = row}, share->at))
        && counts_of_partner(&ledger->hourly, share->at, partner) >= LEDGER_KINDS_AN_HOUR) {
        replace(share->kind, free_columns, sizeof free_columns);
        find_kind_words(ledger, share, value);
        add_words(ledger, share->kind, value, KIND_COLUMNS);
        return rows_add(&ledger->kinds, value);
    }
    if (row == 0) {
        add_words(ledger, share->kind, value, KIND_COLUMNS);
        row = rows_add(&ledger->kinds, value);
    }
    if (known == 0)
        recall_keep(ledger->known_kinds, row);
    return row;
}

/* The same for the client. */
static uint32_t client_row(struct ledger *ledger, struct share *share, uint32_t kind, uint32_t partner)
{
    static const unsigned char free_columns[] = {CLIENT_ADDRESS, CLIENT_NAME,     CLIENT_DOMAIN,
                                                 CLIENT_HELO,    CLIENT_ARGUMENT, CLIENT_HEADER_FROM};
    uint32_t value[CLIENT_COLUMNS], known = recall_find(ledger->known_clients, share->client, CLIENT_COLUMNS);
    uint32_t row = known;

    if (known == 0) {
        find_client_words(ledger, share, value);
        row = rows_find(&ledger->clients, value);
    }
    if ((row == 0 || !counts_has(&ledger->daily, &(struct count){.kind = kind, .client = row}, share->at))
        && counts_of_partner(&ledger->daily, share->at, partner) >= LEDGER_CLIENTS_A_DAY) {
        replace(share->client, free_columns, sizeof free_columns);
        find_client_words(ledger, share, value);
        add_words(ledger, share->client, value, CLIENT_COLUMNS);
        return rows_add(&ledger->clients, value);
    }
    if (row == 0) {
        add_words(ledger, share->client, value, CLIENT_COLUMNS);
        row = rows_add(&ledger->clients, value);
    }
    if (known == 0)
        recall_keep(ledger->known_clients, row);
    return row;
}

/* Returns the severity of a result: first by the action on the mail, then by the verdict. */
static unsigned severity_of(const struct share *share)
{
    return (unsigned)share->action * OUTCOME_COUNT + (unsigned)share->outcome;
}

/*
 * Whether this result of the message counts for the partner: it is the first, or more severe than the counted
 * one, which is then taken back. Fills in *message.
 */
static bool claim(struct ledger *ledger, const struct share *share, struct message *message, uint32_t partner)
{
    struct message *before;

    *message = (struct message){.at = share->at,
                                .partner = partner,
                                .severity = severity_of(share),
                                .final = share->action <= ACTION_QUARANTINE};
    if (share->run == NULL)
        return true;
    message->run = share->run->number;
    message->msg = share->entry->msg;
    before = messages_find(&ledger->messages, message);
    if (before == NULL)
        return true;
    if (before->severity >= message->severity)
        return false;
    counts_take(&ledger->hourly, &(struct count){.kind = before->kind, .partner = partner}, before->at);
    if (!ledger->without_clients)
        counts_take(&ledger->daily,
                    &(struct count){.kind = before->kind, .client = before->client, .partner = partner},
                    before->at);
    return true;
}

/* Remembers where a message was counted. */
static void settle(struct ledger *ledger, const struct share *share, const struct message *message)
{
    struct message *before;

    if (share->run == NULL)
        return;
    before = messages_find(&ledger->messages, message);
    if (before != NULL)
        *before = *message;
    else
        messages_add(&ledger->messages, message);
}

static void count_share(struct ledger *ledger, struct share *share)
{
    uint32_t partner = words_add(&ledger->words, share->kind[KIND_PARTNER]);
    const char *qid = ledger->anonymous ? "" : text_of(share->entry, KEY_QID);
    struct message message;

    if (share->outcome == OUTCOME_OFF || share->outcome == OUTCOME_NO_PARTNER
        || !claim(ledger, share, &message, partner))
        return;
    message.kind = kind_row(ledger, share, partner);
    if (message.kind == 0)
        return;
    counts_add(&ledger->hourly, &(struct count){.kind = message.kind, .partner = partner}, share->at, qid);
    if (!ledger->without_clients) {
        fill_client(share, ledger->anonymous);
        message.client = client_row(ledger, share, message.kind, partner);
        counts_add(&ledger->daily,
                   &(struct count){.kind = message.kind, .client = message.client, .partner = partner},
                   share->at, qid);
    }
    settle(ledger, share, &message);
    ledger_touch(ledger, message.kind, share->at);
}

/* Counts the partners of also=, "fabrikam:pass,relay:off". */
static void count_others(struct ledger *ledger, const struct share *share, const char *gateway)
{
    static const enum kind_column unknown[] = {KIND_MODE, KIND_WOULD, KIND_REASONS, KIND_IDENTITY,
                                               KIND_EXCEPTION};
    char others[1100], *rest = others, *name;

    if (*text_of(share->entry, KEY_ALSO) == '\0')
        return;
    snprintf(others, sizeof others, "%s", text_of(share->entry, KEY_ALSO));
    while ((name = strsep(&rest, ",")) != NULL) {
        struct share other = *share;
        char *word = strchr(name, ':');

        if (word == NULL)
            continue;
        *word++ = '\0';
        other.outcome = outcome_of(word);
        if (other.outcome == OUTCOME_COUNT)
            continue;
        fill_kind(&other, gateway);
        for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
            other.kind[unknown[i]] = "";
        if (share->outcome == OUTCOME_EXEMPT && other.outcome != OUTCOME_OFF)
            other.outcome = OUTCOME_EXEMPT;
        other.kind[KIND_PARTNER] = name;
        other.kind[KIND_VERDICT] = outcome_name(other.outcome);
        other.kind[KIND_ROLE] = "also";
        count_share(ledger, &other);
    }
}

void tally_decision(struct ledger *ledger, const struct entry *entry, const char *gateway, int64_t at,
                    const struct run *run)
{
    struct share share = {.entry = entry, .run = run, .at = at};

    if (at < ledger->since || at >= ledger->until)
        return;
    ledger->decisions++;
    share.outcome = outcome_of(text_of(entry, KEY_VERDICT));
    share.action = action_of(text_of(entry, KEY_ACTION));
    fill_kind(&share, gateway);
    count_share(ledger, &share);
    count_others(ledger, &share, gateway);
}
