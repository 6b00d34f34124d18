/* SPDX-License-Identifier: MIT */
/*
 * refusal.c -- memory that is refused at a chosen point
 */
#include "support/refusal.h"

#include "support/heap.h"

bool refusal_decides(void *context, size_t bytes)
{
    struct refusal *refusal = context;
    (void)bytes;
    size_t number = refusal->seen++;
    bool refuse =
        number >= refusal->at && (refusal->for_ever || number - refusal->at <= refusal->more);
    refusal->refused += refuse;
    return refuse;
}

ouro_heap *refusal_heap(struct refusal *refusal)
{
    return test_heap_new(&(ouro_heap_options){
        .one_at_a_time = true,
        .refuse = refusal_decides,
        .refuse_context = refusal,
        .collector_off = true,
    });
}

void refusal_of_everything(struct refusal *refusal)
{
    refusal->at = refusal->seen;
    refusal->for_ever = true;
}

void refusal_ends(struct refusal *refusal)
{
    refusal->at = REFUSAL_NEVER;
    refusal->for_ever = false;
}
