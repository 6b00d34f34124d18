#!/usr/bin/env python3
"""Holds every C file of ours to .clang-format; with --fix rewrites them.

Macro definitions are left as their author laid them out: clang-format reads a
table or a braced initializer in a macro as a block of statements.

usage: check_format.py [--fix] [ROOT]
"""

import difflib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FOLDERS = ["include", "src", "snapshot", "command", "examples", "bench", "tests", "tools"]


def ranges_without_macros(text):
    """Returns the [first, last] line ranges that no macro definition covers."""
    ranges, first, continued = [], None, False
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        macro = continued or line.lstrip().startswith("#define")
        continued = macro and line.endswith("\\")
        if macro:
            if first is not None:
                ranges.append((first, number - 1))
            first = None
        elif first is None:
            first = number
    if first is not None:
        ranges.append((first, len(lines)))
    return ranges


def formatted(path):
    """Returns a file's (text, text as it should be)."""
    text = path.read_text(encoding="utf-8")
    chosen = [f"--lines={first}:{last}" for first, last in ranges_without_macros(text)]
    if not chosen:
        return text, text
    result = subprocess.run(["clang-format", "--style=file", *chosen, str(path)],
                            capture_output=True, text=True, check=True)
    return text, result.stdout


def main():
    arguments = sys.argv[1:]
    fix = "--fix" in arguments
    roots = [argument for argument in arguments if argument != "--fix"]
    root = Path(roots[0] if roots else ".")
    paths = sorted(path for folder in FOLDERS for path in (root / folder).rglob("*.[ch]"))
    status = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, (text, wanted) in zip(paths, pool.map(formatted, paths)):
            if text == wanted:
                continue
            if fix:
                path.write_text(wanted, encoding="utf-8")
                print(f"{path}: formatted")
                continue
            status = 1
            sys.stderr.writelines(difflib.unified_diff(
                text.splitlines(True), wanted.splitlines(True), str(path), "as it should be", n=0))
    if status:
        print("'make format' puts this right.", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
