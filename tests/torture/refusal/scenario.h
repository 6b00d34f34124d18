/* SPDX-License-Identifier: MIT */
/*
 * scenario.h -- small programs in which memory may be refused anywhere
 *
 * A scenario runs again and again, and each time another request is refused (see
 * refuse.h).  One that is refused checks that the call which failed has changed nothing, lets
 * go of what it has and answers false; the heap's error then says what was refused.  One that
 * runs through answers true.  Either way nothing but garbage in cycles is left behind.
 */
#ifndef OURO_TEST_SCENARIO_H
#define OURO_TEST_SCENARIO_H

#include "support/cell.h"
#include "support/heap.h"

/* One run of a scenario. */
struct trial {
    ouro_heap *heap;
    ouro_heap_options options; /* of that heap, for heaps that the scenario makes itself */
    size_t byte_limit;         /* of that heap now */
    ouro_error error;          /* of a refusal that another than the trial's heap has told */
};

struct scenario {
    const char *name;
    bool (*run)(struct trial *trial);
    ouro_heap_options options; /* what the scenario needs of its heap */
};

/* The scenarios of one subject. */
struct scenario_table {
    const struct scenario *scenarios;
    size_t count;
};

#define SCENARIO(function) {.name = #function, .run = function}
#define SCENARIO_IN(function, ...) {.name = #function, .run = function, .options = {__VA_ARGS__}}
#define SCENARIO_TABLE(subject, scenarios)                                                         \
    const struct scenario_table subject##_scenarios = {scenarios, COUNT_OF(scenarios)}

extern const struct scenario_table object_scenarios, vector_scenarios, raw_scenarios,
    weak_scenarios, finalizer_scenarios, collection_scenarios, death_scenarios, holding_scenarios,
    keeping_scenarios, heap_scenarios, limit_scenarios, page_scenarios, inspection_scenarios,
    program_scenarios;

/* ---- what scenarios are made of ---- */

typedef struct node {
    struct node *left, *right;
    size_t number;
} node;
extern ouro_type node_type;

/* References behind a struct. */
typedef struct row {
    size_t length;
    void *items[];
} row;
extern ouro_type row_type;

/* A complete tree; NULL when memory is refused. */
OURO_OWNED node *tree_new(ouro_heap *heap, unsigned depth);

/* A chain of so many nodes, owned; NULL when memory is refused. */
OURO_OWNED node *chain_new(ouro_heap *heap, size_t length);

/* A ring of so many nodes that nobody holds in the end; false when memory is refused. */
bool ring_is_lost(ouro_heap *heap, size_t length);

/* Rings of 1 to `longest` nodes. */
bool rings_are_lost(ouro_heap *heap, size_t longest);

/* Everything alive is old from now on. */
void make_old(ouro_heap *heap);

#endif
