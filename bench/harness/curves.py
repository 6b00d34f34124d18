# SPDX-License-Identifier: MIT
"""Pictures of lines: how long pauses were, and memory over time."""

from . import picture
from .runner import series_file

PERCENTILES = (("p50", "pause_p50_us"), ("p99", "pause_p99_us"), ("p99.9", "pause_p999_us"),
               ("p99.99", "pause_p9999_us"), ("p99.999", "pause_p99999_us"),
               ("longest", "pause_max_us"))
PAUSE_CASES = ("main", "old")
MEMORY_CASES = ("main", "old", "rebuild")
MEGABYTE = 1 << 20


def _style(name, colours):
    return {"label": name, "color": colours[name], "linewidth": 2.5 if name == "ouro" else 1.2,
            "zorder": 3 if name == "ouro" else 2}


def _pauses(axis, results, case, names, colours):
    """Median over rounds of each percentile, for the systems that have it."""
    for name in names:
        points = [results.median("live-rings", case, metric, name) for _, metric in PERCENTILES]
        if None not in points:
            axis.plot([label for label, _ in PERCENTILES], [max(point, 0.01) for point in points],
                      marker="o", markersize=3, **_style(name, colours))
    axis.set_yscale("log")
    axis.grid(axis="y", color="#dddddd")
    axis.set_title(f"live-rings, {case}: pauses in microseconds", fontsize=9)


def _series(name):
    """Lists of (share of the work, bytes) by case."""
    found = {}
    path = series_file("live-rings", name)
    if path.exists():
        for line in path.read_text(encoding="ascii").splitlines():
            case, share, size = line.split()
            found.setdefault(case, []).append((float(share), float(size)))
    return found


def _memory(axis, case, names, colours):
    """Resident bytes above what was there when the work began."""
    for name in names:
        points = _series(name).get(case)
        if points:
            axis.plot([100 * share for share, _ in points],
                      [(size - points[0][1]) / MEGABYTE for _, size in points],
                      **_style(name, colours))
    axis.grid(axis="y", color="#dddddd")
    axis.set_xlabel("percent of the work", fontsize=8)
    axis.set_title(f"live-rings, {case}: MiB above what lives", fontsize=9)


def _has_lines(axes):
    return any(axis.get_lines() for axis in axes)


def _save(pyplot, figure, axes, path):
    """One legend for all panels, outside of them."""
    for axis in axes:
        axis.tick_params(labelsize=8)
    most = max(axes, key=lambda axis: len(axis.get_lines()))
    figure.legend(*most.get_legend_handles_labels(), loc="center right", fontsize=8)
    figure.tight_layout(rect=(0, 0, 0.86, 1))
    picture.save(pyplot, figure, path, 80)


def draw_pauses(pyplot, path, results, names, colours):
    """Draws the pauses of live-rings; False when there are none."""
    figure, axes = pyplot.subplots(1, len(PAUSE_CASES), figsize=(11, 4), sharey=True)
    for axis, case in zip(axes, PAUSE_CASES):
        _pauses(axis, results, case, names, colours)
    drawn = _has_lines(axes)
    if drawn:
        _save(pyplot, figure, axes, path)
    return drawn


def draw_memory(pyplot, path, names, colours):
    """Draws memory over the work of live-rings; False when no program wrote it down."""
    figure, axes = pyplot.subplots(1, len(MEMORY_CASES), figsize=(13, 4))
    for axis, case in zip(axes, MEMORY_CASES):
        _memory(axis, case, names, colours)
    drawn = _has_lines(axes)
    if drawn:
        _save(pyplot, figure, axes, path)
    return drawn
