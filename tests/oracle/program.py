# SPDX-License-Identifier: MIT
"""A program: what both sides of the oracle do, and how it reads.

A program has operations, and scripts of operations that finalizers and callbacks run.  It
knows ten variables, the roots r0 to r9.  An operand that names an object is a path: a root, or
`self` (in a finalizer the object, in a callback what its weak reference carries), and up to three
steps from there, each a slot (.0 to .3), the last item of a vector (.last) or its first (.first).

Everything is a small number, so that programs are quickly made, compared, cut and sent to C.
side.h has the limits again, operations.c the operations.
"""

from typing import NamedTuple

SLOTS, ROOTS, SELF = 4, 10, 10
ALIVE_MAX, BIRTHS_MAX, WATCHERS_MAX, VECTOR_MAX, DEPTH_MAX = 60, 600, 96, 12, 12
NOTHING = 0xFFFF
FINALIZER, VECTOR, SILENT, KINDS = 1, 2, 4, 5
KIND_NAMES = ("node", "node with finalizer", "node with vector",
              "node with finalizer and vector", "silent node")

# Each operation with the kinds of its operands, in the order of operations.c.
OPERATIONS = {
    "NEW": ("root", "kind", "script"),
    "HOLD": ("root", "path"),
    "DROP": ("root",),
    "SET": ("path", "slot", "path"),
    "CLEAR": ("path", "slot"),
    "PUT": ("path", "slot", "root"),
    "TAKE": ("root", "path", "slot"),
    "SWAP": ("path", "slot", "path", "slot"),
    "APPEND": ("path", "path"),
    "INSERT": ("path", "position", "path"),
    "POP": ("root", "path"),
    "REMOVE": ("path", "position"),
    "REPLACE": ("path", "position", "path"),
    "EMPTY": ("path",),
    "WEAK": ("root", "path"),
    "WATCH": ("root", "path", "path", "script"),
    "GET": ("root", "path"),
    "COLLECT": ("generation",),
    "FREEZE": (),
    "UNFREEZE": (),
    "SAVEALL": ("flag",),
    "CHECK": (),
    "FINISH": (),
    "CLEAR_GARBAGE": (),
}
NAMES = tuple(OPERATIONS)
CODES = {name: code for code, name in enumerate(NAMES)}
# What only the program itself does: the collector's settings belong to nobody who is called by it.
NOT_IN_SCRIPTS = {"FREEZE", "UNFREEZE", "SAVEALL", "CHECK", "FINISH", "CLEAR_GARBAGE"}

# How each program ends: nothing runs any more but what says that it runs, and all is let go.
ENDING = tuple([(CODES["CHECK"],), (CODES["FINISH"],), (CODES["SAVEALL"], 0), (CODES["UNFREEZE"],)] +
               2 * ([(CODES["DROP"], root) for root in range(ROOTS)] +
                    [(CODES["CLEAR_GARBAGE"],), (CODES["COLLECT"], 2)]) + [(CODES["CHECK"],)])


class Program(NamedTuple):
    """operations and scripts: tuples of (code, operand...)."""
    operations: tuple
    scripts: tuple

    def whole(self):
        return self.operations + ENDING


def path(base, *steps):
    """steps: 1 to 4 a slot, 5 the last item, 6 the first."""
    number, weight = base, 16
    for step in steps:
        number += weight * step
        weight *= 8
    return number


def path_text(number):
    base, rest = number % 16, number // 16
    text = "self" if base == SELF else f"r{base}"
    while rest:
        step, rest = rest % 8, rest // 8
        if step:
            text += ("", ".0", ".1", ".2", ".3", ".last", ".first", "")[step]
    return text


_OPERAND_TEXT = {
    "root": lambda value: f"r{value}",
    "path": path_text,
    "slot": lambda value: f".{value}",
    "kind": lambda value: KIND_NAMES[value],
    "script": lambda value: f"script {value}" if value >= 0 else "no script",
    "position": lambda value: f"[{value}]",
    "generation": str,
    "flag": lambda value: "on" if value else "off",
}

_TEXT = {
    "NEW": "{0} = new {1}, {2}", "HOLD": "{0} = {1}", "DROP": "{0} = none",
    "SET": "{0}{1} = {2}", "CLEAR": "{0}{1} = none", "PUT": "{0}{1} = move {2}",
    "TAKE": "{0} = move {1}{2}", "SWAP": "swap {0}{1}, {2}{3}", "APPEND": "append to {0}: {1}",
    "INSERT": "insert into {0}{1}: {2}", "POP": "{0} = pop from {1}", "REMOVE": "remove {0}{1}",
    "REPLACE": "replace {0}{1} = {2}", "EMPTY": "empty {0}", "WEAK": "{0} = weak reference to {1}",
    "WATCH": "{0} = weak reference to {1} that carries {2} and calls {3}",
    "GET": "{0} = what {1} looks at", "COLLECT": "collect generation {0}", "FREEZE": "freeze",
    "UNFREEZE": "unfreeze", "SAVEALL": "save all: {0}", "CHECK": "check everything",
    "FINISH": "scripts off", "CLEAR_GARBAGE": "clear garbage",
}


def operation_text(operation):
    name = NAMES[operation[0]]
    operands = [_OPERAND_TEXT[kind](value)
                for kind, value in zip(OPERATIONS[name], operation[1:])]
    return _TEXT[name].format(*operands)


def program_text(program):
    lines = []
    for number, script in enumerate(program.scripts):
        lines.append(f"script {number}:")
        lines += [f"    {operation_text(operation)}" for operation in script]
    lines.append("program:")
    lines += [f"    {operation_text(operation)}" for operation in program.operations]
    return "\n".join(lines)
