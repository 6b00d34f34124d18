#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds docs/tutorial.md to the truth: its fragments stand in the examples word for
word, its whole program compiles and prints what the tutorial says.

    tutorial_test.py ROOT [COMPILER ARGUMENT...]

The arguments are what it takes to compile and link one C file.
"""

import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path()
COMPILE = []
BLOCK = re.compile(r"<!-- (\S+) -->\n```c\n(.*?)```\n", re.DOTALL)


def blocks(kind):
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    return [(name, code) for name, code in BLOCK.findall(text) if re.fullmatch(kind, name)]


class Tutorial(unittest.TestCase):
    def test_fragments_stand_in_the_examples(self):
        fragments = blocks(r"examples/\w+\.c")
        self.assertGreater(len(fragments), 6)
        for name, code in fragments:
            self.assertIn(code, (ROOT / name).read_text(encoding="utf-8"), name)

    def test_every_example_is_mentioned(self):
        text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
        for path in (ROOT / "examples").glob("*.c"):
            self.assertIn(f"`{path.name}`", text)

    def test_programs_compile_and_run(self):
        if not COMPILE:
            self.skipTest("no compiler was given")
        programs = blocks("program")
        self.assertEqual(len(programs), 1)
        with tempfile.TemporaryDirectory() as directory:
            source = Path(directory, "first.c")
            binary = Path(directory, "first")
            source.write_text(programs[0][1], encoding="utf-8")
            subprocess.run([COMPILE[0], "-o", binary, source, *COMPILE[1:]], check=True)
            printed = subprocess.run([binary], check=True, capture_output=True, text=True).stdout
        self.assertIn(printed, (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8"))
        self.assertTrue(printed)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: tutorial_test.py ROOT [COMPILER ARGUMENT...]")
    ROOT = Path(sys.argv[1])
    COMPILE = sys.argv[2:]
    unittest.main(argv=sys.argv[:1])
