#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lets the notes server handle 100 requests, then 900 more, and writes a snapshot after each.

    measure_notes.py MODULE          notes or notes_fixed; writes early.snapshot and late.snapshot
"""

import importlib
import sys

import ouro_snapshot
from notes import requests


def handle(server, count):
    for request in requests(count):
        server.handle(request)


if __name__ == "__main__":
    server = importlib.import_module(sys.argv[1]).server
    handle(server, 100)
    ouro_snapshot.save("early.snapshot")
    handle(server, 900)
    ouro_snapshot.save("late.snapshot")
