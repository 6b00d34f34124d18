# SPDX-License-Identifier: MIT
"""Runs something in a process of its own, which may die of it."""

import os
import pickle
import signal
import sys


class Died(Exception):
    """The process did not come to its end."""


def apart(seconds, function, *arguments):
    """What the function returns there; Died says how the process ended if it returns nothing, as
    when it takes more than so many seconds.

    The child ends without Python's own shutdown, which would walk what gc_lists has hidden.
    """
    sys.stdout.flush()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        status = 1
        signal.alarm(seconds)
        try:
            with os.fdopen(writing, "wb") as pipe:
                pickle.dump(function(*arguments), pipe)
            status = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    if status == 0:
        return pickle.loads(answer)
    if os.WIFSIGNALED(status):
        raise Died(f"the process died of {signal.Signals(os.WTERMSIG(status)).name}")
    raise Died("the process failed")
