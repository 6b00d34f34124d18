/* SPDX-License-Identifier: MIT */
/*
 * model.h -- the naive oracle: what ought to happen to a heap
 *
 * The model holds the same graph as a real heap: nodes, the references between
 * them, who looks at whom weakly, and what the program holds.  The world
 * (world.h) does everything twice, in the model and for real, and reports to
 * the model what the library does on its own: finalizers, callbacks, releases.
 *
 * Two rules decide whether a report is right.
 *
 *   Outside a collection the order is exact.  A count that reaches zero puts a
 *   frame on the model's stack; from it model_next() derives, one by one, what
 *   must happen: finalizer; weak references cleared; their callbacks, newest
 *   first; children: fields, the vector and items from their ends, and last
 *   what a traverse hook reports.  Hooks don't nest: nodes with hooks that
 *   die inside another one's hook wait until that death is over.  The release
 *   comes at any time after the callbacks, before the outermost call returns.
 *
 *   Inside a collection the order is the collector's.  A node may be finalized
 *   or released when a breadth-first search from what the program holds does
 *   not find it, and at the end of a full one nothing unreachable may be left.
 *
 * A contradiction ends the process (model_fail); the tests run it in a child.
 */
#ifndef OURO_TEST_MODEL_H
#define OURO_TEST_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    MODEL_NODES = 2048,
    MODEL_SLOTS = 12,
    MODEL_VECTOR = 40,
    MODEL_FRAMES = 4096,
    MODEL_PENDING = 32768,
};

/* A node by its place in the table; MODEL_NONE is no node. */
typedef int32_t model_id;
#define MODEL_NONE ((model_id)-1)

/* What a kind of node has.  Its slots are first the `fixed` fields of the table, then
 * `hooked` references that only a traverse hook knows, then items. */
struct model_traits {
    const char *name;
    unsigned fixed;
    unsigned hooked;
    bool tracked;
    bool has_vector;
    bool finalizes;
    bool releases; /* its death is reported by a hook */
    bool looks;    /* it is a weak reference */
};

struct model_node {
    const struct model_traits *traits;
    void *object;
    uint32_t serial; /* different for each node ever born */
    uint32_t mark;   /* the search that found it last */
    size_t place;    /* in model.living */
    int32_t count;
    int32_t roots; /* how many of the count are the program's */
    bool finalized;
    bool frozen;
    bool immortal;
    bool suspect;  /* unreachable when the running collection began */
    bool falling;  /* a frozen one, or what it holds, that only suspects refer to */
    bool doomed;   /* count zero within a collection: must be released in it */
    bool released; /* within a collection: only other trash still refers to it */
    bool ended;    /* outside: finalizer and weak references are behind it */
    bool gone;     /* outside: everything but its release */
    unsigned slot_count;
    unsigned vector_length;
    model_id slots[MODEL_SLOTS];
    model_id vector[MODEL_VECTOR];
    model_id first_weak; /* who looks at this node, newest first */
    model_id next_weak;  /* a weak reference: the next one of the same target */
    model_id target;     /* a weak reference: whom it looks at */
    bool has_callback;
    bool
        postponed; /* trash whose target died within the collection: it is called if it comes back */
    uint8_t action; /* what the finalizer or callback does, for the world */
    uint16_t parameter;
};

enum model_event_kind { MODEL_NOTHING, MODEL_FINALIZE, MODEL_CALLBACK };

struct model_event {
    enum model_event_kind kind;
    model_id node;
};

enum model_stage {
    STAGE_FINALIZE,
    STAGE_CLEAR_WEAK,
    STAGE_CALLBACKS,
    STAGE_CHILDREN,
    STAGE_OVER,
    STAGE_DROPS, /* no death: a call that drops several references */
};

/* One death under way: what is left of its list is pending[next .. end). */
struct model_frame {
    enum model_stage stage;
    model_id node;
    size_t begin, next, end;
    size_t hooked; /* from here on its list is what the traverse hook reports */
    bool admitted; /* it had to wait */
    bool pinned;   /* its finalizer runs, and counts as a reference */
};

struct model {
    struct model_node nodes[MODEL_NODES];
    model_id living[MODEL_NODES];
    size_t living_count;
    model_id unused[MODEL_NODES];
    size_t unused_count;
    uint32_t serials;

    struct model_frame frames[MODEL_FRAMES];
    size_t depth;
    size_t base; /* frames below belong to calls further out */
    model_id pending[MODEL_PENDING];
    size_t pending_count;
    size_t gone_count;
    model_id waiting[MODEL_NODES]; /* died inside a traverse hook, oldest first */
    size_t waiting_count;

    uint32_t search; /* the number of the last search */
    bool stale;      /* the graph has gained or lost something since */
    model_id queue[MODEL_NODES];

    int32_t incoming[MODEL_NODES];
    int collecting; /* the generation + 1 of the running collection, or 0 */
    bool meddled;   /* a finalizer or callback did something within it, or let go of trash */
    size_t suspects_tracked;
    bool closing;
};

/* Ends the process with a sentence. */
_Noreturn void model_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

void model_reset(struct model *model);

static inline struct model_node *model_node(struct model *model, model_id id)
{
    return &model->nodes[id];
}

/* A new node, held once by the program. */
model_id model_born(struct model *model, const struct model_traits *traits, void *object,
                    unsigned slot_count);

/* Makes a newborn one a weak reference to `target`. */
void model_look_at(struct model *model, model_id weak, model_id target, bool has_callback);

/* The callback-less weak reference of a target, or MODEL_NONE. */
model_id model_shared_weak(struct model *model, model_id target);

/* How many weak references look at a target. */
size_t model_weak_count(struct model *model, model_id target);

/* A reference more of the program's, and one less, which may be the last. */
void model_hold(struct model *model, model_id id);
void model_unhold(struct model *model, model_id id);

/* A reference of the program's becomes one of a node's, and back. */
void model_give(struct model *model, model_id id);
void model_receive(struct model *model, model_id id);

/* A reference more of some node's, and one less; MODEL_NONE is nothing. */
void model_refer(struct model *model, model_id id);
void model_drop(struct model *model, model_id id);

/* Drops several in order, one after the other with all that follows from it. */
void model_drop_all(struct model *model, const model_id *ids, size_t count);

/* The graph was changed by hand. */
static inline void model_changed(struct model *model)
{
    model->stale = true;
}

/* What must happen next above the base. */
struct model_event model_next(struct model *model);

/* Reports from the library. */
void model_finalizing(struct model *model, model_id id);
/* The callback's argument is lent to whoever calls it until it returns. */
model_id model_calling(struct model *model, model_id weak);
void model_called(struct model *model, model_id weak, model_id argument);
void model_released(struct model *model, model_id id);
void model_cleared(struct model *model, model_id weak);
void model_collection_starts(struct model *model, int generation);
/* `is_there` tells whether a node that nobody reports on is still there. */
void model_collection_stops(struct model *model,
                            bool (*is_there)(struct model *model, model_id id));

/* Between a report and the return from its hook, calls settle on their own. */
size_t model_enter(struct model *model);
void model_leave(struct model *model, size_t base);

/* Fails when something that must have happened by now hasn't. */
void model_settle(struct model *model);

/* Whether a node may be finalized or released in the running collection. */
bool model_may_end(struct model *model, model_id id);

/* Whether the program can reach a node. */
bool model_reaches(struct model *model, model_id id);

#endif
