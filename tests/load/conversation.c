/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MTA's side of the milter protocol, version 6, as Postfix speaks it: what a
 * filter declined is left out (its macros are still sent), what is not answered
 * is buffered until something is, a mail that was not refused at MAIL
 * is followed by an ABORT. Measures, counts and chooses nothing.
 */
#include "conversation.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    VERSION = 6,
    ALL_ACTIONS = 0x1ff,
    ALL_FLAGS = 0x1fffff,
    SERVER_PORT = 25,
    QUEUE_IDS =
        32, /* few: they come again and again, and what was reported of an earlier mail must not count */
    HEADERS = 8,
    BODY_SIZE = 2048
};

/* What Postfix sends at a stage whose list the filter does not set. */
static const char *const own_lists[STAGES] = {
    "j {daemon_name} {daemon_addr} v _",
    "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}",
    "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer}",
    "i {rcpt_addr} {rcpt_host} {rcpt_mailer}",
    "i",
    "i",
    "i",
};

/* Each step: its command, its name, whose macros come with it (-1: none), the flags that concern it. */
static const struct {
    char command;
    const char *name;
    int stage;
    uint32_t left_out, unanswered;
} steps[STEPS] = {
    [NEGOTIATE] = {'O', "NEGOTIATE", -1, 0, 0}, [CONNECT] = {'C', "CONNECT", 0, 0x1, 0x1000},
    [HELO] = {'H', "HELO", 1, 0x2, 0x2000},     [MAIL] = {'M', "MAIL", 2, 0x4, 0x4000},
    [RCPT] = {'R', "RCPT", 3, 0x8, 0x8000},     [DATA] = {'T', "DATA", 4, 0x200, 0x10000},
    [HEADER] = {'L', "HEADER", -1, 0x20, 0x80}, [EOH] = {'N', "EOH", 6, 0x40, 0x40000},
    [BODY] = {'B', "BODY", -1, 0x10, 0x80000},  [EOM] = {'E', "EOM", 5, 0, 0},
};

uint64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void break_off(struct conversation *mta, const char *why)
{
    mta->state = BROKEN;
    snprintf(mta->outcome, sizeof mta->outcome, "%s: %s", steps[mta->step].name, why);
}

/* ---- Macros ---- */

static const char *fixed_macro(const char *name)
{
    static const struct macro fixed[] = {
        {"j", "mx.local.example"},         {"v", "Postfix 3.7.11"},
        {"_", "mail.client.example"},      {"{daemon_name}", "mx.local.example"},
        {"{daemon_addr}", "198.51.100.1"}, {"{daemon_port}", "25"},
        {"{mail_host}", "client.example"}, {"{mail_mailer}", "smtp"},
        {"{rcpt_host}", "local.example"},  {"{rcpt_mailer}", "local"},
        {"{client_resolve}", "OK"},        {"{client_name}", "mail.client.example"},
    };
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (strcmp(fixed[i].name, name) == 0)
            return fixed[i].value;
    return NULL;
}

/* The macro's value now, or NULL; `text` is room for one that has to be put together. */
static const char *macro_value(const struct conversation *mta, const char *name, char text[256])
{
    const char *own = kind_macro(mta->kind, name);
    if (own != NULL)
        return own;
    if (strcmp(name, "{mail_addr}") == 0)
        return mta->kind->mail_addr;
    if (strcmp(name, "{client_addr}") == 0)
        return mta->kind->client;
    if (strcmp(name, "{client_port}") == 0) {
        snprintf(text, 256, "%d", mta->port);
        return text;
    }
    if (strcmp(name, "i") == 0) {
        snprintf(text, 256, "4Q%u", (unsigned)(mta->number % QUEUE_IDS));
        return mta->step >= DATA ? text : NULL; /* Postfix has none before */
    }
    if (strcmp(name, "{rcpt_addr}") == 0) {
        const char *argument = mta->kind->rcpt[mta->item];
        snprintf(text, 256, "%.*s", (int)strcspn(argument + 1, ">"), argument + 1);
        return text;
    }
    return fixed_macro(name);
}

static void put_macros(struct conversation *mta, int stage)
{
    const char *list =
        mta->kind->default_lists || mta->lists[stage] == NULL ? own_lists[stage] : mta->lists[stage];
    char name[64], text[256], code = steps[mta->step].command;
    size_t packet = packet_begin(&mta->out, 'D');
    buffer_put(&mta->out, &code, 1);
    while (*(list += strspn(list, " ")) != '\0') {
        size_t length = strcspn(list, " ");
        snprintf(name, sizeof name, "%.*s", (int)length, list);
        list += length;
        const char *value = macro_value(mta, name, text);
        if (value == NULL)
            continue;
        buffer_put_text(&mta->out, name);
        buffer_put_text(&mta->out, value);
    }
    packet_end(&mta->out, packet);
}

/* ---- Commands ---- */

static void put_connect(struct conversation *mta)
{
    uint16_t port = htons((uint16_t)mta->port);
    buffer_put_text(&mta->out, "mail.client.example");
    buffer_put(&mta->out, "4", 1);
    buffer_put(&mta->out, &port, sizeof port);
    buffer_put_text(&mta->out, mta->kind->client);
}

static void put_header(struct conversation *mta)
{
    const char *header = mta->item < mta->kind->header_count ? mta->kind->header[mta->item]
                                                             : "X-Filler: a field of some length";
    size_t name = strcspn(header, ":");
    buffer_put(&mta->out, header, name);
    buffer_put_text(&mta->out, "");
    buffer_put_text(&mta->out, header + name + 1 + strspn(header + name + 1, " "));
}

static void put_data(struct conversation *mta)
{
    static const char body[BODY_SIZE];
    switch (mta->step) {
    case NEGOTIATE:
        buffer_put_number(&mta->out, VERSION);
        buffer_put_number(&mta->out, ALL_ACTIONS);
        buffer_put_number(&mta->out, ALL_FLAGS);
        break;
    case CONNECT:
        put_connect(mta);
        break;
    case HELO:
        buffer_put_text(&mta->out, mta->kind->helo);
        break;
    case MAIL:
        buffer_put_text(&mta->out, mta->kind->from);
        break;
    case RCPT:
        buffer_put_text(&mta->out, mta->kind->rcpt[mta->item]);
        break;
    case HEADER:
        put_header(mta);
        break;
    case BODY:
        buffer_put(&mta->out, body, sizeof body);
        break;
    default:
        break;
    }
}

/* As smtpd_data_restrictions do: a request, and no DATA before its answer. */
static void report(struct conversation *mta)
{
    char text[256], request[1024], answer[64];
    const char *version = kind_macro(mta->kind, "{tls_version}"), *cipher = kind_macro(mta->kind, "{cipher}");
    int length = snprintf(
        request, sizeof request,
        "request=smtpd_access_policy\nprotocol_state=DATA\nclient_address=%s\nclient_port=%d\n"
        "server_address=%s\nserver_port=%d\nqueue_id=%s\nccert_fingerprint=%s\nccert_pubkey_fingerprint=%s\n"
        "encryption_protocol=%s\nencryption_cipher=%s\n\n",
        mta->kind->client, mta->port, fixed_macro("{daemon_addr}"), SERVER_PORT, macro_value(mta, "i", text),
        mta->kind->report, mta->kind->report, version != NULL ? version : "", cipher != NULL ? cipher : "");
    if (send(*mta->reports, request, (size_t)length, MSG_NOSIGNAL) != length
        || recv(*mta->reports, answer, sizeof answer, 0) <= 0)
        break_off(mta, "postfix_facts does not answer");
}

static void flush(struct conversation *mta)
{
    for (size_t sent = 0; sent < mta->out.length;) {
        ssize_t size = send(mta->fd, mta->out.octets + sent, mta->out.length - sent, MSG_NOSIGNAL);
        if (size <= 0) {
            break_off(mta, "the filter takes nothing");
            return;
        }
        sent += (size_t)size;
    }
    mta->out.length = 0;
    mta->asked_at = monotonic_ns();
}

/* ---- From step to step ---- */

/* The step behind this one, which is done with. */
static void move_on(struct conversation *mta)
{
    size_t items = mta->step == RCPT ? mta->kind->rcpt_count : mta->step == HEADER ? HEADERS : 1;
    if (++mta->item < items)
        return;
    mta->item = 0;
    mta->step++;
}

static void add_outcome(struct conversation *mta, const char *stage, const char *what)
{
    size_t length = strlen(mta->outcome);
    snprintf(mta->outcome + length, sizeof mta->outcome - length, "%s%s%s", length ? " + " : "", stage, what);
}

static void put_abort(struct conversation *mta)
{
    packet_end(&mta->out, packet_begin(&mta->out, 'A'));
}

static void accepted(struct conversation *mta)
{
    add_outcome(mta, "", mta->held ? "hold" : "accept");
    put_abort(mta);
    mta->state = READY;
}

/* Says what comes next, up to what is answered. */
static void go_on(struct conversation *mta)
{
    bool answered = false;
    while (mta->state == WAITING && !answered) {
        if (mta->step == MAIL && mta->number == 0) { /* HELO is behind us, and no mail chosen yet */
            mta->state = READY;
            break;
        }
        if (mta->step == DATA && mta->kind->report != NULL && *mta->reports >= 0)
            report(mta);
        if (steps[mta->step].stage >= 0)
            put_macros(mta, steps[mta->step].stage);
        if (mta->flags & steps[mta->step].left_out) {
            move_on(mta);
            continue;
        }
        size_t packet = packet_begin(&mta->out, steps[mta->step].command);
        put_data(mta);
        packet_end(&mta->out, packet);
        answered = !(mta->flags & steps[mta->step].unanswered);
        if (!answered)
            move_on(mta);
    }
    if (answered)
        flush(mta);
}

void conversation_begin(struct conversation *mta, const struct kind *kind)
{
    mta->kind = kind;
    mta->helo = kind->helo;
    mta->step = NEGOTIATE;
    mta->state = WAITING;
    go_on(mta);
}

void conversation_mail(struct conversation *mta, const struct kind *kind, uint64_t number)
{
    mta->kind = kind;
    mta->number = number;
    mta->outcome[0] = '\0';
    mta->accepted = 0;
    mta->held = false;
    mta->step = strcmp(mta->helo, kind->helo) != 0 ? HELO : MAIL;
    mta->helo = kind->helo;
    mta->item = 0;
    mta->state = WAITING;
    go_on(mta);
}

/* ---- Answers ---- */

/* Flags and macro lists that the filter asks for. */
static void negotiated(struct conversation *mta, const char *data, size_t length)
{
    if (length < 12) {
        break_off(mta, "a short answer");
        return;
    }
    mta->flags = number_at(data + 8);
    for (size_t at = 12; at + 5 <= length;) {
        uint32_t stage = number_at(data + at);
        at += 4;
        if (stage < STAGES && mta->lists[stage] == NULL)
            mta->lists[stage] = strdup(data + at);
        at += strlen(data + at) + 1;
    }
    move_on(mta);
}

/* Nothing is aborted that the filter itself has ended; a mail that no recipient is left of goes on for it. */
static void refused(struct conversation *mta, const char *reply)
{
    char stage[16];
    snprintf(stage, sizeof stage, "%s ", steps[mta->step].name);
    add_outcome(mta, stage, reply);
    if (mta->step == RCPT) {
        move_on(mta);
        if (mta->step == RCPT || mta->accepted != 0)
            return;
        put_abort(mta);
    }
    mta->state = mta->step < MAIL ? BROKEN : READY;
}

static void let_through(struct conversation *mta)
{
    if (mta->step == RCPT)
        mta->accepted++;
    if (mta->step == EOM)
        accepted(mta);
    else
        move_on(mta);
}

/* One packet of the filter; `data` ends with a NUL. */
static void heard(struct conversation *mta, char command, const char *data, size_t length)
{
    if (strchr("+-2behimp", command) != NULL) /* changes of the message, or "not yet": no answer */
        return;
    if (command == 'q') {
        mta->held = true;
        return;
    }
    if (mta->step == MAIL)
        mta->mail_ns = monotonic_ns() - mta->asked_at;
    if (command == 'O' && mta->step == NEGOTIATE)
        negotiated(mta, data, length);
    else if (command == 'c' || command == 's')
        let_through(mta);
    else if (command == 'a' && mta->step >= MAIL)
        accepted(mta);
    else if (command == 'y' || command == 'r' || command == 't')
        refused(mta, command == 'y' ? data : command == 'r' ? "reject" : "tempfail");
    else
        break_off(mta, "an answer that is none");
    if (mta->state == WAITING)
        go_on(mta);
}

void conversation_hear(struct conversation *mta)
{
    ssize_t size = recv(mta->fd, mta->in + mta->in_length, sizeof mta->in - mta->in_length, MSG_DONTWAIT);
    if (size <= 0) {
        break_off(mta, "the filter hung up");
        return;
    }
    mta->in_length += (size_t)size;
    while (mta->state == WAITING && mta->in_length > 4) {
        size_t length = number_at(mta->in);
        if (length == 0 || length >= PACKET_MAX) {
            break_off(mta, "a packet of impossible length");
            return;
        }
        if (mta->in_length < 4 + length)
            return;
        char packet[PACKET_MAX];
        memcpy(packet, mta->in + 4, length);
        packet[length] = '\0';
        mta->in_length -= 4 + length;
        memmove(mta->in, mta->in + 4 + length, mta->in_length);
        heard(mta, packet[0], packet + 1, length - 1);
    }
}

void conversation_end(struct conversation *mta)
{
    packet_end(&mta->out, packet_begin(&mta->out, 'Q'));
    if (mta->state != BROKEN)
        flush(mta);
    close(mta->fd);
    for (size_t i = 0; i < STAGES; i++)
        free(mta->lists[i]);
    free(mta->out.octets);
}
