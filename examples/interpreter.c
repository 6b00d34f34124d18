/* SPDX-License-Identifier: MIT */
/*
 * interpreter.c -- the values of a small stack machine
 *
 * What an interpreter asks of a memory manager:
 *
 *   - values of several kinds: here integers, which need no object, and
 *     pairs, which do.  A field table cannot say "a reference, unless the lowest bit
 *     is set", so the type has a traverse function instead.
 *   - collections only where the machine allows them: between two
 *     instructions, when everything that is alive is on the stack.  The heap is
 *     told so (OURO_COLLECT_AT_SAFEPOINT), and the loop calls ouro_safepoint.
 *
 * The program makes lists that contain themselves, and drops them, for ever.
 */
#include <ouro/ouro.h>

#include <stdio.h>
#include <stdlib.h>

static void expect(bool happened, const char *what)
{
    if (happened) return;
    fprintf(stderr, "this did not happen: %s\n", what);
    exit(EXIT_FAILURE);
}

/* ---- values --------------------------------------------------------------------- */

/* An integer, shifted by one, with the lowest bit set; or the address of an
 * object, whose lowest bit is never set; or 0, nothing. */
typedef uintptr_t value;

static value value_of_integer(intptr_t integer)
{
    return (uintptr_t)integer << 1 | 1;
}

static intptr_t integer_of(value of)
{
    return (intptr_t)of >> 1;
}

static bool is_object(value of)
{
    return of != 0 && (of & 1) == 0;
}

static void *object_of(value of)
{
    return (void *)of;
}

/* A value may be copied freely; a copy that is kept counts, if it is an object. */
static value value_keep(value kept)
{
    if (is_object(kept)) ouro_incref(object_of(kept));
    return kept;
}

static void value_drop(value dropped)
{
    if (is_object(dropped)) ouro_decref(object_of(dropped));
}

typedef struct pair {
    value first;
    value second;
} pair;

/* Shows the library each reference that the pair owns, once. */
static int pair_traverse(void *object, ouro_visit visit, void *argument)
{
    const pair *visited = object;
    int result = is_object(visited->first) ? visit(object_of(visited->first), argument) : 0;
    if (result == 0 && is_object(visited->second))
        result = visit(object_of(visited->second), argument);
    return result;
}

static ouro_type pair_type = OURO_TYPE(pair, .traverse = pair_traverse);

/* ---- the machine ------------------------------------------------------------------ */

typedef enum operation {
    PUSH,       /* operand -- its integer */
    ADD,        /* a b -- a+b */
    COPY,       /* a -- a a */
    DROP,       /* a -- */
    PAIR,       /* a b -- (a . b) */
    SET_SECOND, /* (a . b) c -- (a . c) */
    FIRST,      /* (a . b) -- a */
    LOOP,       /* n -- n-1, and back to the instruction `operand`; at 0: -- */
    HALT,
} operation;

typedef struct instruction {
    operation operation;
    int operand;
} instruction;

typedef struct machine {
    ouro_heap *heap;
    value stack[32]; /* owns what it holds */
    size_t depth;
    size_t collected;
} machine;

static void push(machine *running, value owned)
{
    expect(running->depth < sizeof(running->stack) / sizeof(running->stack[0]), "the stack holds");
    running->stack[running->depth++] = owned;
}

static value pop(machine *running)
{
    expect(running->depth > 0, "the stack is not empty");
    return running->stack[--running->depth];
}

/* (first . second); takes over both. */
static value make_pair(machine *running, value first, value second)
{
    pair *made = ouro_new(running->heap, pair);
    expect(made != NULL, "there is memory for a pair");
    made->first = first;
    made->second = second;
    return (value)made;
}

static void set_second(machine *running)
{
    value second = pop(running);
    pair *changed = object_of(running->stack[running->depth - 1]);
    value old = changed->second;
    changed->second = second; /* first whole again, then drop: dropping may run other code */
    value_drop(old);
}

static void push_first(machine *running)
{
    value whole = pop(running);
    push(running, value_keep(((const pair *)object_of(whole))->first));
    value_drop(whole);
}

static void run(machine *running, const instruction *program)
{
    for (const instruction *next = program;; next++) {
        value top = 0;
        running->collected += ouro_safepoint(running->heap);
        switch (next->operation) {
        case PUSH: push(running, value_of_integer(next->operand)); break;
        case ADD:
            top = pop(running);
            push(running, value_of_integer(integer_of(pop(running)) + integer_of(top)));
            break;
        case COPY:
            top = pop(running);
            push(running, top);
            push(running, value_keep(top));
            break;
        case DROP: value_drop(pop(running)); break;
        case PAIR:
            top = pop(running);
            push(running, make_pair(running, pop(running), top));
            break;
        case SET_SECOND: set_second(running); break;
        case FIRST: push_first(running); break;
        case LOOP:
            top = value_of_integer(integer_of(pop(running)) - 1);
            if (integer_of(top) == 0) break;
            push(running, top);
            next = program + next->operand - 1;
            break;
        case HALT: return;
        }
    }
}

int main(void)
{
    /* 100000 times: a pair of 7 and itself, dropped.  Then (20+22 . 0), and its first. */
    static const instruction program[] = {
        {PUSH, 100000},                              /* n */
        {PUSH, 7},      {PUSH, 0},  {PAIR, 0},       /* n (7 . 0) */
        {COPY, 0},      {COPY, 0},  {SET_SECOND, 0}, /* n p p, where p = (7 . p) */
        {DROP, 0},      {DROP, 0},                   /* n, and p holds itself */
        {LOOP, 1},                                   /* n-1 */
        {PUSH, 20},     {PUSH, 22}, {ADD, 0},        /* 42 */
        {PUSH, 0},      {PAIR, 0},  {FIRST, 0},      /* 42 */
        {HALT, 0},
    };
    ouro_heap_options options = {.collect_at = OURO_COLLECT_AT_SAFEPOINT};
    machine running = {.heap = ouro_heap_new(&options, NULL)};
    expect(running.heap != NULL, "there is memory for a heap");
    run(&running, program);
    printf("the result is %ld\n", (long)integer_of(running.stack[0]));
    expect(running.depth == 1 && running.stack[0] == value_of_integer(42), "the program computes");
    printf("safepoints freed %zu of 100000 lists that contained themselves\n", running.collected);
    expect(running.collected > 0, "safepoints collect");

    ouro_close_report report;
    ouro_heap_close(running.heap, NULL, &report);
    printf("the close freed the other %zu\n", report.collected);
    expect(running.collected + report.collected == 100000, "all of them were freed");
    return EXIT_SUCCESS;
}
