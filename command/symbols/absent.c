/* SPDX-License-Identifier: MIT */
/*
 * absent.c -- function, file and line of a place in a program: not known without elfutils
 */
#include "symbols/symbols.h"

#include <stdlib.h>

bool symbols_are_available(void)
{
    return false;
}

struct symbols *symbols_new(void)
{
    return malloc(1);
}

void symbols_free(struct symbols *symbols)
{
    free(symbols);
}

unsigned symbols_find(struct symbols *symbols, const char *path, uint64_t offset,
                      struct symbol *out_symbols, unsigned capacity)
{
    (void)symbols;
    (void)path;
    (void)offset;
    if (capacity > 0) out_symbols[0] = (struct symbol){"", "", 0};
    return 1;
}
