/* SPDX-License-Identifier: MIT */
/*
 * table.c -- rows under each other
 */
#include "table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { INDENT = 3, GAP = 2, CELL_MAX = 4096, COLUMNS_MAX = 12 };

void table_begin(table *begun, const table_column *columns, size_t width)
{
    *begun = (table){.columns = columns, .width = width};
}

static text *next_cell(table *begun)
{
    if (begun->length == begun->capacity) {
        size_t capacity = begun->capacity * 2 + 64;
        text *cells = realloc(begun->cells, capacity * sizeof(text));
        if (cells == NULL) return NULL;
        begun->cells = cells;
        begun->capacity = capacity;
    }
    begun->cells[begun->length] = (text){0};
    return &begun->cells[begun->length++];
}

void table_cell(table *begun, const char *format, ...)
{
    char buffer[CELL_MAX];
    va_list arguments;
    text *cell = next_cell(begun);
    if (cell == NULL) {
        begun->refused = true;
        return;
    }
    va_start(arguments, format);
    vsnprintf(buffer, sizeof(buffer), format, arguments);
    va_end(arguments);
    text_add(cell, buffer);
    begun->refused = begun->refused || cell->refused;
}

/* Characters, as far as each takes one place. */
static size_t places(const char *words)
{
    size_t count = 0;
    for (; *words != '\0'; words++) count += (*words & 0xc0) != 0x80;
    return count;
}

static void add_cell(text *line, const char *words, size_t width, bool on_the_right, bool is_last)
{
    size_t taken = places(words);
    size_t padding = width > taken ? width - taken : 0;
    if (on_the_right) text_print(line, "%*s", (int)padding, "");
    text_add(line, words);
    if (is_last) return;
    text_print(line, "%*s", (int)(GAP + (on_the_right ? 0 : padding)), "");
}

static void print_all(table *begun, terminal_output *terminal)
{
    size_t widths[COLUMNS_MAX] = {0};
    text line = {0};
    for (size_t c = 0; c < begun->width; c++) widths[c] = places(begun->columns[c].title);
    for (size_t i = 0; i < begun->length; i++) {
        size_t taken = places(text_of(&begun->cells[i]));
        if (taken > widths[i % begun->width]) widths[i % begun->width] = taken;
    }
    for (size_t c = 0; c < begun->width; c++)
        add_cell(&line, begun->columns[c].title, widths[c], begun->columns[c].on_the_right,
                 c + 1 == begun->width);
    terminal_faint(terminal, "%*s%s", INDENT, "", text_of(&line));
    for (size_t i = 0; i < begun->length; i++) {
        size_t c = i % begun->width;
        if (c == 0) text_clear(&line);
        add_cell(&line, text_of(&begun->cells[i]), widths[c], begun->columns[c].on_the_right,
                 c + 1 == begun->width);
        if (c + 1 == begun->width) terminal_say(terminal, "%s", text_of(&line));
    }
    begun->refused = begun->refused || line.refused;
    text_free(&line);
}

bool table_end(table *begun, terminal_output *terminal)
{
    if (!begun->refused) print_all(begun, terminal);
    bool good = !begun->refused;
    for (size_t i = 0; i < begun->length; i++) text_free(&begun->cells[i]);
    free(begun->cells);
    return good;
}
