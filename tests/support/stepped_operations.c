/* SPDX-License-Identifier: MIT */
/*
 * stepped_operations.c -- what the program of a stepped world does
 *
 * The mirror hears of a change before the library makes it, since finalizers and callbacks run inside;
 * of what first needs memory afterwards, since a collection may run before it.
 */
#include "support/stepped.h"

#include "heap/heap.h"

/* ---- what there is to work on ---- */

/* The n-th thing held; or, in a finalizer, often the object itself. */
static model_id begin_at(uint16_t number)
{
    if (stepped.self != MODEL_NONE && (number & 1) != 0) return stepped.self;
    if (stepped.held_count == 0) return MODEL_NONE;
    return stepped.held[(number >> 1) % stepped.held_count];
}

/* The next reference of a node from the n-th on that leads anywhere. */
static model_id follow(model_id id, uint16_t n)
{
    const struct mirror_node *node = stepped_node(id);
    size_t count = mirror_references(node);
    for (size_t i = 0; i < count; i++) {
        model_id next = mirror_reference(node, (n + i) % count);
        if (next != MODEL_NONE) return next;
    }
    return MODEL_NONE;
}

/* Borrowed: something within three references of what is held.  No count changes on the way. */
model_id stepped_walk(uint16_t number)
{
    model_id id = begin_at(number);
    for (unsigned hops = number >> 6 & 3; id != MODEL_NONE && hops > 0; hops--) {
        model_id next = follow(id, (uint16_t)(number >> 8 >> hops));
        if (next == MODEL_NONE) break;
        id = next;
    }
    return id;
}

static bool has_slots(model_id id)
{
    return !mirror_is_weak(stepped_node(id)) && stepped_node(id)->slot_count > 0;
}

static bool has_vector(model_id id)
{
    return kind_traits[stepped_node(id)->kind].has_vector;
}

static bool has_weak_field(model_id id)
{
    return stepped_node(id)->kind == KIND_ACTOR;
}

static bool is_weak(model_id id)
{
    return mirror_is_weak(stepped_node(id));
}

static bool is_no_weak(model_id id)
{
    return !is_weak(id);
}

/* The same, of those that `accepts`; a few tries. */
model_id stepped_walk_to(uint16_t number, bool (*accepts)(model_id id))
{
    for (unsigned i = 0; i < 6; i++, number = (uint16_t)(number * 25173u + 13849u)) {
        model_id id = stepped_walk(number);
        if (id != MODEL_NONE && accepts(id)) return id;
    }
    return MODEL_NONE;
}

static void *object_of(model_id id)
{
    return id == MODEL_NONE ? NULL : stepped_node(id)->object;
}

static enum kind kind_at(model_id id)
{
    return (enum kind)stepped_node(id)->kind;
}

/* ---- what the program holds ---- */

static void drop_held(size_t index)
{
    model_id id = stepped.held[index];
    if (stepped_node(id)->held <= stepped_node(id)->pins) return;
    stepped_tell("drop #%u", stepped_serial(id));
    stepped.held[index] = stepped.held[--stepped.held_count];
    mirror_unhold(&stepped.mirror, id);
    ouro_decref(object_of(id));
}

/* A reference that the program has got.  When its hands are full it drops the oldest that no
 * operation needs. */
void stepped_keep(model_id id)
{
    for (size_t i = 0; i < stepped.held_count && stepped.held_count >= stepped.setup->held; i++)
        drop_held(i);
    if (stepped.held_count == STEPPED_HELD) model_fail("everything held is in use");
    stepped.held[stepped.held_count++] = id;
}

/* Holds what an operation needs to its end; a count changes only if the program did not hold it. */
static bool pin(model_id id)
{
    struct mirror_node *node = stepped_node(id);
    bool takes = node->held <= node->pins;
    if (takes) {
        mirror_hold(&stepped.mirror, id);
        ouro_incref(node->object);
    }
    node->pins++;
    return takes;
}

static void unpin(model_id id, bool taken)
{
    stepped_node(id)->pins--;
    if (!taken) return;
    mirror_unhold(&stepped.mirror, id);
    ouro_decref(object_of(id));
}

static void own(model_id id)
{
    mirror_hold(&stepped.mirror, id);
    ouro_incref(object_of(id));
    stepped_keep(id);
}

static void do_own(const struct operation *operation)
{
    model_id id = stepped_walk(operation->a);
    if (id == MODEL_NONE) return;
    stepped_tell("own #%u", stepped_serial(id));
    own(id);
}

static void do_drop(const struct operation *operation)
{
    if (stepped.held_count > 0) drop_held(operation->a % stepped.held_count);
}

/* ---- births ---- */

static enum kind choose_kind(uint16_t number)
{
    static const uint8_t kinds[] = {
        KIND_PLAIN, KIND_PLAIN,  KIND_PLAIN,  KIND_PLAIN, KIND_CHAIN, KIND_CHAIN,
        KIND_PAIR,  KIND_PAIR,   KIND_LINK,   KIND_BAG,   KIND_BAG,   KIND_BAG,
        KIND_ROW,   KIND_TAGGED, KIND_TAGGED, KIND_LEAF,  KIND_ATOM,  KIND_BOX,
        KIND_GHOST, KIND_GHOST,  KIND_GHOST,  KIND_ACTOR, KIND_ACTOR, KIND_MEMO,
    };
    if (number % 128 == 77) return KIND_HUGE;
    if (stepped.setup->maps && number % 8 == 3) return KIND_MAP;
    if (stepped.setup->vectors && number % 2 == 0) return KIND_BAG;
    return (enum kind)kinds[number / 128 % (sizeof kinds / sizeof kinds[0])];
}

static void do_new(const struct operation *operation)
{
    if (stepped.mirror.used_count >= stepped.setup->alive) return;
    enum kind kind = choose_kind(operation->a);
    unsigned length = operation->b % 3 + 1;
    void *object = kind == KIND_MAP ? (void *)ouro_weak_map_new(stepped.heap)
                                    : kind_make(stepped.heap, kind, length);
    if (object == NULL) model_fail("no object");
    model_id id = stepped_born(kind, object, kind_slots(kind, length));
    if (kind != KIND_MAP) kind_number(object, id);
    stepped_node(id)->action = (uint64_t)operation->c << 16 | operation->b;
    stepped_tally.births++;
    stepped_tell("#%u = new %s", stepped_serial(id), kind_traits[kind].name);
    mirror_hold(&stepped.mirror, id);
    stepped_keep(id);
}

/* ---- slots ---- */

/* A slot that the program may write; the weak field has calls of its own. */
static unsigned choose_slot(model_id owner, uint16_t number)
{
    unsigned slot = (unsigned)number % stepped_node(owner)->slot_count;
    return kind_at(owner) == KIND_ACTOR && slot == KIND_ACTOR_WEAK ? 0 : slot;
}

static void set_slot(model_id owner, unsigned slot, model_id value)
{
    void **place = kind_slot(kind_at(owner), object_of(owner), slot);
    void *object = object_of(owner);
    enum kind kind = kind_at(owner);
    stepped_tell("#%u[%u] = #%u", stepped_serial(owner), slot, stepped_serial(value));
    mirror_set(&stepped.mirror, &stepped_node(owner)->slots[slot], value);
    if (place != NULL)
        ouro__set(object, place, object_of(value));
    else
        kind_set_tagged(kind, object, slot, object_of(value));
}

static void do_set(const struct operation *operation)
{
    model_id owner = stepped_walk_to(operation->a, has_slots);
    model_id value = stepped_walk(operation->b);
    if (owner == MODEL_NONE || value == MODEL_NONE) return;
    if (kind_accepts(kind_at(owner), kind_at(value)))
        set_slot(owner, choose_slot(owner, operation->c), value);
}

static void do_set_null(const struct operation *operation)
{
    model_id owner = stepped_walk_to(operation->a, has_slots);
    if (owner != MODEL_NONE) set_slot(owner, choose_slot(owner, operation->c), MODEL_NONE);
}

/* What is held moves into a slot. */
static void do_put(const struct operation *operation)
{
    model_id owner = stepped_walk_to(operation->a, has_slots);
    if (owner == MODEL_NONE || stepped.held_count == 0) return;
    size_t index = operation->b % stepped.held_count;
    model_id value = stepped.held[index];
    unsigned slot = choose_slot(owner, operation->c);
    void **place = kind_slot(kind_at(owner), object_of(owner), slot);
    if (place == NULL || !kind_accepts(kind_at(owner), kind_at(value))) return;
    if (stepped_node(value)->held <= stepped_node(value)->pins) return;
    stepped_tell("#%u[%u] = #%u, moved", stepped_serial(owner), slot, stepped_serial(value));
    stepped.held[index] = stepped.held[--stepped.held_count];
    mirror_set(&stepped.mirror, &stepped_node(owner)->slots[slot], value);
    mirror_unhold(&stepped.mirror, value);
    ouro__put_owned(object_of(owner), place, object_of(value));
}

static void do_take(const struct operation *operation)
{
    model_id owner = stepped_walk_to(operation->a, has_slots);
    if (owner == MODEL_NONE) return;
    unsigned slot = choose_slot(owner, operation->c);
    void **place = kind_slot(kind_at(owner), object_of(owner), slot);
    model_id id = stepped_node(owner)->slots[slot];
    if (place == NULL || id == MODEL_NONE) return;
    stepped_tell("take #%u out of #%u[%u]", stepped_serial(id), stepped_serial(owner), slot);
    mirror_hold(&stepped.mirror, id);
    mirror_set(&stepped.mirror, &stepped_node(owner)->slots[slot], MODEL_NONE);
    if (ouro__take(object_of(owner), place) != object_of(id)) model_fail("taken is something else");
    stepped_keep(id);
}

static bool fits(model_id owner, model_id value)
{
    return value == MODEL_NONE || kind_accepts(kind_at(owner), kind_at(value));
}

static void do_swap(const struct operation *operation)
{
    model_id a = stepped_walk_to(operation->a, has_slots),
             b = stepped_walk_to(operation->b, has_slots);
    if (a == MODEL_NONE || b == MODEL_NONE) return;
    unsigned slot_a = choose_slot(a, operation->c);
    unsigned slot_b = choose_slot(b, (uint16_t)(operation->c >> 8));
    void **place_a = kind_slot(kind_at(a), object_of(a), slot_a);
    void **place_b = kind_slot(kind_at(b), object_of(b), slot_b);
    model_id *in_a = &stepped_node(a)->slots[slot_a], *in_b = &stepped_node(b)->slots[slot_b];
    if (place_a == NULL || place_b == NULL || !fits(a, *in_b) || !fits(b, *in_a)) return;
    stepped_tell("swap #%u[%u] and #%u[%u]", stepped_serial(a), slot_a, stepped_serial(b), slot_b);
    model_id was = *in_a;
    *in_a = *in_b;
    *in_b = was;
    stepped.mirror.stale = true;
    ouro__swap(object_of(a), place_a, object_of(b), place_b);
}

/* ---- vectors ---- */

static ouro_vector *vector_of(model_id owner)
{
    return kind_vector(kind_at(owner), object_of(owner));
}

static model_id walk_to_items(uint16_t number)
{
    model_id owner = stepped_walk_to(number, has_vector);
    return owner != MODEL_NONE && stepped_node(owner)->vector_length > 0 ? owner : MODEL_NONE;
}

static void expect(ouro_status status, const char *what)
{
    if (status != OURO_OK) model_fail("%s: %s", what, ouro_heap_error(stepped.heap)->message);
}

static void mirror_insert(struct mirror_node *owner, size_t position, model_id value)
{
    for (size_t i = owner->vector_length++; i > position; i--)
        owner->vector[i] = owner->vector[i - 1];
    owner->vector[position] = value;
    mirror_refer(&stepped.mirror, value);
}

static model_id mirror_remove(struct mirror_node *owner, size_t position)
{
    model_id id = owner->vector[position];
    owner->vector_length--;
    for (size_t i = position; i < owner->vector_length; i++)
        owner->vector[i] = owner->vector[i + 1];
    mirror_unrefer(&stepped.mirror, id);
    return id;
}

/* Growing may collect, and what is worked on must outlive that. */
static void grow(const struct operation *operation, bool appends)
{
    model_id owner = stepped_walk_to(operation->a, has_vector);
    model_id value = operation->flavour % 8 == 0 ? MODEL_NONE : stepped_walk(operation->b);
    if (owner == MODEL_NONE || stepped_node(owner)->vector_length + 4 > MIRROR_VECTOR) return;
    ouro_vector *vector = vector_of(owner);
    bool full = vector->length == vector->capacity;
    bool owner_taken = full && pin(owner), value_taken = full && value != MODEL_NONE && pin(value);
    size_t position = appends ? vector->length : operation->c % (vector->length + 1);
    stepped_tell("#%u inserts #%u at %zu", stepped_serial(owner), stepped_serial(value), position);
    ouro_status status =
        appends ? ouro_vector_append(object_of(owner), vector, object_of(value))
                : ouro_vector_insert(object_of(owner), vector, position, object_of(value));
    if (appends) position = stepped_node(owner)->vector_length;
    if (status == OURO_OK)
        mirror_insert(stepped_node(owner), position, value);
    else if (position <= stepped_node(owner)->vector_length)
        expect(status, "growing a vector");
    if (full && value != MODEL_NONE) unpin(value, value_taken);
    if (full) unpin(owner, owner_taken);
}

static void do_append(const struct operation *operation)
{
    grow(operation, true);
}

static void do_insert(const struct operation *operation)
{
    grow(operation, false);
}

static void do_replace(const struct operation *operation)
{
    model_id owner = walk_to_items(operation->a);
    model_id value = operation->flavour % 8 == 0 ? MODEL_NONE : stepped_walk(operation->b);
    if (owner == MODEL_NONE) return;
    size_t position = (size_t)operation->c % stepped_node(owner)->vector_length;
    stepped_tell("#%u replaces item %zu by #%u", stepped_serial(owner), position,
                 stepped_serial(value));
    mirror_set(&stepped.mirror, &stepped_node(owner)->vector[position], value);
    expect(ouro_vector_set(object_of(owner), vector_of(owner), position, object_of(value)),
           "replacing");
}

static void do_pop(const struct operation *operation)
{
    model_id owner = walk_to_items(operation->a);
    if (owner == MODEL_NONE) return;
    struct mirror_node *node = stepped_node(owner);
    model_id id = node->vector[node->vector_length - 1u];
    stepped_tell("pop #%u from #%u", stepped_serial(id), node->serial);
    if (id != MODEL_NONE) mirror_hold(&stepped.mirror, id);
    (void)mirror_remove(node, node->vector_length - 1u);
    if (ouro_vector_pop(node->object, vector_of(owner)) != object_of(id))
        model_fail("popped is something else");
    if (id != MODEL_NONE) stepped_keep(id);
}

/* An item moves out by hand and leaves a hole. */
static void do_pull(const struct operation *operation)
{
    model_id owner = walk_to_items(operation->a);
    if (owner == MODEL_NONE) return;
    size_t position = (size_t)operation->c % stepped_node(owner)->vector_length;
    model_id id = stepped_node(owner)->vector[position];
    if (id == MODEL_NONE) return;
    stepped_tell("take #%u, item %zu of #%u", stepped_serial(id), position, stepped_serial(owner));
    mirror_hold(&stepped.mirror, id);
    mirror_set(&stepped.mirror, &stepped_node(owner)->vector[position], MODEL_NONE);
    if (ouro__take(object_of(owner), &vector_of(owner)->items[position]) != object_of(id))
        model_fail("taken is something else");
    stepped_keep(id);
}

static void do_remove(const struct operation *operation)
{
    model_id owner = walk_to_items(operation->a);
    if (owner == MODEL_NONE) return;
    size_t position = (size_t)operation->c % stepped_node(owner)->vector_length;
    stepped_tell("#%u removes item %zu", stepped_serial(owner), position);
    (void)mirror_remove(stepped_node(owner), position);
    expect(ouro_vector_remove(object_of(owner), vector_of(owner), position), "removing");
}

static void do_empty(const struct operation *operation)
{
    model_id owner = walk_to_items(operation->a);
    if (owner == MODEL_NONE) return;
    bool taken = pin(owner);
    struct mirror_node *node = stepped_node(owner);
    stepped_tell("#%u is emptied", node->serial);
    while (node->vector_length > 0) (void)mirror_remove(node, node->vector_length - 1u);
    ouro_vector_clear(node->object, vector_of(owner));
    unpin(owner, taken);
}

/* ---- weak references ---- */

/* What the library has answered: a weak reference that is known or new.  Owned. */
static model_id know_weak(ouro_weakref *weakref, enum kind kind, model_id target)
{
    model_id id = mirror_find(&stepped.mirror, weakref);
    bool known = id != MODEL_NONE && kind_at(id) == kind && stepped_node(id)->target == target;
    if (!known || kind == KIND_WEAK_CALLBACK) {
        id = stepped_born(kind, weakref, kind == KIND_WEAK_CALLBACK);
        stepped_node(id)->target = target;
    }
    return id;
}

static void do_weak(const struct operation *operation)
{
    model_id target = stepped_walk_to(operation->a, is_no_weak);
    if (target == MODEL_NONE || stepped.mirror.used_count >= 2 * stepped.setup->alive) return;
    bool taken = pin(target);
    ouro_weakref *weakref = ouro_weakref_new(object_of(target));
    if (weakref == NULL) model_fail("no weak reference");
    model_id id = know_weak(weakref, KIND_WEAK, target);
    stepped_tell("#%u = weak reference to #%u", stepped_serial(id), stepped_serial(target));
    mirror_hold(&stepped.mirror, id);
    stepped_pardon(); /* garbage may have held the same one */
    stepped_keep(id);
    unpin(target, taken);
}

static void do_weak_callback(const struct operation *operation)
{
    model_id target = stepped_walk_to(operation->a, is_no_weak);
    model_id argument = operation->flavour % 4 == 0 ? MODEL_NONE : stepped_walk(operation->b);
    if (target == MODEL_NONE || stepped.mirror.used_count >= 2 * stepped.setup->alive) return;
    bool target_taken = pin(target), argument_taken = argument != MODEL_NONE && pin(argument);
    ouro_weakref *weakref =
        ouro_weakref_new_callback(object_of(target), stepped_called, object_of(argument));
    if (weakref == NULL) model_fail("no weak reference");
    model_id id = know_weak(weakref, KIND_WEAK_CALLBACK, target);
    stepped_node(id)->action = (uint64_t)operation->c << 16 | operation->a;
    stepped_node(id)->promised = stepped.depth == 0 && stepped.heap->whole.phase < OURO__LEAVE;
    mirror_set(&stepped.mirror, &stepped_node(id)->slots[0], argument);
    stepped_tell("#%u = weak reference to #%u that calls with #%u", stepped_serial(id),
                 stepped_serial(target), stepped_serial(argument));
    mirror_hold(&stepped.mirror, id);
    stepped_keep(id);
    if (argument != MODEL_NONE) unpin(argument, argument_taken);
    unpin(target, target_taken);
}

/* What a weak reference has answered: the target, or nothing if that is out of reach. */
static void answered(model_id weak, void *answer)
{
    model_id target = stepped_node(weak)->target;
    stepped_tell("weak reference #%u answers %s#%u", stepped_serial(weak),
                 answer == NULL ? "nothing, not " : "", stepped_serial(target));
    if (answer == NULL) {
        if (target != MODEL_NONE && mirror_reaches(&stepped.mirror, target))
            model_fail("weak reference #%u does not see #%u, which can be reached",
                       stepped_serial(weak), stepped_serial(target));
        return;
    }
    if (target == MODEL_NONE || answer != object_of(target))
        model_fail("weak reference #%u answers something else", stepped_serial(weak));
    mirror_hold(&stepped.mirror, target);
    stepped_pardon();
    stepped_keep(target);
}

static void do_weak_get(const struct operation *operation)
{
    model_id weak = stepped_walk_to(operation->a, is_weak);
    if (weak != MODEL_NONE) answered(weak, ouro_weakref_get(object_of(weak)));
}

static void do_weak_field_set(const struct operation *operation)
{
    model_id owner = stepped_walk_to(operation->a, has_weak_field);
    model_id target =
        operation->flavour % 4 == 0 ? MODEL_NONE : stepped_walk_to(operation->b, is_no_weak);
    if (owner == MODEL_NONE || stepped.mirror.used_count >= 2 * stepped.setup->alive) return;
    bool taken = pin(owner), target_taken = target != MODEL_NONE && pin(target);
    expect(kind_set_weak_field(object_of(owner), object_of(target)), "setting a weak field");
    model_id id = MODEL_NONE;
    if (target != MODEL_NONE) id = know_weak(kind_weak_field(object_of(owner)), KIND_WEAK, target);
    stepped_tell("#%u looks at #%u by #%u", stepped_serial(owner), stepped_serial(target),
                 stepped_serial(id));
    mirror_set(&stepped.mirror, &stepped_node(owner)->slots[KIND_ACTOR_WEAK], id);
    stepped_pardon();
    if (target != MODEL_NONE) unpin(target, target_taken);
    unpin(owner, taken);
}

static void do_weak_field_get(const struct operation *operation)
{
    model_id owner = stepped_walk_to(operation->a, has_weak_field);
    if (owner == MODEL_NONE) return;
    model_id weak = stepped_node(owner)->slots[KIND_ACTOR_WEAK];
    void *answer = kind_get_weak_field(object_of(owner));
    if (weak != MODEL_NONE)
        answered(weak, answer);
    else if (answer != NULL)
        model_fail("an empty weak field answers");
}

/* ---- collecting ---- */

/* Inside a collection another does nothing and says so. */
static bool is_refused(size_t found)
{
    if (!stepped.heap->collecting) return false;
    if (found != 0 || ouro_heap_error(stepped.heap)->status != OURO_BUSY)
        model_fail("a collection within a collection: %zu", found);
    return true;
}

static void do_step(const struct operation *operation)
{
    static const uint16_t units[] = {1, 1, 1, 1, 2, 3, 8, 64};
    size_t most = operation->b % 64 == 0 ? 4096 : units[operation->a % 8];
    enum ouro__phase before = stepped.heap->whole.phase;
    if (before == OURO__IDLE && operation->b % 4 < 3 && !stepped.heap->collecting)
        ouro__heap_pools(stepped.heap)->marks.touched_any = true; /* a cycle begins without cause */
    /* where a phase is long and little happens, steps are short more rarely */
    if (before == OURO__FINISH && operation->b % 8 != 0) most += 1024;
    if ((before == OURO__IDLE || before == OURO__COUNT) && operation->b % 4 == 1) most += 128;
    if (before == OURO__DECIDE && operation->b % 2 == 1) most += 64;
    stepped_tell("step of %zu", most);
    stepped_tally.steps++;
    size_t found = ouro_step(stepped.heap, (ouro_budget){.units = most});
    if (is_refused(found) && stepped.heap->whole.phase != before)
        model_fail("a step within a collection");
}

static void do_collect(const struct operation *operation)
{
    int generation = operation->a % 8 == 0 ? 2 : operation->a % 8 < 4 ? 1 : 0;
    stepped_tell("collect generation %d", generation);
    for (size_t i = 0; stepped.depth > 0 && i < stepped.mirror.used_count; i++)
        stepped_node(stepped.mirror.used[i])->doomed = false; /* the cycle may be abandoned */
    (void)is_refused(ouro_collect(stepped.heap, generation));
}

/* While finalizers do nothing, two collections leave no garbage. */
static void do_collect_all(const struct operation *operation)
{
    (void)operation;
    bool silent = stepped.silent;
    stepped_tell("collect all");
    stepped.silent = true;
    (void)ouro_collect(stepped.heap, 2);
    stepped_check();
    (void)ouro_collect(stepped.heap, 2);
    stepped_check_clean();
    stepped.silent = silent;
}

static void do_safepoint(const struct operation *operation)
{
    (void)operation;
    (void)ouro_safepoint(stepped.heap);
}

static void set_frozen(bool frozen)
{
    for (size_t i = 0; i < stepped.mirror.used_count; i++) {
        struct mirror_node *node = stepped_node(stepped.mirror.used[i]);
        bool tracked = ouro_type_is_tracked(ouro_type_of(node->object));
        node->frozen = frozen && tracked;
    }
    stepped.mirror.stale = true;
}

static void do_freeze(const struct operation *operation)
{
    (void)operation;
    if (stepped.depth > 0) return;
    stepped_tell("freeze");
    for (size_t i = 0; i < stepped.mirror.used_count; i++) /* the cycle may be abandoned */
        stepped_node(stepped.mirror.used[i])->doomed = false;
    ouro_freeze(stepped.heap);
    stepped_check();
    set_frozen(true);
}

static void do_unfreeze(const struct operation *operation)
{
    (void)operation;
    if (stepped.depth > 0) return;
    stepped_tell("unfreeze");
    set_frozen(false);
    ouro_unfreeze(stepped.heap);
}

static void do_trim(const struct operation *operation)
{
    (void)operation;
    stepped_tell("trim");
    (void)ouro_trim(stepped.heap);
}

/* So many bytes that a whole cycle is due, and back. */
static void do_account(const struct operation *operation)
{
    bool more = stepped.accounted == 0;
    size_t bytes = more ? (size_t)STEPPED_BYTES >> operation->a % 6 : stepped.accounted;
    stepped_tell("account %c%zu", more ? '+' : '-', bytes);
    expect(ouro_account(stepped.heap, more ? (ptrdiff_t)bytes : -(ptrdiff_t)bytes), "accounting");
    stepped.accounted = more ? bytes : 0;
}

/* ---- roots and immortality ---- */

static void do_root(const struct operation *operation)
{
    size_t i = operation->a % STEPPED_ROOTS;
    model_id id = operation->flavour % 2 == 0 ? stepped_walk(operation->b) : MODEL_NONE;
    model_id old = stepped.root_ids[i];
    stepped_tell("root %zu = #%u", i, stepped_serial(id));
    if (id != MODEL_NONE) {
        mirror_hold(&stepped.mirror, id);
        ouro_incref(object_of(id));
    }
    if (old != MODEL_NONE && stepped_node(old)->held <= stepped_node(old)->pins) {
        if (id != MODEL_NONE) stepped_keep(id);
        return;
    }
    stepped.root_ids[i] = id;
    stepped.roots[i] = object_of(id);
    if (old == MODEL_NONE) return;
    mirror_unhold(&stepped.mirror, old);
    ouro_decref(object_of(old));
}

static void do_immortalize(const struct operation *operation)
{
    model_id id = stepped_walk_to(operation->a, is_no_weak);
    if (id == MODEL_NONE || stepped.depth > 0) return;
    stepped_tell("#%u is immortal", stepped_serial(id));
    stepped_node(id)->immortal = true;
    stepped.mirror.stale = true;
    ouro_immortalize(object_of(id));
}

void stepped_do(const struct operation *operation)
{
    static void (*const doers[STEPPED_CODES])(const struct operation *) = {
        [STEPPED_NEW] = do_new,
        [STEPPED_OWN] = do_own,
        [STEPPED_DROP] = do_drop,
        [STEPPED_SET] = do_set,
        [STEPPED_SET_NULL] = do_set_null,
        [STEPPED_PUT] = do_put,
        [STEPPED_TAKE] = do_take,
        [STEPPED_SWAP] = do_swap,
        [STEPPED_APPEND] = do_append,
        [STEPPED_INSERT] = do_insert,
        [STEPPED_REPLACE] = do_replace,
        [STEPPED_POP] = do_pop,
        [STEPPED_PULL] = do_pull,
        [STEPPED_REMOVE] = do_remove,
        [STEPPED_EMPTY] = do_empty,
        [STEPPED_WEAK] = do_weak,
        [STEPPED_WEAK_CALLBACK] = do_weak_callback,
        [STEPPED_WEAK_GET] = do_weak_get,
        [STEPPED_WEAK_FIELD_SET] = do_weak_field_set,
        [STEPPED_WEAK_FIELD_GET] = do_weak_field_get,
        [STEPPED_MAP_SET] = stepped_map_set,
        [STEPPED_MAP_GET] = stepped_map_get,
        [STEPPED_MAP_POP] = stepped_map_pop,
        [STEPPED_MAP_DELETE] = stepped_map_delete,
        [STEPPED_MAP_CLEAR] = stepped_map_clear,
        [STEPPED_MAP_WALK] = stepped_map_walk,
        [STEPPED_STEP] = do_step,
        [STEPPED_COLLECT] = do_collect,
        [STEPPED_COLLECT_ALL] = do_collect_all,
        [STEPPED_SAFEPOINT] = do_safepoint,
        [STEPPED_FREEZE] = do_freeze,
        [STEPPED_UNFREEZE] = do_unfreeze,
        [STEPPED_TRIM] = do_trim,
        [STEPPED_ACCOUNT] = do_account,
        [STEPPED_ROOT] = do_root,
        [STEPPED_IMMORTALIZE] = do_immortalize,
        [STEPPED_INSPECT] = stepped_inspect,
    };
    if (!stepped.heap->collecting && stepped.heap->whole.phase < OURO__LEAVE)
        stepped_note_lost(OURO__WHOLE);
    stepped_tally.met[stepped.heap->whole.phase][operation->code]++;
    doers[operation->code](operation);
}
