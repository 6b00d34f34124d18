# SPDX-License-Identifier: MIT
"""Starts cpython_node.c, built as the module bench_node: same command line as every program."""

import os
import platform
import sys

import bench_node


def main():
    arguments = sys.argv[1:] + ["", "all", "1"][len(sys.argv) - 1:]
    if arguments[0] == "version":
        print(platform.python_version())
        return
    status = bench_node.run(arguments[0], arguments[1], float(arguments[2]))
    sys.stdout.flush()
    os._exit(status)  # what is still alive was not meant to be dropped one by one


main()
