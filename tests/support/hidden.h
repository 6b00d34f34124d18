/* SPDX-License-Identifier: MIT */
/*
 * hidden.h -- an object with a reference that only its traverse hook knows
 */
#ifndef OURO_TEST_HIDDEN_H
#define OURO_TEST_HIDDEN_H

#include "support/test.h"

typedef struct hidden {
    void *next;
} hidden;

extern ouro_type hidden_type;

#endif
