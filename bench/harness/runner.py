# SPDX-License-Identifier: MIT
"""Runs systems in turn, A B C A B C ..., and keeps every figure of every round."""

import subprocess
import sys
from dataclasses import dataclass, field
from statistics import median

from .systems import BENCH, ENVIRONMENT

UNSUPPORTED = 3     # the exit status of a program that does not have what it is asked for
TIMEOUT_S = 300


class WorkFailed(Exception):
    """A program ended badly; its figures are worth nothing."""


@dataclass
class Results:
    """Figures by (workload, case, metric, system name): a list, one entry a round."""

    figures: dict = field(default_factory=dict)

    def add(self, workload, case, metric, system, value):
        self.figures.setdefault((workload, case, metric, system), []).append(value)

    def get(self, workload, case, metric, system):
        return self.figures.get((workload, case, metric, system), [])

    def median(self, workload, case, metric, system):
        values = self.get(workload, case, metric, system)
        return median(values) if values else None

    def rows(self, workload):
        """The (case, metric) pairs of a workload, in the order in which they came."""
        return list(dict.fromkeys((case, metric) for name, case, metric, _ in self.figures
                                  if name == workload))


def _parse(output):
    """Yields (case, metric, value) of a program's lines."""
    for line in output.splitlines():
        case, metric, value = line.split()
        yield case, metric, float(value)


def _command(system, workload, case, scale):
    if workload.name == "instructions":
        return [sys.executable, str(BENCH / "instructions"), "--case", case, str(system.program)]
    return system.command(workload.name, case, f"{scale:g}")


class Runner:
    def __init__(self, systems, rounds, quick, say):
        self.systems = systems
        self.rounds = rounds
        self.quick = quick
        self.say = say
        self.results = Results()
        self.unsupported = set()

    def run(self, workload):
        """All rounds of one workload."""
        runs = workload.quick_runs if self.quick and workload.quick_runs else workload.runs
        scale = workload.quick_scale if self.quick else 1.0
        rounds = min(self.rounds, workload.most_rounds)
        for number, cases in enumerate(runs, 1):
            for turn in range(1, rounds + 1):
                self.say(f"{workload.name}: {cases[0]}, {number} of {len(runs)}, "
                         f"round {turn} of {rounds}")
                for system in self._systems_for(workload):
                    for case in cases:
                        self._once(system, workload, case, scale)

    def _systems_for(self, workload):
        for system in self.systems:
            chosen = not self.quick or workload.quick_systems is None or system.name.startswith(
                workload.quick_systems)
            if chosen and system.runs(workload.name):
                yield system

    def _once(self, system, workload, case, scale):
        if (system.name, workload.name, case) in self.unsupported:
            return
        try:
            done = subprocess.run(_command(system, workload, case, scale), capture_output=True,
                                  text=True, env=ENVIRONMENT, timeout=TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired:
            raise WorkFailed(f"{system.name} {workload.name} {case}: more than {TIMEOUT_S} s"
                             ) from None
        if done.returncode == UNSUPPORTED:
            self.unsupported.add((system.name, workload.name, case))
            return
        if done.returncode != 0:
            raise WorkFailed(f"{system.name} {workload.name} {case}: status {done.returncode}\n"
                             f"{done.stderr.strip()}")
        for found, metric, value in _parse(done.stdout):
            self.results.add(workload.name, found, metric, system.name, value)
