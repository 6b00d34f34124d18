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

/* name, weight in a random program; what is rare costs as much as hundreds of the others */
#define WORLD_OPERATIONS(X)                                                                        \
    X(NEW, 176)                                                                                    \
    X(OWN, 48)                                                                                     \
    X(DROP, 128)                                                                                   \
    X(SET, 176)                                                                                    \
    X(SET_NULL, 32)                                                                                \
    X(PUT, 48)                                                                                     \
    X(TAKE, 40)                                                                                    \
    X(SWAP, 40)                                                                                    \
    X(APPEND, 56)                                                                                  \
    X(INSERT, 24)                                                                                  \
    X(REPLACE, 24)                                                                                 \
    X(POP, 24)                                                                                     \
    X(REMOVE, 16)                                                                                  \
    X(EMPTY, 8)                                                                                    \
    X(RESERVE, 8)                                                                                  \
    X(WEAK, 32)                                                                                    \
    X(WEAK_CALLBACK, 32)                                                                           \
    X(WEAK_GET, 40)                                                                                \
    X(WEAK_FIELD_SET, 24)                                                                          \
    X(WEAK_FIELD_GET, 16)                                                                          \
    X(COLLECT, 12)                                                                                 \
    X(COLLECT_ALL, 3)                                                                              \
    X(SAFEPOINT, 16)                                                                               \
    X(FREEZE, 8)                                                                                   \
    X(UNFREEZE, 8)                                                                                 \
    X(IMMORTALIZE, 0)                                                                              \
    X(TRIM, 1)                                                                                     \
    X(RAW_NEW, 32)                                                                                 \
    X(RAW_RESIZE, 24)                                                                              \
    X(RAW_FREE, 24)                                                                                \
    X(SCOPE, 16)                                                                                   \
    X(ACCOUNT, 8)                                                                                  \
    X(AUDIT, 2)

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
