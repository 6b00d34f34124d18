/* SPDX-License-Identifier: MIT */
/*
 * refusal.h -- memory that is refused at a chosen point
 *
 * A refusal is the context of ouro_heap_options.refuse.  It counts what is
 * asked for and says no at number `at`: once, a few times, or from there on.
 */
#ifndef OURO_TEST_REFUSAL_H
#define OURO_TEST_REFUSAL_H

#include "support/test.h"

#define REFUSAL_NEVER SIZE_MAX

struct refusal {
    size_t at;     /* the first request to refuse, counted from 0 */
    bool for_ever; /* and all that follow */
    size_t more;   /* or so many that follow */
    size_t seen;
    size_t refused;
};

/* For ouro_heap_options.refuse; the context is the refusal. */
bool refusal_decides(void *context, size_t bytes);

/* A heap whose every allocation asks the refusal. */
ouro_heap *refusal_heap(struct refusal *refusal);

/* From now on everything is refused. */
void refusal_of_everything(struct refusal *refusal);

/* From now on nothing is. */
void refusal_ends(struct refusal *refusal);

#endif
