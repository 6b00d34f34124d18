# SPDX-License-Identifier: MIT
"""python3 -m ouro_snapshot: see _runner.py."""

from ouro_snapshot import _native

_native.own(globals(), False)

if __name__ == "__main__":
    from ouro_snapshot import _runner

    _runner.main()
