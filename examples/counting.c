/* SPDX-License-Identifier: MIT */
/*
 * counting.c -- who holds an object, and who owns a reference
 *
 * Each object counts the references to it.  The program says when there is one
 * more (ouro_newref) and one less (ouro_decref); at zero the object goes.  So
 * one question decides everything: who owns which reference?
 *
 *   - What a function returns, the caller owns.
 *   - What a function is given, it borrows.
 *   - ouro_set(owner, field, value) borrows `value`: the field gets a reference of
 *     its own.  ouro_put(...) takes over the one that the caller had.
 */
#include <ouro/ouro.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect(bool happened, const char *what)
{
    if (happened) return;
    fprintf(stderr, "this did not happen: %s\n", what);
    exit(EXIT_FAILURE);
}

typedef struct greeting {
    char words[16];
} greeting;

static bool freed;

static void greeting_release(void *object)
{
    (void)object;
    freed = true;
}

static ouro_type greeting_type = OURO_TYPE(greeting, .release = greeting_release);

typedef struct letter {
    greeting *opening;
} letter;

static const ouro_field letter_fields[] = {
    OURO_REF(letter, opening, &greeting_type),
    OURO_END,
};
static ouro_type letter_type = OURO_TYPE(letter, .fields = letter_fields);

static void show(const char *step, const greeting *counted, int32_t expected)
{
    printf("%-30s count %d\n", step, (int)ouro_refcount(counted));
    expect(ouro_refcount(counted) == expected, step);
}

/* Borrows the greeting: may use it, and has nothing to give back. */
static size_t length_of(const greeting *said)
{
    return strlen(said->words);
}

/* Moves a reference out of the letter; the caller owns it from here on. */
static OURO_OWNED greeting *tear_off(letter *torn)
{
    return ouro_take(torn, opening);
}

int main(void)
{
    ouro_heap *heap = ouro_heap_new(NULL, NULL);
    expect(heap != NULL, "there is memory for a heap");
    letter *written = ouro_new(heap, letter);
    greeting *a = ouro_new(heap, greeting);
    expect(written != NULL && a != NULL, "there is memory for two objects");
    strcpy(a->words, "hello");
    show("a = new greeting", a, 1);

    greeting *b = ouro_newref(a); /* a second name: the same object, one more reference */
    show("b = a", a, 2);

    expect(length_of(a) == 5, "a borrowed reference reads the object");
    show("length_of(a)", a, 2);

    ouro_set(written, opening, a); /* the field gets its own reference; `a` stays ours */
    show("letter.opening = a", a, 3);

    ouro_decref(a); /* the name `a` is not to be used from here on */
    show("del a", b, 2);

    greeting *torn = tear_off(written); /* moved, not copied: no count changes */
    show("torn = tear_off(letter)", b, 2);
    expect(written->opening == NULL, "a field that was taken from is NULL");

    ouro_put(written, opening, torn); /* moved back in: `torn` is not ours any more */
    show("letter.opening = torn", b, 2);

    ouro_decref(written); /* the letter goes, and lets go of what it held */
    show("del letter", b, 1);

    expect(!freed, "the object lives while one reference is left");
    ouro_decref(b);
    expect(freed, "the last reference frees it");
    printf("%-30s freed\n", "del b");

    ouro_close_report report;
    ouro_heap_close(heap, NULL, &report);
    expect(report.alive == 0 && report.outside_references == 0, "nothing is left");
    return EXIT_SUCCESS;
}
