# SPDX-License-Identifier: MIT
"""The collector of CPython's side: collections, weak references, what can be asked, and the rules.

A collection knows in which stage it is: callbacks of weak references ("call"), finalizers ("finalize"),
then garbage is taken apart ("sever").  A probe, garbage by itself, tells.
"""

import gc
import weakref
from sys import getrefcount

import gc_lists
import weak_lists
from cpython_objects import TRACKED, Plain, Probe, Watcher, make_probe, name_of
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
        self.dead = set()    # serials of nodes
        self.addresses = {}  # by serial of a node
        self.ages = {}       # by name: the generation, FROZEN included
        self.garbage = self.revived = frozenset()
        self.kept = {}       # by serial: the address of a weak reference
        self.place = {}      # by name: where ouro has had it in the collection
        self.gone = 0
        self.probe = 0
        self.callback = self.called  # one for all: it is no part of garbage

    def say(self, kind, number):
        self.log.append(CODE[kind] | number & NOTHING)

    def is_in_bag(self):
        return self.collecting and self.depth == 0

    def died(self, serial):
        self.dead.add(serial)
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
                gc_lists.count_at(self.addresses[target]) == 0 or \
                type(weak) is Watcher or target not in self.garbage:
            return False
        rule = "plain outlives finalizers" if self.may_be_seen(target) else "dark"
        self.uses.use(rule)
        return rule != "dark"

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
        self.stage = "over"
        if gc.garbage:
            self.take_probe_from_garbage()
        self.say("COLLECTED", found)
        self.mend_plains({name_of(thing) for thing in gc.garbage})
        self.clear_saved()
        self.garbage = self.revived = frozenset()
        self.kept = {}
        self.end_bag(depth)
        return 0

    @staticmethod
    def candidates(generation):
        return [thing for young in range(generation + 1) for thing in gc.get_objects(young)
                if type(thing) in TRACKED]

    def prepare(self, generation):
        """Finds what will be garbage, and what its finalizers reach, for the rules that ask.

        `kept` are the weak references among that which look at what lives.
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
        self.kept = {one.serial: id(one) for one in trash if type(one) is Watcher and
                     id(one) in reached and one.target not in self.garbage and
                     one() is not None}

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
        self.place = {name: index for index, name in enumerate(order)}
        candidates = self.candidates(generation)
        candidates.sort(key=lambda thing: self.place.get(name_of(thing), NOTHING))
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

    def begin_finalizers(self):
        """[garbage reference kept], [postponed] The probe says it, which is finalized first."""
        self.stage = "finalize"
        postponed = []
        for serial, address in self.kept.items():
            watcher = gc_lists.object_at(address)
            if watcher.target in self.dead:
                postponed.append(watcher)
                continue
            weak_lists.link(watcher, gc_lists.object_at(self.addresses[watcher.target]),
                            lambda other, serial=serial:
                            type(other) is Watcher and other.serial < serial)
            self.uses.use("garbage reference kept")
        postponed.sort(key=lambda watcher: self.place.get(name_of(watcher), NOTHING))
        for watcher in postponed:
            self.uses.use("postponed")
            self.call(watcher)

    def begin_to_sever(self):
        """[garbage reference kept] The probe says it; around it is what is garbage still."""
        if self.stage == "over":  # it was saved
            return
        self.stage = "sever"
        for address in gc_lists.list_of(self.probe):
            thing = gc_lists.object_at(address)
            if type(thing) is Watcher and thing.serial in self.kept:
                weak_lists.clear_at(address)

    def clear_saved(self):
        """What is saved looks at nothing, and nothing at it.

        [late callback] are those that finalizers made.
        """
        for thing in gc.garbage:
            if type(thing) is Watcher:
                weak_lists.clear_at(id(thing))
            if thing.serial in (self.kept if type(thing) is Watcher else self.garbage):
                for weak in weakref.getweakrefs(thing):
                    weak_lists.clear_at(id(weak))
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
