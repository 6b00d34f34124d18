#!/usr/bin/env python3
"""What covered.py makes of a log of CTest."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOG = """1/2 Testing: a
Output:
covered: 12 operations of programs
[==========] 3 test(s) run.
not covered: 5 operations of programs
covered: 30 audits
<end of output>
Test time =   1.50 sec
2/2 Testing: b
covered: 1000 operations of programs
covered: many things
Test time =   0.75 sec
"""


class CoveredTest(unittest.TestCase):
    def run_on(self, log):
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "Testing" / "Temporary"
            place.mkdir(parents=True)
            if log is not None:
                (place / "LastTest.log").write_text(log)
            return subprocess.run([sys.executable, str(HERE / "covered.py"), folder],
                                  capture_output=True, text=True, check=False)

    def test_figures_are_added_up(self):
        lines = [line.strip() for line in self.run_on(LOG).stdout.splitlines()]
        self.assertEqual(["Covered:", "2 test programs", "2 seconds of tests", "3 test functions",
                          "30 audits", "1,012 operations of programs"], lines)

    def test_nothing_was_run(self):
        result = self.run_on(None)
        self.assertEqual(1, result.returncode)
        self.assertIn("LastTest.log", result.stderr)


if __name__ == "__main__":
    unittest.main()
