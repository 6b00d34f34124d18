#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""CPython as an oracle: the same random programs through ouro and through CPython's own objects.

    oracle.py LIBRARY [--programs N] [--seed S] [--apart N]

LIBRARY is the shared library of operations.c (libouro_oracle.so, from the build).  Program number i of a
seed is always the same.  Programs run in processes of their own, some hundreds in each, so a program that
ends its process is found, too.  A program on which the sides differ is shrunk and printed, with
the events around the difference; then the exit status is 1.  77: this Python is not the one that
cpython_side.py and gc_lists.py know, which is CPython 3.11.

docs/conformance.md says what is compared, and the rules of intended difference.
"""

import argparse
import gc
import random
import sys
import time

import gc_lists
import trashcan
import weak_lists
from apart import Died, apart
from compare import Difference, compare
from covered import Coverage
from generator import program_of
from ouro_side import OuroSide
from program import program_text
from shrink import shrink

SKIPPED = 77
SECONDS_FOR_ONE, SECONDS_FOR_MANY = 10, 120


def is_supported():
    """Whether this Python is the one that the oracle knows; says so if not."""
    known = sys.version_info[:2] == (3, 11) and sys.implementation.name == "cpython" and \
        gc_lists.is_supported() and weak_lists.is_supported() and trashcan.is_supported()
    if not known:
        print(f"The oracle is CPython 3.11; this is {sys.version.split()[0]}.")
    return known


def program_number(seed, number):
    return program_of(random.Random(f"{seed}/{number}"))


def run_range(ouro, seed, first, end):
    """In a process of its own: (coverage, number of the program that differs or None)."""
    gc.disable()
    coverage = Coverage()
    for number in range(first, end):
        try:
            compare(ouro, program_number(seed, number), coverage)
        except Difference:
            return coverage, number
    return coverage, None


def what_differs(ouro, program):
    """None, or what differs; the program runs in a process of its own."""
    def run():
        gc.disable()
        try:
            compare(ouro, program, Coverage())
        except Difference as difference:
            return difference.what
        return None
    try:
        return apart(SECONDS_FOR_ONE, run)
    except Died as died:
        return f"ouro: {died}"


def tell(ouro, seed, number):
    """Shrinks a program and prints it."""
    program = program_number(seed, number)
    print(f"Program {number} of seed {seed} differs; shrinking.", flush=True)
    program = shrink(program, lambda smaller: what_differs(ouro, smaller) is not None)
    print(f"{program_text(program)}\n\n{what_differs(ouro, program)}\n\n{program!r}")


def find_in(ouro, seed, first, end):
    """The first program of a range whose process dies of it."""
    return next((number for number in range(first, end)
                 if what_differs(ouro, program_number(seed, number)) is not None), None)


def run_all(ouro, seed, programs, in_one_process):
    """Returns (coverage, whether all agreed)."""
    coverage = Coverage()
    for first in range(0, programs, in_one_process):
        end = min(first + in_one_process, programs)
        try:
            part, failed = apart(SECONDS_FOR_MANY, run_range, ouro, seed, first, end)
            coverage.merge(part)
        except Died as died:
            print(f"Among programs {first} to {end - 1} of seed {seed}: {died}")
            failed = find_in(ouro, seed, first, end)
            if failed is None:
                print("None of them fails alone.")
                return coverage, False
        if failed is not None:
            tell(ouro, seed, failed)
            return coverage, False
    return coverage, True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("side", metavar="library")
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=None, help="default: another each time")
    parser.add_argument("--apart", type=int, default=500, help="programs in one process")
    arguments = parser.parse_args()
    if not is_supported():
        return SKIPPED
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().getrandbits(32)
    print(f"seed {seed}, CPython {sys.version.split()[0]}", flush=True)
    start = time.monotonic()
    coverage, agreed = run_all(OuroSide(arguments.side), seed, arguments.programs,
                               arguments.apart)
    seconds = time.monotonic() - start
    print(coverage.text())
    print(f"{coverage.programs / seconds:,.0f} programs a second, {seconds:.1f} s")
    print(f"covered: {coverage.programs} programs that CPython ran as well")
    return 0 if agreed else 1


if __name__ == "__main__":
    sys.exit(main())
