#!/usr/bin/env python3
"""Plants rows and tests that do not fit and expects check_conformance.py to say so."""

import unittest

from tree_test import TreeTest

ROWS = """[[table]]
name = "gc"
head = ["CPython", "behaviour", "status", "tests", "differs"]
row = [
  { cpython = "test_list", behaviour = "a ring", tests = ["test_list", "unit/heap_test:test_new"] },
  { cpython = "test_frame", behaviour = "frames", without = "left out: none", differs = "much" },
  { cpython = "test_len", behaviour = "lengths", tests = ["unit/heap_test:test_other"], differs = "by one" },
]
"""
PAGE = """# Tests

<!-- rows of gc -->

| CPython | behaviour | status | tests | differs |
|---|---|---|---|---|
| test\\_list | a ring | the same | `test_list` in [gc_test](../tests/conformance/gc_test.c); `test_new` in [heap_test](../tests/unit/heap_test.c) |  |
| test\\_frame | frames | left out |  | none; much |
| test\\_len | lengths | differs | `test_other` in [heap_test](../tests/unit/heap_test.c) | by one |

Rows: 3; 1 the same, 1 differs, 1 left out.

<!-- end of rows -->

Prose.
"""


def source(*tests):
    return "".join(f"static void {test}(void **state)\n{{\n}}\n" for test in tests)


class ConformanceTest(TreeTest):
    script = "check_conformance.py"
    always = {
        "tests/conformance/rows.toml": ROWS,
        "tests/conformance/gc_test.c": source("test_list"),
        "tests/unit/heap_test.c": source("test_new", "test_other"),
        "docs/conformance.md": PAGE,
    }

    def test_rows_that_fit_pass(self):
        self.assert_passes({})

    def test_a_row_without_its_test(self):
        self.assert_caught({"tests/conformance/gc_test.c": source()}, "test_list", "is no test")
        self.assert_caught({"tests/unit/heap_test.c": source("test_other")},
                           "unit/heap_test:test_new", "is no test")

    def test_a_test_without_row(self):
        self.assert_caught({"tests/conformance/weak_test.c": source("test_ref")},
                           "tests/conformance/weak_test.c", "test_ref", "has no row")

    def test_two_tests_of_one_name(self):
        self.assert_caught({"tests/conformance/weak_test.c": source("test_list")},
                           "test_list", "has the name of a test")

    def test_a_row_with_neither_or_both(self):
        row = '  { cpython = "test_x", behaviour = "x" },\n]\n'
        self.assert_caught({"tests/conformance/rows.toml": ROWS[:-2] + row}, "test_x", "either")
        row = '  { cpython = "test_x", behaviour = "", tests = ["test_list"], without = "planned" },\n]\n'
        self.assert_caught({"tests/conformance/rows.toml": ROWS[:-2] + row}, "test_x", "either")

    def test_a_reason_that_is_none(self):
        row = '  { cpython = "test_x", behaviour = "x", without = "no time" },\n]\n'
        self.assert_caught({"tests/conformance/rows.toml": ROWS[:-2] + row}, "test_x", "left out")

    def test_a_word_that_means_nothing(self):
        self.assert_caught({"tests/conformance/rows.toml": ROWS.replace("differs = \"much\"", "note = \"\"")},
                           "note", "means nothing")

    def test_a_page_that_is_old(self):
        self.assert_caught({"docs/conformance.md": PAGE.replace("a ring", "a list")}, "--write")
        self.assert_caught({"docs/conformance.md": "# Tests\n"}, "no place")


if __name__ == "__main__":
    unittest.main()
