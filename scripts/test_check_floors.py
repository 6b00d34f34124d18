#!/usr/bin/env python3
"""Plants includes that break the floors and expects check_floors.py to say so."""

import unittest

from tree_test import TreeTest


class FloorsTest(TreeTest):
    script = "check_floors.py"
    always = {
        "floors.txt": "# floor room\n0 base\n1 memory\n3 weakref\n3 finalizer\n6 heap\n",
        "include/ouro/ouro.h": "#include <stddef.h>\n#include <ouro/detail.h>\n",
        "include/ouro/detail.h": "#include <stdint.h>\n",
        "src/base/os.h": "#include <stddef.h>\n",
        "src/memory/pool.h": '#include "base/os.h"\n',
        "src/memory/pool.c": '#include "memory/pool.h"\n#include <ouro/ouro.h>\n',
        "src/weakref/weakref.h": '#include "memory/pool.h"\n',
        "src/heap/heap.h": '#include "weakref/weakref.h"\n',
    }

    def test_a_good_house_passes(self):
        self.assert_passes({})

    def test_upwards(self):
        self.assert_caught({"src/memory/arena.c": '\n#include "heap/heap.h"\n'},
                           "src/memory/arena.c:2:", "heap/heap.h", "floor 6", "floor 1", "upwards")

    def test_upwards_in_angle_brackets(self):
        self.assert_caught({"src/memory/arena.c": "#  include <heap/heap.h>\n"}, "upwards")

    def test_sideways(self):
        self.assert_caught({"src/finalizer/finalizer.c": '#include "weakref/weakref.h"\n'},
                           "src/finalizer/finalizer.c:1:", "neighbour weakref")

    def test_unknown_room_included(self):
        self.assert_caught({"src/heap/heap.c": '#include "attic/box.h"\n'}, "attic/box.h", "no room")

    def test_bare_and_dotted_names(self):
        self.assert_caught({"src/heap/heap.c": '#include "heap.h"\n'}, "room/file.h")
        self.assert_caught({"src/base/os.c": '#include "../heap/heap.h"\n'}, "room/file.h")

    def test_missing_file(self):
        self.assert_caught({"src/heap/heap.c": '#include "memory/gone.h"\n'}, "does not exist")

    def test_unlisted_room(self):
        self.assert_caught({"src/attic/box.c": ""}, "src/attic/box.c:1:", "attic", "floors.txt")

    def test_file_outside_rooms(self):
        self.assert_caught({"src/box.c": ""}, "src/box.c:1:", "no room")

    def test_comments_are_not_includes(self):
        self.assert_passes({"src/base/os.c": '/*\n#include "heap/heap.h"\n*/\n'
                                             '//\\\n// #include "heap/heap.h"\n'})

    def test_public_header_includes_internal(self):
        self.assert_caught({"include/ouro/extra.h": '#include "base/os.h"\n'},
                           "include/ouro/extra.h:1:", "installed")

    def test_outside_sees_the_public_headers_alone(self):
        good = '#include <ouro/ouro.h>\n#include "table.h"\n#include <gc.h>\n'
        for folder in ("command", "examples", "bench", "tests/conformance", "tests/contract"):
            self.assert_passes({f"{folder}/main.c": good, f"{folder}/table.h": ""})
            for name in ('"memory/pool.h"', "<ouro/detail.h>", "<ouro/absent.h>"):
                self.assert_caught({f"{folder}/main.c": f"#include {name}\n"},
                                   f"{folder}/main.c:1:", "public headers alone")
        self.assert_caught({"command/main.c": '#include "../src/memory/pool.h"\n'}, "alone")
        self.assert_passes({"include/ouro/graph.h": "#include <ouro/ouro.h>\n",
                            "command/main.c": "#include <ouro/graph.h>\n"})

    def test_inner_tests_may_look_inside(self):
        self.assert_passes({f"tests/{kind}/pool_test.c": '#include "memory/pool.h"\n'
                            for kind in ("unit", "model", "torture")})

    def test_broken_table(self):
        self.assert_caught({"floors.txt": "0 base\nbase 1\n"}, "floors.txt:2:")
        self.assert_caught({"floors.txt": "0 base\n1 base\n"}, "floors.txt:2:", "twice")


if __name__ == "__main__":
    unittest.main()
