# SPDX-License-Identifier: MIT
"""What is run: for each workload its runs, in full and shortened.

A run is what one round does: each system that has one of the run's cases is
started once with it (once for each, where it has several).
"""

from dataclasses import dataclass

SIZES = (16, 24, 32, 48, 64, 128, 512)
QUICK_SIZES = (24, 32)
TYPICAL_SIZE = 32   # where one size shows enough


@dataclass(frozen=True)
class Workload:
    name: str
    about: str
    runs: tuple = (("all",),)
    quick_runs: tuple = None    # None: the same
    quick_scale: float = 0.1
    most_rounds: int = 1000     # figures that do not vary need few, and so does what takes long
    least_rounds: int = 1       # what recurs is told from what does not by more of them
    quick_rounds: int = 1000    # most, shortened
    series: bool = False        # programs can write its memory over time
    quick_systems: tuple = None  # names or beginnings of names; None: all


def _alloc_runs(sizes):
    """Objects and raw memory in one run."""
    runs = [(f"{shape}-{size}", f"raw-{shape}-{size}") for shape in ("pair", "stack")
            for size in sizes]
    for shape in ("churn", "order"):
        for size in sizes:
            both = size == TYPICAL_SIZE
            runs.append((f"{shape}-{size}", f"raw-{shape}-{size}")[:1 + both])
    return (*runs, (f"handoff-{TYPICAL_SIZE}",))


_REFS_RUNS = tuple((f"{kind}-{order}{size}",) for kind in ("local", "shared")
                   for order in ("seq", "random") for size in ("", "-1k"))

WORKLOADS = (
    Workload("alloc", "blocks of one size: pairs, a stack, churn, many at once, two threads",
             _alloc_runs(SIZES), _alloc_runs(QUICK_SIZES), quick_scale=0.05),
    Workload("refs", "references taken and released", _REFS_RUNS, quick_scale=0.05),
    Workload("trees", "the benchmarks game's binary-trees", quick_scale=0.2),
    Workload("tree", "one complete tree of depth 20", quick_rounds=1),
    Workload("list", "a chain of ten million nodes", quick_rounds=2),
    Workload("rings", "a million rings of ten nodes"),
    Workload("live-rings", "rings of ten nodes beside five million living nodes",
             (("empty",), ("main",), ("old",), ("into",), ("rebuild",)), quick_scale=0.05,
             most_rounds=3, quick_rounds=1, series=True),
    Workload("full", "one full collection over five million living nodes",
             (("main", "walk"),), most_rounds=3),
    Workload("shapes", "the longest pause that one awkward shape can cause", quick_scale=0.02,
             least_rounds=5, quick_rounds=1, quick_systems=("ouro",)),
    Workload("shannon", "chains that refer to a chain that lives", most_rounds=3,
             quick_scale=0.05, quick_rounds=1),
    Workload("fast-cycles", "short chains, kept by twenties", quick_scale=1, most_rounds=3,
             quick_rounds=1),
    Workload("table", "a dictionary of a million numbers keyed by pairs", (("main", "off"),),
             most_rounds=3, quick_rounds=1),
    Workload("bulk", "fifteen million living objects in one array", (("main", "off"),),
             most_rounds=2, quick_scale=0.05, quick_rounds=1),
    Workload("bytes", "islands that own a mebibyte each", most_rounds=3, quick_rounds=1),
    Workload("queue", "objects of 10,000 bytes, a thousand kept", most_rounds=3, quick_rounds=1),
    Workload("shutdown", "ten million living nodes given back at once", most_rounds=3,
             quick_scale=0.05, quick_rounds=1),
    Workload("real", "the package index of this system: load, query, drop", most_rounds=3,
             quick_rounds=1),
    Workload("floor", "what one heap with one object costs a process"),
    Workload("memory", "what stays resident of objects that died", (("sparse",), ("died",)),
             most_rounds=1, quick_systems=("ouro", "cpython", "c-mimalloc")),
    Workload("instructions", "instructions of the shortest paths",
             (("new-decref",), ("incref-decref",)), most_rounds=1,
             quick_systems=("ouro", "c-mimalloc")),
)


def rounds_of(workload, rounds, quick):
    """How many rounds of a workload there are when so many were asked for."""
    if quick:
        return min(rounds, workload.most_rounds, workload.quick_rounds)
    return max(min(rounds, workload.most_rounds), workload.least_rounds)


def by_name(name):
    """The workload of that name, or None."""
    return next((workload for workload in WORKLOADS if workload.name == name), None)
