/* SPDX-License-Identifier: MIT */
/*
 * nearby.c -- the proposer that looks near touched objects             [floor 5]
 *
 * Members stand in an array in the order in which they were met, and a small table leads from
 * an address to its member, so that no memory beside the pools is touched for objects that
 * turn out to live.
 */
#include "collector/nearby.h"

#include "base/os.h"

#include <string.h>

/* ---- the table of members ---- */

/* A power of two, and never more than half full. */
enum { PLACES = sizeof(((struct ouro__nearby *)0)->table) / sizeof(uint16_t) };

static size_t home_of(const void *entry)
{
    size_t slot = ouro__hash_of(entry) & (PLACES - 1);
    OURO_ASSERT(slot < PLACES);
    return slot;
}

/* The slot of a member, or the empty one where it would go. */
static uint16_t *find(struct ouro__nearby *nearby, const void *entry)
{
    size_t slot = home_of(entry);
    while (nearby->table[slot] != 0 && nearby->members[nearby->table[slot] - 1].entry != entry)
        slot = (slot + 1) & (PLACES - 1);
    return &nearby->table[slot];
}

/* Closed: as many references were found to it as it has. */
static bool is_closed(const struct ouro__member *member)
{
    return member->found == member->count;
}

static void forget(struct ouro__nearby *nearby)
{
    if (nearby->count > OURO_NEARBY_MAX / 8) {
        memset(nearby->table, 0, sizeof nearby->table);
    } else {
        for (size_t i = nearby->count; i > 0; i--) *find(nearby, nearby->members[i - 1].entry) = 0;
    }
    nearby->count = nearby->closed = 0;
}

/* ---- exploring ---- */

/* A living object that may be part of garbage.  What the whole cycle suspects, or suspected, is judged already. */
ALWAYS_INLINE bool may_join(const struct ouro__marks *marks, const void *entry, uint64_t word)
{
    if (ouro__word_is_dying(word) || (word & OURO__FROZEN) != 0 || ouro__word_is_immortal(word))
        return false;
    return marks->judged == 0 || *ouro__count_of(entry) == 0;
}

struct exploring {
    struct ouro__nearby *nearby;
    const struct ouro__collector *pass; /* what is found is proposed to it */
    const struct ouro__marks *marks;
    const struct ouro__weakrefs *weakrefs;
    uint32_t stamp; /* of ephemerons whose value was met in this search */
    long units;
    long granted;         /* more than was given at first */
    long look;            /* when the units are down to this, the clock is looked at */
    uint64_t start;       /* nanoseconds */
    uint64_t nanoseconds; /* that the search may take */
    bool late;            /* half of them have passed: no other search begins */
};

/* The units bound what is looked at, and where each is a miss in a slow memory they take long. */
static NOINLINE void look_at_clock(struct exploring *exploring)
{
    uint64_t passed = ouro__os_nanoseconds() - exploring->start;
    exploring->look = exploring->units - OURO_NEARBY_LOOK;
    exploring->late = passed >= exploring->nanoseconds / 2;
    if (passed >= exploring->nanoseconds) exploring->units = 0;
}

/* What promises garbage may take longer than a search in vain. */
static void grant(struct exploring *exploring, size_t members)
{
    long more = 4 * (long)members;
    if (exploring->granted + more > OURO_NEARBY_GRANT) return;
    exploring->granted += more;
    exploring->units += more;
    exploring->look += more; /* the same work from now on */
}

/* The member at an address, a new one if it may be; or NULL. */
ALWAYS_INLINE struct ouro__member *join(const struct exploring *exploring, void *entry)
{
    struct ouro__nearby *nearby = exploring->nearby;
    uint16_t *slot = find(nearby, entry);
    if (*slot == 0) {
        uint64_t word = *ouro__word_of(entry);
        if (nearby->count == OURO_NEARBY_MAX || !may_join(exploring->marks, entry, word))
            return NULL;
        nearby->members[nearby->count] =
            (struct ouro__member){.entry = entry, .count = ouro__word_count(word)};
        *slot = (uint16_t)++nearby->count; /* [nearby.bounded] */
    }
    return &nearby->members[*slot - 1];
}

ALWAYS_INLINE void meet(void *referent, void *context)
{
    struct exploring *exploring = context;
    exploring->units--;
    if (!ouro__is_tracked_entry(referent)) return;
    struct ouro__member *member = join(exploring, referent);
    if (member == NULL) return;
    member->found++;
    if (!is_closed(member)) return;
    exploring->nearby->closed++;
    if (member->followed) exploring->nearby->open--;
}

/* An ephemeron counts once, from whichever side is met first.  Of values that may not join others may be
 * counting.  [ephemeron.once] */
static void meet_ephemeron(struct ouro__ephemeron *ephemeron, void *context)
{
    struct exploring *exploring = context;
    exploring->units--;
    if (ephemeron->value == NULL || ephemeron->stamp == exploring->stamp ||
        !ouro__is_tracked_entry(ephemeron->value) || join(exploring, ephemeron->value) == NULL)
        return;
    ephemeron->stamp = exploring->stamp;
    meet(ephemeron->value, exploring);
}

typedef void ephemeron_visit(struct ouro__ephemeron *ephemeron, void *context);

/* The ephemerons of a map, or of an object that they look at. */
static void visit_map(const struct ouro__map *map, const long *units, ephemeron_visit *work,
                      void *context)
{
    for (size_t i = 0; *units > 0 && i < map->used; i++)
        if (map->order[i] != NULL) work(map->order[i], context);
}

static NOINLINE void visit_key(const struct ouro__weakrefs *weakrefs, void *entry,
                               const long *units, ephemeron_visit *work, void *context)
{
    struct ouro__ephemeron *one = ouro__ephemerons_of(weakrefs, entry);
    for (; one != NULL && *units > 0; one = one->next) work(one, context);
}

/* What is not of the common shape: as much as the units allow, and nothing of what the pass would not look at. */
static NOINLINE void visit_careful(struct exploring *exploring, void *entry,
                                   void (*visit)(void *referent, void *context),
                                   ephemeron_visit *work)
{
    struct ouro__half half = {.owner = NULL};
    if (ouro__pass_spares(exploring->pass, entry)) return;
    if (ouro__is_map(entry))
        visit_map(entry, &exploring->units, work, exploring);
    else
        (void)ouro__visit_cut(entry, &half, &exploring->units, visit, exploring);
    if ((*ouro__word_of(entry) & OURO__KEYED) != 0)
        visit_key(exploring->weakrefs, entry, &exploring->units, work, exploring);
}

/* As many references as the units allow; what a cut leaves out makes its referents seem alive. */
ALWAYS_INLINE void visit_some(struct exploring *exploring, void *entry,
                              void (*visit)(void *referent, void *context), ephemeron_visit *work)
{
    const struct ouro__shape *shape = ouro__shape_of(entry);
    if (LIKELY((shape->flags & OURO__SHAPE_GENERAL) == 0 &&
               (*ouro__word_of(entry) & OURO__KEYED) == 0))
        ouro__visit_mask(entry, shape->mask, visit, exploring);
    else
        visit_careful(exploring, entry, visit, work);
}

static void follow(struct exploring *exploring, struct ouro__member *member)
{
    if (member->followed) return;
    member->followed = true;
    if (!is_closed(member)) exploring->nearby->open++;
    exploring->units--;
    visit_some(exploring, member->entry, meet, meet_ephemeron);
}

/* At most one reference to it is still unknown: garbage that is met by its own references looks so. */
static bool looks_closed(const struct ouro__member *member)
{
    return member->found + 1 >= member->count;
}

/*
 * The next member to follow, from `*next` on those that look closed, then the first that was put off.
 * NULL when none is left, or when all that were followed are accounted for and those put off look alive.
 */
static struct ouro__member *choose(struct ouro__nearby *nearby, size_t *next, size_t *put_off)
{
    for (; *next < nearby->count; ++*next)
        if (looks_closed(&nearby->members[*next])) return &nearby->members[(*next)++];
    if (nearby->open == 0) return NULL;
    while (*put_off < nearby->count && nearby->members[*put_off].followed) ++*put_off;
    return *put_off < nearby->count ? &nearby->members[(*put_off)++] : NULL;
}

/* Follows a member and those that are met then, as long as it is worth it. */
static void explore(struct exploring *exploring, struct ouro__member *begin)
{
    struct ouro__nearby *nearby = exploring->nearby;
    size_t next = nearby->count, put_off = nearby->count, closed = nearby->closed;
    size_t followed = 1, allowance = OURO_NEARBY_ALLOWANCE;
    nearby->open = 0;
    follow(exploring, begin);
    while (exploring->units > 0) {
        if (followed++ == allowance) {
            if (2 * (nearby->closed - closed) < allowance) return;
            grant(exploring, allowance);
            allowance *= 2;
        }
        struct ouro__member *member = choose(nearby, &next, &put_off);
        if (member == NULL) return;
        follow(exploring, member);
        if (UNLIKELY(exploring->units < exploring->look)) look_at_clock(exploring);
    }
}

/* ---- touched objects ---- */

/* The address of a tracked block: what was touched may have died since, and its pool may serve another
 * size.  Its arena is still mapped: ouro__touched_forget. */
static bool is_still_there(void *entry)
{
    const struct ouro__pool *pool = ouro__pool_of(entry);
    if (pool->state < OURO__POOL_CURRENT || pool->pages == 0 || (char *)entry < pool->first)
        return false;
    if (pool->capacity == 1) return entry == pool->first;
    size_t offset = (size_t)((char *)entry - pool->first);
    size_t index = offset / pool->block_size;
    return index * pool->block_size == offset && index < pool->carved;
}

static void begin_at(struct exploring *exploring, void *entry)
{
    struct ouro__member *member = join(exploring, entry);
    if (member == NULL) return;
    member->touched = true;
    explore(exploring, member);
}

/* ---- deciding ---- */

ALWAYS_INLINE void prove_live(void *referent, void *context)
{
    struct ouro__nearby *nearby = ((struct exploring *)context)->nearby;
    uint16_t *slot = find(nearby, referent);
    if (*slot == 0) return;
    struct ouro__member *member = &nearby->members[*slot - 1];
    if (member->live) return;
    member->live = true;
    nearby->members[nearby->alive++].next_live = (uint16_t)(*slot - 1);
}

static bool may_be_garbage(struct ouro__nearby *nearby, const void *entry)
{
    const uint16_t *slot = find(nearby, entry);
    return *slot != 0 && !nearby->members[*slot - 1].live;
}

/* [ephemeron.later] */
static void prove_ephemeron(struct ouro__ephemeron *ephemeron, void *context)
{
    struct exploring *exploring = context;
    exploring->units--;
    if (ephemeron->value == NULL || may_be_garbage(exploring->nearby, ephemeron->target) ||
        may_be_garbage(exploring->nearby, ephemeron->map))
        return;
    prove_live(ephemeron->value, exploring);
}

/* Who is not accounted for lives, and so does all that it reaches. */
static void decide(struct exploring *exploring)
{
    struct ouro__nearby *nearby = exploring->nearby;
    nearby->alive = 0;
    for (size_t i = 0; i < nearby->count; i++)
        if (!is_closed(&nearby->members[i])) prove_live(nearby->members[i].entry, exploring);
    exploring->units = 4 * OURO_NEARBY_MAX; /* the verifier would rescue what this misses */
    for (size_t i = 0; i < nearby->alive && nearby->alive < nearby->count && exploring->units > 0;
         i++) {
        visit_some(exploring, nearby->members[nearby->members[i].next_live].entry, prove_live,
                   prove_ephemeron);
        exploring->units--;
    }
}

/* A member that lives and is old is quiet again, so that it is remembered when it is touched next. */
static void hush(void *entry)
{
    uint64_t word = *ouro__word_of(entry);
    if (ouro__word_signed(word) > 0 && (word & OURO__MIDDLE) == 0 && !ouro__is_young(entry))
        (void)ouro__word_trap(entry); /* [quiet.old] */
}

static size_t propose(struct ouro__nearby *nearby, struct ouro__collector *pass)
{
    size_t proposed = nearby->count - nearby->alive;
    if (proposed > 0) ouro__pass_open(pass);
    for (size_t i = 0; i < nearby->count; i++) {
        struct ouro__member *member = &nearby->members[i];
        if (!member->live)
            ouro__pass_propose(pass, member->entry);
        else if (member->touched)
            hush(member->entry);
    }
    if (proposed > 0) ouro__pass_close(pass);
    return proposed;
}

size_t ouro__nearby_propose(struct ouro__nearby *nearby, struct ouro__collector *pass, long units,
                            uint64_t nanoseconds)
{
    struct ouro__marks *marks = ouro__collector_marks(pass);
    struct exploring exploring = {.nearby = nearby, .pass = pass, .marks = marks, .units = units};
    exploring.weakrefs = &pass->life->weakrefs;
    exploring.stamp = ouro__new_stamp(marks);
    exploring.look = units - OURO_NEARBY_LOOK;
    exploring.start = ouro__os_nanoseconds();
    exploring.nanoseconds = nanoseconds;
    while (marks->touched_count > 0 && exploring.units > 0 && !exploring.late &&
           nearby->count < OURO_NEARBY_MAX) {
        void *entry = marks->touched[--marks->touched_count];
        exploring.units -= 4;
        if (is_still_there(entry)) begin_at(&exploring, entry);
        if (exploring.units < exploring.look) look_at_clock(&exploring);
    }
    decide(&exploring);
    nearby->looked_at = nearby->count;
    size_t proposed = propose(nearby, pass);
    forget(nearby);
    return proposed;
}
