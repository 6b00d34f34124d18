/* SPDX-License-Identifier: MIT */
/*
 * stepped_check.c -- what must hold between any two operations of a stepped world
 */
#include "support/stepped.h"

#include "heap/heap.h"

static enum ouro__phase phase(void)
{
    return stepped.heap->whole.phase;
}

/* Garbage is being taken apart: it has let go of some references, and its blocks are not free yet. */
static bool is_severing(void)
{
    return phase() == OURO__SEVER || phase() == OURO__FINISH;
}

/* ---- who is there ---- */

static bool is_weak_type(const void *object)
{
    const ouro_type *type = ouro_type_of(object);
    return type == &ouro_weakref_type || type == &ouro_weakref_callback_type ||
           type == &ouro_weak_map_type; /* it has no number either */
}

static void see(void *object, void *context)
{
    (void)context;
    if (ouro__word_is_dying(*ouro__word_of(object))) return;
    model_id id =
        is_weak_type(object) ? mirror_find(&stepped.mirror, object) : kind_number_of(object);
    if (id < 0 || id >= MIRROR_NODES || stepped_node(id)->serial == 0 ||
        stepped_node(id)->object != object)
        model_fail("an object of type %s lives that nobody knows", ouro_type_of(object)->name);
    if (stepped_node(id)->seen) model_fail("#%u is met twice", stepped_serial(id));
    stepped_node(id)->seen = true;
    if (ouro__is_tracked_entry(object) &&
        ouro__is_condemned(&ouro__heap_pools(stepped.heap)->marks, object) &&
        mirror_reaches(&stepped.mirror, id))
        model_fail("#%u (%s) is condemned, and can be reached", stepped_serial(id),
                   kind_traits[stepped_node(id)->kind].name);
}

static void see_pool(struct ouro__pool *pool, void *context)
{
    ouro__walk_live(pool, see, context);
}

/* The library's own inspection does not show what is condemned; here it is of interest. */
static void look_around(void)
{
    const struct ouro__pools *pools = ouro__heap_pools(stepped.heap);
    for (size_t i = 0; i < stepped.mirror.used_count; i++)
        stepped_node(stepped.mirror.used[i])->seen = false;
    ouro__walk_pools(pools, OURO__REALM_ACYCLIC, see_pool, NULL);
    ouro__walk_pools(pools, OURO__REALM_TRACKED, see_pool, NULL);
}

static void spare(model_id id);

void stepped_spare(model_id id)
{
    if (id == MODEL_NONE || !stepped_node(id)->doomed) return;
    stepped_node(id)->doomed = false;
    spare(id);
}

/* The values of a map, and those that maps have for a key. */
static void spare_values(model_id id)
{
    for (size_t i = 0; i < stepped.mirror.used_count; i++) {
        const struct mirror_node *map = stepped_node(stepped.mirror.used[i]);
        for (size_t n = 0; n < map->entry_count; n++)
            if (stepped.mirror.used[i] == id || map->entries[n].key == id)
                stepped_spare(map->entries[n].value);
    }
}

/*
 * Garbage that a pass or a count frees while the whole cycle runs lets go of what it refers to, and that
 * touches it: the cycle leaves it to the next.
 */
static void spare(model_id id)
{
    const struct mirror_node *node = stepped_node(id);
    spare_values(id);
    for (size_t i = 0, count = mirror_references(node); i < count; i++) {
        model_id next = mirror_reference(node, i);
        if (next == MODEL_NONE || !stepped_node(next)->doomed) continue;
        stepped_node(next)->doomed = false;
        spare(next);
    }
}

static void bury(model_id id)
{
    struct mirror_node *node = stepped_node(id);
    if (node->doomed)
        spare(id);
    else
        spare_values(id);
    node->doomed = false;
    const struct model_traits *traits = &kind_traits[node->kind];
    if (mirror_reaches(&stepped.mirror, id))
        model_fail("#%u (%s) is gone, and can be reached", node->serial, traits->name);
    if (traits->releases && !node->released)
        model_fail("#%u (%s) is gone without its release", node->serial, traits->name);
    if (traits->finalizes && !node->finalized)
        model_fail("#%u (%s) is gone without its finalizer", node->serial, traits->name);
    mirror_bury(&stepped.mirror, id);
}

static void bury_unseen(void)
{
    for (size_t i = stepped.mirror.used_count; i > 0; i--) {
        model_id id = stepped.mirror.used[i - 1];
        if (!stepped_node(id)->seen) bury(id);
    }
}

/* ---- weak references ---- */

/* A weak reference that is garbage stops looking when it is taken apart. */
static void notice_cleared(struct mirror_node *weak)
{
    const struct mirror_node *target = stepped_node(weak->target);
    bool reached = mirror_reaches(&stepped.mirror, weak->target);
    if (reached && !weak->reached) return;
    if (reached)
        model_fail("weak reference #%u is cleared, and its target #%u can be reached", weak->serial,
                   target->serial);
    bool has_callback = weak->kind == KIND_WEAK_CALLBACK;
    weak->target = MODEL_NONE;
    weak->cleared = has_callback && !weak->called;
    weak->expected = weak->cleared && weak->promised && weak->reached;
}

void stepped_check_weak(void)
{
    for (size_t i = 0; i < stepped.mirror.used_count; i++) {
        struct mirror_node *node = stepped_node(stepped.mirror.used[i]);
        if (!mirror_is_weak(node) || node->target == MODEL_NONE) continue;
        if (!ouro_is_object(stepped.heap, node->object)) continue;
        const void *looks_at = ((const ouro_weakref *)node->object)->target;
        if (looks_at == NULL)
            notice_cleared(node);
        else if (looks_at != stepped_node(node->target)->object)
            model_fail("weak reference #%u looks at something else", node->serial);
    }
}

/* ---- births ---- */

model_id stepped_born(enum kind kind, void *object, unsigned slot_count)
{
    model_id before = mirror_find(&stepped.mirror, object);
    if (before != MODEL_NONE) { /* its block was handed out again */
        stepped_node(before)->target = MODEL_NONE;
        stepped_check_weak();
        bury(before);
    }
    return mirror_born(&stepped.mirror, kind, object, slot_count);
}

/* ---- one node ---- */

/* Entries of keys that cannot be reached may have gone, where garbage is being taken apart. */
static void check_entries(struct mirror_node *node)
{
    const struct ouro__map *map = node->object;
    if (map->length > node->entry_count || (map->length < node->entry_count && !is_severing()))
        model_fail("the weak map #%u has %zu entries, not %zu", node->serial, map->length,
                   node->entry_count);
    for (size_t i = 0; i < node->entry_count; i++) {
        const struct mirror_node *key = stepped_node(node->entries[i].key);
        model_id value = node->entries[i].value;
        if (!mirror_reaches(&stepped.mirror, node->entries[i].key)) continue;
        const struct ouro__ephemeron *ephemeron = ouro__map_find(map, key->object);
        if (ephemeron == NULL) model_fail("the weak map #%u misses #%u", node->serial, key->serial);
        if (ephemeron->value != (value == MODEL_NONE ? NULL : stepped_node(value)->object))
            model_fail("the weak map #%u has another value for #%u", node->serial, key->serial);
    }
}

static void check_references(struct mirror_node *node)
{
    enum kind kind = (enum kind)node->kind;
    if (kind == KIND_WEAK) return;
    if (kind == KIND_MAP) check_entries(node);
    for (unsigned i = 0; i < node->slot_count; i++) {
        const void *is = kind == KIND_WEAK_CALLBACK
                             ? ((struct ouro__weakref_callback *)node->object)->argument
                             : kind_get(kind, node->object, i);
        model_id should = node->slots[i];
        if (is != (should == MODEL_NONE ? NULL : stepped_node(should)->object))
            model_fail("slot %u of #%u (%s) is not what was stored", i, node->serial,
                       kind_traits[kind].name);
    }
    if (!kind_traits[kind].has_vector) return;
    const ouro_vector *vector = kind_vector(kind, node->object);
    if (vector->length != node->vector_length)
        model_fail("the vector of #%u has %zu items, not %u", node->serial, vector->length,
                   node->vector_length);
    for (size_t i = 0; i < vector->length; i++)
        if (vector->items[i] !=
            (node->vector[i] == MODEL_NONE ? NULL : stepped_node(node->vector[i])->object))
            model_fail("item %zu of #%u is not what was stored", i, node->serial);
}

/* Its target died while it was garbage itself: it is called if finalizers can reach it. */
static bool is_postponed(const struct mirror_node *weak)
{
    enum ouro__phase phase = stepped.heap->whole.phase;
    return !weak->reached && weak->lost[OURO__WHOLE] && phase >= OURO__LEAVE &&
           phase <= OURO__DARKEN;
}

/* References of ephemerons that have left, of values that were dark: they wait for the cycle, and nobody
 * is reached by them.  [life.dark] */
static int32_t waiting_count(const void *object)
{
    int32_t count = 0;
    for (int lane = 0; lane < OURO__LANES; lane++)
        for (const struct ouro__ephemeron *one = stepped.heap->life.postponed[lane]; one != NULL;
             one = one->next)
            count += one->value == object;
    return count;
}

/* A callback that is due holds its weak reference until it is called. */
static void check_due(model_id id, int32_t count)
{
    struct mirror_node *weak = stepped_node(id);
    if (!weak->cleared || weak->called || weak->due) return;
    if (count == weak->count + 1) {
        weak->due = true;
        mirror_lend(&stepped.mirror, id);
    } else if (weak->expected && !is_severing()) {
        model_fail("the callback of weak reference #%u was not called", weak->serial);
    } else if (!is_postponed(weak)) {
        weak->cleared = false; /* garbage itself: it stays silent */
    }
}

/* References from what can be reached, without those of garbage. */
static int32_t least_count(model_id id)
{
    int32_t count = stepped_node(id)->held + stepped_node(id)->lent;
    for (size_t i = 0; i < stepped.mirror.used_count; i++) {
        const struct mirror_node *node = stepped_node(stepped.mirror.used[i]);
        if (!node->reached) continue;
        for (size_t n = 0, all = mirror_references(node); n < all; n++)
            count += mirror_reference(node, n) == id;
        for (size_t n = 0; n < node->entry_count; n++)
            count += node->entries[n].value == id && stepped_node(node->entries[n].key)->reached;
    }
    return count;
}

static void check_count(model_id id)
{
    struct mirror_node *node = stepped_node(id);
    int32_t count = ouro_refcount(node->object);
    if (!node->immortal) count -= waiting_count(node->object);
    if (ouro_is_immortal(node->object) != node->immortal)
        model_fail("#%u is immortal or not, wrongly", node->serial);
    if (node->immortal) return;
    check_due(id, count);
    if (count == node->count) return;
    if (is_severing() && count < node->count && mirror_reaches(&stepped.mirror, id) &&
        count >= least_count(id))
        return;
    model_fail("the count of #%u (%s) is %d, not %d", node->serial, kind_traits[node->kind].name,
               count, node->count);
}

static void check_node(model_id id)
{
    struct mirror_node *node = stepped_node(id);
    if (node->released) {
        if (!is_severing()) model_fail("#%u is released and lives", node->serial);
        return;
    }
    if (is_severing() && !mirror_reaches(&stepped.mirror, id)) return;
    check_count(id);
    check_references(node);
    if (mirror_is_weak(node) || node->kind == KIND_MAP) return;
    if (!kind_is_intact((enum kind)node->kind, node->object))
        model_fail("#%u is spoilt", node->serial);
    if (kind_traits[node->kind].finalizes && ouro_is_finalized(node->object) != node->finalized)
        model_fail("#%u is finalized or not, wrongly", node->serial);
    if (is_severing() || !mirror_reaches(&stepped.mirror, id)) return;
    size_t weak = ouro_weakref_count(node->object);
    if (weak < mirror_weak_count(&stepped.mirror, id, true) ||
        weak > mirror_weak_count(&stepped.mirror, id, false)) /* what is condemned is not counted */
        model_fail("#%u has %zu weak references, not %zu", node->serial, weak,
                   mirror_weak_count(&stepped.mirror, id, false));
}

/* ---- all of it ---- */

/* A map and a key that the program could reach, be it one after the other, keep a value. */
static void note_known(void)
{
    bool has_entries = false;
    for (size_t i = 0; i < stepped.mirror.used_count; i++) {
        struct mirror_node *node = stepped_node(stepped.mirror.used[i]);
        node->known = node->known || mirror_reaches(&stepped.mirror, stepped.mirror.used[i]);
        has_entries = has_entries || node->entry_count > 0;
    }
    if (!has_entries) return;
    mirror_search(&stepped.mirror, MIRROR_KNOWN);
    for (size_t i = 0; i < stepped.mirror.used_count; i++) {
        struct mirror_node *node = stepped_node(stepped.mirror.used[i]);
        if (node->reached) node->doomed = false;
    }
}

void stepped_check(void)
{
    stepped_check_weak();
    look_around();
    bury_unseen();
    note_known();
    for (size_t i = 0; i < stepped.mirror.used_count; i++) check_node(stepped.mirror.used[i]);
}

void stepped_check_clean(void)
{
    stepped_check();
    mirror_search(&stepped.mirror, MIRROR_WITH_ALL);
    for (size_t i = 0; i < stepped.mirror.used_count; i++)
        if (!stepped_node(stepped.mirror.used[i])->reached)
            model_fail("#%u (%s) is unreachable and was not collected",
                       stepped_serial(stepped.mirror.used[i]),
                       kind_traits[stepped_node(stepped.mirror.used[i])->kind].name);
}

void stepped_verify(void)
{
    ouro_error error = {0};
    stepped_tally.verified++;
    if (ouro_verify(stepped.heap, &error) != OURO_OK)
        model_fail("the audit says: %s", error.message);
}

/* ---- what the library calls ---- */

void stepped_pardon(void)
{
    if (stepped.mirror.stale) mirror_search(&stepped.mirror, MIRROR_HELD);
    for (size_t i = 0; i < stepped.mirror.used_count; i++) {
        struct mirror_node *node = stepped_node(stepped.mirror.used[i]);
        stepped_tally.resurrected += node->doomed && node->reached;
        if (node->reached) node->doomed = false;
        node->known = node->known || node->reached;
    }
    note_known();
}

void stepped_note_lost(int lane)
{
    if (stepped.mirror.stale) mirror_search(&stepped.mirror, MIRROR_HELD);
    for (size_t i = 0; i < stepped.mirror.used_count; i++) {
        struct mirror_node *node = stepped_node(stepped.mirror.used[i]);
        node->lost[lane] = !node->reached;
    }
}

static void forget_lost(int lane)
{
    for (size_t i = 0; i < stepped.mirror.used_count; i++)
        stepped_node(stepped.mirror.used[i])->lost[lane] = false;
}

/* An event may befall an object only when nobody can reach it. */
static struct mirror_node *befalls(model_id id, const void *object, const char *what,
                                   bool may_be_back)
{
    if (id < 0 || id >= MIRROR_NODES || stepped_node(id)->serial == 0 ||
        stepped_node(id)->object != object)
        model_fail("%s of an object that is not known", what);
    struct mirror_node *node = stepped_node(id);
    stepped_tell("%s of #%u", what, node->serial);
    if (node->released) model_fail("%s of #%u, which is released", what, node->serial);
    if (!kind_is_intact((enum kind)node->kind, object))
        model_fail("#%u is spoilt at its %s", node->serial, what);
    if (stepped.closing) return node;
    if (may_be_back && (node->lost[OURO__PASS] || node->lost[OURO__WHOLE])) return node;
    if (mirror_reaches(&stepped.mirror, id))
        model_fail("%s of #%u (%s), which can be reached", what, node->serial,
                   kind_traits[node->kind].name);
    return node;
}

/* What a finalizer or callback does: a few operations that its number tells. */
static void act(uint64_t action)
{
    if (!stepped.setup->acting || stepped.silent || stepped.closing || stepped.depth > 3) return;
    struct random random = {action};
    unsigned count = random_below(&random, 4);
    if (count > 0) stepped_pardon();
    for (unsigned i = 0; i < count; i++) {
        struct operation operation = {.code = stepped_choose_inside(&random)};
        uint64_t bits = random_next(&random);
        operation.flavour = (uint8_t)bits;
        operation.a = (uint16_t)(bits >> 8);
        operation.b = (uint16_t)(bits >> 24);
        operation.c = (uint16_t)(bits >> 40);
        stepped_tally.inner++;
        stepped_do(&operation);
        stepped_check_weak();
    }
}

void stepped_finalizing(model_id id, void *object)
{
    stepped_check_weak();
    struct mirror_node *node = befalls(id, object, "finalizer", true);
    if (node->finalized) model_fail("#%u is finalized twice", node->serial);
    if (!stepped.closing) check_references(node);
    stepped_tally.finalized++;
    node->finalized = true;
    model_id outer = stepped.self;
    mirror_lend(&stepped.mirror, id);
    stepped.self = id;
    stepped.depth++;
    act(node->action);
    stepped.depth--;
    stepped.self = outer;
    mirror_unlend(&stepped.mirror, id);
    stepped_tell("end of the finalizer of #%u", node->serial);
}

void stepped_released(model_id id, void *object)
{
    struct mirror_node *node = befalls(id, object, "release", false);
    if (kind_traits[node->kind].finalizes && !node->finalized && !node->immortal &&
        !(stepped.closing && stepped.setup->skips_finalizers))
        model_fail("#%u is released without its finalizer", node->serial);
    node->released = true;
}

void stepped_called(ouro_weakref *self, void *argument)
{
    stepped_check_weak();
    model_id id = mirror_find(&stepped.mirror, self);
    if (id == MODEL_NONE) model_fail("a callback of an unknown weak reference");
    struct mirror_node *weak = stepped_node(id);
    stepped_tell("callback of #%u", weak->serial);
    if (weak->called) model_fail("the callback of #%u is called twice", weak->serial);
    if (weak->target != MODEL_NONE) model_fail("the callback of #%u sees its target", weak->serial);
    model_id lent = weak->slots[0];
    if (argument != (lent == MODEL_NONE ? NULL : stepped_node(lent)->object))
        model_fail("the callback of #%u has another argument", weak->serial);
    weak->doomed = false; /* it is held while it calls, which is a touch: see spare */
    spare(id);
    stepped_tally.callbacks++;
    weak->called = true;
    if (!weak->due) mirror_lend(&stepped.mirror, id);
    if (lent != MODEL_NONE) mirror_lend(&stepped.mirror, lent);
    mirror_set(&stepped.mirror, &weak->slots[0], MODEL_NONE);
    model_id outer = stepped.self;
    stepped.self = lent;
    stepped.depth++;
    act(weak->action);
    stepped.depth--;
    stepped.self = outer;
    if (lent != MODEL_NONE) mirror_unlend(&stepped.mirror, lent);
    mirror_unlend(&stepped.mirror, id);
    stepped_tell("end of the callback of #%u", weak->serial);
}

/* A cycle that begins within a death can't see what the dying are about to drop. */
static void doom(void)
{
    if (stepped.depth > 0) return;
    stepped_check_weak();
    mirror_search(&stepped.mirror, MIRROR_WITH_ALL);
    for (size_t i = 0; i < stepped.mirror.used_count; i++) {
        struct mirror_node *node = stepped_node(stepped.mirror.used[i]);
        node->doomed = !node->reached;
        node->known = node->reached;
    }
}

/* What a pass has freed is not to be taken for what the whole cycle frees. */
static void bury_of_pass(void)
{
    if (stepped.depth == 0) {
        stepped_check_weak();
        look_around();
        bury_unseen();
        return;
    }
    for (size_t i = 0; i < stepped.mirror.used_count; i++)
        stepped_node(stepped.mirror.used[i])->doomed = false;
}

/* A cycle that was given up has found nothing. */
static void check_doomed(bool given_up)
{
    look_around();
    for (size_t i = 0; i < stepped.mirror.used_count; i++) {
        struct mirror_node *node = stepped_node(stepped.mirror.used[i]);
        if (node->doomed && node->seen && !given_up)
            model_fail("#%u (%s) was garbage when the whole cycle began, and is there at its end",
                       node->serial, kind_traits[node->kind].name);
        node->doomed = false;
    }
}

void stepped_collection(ouro_heap *heap, const ouro_collection *info, void *argument)
{
    (void)heap;
    (void)argument;
    stepped_tell("generation %d%s %s", info->generation, info->nearby ? ", nearby," : "",
                 info->stop ? "ends" : "begins");
    bool whole = info->generation == 2 && !info->nearby;
    /* a whole one may begin, condemn and speak last words within one call */
    if (!info->stop) stepped_note_lost(whole ? OURO__WHOLE : OURO__PASS);
    if (!whole && info->stop) forget_lost(OURO__PASS);
    if (!whole && info->stop && !stepped.closing) bury_of_pass();
    if (!info->stop) {
        if (whole && !stepped.closing) doom();
        return;
    }
    stepped_tally.passes += !whole && !info->nearby;
    stepped_tally.nearby += info->nearby;
    stepped_tally.cycles += whole;
    stepped_tally.collected += info->collected;
    if (whole && !stepped.closing) check_doomed(heap->whole.given_up);
}
