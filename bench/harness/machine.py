# SPDX-License-Identifier: MIT
"""What this machine is, for the head of a report."""

import os
import platform
from datetime import date


def _first(path, key):
    """The value of the first line `key : value` of a file of /proc."""
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.startswith(key):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return "unknown"


def _memory():
    kilobytes = _first("/proc/meminfo", "MemTotal").split()[0]
    return f"{int(kilobytes) / 1048576:.1f} GiB" if kilobytes.isdigit() else "unknown"


def _distribution():
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        return "Linux"


def describe():
    """Pairs of (what, value)."""
    return [
        ("date", date.today().isoformat()),
        ("processor", _first("/proc/cpuinfo", "model name")),
        ("cores", str(os.cpu_count())),
        ("memory", _memory()),
        ("kernel", platform.release()),
        ("system", _distribution()),
    ]


def others_are_busy():
    """The load of the last minute, if it is enough to disturb figures; else None."""
    load = os.getloadavg()[0]
    return load if load > 0.5 * (os.cpu_count() or 1) else None
