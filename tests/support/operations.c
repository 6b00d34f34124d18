/* SPDX-License-Identifier: MIT */
/*
 * operations.c -- what a random program does, to the heap and to its model
 *
 * Each operation first says in the model what it is about to do, then does it
 * for real, and then settles: whatever the model still expects is missing.
 * What allocates may collect, and then finalizers act in the middle of it;
 * as a good program does, such an operation owns what it works on.
 */
#include "support/scene.h"

/* ---- births ---- */

static void do_new(const struct operation *operation)
{
    model_id id = scene_make((enum kind)(operation->a % KINDS), operation->b);
    if (id == MODEL_NONE) { /* enough: clean up instead */
        scene_tell("collect everything, since there are %zu objects", scene.model.living_count);
        (void)ouro_collect(scene.heap, 2);
        if (scene.held_count > 0) scene_drop(operation->a % scene.held_count);
        return;
    }
    scene_node(id)->action = operation->flavour;
    scene_node(id)->parameter = operation->c;
    scene_tell("#%u = new %s", scene_serial(id), scene_node(id)->traits->name);
    scene_keep(id);
}

/* ---- references ---- */

static void do_own(const struct operation *operation)
{
    model_id id = scene_walk(operation->a);
    if (id == MODEL_NONE) return;
    scene_tell("own #%u", scene_serial(id));
    model_hold(&scene.model, id);
    ouro_incref(scene_object(id));
    scene_keep(id);
}

static void do_drop(const struct operation *operation)
{
    if (scene.held_count > 0) scene_drop(operation->a % scene.held_count);
}

static void do_set(const struct operation *operation)
{
    model_id owner = scene_walk_to(operation->a, scene_has_slots);
    model_id value = scene_walk(operation->c);
    if (owner == MODEL_NONE || !kind_accepts(scene_kind(owner), scene_kind(value))) return;
    scene_set(owner, scene_choose_slot(owner, operation->b), value);
}

static void do_set_null(const struct operation *operation)
{
    model_id owner = scene_walk_to(operation->a, scene_has_slots);
    if (owner != MODEL_NONE) scene_set(owner, scene_choose_slot(owner, operation->b), MODEL_NONE);
}

/* Moves something held into a slot. */
static void do_put(const struct operation *operation)
{
    model_id owner = scene_walk_to(operation->a, scene_has_slots);
    if (owner == MODEL_NONE) return;
    size_t index = operation->c % scene.held_count;
    model_id value = scene.held[index];
    unsigned slot = scene_choose_slot(owner, operation->b);
    void **place = kind_slot(scene_kind(owner), scene_object(owner), slot);
    if (place == NULL || !kind_accepts(scene_kind(owner), scene_kind(value))) return;
    scene_tell("#%u.slot%u = move #%u", scene_serial(owner), slot, scene_serial(value));
    (void)scene_forget(index);
    void *object = scene_object(owner), *target = scene_object(value);
    model_give(&scene.model, value);
    scene_store_in_model(owner, slot, value);
    ouro__put(object, place, target);
    model_settle(&scene.model);
}

static void do_take(const struct operation *operation)
{
    model_id owner = scene_walk_to(operation->a, scene_has_slots);
    if (owner == MODEL_NONE) return;
    unsigned slot = scene_choose_slot(owner, operation->b);
    void **place = kind_slot(scene_kind(owner), scene_object(owner), slot);
    model_id value = scene_node(owner)->slots[slot];
    if (place == NULL || value == MODEL_NONE) return;
    scene_tell("take #%u from #%u.slot%u", scene_serial(value), scene_serial(owner), slot);
    void *taken = ouro__take(scene_object(owner), place);
    if (taken != scene_object(value)) model_fail("ouro_take gave something else");
    scene_node(owner)->slots[slot] = MODEL_NONE;
    model_receive(&scene.model, value);
    scene_keep(value);
}

static void do_swap(const struct operation *operation)
{
    model_id first = scene_walk_to(operation->a, scene_has_slots),
             second = scene_walk_to(operation->c, scene_has_slots);
    if (first == MODEL_NONE || second == MODEL_NONE || scene_kind(first) != scene_kind(second))
        return;
    unsigned first_slot = scene_choose_slot(first, operation->b);
    unsigned second_slot = scene_choose_slot(second, (uint16_t)(operation->b / 16));
    void **first_place = kind_slot(scene_kind(first), scene_object(first), first_slot);
    void **second_place = kind_slot(scene_kind(second), scene_object(second), second_slot);
    if (first_place == NULL || second_place == NULL) return;
    scene_tell("swap #%u.slot%u and #%u.slot%u", scene_serial(first), first_slot,
               scene_serial(second), second_slot);
    model_id *a = &scene_node(first)->slots[first_slot],
             *b = &scene_node(second)->slots[second_slot];
    model_id old = *a;
    *a = *b;
    *b = old;
    model_changed(&scene.model);
    ouro__swap(scene_object(first), first_place, scene_object(second), second_place);
}

/* ---- vectors ---- */

/* An owner with a vector, protected; MODEL_NONE when there is none. */
static model_id choose_vector(uint16_t number)
{
    model_id owner = scene_walk_to(number, scene_has_vector);
    scene_protect(owner);
    return owner;
}

static void insert_in_model(model_id owner, unsigned position, model_id value)
{
    struct model_node *node = scene_node(owner);
    for (unsigned i = node->vector_length++; i > position; i--)
        node->vector[i] = node->vector[i - 1];
    node->vector[position] = value;
    model_refer(&scene.model, value);
}

static model_id remove_in_model(model_id owner, unsigned position)
{
    struct model_node *node = scene_node(owner);
    model_id old = node->vector[position];
    node->vector_length--;
    for (unsigned i = position; i < node->vector_length; i++) node->vector[i] = node->vector[i + 1];
    model_changed(&scene.model);
    return old;
}

/* Appends or inserts a value that the program reaches. */
static void grow_vector(const struct operation *operation, bool append)
{
    model_id owner = choose_vector(operation->a);
    model_id value = operation->flavour % 16 == 0 ? MODEL_NONE : scene_walk(operation->c);
    if (owner == MODEL_NONE) return;
    scene_protect(value);
    struct model_node *node = scene_node(owner);
    if (node->vector_length < MODEL_VECTOR) {
        unsigned length = node->vector_length;
        unsigned position = append ? length : operation->b % (length + 1);
        scene_tell("#%u.vector: put #%u at %u", scene_serial(owner), scene_serial(value), position);
        ouro_status status = append ? ouro_vector_append(scene_object(owner), scene_vector(owner),
                                                         scene_object(value))
                                    : ouro_vector_insert(scene_object(owner), scene_vector(owner),
                                                         position, scene_object(value));
        scene_expect(status, "growing a vector");
        insert_in_model(owner, position, value);
    }
    scene_unprotect(value);
    scene_unprotect(owner);
}

static void do_append(const struct operation *operation)
{
    grow_vector(operation, true);
}

static void do_insert(const struct operation *operation)
{
    grow_vector(operation, false);
}

static void do_replace(const struct operation *operation)
{
    model_id owner = choose_vector(operation->a);
    if (owner == MODEL_NONE) return;
    struct model_node *node = scene_node(owner);
    if (node->vector_length > 0) {
        unsigned position = operation->b % node->vector_length;
        model_id value = scene_walk(operation->c), old = node->vector[position];
        void *object = scene_object(owner), *target = scene_object(value);
        scene_tell("#%u.vector[%u] = #%u", scene_serial(owner), position, scene_serial(value));
        model_refer(&scene.model, value);
        node->vector[position] = value;
        model_drop(&scene.model, old);
        scene_expect(ouro_vector_set(object, scene_vector(owner), position, target), "setting");
        model_settle(&scene.model);
    }
    scene_unprotect(owner);
}

static void do_pop(const struct operation *operation)
{
    model_id owner = scene_walk_to(operation->a, scene_has_vector);
    if (owner == MODEL_NONE) return;
    void *popped = ouro_vector_pop(scene_object(owner), scene_vector(owner));
    unsigned length = scene_node(owner)->vector_length;
    model_id value = length > 0 ? remove_in_model(owner, length - 1) : MODEL_NONE;
    scene_tell("pop #%u from #%u.vector", scene_serial(value), scene_serial(owner));
    if (popped != scene_object(value)) model_fail("ouro_vector_pop gave something else");
    if (value == MODEL_NONE) return;
    model_receive(&scene.model, value);
    scene_keep(value);
}

static void do_remove(const struct operation *operation)
{
    model_id owner = choose_vector(operation->a);
    if (owner == MODEL_NONE) return;
    unsigned length = scene_node(owner)->vector_length;
    if (length > 0) {
        unsigned position = operation->b % length;
        scene_tell("remove %u from #%u.vector", position, scene_serial(owner));
        model_drop(&scene.model, remove_in_model(owner, position));
        scene_expect(ouro_vector_remove(scene_object(owner), scene_vector(owner), position),
                     "removing");
        model_settle(&scene.model);
    }
    scene_unprotect(owner);
}

static void do_empty(const struct operation *operation)
{
    model_id owner = choose_vector(operation->a);
    if (owner == MODEL_NONE) return;
    model_id dropped[MODEL_VECTOR];
    unsigned count = 0;
    scene_tell("clear #%u.vector", scene_serial(owner));
    while (scene_node(owner)->vector_length > 0)
        dropped[count++] = remove_in_model(owner, scene_node(owner)->vector_length - 1);
    model_drop_all(&scene.model, dropped, count);
    ouro_vector_clear(scene_object(owner), scene_vector(owner));
    model_settle(&scene.model);
    scene_unprotect(owner);
}

static void do_reserve(const struct operation *operation)
{
    model_id owner = choose_vector(operation->a);
    if (owner == MODEL_NONE) return;
    scene_tell("reserve %u in #%u.vector", operation->b % 100, scene_serial(owner));
    scene_expect(ouro_vector_reserve(scene_object(owner), scene_vector(owner), operation->b % 100),
                 "reserving");
    scene_unprotect(owner);
}

/* ---- weak references ---- */

/* The shared weak reference of a target, unless it is just dying in a collection
 * and the library has made a second one. */
static model_id known_weak(const ouro_weakref *weakref, model_id target)
{
    model_id known = model_shared_weak(&scene.model, target);
    if (known == MODEL_NONE || scene_object(known) == weakref) return known;
    if (scene.model.collecting == 0 || !model_may_end(&scene.model, known))
        model_fail("a second shared weak reference");
    model_cleared(&scene.model, known);
    return MODEL_NONE;
}

/* The node of a callback-less weak reference that the library has just given
 * us: it may have given it before. */
static model_id register_weak(ouro_weakref *weakref, model_id target)
{
    model_id known = known_weak(weakref, target);
    if (known != MODEL_NONE) {
        model_hold(&scene.model, known);
        return known;
    }
    model_id id = scene_register(weakref, KIND_WEAK, 0);
    model_look_at(&scene.model, id, target, false);
    return id;
}

static void do_weak(const struct operation *operation)
{
    model_id target = scene_walk_to(operation->a, scene_is_object);
    if (target == MODEL_NONE || scene.model.living_count >= scene.setup->alive) return;
    scene_protect(target);
    ouro_weakref *weakref = ouro_weakref_new(scene_object(target));
    if (weakref == NULL) model_fail("no weak reference");
    model_id id = register_weak(weakref, target);
    scene_tell("#%u = weak reference to #%u", scene_serial(id), scene_serial(target));
    scene_keep(id);
    scene_unprotect(target);
}

static void do_weak_callback(const struct operation *operation)
{
    model_id target = scene_walk_to(operation->a, scene_is_object);
    model_id argument = operation->b % 4 == 0 ? MODEL_NONE : scene_walk(operation->b);
    if (target == MODEL_NONE || scene.model.living_count >= scene.setup->alive) return;
    scene_protect(target);
    scene_protect(argument);
    ouro_weakref *weakref =
        ouro_weakref_new_callback(scene_object(target), reaction_callback, scene_object(argument));
    if (weakref == NULL) model_fail("no weak reference");
    model_id id = scene_register(weakref, KIND_WEAK_CALLBACK, 0);
    model_look_at(&scene.model, id, target, true);
    scene_node(id)->slots[0] = argument;
    model_refer(&scene.model, argument);
    scene_node(id)->action = operation->flavour;
    scene_node(id)->parameter = operation->c;
    scene_tell("#%u = weak reference to #%u with a callback for #%u", scene_serial(id),
               scene_serial(target), scene_serial(argument));
    scene_keep(id);
    scene_unprotect(argument);
    scene_unprotect(target);
}

/* Within a collection, trash may or may not answer (it does to finalizers), and
 * what dies doesn't; nor does, at any time, what waits for its end until a traverse hook has returned. */
static bool may_be_silent(model_id target)
{
    if (target == MODEL_NONE) return false;
    if (scene_node(target)->count == 0) return true;
    if (scene.model.collecting == 0) return false;
    return scene_node(target)->suspect || model_may_end(&scene.model, target);
}

/* What a weak reference gave must be what the model says; it is kept. */
static void keep_answer(void *answer, model_id target)
{
    if (answer != scene_object(target) && (answer != NULL || !may_be_silent(target)))
        model_fail("a weak reference to #%u answers wrongly", scene_serial(target));
    if (answer == NULL) return;
    model_hold(&scene.model, target);
    scene_keep(target);
}

static void do_weak_get(const struct operation *operation)
{
    model_id weak = scene_walk_to(operation->a, scene_is_weak);
    if (weak == MODEL_NONE) return;
    scene_tell("ask weak reference #%u for #%u", scene_serial(weak),
               scene_serial(scene_node(weak)->target));
    keep_answer(ouro_weakref_get(scene_object(weak)), scene_node(weak)->target);
}

static void do_weak_field_set(const struct operation *operation)
{
    model_id actor = scene_walk_to(operation->a, scene_is_actor);
    model_id target =
        operation->c % 8 == 0 ? MODEL_NONE : scene_walk_to(operation->b, scene_is_object);
    if (actor == MODEL_NONE || scene.model.living_count >= scene.setup->alive) return;
    scene_protect(actor);
    scene_protect(target);
    scene_tell("#%u.weak looks at #%u", scene_serial(actor), scene_serial(target));
    scene_expect(kind_set_weak_field(scene_object(actor), scene_object(target)), "a weak field");
    ouro_weakref *weakref = kind_weak_field(scene_object(actor));
    model_id id = target != MODEL_NONE ? register_weak(weakref, target) : MODEL_NONE;
    if (id != MODEL_NONE) model_give(&scene.model, id);
    scene_store_in_model(actor, KIND_ACTOR_WEAK, id);
    model_settle(&scene.model);
    scene_unprotect(target);
    scene_unprotect(actor);
}

static void do_weak_field_get(const struct operation *operation)
{
    model_id actor = scene_walk_to(operation->a, scene_is_actor);
    if (actor == MODEL_NONE) return;
    model_id weak = scene_node(actor)->slots[KIND_ACTOR_WEAK];
    model_id target = weak != MODEL_NONE ? scene_node(weak)->target : MODEL_NONE;
    scene_tell("ask #%u.weak for #%u", scene_serial(actor), scene_serial(target));
    keep_answer(kind_get_weak_field(scene_object(actor)), target);
}

/* ---- collecting ---- */

static void do_collect(const struct operation *operation)
{
    scene_tell("collect generation %d", operation->a % 3);
    (void)ouro_collect(scene.heap, operation->a % 3);
}

static void do_collect_all(const struct operation *operation)
{
    (void)operation;
    scene_tell("collect everything");
    scene_collect_all();
}

static void do_safepoint(const struct operation *operation)
{
    (void)operation;
    scene_tell("safepoint");
    (void)ouro_safepoint(scene.heap);
}

static void do_freeze(const struct operation *operation)
{
    (void)operation;
    scene_tell("freeze");
    for (size_t i = 0; i < scene.model.living_count; i++) {
        struct model_node *node = scene_node(scene.model.living[i]);
        if (node->traits->tracked) node->frozen = true;
    }
    model_changed(&scene.model);
    ouro_freeze(scene.heap);
}

static void do_unfreeze(const struct operation *operation)
{
    (void)operation;
    scene_tell("unfreeze");
    for (size_t i = 0; i < scene.model.living_count; i++)
        scene_node(scene.model.living[i])->frozen = false;
    model_changed(&scene.model);
    ouro_unfreeze(scene.heap);
}

static void do_immortalize(const struct operation *operation)
{
    model_id id = scene_walk_to(operation->a, scene_is_object);
    if (id == MODEL_NONE || scene.immortals >= 2) return;
    scene_tell("immortalize #%u", scene_serial(id));
    scene.immortals += !scene_node(id)->immortal;
    scene_node(id)->immortal = true;
    model_changed(&scene.model);
    ouro_immortalize(scene_object(id));
}

static void do_trim(const struct operation *operation)
{
    (void)operation;
    scene_tell("trim");
    (void)ouro_trim(scene.heap);
}

/* ---- memory without a count ---- */

static void fill_raw(struct raw *raw)
{
    for (size_t i = 0; i < raw->size; i++) {
        if (i == 512 && raw->size > 1024) i = raw->size - 512;
        raw->memory[i] = scene_raw_byte(raw, i);
    }
}

/* Mostly small; now and then a large block. */
static size_t raw_size(const struct operation *operation)
{
    if (operation->flavour % 32 == 0) return (size_t)operation->b * 5;
    return operation->b % 32 == 0 ? operation->b % 4096 : operation->b % 300;
}

static void do_raw_new(const struct operation *operation)
{
    struct raw *raw = &scene.raw[operation->a % WORLD_RAW];
    if (raw->memory != NULL) return;
    size_t size = raw_size(operation);
    scene_tell("raw %u: %zu bytes", operation->a % WORLD_RAW, size);
    unsigned char *memory = operation->flavour % 3 == 0 ? ouro_mem_alloc_zeroed(scene.heap, 1, size)
                                                        : ouro_mem_alloc(scene.heap, size);
    if (memory == NULL) model_fail("no raw memory");
    if (raw->memory != NULL) { /* a finalizer was here */
        ouro_mem_free(scene.heap, memory);
        return;
    }
    *raw = (struct raw){memory, size, (unsigned char)operation->c};
    fill_raw(raw);
}

static void do_raw_resize(const struct operation *operation)
{
    struct raw *raw = &scene.raw[operation->a % WORLD_RAW];
    if (raw->memory == NULL) return;
    size_t size = raw_size(operation);
    scene_tell("raw %u: resized to %zu bytes", operation->a % WORLD_RAW, size);
    unsigned char *memory = ouro_mem_realloc(scene.heap, raw->memory, size);
    if (memory == NULL) model_fail("no raw memory");
    raw->memory = memory;
    if (raw->size <= 1024 && size <= 1024)
        scene_check_raw(raw, size < raw->size ? size : raw->size);
    raw->size = size;
    raw->first = (unsigned char)operation->c;
    fill_raw(raw);
}

static void do_raw_free(const struct operation *operation)
{
    scene_tell("raw %u: freed", operation->a % WORLD_RAW);
    scene_free_raw(&scene.raw[operation->a % WORLD_RAW], operation->b % 2 == 0);
}

static void do_account(const struct operation *operation)
{
    size_t bytes = operation->b;
    if (operation->a % 2 == 0 && scene.accounted >= bytes) {
        scene_expect(ouro_account(scene.heap, -(ptrdiff_t)bytes), "accounting");
        scene.accounted -= bytes;
    } else if (scene.accounted < 1 << 20) {
        scene_expect(ouro_account(scene.heap, (ptrdiff_t)bytes), "accounting");
        scene.accounted += bytes;
    }
}

/* A scope with up to twelve new objects; the first of them goes on to live. */
static void do_scope(const struct operation *operation)
{
    ouro_scope scope;
    model_id made[12];
    size_t count = 0;
    ouro_scope_open(&scope, scene.heap);
    scene_tell("open a scope");
    for (unsigned i = 0; i < operation->a % 13u; i++) {
        model_id id = scene_make((enum kind)((operation->b + i) % KINDS), operation->c);
        if (id == MODEL_NONE) break;
        scene_node(id)->action = 0;
        scene_tell("#%u = new %s in the scope", scene_serial(id), scene_node(id)->traits->name);
        if (ouro_scope_add(&scope, scene_object(id)) == NULL) model_fail("a scope does not grow");
        made[count++] = id;
    }
    if (count > 0) {
        model_hold(&scene.model, made[0]);
        ouro_incref(scene_object(made[0]));
        scene_keep(made[0]);
    }
    scene_tell("close the scope");
    for (size_t i = 0; i < count / 2; i++) {
        model_id other = made[i];
        made[i] = made[count - 1 - i];
        made[count - 1 - i] = other;
    }
    for (size_t i = 0; i < count; i++) model_give(&scene.model, made[i]);
    model_drop_all(&scene.model, made, count);
    ouro_scope_close(&scope);
    model_settle(&scene.model);
}

static void do_audit(const struct operation *operation)
{
    (void)operation;
    world_audit();
}

void operation_do(const struct operation *operation)
{
    static void (*const doers[WORLD_CODES])(const struct operation *) = {
        [WORLD_NEW] = do_new,
        [WORLD_OWN] = do_own,
        [WORLD_DROP] = do_drop,
        [WORLD_SET] = do_set,
        [WORLD_SET_NULL] = do_set_null,
        [WORLD_PUT] = do_put,
        [WORLD_TAKE] = do_take,
        [WORLD_SWAP] = do_swap,
        [WORLD_APPEND] = do_append,
        [WORLD_INSERT] = do_insert,
        [WORLD_REPLACE] = do_replace,
        [WORLD_POP] = do_pop,
        [WORLD_REMOVE] = do_remove,
        [WORLD_EMPTY] = do_empty,
        [WORLD_RESERVE] = do_reserve,
        [WORLD_WEAK] = do_weak,
        [WORLD_WEAK_CALLBACK] = do_weak_callback,
        [WORLD_WEAK_GET] = do_weak_get,
        [WORLD_WEAK_FIELD_SET] = do_weak_field_set,
        [WORLD_WEAK_FIELD_GET] = do_weak_field_get,
        [WORLD_COLLECT] = do_collect,
        [WORLD_COLLECT_ALL] = do_collect_all,
        [WORLD_SAFEPOINT] = do_safepoint,
        [WORLD_FREEZE] = do_freeze,
        [WORLD_UNFREEZE] = do_unfreeze,
        [WORLD_IMMORTALIZE] = do_immortalize,
        [WORLD_TRIM] = do_trim,
        [WORLD_RAW_NEW] = do_raw_new,
        [WORLD_RAW_RESIZE] = do_raw_resize,
        [WORLD_RAW_FREE] = do_raw_free,
        [WORLD_SCOPE] = do_scope,
        [WORLD_ACCOUNT] = do_account,
        [WORLD_AUDIT] = do_audit,
    };
    doers[operation->code](operation);
}
