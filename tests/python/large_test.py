#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A large process: half a million objects in the long run, in two seconds of processor time."""

import json
import unittest

from snapshots import *

SCRIPT = """
import json, random, time, ouro_snapshot
random.seed(1)
class Node:
    def __init__(self, number):
        self.name = "node %d" % number
        self.links = []
        self.data = {{"id": number, "weight": random.random()}}
nodes = [Node(number) for number in range({nodes})]
for node in nodes: node.links.append(random.choice(nodes))
del node
before = time.process_time()
figures = ouro_snapshot.save({path!r})
figures["processor_seconds"] = time.process_time() - before
print(json.dumps(figures))
"""


class Large(unittest.TestCase):
    def test_a_large_process(self):
        nodes = amount(80000 if TIER else 4000)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "large.snapshot")
            figures = json.loads(python("-c", SCRIPT.format(nodes=nodes, path=path)).stdout)
            self.assertGreater(figures["objects"], 6 * nodes)
            self.assertEqual(figures["bytes"], os.path.getsize(path))
            snapshot = Snapshot(path)
        self.assertEqual(len(snapshot.objects), figures["objects"])
        self.assertEqual(sum(len(one.edges) for one in snapshot.objects.values()), figures["references"])
        self.assertEqual(len(snapshot.of_type("__main__.Node")), nodes)
        print(f"covered: {figures['objects']} objects of a large process in "
              f"{figures['processor_seconds']:.2f} s")
        if TIER and "OURO_PRELOAD" not in os.environ:
            self.assertLess(figures["processor_seconds"], 2 * figures["objects"] / 500000)


if __name__ == "__main__":
    unittest.main()
