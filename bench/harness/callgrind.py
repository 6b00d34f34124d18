# SPDX-License-Identifier: MIT
"""Instructions of a whole run, by valgrind's callgrind: the same however busy the machine is."""

import os
import re
import shutil
import subprocess
import tempfile

COLLECTED = re.compile(r"Collected : (\d+)")


def missing():
    return shutil.which("valgrind") is None


def run(command, environment=None):
    """(instructions or None, what subprocess.run returns).

    Its file is of no interest, and no device either: callgrind unlinks what is there first.
    """
    with tempfile.TemporaryDirectory() as folder:
        valgrind = ["valgrind", "--tool=callgrind",
                    "--callgrind-out-file=" + os.path.join(folder, "callgrind.out")]
        done = subprocess.run([*valgrind, *command], capture_output=True, text=True,
                              env=environment, check=False)
    found = COLLECTED.search(done.stderr)
    return int(found.group(1)) if done.returncode == 0 and found else None, done
