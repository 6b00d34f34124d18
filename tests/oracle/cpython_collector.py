# SPDX-License-Identifier: MIT
"""The collector of CPython's side: collections, weak references, what can be asked, and the rules.

A collection knows in which stage it is: callbacks of weak references ("call"), finalizers ("finalize"),
then garbage is taken apart ("sever").  A probe, garbage by itself, tells.
"""

import gc
import weakref
from sys import getrefcount

import cpython_objects
import gc_lists
from cpython_objects import (NODES, TRACKED, Plain, Probe, Watcher, make_probe, name_of)
from events import CODE
from program import BIRTHS_MAX, NOTHING

FROZEN = 3
# What getrefcount says of a called weak reference that nobody holds any more: its own argument,
# that of `after_call`, the callback's, and the one of whoever calls.
COUNT_OF_THE_LEAVING = 4


class Collector:
    def __init__(self, orders, uses):
        self.orders, self.uses = orders, uses
        self.log = []
        self.collections = 0
        self.collecting = False
        self.depth = 0
        self.stage = None
        self.bag, self.deferred = [], []
        self.dead = {}       # serial of a node: (collection, stage) of its death
        self.addresses = {}  # by serial of a node
        self.ages = {}       # by name: the generation, FROZEN included
        self.garbage = self.revived = self.kept = frozenset()
        self.gone = 0
        self.probe = 0
        self.callback = self.called  # one for all: it is no part of garbage

    def say(self, kind, number):
        self.log.append(CODE[kind] | number & NOTHING)

    def is_in_bag(self):
        return self.collecting and self.depth == 0

    def died(self, serial):
        self.dead[serial] = (self.collections, self.stage)
        if self.is_in_bag():
            self.bag.append(CODE["DIED"] | serial)
        else:
            self.say("DIED", serial)

    def born(self, thing):
        self.ages[name_of(thing)] = 0
        if type(thing) is not Watcher:
            self.addresses[thing.serial] = id(thing)

    # ---- ages ----

    def keep_age(self, node):
        """CPython tracks the dying anew: they are young then, and in no running collection."""
        age = self.ages[node.serial]
        if self.collecting and self.stage == "finalize" and node.serial in self.garbage:
            gc_lists.place_behind(node, self.probe)
            self.uses.use("revived within garbage")
        elif age != 0:
            gc_lists.place(node, age)
            self.uses.use("age of the revived")

    # ---- weak references ----

    def answer(self, weak):
        """What a weak reference answers, as ouro and 3.15 have it; 3.11 is asked as well."""
        native = weak() if type(weak) is Watcher else weak.reference()
        target = weak.target
        if native is not None:
            if self.collecting and not self.may_be_seen(target):
                self.faults.append(f"a weak reference shows #{target}, which is garbage")
            return native
        if not self.is_hidden_too_soon(weak):
            return None
        return gc_lists.object_at(self.addresses[target])

    def is_hidden_too_soon(self, weak):
        """Whether 3.11 has cleared what 3.15 would not, and ouro does not."""
        target = weak.target
        if not self.collecting or target in self.dead or \
                gc_lists.count_at(self.addresses[target]) == 0:
            return False
        if type(weak) is Watcher:
            rule = "garbage reference kept" if weak.serial in self.kept else None
        elif target not in self.garbage:
            rule = None
        else:
            rule = "plain outlives finalizers" if self.may_be_seen(target) else "dark"
        if rule is not None:
            self.uses.use(rule)
        return rule not in (None, "dark")

    def may_be_seen(self, target):
        """Garbage is seen by finalizers alone, and only what they reach."""
        return target not in self.garbage or (self.stage == "finalize" and target in self.revived)

    def is_late(self, watcher):
        """[late callback] Only a weak reference that a finalizer made looks at garbage then."""
        if not (self.collecting and self.stage == "sever" and watcher.target in self.garbage):
            return False
        self.uses.use("late callback")
        return True

    def put_off(self, watcher):
        self.deferred.append((True, watcher.serial, watcher.script, weakref.ref(watcher)))

    def after_call(self, watcher, by_count, count):
        if by_count or not self.is_in_bag():
            return
        if count == COUNT_OF_THE_LEAVING:
            self.gone += 1
            self.uses.use("gone with the callback")

    # ---- a collection ----

    def do_collect(self, generation):
        if self.collecting:
            self.say("BUSY", gc.collect(generation))
            return 0
        self.say("COLLECT", generation)
        self.collections += 1
        self.stage = "call"
        self.gone = 0
        self.prepare(generation)
        self.probe = make_probe()
        self.put_in_order(generation)
        depth = self.begin_bag()
        found = gc.collect(generation) - 1 - self.gone
        if gc.garbage:
            self.take_probe_from_garbage()
        self.say("COLLECTED", found)
        self.stage = "over"
        saved = {name_of(thing) for thing in gc.garbage}
        if self.kept:
            self.mend_watchers(saved)
        self.mend_plains(saved)
        self.clear_saved()
        self.garbage = self.revived = self.kept = frozenset()
        self.end_bag(depth)
        return 0

    @staticmethod
    def candidates(generation):
        return [thing for young in range(generation + 1) for thing in gc.get_objects(young)
                if type(thing) in TRACKED]

    def prepare(self, generation):
        """Finds what will be garbage, and what its finalizers reach, for the rules that ask.

        `kept` are the weak references in it that look at what lives.
        """
        candidates = self.candidates(generation)
        counts = {}
        for thing in candidates:
            counts[id(thing)] = getrefcount(thing) - 3  # the list, the name and the argument
        referents = {}
        for thing in candidates:
            inside = [one for one in gc.get_referents(thing) if id(one) in counts]
            referents[id(thing)] = inside
            for one in inside:
                counts[id(one)] -= 1
        live = self.closure([one for one in candidates if counts[id(one)] > 0], referents)
        trash = [one for one in candidates if id(one) not in live]
        due = [one for one in trash if hasattr(one, "__del__") and not gc.is_finalized(one)]
        reached = self.closure(due, referents)
        self.garbage = frozenset(one.serial for one in trash if type(one) is not Watcher)
        self.revived = frozenset(one.serial for one in trash
                                 if type(one) is not Watcher and id(one) in reached)
        for thing in candidates:
            self.ages[name_of(thing)] = min(generation + 1, 2)
        self.kept = frozenset(one.serial for one in trash if type(one) is Watcher and due and
                              one.target not in self.garbage and one() is not None)

    @staticmethod
    def closure(things, referents):
        found = {id(thing) for thing in things}
        todo = list(things)
        while todo:
            for one in referents[id(todo.pop())]:
                if id(one) not in found:
                    found.add(id(one))
                    todo.append(one)
        return found

    def put_in_order(self, generation):
        """[order of garbage] The probe is first, then what ouro has spoken to, in its order."""
        order = self.orders[self.collections - 1] if self.collections <= len(self.orders) else []
        place = {serial: index for index, serial in enumerate(order)}
        candidates = self.candidates(generation)
        candidates.sort(key=lambda thing: place.get(name_of(thing), NOTHING))
        gc_lists.to_young(candidates)
        if len(order) > 1:
            self.uses.use("order of garbage")

    @staticmethod
    def take_probe_from_garbage():
        """Under SAVEALL it is saved like everything."""
        for index, thing in enumerate(gc.garbage):
            if type(thing) is Probe:
                thing.itself = None
                del gc.garbage[index]
                return

    # ---- what 3.11 clears too soon ----

    def clear_saved(self):
        """[late callback] Those that finalizers made to what is saved."""
        for thing in gc.garbage:
            if type(thing) in NODES and thing.serial in self.garbage:
                for weak in weakref.getweakrefs(thing):
                    gc_lists.clear_weak_at(id(weak))
                    self.uses.use("late callback")

    def mend_plains(self, saved):
        for serial in self.garbage:
            if serial in self.dead or serial in saved:
                continue
            known = self.plains.get(serial)
            plain = known() if known is not None else None
            if plain is not None and plain.reference() is None:
                plain.look_at(gc_lists.object_at(self.addresses[serial]))
                self.uses.use("plain outlives finalizers")

    def everything(self):
        for generation in range(3):
            for thing in gc.get_objects(generation):
                if type(thing) in TRACKED:
                    yield generation, thing
        for thing in gc_lists.permanent():
            if type(thing) in TRACKED:
                yield FROZEN, thing

    def mend_watchers(self, saved):
        """[garbage reference kept] Those that were revived look at their targets again."""
        serials = {serial for serial in self.kept if 2000 + serial not in saved}
        revived = [thing for _, thing in self.everything()
                   if type(thing) is Watcher and thing.serial in serials]
        for watcher in revived:
            self.uses.use("garbage reference kept")
            death = self.dead.get(watcher.target)
            if death is None:
                self.look_again(watcher.target, watcher.serial)
            elif death == (self.collections, "sever"):
                argument, watcher.argument = watcher.argument, None
                self.put_off(watcher)
                argument = None

    def look_again(self, target_serial, serial):
        """Makes the weak reference anew, and those that are younger, so that their order stays."""
        target = gc_lists.object_at(self.addresses[target_serial])
        everything = list(self.everything())
        olds = sorted((thing for _, thing in everything if type(thing) is Watcher and
                       thing.target == target_serial and thing.serial >= serial),
                      key=lambda thing: thing.serial)
        for old in olds:
            if old.serial != serial and old() is None:
                continue
            new = cpython_objects.watcher(target, self.callback, old.serial, old.script,
                                          old.argument)
            gc_lists.place(new, self.ages[name_of(old)])
            old.argument = None
            self.replace(everything, old, new)

    def replace(self, everything, old, new):
        for index, thing in enumerate(self.roots):
            if thing is old:
                self.roots[index] = new
        for _, holder in everything:
            if type(holder) not in NODES:
                continue
            for name in ("s0", "s1", "s2", "s3"):
                if getattr(holder, name) is old:
                    setattr(holder, name, new)
            if isinstance(holder, list):
                for index, thing in enumerate(holder):
                    if thing is old:
                        holder[index] = new

    # ---- the bag ----

    def begin_bag(self):
        depth, self.depth = self.depth, 0
        self.collecting = True
        return depth

    def end_bag(self, depth):
        self.collecting = False
        self.depth = depth
        self.log += sorted(self.bag)
        self.bag.clear()
        if self.deferred:
            self.do_all_deferred()

    def do_all_deferred(self):
        """[put off]"""
        todo, self.deferred = self.deferred, []
        todo.sort(key=lambda one: one[:2])
        for index in range(len(todo)):
            is_callback, serial, script, thing = todo[index]
            todo[index] = None
            self.uses.use("put off")
            if not is_callback:
                self.say("DEFERRED", serial)
                self.run_script(script, thing)
            elif thing() is not None:
                self.say("DEFERRED", 2000 + serial)
                self.run_script(script, None)
            thing = None

    # ---- settings ----

    def do_freeze(self):
        for _, thing in self.everything():
            self.ages[name_of(thing)] = FROZEN
        thing = None
        gc.freeze()
        return 0

    def do_unfreeze(self):
        for thing in gc_lists.permanent():
            if type(thing) in TRACKED:
                self.ages[name_of(thing)] = 2
        thing = None
        gc.unfreeze()
        return 0

    def do_saveall(self, on):
        gc.set_debug(gc.DEBUG_SAVEALL if on else 0)
        return on

    def do_clear_garbage(self):
        self.say("GARBAGE", len(gc.garbage))
        depth = self.begin_bag()
        self.stage = "clear"
        gc.garbage.clear()
        self.end_bag(depth)
        return 0

    # ---- what can be asked ----

    @staticmethod
    def number_of(thing):
        return BIRTHS_MAX + thing.serial if type(thing) is Watcher else thing.serial

    def do_check(self):
        found = sorted(((self.number_of(thing), generation, thing)
                        for generation, thing in self.everything()), key=lambda one: one[0])
        frozen = 0
        for number, generation, thing in found:
            self.say("GENERATION", generation << 12 | number)
            frozen += generation == FROZEN
            self.say("COUNT", getrefcount(thing) - 3)  # the row, the name and the argument
            self.say("REFERENTS", sum((name_of(one) + 1) ** 2 for one in gc.get_referents(thing)
                                      if type(one) in TRACKED or type(one) is Plain))
            if type(thing) is not Watcher:
                self.say("LOOKED_AT", weakref.getweakrefcount(thing))
                self.say("FINALIZED", gc.is_finalized(thing))
        self.say("GARBAGE", len(gc.garbage))
        self.say("GARBAGE", sum((self.number_of(thing) + 1) ** 2 for thing in gc.garbage))
        self.say("FROZEN", frozen)
        return 0
