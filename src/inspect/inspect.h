/* SPDX-License-Identifier: MIT */
/*
 * inspect.h -- what the files of this room share                       [floor 7]
 */
#ifndef OURO_INSPECT_INSPECT_H
#define OURO_INSPECT_INSPECT_H

#include "heap/heap.h"

/* Dying, or garbage that is condemned already or speaks its last words: nobody is to meet it. */
bool ouro__is_hidden(const void *object);

/* Every object that is not hidden, acyclic ones first, each kind by arena and address. */
void ouro__each_shown(const ouro_heap *heap, void (*visit)(void *object, void *context),
                      void *context);

#endif
