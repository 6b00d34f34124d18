/* SPDX-License-Identifier: MIT */
/*
 * cycles.c -- objects that hold each other, and the collector
 *
 * A parent that knows its children, and children that know their parent: once
 * the program lets go, each of them still has a count above zero, and counting
 * alone would keep them for ever.  The collector finds such groups.  It runs by
 * itself as objects are made; here it is called, so that we see what it does.
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

/*
 * The fields are all that the collector has to know: from them it sees who
 * holds whom.  A type whose fields lead back to itself is looked at; one that
 * cannot be part of a cycle costs the collector nothing.
 */
typedef struct person {
    struct person *parent;
    ouro_vector children;
} person;

static ouro_type person_type;
static const ouro_field person_fields[] = {
    OURO_REF(person, parent, &person_type),
    OURO_VECTOR(person, children, &person_type),
    OURO_END,
};
static ouro_type person_type = OURO_TYPE(person, .fields = person_fields);

static size_t alive(const ouro_heap *heap)
{
    ouro_heap_stats stats;
    ouro_get_heap_stats(heap, &stats);
    return stats.objects;
}

static void add_child(ouro_heap *heap, person *parent)
{
    ouro_auto person *child = ouro_new(heap, person);
    expect(child != NULL, "there is memory for a child");
    ouro_set(child, parent, parent);
    expect(ouro_vector_append(parent, &parent->children, child) == OURO_OK, "the vector grows");
} /* our reference to the child ends here; the parent's is left */

int main(void)
{
    ouro_heap *heap = ouro_heap_new(NULL, NULL);
    expect(heap != NULL, "there is memory for a heap");

    person *ada = ouro_new(heap, person);
    expect(ada != NULL, "there is memory for a person");
    for (int i = 0; i < 3; i++) add_child(heap, ada);
    printf("a family of %zu; the parent's count is %d: three children and we\n", alive(heap),
           (int)ouro_refcount(ada));
    expect(ouro_refcount(ada) == 4, "each child refers to the parent");

    ouro_decref(ada);
    printf("we let go: %zu alive, held by each other\n", alive(heap));
    expect(alive(heap) == 4, "counting does not free a cycle");

    size_t found = ouro_collect(heap, 2);
    printf("the collector found %zu; %zu alive\n", found, alive(heap));
    expect(found == 4 && alive(heap) == 0, "the collector frees the family");

    /* And by itself: families are made and dropped, and there are never many. */
    size_t most = 0;
    for (int i = 0; i < 100000; i++) {
        person *bob = ouro_new(heap, person);
        expect(bob != NULL, "there is memory for a person");
        add_child(heap, bob);
        ouro_decref(bob);
        if (i % 1000 == 0 && alive(heap) > most) most = alive(heap);
    }
    ouro_generation_stats stats[3];
    ouro_get_stats(heap, stats);
    printf("100000 families later: never more than %zu seen alive, after %zu young passes\n", most,
           stats[0].collections);
    expect(stats[0].collections > 0 && most < 50000, "the collector runs by itself");

    ouro_close_report report;
    ouro_heap_close(heap, NULL, &report);
    printf("closed: %zu were still waiting for the collector\n", report.alive);
    expect(report.alive == report.collected, "nothing but garbage was left");
    return EXIT_SUCCESS;
}
