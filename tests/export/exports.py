# SPDX-License-Identifier: MIT
"""What the tests of exports share: snapshots by kind, and the command."""
import csv
import io
import os
import subprocess
import sys
from pathlib import Path


def fail(what):
    sys.exit(f"{Path(sys.argv[0]).name}: {what}")


def snapshots(folder, wanted):
    """The files for KIND:COUNT, or for the names of files."""
    for name in wanted:
        kind, _, count = name.partition(":")
        if not count:
            yield Path(name)
            continue
        path = Path(folder) / f"{kind}.snapshot"
        if kind == "odd":
            subprocess.run([os.environ["OURO_EXPORT_MAKER"], path], check=True)
        else:
            subprocess.run([os.environ["OURO_SNAPSHOT_MAKER"], kind, count, path], check=True)
        yield path


def export(ouro, snapshot, *options):
    done = subprocess.run([ouro, "snapshot", "export", snapshot, "-o", "-", *options], capture_output=True, check=False)
    if done.returncode != 0:
        fail(f"{' '.join(options)} of {snapshot} ended with {done.returncode}: {done.stderr.decode()}")
    return done.stdout


def table(ouro, snapshot, rows):
    text = export(ouro, snapshot, "--to", "csv", "--rows", rows).decode()
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
