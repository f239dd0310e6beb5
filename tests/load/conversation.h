/* SPDX-License-Identifier: BSD-2-Clause */
/* One connection of an MTA to the filter: what it says, and what came of each mail. */
#ifndef LOAD_CONVERSATION_H
#define LOAD_CONVERSATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "packet.h"
#include "scenario.h"

enum step { NEGOTIATE, CONNECT, HELO, MAIL, RCPT, DATA, HEADER, EOH, BODY, EOM, STEPS };
enum { STAGES = 7, OUTCOME_SIZE = 1024, PACKET_MAX = 4096 };

/* Where a conversation stands when it is the driver's turn. */
enum state {
    WAITING, /* for the filter's answer */
    READY,   /* for the next mail */
    BROKEN   /* the filter said what it must not, or hung up; `outcome` tells */
};

struct conversation {
    int fd, port;       /* `port`: the client's, and what tells this connection from others */
    const int *reports; /* where postfix_facts listens, a connected socket; -1: nowhere */
    enum state state;
    enum step step;          /* whose answer is awaited */
    uint32_t flags;          /* SMFIP_* as negotiated */
    char *lists[STAGES];     /* macro lists that the filter asked for, by stage; NULL: the MTA's own */
    const char *helo;        /* the last one told */
    const struct kind *kind; /* of the mail on its way, or the last one */
    uint64_t number;         /* of this mail, in its queue id */
    size_t item, accepted;   /* recipient or header; recipients that the filter let through */
    bool held;
    char outcome[OUTCOME_SIZE];
    uint64_t asked_at, mail_ns; /* when the awaited answer was asked for; how long MAIL's took */
    struct buffer out;
    char in[4 + PACKET_MAX]; /* no answer is longer */
    size_t in_length;
};

uint64_t monotonic_ns(void);

/* Begins on a connected socket: everything up to HELO, as for a mail of that kind. */
void conversation_begin(struct conversation *conversation, const struct kind *kind);

/* The next mail, when READY; its kind must fit into the session. */
void conversation_mail(struct conversation *conversation, const struct kind *kind, uint64_t number);

/* Reads what the filter said, and goes on with it. */
void conversation_hear(struct conversation *conversation);

/* Says goodbye and closes. */
void conversation_end(struct conversation *conversation);

#endif
