# SPDX-License-Identifier: MIT
"""The whole report as a page of Markdown, with pictures beside it."""

import os
from pathlib import Path

from . import plots, tables


def _head(machine, systems, settings):
    return ["# Benchmarks",
            "What ouro costs, and what others cost, on the same work in one run. "
            "[bench/README.md](../bench/README.md) says what is measured and how.",
            settings,
            tables.markdown([["machine", ""], *([what, value] for what, value in machine)]),
            tables.markdown([["system", "version"], *([s.name, s.version] for s in systems)])]


def _bars(outcomes):
    if not outcomes:
        return []
    met = sum(outcome.met for outcome in outcomes)
    return [f"## Bars: {met} of {len(outcomes)} met",
            "What ouro promises: a ratio to the best of its peers, or a figure by itself.",
            tables.markdown(tables.bars_table(outcomes))]


def _missed(rows):
    if not rows:
        return []
    return ["## What was missed, and why",
            "Instructions of the work as a ratio to the peer's, counted by callgrind in shortened runs: they are the "
            "same on every machine. Where the ratio of times is much larger, the time is spent waiting for memory.",
            tables.markdown(rows)]


def _workload(results, workload, names, outcomes):
    if not results.rows(workload.name):
        return []
    table = tables.workload_table(results, workload.name, names, outcomes)
    return [f"## {workload.name}: {workload.about}", tables.markdown(table),
            *("- " + remark for remark in tables.remarks(results, workload.name))]


def _pictures(folder, page, results, names):
    """Draws into `folder`; returns what the page shows of it, and the paths."""
    drawn = plots.draw_for_page(folder, results, names) if plots.available() else []
    parts = [f"![{title}]({os.path.relpath(path, page.parent)})" for title, path in drawn]
    return (["## Pictures", *parts] if parts else []), [path for _, path in drawn]


def write(path, results, systems, outcomes, missed, machine, workloads, settings):
    """Writes the page, and its pictures into `images` beside it; returns all paths."""
    page = Path(path)
    names = [system.name for system in systems]
    pictures, drawn = _pictures(page.parent / "images", page, results, names)
    parts = _head(machine, systems, settings) + pictures + _bars(outcomes)
    parts += _missed(missed)
    for workload in workloads:
        parts += _workload(results, workload, names, outcomes)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n\n".join(parts).replace("\n\n- ", "\n- ") + "\n", encoding="utf-8")
    return [page, *drawn]
