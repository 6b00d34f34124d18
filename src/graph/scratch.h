/* SPDX-License-Identifier: MIT */
/*
 * scratch.h -- working memory of an algorithm on graphs                [floor 1]
 *
 * One mapping, zero, from which arrays are cut.  It comes from the system and goes back there whole, so that a heap
 * that is looked at does not change.  Pages that are never touched cost nothing: a stack is as long as the worst
 * case and is paid for as deep as it goes.
 */
#ifndef OURO_GRAPH_SCRATCH_H
#define OURO_GRAPH_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ouro__scratch {
    char *start;
    size_t size;
    size_t used;
};

/* Room for `size` bytes, and for what rounding `arrays` arrays to 64 bytes takes.  False: the system has none. */
bool ouro__scratch_open(struct ouro__scratch *scratch, size_t size, size_t arrays);

/* The next `count` entries of `entry` bytes, at a multiple of 64. */
void *ouro__scratch_array(struct ouro__scratch *scratch, size_t count, size_t entry);

/* Asks for huge pages below the caller's arrays, which an algorithm is about to read in no order. */
void ouro__scratch_ease(const void *array, size_t count, size_t entry);

void ouro__scratch_close(struct ouro__scratch *scratch);

#endif
