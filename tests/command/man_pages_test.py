#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every command of `ouro --help` has a man page, which tells all that its --help does.

    man_pages_test.py PATH_OF_OURO DOCS_MAN [unittest arguments]
"""

import os
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

COMMAND = os.environ.get("OURO_COMMAND", "")
PAGES = Path(os.environ.get("OURO_PAGES", "docs/man"))
# A command that has commands of its own lists them in this form.
LISTED = re.compile(r"^  ([a-z][a-z-]*)  +\S", re.MULTILINE)


def help_of(*words):
    return subprocess.run([COMMAND, *words, "--help"], stdout=subprocess.PIPE, timeout=60,
                          check=True).stdout.decode()


def commands_of(text):
    """The names in the part of a --help that is headed "Commands:"."""
    part = re.search(r"^Commands:\n(.*?)\n\n", text, re.MULTILINE | re.DOTALL)
    return LISTED.findall(part.group(1)) if part else []


def plain(page):
    """The source of a page without what mdoc needs: macros, escapes; options as they are typed."""
    text = re.sub(r"\bFl -", "--", page)
    return re.sub(r"\\(?:&|\(..|f.)", "", text)


class ManPages(unittest.TestCase):
    def pages(self):
        """(words of the command, its --help, its page): of subcommands their own, or that of their command."""
        yield [], help_of(), PAGES / "ouro.1"
        for name in commands_of(help_of()):
            page = PAGES / f"ouro-{name}.1"
            text = help_of(name)
            yield [name], text, page
            for below in commands_of(text):
                own = PAGES / f"ouro-{name}-{below}.1"
                yield [name, below], help_of(name, below), own if own.is_file() else page

    def test_each_command_has_a_page(self):
        for words, text, path in self.pages():
            with self.subTest(command=words):
                self.assertTrue(path.is_file(), f"{path} is missing")
                page = plain(path.read_text(encoding="utf-8"))
                for option in set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)):
                    self.assertTrue(re.search(rf"(?m)^\.It .*{option}(?![\w-])", page),
                                    f"{path} has no item for {option}")
                for name in commands_of(text):
                    self.assertTrue(re.search(rf"\bCm {name}\b", page), f"{path} does not tell of {name}")

    def test_each_page_is_of_a_command(self):
        expected = {path.name for _, _, path in self.pages()}
        self.assertEqual({path.name for path in PAGES.glob("*.1")} - expected, set())

    def test_pages_refer_to_pages(self):
        for path in PAGES.glob("*.1"):
            for name in re.findall(r"^\.Xr (ouro\S*) 1", path.read_text(encoding="utf-8"), re.MULTILINE):
                self.assertTrue((PAGES / f"{name}.1").is_file(), f"{path} refers to {name}(1)")

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_lint(self):
        result = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *sorted(PAGES.glob("*.1"))],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
        self.assertEqual((result.stdout.decode(), result.returncode), ("", 0))


if __name__ == "__main__":
    if len(sys.argv) > 2:
        COMMAND = sys.argv.pop(1)
        PAGES = Path(sys.argv.pop(1))
    unittest.main()
