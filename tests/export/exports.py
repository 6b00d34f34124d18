# SPDX-License-Identifier: MIT
"""What the tests of exports share: snapshots by kind, and the command."""
import csv
import io
import os
import subprocess
import sys
from pathlib import Path


def fail(what):
    sys.exit(f"{Path(sys.argv[0]).name}: {what}")


# A process with what Python has of ways to refer: instances with and without dictionaries, keys that are no strings,
# weak references, a generator that waits, a module, rings.
PROCESS = """
import argparse, collections, json, weakref
class Node:
    def __init__(self, number):
        self.number, self.itself, self.table = number, self, {number: str(number), "a key": [number], (1, number): None}
class Slotted:
    __slots__ = "left", "__weakref__"
    def __init__(self, left):
        self.left = left
nodes = [Node(i) for i in range(%d)]
slotted = [Slotted(node) for node in nodes]
seen, queue = weakref.WeakSet(slotted), collections.deque(nodes)
waiting = (node for node in nodes)
next(waiting)
"""


def snapshots(folder, wanted):
    """The files for KIND:COUNT, or for the names of files."""
    for name in wanted:
        kind, _, count = name.partition(":")
        if not count:
            yield Path(name)
            continue
        path = Path(folder) / f"{kind}.snapshot"
        if kind == "demo":
            subprocess.run([sys.argv[1], "demo", "--only", "4", "--snapshot", path], check=True,
                           stdout=subprocess.DEVNULL)
        elif kind == "python":
            subprocess.run([os.environ["OURO_SNAPSHOT_PYTHON"], "-m", "ouro_snapshot", "--quiet", "-o", path,
                            "-c", PROCESS % int(count)], check=True)
        elif kind == "odd":
            subprocess.run([os.environ["OURO_EXPORT_MAKER"], path], check=True)
        else:
            subprocess.run([os.environ["OURO_SNAPSHOT_MAKER"], kind, count, path], check=True)
        yield path


def export(ouro, snapshot, *options):
    done = subprocess.run([ouro, "snapshot", "export", snapshot, "-o", "-", *options], capture_output=True, check=False)
    if done.returncode != 0:
        fail(f"{' '.join(options)} of {snapshot} ended with {done.returncode}: {done.stderr.decode()}")
    return done.stdout


def table(ouro, snapshot, rows):
    text = export(ouro, snapshot, "--to", "csv", "--rows", rows).decode()
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
