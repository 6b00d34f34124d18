# SPDX-License-Identifier: MIT
"""Pictures of the results, one PNG a workload, where matplotlib is there."""

from .tables import figure as _figure

OURS = "#c0392b"
LOGARITHMIC = 30    # from this ratio of largest to smallest on, bars are on a logarithmic scale
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
    return {name: OURS if name == "ouro" else palette[(2 * i + 1) % 20]
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
        axis.set_xlim(0, max(medians) * 1.25)
    axis.invert_yaxis()
    axis.set_title(f"{case}: {metric}", fontsize=9)
    axis.tick_params(labelsize=8)


def _plot_cases(path, results, workload, names, colours):
    """A panel of bars for each case and metric."""
    rows = [(case, metric) for case, metric in results.rows(workload) if metric != "overflows"]
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
    figure.savefig(path, dpi=110)
    _pyplot().close(figure)


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
    figure.savefig(path, dpi=110)
    _pyplot().close(figure)


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
    return paths
