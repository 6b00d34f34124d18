/* SPDX-License-Identifier: MIT */
/*
 * meter.c -- class lists that end before the next birth to be heard of [floor 1]
 *
 * Inlined code counts nothing.  But what it takes off a list was put there before: by a refill, whose number of
 * blocks is known, or by a free, which takes one off the shelf's room.  So the births of a bin are known whenever
 * its list is empty, and bounded at any time.
 *
 * Neighbours: pool.c calls this where a class list is empty or full.
 */
#include "memory/meter.h"

#include "memory/purge.h"

static struct ouro__metered *metered_of(const struct ouro__pools *pools, size_t bin)
{
    return &pools->meter->bins[bin];
}

/* Brings `supply` up to date; the shelf has no room afterwards. */
static void close_shelf(struct ouro__pools *pools, size_t bin)
{
    struct ouro__metered *metered = metered_of(pools, bin);
    struct ouro__shelf *shelf = &pools->front.shelf[bin];
    int32_t room = shelf->room > 0 ? shelf->room : 0;
    if (room < metered->mark) metered->supply += (uint64_t)(metered->mark - room);
    shelf->room = metered->mark = 0;
}

/* The class list has `length` blocks: what else was put there is born. */
static void count_births(struct ouro__metered *metered, uint64_t length)
{
    uint64_t births = metered->supply - length;
    OURO_ASSERT(births <= metered->left); /* [meter.cut] */
    metered->left -= births;
    metered->supply = length;
}

static int32_t cut(const struct ouro__metered *metered, int32_t room)
{
    uint64_t most = metered->left - metered->supply; /* [meter.cut] */
    if (room < 0) return 0;
    return (uint64_t)room < most ? room : (int32_t)most;
}

/* So many frees may go on the list, unseen if none must be seen. */
static void open_shelf(struct ouro__pools *pools, size_t bin, int32_t room)
{
    struct ouro__metered *metered = metered_of(pools, bin);
    metered->room = cut(metered, room);
    if (metered->kept > 0 && ouro__bin_kind(bin) == OURO__RAW) return; /* [meter.kept] */
    pools->front.shelf[bin].room = metered->mark = metered->room;
    metered->room = 0;
}

/* [meter.fresh] */
static void settle(struct ouro__pools *pools, struct ouro__metered *metered)
{
    void *entry = metered->fresh; /* it lives: end_number forgets it */
    metered->fresh = NULL;
    pools->meter->settle(pools->meter, entry);
}

/* ---- births ---- */

/* The birth that is heard of. */
static void *hear(struct ouro__pools *pools, size_t bin, void *entry)
{
    struct ouro__meter *meter = pools->meter;
    struct ouro__metered *metered = &meter->bins[bin];
    metered->left = meter->born(meter, entry, bin, ouro__bin_size(bin));
    metered->room = 0;
    const struct ouro__pool *pool = ouro__pool_of(entry);
    const bool has_number =
        pool->numbers != NULL && ouro__number_is_live(*ouro__meter_number_of(pool, entry));
    if (!meter->exact && has_number) metered->fresh = entry;
    return entry;
}

/* The clock is not looked at for each block. */
static void tick(struct ouro__pools *pools)
{
    enum { seldom = 16 };
    if (pools->meter->exact && ++pools->meter->ticks % seldom != 0) return;
    ouro__purge_tick(pools);
}

static void *take(struct ouro__pools *pools, size_t bin)
{
    struct ouro__metered *metered = metered_of(pools, bin);
    if (!pools->meter->exact) {
        close_shelf(pools, bin);
        count_births(metered, 0);
        if (UNLIKELY(metered->fresh != NULL)) settle(pools, metered);
    }
    const bool heard = metered->left == 0;
    const uint32_t most = metered->left < UINT32_MAX ? (uint32_t)metered->left : UINT32_MAX;
    uint32_t count =
        heard || pools->one_at_a_time ? 1 : most; /* the one that is taken, and those on the list */
    void *entry = ouro__pools_hand_over(pools, bin, &count);
    if (UNLIKELY(entry == NULL)) return NULL;
    const int32_t room = pools->front.shelf[bin].room;
    pools->front.shelf[bin].room = 0;
    metered->is_cut = heard || count == most;
    if (heard) return hear(pools, bin, entry);
    metered->left--;
    metered->supply = count - 1;
    open_shelf(pools, bin, room);
    return entry;
}

void *ouro__meter_take(struct ouro__pools *pools, size_t bin)
{
    tick(pools);
    pools->meter->quick = 0;
    return take(pools, bin);
}

void *ouro__meter_rest(struct ouro__pools *pools, size_t bin, struct ouro__caller caller)
{
    struct ouro__meter *meter = pools->meter;
    const struct ouro__pool *pool = pools->current[bin];
    if (!meter->bins[bin].is_cut || pool == NULL || pool->free == NULL) return NULL;
    if (pools->refuse != NULL || pools->one_at_a_time || ++meter->quick > OURO__METER_QUICK)
        return NULL;
    meter->caller = caller;
    void *entry = take(pools, bin);
    meter->caller = (struct ouro__caller){NULL, NULL};
    return entry;
}

void ouro__meter_large(struct ouro__pools *pools, void *entry, size_t bin, size_t bytes)
{
    struct ouro__meter *meter = pools->meter;
    (void)meter->born(meter, entry, bin, bytes);
}

/* ---- deaths ---- */

/* What number a block had that is dead; it counts no more. */
ALWAYS_INLINE uint32_t end_number(struct ouro__pools *pools, struct ouro__pool *pool,
                                  const void *entry)
{
    uint32_t *number = ouro__meter_number_of(pool, entry);
    const uint32_t old = *number;
    if (!ouro__number_is_live(old)) return 0;
    *number = old | OURO__DEAD_NUMBER; /* [meter.number] */
    pool->numbers[0]--;
    struct ouro__metered *metered = metered_of(pools, pool->bin);
    metered->kept--;
    if (UNLIKELY(metered->fresh == entry)) metered->fresh = NULL;
    return old;
}

void ouro__meter_died(struct ouro__pools *pools, struct ouro__pool *pool, const void *entry)
{
    const uint32_t number = pool->numbers != NULL ? end_number(pools, pool, entry) : 0;
    if (number != 0) pools->meter->died(pools->meter, number, ouro__meter_bytes(pool), 1);
}

/* Neighbours in time are often of one site. */
static void end_list(struct ouro__pools *pools, struct ouro__pool *pool, const void *first,
                     uint32_t count)
{
    struct ouro__meter *meter = pools->meter;
    uint32_t number = 0, run = 0;
    if (pool->numbers == NULL) return;
    const size_t bytes = ouro__meter_bytes(pool);
    for (; count > 0 && pool->numbers[0] > 0; count--) {
        const uint32_t next = end_number(pools, pool, first);
        if (count > 1) first = ouro__link(first);
        if (UNLIKELY(next != number)) {
            if (number != 0) meter->died(meter, number, bytes, run);
            number = next;
            run = 0;
        }
        run++;
    }
    if (number != 0) meter->died(meter, number, bytes, run);
}

/* What dies without a look at the object can have no number but the freshest one of its bin: [trace.heard]. */
void ouro__meter_died_list(struct ouro__pools *pools, struct ouro__pool *pool, const void *first,
                           uint32_t count)
{
    if (OURO_GUARDED || pools->meter->exact) {
        end_list(pools, pool, first, count);
        return;
    }
    const void *fresh = metered_of(pools, pool->bin)->fresh;
    if (fresh != NULL && ouro__bin_kind(pool->bin) != OURO__RAW &&
        ouro__word_is_free(*ouro__word_of(fresh)))
        ouro__meter_died(pools, ouro__pool_of(fresh), fresh);
}

/* Few of a pool's blocks have numbers: these are looked at, and not the many that are dead.  [pool.word] */
void ouro__meter_harvested(struct ouro__pools *pools, struct ouro__pool *pool, const void *first,
                           uint32_t count)
{
    if (pool->numbers == NULL || pool->numbers[0] == 0) return;
    if (OURO_GUARDED || pools->meter->exact) {
        end_list(pools, pool, first, count);
        return;
    }
    uint32_t *bits = ouro__meter_bits(pool);
    for (uint32_t word = 0; word < ouro__meter_bit_words(pool); word++) {
        uint32_t stay = bits[word];
        for (uint32_t some = stay; some != 0; some &= some - 1) {
            const uint32_t bit = (uint32_t)__builtin_ctz(some);
            const void *entry = pool->first + (size_t)(word * 32 + bit) * pool->block_size;
            if (!ouro__word_is_free(*ouro__word_of(entry))) continue;
            ouro__meter_died(pools, pool, entry);
            stay &= ~((uint32_t)1 << bit);
        }
        bits[word] = stay;
    }
}

void ouro__meter_wipe(struct ouro__pool *pool)
{
    uint32_t *bits = ouro__meter_bits(pool), *given = ouro__meter_given_bits(pool);
    for (uint32_t word = 0; word < ouro__meter_bit_words(pool); word++) {
        for (uint32_t some = given[word]; some != 0; some &= some - 1)
            pool->numbers[1 + word * 32 + (uint32_t)__builtin_ctz(some)] = 0;
        bits[word] = given[word] = 0;
    }
    pool->numbers[0] = 0;
}

void ouro__meter_give(struct ouro__pools *pools, void *entry, size_t bin)
{
    struct ouro__metered *metered = metered_of(pools, bin);
    struct ouro__shelf *shelf = &pools->front.shelf[bin];
    close_shelf(pools, bin);
    ouro__meter_died(pools, ouro__pool_of(entry), entry);
    if (UNLIKELY(metered->fresh != NULL)) settle(pools, metered);
    if (metered->room == 0 && metered->left > metered->supply) {
        const int32_t room = ouro__pools_make_room(pools, bin, &metered->supply);
        open_shelf(pools, bin, room);
    }
    if (metered->room > 0) { /* [meter.kept] */
        ouro__link_set(entry, shelf->list);
        shelf->list = entry;
        metered->room--;
        metered->supply++;
    } else if (shelf->room > 0) {
        ouro__pools_give_any(pools, entry, bin);
    } else {
        ouro__pool_push(pools, entry);
    }
}

void ouro__meter_flushed(struct ouro__pools *pools, size_t bin, uint64_t count)
{
    struct ouro__metered *metered = metered_of(pools, bin);
    close_shelf(pools, bin);
    count_births(metered, count);
    metered->supply = 0;
    metered->room = 0;
}

void ouro__meter_moved(struct ouro__pools *pools, void *entry, size_t bytes)
{
    struct ouro__pool *pool = ouro__pool_of(entry);
    struct ouro__meter *meter = pools->meter;
    const size_t now = ouro__meter_bytes(pool);
    if (!meter->exact && now == bytes) return; /* the sample stays what it was */
    const uint32_t number = pool->numbers != NULL ? end_number(pools, pool, entry) : 0;
    if (number != 0) meter->died(meter, number, bytes, 1);
    (void)meter->born(meter, entry, pool->bin, now);
}

/* ---- beginning and end ---- */

void ouro__meter_start(struct ouro__pools *pools, struct ouro__meter *meter)
{
    ouro__pools_flush(pools);
    pools->front.guess_word = UINT64_MAX; /* [meter.hot] */
    pools->meter = meter;
}

/* Lists that were cut go on as they are: a shelf without room is looked at with the next free. */
void ouro__meter_stop(struct ouro__pools *pools)
{
    ouro__pools_flush(pools);
    pools->meter = NULL;
}
