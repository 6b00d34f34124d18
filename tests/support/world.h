/* SPDX-License-Identifier: MIT */
/*
 * world.h -- a heap and its model, in lockstep
 *
 * The world is a program: it holds objects, stores them in each other, and
 * drops them again.  Each operation is a few numbers; what they mean depends on
 * what there is (the third thing held, its second slot), so that any list of operations is
 * a program and so is any part of it.  Everything is done to the heap and to the model, and
 * after each operation both must agree.
 */
#ifndef OURO_TEST_WORLD_H
#define OURO_TEST_WORLD_H

#include <ouro/ouro.h>

#include "support/kinds.h"
#include "support/model.h"
#include "support/sequence.h"

enum { WORLD_HELD = 256, WORLD_RAW = 16 };

/* name, weight in a random program */
#define WORLD_OPERATIONS(X)                                                                        \
    X(NEW, 22)                                                                                     \
    X(OWN, 6)                                                                                      \
    X(DROP, 16)                                                                                    \
    X(SET, 22)                                                                                     \
    X(SET_NULL, 4)                                                                                 \
    X(PUT, 6)                                                                                      \
    X(TAKE, 5)                                                                                     \
    X(SWAP, 5)                                                                                     \
    X(APPEND, 7)                                                                                   \
    X(INSERT, 3)                                                                                   \
    X(REPLACE, 3)                                                                                  \
    X(POP, 3)                                                                                      \
    X(REMOVE, 2)                                                                                   \
    X(EMPTY, 1)                                                                                    \
    X(RESERVE, 1)                                                                                  \
    X(WEAK, 4)                                                                                     \
    X(WEAK_CALLBACK, 4)                                                                            \
    X(WEAK_GET, 5)                                                                                 \
    X(WEAK_FIELD_SET, 3)                                                                           \
    X(WEAK_FIELD_GET, 2)                                                                           \
    X(COLLECT, 3)                                                                                  \
    X(COLLECT_ALL, 1)                                                                              \
    X(SAFEPOINT, 2)                                                                                \
    X(FREEZE, 1)                                                                                   \
    X(UNFREEZE, 1)                                                                                 \
    X(IMMORTALIZE, 0)                                                                              \
    X(TRIM, 1)                                                                                     \
    X(RAW_NEW, 4)                                                                                  \
    X(RAW_RESIZE, 3)                                                                               \
    X(RAW_FREE, 3)                                                                                 \
    X(SCOPE, 2)                                                                                    \
    X(ACCOUNT, 1)                                                                                  \
    X(AUDIT, 1)

enum world_code {
#define WORLD_CODE_(name, weight) WORLD_##name,
    WORLD_OPERATIONS(WORLD_CODE_)
#undef WORLD_CODE_
        WORLD_CODES,
};

/* How a world is made. */
struct world_setup {
    const char *name;
    ouro_heap_options options;
    unsigned held;        /* how much the program holds at most */
    unsigned alive;       /* when it stops to make more */
    unsigned audit_every; /* operations between two audits; 0: only when asked */
    bool acting;          /* finalizers and callbacks act, too */
};

/* Builds a heap and an empty model of it.  One world at a time.  `trace`,
 * unless NULL, hears what is done. */
void world_open(const struct world_setup *setup, FILE *trace);

void world_do(const struct operation *operation);

/* The code of an operation, as likely as its weight says. */
uint8_t world_choose(struct random *random);

/* A world as a place for sequences. */
struct sequence_stage world_stage(const struct world_setup *setup);

/* Compares everything with everything. */
void world_audit(void);

/* Ends the heap and compares its report.  With `drop_first`, the program lets
 * go of everything before. */
void world_close(bool drop_first);

/* What the worlds of this process have been through, for the record. */
struct world_tally {
    size_t operations, births, deaths, finalized, callbacks, collections, collected, audits;
};
extern struct world_tally world_tally;

#endif
