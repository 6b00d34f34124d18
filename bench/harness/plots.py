# SPDX-License-Identifier: MIT
"""Pictures of the results, one PNG a workload, where matplotlib is there."""

from . import curves, picture
from .tables import figure as _figure

OURS = "#c0392b"
LOGARITHMIC = 30    # from this ratio of largest to smallest on, bars are on a logarithmic scale
# What the page shows of time: workload, case, metric.
PAGE_TIMES = (
    ("rings", "main", "ns_per_object"), ("live-rings", "main", "ns_per_object"),
    ("live-rings", "old", "ns_per_object"), ("trees", "main", "ns_per_object"),
    ("full", "main", "seconds"), ("shannon", "main", "ns_per_object"),
)
TIMES = ("ns_per_object", "ns_per_op", "seconds", "instructions_per_op")


def available():
    try:
        import matplotlib  # pylint: disable=import-outside-toplevel
    except ImportError:
        return False
    matplotlib.use("Agg")
    return True


def _pyplot():
    from matplotlib import pyplot  # pylint: disable=import-outside-toplevel
    return pyplot


def _colours(names):
    """Ours stands out; the others keep their colour from picture to picture."""
    palette = _pyplot().get_cmap("tab20").colors
    return {name: OURS if name == "ouro" else palette[(2 * i + i // 10) % 20]
            for i, name in enumerate(names)}


def _bars(axis, results, workload, case, metric, names, colours):
    values = [(name, results.get(workload, case, metric, name)) for name in names]
    values = [(name, figures) for name, figures in values if figures]
    labels = [name for name, _ in values]
    medians = [results.median(workload, case, metric, name) for name in labels]
    spread = [[m - min(f) for m, (_, f) in zip(medians, values)],
              [max(f) - m for m, (_, f) in zip(medians, values)]]
    bars = axis.barh(labels, medians, xerr=spread, color=[colours[name] for name in labels],
                     ecolor="#555555")
    axis.bar_label(bars, [_figure(value, metric) for value in medians], padding=3, fontsize=7)
    if min(medians) > 0 and max(medians) > LOGARITHMIC * min(medians):
        axis.set_xscale("log")
        axis.set_xlim(min(medians) / 2, max(medians) * 6)
    else:
        axis.set_xlim(0, max(medians) * 1.25 or 1)
    axis.invert_yaxis()
    axis.set_title(f"{case}: {metric}", fontsize=9)
    axis.tick_params(labelsize=8)


def _plot_cases(path, results, workload, names, colours):
    """A panel of bars for each case and metric."""
    rows = [(case, metric) for case, metric in results.rows(workload) if metric != "overflows"
            and not metric.startswith("pause_p")]
    if not rows:
        return
    columns = min(3, len(rows))
    height = -(-len(rows) // columns)
    figure, axes = _pyplot().subplots(height, columns, squeeze=False,
                                      figsize=(5 * columns, 2.6 * height))
    for axis in axes.flat[len(rows):]:
        axis.axis("off")
    for axis, (case, metric) in zip(axes.flat, rows):
        _bars(axis, results, workload, case, metric, names, colours)
    figure.suptitle(workload)
    figure.tight_layout()
    picture.save(_pyplot(), figure, path, 110)


def _line(axis, results, shape, sizes, name, **style):
    """One system's times of a shape over the sizes, where it has them."""
    points = [(size, results.median("alloc", f"{shape}-{size}", "ns_per_object", name))
              for size in sizes]
    points = [point for point in points if point[1] is not None]
    if points:
        axis.plot(*zip(*points), marker="o", markersize=3, **style)


def _plot_sizes(path, results, names, colours):
    """`alloc`: a panel for each shape, a line for each system over the sizes."""
    shapes = {}
    for case, metric in results.rows("alloc"):
        if metric in TIMES and not case.startswith("raw-"):
            shape, size = case.rsplit("-", 1)
            shapes.setdefault(shape, set()).add(int(size))
    columns = min(3, len(shapes))
    height = -(-len(shapes) // columns)
    figure, axes = _pyplot().subplots(height, columns, squeeze=False,
                                      figsize=(5 * columns, 3.6 * height))
    for axis in axes.flat[len(shapes):]:
        axis.axis("off")
    for axis, (shape, sizes) in zip(axes.flat, shapes.items()):
        for name in names:
            _line(axis, results, shape, sorted(sizes), name, label=name, color=colours[name],
                  linewidth=2.5 if name == "ouro" else 1.2)
        _line(axis, results, f"raw-{shape}", sorted(sizes), "ouro", label="ouro, raw memory",
              color=OURS, linestyle=":", linewidth=2)
        axis.set_xscale("log", base=2)
        axis.set_xticks(sorted(sizes), labels=[str(size) for size in sorted(sizes)])
        axis.minorticks_off()
        axis.set_ylim(bottom=0)
        axis.set_title(f"{shape}: ns per object, by bytes", fontsize=9)
        axis.tick_params(labelsize=8)
    figure.legend(*axes.flat[0].get_legend_handles_labels(), loc="lower right", fontsize=9)
    figure.suptitle("alloc")
    figure.tight_layout()
    picture.save(_pyplot(), figure, path, 110)


def _draw_times(path, results, names, colours):
    """What nodes cost, for the page: one panel for each of a few cases."""
    cases = [case for case in PAGE_TIMES if results.get(*case, "ouro")]
    if not cases:
        return False
    columns = min(3, len(cases))
    height = -(-len(cases) // columns)
    figure, axes = _pyplot().subplots(height, columns, squeeze=False,
                                      figsize=(4.4 * columns, 3.4 * height))
    for axis in axes.flat[len(cases):]:
        axis.axis("off")
    for axis, (workload, case, metric) in zip(axes.flat, cases):
        _bars(axis, results, workload, case, metric, names, colours)
        axis.set_title(f"{workload}, {case}: {metric}", fontsize=9)
    figure.tight_layout()
    picture.save(_pyplot(), figure, path, 80)
    return True


def _draw_curves(folder, results, names, colours):
    """Pauses and memory over time, where there are any; returns (title, path) pairs."""
    pauses, memory = folder / "pauses.png", folder / "memory-over-time.png"
    drawn = []
    if curves.draw_pauses(_pyplot(), pauses, results, names, colours):
        drawn.append(("How long pauses were", pauses))
    if curves.draw_memory(_pyplot(), memory, names, colours):
        drawn.append(("Memory over time", memory))
    return drawn


def draw_for_page(folder, results, names):
    """Writes the few pictures of the page; returns (title, path) pairs."""
    folder.mkdir(parents=True, exist_ok=True)
    colours = _colours(names)
    times, sizes = folder / "times.png", folder / "alloc.png"
    drawn = _draw_curves(folder, results, names, colours)
    if _draw_times(times, results, names, colours):
        drawn.append(("What nodes cost", times))
    if results.rows("alloc"):
        _plot_sizes(sizes, results, names, colours)
        drawn.append(("Blocks of one size", sizes))
    return drawn


def draw(folder, results, names):
    """Writes a PNG for each workload and returns their paths."""
    colours = _colours(names)
    paths = []
    for workload in dict.fromkeys(key[0] for key in results.figures):
        path = folder / f"{workload}.png"
        if workload == "alloc":
            _plot_sizes(path, results, names, colours)
        else:
            _plot_cases(path, results, workload, names, colours)
        paths.append(path)
    if results.rows("live-rings"):
        paths += [path for _, path in _draw_curves(folder, results, names, colours)]
    return paths
