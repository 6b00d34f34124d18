# SPDX-License-Identifier: MIT
"""Runs systems in turn, A B C A B C ..., and keeps every figure of every round.

What a program says in lines that begin with # is kept too, for people.  For
workloads with a series, the first round leaves the memory over time in a file for
each system, SERIES / WORKLOAD-SYSTEM.txt, in lines `case share_of_work bytes`.
"""

import subprocess
import sys
from dataclasses import dataclass, field
from statistics import median

from . import pauses
from .systems import BENCH, BUILD, ENVIRONMENT
from .workloads import rounds_of

UNSUPPORTED = 3     # the exit status of a program that does not have what it is asked for
TIMEOUT_S = 300
SERIES = BUILD / "series"


class WorkFailed(Exception):
    """A program ended badly; its figures are worth nothing."""


@dataclass
class Results:
    """Figures by (workload, case, metric, system name): a list, one entry a round.

    Remarks by (workload, system name): for what each is about, the last one said.
    """

    figures: dict = field(default_factory=dict)
    remarks: dict = field(default_factory=dict)

    def add(self, workload, case, metric, system, value):
        self.figures.setdefault((workload, case, metric, system), []).append(value)

    def remark(self, workload, system, text):
        about = text.split(":", 1)[0] if ":" in text else ""
        self.remarks.setdefault((workload, system), {})[about] = text

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
    """Yields (case, metric, value) of a program's lines, and (None, None, text) of a remark."""
    for line in output.splitlines():
        if line.startswith("#"):
            yield None, None, line[1:].strip()
        else:
            case, metric, value = line.split()
            yield case, metric, float(value)


def series_file(workload, system):
    return SERIES / f"{workload}-{system}.txt"


def _environment(workload, system, turn):
    """Tells the program where its series goes, if it is to write one."""
    if not workload.series or turn > 1:
        return ENVIRONMENT
    SERIES.mkdir(parents=True, exist_ok=True)
    return {**ENVIRONMENT, "BENCH_SERIES": str(series_file(workload.name, system.name))}


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
        rounds = rounds_of(workload, self.rounds, self.quick)
        for system in self.systems:
            series_file(workload.name, system.name).unlink(missing_ok=True)
        for number, cases in enumerate(runs, 1):
            for turn in range(1, rounds + 1):
                self.say(f"{workload.name}: {cases[0]}, {number} of {len(runs)}, "
                         f"round {turn} of {rounds}")
                for system in self._systems_for(workload):
                    for case in cases:
                        self._once(system, workload, case, scale, turn)
        for system in self.systems:
            pauses.add_recurring(self.results, workload.name, system.name)

    def _systems_for(self, workload):
        for system in self.systems:
            chosen = not self.quick or workload.quick_systems is None or system.name.startswith(
                workload.quick_systems)
            if chosen and system.runs(workload.name):
                yield system

    def _once(self, system, workload, case, scale, turn):
        if (system.name, workload.name, case) in self.unsupported:
            return

        def give_up(why):
            self.unsupported.add((system.name, workload.name, case))
            self.results.remark(workload.name, system.name, f"{case}: {why}")

        try:
            done = subprocess.run(_command(system, workload, case, scale), capture_output=True,
                                  text=True, env=_environment(workload, system, turn),
                                  timeout=TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired:
            give_up(f"given up after {TIMEOUT_S} s")
            return
        if done.returncode == UNSUPPORTED:
            self.unsupported.add((system.name, workload.name, case))
            return
        if done.returncode != 0 and system.optional:
            give_up(f"ended with status {done.returncode}")
            return
        if done.returncode != 0:
            raise WorkFailed(f"{system.name} {workload.name} {case}: status {done.returncode}\n"
                             f"{done.stderr.strip()}")
        for found, metric, value in _parse(done.stdout):
            if found is None:
                self.results.remark(workload.name, system.name, value)
            else:
                self.results.add(workload.name, found, metric, system.name, value)
