/* SPDX-License-Identifier: MIT */
/*
 * ephemeron.c -- the collector goes through ephemerons                 [floor 5]
 *
 * An ephemeron's reference to its value belongs to map and target together:
 *
 *     SCAN     of the two, whichever suspect is scanned first counts it: once in each scan
 *     floods   from either, when the other is live too
 *     SEVER    with either
 *
 * So the value is accounted for as long as one of the two is a suspect, and follows when the last of them is
 * proven live.  Both a map and a target may have any number of them, so each is gone through in pieces.
 * [ephemeron.once] [ephemeron.later]
 */
#include "collector/collector.h"

void ouro__set_visit_map(struct ouro__collector *collector, void *entry, ouro__ephemeron_work *work)
{
    const struct ouro__map *map = entry;
    struct ouro__half *half = ouro__half_of(collector);
    if (half->owner == NULL) *half = (struct ouro__half){.owner = entry};
    while (half->done < map->used) { /* holes may be closed, and the map shrink, in `work` */
        if (collector->units <= 0) return;
        struct ouro__ephemeron *ephemeron = map->order[half->done++];
        collector->units -= 2;
        if (ephemeron != NULL) work(collector, ephemeron);
    }
    half->owner = NULL;
}

void ouro__set_visit_key(struct ouro__collector *collector, void *entry, ouro__ephemeron_work *work)
{
    struct ouro__half *half = ouro__half_of(collector);
    if (half->owner == NULL) {
        *half = (struct ouro__half){.owner = entry, .field = OURO__HALF_KEY};
        half->next = ouro__ephemerons_of(&collector->life->weakrefs, entry);
    }
    while (half->next != NULL) { /* it may leave in `work` [mark.half] */
        if (collector->units <= 0) return;
        struct ouro__ephemeron *ephemeron = half->next;
        half->next = ephemeron->next;
        collector->units -= 2;
        work(collector, ephemeron);
    }
    half->owner = NULL;
}

size_t ouro__ephemerons_length(const struct ouro__collector *collector, void *entry, size_t most)
{
    size_t length = 0;
    const struct ouro__ephemeron *one = ouro__ephemerons_of(&collector->life->weakrefs, entry);
    for (; one != NULL && length < most; one = one->next) length++;
    return length;
}
