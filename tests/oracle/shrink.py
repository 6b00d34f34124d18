# SPDX-License-Identifier: MIT
"""Makes a failing program as small as it can be while it still fails."""

from program import OPERATIONS, NAMES, Program

_SIMPLER = {"path": (0, 1), "root": (0, 1), "slot": (0,), "kind": (0, 1), "script": (-1,),
            "position": (0,), "generation": (2, 0), "flag": ()}


def shrink(program, fails):
    """`fails` tells whether a program fails; nothing is left that it can do without."""
    before = None
    while before != program:
        before = program
        program = _without_operations(program, fails)
        program = _without_script_operations(program, fails)
        program = _with_simpler_operands(program, fails)
    return program


def _cut(row, fails):
    """The row without what it can do without, larger pieces first."""
    size = max(1, len(row) // 2)
    while size > 0:
        start = 0
        while start < len(row):
            shorter = row[:start] + row[start + size:]
            if fails(shorter):
                row = shorter
            else:
                start += size
        size //= 2
    return row


def _without_operations(program, fails):
    return program._replace(operations=_cut(
        program.operations, lambda row: fails(program._replace(operations=row))))


def _with_script(program, index, body):
    scripts = program.scripts
    return program._replace(scripts=scripts[:index] + (body,) + scripts[index + 1:])


def _without_script_operations(program, fails):
    for index in range(len(program.scripts)):
        body = _cut(program.scripts[index],
                    lambda row, index=index: fails(_with_script(program, index, row)))
        program = _with_script(program, index, body)
    return program


def _simplify(row, fails):
    for place, operation in enumerate(row):
        kinds = OPERATIONS[NAMES[operation[0]]]
        for operand, kind in enumerate(kinds, 1):
            for value in _SIMPLER[kind]:
                if operation[operand] == value:
                    break
                simpler = operation[:operand] + (value,) + operation[operand + 1:]
                if fails(row[:place] + (simpler,) + row[place + 1:]):
                    operation = simpler
                    row = row[:place] + (simpler,) + row[place + 1:]
                    break
    return row


def _with_simpler_operands(program, fails):
    operations = _simplify(program.operations,
                           lambda row: fails(Program(row, program.scripts)))
    program = program._replace(operations=operations)
    for index in range(len(program.scripts)):
        body = _simplify(program.scripts[index],
                         lambda row, index=index: fails(_with_script(program, index, row)))
        program = _with_script(program, index, body)
    return program
