#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A notes server, without the network: its requests come from a loop.  It has two faults that cost memory, of the
kinds that real servers have; docs/python-leak.md finds them.

    notes.py [REQUESTS]
"""

import sys


class Bus:
    """Who wants to hear of what."""

    def __init__(self):
        self.callbacks = {"shutdown": []}

    def subscribe(self, event, callback):
        self.callbacks[event].append(callback)

    def unsubscribe(self, event, callback):
        self.callbacks[event].remove(callback)


class Request:
    def __init__(self, number, user, body):
        self.number = number
        self.user = user
        self.body = body
        self.headers = {"content-type": "text/plain", "content-length": len(body)}


class Upload:
    """A body that came in parts.  Each part knows the whole."""

    def __init__(self, body):
        self.parts = [Part(self, body[at:at + 4096]) for at in range(0, len(body), 4096)]

    def size(self):
        return sum(len(part.data) for part in self.parts)


class Part:
    def __init__(self, upload, data):
        self.upload = upload
        self.data = data


class Server:
    def __init__(self):
        self.bus = Bus()
        self.sizes = {}

    def remember(self, request, size):
        self.sizes[request.user] = size

    def handle(self, request):
        def say_unfinished():
            print("unfinished at shutdown:", request.number)

        self.bus.subscribe("shutdown", say_unfinished)
        upload = Upload(request.body)
        self.remember(request, upload.size())


def requests(count):
    for number in range(count):
        yield Request(number, f"user {number % 10}", b"%d " % number * 4000)


server = Server()

if __name__ == "__main__":
    for request in requests(int(sys.argv[1]) if len(sys.argv) > 1 else 100):
        server.handle(request)
    del request
