/* SPDX-License-Identifier: MIT */
/*
 * text.h -- text that grows
 *
 * A text is built by adding to it and read as a string.  When memory is refused it stays as it is and says
 * so in `refused`: whoever builds one asks once, in the end.  All zero is an empty text.
 */
#ifndef OURO_COMMAND_TEXT_H
#define OURO_COMMAND_TEXT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct text {
    char *bytes; /* ended by NUL; NULL: still empty */
    size_t length;
    size_t capacity;
    bool refused;
} text;

void text_add(text *built, const char *words);
__attribute__((format(printf, 2, 3))) void text_print(text *built, const char *format, ...);

/*
 * Adds words that came from a file, safe for a terminal and on one line: control characters, quotes and
 * backslashes as C writes them.  At most `limit` characters of UTF-8, then "..."; 0: all.
 */
void text_add_safely(text *built, const char *words, size_t limit);

/* As a string; "" while empty. */
const char *text_of(const text *built);

/* Empty again, with its memory. */
void text_clear(text *built);
void text_free(text *built);

#endif
