# SPDX-License-Identifier: MIT
"""Snapshots of a Python process: what lives, how large it is, and who holds it.

    python3 -m ouro_snapshot -o app.snapshot app.py     # when the script ends

    import ouro_snapshot                                # or at a moment of your choice
    ouro_snapshot.save("before.snapshot")

The files are for `ouro snapshot` and `ouro report`.  docs/python.md says what is in them.
"""

import sys

from . import _native

_native.own(globals(), False)

__all__ = ["save"]


def save(path):
    """Writes all objects that live now to a file, which appears whole or not at all.

    Returns a dict: how many objects and references were written, the bytes of the file, for how many seconds
    the program stood still and how many all took; other threads run again while the file is written.
    Raises OSError when the file cannot be written, MemoryError, and RuntimeError in a subinterpreter.
    No code of the program is run meanwhile, and no collection.
    """
    return _native.save(path, " ".join(map(str, getattr(sys, "argv", ()))), None)
