#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of `ouro report`, from outside: the data that it writes, and how it behaves.

    report_test.py OURO SAMPLES [unittest arguments]
"""

import json
import os
import re
import stat
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

COMMAND, SAMPLES = sys.argv[1:3]
HOSTILE = "</script><img src=x onerror=broken()><!--<script>\u2028\"\\"


def run(*arguments, **options):
    """Runs the command; the result has returncode, stdout and stderr."""
    return subprocess.run([COMMAND, "report", *arguments], stdin=subprocess.DEVNULL, check=False,
                          stdout=options.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE,
                          timeout=100, **options)


class Samples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.directory.cleanup)
        cls.folder = Path(cls.directory.name)
        subprocess.run([SAMPLES, cls.folder], check=True)
        cls.has_page = b"built without the page" not in run("-o", "-", cls.path("empty")).stderr

    @classmethod
    def path(cls, name):
        return cls.folder / f"{name}.snapshot"

    def data(self, *names):
        result = run("--json", *map(self.path, names))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr, b"")
        self.text = result.stdout.decode()
        return json.loads(self.text)


class Data(Samples):
    def test_text_is_safe_in_a_page(self):
        data = self.data("large")
        self.assertNotIn("<", self.text)
        names = [row[0] for row in data["types"]]
        self.assertIn(HOSTILE, names)
        self.assertIn(["program", HOSTILE], data["notes"])

    def test_census(self):
        data = self.data("large")
        census = data["census"]
        rows = data["types"][:census["count"]]
        self.assertEqual(census["count"], 3000)
        self.assertEqual(sum(row[2] for row in rows) + census["omittedObjects"], data["totals"]["objects"])
        self.assertEqual(sum(row[3] for row in rows) + census["omittedBytes"], data["totals"]["bytes"])
        self.assertEqual(census["count"] + census["omitted"], data["totals"]["types"])
        by_name = {row[0]: row for row in rows}
        self.assertEqual(by_name["Node"][2:], [5000, 240000, 240000, 48])
        self.assertEqual(by_name["Cache"][2:], [1, 64, 64 + 6000 * 16, 64])

    def check_tree(self, tree, own, total):
        inside = [0] * len(tree["nodes"])
        top = tree["omittedBytes"]
        for place, row in enumerate(tree["nodes"]):
            self.assertLess(row[0], place)
            if row[0] < 0:
                top += row[own + 1]
            else:
                inside[row[0]] += row[own + 1]
        self.assertEqual(top, total)
        for place, row in enumerate(tree["nodes"]):
            self.assertEqual(row[own] + inside[place] + row[-1], row[own + 1])
        self.assertLessEqual(len(tree["nodes"]), 4000)

    def test_trees_add_up(self):
        for name in ("large", "late"):
            data = self.data(name)
            reached = data["totals"]["bytes"] - data["totals"]["unreachableBytes"]
            self.check_tree(data["dominators"], 2, reached)
            self.check_tree(data["groups"], 3, reached)

    def test_a_list_leaves_room_for_what_stands_beside_it(self):
        data = self.data("large")
        names = [row[0] for row in data["types"]]
        levels = {}
        for place, row in enumerate(data["dominators"]["nodes"]):
            levels[place] = 0 if row[0] < 0 else levels[row[0]] + 1
        self.assertLessEqual(max(levels.values()), 64)
        shown = [names[row[1]] for row in data["dominators"]["nodes"] if row[0] < 0]
        self.assertEqual(shown[:2], ["Node", "Cache"])
        self.assertGreater(sum(names[row[1]] == HOSTILE for row in data["dominators"]["nodes"]), 500)

    def test_merged_tree_folds_a_list(self):
        data = self.data("large")
        names = [row[0] for row in data["types"]]
        nodes = [row for row in data["groups"]["nodes"] if names[row[1]] == "Node"]
        self.assertEqual(nodes, [[-1, names.index("Node"), 5000, 240000, 240000, 0, 0]])

    def test_way_to_what_is_held(self):
        data = self.data("late")
        holder = data["holders"][0]
        self.assertEqual(holder["text"], "requests")
        self.assertEqual(holder["retained"], 64 + 400 * 132)
        self.assertEqual(holder["root"], [0, "log", 1])
        self.assertEqual([step[0] for step in holder["steps"]], [None])
        entry = data["holders"][1]
        self.assertEqual(entry["retained"], 100 if len(entry["steps"]) == 3 else 132)
        self.assertEqual(entry["steps"][1][0][:2], [1, "entries"])

    def test_a_long_way_is_cut_in_its_middle(self):
        data = self.data("large")
        longest = max(data["holders"], key=lambda holder: holder["omitted"])
        self.assertGreater(longest["omitted"], 500)
        self.assertEqual(len(longest["steps"]), 24)
        self.assertEqual(longest["steps"][1][0], [0, "next", 0])

    def test_cycles_of_the_heap(self):
        cycles = self.data("large")["cycles"]
        self.assertEqual(cycles["count"], 50)
        self.assertEqual(cycles["objects"], 200)
        self.assertEqual(cycles["bytes"], 50 * 128)
        self.assertEqual(sum(form["groups"] for form in cycles["list"]), 50)
        self.assertEqual(sum(form["unreachedGroups"] for form in cycles["list"]), 50)
        ring = max(cycles["list"], key=lambda form: form["groups"])
        self.assertEqual([step[3][:2] for step in ring["example"]["round"]],
                         [[0, "child"], [2, "parent"]] * 2)
        self.assertEqual(sorted(link[3:] for link in ring["example"]["links"]),
                         [["child", 2], ["parent", 2]])
        self.assertEqual(sorted(kind[1:] for kind in ring["example"]["types"]), [[2, 48], [2, 80]])

    def test_cycles_that_were_found(self):
        data = self.data("large")
        found, = data["cycles"]["found"]
        self.assertEqual((found["found"], found["objects"], found["size"], found["site"]), (7, 14, 560, 1))
        self.assertEqual([step[3][1] for step in found["round"]], ["left", "right"])
        self.assertEqual(data["types"][found["round"][0][0]][0], "Node")

    def test_garbage_is_in_no_tree(self):
        totals = self.data("large")["totals"]
        self.assertEqual(totals["unreachable"], 200)
        self.assertEqual(totals["unreachableBytes"], 50 * 128)

    def test_pools(self):
        pools = self.data("large")["pools"]
        self.assertEqual(len(pools["columns"]["address"]), 20000)
        self.assertEqual(pools["count"], 21000)
        self.assertEqual((pools["omitted"], pools["omittedBytes"]), (1000, 1000 * 65536))
        self.assertEqual(sum(row[2] for row in pools["classes"]), 21000)
        self.assertEqual(sum(row[7] for row in pools["classes"]), 21000 * 65536)
        waiting, = [row for row in pools["classes"] if row[1] == 0]
        self.assertEqual(waiting[2], 210)

    def test_timeline(self):
        timeline = self.data("large")["timeline"]
        self.assertEqual(len(timeline["samples"][0]), 1500)
        self.assertEqual(max(timeline["samples"][2]), 99999999, "the peak is kept")
        self.assertEqual((timeline["sampleCount"], timeline["eventCount"]), (4000, 9000))
        kinds = [event[0] for event in timeline["events"]]
        self.assertEqual((kinds.count(1), kinds.count(0)), (500, 2500))
        starts = [event[3] for event in timeline["events"]]
        self.assertEqual(starts, sorted(starts))
        self.assertEqual(sum(total[3] for total in timeline["totals"]), 9000)
        self.assertEqual(sum(total[6] for total in timeline["totals"]), 6000 * 10)
        self.assertEqual(set(timeline["names"]), {"young", "scan", "whole"})

    def test_sites(self):
        sites = self.data("large")["sites"]
        self.assertEqual((sites["count"], len(sites["list"]), sites["omitted"]), (500, 400, 100))
        self.assertEqual(sites["omittedBytes"], sum(100 * i for i in range(1, 101)))
        self.assertEqual(sites["list"][0]["liveBytes"], 50000)
        names = [[sites["frames"][frame][0] for frame in site["frames"]] for site in sites["list"][:2]]
        self.assertEqual(names, [["make_19", "main"], ["make_18", "main"]])
        self.assertEqual(len(sites["frames"]), 21, "each place once")

    def test_growth_in_the_order_of_time(self):
        for order in (("late", "early", "middle"), ("late", "middle", "early")):
            data = self.data(*order)
            growth = data["growth"]
            self.assertEqual([each["file"] for each in growth["snapshots"]],
                             ["early.snapshot", "middle.snapshot", "late.snapshot"])
            rows = {data["types"][row[0]][0]: row[1:] for row in growth["rows"]}
            self.assertEqual(rows["Text"], [[100, 200, 400], [10000, 20000, 40000]])
            self.assertEqual(rows["Log"], [[1, 1, 1], [64, 64, 64]])
            place = growth["places"][0]
            self.assertEqual((place["text"], place["born"]), ("requests", 300))
            self.assertEqual(place["edge"][1], "entries")
            self.assertEqual((place["root"], len(place["steps"])), ([0, "log", 1], 1))
            self.assertEqual(growth["born"], {"objects": 600, "size": 300 * 132})

    def test_growth_of_a_type_that_is_gone(self):
        data = self.data("empty", "late")
        rows = {data["types"][row[0]][0]: row[1:] for row in data["growth"]["rows"]}
        self.assertEqual(rows["Entry"], [[400, 0], [12800, 0]])

    def test_empty(self):
        data = self.data("empty")
        self.assertEqual(data["totals"]["objects"], 0)
        self.assertEqual(data["dominators"]["nodes"], [])
        self.assertEqual(len(data["growth"]["snapshots"]), 1)


class Page(Samples):
    def setUp(self):
        if not self.has_page:
            self.skipTest("the command has no page")

    def test_page_has_the_data_of_json(self):
        page = self.folder / "late.html"
        result = run("-o", page, self.path("late"))
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, b"", b""))
        text = page.read_text(encoding="utf-8")
        inside = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
        self.assertEqual(json.loads(inside.group(1)), self.data("late"))
        self.assertNotIn("OURO_DATA", text)

    def test_page_names_no_address(self):
        run("-o", self.folder / "p.html", self.path("empty"))
        text = (self.folder / "p.html").read_text(encoding="utf-8")
        self.assertIn("default-src 'none'", text)
        self.assertNotRegex(text, r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""")

    def test_page_stays_small(self):
        run("-o", self.folder / "large.html", self.path("large"))
        self.assertLess((self.folder / "large.html").stat().st_size, 4 << 20)

    def test_file_has_ordinary_permissions_and_nothing_else_is_left(self):
        before = set(os.listdir(self.folder))
        page = self.folder / "mode.html"
        page.write_text("old")
        run("-o", page, self.path("late"))
        mask = os.umask(0)
        os.umask(mask)
        self.assertEqual(stat.S_IMODE(page.stat().st_mode), 0o666 & ~mask)
        self.assertEqual(set(os.listdir(self.folder)) - before, {"mode.html"})

    def test_failure_leaves_what_was_there(self):
        page = self.folder / "kept.html"
        page.write_text("old")
        (self.folder / "bad.snapshot").write_bytes(b"nothing like it")
        result = run("-o", page, self.folder / "bad.snapshot")
        self.assertEqual(result.returncode, 2)
        self.assertIn(b"bad.snapshot", result.stderr)
        self.assertEqual(page.read_text(), "old")

    def test_full_disk(self):
        for arguments in (["-o", "/dev/full"], ["-o", "-"]):
            with open("/dev/full", "wb") as full:
                result = run(*arguments, self.path("late"), stdout=full)
            self.assertEqual(result.returncode, 1, arguments)
            self.assertIn(b"No space left", result.stderr)

    def test_folder_that_is_not_there(self):
        result = run("-o", self.folder / "absent" / "page.html", self.path("late"))
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"No such file", result.stderr)

    def test_standard_output(self):
        result = run("-o", "-", self.path("late"))
        self.assertEqual(result.returncode, 0)
        self.assertTrue(result.stdout.startswith(b"<!doctype html>"))


class Arguments(Samples):
    def test_help(self):
        result = run("--help")
        self.assertEqual(result.returncode, 0)
        for word in (b"--output", b"--json", b"EARLIER"):
            self.assertIn(word, result.stdout)
        for line in result.stdout.decode().splitlines():
            self.assertLessEqual(len(line), 80)

    def test_wrong_arguments(self):
        for arguments in ([], ["-o"], ["--nonsense"], [self.path("late")], ["-o", "x.html"],
                          ["--json=yes", self.path("late")], ["--json", self.folder / "absent.snapshot"],
                          ["--json", self.path("late"), self.folder / "absent.snapshot"]):
            result = run(*arguments)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertEqual(result.stdout, b"")
            self.assertEqual(result.stderr.count(b"\n"), 1, result.stderr)
            self.assertTrue(result.stderr.startswith(b"ouro: "))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
