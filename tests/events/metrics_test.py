#!/usr/bin/env python3
"""The metrics of heaps are OpenMetrics 1.0 text, and say what the heaps' statistics say.

usage: metrics_test.py PROGRAM

The text is read twice: by the rules of the specification, here, and by the parser of prometheus_client where that
is installed (python3-prometheus-client).
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

METADATA = re.compile(r"# (TYPE|UNIT|HELP) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)")
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"([a-zA-Z_:][a-zA-Z0-9_:]*)\{{({LABEL}(?:,{LABEL})*)?\}} (-?[0-9]+(?:\.[0-9]+)?)")
SUFFIXES = {"gauge": [""], "counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}


def labels_of(text):
    pairs = re.findall(r'([a-zA-Z_]+)="((?:[^"\\]|\\.)*)"', text)
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a label twice: {text}"
    return {name: re.sub(r"\\(.)", lambda m: "\n" if m.group(1) == "n" else m.group(1), value)
            for name, value in pairs}


def read(text):
    """{sample name: [(labels, number)]} by the rules of the specification."""
    assert text.endswith("\n# EOF\n") or text == "# EOF\n", "the text ends with # EOF"
    lines = text.split("\n")[:-2]
    samples, families, current, seen = {}, {}, None, set()
    for line in lines:
        match = METADATA.fullmatch(line)
        if match:
            what, name, value = match.groups()
            if what == "TYPE":
                assert name not in families, f"family {name} is interrupted"
                assert value in SUFFIXES, line
                current = name
                families[name] = {"TYPE": value}
            else:
                assert name == current and what not in families[name], f"out of place: {line}"
                families[name][what] = value
                assert what != "UNIT" or name.endswith("_" + value), f"the name lacks its unit: {line}"
            continue
        match = SAMPLE.fullmatch(line)
        assert match, f"neither metadata nor sample: {line}"
        name, labels, number = match.group(1), labels_of(match.group(2) or ""), float(match.group(3))
        kind = families[current]["TYPE"]
        assert name in [current + suffix for suffix in SUFFIXES[kind]], f"{line} in family {current}"
        key = (name, tuple(sorted(labels.items())))
        assert key not in seen, f"twice: {line}"
        seen.add(key)
        samples.setdefault(name, []).append((labels, number))
    for name, family in families.items():
        assert "HELP" in family, f"{name} has no help"
    return samples


def check_histogram(samples, name):
    for labels, count in samples[name + "_count"]:
        buckets = [(entry["le"], number) for entry, number in samples[name + "_bucket"]
                   if entry["heap"] == labels["heap"]]
        bounds = [float(bound.replace("+Inf", "inf")) for bound, _ in buckets]
        counts = [number for _, number in buckets]
        assert bounds == sorted(set(bounds)) and bounds[-1] == float("inf"), bounds
        assert counts == sorted(counts) and counts[-1] == count, counts


def number(samples, name, **labels):
    found = [value for entry, value in samples[name] if labels.items() <= entry.items()]
    assert found, (name, labels)
    return sum(found)


def check_numbers(samples, expected):
    second = 'a "name" \\ of\ntwo lines, \u00e9?'  # the name is cut to 31 bytes
    heaps = [labels["heap"] for labels, _ in samples["ouro_objects"]]
    assert heaps == ["heap", second, second + "#2"], heaps
    assert number(samples, "ouro_collections_total", heap="heap") == expected["collections"]
    assert number(samples, "ouro_collected_total", heap="heap") == expected["collected"]
    assert number(samples, "ouro_objects", heap=second) == expected["objects"] == 2
    assert number(samples, "ouro_memory_bytes", heap=second, kind="raw") == expected["raw_bytes"]
    assert number(samples, "ouro_system_bytes", heap=second, state="committed") == expected["committed_bytes"]
    assert number(samples, "ouro_memory_bytes", heap=second + "#2", kind="accounted") == 12345
    assert number(samples, "ouro_pause_seconds_count", heap="heap") == expected["pauses"] > 0
    assert number(samples, "ouro_limit_bytes", heap="heap") == 64 << 20
    assert len(samples["ouro_limit_bytes"]) == 1
    sixteen = [labels for labels, _ in samples["ouro_class_live_blocks"] if labels["alignment"] == "16"]
    assert len(sixteen) == 1 and sixteen[0]["kind"] == "acyclic", sixteen


def read_with_library(text):
    try:
        from prometheus_client.openmetrics.parser import text_string_to_metric_families
    except ImportError:
        print("left out: prometheus_client is not installed")
        return
    families = list(text_string_to_metric_families(text))
    assert len(families) > 15, len(families)
    units = {family.name: family.unit for family in families}
    assert units["ouro_pause_seconds"] == "seconds", units


def read_where_fractions_have_a_comma(program):
    """Metrics have a point in every locale."""
    if shutil.which("localedef") is None:
        print("left out: localedef is not installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        made = subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", "--no-archive", f"{folder}/comma"],
                              capture_output=True, text=True)
        if made.returncode != 0:
            print(f"left out: no locale with a comma can be made: {made.stderr.strip()}")
            return
        environment = dict(os.environ, LOCPATH=folder, LC_ALL="comma")
        done = subprocess.run([program], capture_output=True, text=True, check=True, env=environment)
    assert "expect: comma 1" in done.stderr, done.stderr
    read(done.stdout)


def main():
    program = sys.argv[1]
    done = subprocess.run([program], capture_output=True, check=True)
    text = done.stdout.decode("utf-8")
    expected = {name: int(value) for name, value in re.findall(r"expect: (\w+) (\d+)", done.stderr.decode())}
    samples = read(text)
    check_histogram(samples, "ouro_pause_seconds")
    check_numbers(samples, expected)
    read_with_library(text)
    read_where_fractions_have_a_comma(program)

    nothing = subprocess.run([program, "--none"], capture_output=True, check=True).stdout.decode()
    read(nothing)
    full = subprocess.run([program, "/dev/full"], capture_output=True, text=True)
    assert full.returncode != 0 and "not all metrics were written" in full.stderr, full.stderr


if __name__ == "__main__":
    main()
