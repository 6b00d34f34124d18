/* SPDX-License-Identifier: MIT */
/*
 * protobuf.h -- the little of protocol buffers that a profile needs
 *
 * Varints, strings and messages inside messages, as https://protobuf.dev/programming-guides/encoding/ has them.
 */
#ifndef OURO_EXPORT_PROTOBUF_H
#define OURO_EXPORT_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct message {
    unsigned char *bytes;
    size_t size, capacity;
    bool refused; /* there was no memory at some time */
} message;

/* A field that is 0 need not be written, and is not. */
void message_number(message *built, unsigned field, uint64_t number);
void message_bytes(message *built, unsigned field, const void *bytes, size_t size);
void message_inside(message *built, unsigned field, const message *inside);

/* Numbers of a packed field; the first call of a row of them into an empty message of their own. */
void message_packed(message *built, uint64_t number);

void message_clear(message *built);
void message_free(message *built);

#endif
