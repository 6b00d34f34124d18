#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The notes server, with both of its faults mended.

    notes_fixed.py [REQUESTS]
"""

import sys
import weakref

import notes


class Part(notes.Part):
    def __init__(self, upload, data):
        super().__init__(weakref.proxy(upload), data)


class Server(notes.Server):
    def handle(self, request):
        def say_unfinished():
            print("unfinished at shutdown:", request.number)

        self.bus.subscribe("shutdown", say_unfinished)
        try:
            upload = notes.Upload(request.body)
            self.remember(request, upload.size())
        finally:
            self.bus.unsubscribe("shutdown", say_unfinished)


notes.Part = Part
server = Server()

if __name__ == "__main__":
    for request in notes.requests(int(sys.argv[1]) if len(sys.argv) > 1 else 100):
        server.handle(request)
    del request
