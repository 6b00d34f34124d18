# SPDX-License-Identifier: MIT
"""System cpython-3.11-python and so on: plain Python classes with __slots__.

The same command line and the same work as the programs in C (see bench/README.md).
There is no `full`: its collector is that of cpython_node.c.
"""

import os
import platform
import sys
from time import process_time_ns as cpu_ns

UNSUPPORTED = 3
TREE_LEVELS, TREE_LEVELS_SHORTENED, TREE_ROUNDS = 20, 18, 2


class Node:
    __slots__ = "a", "b"

    def __init__(self, a, b):
        self.a = a
        self.b = b


def kilobytes(path, key):
    with open(path, encoding="ascii") as file:
        for line in file:
            if line.startswith(key):
                return int(line.split()[1])
    raise KeyError(key)


def resident_bytes():
    return kilobytes("/proc/self/smaps_rollup", "Rss:") * 1024


def peak_bytes():
    return kilobytes("/proc/self/status", "VmHWM:") * 1024


def report(case, metric, value):
    print(case, metric, "%.9g" % value, flush=True)


def verify(condition, what):
    if not condition:
        sys.exit("the work was not done: " + what)


def tree_build(levels):
    if levels <= 1:
        return Node(None, None)
    return Node(tree_build(levels - 1), tree_build(levels - 1))


def tree_count(node):
    if node.a is None:
        return 1
    return 1 + tree_count(node.a) + tree_count(node.b)


def run_trees(scale):
    depth = 16
    while scale <= 0.25 and depth > 6:
        depth -= 2
        scale *= 4
    expected = (4 << depth) - 1 + (2 << depth) - 1
    start = cpu_ns()
    nodes = tree_count(tree_build(depth + 2))
    lasting = tree_build(depth + 1)
    for d in range(4, depth + 1, 2):
        rounds = 1 << (depth - d + 4)
        expected += rounds * ((2 << d) - 1)
        for _ in range(rounds):
            nodes += tree_count(tree_build(d + 1))
    nodes += tree_count(lasting)
    del lasting
    spent = cpu_ns() - start
    verify(nodes == expected, "nodes == expected")
    report("main", "ns_per_object", spent / nodes)
    report("main", "peak_bytes", peak_bytes())


def run_tree(scale):
    count = (1 << TREE_LEVELS) - 1
    before = resident_bytes()
    tree = tree_build(TREE_LEVELS)
    report("build", "bytes_per_object", (resident_bytes() - before) / count)
    verify(tree_count(tree) == count, "tree_count(tree) == count")
    del tree
    levels = TREE_LEVELS_SHORTENED if scale < 1 else TREE_LEVELS
    count = (1 << levels) - 1
    build = drop = 0
    for _ in range(TREE_ROUNDS):
        start = cpu_ns()
        tree = tree_build(levels)
        built = cpu_ns()
        verify(tree_count(tree) == count, "tree_count(tree) == count")
        counted = cpu_ns()
        del tree
        drop += cpu_ns() - counted
        build += built - start
    report("build", "ns_per_object", build / TREE_ROUNDS / count)
    report("drop", "ns_per_object", drop / TREE_ROUNDS / count)


def run_list(scale):
    count = int(10_000_000 * scale)
    start = cpu_ns()
    head = None
    for _ in range(count):
        head = Node(head, None)
    report("build", "ns_per_object", (cpu_ns() - start) / count)
    node, found = head, 0
    while node is not None:
        node = node.a
        found += 1
    verify(found == count, "found == count")
    start = cpu_ns()
    del head
    report("drop", "ns_per_object", (cpu_ns() - start) / count)


def ring_build(count):
    first = last = Node(None, None)
    for _ in range(count - 1):
        node = Node(None, last)
        last.a = node
        last = node
    last.a = first
    first.b = last
    return first


def run_rings(scale):
    first = ring_build(10)
    node, found = first.a, 1
    while node is not first:
        verify(node.b.a is node, "node.b.a is node")
        node = node.a
        found += 1
    verify(found == 10, "found == 10")
    rings = int(1_000_000 * scale)
    start = cpu_ns()
    for _ in range(rings):
        ring_build(10)
    report("main", "ns_per_object", (cpu_ns() - start) / rings / 10)
    report("main", "peak_bytes", peak_bytes())


WORKLOADS = {"trees": run_trees, "tree": run_tree, "list": run_list, "rings": run_rings}


def main():
    arguments = sys.argv[1:] + ["", "all", "1"][len(sys.argv) - 1:]
    if arguments[0] == "version":
        print(platform.python_version())
        return 0
    if arguments[0] not in WORKLOADS:
        return UNSUPPORTED
    WORKLOADS[arguments[0]](float(arguments[2]))
    sys.stdout.flush()
    os._exit(0)  # what is still alive was not meant to be dropped one by one


if __name__ == "__main__":
    sys.exit(main())
