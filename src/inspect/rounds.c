/* SPDX-License-Identifier: MIT */
/*
 * rounds.c -- a few objects of the garbage, and the rounds among them  [floor 7]
 *
 * All of it is bounded, as it happens within a pause: so many places of the set are looked at, so many objects followed, so
 * many references of each.
 */
#include "inspect/rounds.h"

/* ---- taking a sample ---- */

static unsigned find(const struct ouro__sample *sample, const void *object)
{
    unsigned i = 0;
    while (i < sample->length && sample->objects[i] != object) i++;
    return i;
}

/* The number of an object of the garbage, which joins the sample if there is room; else OURO_LOOK_OBJECTS. */
static unsigned join(struct ouro__sample *sample, void *object)
{
    unsigned at = find(sample, object);
    if (at == sample->length && at < OURO_LOOK_OBJECTS) sample->objects[sample->length++] = object;
    return at;
}

struct following {
    struct ouro__sample *sample;
    unsigned owner;
};

static int follow(const ouro_reference *reference, void *argument)
{
    struct following *following = argument;
    struct ouro__sample *sample = following->sample;
    if (++sample->of_owner > OURO_LOOK_OBJECTS || sample->edge_count == OURO_LOOK_EDGES) return 1;
    if (!ouro_reference_holds(reference->kind) ||
        !ouro__is_suspect(reference->target, sample->collector->lane))
        return 0;
    unsigned to = join(sample, reference->target);
    if (to == OURO_LOOK_OBJECTS) return 0;
    sample->edges[sample->edge_count++] = (struct ouro__sample_edge){
        reference->name, reference->kind, (uint8_t)following->owner, (uint8_t)to};
    return 0;
}

/* A new part: an object of the garbage, and what it leads to. */
static void add_part(struct ouro__sample *sample, void *object)
{
    unsigned at = sample->length;
    sample->first_object[sample->part_count++] = (uint8_t)at;
    (void)join(sample, object);
    for (; at < sample->length; at++) {
        struct following following = {sample, at};
        sample->first_edge[at] = (uint16_t)sample->edge_count;
        sample->of_owner = 0;
        ouro__each_reference_of_garbage(sample->objects[at], follow, &following);
    }
    sample->first_edge[at] = (uint16_t)sample->edge_count;
    sample->first_object[sample->part_count] = (uint8_t)at;
}

/* Places of a pool's set; false when enough was looked at. */
static bool look_through(struct ouro__sample *sample, const struct ouro__pool *pool, size_t *left)
{
    int lane = sample->collector->lane;
    const ouro__bits *map = ouro__pool_marks(pool, ouro__set_bits(lane));
    char *start = ouro__pool_start(pool);
    for (size_t word = lane == OURO__PASS ? pool->set_from : 0; word < ouro__set_words(pool, lane);
         word++) {
        for (uint64_t bits = map[word]; bits != 0; bits &= bits - 1) {
            void *entry = start + (word * 64 + (size_t)__builtin_ctzl(bits)) * 8;
            if (ouro__is_suspect(entry, lane) && find(sample, entry) == sample->length)
                add_part(sample, entry);
            if (--*left == 0 || sample->length == OURO_LOOK_OBJECTS) return false;
        }
        if (--*left == 0) return false;
    }
    return true;
}

void ouro__sample_take(struct ouro__sample *sample, const struct ouro__collector *collector)
{
    size_t left = OURO_LOOK_PLACES;
    sample->collector = collector;
    sample->length = sample->edge_count = sample->part_count = 0;
    for (const struct ouro__pool *pool = collector->set; pool != NULL;
         pool = pool->set_next[collector->lane])
        if (!look_through(sample, pool, &left)) return;
}

/* ---- rounds ---- */

/* By which edge each object of a part was reached first. */
struct search {
    const struct ouro__sample *sample;
    unsigned most; /* longer rounds are of no interest */
    uint8_t queue[OURO_LOOK_OBJECTS];
    uint8_t depth[OURO_LOOK_OBJECTS];
    int16_t by[OURO_LOOK_OBJECTS]; /* -1: not reached */
};

/* The last edge of a shortest round through an object, or -1. */
static int search_round(struct search *search, unsigned object, unsigned from, unsigned to)
{
    const struct ouro__sample *sample = search->sample;
    unsigned head = 0, tail = 0;
    for (unsigned i = from; i < to; i++) search->by[i] = -1;
    search->depth[object] = 0;
    search->queue[tail++] = (uint8_t)object;
    while (head < tail) {
        unsigned at = search->queue[head++];
        if (search->depth[at] >= search->most) return -1;
        for (unsigned e = sample->first_edge[at]; e < sample->first_edge[at + 1]; e++) {
            unsigned next = sample->edges[e].to;
            if (next == object) return (int)e;
            if (next < from || next >= to || search->by[next] >= 0) continue;
            search->by[next] = (int16_t)e;
            search->depth[next] = (uint8_t)(search->depth[at] + 1);
            search->queue[tail++] = (uint8_t)next;
        }
    }
    return -1;
}

static void fill_links(const struct search *search, int last, unsigned length,
                       ouro_cycle_link *out_links)
{
    const struct ouro__sample *sample = search->sample;
    int e = last;
    for (unsigned i = length; i > 0; i--) {
        const struct ouro__sample_edge *edge = &sample->edges[e];
        out_links[i - 1] =
            (ouro_cycle_link){ouro_type_of(sample->objects[edge->from]), edge->name, edge->kind};
        e = search->by[edge->from];
    }
}

unsigned ouro__sample_round(const struct ouro__sample *sample, unsigned part,
                            ouro_cycle_link out_links[OURO_LOOK_OBJECTS], void **out_object)
{
    unsigned from = sample->first_object[part], to = sample->first_object[part + 1], length = 0;
    struct search search = {.sample = sample, .most = to - from};
    for (unsigned object = from; object < to; object++) {
        int last = search_round(&search, object, from, to);
        if (last < 0) continue;
        length = search.depth[sample->edges[last].from] + 1u;
        fill_links(&search, last, length, out_links);
        *out_object = sample->objects[object];
        search.most = length - 1; /* only a shorter one is better */
    }
    return length;
}
