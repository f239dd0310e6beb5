/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Option negotiation of the milter protocol, as Postfix and Sendmail begin every
 * session with a filter: a length of four octets, the command SMFIC_OPTNEG, and
 * version, actions and steps of four octets each. Knows nothing of how the socket was reached.
 */
#include "policy/tool/negotiate.h"

#include <errno.h>
#include <stdint.h>

/* Version 6, every action and every step, as a current MTA offers them. */
static const unsigned char offer[] = {0, 0, 0, 13, 'O', 0, 0, 0, 6, 0, 0, 1, 0xff, 0, 0x1f, 0xff, 0xff};
static const unsigned char quit[] = {0, 0, 0, 1, 'Q'};

/* After its three numbers a reply may carry lists of macros. */
enum { LEAST = 13, MOST = 64 * 1024, HEAD = 5 };

static int receive_all(struct stream *stream, unsigned char *octets, size_t size)
{
    size_t count = 0;
    int why = 0;

    while (size > 0 && (why = stream_receive(stream, octets, size, &count)) == 0) {
        octets += count;
        size -= count;
    }
    return why;
}

static uint32_t number_at(const unsigned char *octets)
{
    return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 | octets[3];
}

/* Reads a whole reply to the offer. Returns 0 or an errno. */
static int receive_reply(struct stream *stream)
{
    unsigned char head[HEAD], rest[512];
    uint32_t left;
    int why = receive_all(stream, head, sizeof head);

    if (why != 0)
        return why;
    left = number_at(head);
    if (head[4] != 'O' || left < LEAST || left > MOST)
        return EPROTO;
    for (left--; left > 0 && why == 0;) {
        size_t part = left < sizeof rest ? left : sizeof rest;

        why = receive_all(stream, rest, part);
        left -= (uint32_t)part;
    }
    return why;
}

int milter_negotiate(struct stream *stream)
{
    int why = stream_send(stream, offer, sizeof offer);

    if (why == 0)
        why = receive_reply(stream);
    if (why == 0)
        stream_send(stream, quit, sizeof quit); /* if the filter is gone by now, it has still answered */
    return why == EPIPE ? ECONNRESET : why;
}

int milter_answers(const char *spec, int seconds)
{
    struct stream stream;
    int why = stream_open(&stream, spec, seconds);

    if (why == 0)
        why = milter_negotiate(&stream);
    stream_close(&stream);
    return why;
}
