/* SPDX-License-Identifier: MIT */
/*
 * text.h -- a line that grows, cut where the caller's buffer ends      [floor 7]
 */
#ifndef OURO_INSPECT_TEXT_H
#define OURO_INSPECT_TEXT_H

#include <ouro/inspect.h>

struct ouro__text {
    char *text;
    size_t size;
    size_t length; /* of the whole */
};

void ouro__text_begin(struct ouro__text *text, char *buffer, size_t size);

void ouro__text_add(struct ouro__text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A reference that holds, and an arrow behind it: `list.items[3] -> `.  `index` stands in the brackets of an item. */
void ouro__text_add_reference(struct ouro__text *text, const ouro_type *owner, const char *name,
                              ouro_reference_kind kind, const char *index);

#endif
