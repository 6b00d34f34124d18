#!/usr/bin/env python3
"""Holds the rows about CPython's tests to the tests that there are.

tests/conformance/rows.toml says which behaviour of CPython is checked by which
test.  A row whose test does not exist is an error, and so are a test of
tests/conformance without a row, a row without test and reason, and a table in
docs/conformance.md that does not say what the rows say.  A table stands between
the lines "<!-- rows of NAME -->" and "<!-- end of rows -->".

usage: check_conformance.py [--write] [ROOT]      --write: renew the tables
"""

import re
import sys
import tomllib
from pathlib import Path

ROWS = "tests/conformance/rows.toml"
PAGE = "docs/conformance.md"
TEST = re.compile(r"^static void (test_\w+)\(void \*\*state\)", re.MULTILINE)
KEYS = {"cpython", "behaviour", "tests", "differs", "without"}
REASONS = ("planned", "left out")
STATUSES = ("the same", "differs", *REASONS)


def tests_of(path):
    return TEST.findall(path.read_text(encoding="utf-8")) if path.exists() else []


def own_tests(root):
    """Returns {test: its file's stem} of tests/conformance, and complaints about equal names."""
    found, complaints = {}, []
    for path in sorted((root / "tests/conformance").glob("*_test.c")):
        for test in tests_of(path):
            if test in found:
                complaints.append(f"tests/conformance/{path.name}: {test} has the name of a test in "
                                  f"{found[test]}.c; rows need one name for one test")
            found[test] = path.stem
    return found, complaints


def resolve(root, own, entry):
    """Returns (name, path below tests) of a test that a row names, or None."""
    if ":" not in entry:
        return (entry, f"conformance/{own[entry]}.c") if entry in own else None
    file, test = entry.split(":", 1)
    path = root / "tests" / f"{file}.c"
    return (test, f"{file}.c") if test in tests_of(path) else None


def check_rows(root, tables, own):
    """Returns the complaints about rows and tests."""
    complaints, named = [], set()
    for table in tables:
        for row in table["row"]:
            place = f"{ROWS}: row \"{row.get('cpython', '?')}\" of {table['name']}"
            for key in row.keys() - KEYS:
                complaints.append(f"{place} has \"{key}\", which means nothing")
            if bool(row.get("tests")) == ("without" in row):
                complaints.append(f"{place} needs either tests, or \"without\" with the reason")
            if "without" in row and not row["without"].startswith(REASONS):
                complaints.append(f"{place}: \"without\" begins with \"planned\" or \"left out\"")
            for entry in row.get("tests", []):
                named.add(entry)
                if resolve(root, own, entry) is None:
                    complaints.append(f"{place} names {entry}, which is no test")
    for test in sorted(own.keys() - named):
        complaints.append(f"tests/conformance/{own[test]}.c: {test} has no row; add it to {ROWS}")
    return complaints


def status_of(row):
    """Returns one of STATUSES."""
    for reason in REASONS:
        if row.get("without", "").startswith(reason):
            return reason
    return "differs" if row.get("differs") else "the same"


def cell_of_tests(root, own, row):
    """Tests of one file stand together, before the file's name."""
    files = {}
    for entry in row.get("tests", []):
        name, path = resolve(root, own, entry)
        files.setdefault(path, []).append(f"`{name}`")
    return "; ".join(f"{', '.join(names)} in [{Path(path).stem}](../tests/{path})"
                     for path, names in files.items())


def cell_of_reason(row):
    """What differs on purpose, or why there is no test."""
    reason = row.get("without", "").removeprefix(status_of(row)).lstrip(":, ")
    return "; ".join(text for text in (reason, row.get("differs", "")) if text)


def sums(table):
    """Returns a sentence: how many rows there are of each status."""
    statuses = [status_of(row) for row in table["row"]]
    parts = [f"{statuses.count(status)} {status}" for status in STATUSES if status in statuses]
    return f"Rows: {len(statuses)}; {', '.join(parts)}."


def render(root, own, table):
    """Returns the lines of a table, and the sums below it."""
    lines = ["| " + " | ".join(table["head"]) + " |", "|" + "---|" * len(table["head"])]
    for row in table["row"]:
        cells = [row["cpython"].replace("_", "\\_") if "`" not in row["cpython"] else row["cpython"],
                 row["behaviour"], status_of(row), cell_of_tests(root, own, row),
                 cell_of_reason(row)]
        lines.append("| " + " | ".join(cells) + " |")
    return [*lines, "", sums(table)]


def renew(text, name, lines):
    """Returns a page with the table put in its place, or None when it has none."""
    begin, end = f"<!-- rows of {name} -->\n", "<!-- end of rows -->"
    start = text.find(begin)
    stop = text.find(end, start)
    if start < 0 or stop < 0:
        return None
    return text[:start + len(begin)] + "\n" + "\n".join(lines) + "\n\n" + text[stop:]


def check(root, write):
    """Returns the complaints about a tree, after renewing the tables if asked for."""
    tables = tomllib.loads((root / ROWS).read_text(encoding="utf-8")).get("table", [])
    own, complaints = own_tests(root)
    complaints += check_rows(root, tables, own)
    if complaints:
        return complaints
    page = root / PAGE
    text = page.read_text(encoding="utf-8")
    for table in tables:
        renewed = renew(text, table["name"], render(root, own, table))
        if renewed is None:
            complaints.append(f"{PAGE}: has no place for the rows of {table['name']}")
        elif renewed != text and not write:
            complaints.append(f"{PAGE}: the rows of {table['name']} are not those of {ROWS}; run "
                              "scripts/check_conformance.py --write")
        elif renewed != text:
            text = renewed
    if write and not complaints:
        page.write_text(text, encoding="utf-8")
    return complaints


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--write"]
    root = Path(arguments[0] if arguments else ".").resolve()
    complaints = check(root, "--write" in sys.argv[1:])
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
