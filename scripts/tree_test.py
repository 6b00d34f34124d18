"""What the tests of the checkers share: plant files in a tree, run, compare."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent


class TreeTest(unittest.TestCase):
    """Runs the script named by `script` on trees of planted files."""

    script = ""
    always = {}  # files that every tree has

    def run_on(self, files):
        """Returns (exit status, stderr) of the script on a tree of {path: text}."""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**self.always, **files}.items():
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            result = subprocess.run([sys.executable, str(HERE / self.script), folder],
                                    capture_output=True, text=True, check=False)
        return result.returncode, result.stderr

    def assert_passes(self, files):
        self.assertEqual((0, ""), self.run_on(files))

    def assert_caught(self, files, *words):
        """The script fails, with one complaint that has all these words."""
        status, text = self.run_on(files)
        self.assertEqual(1, status, text)
        self.assertEqual(1, len(text.splitlines()), text)
        for word in words:
            self.assertIn(word, text)
