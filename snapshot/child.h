/* SPDX-License-Identifier: MIT */
/*
 * child.h -- a forked child writes, while the program goes on
 */
#ifndef OURO_SNAPSHOT_CHILD_H
#define OURO_SNAPSHOT_CHILD_H

#include <ouro/snapshot.h>

/* Writes a heap to a path. */
typedef ouro_status ouro__save_function(ouro_heap *heap, const char *path,
                                        const ouro_snapshot_options *options, ouro_error *error);

/* Forks; the child calls `save` and ends.  OURO_BUSY while the one before of this heap is at work. */
ouro_status ouro__child_save(ouro_heap *heap, const char *path,
                             const ouro_snapshot_options *options, ouro__save_function *save,
                             ouro_error *error);

/* How it ended; OURO_EMPTY when there is none. */
ouro_status ouro__child_wait(ouro_heap *heap, ouro_error *error);

#endif
