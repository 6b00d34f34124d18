#!/usr/bin/env python3
"""Holds code and design pages to the same invariants.

A name such as [pool.count] is defined once, by a line of docs/design/*.md that
begins with "- **[pool.count]**", and cited in the comments of src/, snapshot/ and
include/, or of a model that keeps it (MODELS).  A name that is cited and not
defined, defined twice, or defined and never cited is an error.  Tests and other
pages may cite, too.

usage: check_citations.py [ROOT]
"""

import re
import sys
from pathlib import Path

NAME = r"[a-z][a-z0-9_-]*\.[a-z][a-z0-9_-]*"
DEFINITION = re.compile(rf"- \*\*\[({NAME})\]\*\*")
# In Markdown, [a.b](c), [a.b][c] and [a.b]: c are links, not citations.
CITATION = re.compile(rf"\[({NAME})\]")
CITATION_IN_PAGE = re.compile(rf"(?<!\])\[({NAME})\](?![(\[:])")
COMMENT_OR_STRING = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])+'",
                               re.DOTALL)
MODELS = "tests/model/protocol"  # code that keeps invariants, though it is no library
FILE_SUFFIXES = {"c", "h", "md", "py", "txt"}  # [pool.h] is a file's name


def names_in(text, pattern, first_line=1):
    """Yields (line number, name) of what a pattern finds in a text."""
    for match in pattern.finditer(text):
        name = match.group(1)
        if name.rsplit(".", 1)[1] not in FILE_SUFFIXES:
            yield first_line + text.count("\n", 0, match.start()), name


def citations_in_code(text):
    """Yields (line number, name) for the comments and strings of a C file."""
    for piece in COMMENT_OR_STRING.finditer(text):
        yield from names_in(piece.group(), CITATION, 1 + text.count("\n", 0, piece.start()))


def read(path):
    return path.read_text(encoding="utf-8", errors="replace")


def files(root, folder, *suffixes):
    return sorted(path for path in (root / folder).rglob("*") if path.suffix in suffixes)


def check(root):
    """Returns the complaints about a tree, each as file:line: text."""
    complaints = []
    defined = {}  # name -> file:line
    cited = set()

    for page in sorted((root / "docs" / "design").glob("*.md")):
        for number, line in enumerate(read(page).splitlines(), 1):
            match = DEFINITION.match(line)
            if not match:
                continue
            name, place = match.group(1), f"{page.relative_to(root)}:{number}"
            if name in defined:
                complaints.append(f"{place}: [{name}] is already defined at {defined[name]}; "
                                  "keep one definition and cite it from the other page")
            else:
                defined[name] = place

    def cite(path, found, counts):
        for line, name in found:
            if name not in defined:
                complaints.append(f"{path.relative_to(root)}:{line}: cites [{name}], which no page "
                                  f"defines; add a line '- **[{name}]** ...' to docs/design")
            elif counts:
                cited.add(name)

    for folder, counts in (("include", True), ("src", True), ("snapshot", True), (MODELS, True),
                           ("tests", False)):
        for path in files(root, folder, ".c", ".h"):
            if folder == "tests" and root / MODELS in path.parents:
                continue
            cite(path, citations_in_code(read(path)), counts)
    for path in files(root, "docs", ".md"):
        cite(path, names_in(read(path), CITATION_IN_PAGE), False)

    for name, place in defined.items():
        if name not in cited:
            complaints.append(f"{place}: [{name}] is cited nowhere in src/; cite it in a comment "
                              "where the code keeps or checks it, or remove it")
    return complaints


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    complaints = check(root)
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
