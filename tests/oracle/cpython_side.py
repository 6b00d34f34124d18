# SPDX-License-Identifier: MIT
"""CPython's side of the oracle: a program, run on CPython's own objects.

The operations are the twins of those in operations.c.  Each drops what it holds in the same order
as there, so a local name is set to None where C would decref.  What the collector does is in
cpython_collector.py.

Within one garbage cycle CPython defines no order, so this side takes ouro's, from its log.
"""

import sys
import weakref

import cpython_objects
import gc_lists
import trashcan
import weak_lists
from cpython_collector import Collector
from cpython_objects import COUNT_OF_THE_DYING, HOLDERS, NODES, Plain, SilentNode, Watcher, name_of
from events import CODE
from program import (ALIVE_MAX, BIRTHS_MAX, DEPTH_MAX, NAMES, NOTHING, ROOTS, SELF, SLOTS,
                     VECTOR_MAX, WATCHERS_MAX)


class CPythonSide(Collector):
    """One run of one program; its log is in `log`."""

    def __init__(self, program, orders, uses):
        super().__init__(orders, uses)
        self.program = program
        self.roots = [None] * ROOTS
        self.self = None
        self.scripts_off = False
        self.births = self.watchers = 0
        self.plains = {}  # by target: a weak reference to what may be gone
        self.faults = []
        self.table = tuple(getattr(self, "do_" + name.lower()) for name in NAMES)

    def run_program(self):
        cpython_objects.side = self
        hook, sys.unraisablehook = sys.unraisablehook, self.faults.append
        try:
            gc_lists.hide()
            trashcan.switch_off()
            self.run(self.program.whole())
        finally:
            sys.unraisablehook = hook
        self.table = self.callback = None  # bound methods: nobody collects what hide() hides
        return self.log

    def run(self, operations):
        table, say = self.table, self.say
        for operation in operations:
            say("RESULT", table[operation[0]](*operation[1:]))

    def run_script(self, script, subject):
        if script < 0 or self.scripts_off or self.depth >= DEPTH_MAX:
            return
        outer = self.self
        self.self = subject
        self.depth += 1
        self.run(self.program.scripts[script])
        self.depth -= 1
        self.self = outer

    # ---- what happens by itself ----

    def finalizing(self, node, count):
        by_count = count == COUNT_OF_THE_DYING
        if by_count:
            self.keep_age(node)
        if by_count and self.is_in_bag():
            self.bag.append(CODE["FINALIZE"] | node.serial)
            if node.script >= 0 and not self.scripts_off:
                self.deferred.append((False, node.serial, node.script, node))
            return
        self.say("FINALIZE", node.serial)
        self.run_script(node.script, node)
        self.say("END", node.serial)

    def called(self, watcher):
        if self.is_late(watcher):
            return
        by_count = gc_lists.count_at(self.addresses[watcher.target]) == 0
        if watcher.serial in self.kept:
            self.uses.use("garbage calls")
        if by_count and self.is_in_bag():
            self.put_off(watcher)
            watcher.argument = None
        else:
            self.call(watcher)
        if by_count and weak_lists.let_go(watcher):
            self.uses.use("held when called")
        self.after_call(watcher, by_count, sys.getrefcount(watcher))

    def call(self, watcher):
        argument, watcher.argument = watcher.argument, None
        self.say("CALLBACK", watcher.serial)
        self.say("TARGET", watcher.target)
        self.run_script(watcher.script, argument)
        self.say("END", watcher.serial)
        argument = None

    # ---- paths ----

    def step(self, thing, way):
        if type(thing) not in NODES:
            return None
        if way <= SLOTS:
            return getattr(thing, HOLDERS[way - 1])
        if not isinstance(thing, list) or len(thing) == 0:
            return None
        return thing[-1 if way == 5 else 0]

    def resolve(self, path):
        base, rest = path % 16, path // 16
        thing = self.self if base == SELF else self.roots[base]
        while rest and thing is not None:
            if rest % 8:
                thing = self.step(thing, rest % 8)
            rest //= 8
        return thing

    def resolve_node(self, path):
        thing = self.resolve(path)
        return thing if type(thing) in NODES else None

    def resolve_vector(self, path):
        thing = self.resolve(path)
        return thing if isinstance(thing, list) else None

    @staticmethod
    def accepts(owner, value):
        return type(owner) is not SilentNode or value is None or type(value) in NODES

    # ---- births and roots ----

    def do_new(self, root, kind, script):
        if self.births == BIRTHS_MAX or self.births - len(self.dead) >= ALIVE_MAX:
            return NOTHING
        serial = self.births
        self.births += 1
        node = cpython_objects.node(kind, serial, script)
        self.born(node)
        old, self.roots[root] = self.roots[root], node
        node = None
        old = None
        return serial

    def do_hold(self, root, path):
        value = self.resolve(path)
        name = name_of(value)
        old, self.roots[root] = self.roots[root], value
        value = None
        old = None
        return name

    def do_drop(self, root):
        name = name_of(self.roots[root])
        old, self.roots[root] = self.roots[root], None
        old = None
        return name

    # ---- slots ----

    def do_set(self, path, slot, value_path):
        owner, value = self.resolve_node(path), self.resolve(value_path)
        name = NOTHING
        if owner is not None and self.accepts(owner, value):
            name = name_of(value)
            setattr(owner, HOLDERS[slot], value)
        value = None
        owner = None
        return name

    def do_clear(self, path, slot):
        owner = self.resolve_node(path)
        if owner is None:
            return NOTHING
        name = name_of(getattr(owner, HOLDERS[slot]))
        setattr(owner, HOLDERS[slot], None)
        owner = None
        return name

    def do_put(self, path, slot, root):
        owner, value = self.resolve_node(path), self.roots[root]
        name = NOTHING
        old = None
        if owner is not None and self.accepts(owner, value):
            name = name_of(value)
            old = getattr(owner, HOLDERS[slot])
            setattr(owner, HOLDERS[slot], value)
            self.roots[root] = None
        value = None
        old = None
        owner = None
        return name

    def do_take(self, root, path, slot):
        owner = self.resolve_node(path)
        if owner is None:
            return NOTHING
        value = getattr(owner, HOLDERS[slot])
        setattr(owner, HOLDERS[slot], None)
        name = name_of(value)
        old, self.roots[root] = self.roots[root], value
        value = None
        old = None
        owner = None
        return name

    def do_swap(self, first_path, first_slot, second_path, second_slot):
        first, second = self.resolve_node(first_path), self.resolve_node(second_path)
        can = False
        if first is not None and second is not None:
            a, b = getattr(first, HOLDERS[first_slot]), getattr(second, HOLDERS[second_slot])
            can = self.accepts(first, b) and self.accepts(second, a)
            if can:
                setattr(first, HOLDERS[first_slot], b)
                setattr(second, HOLDERS[second_slot], a)
            a = b = None
        second = None
        first = None
        return int(can)

    # ---- vectors ----

    def grow(self, path, value_path, position):
        owner, value = self.resolve_vector(path), self.resolve(value_path)
        length = NOTHING
        if owner is not None and len(owner) < VECTOR_MAX:
            owner.insert(len(owner) if position < 0 else position % (len(owner) + 1), value)
            length = len(owner)
        value = None
        owner = None
        return length

    def do_append(self, path, value_path):
        return self.grow(path, value_path, -1)

    def do_insert(self, path, position, value_path):
        return self.grow(path, value_path, position)

    def do_pop(self, root, path):
        owner = self.resolve_vector(path)
        name = NOTHING
        if owner is not None and len(owner) > 0:
            value = owner.pop()
            name = name_of(value)
            old, self.roots[root] = self.roots[root], value
            value = None
            old = None
        owner = None
        return name

    def do_remove(self, path, position):
        owner = self.resolve_vector(path)
        length = NOTHING
        if owner is not None and len(owner) > 0:
            del owner[position % len(owner)]
            length = len(owner)
        owner = None
        return length

    def do_replace(self, path, position, value_path):
        owner, value = self.resolve_vector(path), self.resolve(value_path)
        name = NOTHING
        if owner is not None and len(owner) > 0:
            name = name_of(value)
            owner[position % len(owner)] = value
        value = None
        owner = None
        return name

    def do_empty(self, path):
        owner = self.resolve_vector(path)
        if owner is None:
            return NOTHING
        owner.clear()
        length = len(owner)
        owner = None
        return length

    # ---- weak references ----

    def do_weak(self, root, path):
        target = self.resolve_node(path)
        name = NOTHING
        if target is not None and type(target) is not SilentNode:
            plain = self.plain_of(target)
            name = name_of(plain)
            old, self.roots[root] = self.roots[root], plain
            plain = None
            old = None
        target = None
        return name

    def plain_of(self, target):
        known = self.plains.get(target.serial)
        plain = known() if known is not None else None
        if plain is None:
            plain = Plain(target)
            self.plains[target.serial] = weakref.ref(plain)
            self.uses.use("plain untracked")
        elif plain.reference() is None:
            plain.look_at(target)
            self.uses.use("plain outlives finalizers")
        return plain

    def do_watch(self, root, path, argument_path, script):
        target, argument = self.resolve_node(path), self.resolve_node(argument_path)
        name = NOTHING
        if (target is not None and type(target) is not SilentNode and
                self.watchers < WATCHERS_MAX):
            watcher = cpython_objects.watcher(target, self.callback, self.watchers, script,
                                              argument)
            self.watchers += 1
            self.born(watcher)
            name = name_of(watcher)
            old, self.roots[root] = self.roots[root], watcher
            watcher = None
            old = None
        argument = None
        target = None
        return name

    def do_get(self, root, path):
        weak = self.resolve(path)
        name = NOTHING
        if type(weak) in (Watcher, Plain):
            thing = self.answer(weak)
            name = name_of(thing)
            old, self.roots[root] = self.roots[root], thing
            thing = None
            old = None
        weak = None
        return name

    def do_finish(self):
        self.scripts_off = True
        return 0
