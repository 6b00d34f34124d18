# SPDX-License-Identifier: MIT
"""Runs a program through both sides and says where they differ."""

import traceback

import events
from cpython_side import CPythonSide
from program import program_text

_SHOWN = 12  # events before the first that differs


class Difference(AssertionError):
    """What differs, for people, with the program."""

    def __init__(self, program, what):
        super().__init__(what)
        self.program, self.what = program, what

    def __str__(self):
        return f"{program_text(self.program)}\n\n{self.what}"


def compare(ouro, program, coverage):
    """Raises Difference unless both sides say the same."""
    log, wrong = ouro.run_program(program)
    if wrong is not None:
        raise Difference(program, f"ouro's heap: {wrong}")
    side = CPythonSide(program, events.orders_of(log), coverage.uses)
    try:
        other = side.run_program()
    except Exception as exception:  # whatever it is, the program shows it
        raise Difference(program, f"CPython's side:\n{traceback.format_exc()}") from exception
    log = [event for event in log if event >> 16 != events.HINT]
    if side.faults:
        raise Difference(program, f"CPython's side: {_fault_text(side.faults[0])}")
    if log != other:
        raise Difference(program, _logs_text(log, other))
    coverage.add(program, log)


def _fault_text(fault):
    if isinstance(fault, str):
        return fault
    return "".join(traceback.format_exception(fault.exc_type, fault.exc_value,
                                              fault.exc_traceback))


def _logs_text(log, other):
    """The events around the first difference, side by side."""
    first = next((i for i, pair in enumerate(zip(log, other)) if pair[0] != pair[1]),
                 min(len(log), len(other)))
    lines = [f"after {first} events that are the same:", f"    {'ouro':<44}CPython"]
    for i in range(max(0, first - _SHOWN), min(first + 3, max(len(log), len(other)))):
        left = events.event_text(log[i]) if i < len(log) else ""
        right = events.event_text(other[i]) if i < len(other) else ""
        mark = ">   " if left != right else "    "
        lines.append(f"{mark}{left:<44}{right}")
    return "\n".join(lines)
