/* SPDX-License-Identifier: MIT */
/*
 * program.c -- a small heap that tells what is in it, for a debugger to be compared with
 *
 * It prints one line a fact and then calls `stop_here`, where the debugger has a breakpoint:
 *
 *     census TYPE OBJECTS
 *     object NAME ADDRESS TYPE COUNT
 *     referrers NAME COUNT
 *
 * The number of nodes is an argument.
 */
#include <ouro/ouro.h>

#include <stdlib.h>

typedef struct node {
    struct node *left, *right;
    long number;
} node;
static ouro_type node_type;
static const ouro_field node_fields[] = {OURO_REF(node, left, &node_type),
                                         OURO_REF(node, right, &node_type), OURO_END};
static ouro_type node_type = OURO_TYPE(node, .fields = node_fields);

typedef struct team {
    ouro_vector members;
    node *captain;
    void *rival; /* borrowed */
} team;
static const ouro_field team_fields[] = {OURO_VECTOR(team, members, NULL),
                                         OURO_REF(team, captain, &node_type),
                                         OURO_BORROWED(team, rival, NULL), OURO_END};
static ouro_type team_type = OURO_TYPE(team, .fields = team_fields);

typedef struct row {
    size_t length;
    void *cells[];
} row;
static const ouro_field row_fields[] = {OURO_ITEMS(row, cells, NULL), OURO_END};
static ouro_type row_type = {.name = "row",
                             .size = sizeof(row),
                             .fields = row_fields,
                             .item_size = sizeof(void *),
                             .length_offset = offsetof(row, length)};

typedef struct point {
    double x, y;
} point;
static ouro_type point_type = OURO_TYPE(point);

/* What the debugger looks at. */
ouro_heap *heap;
node *first, *shared;
team *the_team;
row *the_row, *large_row;
point *lonely;

void stop_here(void);
__attribute__((noinline)) void stop_here(void)
{
    __asm__ volatile("" ::: "memory");
}

static void *checked(void *object)
{
    if (object == NULL) {
        fprintf(stderr, "program: %s\n", ouro_heap_error(heap)->message);
        exit(1);
    }
    return object;
}

static int count_type(void *object, void *argument)
{
    size_t *counts = argument;
    const ouro_type *types[] = {&node_type, &team_type, &row_type, &point_type};
    for (size_t i = 0; i < 4; i++) counts[i] += ouro_type_of(object) == types[i];
    return 0;
}

static int count_one(void *object, void *argument)
{
    (void)object;
    ++*(size_t *)argument;
    return 0;
}

static void tell(const char *name, void *object)
{
    size_t count = 0;
    ouro_get_referrers(object, count_one, &count);
    printf("object %s %p %s %zu\n", name, object, ouro_type_of(object)->name,
           (size_t)ouro_refcount(object));
    printf("referrers %s %zu\n", name, count);
}

static void build(long nodes)
{
    first = checked(ouro_new(heap, node));
    node *last = first;
    for (long i = 1; i < nodes; i++) {
        node *next = checked(ouro_new(heap, node));
        next->number = i;
        ouro_set(last, right, next);
        last = next;
        ouro_decref(next);
        if (i % 3 == 0) { /* blocks that were used and are free again */
            point *gone = checked(ouro_new(heap, point));
            ouro_decref(gone);
        }
    }
    shared = last;
    ouro_set(last, left, first); /* a cycle */
}

static void gather(void)
{
    the_team = checked(ouro_new(heap, team));
    for (int i = 0; i < 5; i++)
        if (ouro_vector_append(the_team, &the_team->members, shared) != OURO_OK) exit(1);
    ouro_set(the_team, captain, shared);
    the_team->rival = first;
    the_row = checked(ouro_new_var(heap, row, 4));
    the_row->cells[1] = ouro_newref(shared);
    the_row->cells[3] = ouro_newref(the_team);
    large_row = checked(ouro_new_var(heap, row, 20000));
    large_row->cells[19999] = ouro_newref(the_row);
    lonely = checked(ouro_new(heap, point));
    lonely->x = 1.5;
    ouro_immortalize(lonely);
}

int main(int argc, char **argv)
{
    heap = ouro_heap_new(&(ouro_heap_options){.name = "looked at"}, NULL);
    if (heap == NULL) return 1;
    build(argc > 1 ? strtol(argv[1], NULL, 10) : 1000);
    gather();
    size_t counts[4] = {0};
    ouro_each_object(heap, count_type, counts);
    const char *names[] = {"node", "team", "row", "point"};
    for (size_t i = 0; i < 4; i++) printf("census %s %zu\n", names[i], counts[i]);
    tell("first", first);
    tell("shared", shared);
    tell("the_team", the_team);
    tell("the_row", the_row);
    fflush(stdout);
    stop_here();
    return ouro_heap_close(heap, NULL, NULL) == OURO_OK ? 0 : 1;
}
