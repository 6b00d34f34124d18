# SPDX-License-Identifier: MIT
"""CPython's generations as they are in memory: read, and, where a rule says so, corrected.

Each tracked object has two words in front of it, a place in the list of its generation:

    -16  address of the next one's words
     -8  address of the previous one's words, and two flags

The heads of the lists lie in the interpreter's state.  Whether they are where CPython 3.11 has
them is seen by a word behind them that must hold the address of the first.

    [ head 0 | 8 bytes ] [ head 1 | 8 ] [ head 2 | 8 ] [ address of head 0 ] [ head of permanent | 8 ]
"""

import ctypes
import gc

_HEAD = 24
_FLAGS = 3
_read = ctypes.c_uint64.from_address
_SCANNED_WORDS = 16384

_untrack = ctypes.pythonapi.PyObject_GC_UnTrack
_track = ctypes.pythonapi.PyObject_GC_Track
for _function in (_untrack, _track):
    _function.argtypes = [ctypes.py_object]
    _function.restype = None


def untrack(thing):
    """The collector does not look at the object any more."""
    _untrack(thing)


def to_young(things):
    """Moves objects to the end of generation 0, in this order."""
    for thing in things:
        _untrack(thing)
        _track(thing)


def count_at(address):
    """The reference count of the object at an address, which may be dying."""
    return ctypes.c_ssize_t.from_address(address).value


def object_at(address):
    return ctypes.cast(address, ctypes.py_object).value


def _find_heads():
    ctypes.pythonapi.PyInterpreterState_Get.restype = ctypes.c_void_p
    start = ctypes.pythonapi.PyInterpreterState_Get()
    words = (ctypes.c_uint64 * _SCANNED_WORDS).from_address(start)
    for i in range(_SCANNED_WORDS - 16):
        address = start + 8 * i
        if words[i + 9] == address:
            return [address, address + _HEAD, address + 2 * _HEAD, address + 3 * _HEAD + 8]
    return None


_heads = _find_heads()


def _addresses(generation):
    head = _heads[generation]
    words = _read(head).value
    while words != head:
        yield words + 16
        words = _read(words).value


def is_supported():
    """Whether this interpreter keeps its lists as expected."""
    if _heads is None:
        return False
    probe = [None]
    return any(address == id(probe) for address in _addresses(0))


def permanent():
    """The frozen objects that hide() has not hidden."""
    return [object_at(address) for address in list(_addresses(3))]


def place(thing, generation):
    """Moves an object to the end of a generation; 3 is the permanent one."""
    if generation == 0:
        to_young([thing])
    else:
        _insert(thing, _heads[generation])


def place_behind(thing, address):
    """Moves an object behind the one at an address, into its list, which is not generation 0."""
    _insert(thing, _read(address - 16).value)


def list_of(address):
    """Addresses of the objects in a list, wherever that is, from the one that is its first on."""
    head = _read(address - 8).value & ~_FLAGS
    words = address - 16
    while words != head:
        yield words + 16
        words = _read(words).value


def _insert(thing, following):
    """Only for lists other than that of generation 0, where each read here comes and goes itself."""
    _untrack(thing)
    words = id(thing) - 16
    before = _read(following + 8).value & ~_FLAGS
    _read(words).value = following
    _link(before, words)
    _read(before).value = words
    _link(words, following)


def _link(before, words):
    _read(words + 8).value = before | (_read(words + 8).value & _FLAGS)


_hidden = (ctypes.c_uint64 * 2)()
_hidden_head = ctypes.addressof(_hidden)
_hidden[0] = _hidden[1] = _hidden_head


def hide():
    """Moves every tracked object into a list that the collector does not know.

    So a collection looks at a program's objects alone, and takes microseconds.
    """
    gc.freeze()
    head = _heads[3]
    first, last = _read(head).value, _read(head + 8).value
    if first == head:
        return
    end = _hidden[1]
    _read(end).value = first
    _link(end, first)
    _read(last).value = _hidden_head
    _hidden[1] = last
    _read(head).value = _read(head + 8).value = head
