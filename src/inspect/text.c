/* SPDX-License-Identifier: MIT */
/*
 * text.c -- a line that grows, cut where the caller's buffer ends      [floor 7]
 */
#include "inspect/text.h"

#include <stdarg.h>

void ouro__text_begin(struct ouro__text *text, char *buffer, size_t size)
{
    *text = (struct ouro__text){buffer, size, 0};
    if (size > 0) buffer[0] = '\0';
}

void ouro__text_add(struct ouro__text *text, const char *format, ...)
{
    va_list arguments;
    size_t room = text->length < text->size ? text->size - text->length : 0;
    va_start(arguments, format);
    int length = vsnprintf(room > 0 ? text->text + text->length : NULL, room, format, arguments);
    va_end(arguments);
    if (length > 0) text->length += (size_t)length;
}

void ouro__text_add_reference(struct ouro__text *text, const ouro_type *owner, const char *name,
                              ouro_reference_kind kind, const char *index)
{
    ouro__text_add(text, "%s", owner->name);
    switch (kind) {
    case OURO_REFERENCE_ITEM: ouro__text_add(text, ".%s[%s]", name, index); break;
    case OURO_REFERENCE_HOOK: ouro__text_add(text, ".traverse[%s]", index); break;
    case OURO_REFERENCE_EPHEMERON: ouro__text_add(text, " as a key"); break;
    default: ouro__text_add(text, ".%s", name); break;
    }
    ouro__text_add(text, " -> ");
}
