#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Valgrind's own dh_view.html reads what `ouro snapshot export --to dhat` writes, and its sums are the snapshot's.

usage: dhat_test.py OURO SNAPSHOT...       (files, or KIND:COUNT)

The viewer is opened in Chromium and given the file as its own loadFile does.  Ends with 77, a skip, where either is missing.
"""
import json
import re
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from chromium import Browser
from exports import export, fail, snapshots, table

VIEWERS = ["/usr/libexec/valgrind/dh_view.html", "/usr/lib/valgrind/dh_view.html"]
# What its loadFile does with the text of a file, and what it shows then.
LOAD = """(text => {
    gFilename = "snapshot";
    tryFunc(() => { gData = JSON.parse(text); buildTree(); displayTree(0, 0, 0); });
    return {bytes: gRoot._totalBytes, objects: gRoot._totalBlocks, shown: gMainDiv.innerText};
})"""


def check(page, ouro, snapshot, by):
    text = export(ouro, snapshot, "--to", "dhat", "--by", by).decode()
    said = page.evaluate(f"{LOAD}({json.dumps(text)})")
    data = json.loads(text)
    if by == "types":
        rows = table(ouro, snapshot, "types")
        expected = (sum(int(row["bytes"]) for row in rows), sum(int(row["objects"]) for row in rows))
        if (said["bytes"], said["objects"]) != expected:
            fail(f"{snapshot.name}: dh_view counts {said['bytes']} bytes, {said['objects']} objects, not {expected}")
        own = Counter()
        for point in data["pps"]:
            own[data["ftbl"][point["fs"][0]]] += point["tb"]
        if own != Counter({row["type"]: int(row["bytes"]) for row in rows}):
            fail(f"{snapshot.name}: the innermost frames are not the types: {own}")
    elif snapshot.stem == "odd" and (said["bytes"], said["objects"]) != (300, 12):
        fail(f"{snapshot.name}: dh_view counts {said['bytes']} bytes of sites")
    if "Alive:" not in said["shown"] and "Total:" not in said["shown"]:
        fail(f"{snapshot.name}: dh_view shows no total: {said['shown'][:400]}")
    if re.search("error", said["shown"][:200], re.I):
        fail(f"{snapshot.name}: dh_view complains: {said['shown'][:400]}")
    print(f"{snapshot.name}: by {by}: {said['objects']} objects, {said['bytes']} bytes, {len(data['pps'])} stacks")


def main():
    ouro, *wanted = sys.argv[1:]
    viewer = next((path for path in VIEWERS if Path(path).exists()), None)
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if program is None or viewer is None:
        print("Chromium or Valgrind's dh_view.html is not installed")
        return 77
    with tempfile.TemporaryDirectory() as folder, Browser(program) as browser:
        page = browser.page(f"file://{viewer}")
        for snapshot in snapshots(folder, wanted):
            for by in ("types", "sites"):
                check(page, ouro, snapshot, by)
    return 0


if __name__ == "__main__":
    sys.exit(main())
