/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Joins the lines of Postfix's smtp(8). The line of a TLS session has no queue id. It belongs to the next
 * queue id of its process, if the server is the same and the time fits. A delivery without such a line was in
 * plaintext if the log would show TLS: the gateway logs sessions, and the log reaches back to the start of
 * the delivery. The gateway's first session may be logged later, because plaintext is faster. Otherwise the
 * delivery does not count until a log shows its session.
 */
#include "policy/tool/evidence/deliveries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/array.h"
#include "policy/names/date.h"
#include "policy/requirement/outbound_rule.h"
#include "policy/tool/evidence/delivery_verdict.h"
#include "policy/tool/evidence/fnv.h"

enum {
    SWEEP_LEAST = 65536,
    SLACK = 2 * STAMP_SECOND,
    WAITING_MOST = 10000,
    SILENCE_MOST = 600 * STAMP_SECOND,
};

/* The last TLS session of a process. */
struct delivery_process {
    uint64_t key;   /* a hash of host, tag and process */
    int64_t at;     /* of the session's line */
    uint64_t relay; /* a hash of the server; 0: no session was seen */
    uint64_t qid;   /* a hash of the queue id that the session belongs to; 0: the next one */
    uint64_t other; /* a hash of the server whose certificate has another name: its session line follows */
    bool mismatch;  /* the session's server is `other` */
    enum delivery_label label;
    char version[16], cipher[64], bits[8];
};

struct delivery_host {
    uint64_t name;  /* a hash of the name */
    int64_t logged; /* when it last logged a TLS session; STAMP_NONE: unknown */
    unsigned file;
    int64_t begin; /* since when `file`, with the files that it continues, has the host's lines */
    int64_t end;   /* the last line of the last ended file that had lines of the host; STAMP_NONE: unknown */
    bool waits;    /* deliveries wait for a session of it */
};

/* A delivery that was in plaintext, provided that its host logs a session within a day. */
struct delivery_waiting {
    size_t host; /* its index */
    int64_t at;
    unsigned long pid;
    enum entry_sort sort;
    char *gateway; /* malloc'd; after its NUL comes the text of the line */
    size_t length; /* of the text */
};

/* Continues a hash with a text and its NUL; never returns 0. */
static uint64_t hash_on(uint64_t hash, const char *text)
{
    hash = fnv_on(hash, text, strlen(text) + 1);
    return hash != 0 ? hash : 1;
}

static uint64_t hash_text(const char *text)
{
    return hash_on(FNV_BEGIN, text);
}

/* ---- processes ---- */

static uint32_t process_hash(const void *owner, uint32_t place)
{
    return (uint32_t)((const struct deliveries *)owner)->process[place].key;
}

static struct delivery_process *find_process(struct deliveries *deliveries, uint64_t key)
{
    size_t at = 0;
    uint32_t place;

    while (slots_next(&deliveries->slots, (uint32_t)key, &at, &place))
        if (deliveries->process[place].key == key)
            return &deliveries->process[place];
    return NULL;
}

/* Makes room for one more process. False: out of memory. */
static bool grow(struct deliveries *deliveries)
{
    struct delivery_process *grown = array_grow(deliveries->process, deliveries->count, sizeof *grown);

    if (grown == NULL)
        return false;
    deliveries->process = grown;
    return slots_grow(&deliveries->slots, process_hash, deliveries);
}

/* Forgets sessions older than a day: no delivery can have them any more. False: out of memory. */
static bool sweep(struct deliveries *deliveries, int64_t at)
{
    size_t kept = 0;

    for (size_t i = 0; i < deliveries->count; i++)
        if (deliveries->process[i].at >= at - STAMP_DAY)
            deliveries->process[kept++] = deliveries->process[i];
    slots_free(&deliveries->slots);
    deliveries->slots = (struct slots){0};
    deliveries->count = 0;
    for (size_t i = 0; i < kept; i++) {
        if (!slots_grow(&deliveries->slots, process_hash, deliveries))
            return false;
        slots_add(&deliveries->slots, (uint32_t)deliveries->process[i].key, (uint32_t)deliveries->count++);
    }
    deliveries->sweep = 2 * kept > SWEEP_LEAST ? 2 * kept : SWEEP_LEAST;
    return true;
}

/* Finds or adds the process of a key. NULL: out of memory. */
static struct delivery_process *add_process(struct deliveries *deliveries, uint64_t key, int64_t at)
{
    struct delivery_process *process = find_process(deliveries, key);

    if (process != NULL)
        return process;
    if ((deliveries->count >= deliveries->sweep && !sweep(deliveries, at)) || !grow(deliveries)) {
        deliveries->ledger->exhausted = true;
        return NULL;
    }
    process = &deliveries->process[deliveries->count];
    *process = (struct delivery_process){.key = key, .at = at};
    slots_add(&deliveries->slots, (uint32_t)key, (uint32_t)deliveries->count++);
    return process;
}

/* ---- hosts ---- */

/* Finds or adds the host of a name. NULL: out of memory. */
static struct delivery_host *find_host(struct deliveries *deliveries, const char *name)
{
    uint64_t hash = hash_text(name);
    struct delivery_host *grown;

    for (size_t i = 0; i < deliveries->hosts; i++)
        if (deliveries->host[i].name == hash)
            return &deliveries->host[i];
    grown = array_grow(deliveries->host, deliveries->hosts, sizeof *grown);
    if (grown == NULL) {
        deliveries->ledger->exhausted = true;
        return NULL;
    }
    deliveries->host = grown;
    deliveries->host[deliveries->hosts] =
        (struct delivery_host){.name = hash, .logged = STAMP_NONE, .end = STAMP_NONE};
    return &deliveries->host[deliveries->hosts++];
}

/*
 * The host's first line in a file shows since when its lines are there. A file that begins soon after the end
 * of an earlier one continues it: a missing file between them would span more time.
 */
static void see_host(const struct deliveries *deliveries, struct delivery_host *host, int64_t at)
{
    int64_t begin = deliveries->begin != STAMP_NONE && deliveries->begin < at ? deliveries->begin : at;

    if (host->file == deliveries->file)
        return;
    host->file = deliveries->file;
    if (host->end == STAMP_NONE || begin > host->end + SILENCE_MOST)
        host->begin = begin;
}

static int64_t began_at(const struct delivery_line *line, int64_t at)
{
    return at - line->lasted - line->lasted / 10; /* Postfix rounds to two digits */
}

/* Whether the log has all lines from the start of this delivery on. */
static bool reaches_back(const struct delivery_host *host, const struct delivery_line *line,
                         const struct entry *entry, int64_t at)
{
    int64_t inexact = entry->has_local ? STAMP_SECOND : 0;

    return began_at(line, at) - inexact >= host->begin;
}

/* Whether the host logged TLS sessions at about that time, in the lines read so far. */
static bool logs_sessions(const struct delivery_host *host, int64_t at)
{
    return host->logged != STAMP_NONE && host->logged < at + STAMP_DAY && host->logged > at - STAMP_DAY;
}

/* ---- sessions ---- */

static void note_session(struct deliveries *deliveries, const struct delivery_line *line, uint64_t key,
                         int64_t at)
{
    struct delivery_process *process = add_process(deliveries, key, at);

    if (process == NULL)
        return;
    process->at = at;
    process->relay = hash_text(line->relay);
    process->qid = 0;
    process->label = line->label;
    process->mismatch = process->other == process->relay;
    process->other = 0;
    snprintf(process->version, sizeof process->version, "%s", line->version);
    snprintf(process->cipher, sizeof process->cipher, "%s", line->cipher);
    snprintf(process->bits, sizeof process->bits, "%s", line->bits);
}

static void note_mismatch(struct deliveries *deliveries, const struct delivery_line *line, uint64_t key,
                          int64_t at)
{
    struct delivery_process *process = add_process(deliveries, key, at);

    if (process != NULL)
        process->other = hash_text(line->relay);
}

/* Returns the session of a delivery, and ties it to the delivery's queue id. NULL: none was logged. */
static const struct delivery_process *claim_session(struct delivery_process *process,
                                                    const struct delivery_line *line, int64_t at)
{
    uint64_t qid = hash_text(line->qid);

    if (process == NULL || process->relay == 0)
        return NULL;
    if (process->qid == 0)
        process->qid = qid;
    if (process->qid != qid || process->relay != hash_text(line->relay)
        || process->at < began_at(line, at) - SLACK || process->at > at + SLACK)
        return NULL;
    return process;
}

/* ---- deliveries ---- */

/* A server of a relay= value. */
struct server {
    char name[256], address[64];
};

/* False: the mail stays on this host, in a filter or a mailbox with a local socket, or went nowhere. */
static bool read_server(struct server *server, const char *relay)
{
    const char *bracket = strrchr(relay, '['), *end = bracket != NULL ? strchr(bracket, ']') : NULL;

    *server = (struct server){.name = ""};
    if (end == NULL)
        return false;
    snprintf(server->name, sizeof server->name, "%.*s", (int)(bracket - relay), relay);
    snprintf(server->address, sizeof server->address, "%.*s", (int)(end - bracket - 1), bracket + 1);
    if (strchr(server->address, '/') != NULL)
        return false;
    if (strncmp(server->address, "127.", 4) != 0 && strcmp(server->address, "::1") != 0)
        return true;
    return strcmp(server->name, server->address) != 0 && strncmp(server->name, "localhost", 9) != 0;
}

/* What Postfix 3.11 logs as the level: "may:none" is plaintext. */
static bool says_plaintext(const char *tls)
{
    size_t length = strlen(tls);

    return strcmp(tls, "none") == 0 || (length >= 5 && strcmp(tls + length - 5, ":none") == 0);
}

static struct delivery_shown shown_of(const struct delivery_line *line,
                                      const struct delivery_process *session)
{
    struct delivery_shown shown = {.recipient = line->recipient, .text = line->text};

    shown.end = delivery_end(line->status, line->dsn, line->text);
    if (session == NULL)
        return shown;
    shown.tls = DELIVERY_TLS_ON;
    shown.version = session->version;
    shown.cipher = session->cipher;
    shown.bits = session->bits;
    shown.label = session->label;
    shown.mismatch = session->mismatch;
    return shown;
}

static void set(struct entry *entry, enum entry_key key, const char *text)
{
    entry->value[key] = (struct entry_value){text, false};
}

static void write_reasons(char *text, size_t size, unsigned reasons)
{
    size_t length = 0;

    text[0] = '\0';
    for (unsigned reason = REASON_NONE + 1; reason < REASON_COUNT; reason++)
        if ((reasons >> reason & 1) != 0 && length < size)
            length += (size_t)snprintf(text + length, size - length, "%s%s", length > 0 ? "," : "",
                                       reason_name((enum reason)reason));
}

/* Counts the delivery as if it were a decision of the filter. */
static void count(struct deliveries *deliveries, const struct delivery_line *line,
                  const struct delivery_shown *shown, const struct delivery_verdict *verdict,
                  const char *gateway, int64_t at)
{
    struct entry entry = {.sort = ENTRY_OURS};
    struct server server;
    char reasons[512], until[32] = "";
    bool on = shown->tls == DELIVERY_TLS_ON;

    (void)read_server(&server, line->relay);
    write_reasons(reasons, sizeof reasons, verdict->reasons);
    if (verdict->outcome == OUTCOME_EXCEPTED)
        date_format(verdict->until, until);
    set(&entry, KEY_DIRECTION, "outbound");
    set(&entry, KEY_PARTNER, verdict->partner);
    set(&entry, KEY_MODE, mode_name(verdict->mode));
    set(&entry, KEY_VERDICT, outcome_name(verdict->outcome));
    set(&entry, KEY_ACTION, action_name(verdict->action));
    set(&entry, KEY_WOULD, action_name(verdict->would));
    set(&entry, KEY_REASONS, reasons);
    set(&entry, KEY_EXCEPTION, until);
    set(&entry, KEY_POLICY, policy_digest(deliveries->policy));
    set(&entry, KEY_QID, line->qid);
    set(&entry, KEY_FROM, "@"); /* not the null sender: these lines have no sender */
    set(&entry, KEY_CLIENT, server.address);
    set(&entry, KEY_CLIENT_NAME, server.name);
    set(&entry, KEY_TLS, on ? shown->version : shown->tls == DELIVERY_TLS_NONE ? "none" : "");
    set(&entry, KEY_CIPHER, on ? shown->cipher : "");
    set(&entry, KEY_BITS, on ? shown->bits : "");
    set(&entry, KEY_VERIFY, on ? delivery_label_name(shown->label) : "");
    set(&entry, KEY_MTA, "postfix");
    deliveries->counted++;
    tally_decision(deliveries->ledger, &entry, gateway, at, NULL);
}

/* Keeps a delivery until its host logs a session. False: too many wait, or out of memory. */
static bool wait_for_session(struct deliveries *deliveries, const struct entry *entry, const char *gateway,
                             struct delivery_host *host, int64_t at)
{
    size_t size = strlen(gateway) + 1;
    struct delivery_waiting *grown, waiting = {.host = (size_t)(host - deliveries->host), .at = at};

    if (deliveries->waits == WAITING_MOST)
        return false;
    grown = array_grow(deliveries->waiting, deliveries->waits, sizeof *grown);
    waiting.gateway = grown != NULL ? malloc(size + entry->length) : NULL;
    if (grown != NULL)
        deliveries->waiting = grown;
    if (waiting.gateway == NULL) {
        deliveries->ledger->exhausted = true;
        return false;
    }
    memcpy(waiting.gateway, gateway, size);
    memcpy(waiting.gateway + size, entry->text, entry->length);
    waiting.length = entry->length;
    waiting.pid = entry->pid;
    waiting.sort = entry->sort;
    grown[deliveries->waits++] = waiting;
    host->waits = true;
    return true;
}

/* Notes a status line that may be about mail to a partner. `host` NULL: it cannot wait for a session. */
static void note_status(struct deliveries *deliveries, const struct delivery_line *line,
                        const struct entry *entry, const char *gateway, struct delivery_shown *shown,
                        struct delivery_host *host, int64_t at)
{
    struct delivery_verdict verdict;

    delivery_judge(&verdict, deliveries->policy, shown, at / STAMP_SECOND);
    deliveries->ledger->exhausted |= verdict.unread;
    if (verdict.partner == NULL || verdict.outcome == OUTCOME_OFF)
        return;
    if (entry->sort == ENTRY_FOREIGN)
        (void)ledger_count(deliveries->ledger, COUNTER_FOREIGN, entry, at);
    else if (shown->end == DELIVERY_SENT && shown->tls == DELIVERY_TLS_UNKNOWN) {
        if (host == NULL || !wait_for_session(deliveries, entry, gateway, host, at))
            deliveries->unknown += !ledger_has_delivery(deliveries->ledger, entry, at);
    } else if (at > deliveries->ledger->now + STAMP_DAY)
        (void)ledger_count(deliveries->ledger, COUNTER_FUTURE, entry, at);
    else if (ledger_add_delivery(deliveries->ledger, entry, at))
        count(deliveries, line, shown, &verdict, gateway, at);
}

/* Notes a delivery that has waited: its host logged a session, or all lines were read. */
static void note_waiting(struct deliveries *deliveries, const struct delivery_waiting *waiting,
                         bool plaintext)
{
    struct entry entry = {.sort = waiting->sort, .pid = waiting->pid, .length = waiting->length};
    struct delivery_line line;
    struct delivery_shown shown;

    entry.text = waiting->gateway + strlen(waiting->gateway) + 1;
    delivery_line_read(&line, entry.text, entry.length);
    shown = shown_of(&line, NULL);
    if (plaintext)
        shown.tls = DELIVERY_TLS_NONE;
    note_status(deliveries, &line, &entry, waiting->gateway, &shown, NULL, waiting->at);
    free(waiting->gateway);
}

/* The host logged a session: waiting deliveries sent within a day of it were in plaintext. */
static void end_waiting(struct deliveries *deliveries, struct delivery_host *host)
{
    size_t place = (size_t)(host - deliveries->host), kept = 0;

    if (!host->waits)
        return;
    host->waits = false;
    for (size_t i = 0; i < deliveries->waits; i++) {
        struct delivery_waiting *waiting = &deliveries->waiting[i];

        if (waiting->host == place)
            note_waiting(deliveries, waiting, logs_sessions(host, waiting->at));
        else
            deliveries->waiting[kept++] = *waiting;
    }
    deliveries->waits = kept;
}

void deliveries_note(struct deliveries *deliveries, const struct entry *entry, const char *gateway,
                     int64_t at)
{
    struct delivery_line line;
    struct delivery_host *host;
    struct delivery_shown shown;
    struct server server;
    char pid[24];
    uint64_t key;

    if (!delivery_tag(entry->tag) || entry->pid == 0)
        return;
    delivery_line_read(&line, entry->text, entry->length);
    if (line.sort == DELIVERY_UNREADABLE || (line.sort == DELIVERY_STATUS && at == STAMP_NONE))
        (void)ledger_count(deliveries->ledger, COUNTER_UNREADABLE, entry, at);
    host = at != STAMP_NONE ? find_host(deliveries, gateway) : NULL;
    if (host == NULL || (entry->sort == ENTRY_FOREIGN && line.sort != DELIVERY_STATUS))
        return;
    see_host(deliveries, host, at);
    snprintf(pid, sizeof pid, "%lu", entry->pid);
    key = hash_on(hash_on(hash_text(gateway), entry->tag), pid);
    if (line.sort == DELIVERY_SESSION) {
        host->logged = at;
        end_waiting(deliveries, host);
        note_session(deliveries, &line, key, at);
    } else if (line.sort == DELIVERY_MISMATCH) {
        note_mismatch(deliveries, &line, key, at);
    } else if (line.sort == DELIVERY_STATUS) {
        bool reaches = reaches_back(host, &line, entry, at);

        shown = shown_of(&line, claim_session(find_process(deliveries, key), &line, at));
        if (shown.end == DELIVERY_SENT
            && (says_plaintext(line.tls)
                || (shown.tls != DELIVERY_TLS_ON && reaches && logs_sessions(host, at))))
            shown.tls = DELIVERY_TLS_NONE;
        if (shown.end != DELIVERY_UNFINISHED
            && (read_server(&server, line.relay) || shown.end != DELIVERY_SENT))
            note_status(deliveries, &line, entry, gateway, &shown, reaches ? host : NULL, at);
    }
}

void deliveries_end(struct deliveries *deliveries)
{
    for (size_t i = 0; i < deliveries->waits; i++)
        note_waiting(deliveries, &deliveries->waiting[i], false);
    deliveries->waits = 0;
}

/* ---- the whole ---- */

bool deliveries_wanted(const struct policy *policy)
{
    enum mode mode;

    for (size_t i = 0; policy != NULL && i < policy_partner_count(policy); i++)
        if (partner_outbound_mode(policy, policy_partner(policy, i), 0, &mode))
            return true;
    return false;
}

bool deliveries_open(struct deliveries *deliveries, struct ledger *ledger, const struct policy *policy)
{
    sqlite3_stmt *hosts = database_prepare(
        ledger->database, "SELECT g.value, max(h.hour) FROM hourly h JOIN kind k ON k.id = h.kind"
                          " JOIN text g ON g.id = k.gateway JOIN text d ON d.id = k.direction"
                          " JOIN text m ON m.id = k.mta WHERE h.hour >= ?1 AND k.verify <> 0"
                          " AND d.value = 'outbound' AND m.value = 'postfix' GROUP BY 1");

    *deliveries =
        (struct deliveries){.ledger = ledger, .policy = policy, .sweep = SWEEP_LEAST, .begin = STAMP_NONE};
    if (hosts != NULL)
        sqlite3_bind_int64(hosts, 1, ledger->now / STAMP_HOUR - 2 * STAMP_DAY / STAMP_HOUR);
    while (database_row(ledger->database, hosts)) {
        struct delivery_host *host = find_host(deliveries, (const char *)sqlite3_column_text(hosts, 0));

        if (host != NULL)
            host->logged = sqlite3_column_int64(hosts, 1) * STAMP_HOUR;
    }
    sqlite3_finalize(hosts);
    return !ledger->database->failed && !ledger->exhausted;
}

void deliveries_close(struct deliveries *deliveries)
{
    slots_free(&deliveries->slots);
    free(deliveries->process);
    free(deliveries->host);
    for (size_t i = 0; i < deliveries->waits; i++)
        free(deliveries->waiting[i].gateway);
    free(deliveries->waiting);
    *deliveries = (struct deliveries){.ledger = NULL};
}

void deliveries_begin(struct deliveries *deliveries, int64_t begin)
{
    deliveries->file++;
    deliveries->begin = begin;
}

void deliveries_end_of_file(struct deliveries *deliveries, int64_t end)
{
    for (size_t i = 0; i < deliveries->hosts; i++)
        if (deliveries->host[i].file == deliveries->file)
            deliveries->host[i].end = end;
}
