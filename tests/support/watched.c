/* SPDX-License-Identifier: MIT */
#include "support/watched.h"

#include <string.h>

struct watched seen;

int watched_setup(void **state)
{
    memset(&seen, 0, sizeof seen);
    int result = test_setup_heap(state);
    seen.heap = *state;
    return result;
}

void note_call(ouro_weakref *self, void *argument)
{
    (void)argument;
    assert_true(seen.calls < COUNT_OF(seen.called));
    seen.called[seen.calls++] = self;
}

void assert_answers(ouro_weakref *weakref, const void *expected)
{
    void *object = ouro_weakref_get(weakref);
    assert_ptr_equal(object, expected);
    ouro_xdecref(object);
}
