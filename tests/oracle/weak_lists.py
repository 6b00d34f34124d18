# SPDX-License-Identifier: MIT
"""CPython's weak references as they are in memory: cleared without a call, and linked again.

Those of one target are linked; the target has the address of the first at its type's weak reference
offset.  A weak reference has, after count and type:

    16  the target, or None when it looks at nothing; not counted
    40  the previous one
    48  the next one

The one without callback comes first, then the others, the newest first: in that order they are called.
"""

import ctypes
import gc
import weakref

_TARGET, _PREVIOUS, _NEXT = 16, 40, 48
_TUPLE_ITEMS = 24
_word = ctypes.c_uint64.from_address

_clear = ctypes.pythonapi._PyWeakref_ClearRef
_clear.argtypes = [ctypes.c_void_p]
_clear.restype = None
_decref = ctypes.pythonapi.Py_DecRef
_decref.argtypes = [ctypes.c_void_p]
_decref.restype = None


def clear_at(address):
    """The weak reference answers nothing from now on; its callback is not called."""
    _clear(address)


def link(weak, target, goes_before):
    """A weak reference that was cleared looks at its target again, before the first that
    `goes_before` says."""
    head = id(target) + type(target).__weakrefoffset__
    previous, following = 0, _word(head).value
    while following and not goes_before(ctypes.cast(following, ctypes.py_object).value):
        previous, following = following, _word(following + _NEXT).value
    address = id(weak)
    _word(address + _TARGET).value = id(target)
    _word(address + _PREVIOUS).value = previous
    _word(address + _NEXT).value = following
    _word(previous + _NEXT if previous else head).value = address
    if following:
        _word(following + _PREVIOUS).value = address


def let_go(weak):
    """Whether the tuple that holds what is called for one target, until all is called, had to let go."""
    for holder in gc.get_referrers(weak):
        if type(holder) is not tuple:
            continue
        for index in range(len(holder)):
            item = _word(id(holder) + _TUPLE_ITEMS + 8 * index)
            if item.value == id(weak):
                item.value = 0
                _decref(id(weak))
                return True
    return False


class _Target:
    __slots__ = ("__weakref__",)


def is_supported():
    """Whether this interpreter links them as expected."""
    target, called = _Target(), []
    old, new = weakref.ref(target, called.append), weakref.ref(target, called.append)
    words = [_word(id(new) + offset).value for offset in (_TARGET, _PREVIOUS, _NEXT)]
    if words != [id(target), 0, id(old)] or \
            _word(id(target) + _Target.__weakrefoffset__).value != id(new):
        return False
    clear_at(id(old))
    if old() is not None or _word(id(old) + _TARGET).value != id(None):
        return False
    link(old, target, lambda _: False)
    if old() is not target:
        return False
    del target
    return called == [new, old]
