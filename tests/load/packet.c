/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the milter protocol puts octets on the wire: a packet is its length in
 * four octets, a command of one, and data in which texts end with a NUL. What
 * the commands mean is not known here.
 */
#include "packet.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void give_up(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fputs("driver: ", stderr);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    va_end(values);
    exit(2);
}

void buffer_put(struct buffer *buffer, const void *octets, size_t length)
{
    if (buffer->room - buffer->length < length) {
        buffer->room = 2 * (buffer->length + length);
        buffer->octets = realloc(buffer->octets, buffer->room);
        if (buffer->octets == NULL)
            give_up("out of memory");
    }
    memcpy(buffer->octets + buffer->length, octets, length);
    buffer->length += length;
}

void buffer_put_text(struct buffer *buffer, const char *text)
{
    buffer_put(buffer, text, strlen(text) + 1);
}

void buffer_put_number(struct buffer *buffer, uint32_t number)
{
    uint32_t octets = htonl(number);
    buffer_put(buffer, &octets, sizeof octets);
}

size_t packet_begin(struct buffer *buffer, char command)
{
    size_t begin = buffer->length;
    buffer_put_number(buffer, 0);
    buffer_put(buffer, &command, 1);
    return begin;
}

void packet_end(struct buffer *buffer, size_t begin)
{
    uint32_t length = htonl((uint32_t)(buffer->length - begin - sizeof length));
    memcpy(buffer->octets + begin, &length, sizeof length);
}

uint32_t number_at(const char *octets)
{
    uint32_t number;
    memcpy(&number, octets, sizeof number);
    return ntohl(number);
}
