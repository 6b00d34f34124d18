/* SPDX-License-Identifier: MIT */
/*
 * sever.c -- garbage lets go of the living                             [floor 5]
 */
#include "collector/collector.h"

#include <stdio.h>

/* References among the condemned need no counting down: all of them go together. */
static void drop_reference(void *referent, void *context)
{
    (void)context;
    if (ouro__is_suspect(referent)) return;
    ouro_decref(referent);
}

void ouro__sever(struct ouro__collector *collector, struct ouro__pool *pool)
{
    OURO__EACH_SUSPECT (entry, pool) {
        ouro__visit(entry, drop_reference, collector);
        ouro__life_release(collector->life, entry, ouro__shape_of(entry));
    }
}

/* SAVEALL: what was found lives on, held by the heap. */
void ouro__save_garbage(struct ouro__collector *collector)
{
    for (struct ouro__pool *pool = collector->set; pool != NULL; pool = pool->set_next) {
        OURO__EACH_SUSPECT (entry, pool) {
            ouro__word_untrap(entry);
            *ouro__count_of(entry) = 0;
            *ouro__word_of(entry) = (*ouro__word_of(entry) | OURO__SAVED) + 1;
            collector->saved++;
            if ((collector->debug & OURO_DEBUG_UNCOLLECTABLE) != 0)
                fprintf(stderr, "ouro: uncollectable <%s %p>\n", ouro__type_of(entry)->name, entry);
        }
    }
    collector->garbage += collector->saved;
    collector->suspects = 0;
}
