# SPDX-License-Identifier: MIT
"""The objects of CPython's side, which tell the running side what happens to them.

They have the shape of ouro's: a node has a herald, which dies with it and says so, then four slots;
one with a vector is a list as well.  CPython drops slots in the order of their names, then the
items from the last.
"""

import weakref
from sys import getrefcount

import gc_lists
import weak_lists

HOLDERS = ("s0", "s1", "s2", "s3")
_NODE_SLOTS = ("herald", *HOLDERS, "script", "serial", "__weakref__")

side = None  # who is told; set by cpython_side


class Herald(int):
    """Untracked, as ouro's."""
    __slots__ = ()

    def __del__(self):
        side.died(int(self))


class Node:
    __slots__ = _NODE_SLOTS
    kind = 0


class FinalizedNode:
    __slots__ = _NODE_SLOTS
    kind = 1

    def __del__(self):
        side.finalizing(self, getrefcount(self))


class VectorNode(list):
    __slots__ = _NODE_SLOTS
    kind = 2


class FinalizedVectorNode(list):
    __slots__ = _NODE_SLOTS
    kind = 3

    def __del__(self):
        side.finalizing(self, getrefcount(self))


class SilentNode:
    __slots__ = _NODE_SLOTS
    kind = 4


# What getrefcount says to a finalizer whose object's count has ended: its own argument, that of
# `finalizing`, the finalizer's own, and the one that CPython lends to the dying.
COUNT_OF_THE_DYING = 4

KINDS = (Node, FinalizedNode, VectorNode, FinalizedVectorNode, SilentNode)
NODES = frozenset(KINDS)


def node(kind, serial, script):
    made = KINDS[kind]()
    made.herald = None
    if KINDS[kind] is not SilentNode:
        made.herald = Herald(serial)
        gc_lists.untrack(made.herald)
    made.s0 = made.s1 = made.s2 = made.s3 = None
    made.serial = serial
    made.script = script
    return made


class WatcherHerald(int):
    """Goes before the argument of a dying weak reference, at the address that it is.

    CPython would let the weak reference look at its target while the argument dies, and a collection
    within would call it, dying as it is, and end it twice.  (A callback that owns the argument
    itself goes after the link, but would be one more object in the count of what is found.)
    """
    __slots__ = ()

    def __del__(self):
        weak_lists.clear_at(int(self))


class Watcher(weakref.ref):
    """A weak reference with a callback, and the argument that it carries."""
    __slots__ = ("_herald", "argument", "serial", "target", "script", "__weakref__")


def watcher(target, callback, serial, script, argument):
    made = Watcher(target, callback)
    made._herald = WatcherHerald(id(made))
    gc_lists.untrack(made._herald)
    made.serial, made.target = serial, target.serial
    made.script, made.argument = script, argument
    return made


class Plain:
    """A weak reference without callback: the one that CPython shares, held by this.

    It is there because 3.11 clears it sooner than 3.15; see the rule "plain outlives finalizers".
    """
    __slots__ = ("reference", "target", "__weakref__")

    def __init__(self, target):
        self.target = target.serial
        self.look_at(target)
        gc_lists.untrack(self)

    def look_at(self, target):
        self.reference = weakref.ref(target)
        gc_lists.untrack(self.reference)


TRACKED = NODES | {Watcher}


class Probe:
    """Garbage that is always there: tells when a collection finalizes and when it takes apart."""
    __slots__ = ("_first", "itself")

    def __del__(self):
        side.begin_finalizers()


class ProbeHerald(int):
    __slots__ = ()

    def __del__(self):
        side.begin_to_sever()


def make_probe():
    """Its address: as garbage, it is there until it tells that things are taken apart."""
    probe = Probe()
    probe._first = ProbeHerald(0)
    gc_lists.untrack(probe._first)
    probe.itself = probe
    return id(probe)


def name_of(thing):
    """The number of an object in the log."""
    if thing is None:
        return 0xFFFF
    kind = type(thing)
    if kind is Watcher:
        return 2000 + thing.serial
    return 3000 + thing.target if kind is Plain else thing.serial
