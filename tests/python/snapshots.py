# SPDX-License-Identifier: MIT
"""Helpers of these tests: runs scripts under ouro_snapshot, and reads what they left.

Environment: PYTHONPATH with the package, OURO_SNAPSHOT_DUMP with dump.c's program, OURO_PRELOAD for a
sanitizer's runtime.  How much a test does is its amount times OURO_TEST_SCALE, a percentage.
"""

import collections
import os
import subprocess
import sys
import tempfile
import textwrap

DUMP = os.environ.get("OURO_SNAPSHOT_DUMP", "")
SCALE = int(os.environ.get("OURO_TEST_SCALE", "100"))
TIER = os.environ.get("OURO_TEST_TIER", "")

FIELD, ITEM, KEY, KEYS, INTERNAL, EPHEMERON, WEAK, BORROWED = range(8)
NAMED, OUTSIDE, IMMORTAL, FRAME = range(4)
GENERATION, IS_IMMORTAL, IS_FINALIZED, IS_FROZEN, HAS_WEAK, IS_EXACT = 3, 4, 8, 16, 32, 64

Edge = collections.namedtuple("Edge", "target kind name index")
Root = collections.namedtuple("Root", "object kind name references")


def amount(ordinary):
    return max(ordinary * SCALE // 100, 1)


def text(field):
    if "%" not in field:
        return field
    return field.replace("%09", "\t").replace("%0a", "\n").replace("%0d", "\r").replace("%25", "%")


class Object:
    """Of the lines of a dump; those of its references are read when they are asked for: few ever are."""

    __slots__ = ("address", "type", "size", "count", "flags", "text", "edge_lines", "edges_read")

    def __init__(self, line, edge_lines):
        address, type_name, size, count, flags, shown = line.split("\t")
        self.address = int(address, 16)
        self.type = text(type_name)
        self.size, self.count, self.flags = int(size), int(count), int(flags)
        self.text = text(shown)
        self.edge_lines, self.edges_read = edge_lines, None

    def lines(self):
        return self.edge_lines.split("\n") if self.edge_lines else []

    @property
    def edges(self):
        if self.edges_read is None:
            self.edges_read = []
            for line in self.lines():
                _, target, kind, name, index = line.split("\t")
                self.edges_read.append(Edge(int(target, 16), int(kind), text(name), int(index)))
        return self.edges_read

    def held(self):
        """The addresses of what its references hold, without the rest of them."""
        for line in self.lines():
            _, target, kind, _ = line.split("\t", 3)
            if int(kind) < WEAK:
                yield int(target, 16)

    def __repr__(self):
        return f"<{self.type} {self.text} at {self.address:x}>"


class Snapshot:
    def __init__(self, path):
        printed = subprocess.run([DUMP, path], check=True, capture_output=True).stdout
        self.notes, self.objects, self.roots = {}, {}, []
        first, *objects = printed.decode("utf-8")[:-1].split("\nO\t")
        for line in first.split("\n"):
            fields = line.split("\t")
            if fields[0] == "R":
                self.roots.append(Root(int(fields[1], 16), int(fields[2]), text(fields[3]), int(fields[4])))
            else:
                self.notes[fields[1]] = text(fields[2])
        for lines in objects:
            line, _, edge_lines = lines.partition("\n")
            one = Object(line, edge_lines)
            self.objects[one.address] = one

    def of_type(self, name):
        return [one for one in self.objects.values() if one.type == name]

    def one(self, type_name, shown=None):
        found = [one for one in self.of_type(type_name) if shown is None or one.text == shown]
        assert len(found) == 1, f"{len(found)} objects of {type_name} {shown}"
        return found[0]

    def along(self, one, *names):
        """The object at the end of a path of names; an int is the index of an item."""
        for name in names:
            found = [edge.target for edge in one.edges
                     if (edge.kind == ITEM and edge.index == name if isinstance(name, int)
                         else edge.kind in (FIELD, KEY, ITEM) and edge.name == name)]
            assert len(found) == 1, f"{len(found)} references {name} of {one}: {one.edges}"
            one = self.objects[found[0]]
        return one

    def attribute(self, one, name):
        """An attribute of an instance, whether it has a dictionary or not."""
        if any(edge.kind == FIELD and edge.name == "__dict__" for edge in one.edges):
            one = self.along(one, "__dict__")
        return self.along(one, name)

    def main(self, *names):
        """What the script's global variable holds, and on from there."""
        main = [root.object for root in self.roots if root.kind == NAMED and root.name == "__main__"]
        assert len(main) == 1
        return self.along(self.objects[main[0]], "__dict__", *names)

    def entering(self):
        """How many references that hold there are to each object."""
        return collections.Counter(target for one in self.objects.values() for target in one.held())

    def reached(self):
        """The addresses that roots reach."""
        left = list({root.object for root in self.roots})
        seen = set(left)
        while left:
            for target in self.objects[left.pop()].held():
                if target not in seen:
                    seen.add(target)
                    left.append(target)
        return seen


def environment():
    """That of a process which loads the extension."""
    result = dict(os.environ)
    if "OURO_PRELOAD" in os.environ:
        result["LD_PRELOAD"] = os.environ["OURO_PRELOAD"]
        result["ASAN_OPTIONS"] = "detect_leaks=0:allocator_may_return_null=1"
    return result


def python(*arguments, status=0, cwd=None, site=False, **options):
    """Runs this Python, mostly without what `site` loads, a third of all there is; returns what it did."""
    done = subprocess.run([sys.executable, *([] if site else ["-S"]), *arguments], capture_output=True, text=True, cwd=cwd,
                          env=environment(), **options)
    if status is not None and done.returncode != status:
        raise AssertionError(f"{arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done


def snapshot_of(script, *options, status=0):
    """Runs a script to its end under the runner; returns the snapshot."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "script.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(textwrap.dedent(script))
        output = os.path.join(folder, "out.snapshot")
        done = python("-m", "ouro_snapshot", *options, "-o", output, path, status=status, cwd=folder)
        snapshot = Snapshot(output)
        snapshot.printed = done.stdout
        snapshot.said = done.stderr
        return snapshot
