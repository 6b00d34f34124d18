#!/usr/bin/env python3
"""Plants broken links and expects check_links.py to say so."""

import unittest

from tree_test import TreeTest


class LinksTest(TreeTest):
    script = "check_links.py"
    always = {"docs/tour.md": "# The tour\n\n## What `ouro_new` does\n\n## Twice\n\n## Twice\n"}

    def test_good_links_pass(self):
        self.assert_passes({"README.md": "[a](docs/tour.md) [b](docs/tour.md#the-tour 'title') "
                                         "[c](#here) [d](https://example.org/x) [e](docs)\n\n"
                                         "# Here\n\n[f]: docs/tour.md#what-ouro_new-does\n"
                                         "[g](<docs/tour.md#twice-1>) ![h](docs/tour.md)\n"})

    def test_missing_file(self):
        self.assert_caught({"README.md": "\n[a](docs/gone.md)\n"}, "README.md:2:", "docs/gone.md")
        self.assert_caught({"README.md": "[a]: docs/gone.md\n"}, "docs/gone.md")
        self.assert_caught({"README.md": "![a](docs/gone.png)\n"}, "docs/gone.png")
        self.assert_caught({"README.md": '<img src="docs/gone.svg">\n'}, "docs/gone.svg")

    def test_missing_heading(self):
        self.assert_caught({"README.md": "[a](docs/tour.md#gone)\n"}, "README.md:1:", "#gone")
        self.assert_caught({"README.md": "[a](#gone)\n"}, "#gone")

    def test_leaving_the_tree(self):
        self.assert_caught({"README.md": "[a](../other/x.md)\n"}, "leaves the tree")

    def test_code_is_not_read(self):
        self.assert_passes({"README.md": "`[a](gone.md)`\n\n```\n[a](gone.md)\n# no heading\n```\n"})

    def test_what_was_built_is_not_read(self):
        self.assert_passes({"build/x.md": "[a](gone.md)\n"})


if __name__ == "__main__":
    unittest.main()
