/* SPDX-License-Identifier: BSD-2-Clause */
/* Octets of the milter protocol on their way out: packets put together in a buffer that grows. */
#ifndef LOAD_PACKET_H
#define LOAD_PACKET_H

#include <stddef.h>
#include <stdint.h>

struct buffer {
    char *octets;
    size_t length, room;
};

/* Ends the program with that text: a load driver without memory or input has nothing to measure. */
_Noreturn void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));

void buffer_put(struct buffer *buffer, const void *octets, size_t length);
void buffer_put_text(struct buffer *buffer, const char *text); /* with its NUL */
void buffer_put_number(struct buffer *buffer, uint32_t number);

/* Begins a packet; what is put in then belongs to it, until packet_end() with the place that this answers. */
size_t packet_begin(struct buffer *buffer, char command);
void packet_end(struct buffer *buffer, size_t begin);

uint32_t number_at(const char *octets);

#endif
