/* SPDX-License-Identifier: MIT */
/*
 * operations.c -- what a program does, on ouro's side
 *
 * Each operation is the twin of a method in cpython_side.py: it owns what it works on until it is done, drops
 * in the same order, and logs one result.  An operand that leads nowhere makes it do nothing.
 */
#include "oracle/side.h"

#include <string.h>

/* ---- paths ---- */

/* One step from an object: 1 to 4 a slot, 5 the last item, 6 the first.  Borrowed, or NULL. */
static void *step(void *object, int32_t way)
{
    struct node *node = as_node(object);
    if (node == NULL) return NULL;
    if (way <= SLOTS) return node->slots[way - 1];
    ouro_vector *vector = vector_of(node);
    if (vector == NULL || vector->length == 0) return NULL;
    return vector->items[way == 5 ? vector->length - 1 : 0];
}

/* Owned, or NULL. */
static void *resolve(int32_t path)
{
    int32_t base = path % 16;
    void *object = base == SELF ? side.self : side.roots[base];
    for (int32_t rest = path / 16; rest > 0 && object != NULL; rest /= 8)
        if (rest % 8 != 0) object = step(object, rest % 8);
    ouro_xincref(object);
    return object;
}

static struct node *resolve_node(int32_t path)
{
    void *object = resolve(path);
    struct node *node = as_node(object);
    if (object != NULL && node == NULL) ouro_decref(object);
    return node;
}

/* A node with a vector. */
static struct node *resolve_vector(int32_t path)
{
    struct node *node = resolve_node(path);
    if (node == NULL || vector_of(node) != NULL) return node;
    ouro_decref(node);
    return NULL;
}

/* Silent nodes hold nodes alone, and nobody looks at them. */
static bool accepts(const struct node *owner, void *value)
{
    return owner->kind != KIND_SILENT || !is_weakref(value);
}

static void keep(int32_t root, void *owned)
{
    void *old = side.roots[root];
    side.roots[root] = owned;
    ouro_xdecref(old);
}

/* ---- births and roots ---- */

static int32_t do_new(const int32_t *o)
{
    struct node *node = node_new((enum kind)o[1], o[2]);
    if (node == NULL) return NOTHING;
    int32_t serial = node->serial;
    keep(o[0], node);
    return serial;
}

static int32_t do_hold(const int32_t *o)
{
    void *value = resolve(o[1]);
    int32_t name = name_of(value);
    keep(o[0], value);
    return name;
}

static int32_t do_drop(const int32_t *o)
{
    int32_t name = name_of(side.roots[o[0]]);
    keep(o[0], NULL);
    return name;
}

/* ---- slots ---- */

static int32_t do_set(const int32_t *o)
{
    struct node *owner = resolve_node(o[0]);
    void *value = resolve(o[2]);
    int32_t name = NOTHING;
    if (owner != NULL && accepts(owner, value)) {
        name = name_of(value);
        ouro_set(owner, slots[o[1]], value);
    }
    ouro_xdecref(value);
    ouro_xdecref(owner);
    return name;
}

static int32_t do_clear(const int32_t *o)
{
    struct node *owner = resolve_node(o[0]);
    if (owner == NULL) return NOTHING;
    int32_t name = name_of(owner->slots[o[1]]);
    ouro_clear(owner, slots[o[1]]);
    ouro_decref(owner);
    return name;
}

/* Moves a root into a slot. */
static int32_t do_put(const int32_t *o)
{
    struct node *owner = resolve_node(o[0]);
    void *value = side.roots[o[2]];
    int32_t name = NOTHING;
    if (owner != NULL && accepts(owner, value)) {
        name = name_of(value);
        side.roots[o[2]] = NULL;
        ouro_put(owner, slots[o[1]], value);
    }
    ouro_xdecref(owner);
    return name;
}

/* Moves a slot into a root. */
static int32_t do_take(const int32_t *o)
{
    struct node *owner = resolve_node(o[1]);
    if (owner == NULL) return NOTHING;
    void *value = ouro_take(owner, slots[o[2]]);
    int32_t name = name_of(value);
    keep(o[0], value);
    ouro_decref(owner);
    return name;
}

static int32_t do_swap(const int32_t *o)
{
    struct node *first = resolve_node(o[0]), *second = resolve_node(o[2]);
    bool can = first != NULL && second != NULL && accepts(first, second->slots[o[3]]) &&
               accepts(second, first->slots[o[1]]);
    if (can) ouro_swap(first, slots[o[1]], second, slots[o[3]]);
    ouro_xdecref(second);
    ouro_xdecref(first);
    return can;
}

/* ---- vectors ---- */

static int32_t grow(int32_t path, int32_t value_path, int32_t position)
{
    struct node *owner = resolve_vector(path);
    void *value = resolve(value_path);
    int32_t length = NOTHING;
    if (owner != NULL && vector_of(owner)->length < VECTOR_MAX) {
        ouro_vector *vector = vector_of(owner);
        if (position < 0)
            (void)ouro_vector_append(owner, vector, value);
        else
            (void)ouro_vector_insert(owner, vector, (size_t)position % (vector->length + 1), value);
        length = (int32_t)vector->length;
    }
    ouro_xdecref(value);
    ouro_xdecref(owner);
    return length;
}

static int32_t do_append(const int32_t *o)
{
    return grow(o[0], o[1], -1);
}

static int32_t do_insert(const int32_t *o)
{
    return grow(o[0], o[2], o[1]);
}

static int32_t do_pop(const int32_t *o)
{
    struct node *owner = resolve_vector(o[1]);
    int32_t name = NOTHING;
    if (owner != NULL && vector_of(owner)->length > 0) {
        void *value = ouro_vector_pop(owner, vector_of(owner));
        name = name_of(value);
        keep(o[0], value);
    }
    ouro_xdecref(owner);
    return name;
}

static int32_t do_remove(const int32_t *o)
{
    struct node *owner = resolve_vector(o[0]);
    int32_t length = NOTHING;
    if (owner != NULL && vector_of(owner)->length > 0) {
        ouro_vector *vector = vector_of(owner);
        (void)ouro_vector_remove(owner, vector, (size_t)o[1] % vector->length);
        length = (int32_t)vector->length;
    }
    ouro_xdecref(owner);
    return length;
}

static int32_t do_replace(const int32_t *o)
{
    struct node *owner = resolve_vector(o[0]);
    void *value = resolve(o[2]);
    int32_t name = NOTHING;
    if (owner != NULL && vector_of(owner)->length > 0) {
        ouro_vector *vector = vector_of(owner);
        name = name_of(value);
        (void)ouro_vector_set(owner, vector, (size_t)o[1] % vector->length, value);
    }
    ouro_xdecref(value);
    ouro_xdecref(owner);
    return name;
}

static int32_t do_empty(const int32_t *o)
{
    struct node *owner = resolve_vector(o[0]);
    if (owner == NULL) return NOTHING;
    ouro_vector_clear(owner, vector_of(owner));
    int32_t length = (int32_t)vector_of(owner)->length;
    ouro_decref(owner);
    return length;
}

/* ---- weak references ---- */

static int32_t do_weak(const int32_t *o)
{
    struct node *target = resolve_node(o[1]);
    int32_t name = NOTHING;
    if (target != NULL && target->kind != KIND_SILENT) {
        ouro_weakref *weakref = plain_new(target);
        name = name_of(weakref);
        keep(o[0], weakref);
    }
    ouro_xdecref(target);
    return name;
}

static int32_t do_watch(const int32_t *o)
{
    struct node *target = resolve_node(o[1]), *argument = resolve_node(o[2]);
    int32_t name = NOTHING;
    if (target != NULL && target->kind != KIND_SILENT) {
        ouro_weakref *weakref = watcher_new(target, argument, o[3]);
        if (weakref != NULL) {
            name = name_of(weakref);
            keep(o[0], weakref);
        }
    }
    ouro_xdecref(argument);
    ouro_xdecref(target);
    return name;
}

static int32_t do_get(const int32_t *o)
{
    void *weakref = resolve(o[1]);
    int32_t name = NOTHING;
    if (is_weakref(weakref)) {
        void *object = ouro_weakref_get(weakref);
        name = name_of(object);
        keep(o[0], object);
    }
    ouro_xdecref(weakref);
    return name;
}

/* ---- the collector ---- */

static int32_t do_collect(const int32_t *o)
{
    collect(o[0]);
    return 0;
}

static int32_t do_freeze(const int32_t *o)
{
    (void)o;
    ouro_freeze(side.heap);
    return 0;
}

static int32_t do_unfreeze(const int32_t *o)
{
    (void)o;
    ouro_unfreeze(side.heap);
    return 0;
}

static int32_t do_saveall(const int32_t *o)
{
    ouro_set_debug(side.heap, o[0] != 0 ? OURO_DEBUG_SAVEALL : 0);
    return o[0];
}

static int32_t do_clear_garbage(const int32_t *o)
{
    (void)o;
    clear_garbage();
    return 0;
}

static int32_t do_check(const int32_t *o)
{
    (void)o;
    report();
    return 0;
}

/* From here on finalizers and callbacks only say that they run. */
static int32_t do_finish(const int32_t *o)
{
    (void)o;
    side.scripts_off = true;
    return 0;
}

/* ---- the interpreter ---- */

static const struct {
    const char *name; /* as in program.py */
    int32_t (*call)(const int32_t *operands);
} table[] = {
    {"NEW", do_new},         {"HOLD", do_hold},         {"DROP", do_drop},
    {"SET", do_set},         {"CLEAR", do_clear},       {"PUT", do_put},
    {"TAKE", do_take},       {"SWAP", do_swap},         {"APPEND", do_append},
    {"INSERT", do_insert},   {"POP", do_pop},           {"REMOVE", do_remove},
    {"REPLACE", do_replace}, {"EMPTY", do_empty},       {"WEAK", do_weak},
    {"WATCH", do_watch},     {"GET", do_get},           {"COLLECT", do_collect},
    {"FREEZE", do_freeze},   {"UNFREEZE", do_unfreeze}, {"SAVEALL", do_saveall},
    {"CHECK", do_check},     {"FINISH", do_finish},     {"CLEAR_GARBAGE", do_clear_garbage},
};

void run(const struct operation *operations, size_t length)
{
    for (size_t i = 0; i < length; i++)
        say(EVENT_RESULT, table[operations[i].code].call(operations[i].operands));
}

void run_script(int32_t script, void *self)
{
    if (script < 0 || side.scripts_off || side.depth >= DEPTH_MAX) return;
    const struct program *program = side.program;
    int32_t start = program->script_starts[script];
    void *outer = side.self;
    side.self = self;
    side.depth++;
    run(program->script_operations + start, (size_t)(program->script_starts[script + 1] - start));
    side.depth--;
    side.self = outer;
}

/* ---- what the driver calls ---- */

OURO_API const char *oracle_operation(int32_t code);
OURO_API const char *oracle_event(int32_t kind);
OURO_API int64_t oracle_run(const struct program *program, int32_t *out_log, int64_t capacity);
OURO_API const char *oracle_audit(void);

/* The name of an operation, so that the driver sees whether it speaks the same language. */
const char *oracle_operation(int32_t code)
{
    return (size_t)code < sizeof table / sizeof table[0] ? table[code].name : NULL;
}

const char *oracle_event(int32_t kind)
{
    static const char *const names[] = {
#define EVENT_TEXT(name) #name,
        EVENT_KINDS(EVENT_TEXT)
#undef EVENT_TEXT
    };
    return (size_t)kind < sizeof names / sizeof names[0] ? names[kind] : NULL;
}

static ouro_error audit;

/* Runs a program on a heap of its own; returns the length of the log, or -1 when the heap's own
 * audit fails or the heap is not empty in the end: then oracle_audit says why. */
int64_t oracle_run(const struct program *program, int32_t *out_log, int64_t capacity)
{
    const ouro_heap_options options = {.collector_off = true, .ignore_environment = true};
    memset(&side, 0, sizeof side);
    side.heap = ouro_heap_new(&options, &audit);
    if (side.heap == NULL) return -1;
    side.program = program;
    side.log = out_log;
    side.log_capacity = (size_t)capacity;
    run(program->operations, program->length);
    if (ouro_verify(side.heap, &audit) != OURO_OK) return -1;
    ouro_close_report report;
    (void)ouro_heap_close(side.heap, NULL, &report);
    if (report.alive != 0) {
        strcpy(audit.message, "objects are alive in the end");
        return -1;
    }
    return (int64_t)side.log_length;
}

const char *oracle_audit(void)
{
    return audit.message;
}
