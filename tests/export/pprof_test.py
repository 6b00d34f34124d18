#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`go tool pprof` reads what `ouro snapshot export --to pprof` writes, and its sums are the snapshot's.

usage: pprof_test.py OURO SNAPSHOT...       (files, or KIND:COUNT)

Ends with 77, a skip, where Go is missing.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from exports import export, fail, snapshots, table


def pprof(folder, profile, *options):
    done = subprocess.run(["go", "tool", "pprof", *options, profile], capture_output=True, text=True, check=False,
                          env=dict(os.environ, HOME=folder, PPROF_TMPDIR=folder, PPROF_BINARY_PATH=folder))
    if done.returncode != 0:
        fail(f"go tool pprof {' '.join(options)} failed: {done.stderr}")
    return done.stdout


def top(text):
    """{name: (flat, cumulative)} of `-top -unit=...`."""
    rows = re.findall(r"^\s*(\d+)\S*\s+\S+%\s+\S+%\s+(\d+)\S*\s+\S+%\s+(.+?)(?: \(inline\))?$", text, re.M)
    return {name: (int(flat), int(cumulative)) for flat, cumulative, name in rows}


def check_types(ouro, folder, snapshot, profile):
    profile.write_bytes(export(ouro, snapshot, "--to", "pprof", "--by", "types"))
    options = ["-top", "-nodecount=1000", "-nodefraction=0", "-edgefraction=0", "-unit=B"]
    rows = table(ouro, snapshot, "types")
    said = top(pprof(folder, profile, *options, "-sample_index=inuse_space"))
    for row in rows:
        flat, cumulative = said.get(row["type"], (0, 0))
        expected = int(row["retained"]) + int(row["unreached_bytes"])
        if flat != int(row["bytes"]) or cumulative != expected:
            fail(f"{snapshot.name}: {row['type']} has {flat} of its own and {cumulative} in all instead of "
                 f"{row['bytes']} and {expected}")
    counts = top(pprof(folder, profile, *options, "-sample_index=inuse_objects"))
    for row in rows:
        if counts.get(row["type"], (0, 0))[0] != int(row["objects"]):
            fail(f"{snapshot.name}: {counts.get(row['type'])} objects of {row['type']} instead of {row['objects']}")
    raw = pprof(folder, profile, "-raw")
    if "inuse_objects/count inuse_space/bytes[dflt]" not in raw:
        fail(f"{snapshot.name}: the kinds of samples are others: {raw[:400]}")
    print(f"{snapshot.name}: {len(rows)} types: flat is what they take, cumulative what they retain")


def check_sites(ouro, folder, snapshot, profile):
    """The odd snapshot: two sites of equal frames are one stack, a third differs in its file."""
    profile.write_bytes(export(ouro, snapshot, "--to", "pprof", "--by", "sites"))
    raw = pprof(folder, profile, "-raw")
    if "alloc_objects/count alloc_space/bytes inuse_objects/count inuse_space/bytes[dflt]" not in raw:
        fail(f"{snapshot.name}: the kinds of samples are others: {raw[:400]}")
    samples = Counter(re.sub(r"\s+", " ", line.strip()) for line in raw.splitlines() if re.match(r"^ +\d+ +\d+.*: ", line))
    values = Counter(sample.partition(":")[0] for sample in samples)
    if snapshot.stem == "odd":
        if values != Counter({"18 600 8 200": 1, "9 300 4 100": 1}):
            fail(f"{snapshot.name}: samples are {samples}")
        for part in ('/lib/"quoted".so', "allocate allocate.c:7", "run one.py:3", "run two.py:3"):
            if part not in raw:
                fail(f"{snapshot.name}: {part} is missing in {raw}")
    print(f"{snapshot.name}: {len(samples)} stacks of allocation sites")


def main():
    ouro, *wanted = sys.argv[1:]
    if shutil.which("go") is None:
        print("Go is not installed")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        for snapshot in snapshots(folder, wanted):
            check_types(ouro, folder, snapshot, Path(folder) / "types.pb.gz")
            check_sites(ouro, folder, snapshot, Path(folder) / "sites.pb.gz")
    return 0


if __name__ == "__main__":
    sys.exit(main())
