#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""CPython as an oracle, in the ordinary run of the tests.

    oracle_test.py LIBRARY [unittest arguments]

LIBRARY is libouro_oracle.so.  The long run is oracle.py's.
"""

import os
import random
import signal
import sys
import unittest

import events
import oracle
from compare import compare
from covered import Coverage
from generator import Generator
from ouro_side import OuroSide
from program import CODES, FINALIZER, Program, path, program_text
from shrink import shrink

try:
    import hypothesis
    from hypothesis import strategies
except ImportError:
    hypothesis = None

FIXED_SEED = 2  # one that uses every rule
FIXED, ANOTHER, EXPLORED = 1000, 500, 100
ouro = None


class Falsifying:
    """ouro's side, but for what it says of deaths: as if they came before their finalizers."""

    def __init__(self, side):
        self.side = side

    def run_program(self, program):
        log, wrong = self.side.run_program(program)
        kinds = [event >> 16 for event in log]
        finalize, died = events.KINDS.index("FINALIZE"), events.KINDS.index("DIED")
        if finalize in kinds and died in kinds:
            a, b = kinds.index(finalize), kinds.index(died)
            log[a], log[b] = log[b], log[a]
        return log, wrong


class BothSides(unittest.TestCase):
    def run_programs(self, seed, programs):
        coverage, agreed = oracle.run_all(ouro, seed, programs, 250)
        self.assertTrue(agreed, "the program is above")
        self.assertEqual(coverage.programs, programs)
        print(f"covered: {programs} programs that CPython ran as well")
        return coverage

    def test_programs_of_a_fixed_seed(self):
        coverage = self.run_programs(FIXED_SEED, FIXED)
        print(coverage.text())
        for rule, uses in coverage.uses.counts.items():
            self.assertGreater(uses, 0, f"no program used the rule \"{rule}\"")

    def test_programs_of_another_seed(self):
        seed = random.SystemRandom().getrandbits(32)
        print(f"oracle.py --seed {seed} --programs {ANOTHER} repeats the other programs")
        self.run_programs(seed, ANOTHER)

    @unittest.skipIf(hypothesis is None, "python3-hypothesis is not installed")
    def test_what_hypothesis_explores(self):
        @strategies.composite
        def programs(draw):
            generator = Generator(lambda bound: draw(strategies.integers(0, bound - 1)))
            return generator.program(draw(strategies.integers(1, 40)))

        @hypothesis.settings(max_examples=EXPLORED, deadline=None, database=None,
                             derandomize=True,
                             suppress_health_check=list(hypothesis.HealthCheck))
        @hypothesis.given(programs())
        def explore(program):
            what = oracle.what_differs(ouro, program)
            self.assertIsNone(what, f"\n{program_text(program)}\n\n{what}")

        explore()


class TheOracleItself(unittest.TestCase):
    """What is wrong is found, and made small."""

    def test_a_false_side_is_found_and_shrunk(self):
        false = Falsifying(ouro)

        def fails(program):
            return oracle.what_differs(false, program) is not None
        program = next(one for one in (oracle.program_number("false", i) for i in range(100))
                       if fails(one))
        small = shrink(program, fails)
        self.assertEqual(len(small.operations), 1, program_text(small))
        self.assertIn("finalizer", program_text(small))
        self.assertIn("finalize #0", oracle.what_differs(false, small))

    def test_a_process_that_dies_is_told(self):
        class Dying:
            def run_program(self, program):
                os.kill(os.getpid(), signal.SIGKILL)
        self.assertIn("SIGKILL", oracle.what_differs(Dying(), Program((), ())))

    def test_programs_are_the_same_each_time(self):
        self.assertEqual(oracle.program_number(7, 3), oracle.program_number(7, 3))
        self.assertNotEqual(oracle.program_number(7, 3), oracle.program_number(8, 3))

    def test_a_program_can_be_read(self):
        program = Program(((CODES["NEW"], 0, FINALIZER, 0), (CODES["SET"], 0, 1, path(0, 2, 5))),
                          (((CODES["HOLD"], 3, path(10)),),))
        self.assertEqual(program_text(program),
                         "script 0:\n    r3 = self\nprogram:\n"
                         "    r0 = new node with finalizer, script 0\n    r0.1 = r0.1.last")

    def test_coverage_adds_up(self):
        one, two = Coverage(), Coverage()
        for coverage in (one, two):
            compare(ouro, oracle.program_number(1, 1), coverage)
        before = list(one.events)
        one.merge(two)
        self.assertEqual(one.programs, 2)
        self.assertEqual(one.events, [2 * number for number in before])


if __name__ == "__main__":
    if not oracle.is_supported():
        sys.exit(oracle.SKIPPED)
    ouro = OuroSide(sys.argv.pop(1))
    unittest.main()
