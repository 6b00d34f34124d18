#!/usr/bin/env python3
"""Adds up what a test run covered, in numbers.

usage: covered.py BUILD    for instance build/test, after ctest has run there

Test programs print lines of the form `covered: NUMBER WHAT` (tests/support/covered.h).  CTest
keeps all output of its last run in the build folder; this reads it there.
"""
import pathlib
import re
import sys

LINE = re.compile(r"^covered: (\d+) (\S.*?)\s*$", re.MULTILINE)
# What CTest writes after each program, and cmocka after each group of functions.
SECONDS = re.compile(r"^Test time = +(\d+\.\d+) sec$", re.MULTILINE)
FUNCTIONS = re.compile(r"^\[=+\] (\d+) test\(s\) run\.$", re.MULTILINE)


def add_up(log):
    """What was reported in a log, as {words: sum}, in order of the first report."""
    sums = {}
    for number, what in LINE.findall(log):
        sums[what] = sums.get(what, 0) + int(number)
    return sums


def show(log):
    """What a log says in sum, a line each, with figures right-aligned."""
    times = [float(seconds) for seconds in SECONDS.findall(log)]
    lines = [(len(times), "test programs"), (int(sum(times)), "seconds of tests"),
             (sum(int(count) for count in FUNCTIONS.findall(log)), "test functions")]
    lines += [(number, what) for what, number in sorted(add_up(log).items())]
    width = max(len(f"{number:,}") for number, _ in lines)
    return "\n".join(["Covered:"] + [f"  {number:>{width},} {what}" for number, what in lines])


def main(arguments):
    if len(arguments) != 1:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    path = pathlib.Path(arguments[0]) / "Testing" / "Temporary" / "LastTest.log"
    try:
        log = path.read_text(errors="replace")
    except OSError as error:
        print(f"covered.py: {error}", file=sys.stderr)
        return 1
    print(show(log))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
