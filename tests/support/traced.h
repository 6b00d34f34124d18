/* SPDX-License-Identifier: MIT */
/*
 * traced.h -- what a traced heap must agree with
 */
#ifndef OURO_TEST_TRACED_H
#define OURO_TEST_TRACED_H

#include <ouro/trace.h>

#include "support/heap.h"

/* Fails unless the sums of the trace are those of the blocks that have numbers, and each of these lives. */
void traced_audit(ouro_heap *heap);

/* Fails unless every living block is traced: of a heap that was traced, exactly, from its beginning. */
void traced_is_complete(ouro_heap *heap);

#endif
