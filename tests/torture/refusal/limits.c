/* SPDX-License-Identifier: MIT */
/*
 * limits.c -- bytes that are declared, and limits that change
 */
#include "refusal/scenario.h"

static size_t accounted(const ouro_heap *heap)
{
    ouro_heap_stats stats;
    ouro_get_heap_stats(heap, &stats);
    return stats.accounted_bytes;
}

static bool native_bytes_are_declared(struct trial *trial)
{
    ptrdiff_t declared = 0;
    bool granted = true;
    for (ptrdiff_t i = 1; granted && i < 20; i++) {
        granted = ouro_account(trial->heap, 16 * i) == OURO_OK;
        declared += granted ? 16 * i : 0;
        assert_int_equal(accounted(trial->heap), declared);
    }
    if (declared > 0) assert_int_equal(ouro_account(trial->heap, -declared), OURO_OK);
    return granted;
}

/* Objects with buffers of their own that are declared, and taken off when they go. */
typedef struct image {
    struct image *next;
    size_t size;
} image;

static void image_release(void *object)
{
    const image *self = object;
    if (self->size > 0)
        assert_int_equal(ouro_account(ouro_heap_of(object), -(ptrdiff_t)self->size), OURO_OK);
}

static ouro_type image_type;
static const ouro_field image_fields[] = {OURO_REF(image, next, &image_type), OURO_END};
static ouro_type image_type = OURO_TYPE(image, .fields = image_fields, .release = image_release);

static bool objects_declare_their_buffers(struct trial *trial)
{
    ouro_auto image *first = NULL;
    for (size_t i = 1; i < 16; i++) {
        ouro_auto image *made = ouro_new(trial->heap, image);
        if (made == NULL) return false;
        if (i % 4 == 0) ouro_set(made, next, made); /* goes with a collection */
        if (ouro_account(trial->heap, (ptrdiff_t)(100 * i)) != OURO_OK) return false;
        made->size = 100 * i;
        if (i % 4 == 0) continue;
        ouro_put(made, next, ouro_move(first));
        first = ouro_move(made);
    }
    return true;
}

/* Between one that is far away, one that is passed already, and the trial's own. */
static bool the_limit_moves(struct trial *trial)
{
    ouro_heap *heap = trial->heap;
    size_t outer = trial->byte_limit;
    ouro_auto node *kept = NULL;
    bool granted = true;
    for (size_t i = 0; granted && i < 12; i++) {
        size_t inner = 100000 + 5000 * i;
        ouro_set_byte_limit(heap, outer != 0 && outer < inner ? outer : inner);
        node *made = chain_new(heap, 3);
        granted = made != NULL;
        if (!granted) break;
        ouro_put(made->right, left, ouro_move(kept));
        kept = made;
        ouro_set_byte_limit(heap, 1);
        assert_null(ouro_mem_alloc(heap, 200000));
    }
    ouro_set_byte_limit(heap, outer);
    return granted;
}

static const struct scenario scenarios[] = {
    SCENARIO(native_bytes_are_declared),
    SCENARIO(objects_declare_their_buffers),
    SCENARIO(the_limit_moves),
};
SCENARIO_TABLE(limit, scenarios);
