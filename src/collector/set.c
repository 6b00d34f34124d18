/* SPDX-License-Identifier: MIT */
/*
 * set.c -- which objects a cycle looks at, and what becomes of them    [floor 5]
 *
 * A set is a list of pools and a bitmap in each.  Age is kept by pool and bit: a
 * young object has its young bit, a middle-aged one a flag in its word (it was just
 * touched by the pass that it survived), an old one neither.  An old one is quiet until it is touched.
 */
#include "collector/collector.h"
#include "memory/meter.h"
#include "memory/quarantine.h"

#include "base/os.h"
#include "memory/purge.h"

#include <string.h>

/* ---- gathering pools ---- */

void ouro__set_add(struct ouro__collector *collector, struct ouro__pool *pool)
{
    uint8_t bit = (uint8_t)(1u << collector->lane);
    if ((pool->sets & bit) != 0) return;
    pool->sets |= bit; /* [set.listed] */
    pool->set_next[collector->lane] = collector->set;
    collector->set = pool;
    pool->set_from = UINT16_MAX;
    pool->set_to = 0;
    pool->proposed = 0;
    if (!pool->scratch && !ouro__arena_of(pool)->large) { /* [mark.scratch] */
        pool->scratch = true;
        ouro__collector_marks(collector)->scratch_pools++;
    }
}

static void add_middle(struct ouro__collector *collector, struct ouro__arena *arena)
{
    for (size_t i = 0; i < sizeof arena->middle_pages / sizeof arena->middle_pages[0]; i++) {
        for (uint64_t bits = arena->middle_pages[i]; bits != 0; bits &= bits - 1) {
            size_t page = i * 64 + (size_t)__builtin_ctzl(bits);
            ouro__set_add(collector, ouro__arena_pool(arena, page));
        }
    }
}

/* All arenas, one after the other, those of large objects last.  The one at hand stays mapped. */
static void first_arena(struct ouro__pools *pools)
{
    struct ouro__realm_arenas *tracked = &pools->realms[OURO__REALM_TRACKED];
    pools->marks.counting = tracked->arenas != NULL ? tracked->arenas : tracked->large;
}

struct ouro__arena *ouro__set_next_arena(struct ouro__pools *pools, struct ouro__arena *arena)
{
    struct ouro__realm_arenas *tracked = &pools->realms[OURO__REALM_TRACKED];
    struct ouro__arena *next = arena->next;
    if (next == NULL && !arena->large) next = tracked->large;
    pools->marks.counting = next;
    ouro__purge_arena_if_unused(pools, arena);
    return next;
}

static void gather_whole(struct ouro__collector *collector, struct ouro__pools *pools)
{
    first_arena(pools);
    collector->page = OURO_ARENA_FIRST_PAGE;
}

void ouro__set_gather(struct ouro__collector *collector)
{
    struct ouro__pools *pools = ouro__collector_pools(collector);
    struct ouro__realm_arenas *tracked = &pools->realms[OURO__REALM_TRACKED];
    if (collector->generation == 2) { /* COUNT gathers as it goes */
        gather_whole(collector, pools);
        return;
    }
    if (collector->generation == 1) {
        for (struct ouro__arena *arena = tracked->arenas; arena != NULL; arena = arena->next)
            add_middle(collector, arena);
        for (struct ouro__arena *arena = tracked->large; arena != NULL; arena = arena->next)
            add_middle(collector, arena);
    }
    for (struct ouro__pool *pool = pools->marks.young; pool != NULL; pool = pool->young_next)
        ouro__set_add(collector, pool);
}

/* The pool leaves the set, and what waited for that is done. */
static void leave_set(struct ouro__collector *collector, struct ouro__pool *pool)
{
    struct ouro__pools *pools = ouro__collector_pools(collector);
    bool all = collector->lane == OURO__PASS || collector->exact;
    pool->sets &= (uint8_t) ~(1u << collector->lane);
    bool keeps = collector->births || collector->left_young; /* [young.listed] */
    if (pool->young && all && !collector->nearby && !keeps) ouro__young_unlist(&pools->marks, pool);
    if (ouro__arena_of(pool)->large) {
        if (pool->used == 0) ouro__pools_give_large(pools, pool->first);
        return;
    }
    ouro__pool_settle(pools, pool);
}

/* From one block to the next.  A large one is alone, and its size, which may be too large for the field, is of no use
 * here: it ends behind all that a word of young bits stands for. */
ALWAYS_INLINE size_t stride(const struct ouro__pool *pool)
{
    return pool->capacity > 1 ? pool->block_size : 1024;
}

/* ---- proposing ---- */

/* A live object in nobody's death, whose references can be counted on, and whose count can be trapped: what is more
 * popular lives, and is not looked at. */
ALWAYS_INLINE bool is_eligible(uint64_t word)
{
    return (word & (OURO__TRAPPED_MASK | OURO__FROZEN)) == 0 && !ouro__word_is_dying(word);
}

/* The object is young no more.  [word.aged] */
ALWAYS_INLINE void age(void *entry)
{
    ouro__young_clear(entry);
    *ouro__word_of(entry) |= OURO__AGED;
}

/* The word of an object that has been looked at and is old.  [quiet.old] */
ALWAYS_INLINE uint64_t quiet(uint64_t word)
{
    return is_eligible(word) ? word | OURO__TRAPPED : word;
}

/* Makes an object suspect, all but its set bit, whose word is this one when it is not trapped; false when it cannot
 * be.  A count that nobody can have written is not read: the page would be mapped once to be read, and again to be
 * written. */
ALWAYS_INLINE bool propose(bool alone, void *entry, uint64_t word, ouro__count *count)
{
    if (UNLIKELY(!is_eligible(word))) return false;
    if (UNLIKELY(!alone) && *count != 0) return false; /* [mark.one] */
    *ouro__word_of(entry) = word | OURO__TRAPPED;      /* [scan.trapped] */
    *count = OURO__SUSPECT(OURO__PASS);
    return true;
}

/* Objects in these words of the pool's set bits.  [set.words] */
ALWAYS_INLINE void widen(struct ouro__pool *pool, size_t from, size_t to)
{
    if (from < pool->set_from) pool->set_from = (uint16_t)from;
    if (to > pool->set_to) pool->set_to = (uint16_t)to;
}

static void propose_middle(struct ouro__collector *pass, struct ouro__pool *pool)
{
    const size_t size = pool->block_size;
    char *start = ouro__pool_start(pool);
    ouro__count *counts = ouro__count_of(start);
    ouro__bits *set = ouro__pool_marks(pool, ouro__set_bits(OURO__PASS));
    size_t offset = (size_t)(pool->first - start), place = 0, before = pass->candidates;
    for (uint32_t i = 0; i < pool->carved; i++, offset += size) {
        void *entry = start + offset;
        uint64_t word = *ouro__word_of(entry);
        if ((word & OURO__MIDDLE) == 0) continue;
        if (!propose(pass->alone, entry, word, ouro__count_at(counts, offset))) continue;
        place = offset / 512;
        set[place] |= (uint64_t)1 << offset / 8 % 64;
        if (pass->candidates++ == before) widen(pool, place, place + 1);
    }
    if (pass->candidates > before) widen(pool, place, place + 1);
}

/* One bit for two neighbours, of the lower or the upper half of a word. */
ALWAYS_INLINE uint64_t fold(uint64_t bits)
{
    bits = (bits | bits >> 1) & UINT64_C(0x5555555555555555);
    bits = (bits | bits >> 1) & UINT64_C(0x3333333333333333);
    bits = (bits | bits >> 2) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    bits = (bits | bits >> 4) & UINT64_C(0x00FF00FF00FF00FF);
    bits = (bits | bits >> 8) & UINT64_C(0x0000FFFF0000FFFF);
    return (bits | bits >> 16) & UINT64_C(0x00000000FFFFFFFF);
}

/* A young block that holds no object, or one that is not looked at. */
static NOINLINE void pass_by(struct ouro__collector *pass, void *entry)
{
    uint64_t word = *ouro__word_of(entry);
    if (ouro__word_is_free(word)) return;
    if (is_eligible(word))
        pass->left_young = true; /* the other lane looks at it  [mark.one] */
    else
        age(entry); /* frozen, popular, or dying: its death lists the pool again */
}

/* Proposes the young block that is `offset` bytes behind `start`; returns `bit`, its set bit, if it is a suspect now. */
ALWAYS_INLINE uint64_t propose_block(struct ouro__collector *pass, char *start, size_t offset,
                                     uint64_t bit)
{
    void *entry = start + offset;
    ouro__count *count = ouro__count_at(ouro__count_of(start), offset);
    if (LIKELY(propose(pass->alone, entry, *ouro__word_of(entry), count))) return bit;
    pass_by(pass, entry);
    return 0;
}

/* Of an entry that is so far behind the first of the 512 bytes that a word of set bits stands for. */
ALWAYS_INLINE uint64_t set_bit(size_t offset)
{
    return (uint64_t)1 << offset / 8 % 64;
}

/* The blocks in a row that were not proposed. */
static NOINLINE void pass_by_row(struct ouro__collector *pass, char *start, size_t offset,
                                 size_t size, uint64_t set)
{
    for (; offset < 512; offset += size)
        if ((set & set_bit(offset)) == 0) pass_by(pass, start + offset);
}

/* Proposes young blocks in a row, from `first` bytes behind `start` on up to 512; returns their set bits.  The others
 * are passed by afterwards: a loop without a call keeps what it needs in registers. */
ALWAYS_INLINE uint64_t propose_row(struct ouro__collector *pass, char *start, size_t first,
                                   size_t size, bool alone)
{
    ouro__count *counts = ouro__count_of(start);
    uint64_t set = 0, bit = set_bit(first);
    bool all = true;
    for (size_t offset = first; offset < 512; offset += size) {
        void *entry = start + offset;
        if (LIKELY(propose(alone, entry, *ouro__word_of(entry), ouro__count_at(counts, offset))))
            set |= bit;
        else
            all = false;
        bit <<= size / 8 % 64; /* of the last nobody asks */
    }
    if (UNLIKELY(!all)) pass_by_row(pass, start, first, size, set);
    return set;
}

/* The entries of half a word of young bits; returns the word of set bits that stands for the same 512 bytes.  Where all
 * blocks from the first on are young, which is usual, no bit is looked at. */
ALWAYS_INLINE uint64_t propose_young_half(struct ouro__collector *pass,
                                          const struct ouro__pool *pool, size_t half, uint32_t bits)
{
    char *start = ouro__pool_start(pool) + half * 512;
    unsigned bit = (unsigned)(half % 2 * 32);
    unsigned first = (unsigned)__builtin_ctz(bits) + bit;
    char *entry = ouro__pool_young_entry(pool, half / 2, first);
    size_t size = stride(pool);
    uint32_t row = (uint32_t)(ouro__young_row(entry, start + 512, size) >> bit);
    uint64_t set = 0;
    if (LIKELY(bits == row)) {
        size_t from = (size_t)(entry - start);
        set = LIKELY(pass->alone) ? propose_row(pass, start, from, size, true)
                                  : propose_row(pass, start, from, size, false);
    } else {
        for (; bits != 0; bits &= bits - 1) {
            entry = ouro__pool_young_entry(pool, half / 2, (unsigned)ouro__lowest_bit(bits) + bit);
            size_t offset = (size_t)(entry - start);
            set |= propose_block(pass, start, offset, set_bit(offset));
        }
    }
    pass->candidates += (size_t)__builtin_popcountll(set);
    return set;
}

/* The same in a guarded build, whose state bits tell the living of the 512 bytes: where the dead are in the quarantine,
 * young bits are all over.  [guard.live] */
ALWAYS_INLINE uint64_t propose_living(struct ouro__collector *pass, const struct ouro__pool *pool,
                                      size_t half, uint32_t bits, uint64_t living, bool alone)
{
    char *start = ouro__pool_start(pool) + half * 512;
    ouro__count *counts = ouro__count_of(start);
    uint64_t old = 0, missed = 0;
    for (uint64_t rest = living; rest != 0; rest &= rest - 1) {
        const size_t bit = ouro__lowest_bit(rest), offset = bit * 8;
        void *entry = start + offset;
        if (UNLIKELY((bits >> bit / 2 & 1) == 0))
            old |= rest & -rest;
        else if (UNLIKELY(
                     !propose(alone, entry, *ouro__word_of(entry), ouro__count_at(counts, offset))))
            missed |= rest & -rest;
    }
    for (uint64_t rest = missed; UNLIKELY(rest != 0); rest &= rest - 1)
        pass_by(pass, start + ouro__lowest_bit(rest) * 8);
    const uint64_t set = living & ~(old | missed);
    pass->candidates += (size_t)__builtin_popcountll(set);
    return set;
}

static void propose_young(struct ouro__collector *collector, struct ouro__pool *pool)
{
    const ouro__bits *young = ouro__pool_young(pool);
    const ouro__bits *states = ouro__pool_marks(pool, OURO__STATE_BITS); /* in guarded builds */
    ouro__bits *set = ouro__pool_marks(pool, ouro__set_bits(OURO__PASS));
    for (size_t half = 0, end = 2 * ouro__pool_young_words(pool); half < end; half++) {
        uint32_t bits = (uint32_t)(young[half / 2] >> half % 2 * 32);
        if (bits == 0) continue;
        uint64_t proposed;
        if (!OURO_GUARDED)
            proposed = propose_young_half(collector, pool, half, bits);
        else if (LIKELY(collector->alone))
            proposed = propose_living(collector, pool, half, bits, states[half], true);
        else
            proposed = propose_living(collector, pool, half, bits, states[half], false);
        if (OURO_GUARDED && proposed == 0) continue;
        set[half] |= proposed;
        widen(pool, half, half + 1);
    }
}

/* A pass has no steps: all of a pool at once.  A pool with cached blocks only leaves the set, as there
 * may be many such when the class lists hold blocks from all over the heap. */
void ouro__set_propose(struct ouro__collector *collector)
{
    struct ouro__pool *pool = collector->cursor;
    struct ouro__marks *marks = ouro__collector_marks(collector);
    size_t before = collector->candidates;
    marks->judged |= OURO__SUSPECT(OURO__PASS);
    collector->cursor = pool->set_next[OURO__PASS];
    if (collector->generation > 0 && ouro__pool_is_middle(pool)) {
        ouro__pool_clear_middle(pool); /* who is middle-aged afterwards says so again */
        propose_middle(collector, pool);
    }
    propose_young(collector, pool);
    pool->proposed = (uint32_t)(collector->candidates - before);
    marks->lanes[OURO__PASS].suspects += collector->candidates - before;
    if (collector->candidates > before) {
        pool->set_next[OURO__PASS] = collector->proposed;
        collector->proposed = pool;
    } else {
        leave_set(collector, pool);
    }
}

/* It may be quiet, and is trapped already then. */
void ouro__pass_propose(struct ouro__collector *pass, void *entry)
{
    struct ouro__pool *pool = ouro__pool_of(entry);
    uint64_t word = *ouro__word_of(entry);
    size_t place = (size_t)((char *)entry - ouro__pool_start(pool)) / 512;
    if (ouro__word_is_trapped(word)) word &= ~OURO__TRAPPED;
    ouro__set_add(pass, pool);
    if (!propose(pass->alone, entry, word, ouro__count_of(entry))) return;
    ouro__mark_set(entry, ouro__set_bits(OURO__PASS));
    widen(pool, place, place + 1);
    pool->proposed++;
    pass->candidates++;
}

/* ---- survivors ---- */

/* The young that survive a pass over them alone are middle-aged; likewise those that a pass shall look at twice. */
ALWAYS_INLINE bool is_middle_next(const struct ouro__collector *collector, bool young)
{
    return collector->generation == 0 || (collector->twice && young);
}

ALWAYS_INLINE uint64_t older(uint64_t word, bool middle)
{
    word |= OURO__AGED;
    return middle ? word | OURO__MIDDLE : quiet(word & ~OURO__MIDDLE);
}

static void note_middle(struct ouro__collector *collector, struct ouro__pool *pool, size_t count)
{
    if (count == 0) return;
    ouro__pool_set_middle(pool);
    collector->middle_aged += count;
    /* they may die while what they hold is old already, and has not been touched since */
    if (collector->generation > 0) ouro__collector_marks(collector)->touched_any = true;
}

void ouro__set_age(struct ouro__collector *collector, struct ouro__pool *pool, void *entry)
{
    bool middle = is_middle_next(collector, ouro__is_young(entry));
    ouro__young_clear(entry);
    *ouro__word_of(entry) = older(*ouro__word_of(entry), middle);
    note_middle(collector, pool, middle);
}

/* An object that was young grows old; false where there is none. */
ALWAYS_INLINE bool quiet_entry(void *entry)
{
    uint64_t word = *ouro__word_of(entry);
    if (LIKELY(is_eligible(word)))
        *ouro__word_of(entry) = word | OURO__TRAPPED | OURO__AGED;
    else if (ouro__word_is_free(word))
        return false;
    else
        *ouro__word_of(entry) = word | OURO__AGED;
    return true;
}

/* The objects of one word of young bits grow old, one block after the other; returns the bits of free blocks.  Where all
 * blocks from the first on are young, which is usual, no bit is looked at. */
static uint64_t quiet_word(const struct ouro__pool *pool, size_t i, uint64_t bits)
{
    const size_t size = stride(pool);
    char *entry = ouro__pool_young_entry(pool, i, (unsigned)__builtin_ctzl(bits));
    char *end = ouro__pool_start(pool) + (i + 1) * 1024;
    uint64_t free = 0;
    if (bits == ouro__young_row(entry, end, size)) {
        for (; entry < end; entry += size)
            if (UNLIKELY(!quiet_entry(entry))) free |= ouro__young_bit(entry);
        return free;
    }
    for (; entry < end; entry += size)
        if ((bits & ouro__young_bit(entry)) != 0 && !quiet_entry(entry))
            free |= ouro__young_bit(entry);
    return free;
}

/* All objects that were young grow old. */
static void quiet_young(struct ouro__pool *pool)
{
    ouro__bits *young = ouro__pool_young(pool);
    for (size_t i = 0, words = ouro__pool_young_words(pool); i < words; i++) {
        if (young[i] != 0) young[i] = quiet_word(pool, i, young[i]);
    }
}

/* The young and middle-aged of a pool that a collection of everything looked at are old from now on. */
static void age_pool(struct ouro__pool *pool)
{
    if (pool->young) quiet_young(pool);
    if (!ouro__pool_is_middle(pool)) return;
    char *entry = pool->first;
    for (uint32_t i = 0; i < pool->carved; i++, entry += pool->block_size) {
        uint64_t word = *ouro__word_of(entry);
        if ((word & OURO__MIDDLE) == 0) continue;
        *ouro__word_of(entry) = quiet(word & ~OURO__MIDDLE);
    }
    ouro__pool_clear_middle(pool);
}

/* The whole heap has told suspects from live objects: suspects are trapped, to be counted
 * again; the others have left the set. */
static void narrow(struct ouro__collector *collector, void *entry)
{
    collector->units--;
    if (ouro__word_trap(entry)) {
        *ouro__count_of(entry) = OURO__SUSPECT(OURO__WHOLE); /* [scan.trapped] */
        ouro__collector_marks(collector)->lanes[OURO__WHOLE].suspects++;
    } else {
        ouro__mark_clear(entry, ouro__set_bits(OURO__WHOLE));
    }
}

void ouro__set_narrow(struct ouro__collector *collector)
{
    struct ouro__pool *pool = collector->cursor;
    if (collector->exact && collector->at == 0) age_pool(pool);
    if (collector->unproven > 0)
        ouro__set_walk(collector, narrow);
    else
        collector->cursor = pool->set_next[OURO__WHOLE];
    collector->units--;
}

/* ---- the end of a cycle ---- */

/* What a set's pool gives back and keeps, a few words of its bitmap. */
struct harvest {
    void *first[2]; /* a link, which has two words in a guarded build */
    ouro__slot *last_link;
    uint32_t freed;
};

/* Garbage blocks are linked by address so that they are handed out in that order. */
ALWAYS_INLINE ouro__slot *reap(void *entry, ouro__slot *last_link)
{
    ouro__word_clear(entry); /* [pool.word] */
    *last_link = entry;
    return entry;
}

/* The same in a guarded build, of a block that goes into the quarantine: what its link does not take is filled.  The
 * canary stays as it is: if somebody wrote to it since SCAN, that is told when the block lives again.
 * `words`: of the block behind its word; none of a large block, which is alone. */
ALWAYS_INLINE ouro__slot *reap_guarded(void *entry, size_t words, ouro__slot *last_link)
{
    *ouro__word_of(entry) &= OURO__CANARY_MASK; /* [pool.word] */
    ouro__watch_died(entry);
    if (words > 2) ouro__guard_fill(entry, words);
    ouro__link_set(last_link, entry);
    return entry;
}

static void give_harvest(struct ouro__collector *collector, struct ouro__pool *pool,
                         const struct harvest *harvest)
{
    collector->collected += harvest->freed;
    if (harvest->freed == 0) return;
    ouro__watch_open(harvest->first, sizeof harvest->first); /* which was closed as a link is */
    if (ouro__arena_of(pool)->large) {
        pool->used = 0;
        return;
    }
    struct ouro__pools *pools = ouro__collector_pools(collector);
    if (OURO_GUARDED) {
        ouro__quarantine_add(pools, pool, harvest->first[0], harvest->last_link, harvest->freed);
        return;
    }
    if (UNLIKELY(pools->meter != NULL))
        ouro__meter_harvested(pools, pool, harvest->first[0], harvest->freed);
    *harvest->last_link = pool->free;
    pool->free = harvest->first[0];
    pool->used -= harvest->freed;
}

/* The marks of the pool are zero again.  [mark.zero] */
static void leave_pool(struct ouro__collector *collector, struct ouro__pool *pool)
{
    collector->cursor = pool->set_next[collector->lane];
    collector->at = 0;
    ouro__gray_forget_pool(ouro__collector_marks(collector), collector->lane, pool);
    leave_set(collector, pool);
}

/* Whether all that a pool has in use is garbage: who was proposed is still there, and is a suspect. */
static bool is_all_garbage(const struct ouro__collector *pass, const struct ouro__pool *pool)
{
    const ouro__bits *map = ouro__pool_marks(pool, ouro__set_bits(OURO__PASS));
    const ouro__count *counts = ouro__count_of(ouro__pool_start(pool));
    size_t found = 0;
    if (ouro__suspects(pass) == pass->candidates) return true; /* of the whole set */
    for (size_t word = pool->set_from; word < pool->set_to; word++) {
        for (uint64_t bits = map[word]; bits != 0; bits &= bits - 1, found++) {
            size_t offset = word * 512 + ouro__lowest_bit(bits) * 8;
            if ((counts[offset / 16] & OURO__SUSPECT(OURO__PASS)) == 0) return false;
        }
    }
    return found == pool->proposed;
}

/*
 * A pool of which nothing but garbage is in use goes back as it is, to be cut again: its blocks need not be touched.
 * Not the one from which the next blocks come, which keeps what is cut; nor a large block, which stays with its word as
 * long as a walk stands in it; nor where each death is heard of.
 */
static bool give_whole_pool(struct ouro__collector *pass, struct ouro__pool *pool)
{
    const size_t words = (size_t)pool->set_to - pool->set_from;
    if (OURO_GUARDED || pool->proposed != pool->used || pool->state == OURO__POOL_CURRENT ||
        pool->sets != 1u << OURO__PASS || ouro__arena_of(pool)->large ||
        ouro__collector_pools(pass)->meter != NULL || !is_all_garbage(pass, pool))
        return false;
    memset(ouro__pool_marks(pool, ouro__set_bits(OURO__PASS)) + pool->set_from, 0, words * 8);
    memset(ouro__count_of(ouro__pool_start(pool) + pool->set_from * 512u), 0, words * 512 / 4);
    pass->units -= 4 * (long)words;
    pass->collected += pool->used;
    pool->used = 0; /* empty, when it has left the set: nobody asks for the words of its blocks */
    return true;
}

/* Words of a pool's bitmap between two looks at what is left of the step. */
enum { WORDS = 16 };

/* Garbage blocks go back; survivors grow older. */
void ouro__set_finish(struct ouro__collector *collector)
{
    struct ouro__marks *marks = ouro__collector_marks(collector);
    struct ouro__pool *pool = collector->cursor;
    int lane = collector->lane;
    if (lane == OURO__PASS && give_whole_pool(collector, pool)) {
        leave_pool(collector, pool);
        return;
    }
    ouro__bits *map = ouro__pool_marks(pool, ouro__set_bits(lane));
    char *start = ouro__pool_start(pool);
    ouro__count *counts = ouro__count_of(start);
    size_t words = ouro__set_words(pool, lane);
    size_t from = lane == OURO__PASS ? pool->set_from : collector->at / 64;
    size_t end = lane == OURO__PASS || from + WORDS > words ? words : from + WORDS;
    bool shared = (pool->sets >> (1 - lane) & 1) != 0;
    struct harvest harvest = {.freed = 0};
    ouro__slot *last_link = (ouro__slot *)harvest.first;
    const size_t filled = OURO_GUARDED ? ouro__guard_fill_words(pool) : 0;
    const bool ages = !collector->given_up;
    size_t middle_aged = 0;
    uint64_t any = 0;
    for (size_t word = from; word < end; word++) {
        const uint64_t all = map[word];
        if (all == 0) continue;
        any |= all;
        ouro__bits *young = &ouro__pool_young(pool)[word / 2];
        const ouro__bits young_before = *young;
        const unsigned half = word % 2 * 32; /* of its bits: those of the same 512 bytes */
        uint64_t dead = all;
        for (uint64_t bits = all; bits != 0; bits &= bits - 1) {
            size_t offset = word * 512 + ouro__lowest_bit(bits) * 8;
            void *entry = start + offset;
            ouro__count *count = ouro__count_at(counts, offset);
            if (LIKELY((*count & OURO__SUSPECT(lane)) != 0)) {
                if (UNLIKELY(shared)) ouro__mark_dead(marks, pool, entry);
                last_link =
                    OURO_GUARDED ? reap_guarded(entry, filled, last_link) : reap(entry, last_link);
                harvest.freed++;
            } else {
                dead ^= bits & -bits;
                if (LIKELY(ages)) {
                    bool middle =
                        is_middle_next(collector, (young_before & ouro__young_bit(entry)) != 0);
                    *ouro__word_of(entry) = older(*ouro__word_of(entry), middle);
                    middle_aged += middle;
                }
            }
            *count = 0;
        }
        map[word] = 0;
        if (LIKELY(ages)) *young &= ~(fold(all & ~dead) << half);
        if (dead == 0) continue;
        if (OURO_GUARDED)
            ouro__pool_marks(pool, OURO__STATE_BITS)[word] &= ~dead; /* [guard.live] */
        *young |= fold(dead) << half;                                /* [young.bit] */
    }
    note_middle(collector, pool, middle_aged);
    collector->units -= any != 0 ? 4 * WORDS : 4;
    collector->at = end * 64;
    harvest.last_link = last_link;
    give_harvest(collector, pool, &harvest);
    if (end == words) leave_pool(collector, pool);
}

/* As FINISH, but nothing is garbage. */
static void let_go(struct ouro__collector *collector, void *entry)
{
    if (ouro__is_suspect(entry, collector->lane)) ouro__word_untrap(entry);
    *ouro__count_of(entry) = 0;
    ouro__mark_clear(entry, ouro__set_bits(collector->lane));
}

void ouro__set_abandon(struct ouro__collector *collector)
{
    struct ouro__pool *pool = collector->cursor;
    collector->units = OURO__UNBOUNDED;
    ouro__set_walk(collector, let_go);
    leave_pool(collector, pool);
}

/* ---- the memory of the marks ---- */

/* Where memory cannot be given back, what may be dirty is written over. */
static void wipe_page(struct ouro__arena *arena, size_t page)
{
    char *start = (char *)arena + (page << OURO_POOL_SHIFT);
    memset(ouro__count_of(start), 0, OURO_POOL_SIZE / 4);
    memset(ouro__tally_of(start), 0, OURO_POOL_SIZE / 16);
}

static bool has_scratch(struct ouro__arena *arena)
{
    for (size_t page = OURO_ARENA_FIRST_PAGE; page < arena->page_end; page++)
        if (ouro__arena_pool(arena, page)->scratch) return true;
    return false;
}

/* No pool of the arena has marks in memory any more. */
static void forget_scratch(struct ouro__pools *pools, struct ouro__arena *arena)
{
    for (size_t page = OURO_ARENA_FIRST_PAGE; page < arena->page_end; page++) {
        struct ouro__pool *pool = ouro__arena_pool(arena, page);
        if (pools->source.purge == NULL && pool->state != OURO__POOL_UNUSED) wipe_page(arena, page);
        pools->marks.scratch_pools -= pool->scratch;
        pool->scratch = false;
    }
}

_Static_assert(OURO__SET_BITS + OURO__LANES * OURO__LANE_BITS <= OURO__STATE_BITS &&
                   OURO_ARENA_SIZE / 4 <= OURO__STATE_BITS &&
                   OURO__TALLIES + OURO_ARENA_FIRST_PAGE * (OURO_POOL_SIZE / 16) >=
                       OURO__STATE_BITS + OURO__STATE_SIZE,
               "state bits lie between the marks, and stay when those go");

/* Where marks that the pools of an arena may have had go on, from `offset` on, and to where; false when that was all.
 * Pages that were never used have had none: [arena.end]. */
static bool next_marks(const struct ouro__arena *arena, size_t offset, size_t *from, size_t *to)
{
    const size_t page_counts = OURO_POOL_SIZE / 4, page_tallies = OURO_POOL_SIZE / 16;
    const size_t first = OURO_ARENA_FIRST_PAGE, end = arena->page_end;
    const struct {
        size_t from, to;
    } ranges[] = {
        {OURO__SET_BITS, OURO__SET_BITS + OURO__LANES * OURO__LANE_BITS},
        {first * page_counts, end * page_counts},
        {OURO__TALLIES + first * page_tallies, OURO__TALLIES + end * page_tallies},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (ranges[i].to <= offset) continue;
        *from = ranges[i].from > offset ? ranges[i].from : offset;
        *to = ranges[i].to;
        return true;
    }
    return false;
}

/* A part of the marks' memory from `offset` on; where the next begins, or 0 after the last. */
static size_t wipe_part(struct ouro__pools *pools, struct ouro__arena *arena, size_t offset)
{
    size_t from, to;
    if (pools->source.purge != NULL && next_marks(arena, offset, &from, &to)) {
        if (to - from > OURO_WIPE_PART) to = from + OURO_WIPE_PART;
        pools->source.purge(pools->source.context, (char *)arena + from, to - from);
        if (next_marks(arena, to, &from, &to)) return from;
    }
    forget_scratch(pools, arena);
    return 0;
}

/*
 * Whether the marks' memory shall go at the end of a cycle.  Tallies that were made while the
 * program ran may lie anywhere, and must go; what a pass used, the next will need again, and so will the next
 * collection of a small heap.
 */
static bool wants_wipe(const struct ouro__collector *collector)
{
    const struct ouro__pools *pools = ouro__collector_pools(collector);
    if (collector->lane == OURO__PASS) return false;
    if (!collector->exact) return true;
    return pools->source.purge != NULL && pools->marks.scratch_pools > OURO_SCRATCH_SMALL;
}

/* What was counted of a large object that is in no set is written over.  A page that nobody wrote to stays so. */
static size_t wipe_large(struct ouro__arena *arena)
{
    void *entry = ouro__arena_pool(arena, OURO_ARENA_FIRST_PAGE)->first;
    if (*ouro__count_of(entry) != 0) *ouro__count_of(entry) = 0;
    if (*ouro__tally_of(entry) != 0) *ouro__tally_of(entry) = 0;
    return 0;
}

/* A part of one arena's; false when all are done. */
bool ouro__set_forget(struct ouro__collector *collector)
{
    struct ouro__pools *pools = ouro__collector_pools(collector);
    if (!collector->forgot) {
        if (!wants_wipe(collector)) return false;
        collector->forgot = true;
        first_arena(pools);
        collector->at = OURO__SET_BITS;
    }
    struct ouro__arena *arena = pools->marks.counting;
    if (arena == NULL) return false;
    collector->units -= arena->large ? 1 : OURO_WIPE_UNITS;
    collector->at = arena->large ? wipe_large(arena) : wipe_part(pools, arena, collector->at);
    if (collector->at != 0) return true;
    collector->at = OURO__SET_BITS;
    (void)ouro__set_next_arena(pools, arena);
    return true;
}

/* Between cycles all marks are zero, so that their memory may go at any time.  [mark.zero] */
size_t ouro__collector_wipe(struct ouro__collector *collector, size_t number, size_t offset)
{
    struct ouro__pools *pools = ouro__collector_pools(collector);
    struct ouro__arena *arena = pools->realms[OURO__REALM_TRACKED].arenas;
    while (arena != NULL && number-- > 0) arena = arena->next;
    if (arena == NULL || pools->marks.active != 0) return 0;
    if (offset == 0 && !has_scratch(arena)) return 0;
    return wipe_part(pools, arena, offset == 0 ? OURO__SET_BITS : offset);
}

void ouro__collector_skip_young(struct ouro__collector *collector)
{
    struct ouro__pools *pools = ouro__collector_pools(collector);
    struct ouro__pool *pool;
    pools->marks.touched_any = true; /* garbage among them was not looked for */
    while ((pool = pools->marks.young) != NULL) {
        quiet_young(pool);
        ouro__young_unlist(&pools->marks, pool);
    }
    pools->marks.young_handed = 0;
    ouro__pools_enlist_cached(pools);
}
