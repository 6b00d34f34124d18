/* SPDX-License-Identifier: MIT */
/*
 * table.h -- rows under each other
 *
 * Columns are as wide as what stands in them; the last one is not cut, so names go there.
 */
#ifndef OURO_COMMAND_TABLE_H
#define OURO_COMMAND_TABLE_H

#include "terminal.h"
#include "text.h"

typedef struct table_column {
    const char *title;
    bool on_the_right; /* figures */
} table_column;

typedef struct table {
    const table_column *columns;
    size_t width; /* columns */
    text *cells;
    size_t length, capacity;
    bool refused;
} table;

void table_begin(table *begun, const table_column *columns, size_t width);

/* The next cell, row by row. */
__attribute__((format(printf, 2, 3))) void table_cell(table *begun, const char *format, ...);

/* Prints it, and frees it.  False: there was no memory for it. */
bool table_end(table *begun, terminal_output *terminal);

#endif
