/* SPDX-License-Identifier: MIT */
/*
 * model.c -- the naive oracle: what ought to happen to a heap
 *
 * Everything here is as simple as it can be: arrays, a search, a stack of
 * deaths.  It calls nothing of the library.
 */
#include "support/model.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void model_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fflush(NULL);
    fputs("contradiction: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    fflush(NULL);
    abort();
}

void model_reset(struct model *model)
{
    model->living_count = 0;
    model->unused_count = 0;
    for (model_id id = MODEL_NODES - 1; id >= 0; id--) {
        model->nodes[id].traits = NULL;
        model->nodes[id].mark = 0;
        model->unused[model->unused_count++] = id;
    }
    model->serials = 0;
    model->depth = model->base = model->pending_count = 0;
    model->waiting_count = model->gone_count = 0;
    model->search = 0;
    model->stale = true;
    model->collecting = 0;
    model->meddled = false;
    model->closing = false;
}

/* ---- birth and end of a node ---- */

model_id model_born(struct model *model, const struct model_traits *traits, void *object,
                    unsigned slot_count)
{
    if (model->unused_count == 0) model_fail("the model's table is full");
    model_id id = model->unused[--model->unused_count];
    struct model_node *node = model_node(model, id);
    node->traits = traits;
    node->object = object;
    node->serial = ++model->serials;
    node->count = node->roots = 1;
    node->finalized = node->frozen = node->immortal = false;
    node->suspect = node->falling = node->doomed = node->released = node->ended = node->gone =
        false;
    node->slot_count = slot_count;
    node->vector_length = 0;
    for (unsigned i = 0; i < MODEL_SLOTS; i++) node->slots[i] = MODEL_NONE;
    node->first_weak = node->next_weak = node->target = MODEL_NONE;
    node->has_callback = node->postponed = false;
    node->action = 0;
    node->parameter = 0;
    node->place = model->living_count;
    model->living[model->living_count++] = id;
    model_changed(model);
    return id;
}

/* Takes a dead node out of the table; its references have been dropped. */
static void bury(struct model *model, model_id id)
{
    struct model_node *node = model_node(model, id);
    model_id last = model->living[--model->living_count];
    model->living[node->place] = last;
    model_node(model, last)->place = node->place;
    node->traits = NULL;
    model->unused[model->unused_count++] = id;
}

/* ---- weak references ---- */

void model_look_at(struct model *model, model_id weak, model_id target, bool has_callback)
{
    struct model_node *node = model_node(model, weak);
    node->target = target;
    node->has_callback = has_callback;
    node->next_weak = model_node(model, target)->first_weak;
    model_node(model, target)->first_weak = weak;
}

static void look_away(struct model *model, model_id weak)
{
    struct model_node *node = model_node(model, weak);
    if (node->target == MODEL_NONE) return;
    model_id *link = &model_node(model, node->target)->first_weak;
    while (*link != weak) link = &model_node(model, *link)->next_weak;
    *link = node->next_weak;
    node->target = node->next_weak = MODEL_NONE;
}

model_id model_shared_weak(struct model *model, model_id target)
{
    model_id weak = model_node(model, target)->first_weak;
    while (weak != MODEL_NONE && model_node(model, weak)->has_callback)
        weak = model_node(model, weak)->next_weak;
    return weak;
}

size_t model_weak_count(struct model *model, model_id target)
{
    size_t count = 0;
    model_id weak = model_node(model, target)->first_weak;
    for (; weak != MODEL_NONE; weak = model_node(model, weak)->next_weak) count++;
    return count;
}

/* ---- who reaches whom ---- */

static void find(struct model *model, model_id id, size_t *length)
{
    if (id == MODEL_NONE || model_node(model, id)->mark == model->search) return;
    model_node(model, id)->mark = model->search;
    model->queue[(*length)++] = id;
}

/* The breadth-first search, from what the program, immortal and frozen nodes
 * and unfinished deaths hold. */
static void search(struct model *model)
{
    size_t length = 0;
    model->search++;
    model->stale = false;
    for (size_t i = 0; i < model->living_count; i++) {
        struct model_node *node = model_node(model, model->living[i]);
        if (node->roots > 0 || (node->frozen && node->count > 0) || node->immortal)
            find(model, model->living[i], &length);
    }
    for (size_t i = 0; i < model->depth; i++)
        if (model->frames[i].node != MODEL_NONE) find(model, model->frames[i].node, &length);
    for (size_t i = 0; i < model->pending_count; i++) find(model, model->pending[i], &length);
    for (size_t i = 0; i < model->waiting_count; i++) find(model, model->waiting[i], &length);
    for (size_t done = 0; done < length; done++) {
        struct model_node *node = model_node(model, model->queue[done]);
        for (unsigned i = 0; i < node->slot_count; i++) find(model, node->slots[i], &length);
        for (unsigned i = 0; i < node->vector_length; i++) find(model, node->vector[i], &length);
    }
}

bool model_reaches(struct model *model, model_id id)
{
    if (model->stale) search(model);
    return model_node(model, id)->mark == model->search;
}

/* ---- counts ---- */

void model_refer(struct model *model, model_id id)
{
    if (id == MODEL_NONE) return;
    struct model_node *node = model_node(model, id);
    node->count++;
    node->doomed = false;
    model_changed(model);
}

static void push(struct model *model, enum model_stage stage, model_id node)
{
    if (model->depth == MODEL_FRAMES) model_fail("the model's stack is full");
    size_t at = model->pending_count;
    model->frames[model->depth++] = (struct model_frame){stage, node, at, at, at, at, false, false};
}

static void append(struct model *model, model_id id)
{
    if (model->pending_count == MODEL_PENDING) model_fail("the model's list of drops is full");
    model->pending[model->pending_count++] = id;
    model->frames[model->depth - 1].end = model->pending_count;
}

static void pop(struct model *model)
{
    model->pending_count = model->frames[--model->depth].begin;
}

/* A node that dies where no order is predicted: drops its references.  It goes
 * when other trash has let go of it too. */
static void end_unordered(struct model *model, model_id id)
{
    struct model_node *node = model_node(model, id);
    node->released = true;
    node->count++; /* ours, for a node that refers to itself */
    look_away(model, id);
    for (unsigned i = 0; i < node->slot_count; i++) model_drop(model, node->slots[i]);
    for (unsigned i = 0; i < node->vector_length; i++) model_drop(model, node->vector[i]);
    node->slot_count = node->vector_length = 0;
    model_drop(model, id);
}

/* Whether a traverse hook is being asked for its references.  What callbacks do
 * counts as outside of it. */
static bool is_inside_hook(const struct model *model)
{
    for (size_t i = model->depth; i > model->base; i--) {
        const struct model_frame *frame = &model->frames[i - 1];
        if (frame->stage == STAGE_CALLBACKS) return false;
        if (frame->stage == STAGE_CHILDREN && frame->next > frame->hooked) return true;
    }
    return false;
}

/* Nothing but a block: no hook, no reference, nobody looks at it. */
static bool is_bare(const struct model_node *node)
{
    const struct model_traits *traits = node->traits;
    bool refers = traits->fixed > 0 || traits->hooked > 0 || traits->has_vector;
    bool hooks = traits->finalizes || traits->releases || traits->looks;
    return !refers && !hooks && node->first_weak == MODEL_NONE;
}

static void begin_death(struct model *model, model_id id)
{
    if (is_bare(model_node(model, id)))
        bury(model, id);
    else if (model_node(model, id)->traits->hooked > 0 && is_inside_hook(model))
        model->waiting[model->waiting_count++] = id;
    else
        push(model, STAGE_FINALIZE, id);
}

static void reach_zero(struct model *model, model_id id)
{
    struct model_node *node = model_node(model, id);
    model_changed(model);
    if (node->released)
        bury(model, id);
    else if (!model->collecting && !model->closing)
        begin_death(model, id);
    else if (!node->traits->looks || node->has_callback)
        node->doomed = true; /* a callback may still be due */
    else
        end_unordered(model, id);
}

void model_drop(struct model *model, model_id id)
{
    if (id == MODEL_NONE) return;
    struct model_node *node = model_node(model, id);
    if (node->traits == NULL || node->count <= 0)
        model_fail("the test drops #%u once too often", node->serial);
    node->count--;
    if (node->count == 0 && (!node->immortal || node->released)) reach_zero(model, id);
}

void model_drop_all(struct model *model, const model_id *ids, size_t count)
{
    if (model->collecting || model->closing) {
        for (size_t i = 0; i < count; i++) model_drop(model, ids[i]);
        return;
    }
    push(model, STAGE_DROPS, MODEL_NONE);
    for (size_t i = 0; i < count; i++) append(model, ids[i]);
    model_changed(model);
}

void model_hold(struct model *model, model_id id)
{
    model_node(model, id)->roots++;
    model_refer(model, id);
}

void model_unhold(struct model *model, model_id id)
{
    model_node(model, id)->roots--;
    model_changed(model);
    model_drop(model, id);
}

void model_give(struct model *model, model_id id)
{
    model_node(model, id)->roots--;
    model_changed(model);
}

void model_receive(struct model *model, model_id id)
{
    model_node(model, id)->roots++;
    model_changed(model);
}

/* ---- what must happen next ---- */

/* Clears the weak references to the top frame's node.  Those with callbacks
 * are held until their callback has run. */
static void clear_weak(struct model *model)
{
    struct model_frame *frame = &model->frames[model->depth - 1];
    model_id weak;
    while ((weak = model_node(model, frame->node)->first_weak) != MODEL_NONE) {
        look_away(model, weak);
        if (!model_node(model, weak)->has_callback) continue;
        if (model_node(model, weak)->count == 0) continue; /* dying itself */
        append(model, weak);
        model_refer(model, weak);
    }
    frame->stage = STAGE_CALLBACKS;
}

/* Lists the children of the top frame's node in the order in which they are
 * dropped: fields, the vector and the items from their ends, hooked ones. */
static void list_children(struct model *model)
{
    struct model_frame *frame = &model->frames[model->depth - 1];
    struct model_node *node = model_node(model, frame->node);
    unsigned fixed = node->traits->fixed, items = fixed + node->traits->hooked;
    model->pending_count = frame->begin;
    frame->next = frame->end = frame->begin;
    for (unsigned i = 0; i < fixed; i++) append(model, node->slots[i]);
    for (unsigned i = node->vector_length; i > 0; i--) append(model, node->vector[i - 1]);
    for (unsigned i = node->slot_count; i > items; i--) append(model, node->slots[i - 1]);
    frame->hooked = frame->end;
    for (unsigned i = fixed; i < items; i++) append(model, node->slots[i]);
    node->slot_count = node->vector_length = 0;
    node->ended = true;
    frame->stage = STAGE_CHILDREN;
}

/* Drops the next of the top frame's list; false when there is none. */
static bool drop_next(struct model *model)
{
    struct model_frame *frame = &model->frames[model->depth - 1];
    if (frame->next == frame->end) return false;
    model_id id = model->pending[frame->next];
    model->pending[frame->next++] = MODEL_NONE;
    model_drop(model, id);
    return true;
}

/* When a death is over, the first that had to wait for its end is next. */
static void admit_waiting(struct model *model)
{
    bool inside = model->depth > model->base && model->frames[model->depth - 1].node != MODEL_NONE;
    if (inside || model->waiting_count == 0) return;
    model_id id = model->waiting[0];
    model->waiting_count--;
    for (size_t i = 0; i < model->waiting_count; i++) model->waiting[i] = model->waiting[i + 1];
    push(model, STAGE_FINALIZE, id);
    model->frames[model->depth - 1].admitted = true;
}

/* The top frame has nothing more to do: its node is gone, but for the release
 * if that has not come yet. */
static void finish(struct model *model)
{
    model_id id = model->frames[model->depth - 1].node;
    pop(model);
    if (id == MODEL_NONE) return;
    struct model_node *node = model_node(model, id);
    look_away(model, id);
    if (node->traits->releases && !node->released) {
        node->gone = true;
        model->gone_count++;
    } else {
        bury(model, id);
    }
    admit_waiting(model);
}

/* One step of the top frame; the event that it leads to, if any. */
static struct model_event step(struct model *model)
{
    struct model_frame *frame = &model->frames[model->depth - 1];
    struct model_event event = {MODEL_NOTHING, frame->node};
    switch (frame->stage) {
    case STAGE_FINALIZE: {
        struct model_node *node = model_node(model, frame->node);
        frame->stage = STAGE_CLEAR_WEAK;
        if (!node->traits->finalizes || node->finalized) break;
        node->count++; /* while its finalizer runs */
        frame->pinned = true;
        event.kind = MODEL_FINALIZE;
        break;
    }
    case STAGE_CLEAR_WEAK:
        if (frame->pinned) model_node(model, frame->node)->count--;
        if (model_node(model, frame->node)->count == 0) {
            clear_weak(model);
        } else { /* resurrected */
            pop(model);
            if (frame->admitted) admit_waiting(model);
        }
        break;
    case STAGE_CALLBACKS:
        if (frame->next == frame->end) {
            list_children(model);
            break;
        }
        event = (struct model_event){MODEL_CALLBACK, model->pending[frame->next]};
        break;
    case STAGE_CHILDREN:
    case STAGE_DROPS:
        if (!drop_next(model)) frame->stage = STAGE_OVER;
        break;
    case STAGE_OVER: finish(model); break;
    }
    return event;
}

struct model_event model_next(struct model *model)
{
    while (model->depth > model->base) {
        struct model_event event = step(model);
        if (event.kind != MODEL_NOTHING) return event;
    }
    return (struct model_event){MODEL_NOTHING, MODEL_NONE};
}

/* ---- reports from the library ---- */

static const char *event_name(enum model_event_kind kind)
{
    static const char *const names[] = {"nothing", "the finalizer", "the callback"};
    return names[kind];
}

/* Outside a collection: this and nothing else must happen now.  `serial` is
 * that of the node, taken before the model forgets it. */
static void expect(struct model *model, enum model_event_kind kind, model_id id, uint32_t serial)
{
    struct model_event event = model_next(model);
    if (event.kind == kind && event.node == id) return;
    model_fail("%s of #%u runs where %s of #%u must", event_name(kind), serial,
               event_name(event.kind),
               event.node != MODEL_NONE ? model_node(model, event.node)->serial : 0);
}

static bool in_order(const struct model *model)
{
    return !model->collecting && !model->closing;
}

/* Adds or takes away what a node refers to. */
static void count_references(struct model *model, model_id id, int32_t by)
{
    const struct model_node *node = model_node(model, id);
    for (unsigned i = 0; i < node->slot_count; i++)
        if (node->slots[i] != MODEL_NONE) model->incoming[node->slots[i]] += by;
    for (unsigned i = 0; i < node->vector_length; i++)
        if (node->vector[i] != MODEL_NONE) model->incoming[node->vector[i]] += by;
}

/* Frozen objects are no trash, but those that only trash and the dying refer to
 * fall with it, and so does what only they refer to. */
static void mark_falling(struct model *model)
{
    for (size_t i = 0; i < model->living_count; i++) {
        struct model_node *node = model_node(model, model->living[i]);
        model->incoming[model->living[i]] = node->count;
        node->falling = false;
    }
    for (size_t i = 0; i < model->living_count; i++) {
        struct model_node *node = model_node(model, model->living[i]);
        if (node->doomed || (node->suspect && !model_reaches(model, model->living[i])))
            count_references(model, model->living[i], -1);
    }
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < model->living_count; i++) {
            struct model_node *node = model_node(model, model->living[i]);
            bool held = model->incoming[model->living[i]] > 0 || node->count == 0;
            if (held || node->suspect || node->falling || node->immortal) continue;
            node->falling = again = true;
            count_references(model, model->living[i], -1);
        }
    }
}

static bool is_let_go(struct model *model, model_id id)
{
    if (!model_reaches(model, id)) return true;
    mark_falling(model);
    return model_node(model, id)->falling;
}

/* Those who wait for the end of an outer death, as dying already or not. */
static void doom_waiting(struct model *model, bool doomed)
{
    for (size_t i = 0; i < model->waiting_count; i++)
        model_node(model, model->waiting[i])->doomed = doomed;
    model_changed(model);
}

/* A death within a collection goes on with those who wait for an outer one. */
static bool has_waited(struct model *model, model_id id)
{
    size_t count = model->waiting_count;
    doom_waiting(model, true);
    model->waiting_count = 0;
    bool let_go = is_let_go(model, id);
    model->waiting_count = count;
    doom_waiting(model, false);
    return let_go;
}

bool model_may_end(struct model *model, model_id id)
{
    return is_let_go(model, id) || has_waited(model, id);
}

/* The same for one that does end: then nobody waits any more. */
static bool ends_rightly(struct model *model, model_id id)
{
    if (is_let_go(model, id)) return true;
    doom_waiting(model, true);
    model->waiting_count = 0;
    return is_let_go(model, id);
}

void model_finalizing(struct model *model, model_id id)
{
    struct model_node *node = model_node(model, id);
    if (!node->traits->finalizes || node->finalized || node->immortal)
        model_fail("the finalizer of #%u runs again or without need", node->serial);
    if (in_order(model))
        expect(model, MODEL_FINALIZE, id, node->serial);
    else if (model->collecting && !node->suspect && !ends_rightly(model, id))
        model_fail("#%u is finalized though the program reaches it", node->serial);
    node->finalized = true;
}

/* Within a collection a callback runs for a target that is trash, and not for
 * a weak reference that is trash itself, unless a finalizer or callback ended the target by its count. */
static void call_in_collection(struct model *model, model_id id)
{
    struct model_node *weak = model_node(model, id);
    if (weak->target == MODEL_NONE && !weak->postponed)
        model_fail("the callback of #%u runs again", weak->serial);
    weak->postponed = false;
    if (weak->target == MODEL_NONE) return;
    struct model_node *target = model_node(model, weak->target);
    if (!target->suspect && !model_may_end(model, weak->target))
        model_fail("the callback of #%u runs, but its target #%u lives", weak->serial,
                   target->serial);
    if (!target->suspect) return; /* it has died by its count: the call was postponed */
    if (weak->suspect && model->collecting == 3 && !model->meddled && !model_reaches(model, id))
        model_fail("the callback of #%u runs, which is trash itself", weak->serial);
}

model_id model_calling(struct model *model, model_id weak)
{
    struct model_node *node = model_node(model, weak);
    if (!node->has_callback) model_fail("a callback runs for #%u, which has none", node->serial);
    if (in_order(model))
        expect(model, MODEL_CALLBACK, weak, node->serial);
    else if (model->collecting)
        call_in_collection(model, weak);
    look_away(model, weak);
    model_id argument = node->slots[0];
    node->slots[0] = MODEL_NONE;
    if (argument != MODEL_NONE) model_receive(model, argument);
    return argument;
}

void model_called(struct model *model, model_id weak, model_id argument)
{
    if (argument != MODEL_NONE) model_give(model, argument);
    if (!in_order(model)) {
        /* one that finalizers can reach is called though it is trash, and what it holds may end by its count then */
        if (argument != MODEL_NONE) model->meddled |= model_node(model, weak)->suspect;
        model_drop(model, argument);
        return;
    }
    struct model_frame *frame = &model->frames[model->depth - 1];
    model->pending[frame->next++] = MODEL_NONE;
    model_drop_all(model, (const model_id[]){argument, weak}, 2);
}

void model_cleared(struct model *model, model_id weak)
{
    look_away(model, weak);
}

/* Those who look at a node that the collection releases.  Their callbacks must
 * have run by now, unless they are trash too. */
static void look_away_all(struct model *model, model_id target)
{
    model_id weak;
    while ((weak = model_node(model, target)->first_weak) != MODEL_NONE) {
        struct model_node *node = model_node(model, weak);
        bool lives = node->count > 0 && !node->suspect && !model_may_end(model, weak);
        if (node->has_callback && lives && model->collecting)
            model_fail("#%u is released, but the callback of #%u has not run",
                       model_node(model, target)->serial, node->serial);
        node->postponed = node->has_callback && node->suspect && model->collecting != 0;
        look_away(model, weak);
    }
}

/* Outside a collection: all that comes before the release must have happened. */
static void release_in_order(struct model *model, model_id id)
{
    struct model_node *node = model_node(model, id);
    while (!node->ended) {
        struct model_event event = {MODEL_FINALIZE, id};
        if (model->depth > model->base) event = step(model);
        if (event.kind != MODEL_NOTHING)
            model_fail("#%u is released where %s of #%u must run", node->serial,
                       event_name(event.kind), model_node(model, event.node)->serial);
    }
    if (node->released) model_fail("#%u is released twice", node->serial);
    node->released = true;
    if (!node->gone) return;
    model->gone_count--;
    bury(model, id);
}

void model_released(struct model *model, model_id id)
{
    struct model_node *node = model_node(model, id);
    if (in_order(model)) {
        release_in_order(model, id);
        return;
    }
    if (model->collecting && (node->immortal || !ends_rightly(model, id)))
        model_fail("#%u is released though the program reaches it", node->serial);
    if (node->traits->finalizes && !node->finalized && !node->immortal)
        model_fail("#%u is released without its finalizer", node->serial);
    if (node->released) model_fail("#%u is released twice", node->serial);
    look_away_all(model, id);
    node->doomed = false;
    end_unordered(model, id);
}

void model_collection_starts(struct model *model, int generation)
{
    if (model->closing) return;
    if (model->collecting) model_fail("a collection starts within another");
    model->collecting = generation + 1;
    model->meddled = false;
    model->suspects_tracked = 0;
    model_changed(model);
    for (size_t i = 0; i < model->living_count; i++) {
        struct model_node *node = model_node(model, model->living[i]);
        node->suspect = !model_reaches(model, model->living[i]);
        model->suspects_tracked += node->suspect && node->traits->tracked;
    }
}

/* Trash that nobody reports on and that is not there any more. */
static bool has_ended(struct model *model, model_id id, bool (*is_there)(struct model *, model_id))
{
    const struct model_node *node = model_node(model, id);
    if (node->traits->releases || node->released) return false;
    if (node->traits->looks && node->doomed) return true;
    bool trash = node->doomed || node->falling || !model_reaches(model, id);
    return trash && !is_there(model, id);
}

/* One pass over it; true when there was some, which may have held more. */
static bool notice_ends(struct model *model, bool (*is_there)(struct model *, model_id))
{
    bool noticed = false;
    mark_falling(model);
    for (size_t i = model->living_count; i > 0; i--) {
        if (i > model->living_count) continue; /* several went at once */
        model_id id = model->living[i - 1];
        if (!has_ended(model, id, is_there)) continue;
        look_away_all(model, id);
        model_node(model, id)->doomed = false;
        end_unordered(model, id);
        noticed = true;
    }
    return noticed;
}

void model_collection_stops(struct model *model, bool (*is_there)(struct model *model, model_id id))
{
    bool full = model->collecting == 3 && !model->meddled;
    if (model->closing) return;
    while (notice_ends(model, is_there)) continue;
    for (size_t i = 0; i < model->living_count; i++) {
        struct model_node *node = model_node(model, model->living[i]);
        if (node->doomed)
            model_fail("#%u has lost its last reference in a collection and lives", node->serial);
        if (node->released && !node->ended)
            model_fail("#%u was released while something refers to it", node->serial);
        if (full && node->suspect && !model_reaches(model, model->living[i]))
            model_fail("#%u is garbage and outlives a full collection", node->serial);
        node->suspect = node->falling = node->postponed = false;
    }
    model->collecting = 0;
}

size_t model_enter(struct model *model)
{
    size_t base = model->base;
    model->base = model->depth;
    return base;
}

void model_leave(struct model *model, size_t base)
{
    model_settle(model);
    model->base = base;
}

void model_settle(struct model *model)
{
    if (model->closing) return;
    struct model_event event = model_next(model);
    if (event.kind != MODEL_NOTHING)
        model_fail("%s of #%u should have run within this call", event_name(event.kind),
                   model_node(model, event.node)->serial);
    if (model->base == 0 && model->gone_count > 0)
        model_fail("%zu dead objects have not been released", model->gone_count);
}
