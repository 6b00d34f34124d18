# SPDX-License-Identifier: MIT
"""Switches CPython's trashcan off.

CPython puts a death off that is nested in 50 others, and so changes the order of what its docs define:
its way to spare the stack.  ouro needs none.  The nesting is counted in the thread's state, in a
number that is found by watching which one counts; far below zero, it never reaches 50.
"""

import ctypes

_WORDS = 128
_FAR_BELOW = -1000000

ctypes.pythonapi.PyThreadState_Get.restype = ctypes.c_void_p


def _numbers():
    return (ctypes.c_int32 * _WORDS).from_address(ctypes.pythonapi.PyThreadState_Get())


class _Nested:
    __slots__ = ("inner", "seen")

    def __init__(self, inner, seen):
        self.inner, self.seen = inner, seen

    def __del__(self):
        self.seen.append(tuple(_numbers()))


def _find():
    seen = []
    before = tuple(_numbers())
    _Nested(_Nested(_Nested(None, seen), seen), seen)
    found = [place for place in range(_WORDS)
             if [row[place] - before[place] for row in seen] == [1, 2, 3]]
    return found[0] if len(found) == 1 else None


_place = _find()


def is_supported():
    return _place is not None


def switch_off():
    state = ctypes.pythonapi.PyThreadState_Get()
    ctypes.c_int32.from_address(state + 4 * _place).value = _FAR_BELOW
