#!/usr/bin/env python3
"""Plants citations that dangle and expects check_citations.py to say so."""

import unittest

from tree_test import TreeTest


class CitationsTest(TreeTest):
    script = "check_citations.py"
    always = {
        "docs/design/pool.md": "# Pools\n\n- **[pool.count]** live + free == carved\n",
        "src/memory/pool.c": "/*\n *   [pool.count]  live + free == carved\n */\nint x;\n",
    }

    def test_a_good_pair_passes(self):
        self.assert_passes({})

    def test_cited_and_not_defined(self):
        self.assert_caught({"src/memory/arena.c": "int x;\n/* holds\n * [arena.home] here */\n"},
                           "src/memory/arena.c:3:", "[arena.home]", "no page defines")
        self.assert_caught({"tests/unit/pool_test.c": "// [pool.gone]\n"}, "[pool.gone]")
        self.assert_caught({"docs/tour.md": "See [pool.gone].\n"}, "docs/tour.md:1:")

    def test_defined_twice(self):
        self.assert_caught({"docs/design/other.md": "- **[pool.count]** again\n"},
                           "already defined", "docs/design/other.md:1", "docs/design/pool.md:3")

    def test_defined_and_not_cited(self):
        self.assert_caught({"docs/design/other.md": "- **[pool.lonely]** nobody asks\n"},
                           "docs/design/other.md:1:", "[pool.lonely]", "cited nowhere")

    def test_a_test_alone_is_no_citation(self):
        self.assert_caught({"docs/design/other.md": "- **[pool.lonely]** nobody asks\n",
                            "tests/unit/pool_test.c": "/* [pool.lonely] */\n"}, "cited nowhere")

    def test_a_model_counts(self):
        self.assert_passes({"docs/design/other.md": "- **[rule.kept]** by the model\n",
                            "tests/model/protocol/world.c": "/* [rule.kept] */\n"})
        self.assert_caught({"tests/model/protocol/world.c": "/* [rule.gone] */\n"}, "[rule.gone]")

    def test_cited_in_a_string(self):
        self.assert_passes({"docs/design/other.md": "- **[pool.text]** said aloud\n",
                            "src/memory/say.c": 'f("[pool.text] broken");\n'})

    def test_what_is_no_citation(self):
        self.assert_passes({"src/memory/index.c": "int y = table[pool.size]; /* [pool.h] [0.5] */\n",
                            "docs/tour.md": "[pool.size](design/pool.md) and [pool.c]\n"})


if __name__ == "__main__":
    unittest.main()
