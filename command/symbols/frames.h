/* SPDX-License-Identifier: MIT */
/*
 * frames.h -- what a frame of a snapshot is called
 */
#ifndef OURO_COMMAND_FRAMES_H
#define OURO_COMMAND_FRAMES_H

#include "symbols.h"

#include <ouro/snapshot.h>

/*
 * Function, file and line as the snapshot has them, else from the debug information of the frame's module; what is not
 * known is "" or 0.  Of calls that are inlined there, the innermost that is not the library's own: a program allocates
 * where it calls ouro_new, not in what that is made of.
 * `symbols` may be NULL: then the snapshot's names are all.  Texts live as long as both.
 */
void frame_name(struct symbols *symbols, const ouro_snapshot *snapshot, uint32_t frame,
                struct symbol *out_named);

#endif
