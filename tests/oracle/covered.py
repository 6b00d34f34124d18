# SPDX-License-Identifier: MIT
"""What the programs of a run have done, in numbers."""

import events
from program import NAMES
from rules import RULES, Uses

_COUNTED = {
    "RESULT": "operations done", "DIED": "deaths", "FINALIZE": "finalizers",
    "CALLBACK": "callbacks of weak references", "COLLECT": "collections",
    "BUSY": "collections inside collections", "DEFERRED": "put off in a collection",
    "GENERATION": "objects checked",
}


class Coverage:
    def __init__(self):
        self.programs = self.collected = self.revived = 0
        self.operations = [0] * len(NAMES)
        self.events = [0] * len(events.KINDS)
        self.uses = Uses()

    def add(self, program, log):
        """A program on which both sides have agreed."""
        self.programs += 1
        for block in (program.operations, *program.scripts):
            for operation in block:
                self.operations[operation[0]] += 1
        for event in log:
            kind = event >> 16
            self.events[kind] += 1
            if kind == _COLLECTED:
                self.collected += event & 0xFFFF
            elif kind == _FINALIZED and event & 1:
                self.revived += 1

    def merge(self, other):
        self.programs += other.programs
        self.collected += other.collected
        self.revived += other.revived
        for mine, more in ((self.operations, other.operations), (self.events, other.events)):
            for index, number in enumerate(more):
                mine[index] += number
        for name, number in other.uses.counts.items():
            self.uses.use(name, number)

    def text(self):
        lines = [f"{self.programs:>12,} programs"]
        for kind, number in zip(events.KINDS, self.events):
            if kind in _COUNTED:
                lines.append(f"{number:>12,} {_COUNTED[kind]}")
        lines += [f"{self.collected:>12,} objects found by collections",
                  f"{self.revived:>12,} sightings of an object that lives after its finalizer",
                  "operations in programs and scripts:"]
        pairs = [f"{name.lower()} {number:,}"
                 for name, number in zip(NAMES, self.operations) if number]
        lines += ["    " + ", ".join(pairs[i:i + 6]) for i in range(0, len(pairs), 6)]
        lines.append("rules of intended difference used:")
        lines += [f"{number:>12,} {name}: {RULES[name]}"
                  for name, number in self.uses.counts.items()]
        return "\n".join(lines)


_COLLECTED = events.KINDS.index("COLLECTED")
_FINALIZED = events.KINDS.index("FINALIZED")
