/* SPDX-License-Identifier: MIT */
/*
 * nearby.h -- the proposer that looks near touched objects             [floor 5]
 *
 * Cyclic garbage is made only by a count that changes, or by a reference that moves, and both are touches: so
 * some member of it was touched since it
 * was last looked at.  From a touched object the references are followed a bounded
 * distance; what the explored objects account for among themselves is proposed to the verifier:
 *
 *     touched --> explore: members, and for each the references found to it
 *                 count(x) != found(x): live, and all it reaches
 *                 what is left is proposed
 *
 * The search goes on beyond its allowance only while at least half of what it has
 * followed is accounted for, as in a structure that died and not in one that lives; what looks alive is put
 * off, and left alone when all else is accounted for.  So the cost follows the
 * garbage and not the heap.
 *
 *   [nearby.bounded]  at most OURO_NEARBY_MAX members, however many references there are
 *   [nearby.table]    at most half of the table is used, so a search in it ends
 */
#ifndef OURO_COLLECTOR_NEARBY_H
#define OURO_COLLECTOR_NEARBY_H

#include "collector/collector.h"

struct ouro__member {
    void *entry;
    uint32_t found;     /* references from other members, */
    uint32_t count;     /* and from everywhere: it stays as it is while somebody looks */
    uint16_t next_live; /* the n-th member that was proven live, in the n-th place */
    bool followed;      /* its references were met */
    bool live;
    bool touched; /* the search began at it */
};

/* What is explored in one pass; empty between passes.  Zero at first. */
struct ouro__nearby {
    size_t count;
    size_t closed;    /* members that are accounted for */
    size_t open;      /* members of this search that were followed and are not accounted for */
    size_t alive;     /* members that were proven live */
    size_t looked_at; /* members of the last pass */
    struct ouro__member members[OURO_NEARBY_MAX];
    uint16_t table[2 * OURO_NEARBY_MAX]; /* position + 1 of a member, by its address */
};

/*
 * Looks near the objects that were touched, the latest first, as long as the work takes less than
 * `units`, which are the same on all machines, and `nanoseconds`, of which half are for beginning at
 * another object; proposes what may be garbage to an idle pass, and opens and closes that.  What
 * was looked at and lives is quiet again.  Returns how many objects were proposed.
 */
size_t ouro__nearby_propose(struct ouro__nearby *nearby, struct ouro__collector *pass, long units,
                            uint64_t nanoseconds);

#endif
