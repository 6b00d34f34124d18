#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes a snapshot of a Python process that has a bit of everything, for whoever needs one to try a tool on.

    python3 make_sample.py FILE [NODES]

About five objects for each of NODES (1000), beside the thirty thousand of Python and its modules: instances with
and without dictionaries, closures, weak references, a chain, a tree, cycles that only the collector
frees, one large array, and functions that run.
"""

import gc
import sys
import threading
import weakref

import ouro_snapshot


class Node:
    def __init__(self, number, parent):
        self.number = number
        self.parent = parent
        self.children = []
        self.label = f"node {number}"
        if parent is not None:
            parent.children.append(self)


class Entry:
    __slots__ = ("key", "value", "next")

    def __init__(self, key, value, rest):
        self.key, self.value, self.next = key, value, rest


class Session:
    def __init__(self, user):
        self.user = user
        self.callback = lambda: self.user
        self.payload = bytearray(1000)


def make_tree(count):
    nodes = [Node(0, None)]
    for number in range(1, count):
        nodes.append(Node(number, nodes[(number - 1) // 3]))
    return nodes[0]


def make_chain(count):
    chain = None
    for number in range(count):
        chain = Entry(number, (number, str(number)), chain)
    return chain


def wait_in_a_thread(started, stop):
    held_by_the_thread = ["a local variable of a thread that runs"]
    started.set()
    stop.wait()
    return held_by_the_thread


def main(path, count):
    gc.disable()
    tree = make_tree(count)
    chain = make_chain(count // 2)
    for number in range(count // 10):
        Session(f"lost {number}")
    by_name = weakref.WeakValueDictionary((node.label, node) for node in tree.children)
    image = bytearray(count * 100)
    started, stop = threading.Event(), threading.Event()
    thread = threading.Thread(target=wait_in_a_thread, args=(started, stop))
    thread.start()
    started.wait()
    figures = ouro_snapshot.save(path)
    stop.set()
    thread.join()
    print(f"{path}: {figures['objects']} objects, {figures['references']} references")
    return tree, chain, by_name, image


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: make_sample.py FILE [NODES]")
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else 1000)
