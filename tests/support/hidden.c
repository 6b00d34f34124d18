/* SPDX-License-Identifier: MIT */
#include "support/hidden.h"

static int hidden_traverse(void *object, ouro_visit visit, void *argument)
{
    hidden *self = object;
    return self->next != NULL ? visit(self->next, argument) : 0;
}

ouro_type hidden_type = OURO_TYPE(hidden, .traverse = hidden_traverse);
