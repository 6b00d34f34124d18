# SPDX-License-Identifier: MIT
"""Random programs: rings, webs, watchers, and finalizers that act; small enough to be read.

`draw` is any source of numbers: draw(n) gives one from 0 to n - 1.  A seeded generator makes programs by
the thousand; hypothesis explores and shrinks with its own.
"""

from program import (CODES, FINALIZER, ROOTS, SELF, SILENT, SLOTS, VECTOR, Program, path)

SHORTEST, LONGEST = 5, 200
_SCRATCH = ROOTS - 2  # the last two roots are for building rings


class Generator:
    def __init__(self, draw):
        self.draw = draw
        self.scripts = 0

    def chance(self, percent):
        return self.draw(100) < percent

    # ---- operands ----

    def root(self):
        return self.draw(_SCRATCH)

    def path(self, inside):
        base = SELF if inside and self.chance(60) else self.draw(ROOTS)
        steps = (0, 1, 1, 2, 3)[self.draw(5)] if self.chance(55) else 0
        return path(base, *(1 + self.draw(6) for _ in range(steps)))

    def slot(self):
        return self.draw(SLOTS)

    def kind(self):
        if self.chance(6):
            return SILENT
        return (FINALIZER if self.chance(55) else 0) + (VECTOR if self.chance(30) else 0)

    def script(self):
        return self.draw(self.scripts) if self.scripts and self.chance(80) else -1

    def operation(self, name, *operands):
        return (CODES[name], *operands)

    # ---- single operations ----

    def step(self, inside):
        """One operation of the everyday kind."""
        draw, number = self.draw, self.draw(100)
        if inside and self.chance(8):
            return self.operation("GET", self.root(), path(self.root()))
        if number < 12:
            return self.operation("NEW", self.root(), self.kind(), self.script())
        if number < 22:
            return self.operation("HOLD", self.root(), self.path(inside))
        if number < 31:
            return self.operation("DROP", self.root())
        if number < 47:
            return self.operation("SET", self.path(inside), self.slot(), self.path(inside))
        if number < 53:
            return self.operation("CLEAR", self.path(inside), self.slot())
        if number < 56:
            return self.operation("PUT", self.path(inside), self.slot(), self.root())
        if number < 59:
            return self.operation("TAKE", self.root(), self.path(inside), self.slot())
        if number < 61:
            return self.operation("SWAP", self.path(inside), self.slot(), self.path(inside),
                                  self.slot())
        if number < 67:
            return self.operation("APPEND", self.path(inside), self.path(inside))
        if number < 69:
            return self.operation("INSERT", self.path(inside), draw(4), self.path(inside))
        if number < 71:
            return self.operation("POP", self.root(), self.path(inside))
        if number < 72:
            return self.operation("REMOVE", self.path(inside), draw(4))
        if number < 73:
            return self.operation("REPLACE", self.path(inside), draw(4), self.path(inside))
        if number < 74:
            return self.operation("EMPTY", self.path(inside))
        if number < 79:
            return self.operation("WEAK", self.root(), self.path(inside))
        if number < 87:
            return self.operation("WATCH", self.root(), self.path(inside), self.path(inside),
                                  self.script())
        if number < 93:
            return self.operation("GET", self.root(), self.path(inside))
        return self.operation("COLLECT", draw(3))

    def setting(self):
        """What only the program does."""
        number = self.draw(100)
        if number < 40:
            return self.operation("CHECK")
        if number < 55:
            return self.operation("FREEZE")
        if number < 75:
            return self.operation("UNFREEZE")
        if number < 90:
            return self.operation("SAVEALL", int(self.chance(40)))
        return self.operation("CLEAR_GARBAGE")

    # ---- structures ----

    def link(self, holder, slot, value):
        """A reference, from a slot or from a vector if there is one."""
        if self.chance(25):
            return self.operation("APPEND", holder, value)
        return self.operation("SET", holder, slot, value)

    def ring(self):
        """Some nodes in a ring, perhaps watched from within or without, lost in the end or held."""
        first, last, between = _SCRATCH, _SCRATCH + 1, self.root()
        made = [self.operation("NEW", first, self.kind(), self.script()),
                self.operation("HOLD", last, path(first))]
        for _ in range(self.draw(5)):
            made += [self.operation("NEW", between, self.kind(), self.script()),
                     self.link(path(between), self.slot(), path(last)),
                     self.operation("HOLD", last, path(between))]
            made += self.watchers(path(last))
        made.append(self.operation("SET", path(first), self.slot(), path(last)))
        made += self.watchers(path(first))
        if self.chance(40):
            made.append(self.operation("SET", path(first), self.slot(), path(self.root())))
        if self.chance(25):  # a weak reference in the ring that looks out of it
            made += [self.operation("WATCH", between, path(self.root()), path(self.draw(ROOTS)),
                                    self.script()),
                     self.operation("SET", path(last), self.slot(), path(between))]
        if self.chance(40):
            made.append(self.operation("HOLD", self.root(), path(first)))
        else:
            made.append(self.operation("DROP", between))
        made += [self.operation("DROP", first), self.operation("DROP", last)]
        return made + (self.aging(0) if self.chance(50) else [])

    def watchers(self, target):
        if not self.chance(30):
            return []
        root = self.root()
        name = "WEAK" if self.chance(35) else "WATCH"
        operands = () if name == "WEAK" else (path(self.draw(ROOTS)), self.script())
        made = [self.operation(name, root, target, *operands)]
        if self.chance(50):  # from within, or from somewhere
            holder = target if self.chance(50) else path(self.root())
            made.append(self.operation("SET", holder, self.slot(), path(root)))
        return made

    def aging(self, least):
        """What lives grows older, or is looked at."""
        return [self.operation("COLLECT", least + self.draw(3 - least))]

    def old_held_by_young(self):
        """An old object, perhaps one that watches or is watched, that only young garbage holds."""
        old, young = self.root(), _SCRATCH
        made = [self.operation("NEW", old, self.kind(), self.script())]
        made += self.watchers(path(old)) + self.aging(0 if self.chance(50) else 1)
        held = old
        if self.chance(40):
            held = self.root()
            name, more = ("WATCH", (path(old), self.script())) if self.chance(70) else ("WEAK", ())
            made += [self.operation(name, held, path(self.root()), *more)] + self.aging(0)
        made += [self.operation("NEW", young, self.kind(), self.script()),
                 self.link(path(young), self.slot(), path(held)),
                 self.operation("SET", path(young), self.slot(), path(young)),
                 self.operation("DROP", held)]
        made += self.watchers(path(young))
        return made + [self.operation("DROP", young)] + self.aging(0)

    def crowd(self):
        """A vector full of objects that only it holds, and then the end of some or all."""
        owner, item = self.root(), _SCRATCH
        made = [self.operation("NEW", owner, VECTOR + self.draw(2), self.script())]
        for _ in range(2 + self.draw(4)):
            made.append(self.operation("NEW", item, self.kind(), self.script()))
            made += self.watchers(path(item)) + [self.operation("APPEND", path(owner), path(item))]
        made.append(self.operation("DROP", item))
        ending = self.draw(4)
        if ending == 0:
            return made + [self.operation("DROP", owner)]
        if ending == 1:
            return made + [self.operation("REMOVE", path(owner), self.draw(4))]
        return made + ([self.operation("EMPTY", path(owner))] if ending == 2 else [])

    def garbage_that_looks_out(self):
        """Garbage that looks at what dies with an outsider's callback, or later.

        There is a finalizer, and something that it does not reach.
        """
        garbage, inside, outside = _SCRATCH, _SCRATCH + 1, self.root()
        beyond, target = (outside + 1) % _SCRATCH, (outside + 2) % _SCRATCH
        made = [self.operation("NEW", garbage, self.kind() % SILENT | FINALIZER, self.script()),
                self.operation("SET", path(garbage), 3, path(garbage)),
                self.operation("NEW", beyond, 0, -1),
                self.operation("SET", path(beyond), 3, path(beyond)),
                self.operation("SET", path(beyond), 2, path(garbage)),
                self.operation("NEW", target, self.kind(), self.script())]
        for _ in range(1 + self.draw(3)):  # a row of targets, each held by the next
            carried = path(garbage if self.chance(50) else self.draw(ROOTS))
            holder = garbage if self.chance(80) else beyond
            made += [self.operation("WATCH", inside, path(target), carried, self.script()),
                     self.link(path(holder), self.draw(2), path(inside))]
            if self.chance(50):
                made += self.watchers(path(target))
            made += [self.operation("NEW", inside, self.kind(), self.script()),
                     self.operation("SET", path(inside), self.slot(), path(target)),
                     self.operation("HOLD", target, path(inside))]
        if self.chance(40):
            made.append(self.operation("WEAK", self.root(), path(garbage)))
        made += [self.operation("WATCH", outside, path(garbage), path(target), self.script()),
                 self.operation("DROP", inside), self.operation("DROP", garbage),
                 self.operation("DROP", beyond)]
        if self.chance(70):
            made.append(self.operation("DROP", target))
        return made + self.aging(0)

    # ---- programs ----

    def script_body(self):
        return tuple(self.step(True) for _ in range(1 + self.draw(4)))

    def program(self, length):
        self.scripts = self.draw(8)
        scripts = tuple(self.script_body() for _ in range(self.scripts))
        operations = []
        while len(operations) < length:
            number = self.draw(100)
            if number < 14:
                operations += self.ring()
            elif number < 18:
                operations += self.old_held_by_young()
            elif number < 20:
                operations += self.crowd()
            elif number < 22:
                operations += self.garbage_that_looks_out()
            elif number < 27:
                operations.append(self.setting())
            else:
                operations.append(self.step(False))
        return Program(tuple(operations), scripts)


def program_of(random):
    """A program from a random.Random."""
    bits = random.random

    def draw(bound):
        return int(bits() * bound)

    length = SHORTEST + draw((20, 60, 120, LONGEST - SHORTEST + 1)[draw(4)])
    return Generator(draw).program(length)
