#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes reports of sample snapshots and hands them to the test of the page in Chromium.

    browser_test.py OURO SAMPLES NODE SCRIPT PAGE
"""

import subprocess
import sys
import tempfile
from pathlib import Path


def main():
    command, samples, node, script, page = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        subprocess.run([samples, folder], check=True)
        reports = []
        for name, earlier in (("large", []), ("late", ["early", "middle"]), ("empty", [])):
            report = folder / f"{name}.html"
            subprocess.run([command, "report", "-o", report, folder / f"{name}.snapshot",
                            *[folder / f"{each}.snapshot" for each in earlier]], check=True)
            reports.append(report)
        sys.exit(subprocess.run([node, script, page, *reports], check=False).returncode)


if __name__ == "__main__":
    main()
