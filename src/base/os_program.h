/* SPDX-License-Identifier: MIT */
/*
 * os_program.h -- the program that runs: its process, names and code   [floor 0]
 */
#ifndef OURO_BASE_OS_PROGRAM_H
#define OURO_BASE_OS_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The number of the process. */
uint32_t ouro__os_process(void);

/* The name of the program that runs, cut to `size` - 1 bytes; "" if unknown. */
void ouro__os_program_name(char *out_name, size_t size);

/* The path of the program; "" if unknown. */
void ouro__os_program_path(char *out_path, size_t size);

/* Where the calling thread's stack lies; false: not known.  Slow in the first thread, which reads a file. */
bool ouro__os_stack(uintptr_t *out_low, uintptr_t *out_high);

/* Return addresses by unwind tables, this call's own first; 0 where the C library has no unwinder.  The first call of
 * a process loads it, which allocates with malloc. */
int ouro__os_backtrace(void **out_pcs, int capacity);

/* What a code address is part of. */
struct ouro__os_module {
    const char *path;     /* "" for the program itself; NULL: nothing is known */
    const char *function; /* of the dynamic symbol before it, or NULL */
    uint64_t offset;      /* of the address in the module as it was linked */
};
struct ouro__os_module ouro__os_module_of(uintptr_t pc);

#endif
