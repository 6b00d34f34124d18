/* SPDX-License-Identifier: MIT */
/*
 * child.h -- a forked child writes, while the program goes on
 */
#ifndef OURO_SNAPSHOT_CHILD_H
#define OURO_SNAPSHOT_CHILD_H

#include <ouro/snapshot.h>

/* Forks; the child calls `save` and ends.  OURO_BUSY while the one before of this heap is at work. */
ouro_status ouro__child_save(ouro_heap *heap, const char *path,
                             ouro_status (*save)(ouro_heap *heap, const char *path,
                                                 ouro_error *error),
                             ouro_error *error);

/* How it ended; OURO_EMPTY when there is none. */
ouro_status ouro__child_wait(ouro_heap *heap, ouro_error *error);

#endif
