/* SPDX-License-Identifier: MIT */
/*
 * frames.c -- what a frame of a snapshot is called
 */
#include "symbols/frames.h"

#include <string.h>

enum { INLINED = 8 };

static void name_place(struct symbols *symbols, const char *module, uint64_t offset,
                       struct symbol *out_named)
{
    struct symbol there[INLINED];
    unsigned count = symbols_find(symbols, module, offset, there, INLINED), at = 0;
    while (at + 1 < count && strncmp(there[at].function, "ouro__", 6) == 0) at++;
    *out_named = there[at];
}

void frame_name(struct symbols *symbols, const ouro_snapshot *snapshot, uint32_t frame,
                struct symbol *out_named)
{
    const ouro_snapshot_frame *row = &snapshot->frames[frame];
    const char *const *strings = snapshot->strings;
    *out_named = (struct symbol){
        .function = strings[row->function], .file = strings[row->file], .line = row->line};
    if (*out_named->function == '\0' && row->pc != 0 && row->module != 0 && symbols != NULL)
        name_place(symbols, strings[row->module], row->offset, out_named);
}
