# SPDX-License-Identifier: MIT
"""What ouro promises, as data, and whether a run met it.

A bar is a ratio to other systems (the best of those named), or, with none
named, a figure by itself.
"""

from dataclasses import dataclass
from statistics import median

from .workloads import SIZES

MEGABYTE = 1 << 20
BEST_ALLOCATORS = ("c-mimalloc", "c-jemalloc", "c-tcmalloc")
# Whose full collection does its work before it returns, on this thread: all but Go's.
TRACED_AT_ONCE = ("boehm", "boehm-incremental", "cpython-?", "nim-orc", "php", "java", "node",
                  "ocaml", "lua")
SMALL = (16, 24, 32, 48, 64, 128)


@dataclass(frozen=True)
class Bar:
    workload: str
    case: str
    metric: str
    limit: float
    peers: tuple = ()       # names, or beginnings followed by *; the best one counts
    peer_case: str = ""     # "": the same case
    live_share: float = 0   # this share of the case's live bytes is added to the limit

    @property
    def against(self):
        return self.peer_case or self.case


def _pairs_and_stacks():
    for shape in ("pair", "stack"):
        for size in SMALL:
            case = f"{shape}-{size}"
            yield Bar("alloc", case, "ns_per_object", 0.6, ("c-mimalloc",))
            yield Bar("alloc", f"raw-{case}", "ns_per_object", 0.8, ("c-mimalloc",), case)


def _orders():
    for size in SIZES:
        for shape in ("fresh", "same", "reverse", "random"):
            yield Bar("alloc", f"{shape}-{size}", "ns_per_object", 1.2, ("c-mimalloc",))
        yield Bar("alloc", f"fresh-{size}", "bytes_per_object", 1.01 * size)


def _live_rings():
    yield Bar("live-rings", "main", "pause_p99999_us", 200)
    yield from (Bar("live-rings", case, metric, 500) for case in ("main", "old", "rebuild")
                for metric in ("pause_recurring_us", "pause_max_us"))
    yield Bar("live-rings", "main", "ns_per_object", 1.25, ("ouro",), "empty")
    yield Bar("live-rings", "old", "ns_per_object", 6.0, ("c-mimalloc",))
    yield Bar("live-rings", "old", "ns_per_object", 1.0, ("nim-orc",))
    yield Bar("live-rings", "old", "ns_per_object", 1.0, ("boehm-incremental",))
    yield Bar("live-rings", "old", "extra_bytes", 80 * MEGABYTE)
    yield Bar("live-rings", "into", "ns_per_object", 2.0, ("ouro",), "main")
    yield Bar("live-rings", "rebuild", "pause_p99999_us", 200)


BARS = (
    *_pairs_and_stacks(),
    *(Bar("alloc", f"churn-{size}", "ns_per_object", 0.8, BEST_ALLOCATORS)
      for size in (24, 32, 48, 64)),
    *_orders(),
    Bar("floor", "main", "live_bytes", 200 * 1024),
    *(Bar("refs", f"local-{order}{size}", "ns_per_op", 1.1, ("c-plain",))
      for order in ("seq", "random") for size in ("", "-1k")),
    Bar("trees", "main", "ns_per_object", 1.2, ("c-mimalloc",)),
    Bar("tree", "build", "bytes_per_object", 24.5),
    Bar("tree", "build", "ns_per_object", 1.2, ("c-mimalloc",)),
    Bar("tree", "drop", "ns_per_object", 1.2, ("c-mimalloc",)),
    Bar("list", "drop", "ns_per_object", 1.5, ("c-mimalloc",)),
    Bar("rings", "main", "ns_per_object", 2.5, ("c-mimalloc",)),
    Bar("rings", "main", "ns_per_object", 1.0, ("boehm",)),
    *_live_rings(),
    Bar("full", "main", "seconds", 0.35, ("cpython-?",)),
    Bar("full", "main", "seconds", 1.0, TRACED_AT_ONCE),
    *(Bar("shapes", shape, metric, 200)
      for shape in ("ring", "tree", "vector", "hub", "weak", "finalizers")
      for metric in ("pause_recurring_us", "pause_max_us")),
    Bar("shannon", "main", "ns_per_object", 3.0, ("c-mimalloc",)),
    *(Bar(workload, "main", "extra_bytes", 4 * MEGABYTE, live_share=0.25)
      for workload in ("shannon", "fast-cycles", "bytes", "queue")),
    Bar("table", "main", "ns_per_object", 1.03, ("ouro",), "off"),
    Bar("bulk", "main", "seconds", 2.5, ("ouro",), "off"),  # the collector, and the program itself
    Bar("memory", "sparse", "bytes_kept", 0.5, ("cpython-?",)),
    Bar("memory", "died", "share_kept", 0.05),
    Bar("memory", "died-trimmed", "share_kept", 0.05),
    Bar("instructions", "new-decref", "instructions_per_op", 30),
    Bar("instructions", "incref-decref", "instructions_per_op", 12),
)


@dataclass(frozen=True)
class Outcome:
    bar: Bar
    peer: str        # the one that was compared with; "" for none
    measured: float
    limit: float     # the bar's, and its share of what lives

    @property
    def met(self):
        return self.measured <= self.limit

    @property
    def against(self):
        """The peer, and the case where that is another one."""
        return f"{self.peer} {self.bar.peer_case}".strip()


def _matches(name, pattern):
    """cpython-? is the interpreter of any version, but not its programs in Python."""
    if pattern.endswith("-?"):
        return name.startswith(pattern[:-1]) and name.count("-") == 1
    return name == pattern


def _best_peer(results, bar, names):
    """The peer with the smallest median among those that have the case, or None."""
    found = [(results.median(bar.workload, bar.against, bar.metric, name), name)
             for name in names if any(_matches(name, pattern) for pattern in bar.peers)]
    found = [(value, name) for value, name in found if value is not None]
    return min(found)[1] if found else None


def ratio(results, workload, case, metric, peer, peer_case=""):
    """The median over rounds of ouro's figure divided by the peer's of the same round."""
    ours = results.get(workload, case, metric, "ouro")
    theirs = results.get(workload, peer_case or case, metric, peer)
    ratios = [a / b for a, b in zip(ours, theirs) if b > 0]
    return median(ratios) if ratios else None


def judge(results, names):
    """The outcome of every bar that this run has the figures for."""
    outcomes = []
    for bar in BARS:
        if not results.get(bar.workload, bar.case, bar.metric, "ouro"):
            continue
        if not bar.peers:
            measured = results.median(bar.workload, bar.case, bar.metric, "ouro")
            live = results.median(bar.workload, bar.case, "live_bytes", "ouro") or 0
            outcomes.append(Outcome(bar, "", measured, bar.limit + bar.live_share * live))
            continue
        peer = _best_peer(results, bar, names)
        if peer is None:
            continue
        measured = ratio(results, bar.workload, bar.case, bar.metric, peer, bar.peer_case)
        if measured is not None:
            outcomes.append(Outcome(bar, peer, measured, bar.limit))
    return outcomes
