/* SPDX-License-Identifier: MIT */
/*
 * protobuf.c -- the little of protocol buffers that a profile needs
 */
#include "protobuf.h"

#include <stdlib.h>
#include <string.h>

enum { WIRE_VARINT = 0, WIRE_LENGTH = 2, VARINT_MAX = 10 };

static bool reserve(message *built, size_t more)
{
    if (built->refused || built->capacity - built->size >= more) return !built->refused;
    size_t capacity = (built->size + more) * 2;
    unsigned char *bytes = realloc(built->bytes, capacity);
    if (bytes == NULL) {
        built->refused = true;
        return false;
    }
    built->bytes = bytes;
    built->capacity = capacity;
    return true;
}

void message_packed(message *built, uint64_t number)
{
    if (!reserve(built, VARINT_MAX)) return;
    for (; number >= 0x80; number >>= 7)
        built->bytes[built->size++] = (unsigned char)(number | 0x80);
    built->bytes[built->size++] = (unsigned char)number;
}

void message_number(message *built, unsigned field, uint64_t number)
{
    if (number == 0) return;
    message_packed(built, field << 3 | WIRE_VARINT);
    message_packed(built, number);
}

void message_bytes(message *built, unsigned field, const void *bytes, size_t size)
{
    message_packed(built, field << 3 | WIRE_LENGTH);
    message_packed(built, size);
    if (size == 0 || !reserve(built, size)) return;
    memcpy(built->bytes + built->size, bytes, size);
    built->size += size;
}

void message_inside(message *built, unsigned field, const message *inside)
{
    if (inside->refused) built->refused = true;
    message_bytes(built, field, inside->bytes, inside->size);
}

void message_clear(message *built)
{
    built->size = 0;
}

void message_free(message *built)
{
    free(built->bytes);
    *built = (message){0};
}
