#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of `ouro snapshot`, from outside, on files that snapshot_file.py writes.

    snapshot_test.py PATH_OF_OURO [unittest arguments]

Random heaps: what each subcommand says by --json is compared with naive computation: what is retained by taking
objects away, cycles by who reaches whom, paths by distances.  OURO_TEST_SEED repeats a run.
"""

import json
import os
import pty
import random
import re
import resource
import select
import subprocess
import sys
import tempfile
import time
import unittest

from snapshot_file import (COUNT_IS_EXACT, EPHEMERON, FIELD, FRAME, INTERNAL, IS_IMMORTAL, ITEM, KEY,
                           KEYS, NAMED, WEAK, snapshot_bytes)

COMMAND = os.environ.get("OURO_COMMAND", "")
SEED = int(os.environ.get("OURO_TEST_SEED", time.time_ns() % 2**32))
HEAPS = max(1, {"long": 400, "nightly": 3000}.get(os.environ.get("OURO_TEST_TIER"), 10)
            * int(os.environ.get("OURO_TEST_SCALE", 100)) // 100)
TYPES = ["list", "dict", "node", "app.Session", "text"]
BASE = 0x7F0000001000


def environment(**changes):
    result = {key: value for key, value in os.environ.items() if not key.startswith("OURO_")}
    result.pop("NO_COLOR", None)
    result.update(changes)
    return result


def run(*arguments):
    return subprocess.run([COMMAND, "snapshot", *arguments], env=environment(),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60, check=False)


class Heap:
    """A heap that Python knows: objects by number, and what naive computation says of them."""

    def __init__(self, objects, roots, sites=()):
        self.objects, self.roots, self.sites = objects, roots, sites
        self.number = {one["address"]: i for i, one in enumerate(objects)}
        self.next = [[self.number[target] for target, kind, _, _ in one["edges"]
                      if kind < WEAK and target in self.number] for one in objects]
        known = [0] * len(objects)
        for targets in self.next:
            for target in targets:
                known[target] += 1
        self.told = [self.number[address] for address, _, _, _ in roots]
        for address, _, _, count in roots:
            known[self.number[address]] += count
        self.held = sorted(set(self.told) | {
            i for i, one in enumerate(objects)
            if one["flags"] & IS_IMMORTAL
            or (one["flags"] & COUNT_IS_EXACT and one["count"] > known[i])})
        self.reached = self.reach(self.held)

    def bytes(self):
        return snapshot_bytes(self.objects, self.roots, [("source", "test")], self.sites)

    def reach(self, sources, without=()):
        """What can be reached without passing some objects, with its distance."""
        steps = {i: 1 for i in sources if i not in without}
        wave = list(steps)
        while wave:
            following = []
            for i in wave:
                for target in self.next[i]:
                    if target not in steps and target not in without:
                        steps[target] = steps[i] + 1
                        following.append(target)
            wave = following
        return steps

    def retained(self, gone):
        """What goes from the reached ones when all of `gone` go."""
        return set(self.reached) - set(self.reach(self.held, gone))

    def size(self, numbers):
        return sum(self.objects[i]["size"] for i in numbers)

    def address(self, number):
        return hex(self.objects[number]["address"])

    def groups(self):
        """Sets of objects that reach each other, those of one only where it refers to itself."""
        reaches = [set(self.reach(self.next[i])) for i in range(len(self.objects))]
        found = {frozenset(j for j in reaches[i] if i in reaches[j])
                 for i in range(len(self.objects)) if i in reaches[i]}
        return found

    def girth(self, group):
        """The length of a shortest round in a group."""
        best = len(group)
        for start in group:
            steps = self.reach([start], [i for i in range(len(self.objects)) if i not in group])
            best = min([best] + [steps[i] for i in group if i in steps and start in self.next[i]])
        return best


def random_edge(chance, addresses):
    kind = chance.choice([FIELD, FIELD, ITEM, KEY, KEYS, INTERNAL, EPHEMERON, WEAK])
    name = {FIELD: chance.choice(["next", "owner"]), KEY: chance.choice(["x", 'q"\\', "a\x1b[31m"]),
            ITEM: chance.choice(["", "items"])}.get(kind, "")
    return chance.choice(addresses), kind, name, chance.randrange(9) if kind == ITEM else 0


def random_frame(chance):
    """A program's own, or one of a module, whose address differs from run to run; one of no module."""
    function, line = chance.choice(["load", "evil\x1b[31m"]), chance.randrange(1, 3)
    return chance.choice([(0, 0, "", function, "a.py", line),
                          (chance.randrange(1, 1 << 40), line, "/lib/none.so", function, "", 0),
                          (chance.randrange(1, 3), 0, "", "", "", 0)])


def random_sites(chance, has_sums):
    """Several of one place, as objects and raw memory have them."""
    return [([random_frame(chance) for _ in range(chance.randrange(4))],
             *([chance.randrange(3) * has_sums for _ in range(2)] + [chance.randrange(9) for _ in range(3)]))
            for _ in range(chance.randrange(1, 12))]


def place_of(site):
    """What tells it from others."""
    return tuple(f"{function} {file} {line}" if pc == 0 else f"{module}+{offset:#x}" if module else f"{pc:#x}"
                 for pc, offset, module, function, file, line in site[0])


def random_heap(chance):
    count = chance.randrange(1, 40)
    addresses = [BASE + 32 * i for i in sorted(chance.sample(range(100), count))]
    objects = [{"address": address, "size": chance.randrange(8, 500),
                "type": chance.choice(TYPES[:chance.randrange(1, 6)]),
                "text": chance.choice(["", "", "some", "\x1b]0;evil\x07"]),
                "edges": [random_edge(chance, addresses)
                          for _ in range(chance.choice([0, 1, 1, 2, 2, 3]))],
                "count": 0, "flags": 3} for address in addresses]
    roots = [(chance.choice(addresses), chance.choice([NAMED, FRAME]), f"variable{i}", 1)
             for i in range(chance.randrange(0, 4))]
    heap = Heap(objects, roots)
    for i, one in enumerate(objects):
        if chance.random() < 0.5:
            one["flags"] |= COUNT_IS_EXACT
            one["count"] = sum(targets.count(i) for targets in heap.next) + heap.told.count(i)
            one["count"] += chance.random() < 0.1
        elif chance.random() < 0.05:
            one["flags"] |= IS_IMMORTAL
            one["count"] = 2**32 - 1
    return Heap(objects, roots)


class SnapshotTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def file(self, content, name="heap.snapshot"):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def ask(self, *arguments):
        """What --json says."""
        result = run(*arguments, "--json")
        self.assertEqual((result.returncode, result.stderr), (0, b""), arguments)
        return json.loads(result.stdout)

    def assert_refused(self, words, *arguments, status=2):
        result = run(*arguments)
        message = result.stderr.decode()
        self.assertEqual(result.returncode, status, message)
        self.assertEqual(result.stdout, b"")
        self.assertEqual(message.count("\n"), 1, message)
        self.assertTrue(message.startswith("ouro: "), message)
        self.assertIn(words, message)


class RandomHeaps(SnapshotTest):
    """Each subcommand on heaps that only Python knows."""

    def each(self, compare):
        chance = random.Random(SEED)
        for i in range(HEAPS):
            heap = random_heap(chance)
            with self.subTest(seed=SEED, heap=i):
                compare(heap, self.file(heap.bytes()))

    def test_info(self):
        def compare(heap, path):
            told = self.ask("info", "--top", "0", path)
            unreached = set(range(len(heap.objects))) - set(heap.reached)
            self.assertEqual(told["objects"], len(heap.objects))
            self.assertEqual(told["bytes"], heap.size(range(len(heap.objects))))
            self.assertEqual(told["unreached_objects"], len(unreached))
            self.assertEqual(told["unreached_bytes"], heap.size(unreached))
            self.assertEqual(sum(told["edges"].values()), sum(len(one["edges"]) for one in heap.objects))
            self.assertEqual(told["roots"]["named"] + told["roots"]["frame"], len(heap.roots))
        self.each(compare)

    def test_census(self):
        def compare(heap, path):
            dominates = {i: heap.retained([i]) for i in heap.reached}
            rows = self.ask("census", "--retained", "--top", "0", path)["types"]
            self.assertEqual(sorted(row["type"] for row in rows),
                             sorted({one["type"] for one in heap.objects}))
            self.assertEqual([row["bytes"] for row in rows],
                             sorted((row["bytes"] for row in rows), reverse=True))
            for row in rows:
                mine = [i for i, one in enumerate(heap.objects) if one["type"] == row["type"]]
                self.assertEqual((row["objects"], row["bytes"]), (len(mine), heap.size(mine)))
                self.assertEqual(row["unreached_objects"], len(set(mine) - set(heap.reached)))
                top = [i for i in mine if i in dominates and
                       not any(i in dominates[j] for j in mine if j in dominates and j != i)]
                self.assertEqual(row["retained"], sum(heap.size(dominates[i]) for i in top))
                told = self.ask("census", "--type", row["type"], "--top", "0", path)
                gone = heap.retained(mine)
                self.assertEqual((told["retained"], told["retained_objects"]),
                                 (heap.size(gone), len(gone)))
                self.assertEqual(sum(one["references"] for one in told["referrers"]),
                                 sum(targets.count(i) for targets in heap.next for i in mine))
        self.each(compare)

    def test_dominators(self):
        def compare(heap, path):
            told = self.ask("dominators", "--top", "0", "--depth", "1000", path)
            rows = {row["object"]: row for row in told["objects"]}
            self.assertEqual(len(rows), len(told["objects"]))
            self.assertEqual(sorted(rows), sorted(heap.address(i) for i in heap.reached))
            dominates = {i: heap.retained([i]) for i in heap.reached}
            for i, below in dominates.items():
                row = rows[heap.address(i)]
                self.assertEqual(row["retained"], heap.size(below))
                above = [j for j in dominates if j != i and i in dominates[j]]
                nearest = min(above, key=lambda j: len(dominates[j]), default=None)
                self.assertEqual(row.get("dominator"), None if nearest is None else heap.address(nearest))
                self.assertEqual(row["depth"], len(above))
        self.each(compare)

    def check_way(self, heap, way, target):
        steps = [heap.number[int(step["object"], 16)] for step in way["steps"]]
        self.assertIn(steps[0], heap.held)
        self.assertEqual(steps[-1], target)
        for owner, following in zip(steps, steps[1:]):
            self.assertIn(following, heap.next[owner])
        self.assertEqual(way["path"], (way["root"] or f"<{way['root_kind']}>")
                         + "".join(step["edge"] for step in way["steps"]))
        self.assertEqual(len(set(steps)), len(steps), "it passes nothing twice")
        return len(steps)

    def test_paths(self):
        def compare(heap, path):
            told_reach = heap.reach(heap.told)
            for i in range(0, len(heap.objects), 3):
                told = self.ask("paths", "--object", heap.address(i), "--top", "0", path)
                self.assertEqual(told["reached"], i in heap.reached)
                self.assertEqual(told["referrers"], sum(i in targets for targets in heap.next))
                lengths = [self.check_way(heap, way, i) for way in told["ways"]]
                if i in told_reach:
                    self.assertEqual(lengths[0], told_reach[i])
                elif i in heap.reached:
                    self.assertEqual(lengths[0], heap.reached[i])
        self.each(compare)

    def test_cycles(self):
        def compare(heap, path):
            groups = heap.groups()
            told = self.ask("cycles", "--top", "0", path)
            self.assertEqual(told["group_count"], len(groups))
            waiting = [group for group in groups if not set(group) & set(heap.reached)]
            self.assertEqual(sum(form["unreached_groups"] for form in told["forms"]), len(waiting))
            self.assertEqual(sum(form["groups"] for form in told["forms"]), len(groups))
            for row in told["groups"]:
                round_ = [heap.number[int(link["object"], 16)] for link in row["round"]]
                group = next(group for group in groups if round_[0] in group)
                self.assertEqual(row["objects"], len(group))
                self.assertEqual(row["bytes"], heap.size(group))
                self.assertEqual(row["reached"], group not in waiting)
                self.assertEqual(len(round_), heap.girth(group))
                for owner, following in zip(round_, round_[1:] + round_[:1]):
                    self.assertIn(following, heap.next[owner])
                self.assertEqual(row["entered"], bool(group & set(heap.held)) or any(
                    set(heap.next[i]) & group for i in range(len(heap.objects)) if i not in group))
                gone = heap.retained(group) if row["reached"] else self.waiting_with(heap, group)
                self.assertEqual((row["held_objects"], row["held_bytes"]), (len(gone), heap.size(gone)))
                members = self.ask("cycles", "--object", heap.address(round_[0]), "--top", "0", path)
                self.assertEqual({heap.number[int(one["object"], 16)] for one in members["members"]},
                                 set(group))
        self.each(compare)

    def waiting_with(self, heap, group):
        """What of the garbage goes with a group: all that no other garbage leads to which nobody else refers to."""
        rest = set(range(len(heap.objects))) - set(heap.reached)
        reach = {i: heap.reach([i]) for i in rest}
        tops = [i for i in rest if all(j in reach[i] for j in rest if i in reach[j])]
        return rest - set(heap.reach(tops, group))

    def test_diff(self):
        chance = random.Random(SEED)
        for i in range(HEAPS):
            before, after = random_heap(chance), random_heap(chance)
            with self.subTest(seed=SEED, heap=i):
                told = self.ask("diff", "--top", "0", self.file(before.bytes()),
                                self.file(after.bytes(), "after"))
                kinds = [{(one["address"], one["type"]): one["size"] for one in heap.objects}
                         for heap in (before, after)]
                rows = {row["type"]: row for row in told["types"]}
                for type_, row in [*rows.items(), (None, told["total"])]:
                    mine = [{key: size for key, size in kind.items() if type_ in (None, key[1])}
                            for kind in kinds]
                    new, gone = set(mine[1]) - set(mine[0]), set(mine[0]) - set(mine[1])
                    self.assertEqual((row["objects_before"], row["objects_after"]),
                                     (len(mine[0]), len(mine[1])))
                    self.assertEqual((row["new_objects"], row["new_bytes"]),
                                     (len(new), sum(mine[1][key] for key in new)))
                    self.assertEqual((row["gone_objects"], row["gone_bytes"]),
                                     (len(gone), sum(mine[0][key] for key in gone)))
                    self.assertEqual(row["growth_bytes"], row["bytes_after"] - row["bytes_before"])
                self.check_places(after, {key[0] for key in set(kinds[1]) - set(kinds[0])}, told)

    def alive(self, heap, type_):
        """Objects and bytes by places, in a naive way."""
        sites = [((), 0, 0, 0, 0, 0), *heap.sites]
        found = {}
        for number, site in enumerate(sites):
            mine = [one for one in heap.objects if one["site"] == number and type_ in (None, one["type"])]
            row = (len(mine), sum(one["size"] for one in mine))
            if type_ is None and any(other[1] for other in sites):
                row = site[1:3]
            made = (0, 0) if type_ else site[3:5]
            before = found.get(place_of(site), (0,) * 4)
            found[place_of(site)] = tuple(map(sum, zip(before, (*row, *made))))
        return {place: row for place, row in found.items() if any(row)}

    def shown_place(self, row):
        return tuple(f"{frame['module']}+{frame['offset']}" if "module" in frame else frame["address"] if "address" in frame
                     else f"{frame['function']} {frame['file']} {frame['line']}" for frame in row["frames"])

    def test_sites(self):
        chance = random.Random(SEED)
        for i in range(2 * HEAPS):
            heaps = [random_heap(chance), random_heap(chance)]
            has_sums = i % 2
            for heap in heaps:
                heap.sites = random_sites(chance, has_sums)
                for one in heap.objects:
                    one["site"] = chance.randrange(len(heap.sites) + 1)
            files = [self.file(heap.bytes(), name) for heap, name in zip(heaps, ("before", "after"))]
            with self.subTest(seed=SEED, heap=i):
                if any(site[1] for site in heaps[0].sites) == any(site[1] for site in heaps[1].sites):
                    self.compare_sites(heaps, files, None)
                type_ = heaps[1].objects[0]["type"]
                self.compare_sites(heaps, files, type_)

    def compare_sites(self, heaps, files, type_):
        of_type = ["--type", type_] if type_ else []
        before, after = (self.alive(heap, type_) for heap in heaps)
        told = self.ask("sites", "--top", "0", *of_type, files[1])
        self.assertEqual(sorted((self.shown_place(row), row["objects"], row["bytes"]) for row in told["sites"]),
                         sorted((place, *row[:2]) for place, row in after.items()))
        self.assertEqual([row["bytes"] for row in told["sites"]],
                         sorted((row["bytes"] for row in told["sites"]), reverse=True))
        if not type_:
            self.assertEqual(told["bytes"], sum(row[1] for row in after.values()))
        changed = {place: (*before.get(place, (0, 0))[:2], *after.get(place, (0, 0))[:2]) for place in {*before, *after}}
        changed = {place: row for place, row in changed.items() if row[:2] != row[2:]}
        told = self.ask("diff", "--top", "0", *of_type, *files)
        self.assertEqual(
            sorted((self.shown_place(row), row["objects_before"], row["bytes_before"], row["objects_after"],
                    row["bytes_after"]) for row in told["sites"]), sorted((place, *row) for place, row in changed.items()))
        grown = [row["growth_bytes"] for row in told["sites"]]
        self.assertEqual(grown, sorted(grown, reverse=True))

    def check_places(self, after, new, told):
        """Old objects that refer to new ones; together with what is apart they account for all new bytes."""
        is_new = [one["address"] in new for one in after.objects]
        places = {i: sum(is_new[j] for j in after.next[i])
                  for i in range(len(after.objects)) if not is_new[i] and any(is_new[j] for j in after.next[i])}
        self.assertEqual({int(row["object"], 16): row["new_references"] for row in told["places"]},
                         {after.objects[i]["address"]: count for i, count in places.items()})
        self.assertEqual(sum(row["held_bytes"] for row in told["places"]) + told["apart_bytes"],
                         told["total"]["new_bytes"])

    def test_text_is_safe(self):
        """Nothing that a file says reaches a terminal as an order."""
        chance = random.Random(SEED)

        def compare(heap, _):
            other = self.file(Heap(heap.objects, heap.roots, random_sites(chance, 1)).bytes(), "other")
            path = self.file(Heap(heap.objects, heap.roots, random_sites(chance, 1)).bytes())
            address = heap.address(0)
            for arguments in (["info"], ["census"], ["census", "--type", heap.objects[0]["type"]],
                              ["dominators"], ["paths", "--object", address], ["cycles"],
                              ["cycles", "--object", address], ["diff", path], ["sites"], ["diff", other]):
                result = run(*arguments, path)
                self.assertEqual((result.returncode, result.stderr), (0, b""), arguments)
                self.assertNotIn(b"\x1b", result.stdout)
                self.assertNotIn(b"\x07", result.stdout)
        self.each(compare)


def small_heap():
    """app -> cache (a dict) -> two sessions; a ring of three that nobody holds, with a payload."""
    def one(number, type_, size, edges, text=""):
        return {"address": BASE + 64 * number, "size": size, "type": type_, "count": 1, "flags": 3,
                "text": text, "edges": [(BASE + 64 * to, *label) for to, *label in edges]}
    return Heap([
        one(0, "App", 48, [(1, FIELD, "cache", 0)], "the program"),
        one(1, "dict", 200, [(2, KEY, "ada", 0), (3, KEY, "bob", 0)]),
        one(2, "Session", 100, []), one(3, "Session", 100, []),
        one(4, "node", 32, [(5, FIELD, "next", 0), (7, FIELD, "data", 0)]),
        one(5, "node", 32, [(6, FIELD, "next", 0)]), one(6, "node", 32, [(4, FIELD, "next", 0)]),
        one(7, "bytes", 5000, []),
    ], [(BASE, NAMED, "app", 1)])


class Text(SnapshotTest):
    """What people see."""

    def shown(self, *arguments):
        result = run(*arguments)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        return result.stdout.decode()

    def test_path(self):
        path = self.file(small_heap().bytes())
        text = self.shown("paths", "--object", hex(BASE + 64 * 3), path)
        self.assertIn('app.cache["bob"]', text)
        self.assertRegex(text, r'named root +-> App 0x[0-9a-f]+ "the program"')
        self.assertIn("only the collector frees it", self.shown("paths", "--object", hex(BASE + 64 * 5), path))

    def test_cycles(self):
        text = self.shown("cycles", self.file(small_heap().bytes()))
        self.assertIn("Only the collector frees: 1 group, holding 5.0 KiB", text)
        self.assertIn("node.next -> node.next -> node.next -> node", text)

    def test_long_rounds_are_counted(self):
        ring = [{"address": BASE + 64 * i, "size": 8, "type": "node", "count": 1, "flags": 3,
                 "edges": [(BASE + 64 * ((i + 1) % 50), FIELD, "next", 0)]} for i in range(50)]
        text = self.shown("cycles", self.file(snapshot_bytes(ring, [])))
        self.assertIn("node.next (50 times) -> node\n", text)

    def test_dominators(self):
        text = self.shown("dominators", self.file(small_heap().bytes()))
        self.assertRegex(text, r"448 bytes +100% +#+ +48 bytes +app +App ")
        self.assertRegex(text, r'100 bytes +22% +## +100 bytes +\["ada"\] +Session ')

    def test_dominators_of_many_small_things(self):
        """What a cache holds is small piece by piece: a few of them are shown."""
        heap = small_heap()
        for i in range(500):
            address = BASE + 64 * (100 + i)
            heap.objects[1]["edges"].append((address, KEY, f"user {i}", 0))
            heap.objects.append({"address": address, "size": 100, "type": "Session", "count": 1,
                                 "flags": 3, "text": "", "edges": []})
        path = self.file(Heap(heap.objects, heap.roots).bytes())
        text = self.shown("dominators", path)
        self.assertEqual(len(re.findall(r'\["[a-z 0-9]+"\] +Session 0x', text)), 3, text)
        self.assertIn("... 499 more, all Session", text)
        self.assertNotIn("Session 0x", self.shown("dominators", "--depth", "2", path))

    def test_top(self):
        path = self.file(small_heap().bytes())
        self.assertIn("4 more types; --top 0 shows all", self.shown("census", "--top", "1", path))
        self.assertNotIn("more", self.shown("census", "--top", "0", path))
        self.assertEqual(len(self.ask("census", "--top", "2", path)["types"]), 2)

    def test_info(self):
        objects = [{"address": BASE, "size": 48, "type": "App", "count": 1, "flags": 3, "edges": []}]
        notes = [("committed_bytes", "309528"), ("reserved_bytes", "a lot"), ("a_key_longer_than_others", "1"), ("pid", "7321")]
        text = self.shown("info", self.file(snapshot_bytes(objects, [(BASE, NAMED, "app", 1)], notes)))
        self.assertRegex(text, r"(?m)^ +objects +1, 48 bytes, of 1 type$")
        self.assertRegex(text, r"(?m)^ +held +1 object by 1 root: 1 named$")
        self.assertRegex(text, r"(?m)^ +committed +302 KiB$")
        self.assertRegex(text, r"(?m)^ +reserved_bytes +a lot$")
        self.assertRegex(text, r"(?m)^ +a_key_longer_than_others 1$")
        self.assertRegex(text, r"(?m)^ +pid +7321$")

    def test_order(self):
        path = self.file(small_heap().bytes())
        for order, first in (("bytes", "bytes"), ("objects", "node"), ("name", "App"), ("retained", "App")):
            self.assertEqual(self.ask("census", "--by", order, path)["types"][0]["type"], first)

    def test_leak(self):
        """The sentence that somebody who hunts a leak is after."""
        before, after = small_heap(), small_heap()
        cache = after.objects[1]
        for i in range(50):
            address = BASE + 64 * (100 + i)
            cache["edges"].append((address, KEY, f"user {i}", 0))
            after.objects.append({"address": address, "size": 100, "type": "Session", "count": 1,
                                  "flags": 3, "text": "", "edges": []})
        paths = [self.file(before.bytes(), "before"), self.file(Heap(after.objects, after.roots).bytes())]
        text = self.shown("diff", *paths)
        self.assertRegex(text, r"\+4\.9 KiB +\+50 +50 +0 +52 +5\.1 KiB +Session")
        self.assertRegex(text, r'50 +4\.9 KiB +dict 0x[0-9a-f]+ +app\.cache\["user 0"\] +Session')

    def test_sites(self):
        """Who allocated it, and who more of it; and that nobody knows where the heap was not traced."""
        def frames(line):
            return [(4096 + line, line, "/lib/none.so", "", "", 0), (0, 0, "", "handle", "web/server.py", line),
                    *[(0, 0, "", "main", "server.py", 1)] * 4]
        one = small_heap()
        before = self.file(snapshot_bytes(one.objects, one.roots, (), [(frames(7), 1, 100, 5, 500, 300)]), "before")
        after = self.file(snapshot_bytes(one.objects, one.roots, (),
                                         [(frames(8), 9, 3072, 9, 3072, 3072), (frames(7), 3, 300, 9, 900, 300)]))
        callers = r" < main \(server.py:1\) < main \(server.py:1\) < 2 more"
        text = self.shown("sites", after)
        self.assertRegex(text, r"9 +3\.0 KiB +91% +#+ +3\.0 KiB +3\.0 KiB +none\.so\+0x8 < handle \(server\.py:8\)" + callers)
        self.assertIn("12 allocations, 3.3 KiB, from 2 places", text)
        text = self.shown("diff", before, after)
        self.assertRegex(text, r"(?s)Where it was allocated\n.*\+3\.0 KiB +\+9 +9 +3\.0 KiB +none\.so\+0x8 < handle")
        self.assertRegex(text, r"\+200 bytes +\+2 +3 +300 bytes +none\.so\+0x7 < handle \(server\.py:7\)" + callers)
        bare = self.file(one.bytes(), "bare")
        self.assertIn("the heap was not traced", self.shown("sites", bare))
        self.assertEqual(self.ask("sites", bare)["sites"], [])
        for pair in ((bare, after), (before, bare)):
            self.assertNotIn("allocated", self.shown("diff", *pair))
            self.assertEqual(self.ask("diff", *pair)["sites"], [])

    def test_colours(self):
        leader, follower = pty.openpty()
        path = self.file(small_heap().bytes())
        with subprocess.Popen([COMMAND, "snapshot", "census", path], stdin=follower, stdout=follower,
                              stderr=follower, env=environment(TERM="xterm", LC_ALL="C.UTF-8")) as process:
            os.close(follower)
            written = b""
            while select.select([leader], [], [], 10)[0]:
                try:
                    some = os.read(leader, 65536)
                except OSError:
                    break
                if not some:
                    break
                written += some
            self.assertEqual(process.wait(timeout=10), 0)
        os.close(leader)
        self.assertIn(b"\x1b[", written)
        self.assertIn("█".encode(), written)


class Refusals(SnapshotTest):
    """Wrong arguments and wrong files: one sentence, status 2, nothing on stdout."""

    def test_arguments(self):
        path = self.file(small_heap().bytes())
        self.assert_refused("there is no command 'frobnicate'", "frobnicate")
        self.assert_refused("there is no option '--frobnicate'", "info", "--frobnicate", path)
        self.assert_refused("there is no option '--by'", "info", "--by", "name", path)
        self.assert_refused("--by takes", "census", "--by", "colour", path)
        self.assert_refused("--top takes a number", "census", "--top", "many", path)
        self.assert_refused("--top takes a number", "census", "--top", "-1", path)
        self.assert_refused("--depth takes", "dominators", "--depth", "0", path)
        self.assert_refused("--object takes an address", "paths", "--object", "here", path)
        self.assert_refused("there is no object at 0x10", "paths", "--object", "0x10", path)
        self.assert_refused("there is no type 'absent'", "census", "--type", "absent", path)
        self.assert_refused("neither file has a type 'absent'", "diff", "--type", "absent", path, path)
        self.assert_refused("say which object", "paths", path)
        self.assert_refused("missing", "info")
        self.assert_refused("missing", "diff", path)
        self.assert_refused("one file too many", "info", path, path)
        self.assert_refused("something is missing behind '--top'", "info", path, "--top")
        self.assert_refused("/absent", "info", "/absent")
        result = run()
        self.assertEqual((result.returncode, result.stdout), (2, b""))
        self.assertIn(b"Usage: ouro snapshot", result.stderr)

    def test_damaged_files(self):
        """Each subcommand refuses them with the offset."""
        whole = small_heap().bytes()
        good = self.file(whole, "good")
        chance = random.Random(SEED)
        damaged = [whole[:chance.randrange(17, len(whole))] for _ in range(6)]
        for _ in range(6):
            place = chance.randrange(16, len(whole))
            damaged.append(whole[:place] + bytes([whole[place] ^ 1 << chance.randrange(8)]) + whole[place + 1:])
        for content in damaged:
            path = self.file(content)
            for arguments in (["info", path], ["census", path], ["sites", path], ["dominators", path],
                              ["paths", "--object", hex(BASE), path], ["cycles", path],
                              ["diff", path, good], ["diff", good, path]):
                result = run(*arguments)
                message = result.stderr.decode()
                if result.returncode == 0 and content[:16] == whole[:16] and len(content) == len(whole):
                    continue  # a chunk of a kind that is not known is passed by
                self.assertEqual((result.returncode, result.stdout), (2, b""), message)
                self.assertRegex(message, r"^ouro: .*heap\.snapshot: offset \d+: [^\n]+\n$")
        self.assert_refused("offset 0", "info", self.file(b"no snapshot at all"))
        self.assert_refused("version 9", "info", self.file(whole[:14] + b"\x09\x00" + whole[16:]))

    def test_full_disk(self):
        path = self.file(small_heap().bytes())
        for arguments in (["info", path], ["census", "--json", path], ["--help"]):
            with open("/dev/full", "wb") as full:
                result = subprocess.run([COMMAND, "snapshot", *arguments], stdout=full,
                                        stderr=subprocess.PIPE, timeout=60, check=False)
            self.assertEqual(result.returncode, 1)
            self.assertIn(b"the output is incomplete", result.stderr)

    @unittest.skipIf(os.environ.get("OURO_SANITIZED"), "sanitizers need addresses of their own")
    def test_refused_memory(self):
        """However few addresses there are, a sentence and no crash."""
        chain = [{"address": BASE + 64 * i, "size": 8, "type": f"type {i % 3000}", "count": 1, "flags": 3,
                  "text": f"text {i}", "edges": [(BASE + 64 * ((i + 1) % 20000), FIELD, "next", 0)]}
                 for i in range(20000)]
        path = self.file(snapshot_bytes(chain, [(BASE, NAMED, "main", 1)]))

        def within(kilobytes, *arguments):
            limit = (kilobytes << 10, kilobytes << 10)
            return subprocess.run([COMMAND, *arguments], env=environment(), stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=60, check=False,
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limit))

        least = 5000  # that the program itself needs; with fewer the system does not start it
        while least < 50000 and within(least, "--help").returncode != 0:
            least += 500
        refused = finished = 0
        for arguments in (["census", "--retained", "--json"], ["dominators", "--top", "0", "--depth", "100"],
                          ["paths", "--object", hex(BASE + 64 * 9000)], ["cycles"], ["census", "--type", "type 7"],
                          ["diff", path]):
            for kilobytes in range(least, least + 17000, 1500):
                result = within(kilobytes, "snapshot", *arguments, path)
                message = result.stderr.decode()
                self.assertIn(result.returncode, (0, 1), (arguments, kilobytes, message))
                if result.returncode == 1:
                    self.assertRegex(message, r"\Aouro: [^\n]+\n\Z")
                refused += result.returncode == 1
                finished += result.returncode == 0
        self.assertGreater(refused, 6)
        self.assertGreater(finished, 6)

    def test_an_empty_heap(self):
        path = self.file(snapshot_bytes([], []))
        for arguments in (["info", path], ["census", path], ["census", "--retained", path], ["sites", path],
                          ["dominators", path], ["cycles", path], ["diff", path, path]):
            for extra in ([], ["--json"]):
                result = run(*arguments, *extra)
                self.assertEqual((result.returncode, result.stderr), (0, b""), arguments)


class Help(SnapshotTest):
    def test_help(self):
        listed = re.findall(r"^  ([a-z]+)  ", run("--help").stdout.decode(), re.MULTILINE)
        self.assertLessEqual({"info", "census", "sites", "dominators", "paths", "cycles", "diff"}, set(listed))
        for name in listed:
            for option in ("--help", "-h"):
                result = run(name, option)
                self.assertEqual((result.returncode, result.stderr), (0, b""))
                self.assertIn(f"Usage: ouro snapshot {name} ".encode(), result.stdout)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        COMMAND = sys.argv.pop(1)
    print(f"OURO_TEST_SEED={SEED}")
    print(f"covered: {HEAPS * 9} random heaps through ouro snapshot")
    unittest.main()
