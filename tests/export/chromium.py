# SPDX-License-Identifier: MIT
"""Chromium without a window, told what to do through two pipes (its DevTools protocol).

    with Browser("chromium") as browser:
        page = browser.page("devtools://devtools/bundled/devtools_app.html")
        page.evaluate("1 + 1")
"""
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

DEVTOOLS = "devtools://devtools/bundled/"


class Failure(Exception):
    """What Chromium says went wrong."""


class Browser:
    def __init__(self, program):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_read, self.to = os.pipe()
        self.source, to_write = os.pipe()

        def place():  # Chromium reads 3 and writes 4
            os.dup2(to_read, 100)
            os.dup2(to_write, 101)
            os.dup2(100, 3)
            os.dup2(101, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
             "--remote-debugging-pipe", f"--user-data-dir={self.profile.name}", "about:blank"],
            close_fds=False, preexec_fn=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.rest, self.number = b"", 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.to)
        os.close(self.source)
        self.profile.cleanup()

    def receive(self):
        parts = [self.rest]
        while b"\0" not in parts[-1]:
            data = os.read(self.source, 1 << 20)
            if not data:
                raise Failure("Chromium ended")
            parts.append(data)
        message, _, self.rest = b"".join(parts).partition(b"\0")
        return json.loads(message)

    def call(self, method, session=None, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        data = memoryview(json.dumps(message).encode() + b"\0")
        while data:
            data = data[os.write(self.to, data):]
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise Failure(f"{method}: {answer['error']}")
                return answer["result"]

    def page(self, address):
        target = self.call("Target.createTarget", url=address)["targetId"]
        page = Page(self, self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        for _ in range(200):
            if page.evaluate("location.href + document.readyState").endswith(address + "complete"):
                return page
            time.sleep(0.05)
        raise Failure(f"{address} does not load")


class Page:
    def __init__(self, browser, session):
        self.browser, self.session = browser, session

    def evaluate(self, expression):
        """The value of an expression, which may be a promise."""
        answer = self.browser.call("Runtime.evaluate", self.session, expression=expression, awaitPromise=True,
                                   returnByValue=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise Failure(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")


@contextlib.contextmanager
def devtools(begin):
    """A page of the DevTools that Chromium has inside, where a script that imports their modules has run.  Ends the
    program with 77, a skip, where Chromium is missing or has no such modules."""
    if shutil.which("chromium") is None:
        print("Chromium is not installed")
        sys.exit(77)
    with Browser("chromium") as browser:
        page = browser.page(f"{DEVTOOLS}devtools_app.html")
        try:
            page.evaluate(begin)
        except Failure as failure:
            print(f"this Chromium has no such modules: {failure}")
            sys.exit(77)
        yield page
