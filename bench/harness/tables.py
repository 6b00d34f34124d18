# SPDX-License-Identifier: MIT
"""Tables for a terminal and for Markdown, and results.csv."""

import csv
from statistics import median

from . import pauses

UNITS = {
    "ns_per_object": "ns", "ns_per_op": "ns", "bytes_per_object": "bytes", "peak_bytes": "bytes",
    "live_bytes": "bytes", "bytes_kept": "bytes", "share_kept": "ratio", "seconds": "s",
    "instructions_per_op": "instructions", "overflows": "", "extra_bytes": "bytes",
    "pause_p50_us": "us", "pause_p99_us": "us", "pause_p999_us": "us", "pause_p9999_us": "us",
    "pause_p99999_us": "us", "pause_max_us": "us", "full_collections": "",
    "long_pauses_per_s": "1/s", "pause_recurring_us": "us",
}
BYTES = ("peak_bytes", "live_bytes", "bytes_kept", "extra_bytes")
CSV_HEADER = ("workload", "case", "system", "version", "metric", "median", "min", "max", "unit",
              "runs")


def write_csv(path, results, versions):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(CSV_HEADER)
        for (workload, case, metric, system), values in results.figures.items():
            writer.writerow((workload, case, system, versions[system], metric,
                             f"{median(values):.6g}", f"{min(values):.6g}", f"{max(values):.6g}",
                             UNITS.get(metric.split(":")[0], ""), len(values)))


def figure(value, metric):
    """A figure as people read it: three digits, bytes in binary units."""
    if metric in BYTES:
        for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
            if abs(value) >= size:
                return f"{_three_digits(value / size)} {unit}"
        return f"{value:.0f} B"
    if metric == "share_kept":
        return f"{100 * value:.3g}%"
    return _three_digits(value)


def _three_digits(value):
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def _label(metric):
    unit = {"ns_per_object": "ns", "ns_per_op": "ns", "bytes_per_object": "bytes",
            "peak_bytes": "peak", "live_bytes": "resident", "bytes_kept": "kept",
            "share_kept": "of peak", "seconds": "s", "instructions_per_op": "instructions",
            "extra_bytes": "extra", "pause_p50_us": "pause p50 us", "pause_p99_us": "p99 us",
            "pause_p999_us": "p99.9 us", "pause_p9999_us": "p99.99 us",
            "pause_p99999_us": "p99.999 us", "pause_max_us": "longest us",
            "pause_recurring_us": "longest that recurs us",
            "full_collections": "full collections", "long_pauses_per_s": "> 200 us, a second"}
    return unit.get(metric, metric)


def _cell(results, workload, case, metric, system):
    value = results.median(workload, case, metric, system)
    if value is None and case.startswith("raw-"):  # others know one kind of memory only
        if system != "ouro":
            value = results.median(workload, case[4:], metric, system)
    if value is None and results.get(workload, case, "overflows", system):
        return "overflows"
    return "-" if value is None else figure(value, metric)


def _bar_cell(outcomes, workload, case, metric):
    """What the bars of one row say: 0.52x c-mimalloc, or 24.1, with ! where missed."""
    said = []
    for outcome in outcomes:
        bar = outcome.bar
        if (bar.workload, bar.case, bar.metric) == (workload, case, metric):
            text = f"{outcome.measured:.2f} x {outcome.against}" if outcome.peer else ""
            text += f" (at most {limit(outcome)})"
            said.append(text.strip() + ("" if outcome.met else " MISSED"))
    return ", ".join(said)


def limit(outcome):
    return (f"{outcome.limit:g}" if outcome.peer
            else figure(outcome.limit, outcome.bar.metric))


def workload_table(results, workload, systems, outcomes):
    """Rows of text, the first one the head, for one workload."""
    present = [name for name in systems
               if any(key[0] == workload and key[3] == name for key in results.figures)]
    rows = [["case", "unit", *present, "ouro against its bar"]]
    for case, metric in results.rows(workload):
        if metric == "overflows" or pauses.is_of_a_cause(metric):
            continue
        rows.append([case, _label(metric),
                     *(_cell(results, workload, case, metric, name) for name in present),
                     _bar_cell(outcomes, workload, case, metric)])
    return rows


def bars_table(outcomes):
    rows = [["workload", "case", "figure", "against", "bar", "measured", ""]]
    for outcome in outcomes:
        bar = outcome.bar
        measured = (f"{outcome.measured:.2f}" if outcome.peer
                    else figure(outcome.measured, bar.metric))
        rows.append([bar.workload, bar.case, _label(bar.metric), outcome.against or "itself",
                     limit(outcome), measured, "met" if outcome.met else "MISSED"])
    return rows


def plain(rows):
    """A table in columns, for a terminal."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    numeric = [i for i in range(len(rows[0])) if 2 <= i < len(rows[0]) - 1]
    lines = []
    for row in rows:
        cells = [cell.rjust(width) if i in numeric else cell.ljust(width)
                 for i, (cell, width) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def markdown(rows):
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("---" for _ in rows[0]) + "|")
    return "\n".join(lines)


def remarks(results, workload):
    """What programs said about a workload, one line each; what several said, once."""
    speakers = {}
    for (name, system), said in results.remarks.items():
        if name == workload:
            for text in said.values():
                speakers.setdefault(text, []).append(system)
    return [text if len(systems) > 1 else f"{systems[0]}: {text}"
            for text, systems in speakers.items()]
