/* SPDX-License-Identifier: MIT */
/*
 * sever.c -- garbage lets go of the living                             [floor 5]
 */
#include "collector/collector.h"

#include <stdio.h>

/* References among the condemned need no counting down: all of them go together. */
static void drop_reference(void *referent, void *context)
{
    struct ouro__collector *collector = context;
    if (ouro__is_suspect(referent, collector->lane)) return;
    ouro_decref(referent);
}

/* What an object has besides references goes when its last reference is dropped. */
static void release(struct ouro__collector *collector, void *entry)
{
    if (ouro__half_of(collector)->owner != NULL) return; /* not yet */
    ouro__life_release(collector->life, entry, ouro__shape_of(entry));
}

static void sever(struct ouro__collector *collector, void *entry)
{
    if (!ouro__is_suspect(entry, collector->lane)) return;
    ouro__set_visit(collector, entry, drop_reference);
    release(collector, entry);
}

void ouro__sever(struct ouro__collector *collector)
{
    void *owner = ouro__half_of(collector)->owner;
    if (ouro__cut_resume(collector, drop_reference))
        release(collector, owner);
    else
        ouro__set_walk(collector, sever);
}

/* ---- debug flags ---- */

static void print(const char *what, const void *entry)
{
    fprintf(stderr, "ouro: %s <%s %p>\n", what, ouro__type_of(entry)->name, entry);
}

/* Under SAVEALL what was found lives on, held by the heap. */
static void save(struct ouro__collector *collector, void *entry)
{
    if (!ouro__is_suspect(entry, collector->lane)) return;
    if ((collector->debug & OURO_DEBUG_COLLECTABLE) != 0) print("collectable", entry);
    if ((collector->debug & OURO_DEBUG_SAVEALL) == 0) return;
    ouro__word_untrap(entry);
    *ouro__count_of(entry) = 0;
    *ouro__word_of(entry) = (*ouro__word_of(entry) | OURO__SAVED) + OURO__ONE;
    collector->saved++;
    ouro__collector_marks(collector)->lanes[collector->lane].suspects--;
    if ((collector->debug & OURO_DEBUG_UNCOLLECTABLE) != 0) print("uncollectable", entry);
}

void ouro__save(struct ouro__collector *collector)
{
    ouro__set_walk(collector, save);
}
