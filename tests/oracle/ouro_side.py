# SPDX-License-Identifier: MIT
"""ouro's side of the oracle: the shared library that operations.c makes, called by ctypes."""

import ctypes
from array import array

import events
import program as language

_CAPACITY = 1 << 18
_WIDTH = 6  # a code and five operands


class _Program(ctypes.Structure):
    _fields_ = [("operations", ctypes.c_void_p), ("length", ctypes.c_size_t),
                ("script_operations", ctypes.c_void_p), ("script_starts", ctypes.c_void_p),
                ("scripts", ctypes.c_int32)]


def _encode(operations):
    encoded = array("i")
    for operation in operations:
        encoded.extend(operation)
        encoded.extend((0,) * (_WIDTH - len(operation)))
    return encoded


class OuroSide:
    """The library at a path; its process ends with it when the library aborts."""

    def __init__(self, path):
        self._library = ctypes.CDLL(path)
        self._library.oracle_run.restype = ctypes.c_int64
        for name in ("oracle_operation", "oracle_event", "oracle_audit"):
            getattr(self._library, name).restype = ctypes.c_char_p
        self._log = (ctypes.c_int32 * _CAPACITY)()
        self._check_language("oracle_operation", language.NAMES)
        self._check_language("oracle_event", events.KINDS)

    def _check_language(self, function, names):
        spoken = []
        while (name := getattr(self._library, function)(len(spoken))) is not None:
            spoken.append(name.decode())
        if tuple(spoken) != tuple(names):
            raise RuntimeError(f"{function} says {spoken}, and the driver {names}")

    def run_program(self, program):
        """Returns (log, what is wrong with the heap afterwards or None)."""
        operations = _encode(program.whole())
        scripts = _encode([operation for script in program.scripts for operation in script])
        starts = array("i", [0])
        for script in program.scripts:
            starts.append(starts[-1] + len(script))
        described = _Program(operations.buffer_info()[0], len(operations) // _WIDTH,
                             scripts.buffer_info()[0], starts.buffer_info()[0],
                             len(program.scripts))
        length = self._library.oracle_run(ctypes.byref(described), self._log,
                                          ctypes.c_int64(_CAPACITY))
        if length < 0:
            return [], self._library.oracle_audit().decode()
        if length > _CAPACITY:
            return [], f"a log of {length} events has no room in {_CAPACITY}"
        return self._log[:length], None
