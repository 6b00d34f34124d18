/* SPDX-License-Identifier: MIT */
/*
 * sought.h -- whether a walk over objects meets one
 */
#ifndef OURO_TEST_SOUGHT_H
#define OURO_TEST_SOUGHT_H

#include "support/test.h"

struct sought {
    const void *object;
    bool found;
};

/* An ouro_visit; the argument is a struct sought. */
static inline int seek(void *object, void *argument)
{
    struct sought *sought = argument;
    if (object == sought->object) sought->found = true;
    return 0;
}

#endif
