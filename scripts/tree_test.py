"""What the tests of the checkers share: plant files in a tree, run, compare."""

import contextlib
import io
import runpy
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

HERE = Path(__file__).resolve().parent


class TreeTest(unittest.TestCase):
    """Runs the script named by `script` on trees of planted files."""

    script = ""
    always = {}  # files that every tree has

    def run_on(self, files):
        """Returns (exit status, stderr) of the script on a tree of {path: text}.

        It is run from its first line as a program is, but in this process: to start Python takes longer.
        """
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**self.always, **files}.items():
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            script = str(HERE / self.script)
            status = 0
            with contextlib.redirect_stderr(io.StringIO()) as said, mock.patch.object(sys, "argv", [script, folder]):
                try:
                    runpy.run_path(script, run_name="__main__")
                except SystemExit as end:
                    status = end.code or 0
        return status, said.getvalue()

    def assert_passes(self, files):
        self.assertEqual((0, ""), self.run_on(files))

    def assert_caught(self, files, *words):
        """The script fails, with one complaint that has all these words."""
        status, text = self.run_on(files)
        self.assertEqual(1, status, text)
        self.assertEqual(1, len(text.splitlines()), text)
        for word in words:
            self.assertIn(word, text)
