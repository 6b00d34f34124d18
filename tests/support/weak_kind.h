/* SPDX-License-Identifier: MIT */
/*
 * weak_kind.h -- maps of weak keys, maps of weak values and weak sets, as one
 *
 * What is asked of all three is written once, for a `kind`.  What a kind looks at is a cell; its number is the key
 * in a map of weak values, and stands in an atom that is the value in a map of weak keys.
 */
#ifndef OURO_TEST_WEAK_KIND_H
#define OURO_TEST_WEAK_KIND_H

#include "support/cell.h"

struct weak_kind {
    void *(*make)(ouro_heap *heap); /* owned; it must succeed */
    void (*add)(void *map, cell *thing);
    bool (*contains)(void *map, cell *thing);
    bool (*take)(void *map, cell *thing); /* an entry out; false when there was none */
    size_t (*length)(void *map);
    void (*clear)(void *map);
    cell *(*next)(void *map, ouro_weak_cursor *cursor); /* what is looked at, owned, or NULL */
};

extern const struct weak_kind weak_keyed, weak_valued, weak_set;

/* How many there are from the cursor on. */
size_t weak_kind_count_rest(const struct weak_kind *kind, void *map, ouro_weak_cursor *cursor);

/* Goes one entry on, and there must be one. */
void weak_kind_meet_one(const struct weak_kind *kind, void *map, ouro_weak_cursor *cursor);

#endif
