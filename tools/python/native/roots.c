/* SPDX-License-Identifier: MIT */
/*
 * roots.c -- where a walk begins besides: modules, and the variables of running functions
 *
 * Running functions hold their variables without an object that the collector could ask (from 3.11 on).  Those of the
 * writer, and those that called the script for it, are no roots of the program: what they hold
 * counts as held by the walk.
 *
 *     thread ->  save (own)  ->  f  ->  g  ->  <module>  ->  run (own, the runner)  ->  runpy ...
 *                 writer's       the program's               writer's, to the end
 */
#include "walk.h"

/* What a frame does with each reference that it holds. */
typedef void frame_reference(heap_walk *walk, PyObject *object, uint32_t name);

static void hold_for_walk(heap_walk *walk, PyObject *object, uint32_t name)
{
    (void)name;
    walk_hold(walk, object);
}

static void hold_as_root(heap_walk *walk, PyObject *object, uint32_t name)
{
    store_root(&walk->store, object, OURO_ROOT_FRAME, name, 1);
}

static void each_reference(heap_walk *walk, const shim_frame *frame, frame_reference *take)
{
    uint32_t function = words_variable(&walk->words, frame->code, NULL);
    if (frame->object != NULL) take(walk, frame->object, function);
    if (frame->is_visited) return;
    take(walk, (PyObject *)frame->code, function);
    if (frame->function != NULL) take(walk, frame->function, function);
    if (frame->locals != NULL) take(walk, frame->locals, function);
    for (Py_ssize_t at = 0; at < frame->count; at++) {
        if (frame->variables[at] == NULL) continue;
        PyObject *name = shim_variable_name(frame->code, at);
        take(walk, frame->variables[at], words_variable(&walk->words, frame->code, name));
    }
}

/* How many frames of a thread there are up to the outermost one of the runner; all, where there is none. */
static size_t frames_up_to_runner(const heap_walk *walk, PyThreadState *thread)
{
    size_t count = 0, up_to = SIZE_MAX;
    shim_frame frame;
    for (bool more = shim_frame_first(thread, &frame); more; more = shim_frame_next(&frame)) {
        count++;
        if (frame.code != NULL && frame.globals == walk->own->runner) up_to = count;
    }
    return up_to;
}

static void walk_add_frames(heap_walk *walk, PyThreadState *thread)
{
    size_t up_to = frames_up_to_runner(walk, thread), count = 0;
    shim_frame frame;
    for (bool more = shim_frame_first(thread, &frame); more; more = shim_frame_next(&frame)) {
        if (count < SIZE_MAX) count++;
        if (frame.code == NULL) continue;
        bool is_own = count >= up_to || walk_is_own_dict(walk, frame.globals);
        each_reference(walk, &frame, is_own ? hold_for_walk : hold_as_root);
    }
}

/* The dictionary of modules holds them; they are roots for their names' sake, with no reference of their own. */
static void walk_add_modules(heap_walk *walk)
{
    PyObject *modules = PyImport_GetModuleDict(), *name = NULL, *module = NULL;
    if (modules == NULL || !PyDict_Check(modules)) return;
    store_root(&walk->store, modules, OURO_ROOT_NAMED,
               ouro_snapshot_string(walk->words.writer, "sys.modules"), 1);
    for (Py_ssize_t at = 0; PyDict_Next(modules, &at, &name, &module);) {
        if (module == Py_None) continue;
        store_root(&walk->store, module, OURO_ROOT_NAMED, words_string(&walk->words, name), 0);
    }
}

void walk_add_roots(heap_walk *walk, PyObject *exception)
{
    walk_add_modules(walk);
    uint32_t row = exception == NULL ? STORE_NO_ROW : store_row(&walk->store, exception);
    if (row != STORE_NO_ROW) {
        walk->store.objects[row].is_kept = true;
        store_root(&walk->store, exception, OURO_ROOT_NAMED,
                   ouro_snapshot_string(walk->words.writer, "the exception that ended the script"),
                   0);
    }
    PyInterpreterState *interpreter = PyInterpreterState_Get();
    for (PyThreadState *thread = PyInterpreterState_ThreadHead(interpreter); thread != NULL;
         thread = PyThreadState_Next(thread)) {
        walk_add_frames(walk, thread);
    }
}
