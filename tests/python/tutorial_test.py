#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds docs/python-leak.md to the truth: its fragments stand in the examples, its commands run and print what it says.

A line of dots stands for any lines.  Addresses differ each time, and which of many equal objects is shown.  Figures
are compared where they are of the example alone, and by CPython 3.11: others depend on what Python itself has made.
"""

import re
import shlex
import shutil
import unittest
from pathlib import Path

from snapshots import *

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "python-leak.md").read_text(encoding="utf-8")
COMMAND = os.environ.get("OURO_COMMAND", "")
EXACT = re.compile(r"notes\.Request|Only the collector|__main__\.Part|bus\.callbacks|^0 bytes")


def plain(line):
    """A line without what differs from run to run."""
    line = re.sub(r"0x[0-9a-f]+", "0x", line)
    line = re.sub(r"\[\d+\]", "[n]", line)
    if sys.version_info[:2] != (3, 11) or not EXACT.search(line):
        line = re.sub(r"[\d,.]+ ?[KMG]?i?B?|#", "", line)
    return re.sub(r"\s+", " ", line).strip()


class Tutorial(unittest.TestCase):
    def test_fragments_stand_in_the_examples(self):
        fragments = re.findall(r"<!-- (\S+) -->\n```python\n(.*?)```\n", TEXT, re.DOTALL)
        self.assertGreater(len(fragments), 4)
        for name, code in fragments:
            self.assertIn(code, (ROOT / name).read_text(encoding="utf-8"), name)

    def test_commands_print_what_it_says(self):
        if not COMMAND:
            self.skipTest("there is no ouro command")
        sessions = re.findall(r"```console\n(.*?)```\n", TEXT, re.DOTALL)
        self.assertGreater(len(sessions), 4)
        compared = 0
        with tempfile.TemporaryDirectory() as folder:
            for example in (ROOT / "tools" / "python" / "examples").glob("*.py"):
                shutil.copy(example, folder)
            for session in sessions:
                for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", session, re.MULTILINE):
                    printed = self.run_command(shlex.split(command), folder)
                    compared += self.compare(command, shown.splitlines(), printed.splitlines())
        self.assertGreater(compared, 20 if sys.version_info[:2] == (3, 11) else 5)

    def run_command(self, words, folder):
        if words[0] == "python3":
            return python(*words[1:], cwd=folder, site=True).stdout
        self.assertEqual(words[0], "ouro")
        done = subprocess.run([COMMAND, *words[1:]], capture_output=True, text=True, cwd=folder)
        self.assertEqual(done.returncode, 0, f"{words}: {done.stderr}")
        return done.stdout

    def compare(self, command, shown, printed):
        """Every line that is shown comes, in this order; with nothing between unless there are dots."""
        lines = [plain(line) for line in printed if line.strip()]
        if sys.version_info[:2] != (3, 11):  # the order of lines depends on what Python itself has made
            wanted = [plain(line) for line in shown if EXACT.search(line) and "Only" not in line]
            self.assertEqual([line for line in wanted if line not in lines], [], f"{command}: {lines}")
            return len(wanted)
        at, may_skip, compared = 0, False, 0
        for line in shown:
            if line.strip() in ("", "..."):
                may_skip = may_skip or line == "..."
                continue
            wanted = plain(line)
            while may_skip and at < len(lines) and lines[at] != wanted:
                at += 1
            found = lines[at] if at < len(lines) else None
            self.assertEqual(found, wanted, f"of {command}, which printed\n" + "\n".join(printed))
            at, may_skip, compared = at + 1, False, compared + 1
        return compared


if __name__ == "__main__":
    unittest.main()
