/* SPDX-License-Identifier: MIT */
/*
 * symbols.h -- function, file and line of a place in a program
 *
 * By elfutils' libdwfl: from the module's own debug information, a separate file that a debug link or build id
 * names, or its symbol table.  Built without elfutils nothing is known, and symbols_are_available says so.
 */
#ifndef OURO_COMMAND_SYMBOLS_H
#define OURO_COMMAND_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

struct symbols; /* the modules that were opened so far */

/* What stands at a place.  Inlined calls are told apart: the first is the innermost. */
struct symbol {
    const char *function; /* "" if unknown; lives as long as the symbols */
    const char *file;     /* "" if unknown */
    uint32_t line;        /* 0: unknown */
};

bool symbols_are_available(void);

/* Result: ends with symbols_free.  NULL when memory is refused. */
struct symbols *symbols_new(void);
void symbols_free(struct symbols *symbols);

/*
 * What stands at `offset` in the file `path`, as ouro_snapshot_frame has them: the function inlined there, then
 * those that it is inlined into, then the one that was compiled.  Fills at most `capacity` and returns how many there
 * are; at least one, of which everything may be unknown.  Modules stay open.
 */
unsigned symbols_find(struct symbols *symbols, const char *path, uint64_t offset,
                      struct symbol *out_symbols, unsigned capacity);

#endif
