/* SPDX-License-Identifier: MIT */
/*
 * text.h -- a line that grows, cut where the caller's buffer ends      [floor 7]
 */
#ifndef OURO_INSPECT_TEXT_H
#define OURO_INSPECT_TEXT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

struct ouro__text {
    char *text;
    size_t size;
    size_t length; /* of the whole */
};

static inline void ouro__text_begin(struct ouro__text *text, char *buffer, size_t size)
{
    *text = (struct ouro__text){buffer, size, 0};
    if (size > 0) buffer[0] = '\0';
}

static inline void ouro__text_add(struct ouro__text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static inline void ouro__text_add(struct ouro__text *text, const char *format, ...)
{
    va_list arguments;
    size_t room = text->length < text->size ? text->size - text->length : 0;
    va_start(arguments, format);
    int length = vsnprintf(room > 0 ? text->text + text->length : NULL, room, format, arguments);
    va_end(arguments);
    if (length > 0) text->length += (size_t)length;
}

#endif
