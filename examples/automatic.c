/* SPDX-License-Identifier: MIT */
/*
 * automatic.c -- objects free themselves
 *
 * In Python, `x = 42; x = 43; del x` needs no free(): each number goes the moment
 * nobody holds it.  Here is the same in C.  The output:
 *
 *     x = 42
 *     42 is freed
 *     x = 43
 *     43 is freed
 *     x is gone
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
 * An object is a plain struct.  What the library must know about it stands
 * beside it, in an ouro_type, which is named after the struct: ouro_new(heap,
 * number) looks for number_type.
 */
typedef struct number {
    long value;
} number;

static size_t freed;

/* A release hook runs when it is certain that the object is gone. */
static void number_release(void *object)
{
    const number *gone = object;
    printf("%ld is freed\n", gone->value);
    freed++;
}

static ouro_type number_type = OURO_TYPE(number, .release = number_release);

/* A variable refers to a number.  Fields that refer to objects are listed, so
 * that the library can let go of them when the variable goes. */
typedef struct variable {
    number *value;
} variable;

static const ouro_field variable_fields[] = {
    OURO_REF(variable, value, &number_type),
    OURO_END,
};
static ouro_type variable_type = OURO_TYPE(variable, .fields = variable_fields);

/* Results are owned: who calls this has a reference and must give it away, or back. */
static OURO_OWNED number *number_new(ouro_heap *heap, long value)
{
    number *made = ouro_new(heap, number);
    expect(made != NULL, "there is memory for a number");
    made->value = value;
    return made;
}

int main(void)
{
    ouro_heap *heap = ouro_heap_new(NULL, NULL);
    expect(heap != NULL, "there is memory for a heap");
    {
        /* ouro_auto: given back at the end of the block, whichever way it is left. */
        ouro_auto variable *x = ouro_new(heap, variable);
        expect(x != NULL, "there is memory for a variable");

        ouro_put(x, value, number_new(heap, 42)); /* the field owns the number now */
        printf("x = %ld\n", x->value->value);
        expect(freed == 0, "42 lives as long as x holds it");

        ouro_put(x, value, number_new(heap, 43)); /* nobody holds 42 any more */
        expect(freed == 1, "42 is freed by the assignment itself");
        printf("x = %ld\n", x->value->value);
    }
    expect(freed == 2, "43 is freed with x");
    printf("x is gone\n");

    /* Close says what it found: here, nothing. */
    ouro_close_report report;
    ouro_heap_close(heap, NULL, &report);
    expect(report.alive == 0, "nothing is left");
    return EXIT_SUCCESS;
}
