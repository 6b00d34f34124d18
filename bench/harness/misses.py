# SPDX-License-Identifier: MIT
"""The bars that a run missed: by how much, with instruction counts, and why.

Instructions are counted by callgrind, in shortened runs of two lengths: their difference is the work
itself, the same on every machine and however busy it is.  A ratio well below the one of times says that
the time is spent waiting for memory.
"""

import os
from concurrent.futures import ThreadPoolExecutor

from . import callgrind
from .systems import ENVIRONMENT

# Two lengths of a run, by workload; others have none short enough.
SCALES = {"alloc": (0.02, 0.04), "refs": (0.1, 0.2), "trees": (0.02, 0.2), "tree": (0.5, 1),
          "list": (0.02, 0.04), "rings": (0.01, 0.02), "shannon": (0.05, 0.1), "table": (0.1, 0.2)}

# The first of these whose workload, and the beginning of whose case and figure, fit.
REASONS = (
    ("alloc", "pair", "", "the object is zeroed, and its word is written at birth and cleared at death"),
    ("alloc", "stack", "", "the object is zeroed, its word is written at birth and cleared at death, and the class "
                           "list has a length to keep: more stores than a block takes that nobody counts"),
    ("alloc", "churn", "", "decref reads the count, in a block that left the cache long ago, and waits for it; C by "
                           "hand frees a block without a look into it"),
    ("alloc", "random", "", "as churn"),
    ("alloc", "reverse", "", "each block is read and its word cleared before it is linked; C by hand does not look "
                             "into it"),
    ("alloc", "same", "", "as reverse"),
    ("refs", "", "", "both test the count before they write it, which takes a load, a test and a branch more than a "
                     "plain field that is counted in place"),
    ("trees", "", "", "nodes are tracked: one batch in 32 is looked at, and all others are told, with a store to "
                      "each word, that they are old"),
    ("tree", "build", "ns", "as trees; instructions are those of building, counting and dropping together"),
    ("tree", "drop", "", "each node's word is read and cleared, and its block sorted by pools"),
    ("list", "", "", "each node's word is read and cleared, and its block sorted by pools"),
    ("rings", "", "", "garbage is visited five times before it is gone: proposed, counted, checked, severed, "
                      "given back"),
    ("shannon", "", "ns", "garbage is visited five times before it is gone, and chains are longer than a batch, so "
                          "that a part of them is looked at twice"),
    ("shannon", "", "extra", "three batches are looked at together, and what was half built waits for the next pass"),
    ("live-rings", "", "pause", "a pass over one to three batches of young objects is not cut; below is told what the "
                                "longest was"),
    ("shapes", "", "pause", "a step or a pass that the machine interrupts takes longer: case nothing shows how often and "
                            "how long it stops a program that only reads the clock, case pages what one write to "
                            "a fresh page takes at most, p99.999 what is usual"),
    ("live-rings", "", "", "what died old is found near touched objects, a search and a pass for each few rings"),
    ("table", "", "", "types that form no cycles are never looked at: what is left is asking, at each slow allocation, "
                      "whether something is due"),
    ("memory", "", "", "a page goes back when its last block does"),
)


def _reason(bar):
    for workload, case, metric, why in REASONS:
        if (bar.workload, bar.case[:len(case)], bar.metric[:len(metric)]) == (workload, case, metric):
            return why
    return ""


def _case_of_run(bar, case):
    """What a program is started with for a case: all orders of one size are one run."""
    shape, _, size = case.rpartition("-")
    if bar.workload == "alloc" and shape in ("fresh", "same", "reverse", "random"):
        return f"order-{size}"
    return case


def _work(system, workload, case):
    """The instructions by which the longer run is longer, or None."""
    counts = [callgrind.run(system.command(workload, case, f"{scale:g}"), ENVIRONMENT)[0]
              for scale in SCALES[workload]]
    return counts[1] - counts[0] if None not in counts else None


def _wanted(missed):
    """Each (system name, workload, case) whose instructions are of use."""
    for outcome in missed:
        bar = outcome.bar
        if outcome.peer and bar.workload in SCALES and "ns" in bar.metric:
            yield "ouro", bar.workload, _case_of_run(bar, bar.case)
            yield outcome.peer, bar.workload, _case_of_run(bar, bar.against)


def _count_all(missed, systems):
    wanted = sorted(set(_wanted(missed)))
    if callgrind.missing():
        return {}
    by_name = {system.name: system for system in systems}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = pool.map(lambda key: _work(by_name[key[0]], *key[1:]), wanted)
        return dict(zip(wanted, counts))


def _instructions(counts, outcome):
    bar = outcome.bar
    ours = counts.get(("ouro", bar.workload, _case_of_run(bar, bar.case)))
    theirs = counts.get((outcome.peer, bar.workload, _case_of_run(bar, bar.against)))
    return f"{ours / theirs:.2f} x" if ours and theirs else "-"


def table(outcomes, systems):
    """Rows of text, the first one the head; none where nothing is missed."""
    missed = [outcome for outcome in outcomes if not outcome.met]
    if not missed:
        return []
    counts = _count_all(missed, systems)
    rows = [["workload", "case", "against", "over the bar", "instructions", "why"]]
    for outcome in missed:
        over = 100 * (outcome.measured / outcome.limit - 1)
        rows.append([outcome.bar.workload, outcome.bar.case, outcome.against or "itself",
                     f"{over:.0f}%", _instructions(counts, outcome), _reason(outcome.bar)])
    return rows
