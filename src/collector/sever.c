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
    collector->outward--;
    ouro_decref(referent);
}

ALWAYS_INLINE void drop_around(void *referent, void *context)
{
    const struct ouro__around *around = context;
    if (UNLIKELY(ouro__count_around(around, referent) == NULL))
        drop_reference(referent, around->pass);
}

/* With the first of map and target to be severed. */
static void sever_ephemeron(struct ouro__collector *collector, struct ouro__ephemeron *ephemeron)
{
    void *value = ephemeron->value;
    if (value != NULL && ouro__is_suspect(value, collector->lane)) ephemeron->value = NULL;
    ouro__ephemeron_leave(&collector->life->weakrefs, ephemeron);
    ouro__ephemeron_drop(collector->life, ephemeron);
}

/* What an object has besides references goes when its last reference is dropped. */
static void release(struct ouro__collector *collector, void *entry)
{
    if (ouro__half_of(collector)->owner != NULL) return; /* not yet */
    ouro__life_release(collector->life, entry, ouro__shape_of(entry));
}

static void sever(struct ouro__collector *collector, void *entry)
{
    if (!ouro__is_suspect(entry, collector->lane)) {
        collector->units--;
        return;
    }
    ouro__set_follow(collector, entry, drop_reference, sever_ephemeron);
    release(collector, entry);
}

static void sever_in_pass(void *entry, size_t offset, void *context)
{
    const struct ouro__around *around = context;
    ouro__count count = *ouro__count_at(around->counts, offset);
    uint64_t word = *ouro__word_of(entry);
    const struct ouro__shape *shape = &ouro__shapes[ouro__word_type(word)];
    if (UNLIKELY((count & OURO__SUSPECT(OURO__PASS)) == 0)) return;
    if (LIKELY(ouro__is_careless(word)))
        ouro__visit_mask(entry, shape->mask, drop_around, context);
    else
        sever(around->pass, entry);
}

/* Until all references that lead out are dropped. */
static void sever_pools(struct ouro__collector *pass)
{
    while (pass->cursor != NULL && ouro__collector_must_sever(pass)) {
        struct ouro__around around = ouro__around(pass, ouro__pool_start(pass->cursor));
        ouro__pass_walk(pass, sever_in_pass, &around);
    }
}

/* Of somebody who lives: then it stays. */
static bool is_of_garbage(const struct ouro__leak *leak)
{
    return ouro__is_suspect(leak->from, OURO__PASS);
}

/* Whether all references that lead out are known.  Not where one leads to somebody that was proven live after the
 * scan, nor where there are more than there was room for.  Callbacks of weak references may have run since: they do not
 * reach the garbage, and who has died by them is no suspect, nor is what lies in its block. */
static bool knows_leaks(const struct ouro__collector *pass)
{
    size_t known = 0;
    OURO_ASSERT(pass->leaks_known <= OURO_LEAKS_MAX);
    if (pass->has_hooks) return false;
    for (size_t i = 0; i < pass->leaks_known; i++) known += is_of_garbage(&pass->leaks[i]);
    return known == pass->outward;
}

static void sever_leaks(struct ouro__collector *pass)
{
    for (size_t i = 0; i < pass->leaks_known; i++) {
        if (!is_of_garbage(&pass->leaks[i])) continue;
        pass->outward--;
        ouro_decref(pass->leaks[i].to);
    }
}

static void sever_at_once(struct ouro__collector *pass)
{
    if (knows_leaks(pass))
        sever_leaks(pass);
    else
        sever_pools(pass);
    pass->cursor = NULL;
    OURO_ASSERT(pass->has_hooks || pass->outward == 0); /* [sever.outward] */
}

void ouro__sever(struct ouro__collector *collector)
{
    if (collector->lane == OURO__PASS) {
        sever_at_once(collector);
        return;
    }
    void *owner = ouro__half_of(collector)->owner;
    if (ouro__cut_resume(collector, drop_reference, sever_ephemeron, true))
        release(collector, owner);
    else
        ouro__set_walk(collector, sever);
}

/* ---- debug flags ---- */

void ouro__print_object(FILE *file, const char *what, const void *entry)
{
    fprintf(file, "ouro: %s <%s %p>\n", what, ouro__type_of(entry)->name, entry);
}

/* Before last words are spoken, which may bring some of it back, as in CPython. */
static void tell(struct ouro__collector *collector, void *entry)
{
    collector->units--;
    if (ouro__is_suspect(entry, collector->lane)) ouro__print_object(stderr, "collectable", entry);
}

void ouro__tell(struct ouro__collector *collector)
{
    ouro__set_walk(collector, tell);
}

/* Under SAVEALL what was found lives on, held by the heap.  A weak reference among it has looked at its
 * target for the last time, as in CPython, and is not called later.  [weak.postponed] */
static void save(struct ouro__collector *collector, void *entry)
{
    collector->units--;
    if (!ouro__is_suspect(entry, collector->lane)) return;
    ouro__word_untrap(entry);
    *ouro__count_of(entry) = 0;
    *ouro__word_of(entry) = (*ouro__word_of(entry) | OURO__SAVED) + OURO__ONE;
    collector->saved++;
    ouro__collector_marks(collector)->lanes[collector->lane].suspects--;
    if (ouro__type_of(entry) == &ouro_weakref_callback_type) {
        ouro__weakrefs_unlink(entry);
        (void)ouro__weakref_unpostpone(entry);
    }
    if ((collector->debug & OURO_DEBUG_UNCOLLECTABLE) != 0)
        ouro__print_object(stderr, "uncollectable", entry);
}

void ouro__save(struct ouro__collector *collector)
{
    ouro__set_walk(collector, save);
}
