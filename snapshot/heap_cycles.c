/* SPDX-License-Identifier: MIT */
/*
 * heap_cycles.c -- the cycles that the last collections have found, if the heap keeps a log of them
 */
#include "saving.h"

/* Longer rounds are kept by no log. */
enum { LINKS = 256 };

static int save_cycle(const ouro_cycle *cycle, void *argument)
{
    struct ouro__saving *saving = argument;
    ouro_snapshot_link links[LINKS];
    /* tracing may have begun anew since the cycle was found */
    const uint32_t site = cycle->site <= saving->sites ? cycle->site : 0;
    uint32_t length = cycle->length < LINKS ? (uint32_t)cycle->length : LINKS;
    for (uint32_t i = 0; i < length; i++) {
        const ouro_cycle_link *link = &cycle->links[i];
        ouro_edge_kind kind = ouro__edge_kind_of(link->kind);
        const char *name = kind == OURO_EDGE_EPHEMERON ? ouro_weak_map_type.name : link->name;
        links[i] = (ouro_snapshot_link){.type = ouro__save_type(saving, link->type),
                                        .label = ouro__save_label(saving, kind, name)};
    }
    ouro_snapshot_add_cycle(saving->writer,
                            &(ouro_snapshot_cycle){.length = length,
                                                   .site = site,
                                                   .found = cycle->found,
                                                   .objects = cycle->objects,
                                                   .bytes = cycle->bytes},
                            links);
    return 0;
}

void ouro__save_cycles(struct ouro__saving *saving)
{
    ouro_each_cycle(saving->heap, save_cycle, saving);
}
