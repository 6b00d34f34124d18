# SPDX-License-Identifier: MIT
"""Where ouro, CPython's main (3.15) and the CPython at hand (3.11) differ on purpose, by name.

The CPython side knows these rules: it corrects what it has seen, and counts how often.  Whatever
else differs is a fault.  docs/conformance.md gives each rule's reason under the same name.
"""

RULES = {
    "order of garbage": "collections whose objects were put into ouro's order: CPython has none",
    "put off": "finalizers and callbacks of what died while garbage was taken apart, done afterwards",
    "plain untracked": "weak references without callback that were untracked, as ouro's are",
    "plain outlives finalizers": "... that answer while finalizers run or survive with their target, as in 3.15",
    "dark": "... that answer nothing during callbacks, or beyond what finalizers reach, unlike 3.15",
    "garbage reference kept": "weak references in garbage that still look at what lives, as in 3.15",
    "garbage calls": "... and are called, as in 3.15, since that died while finalizers ran",
    "postponed": "... or died in callbacks: then they are called before the first finalizer",
    "late callback": "callbacks from weak references that finalizers made to garbage, silent as in 3.15",
    "held when called": "weak references let go at once, not when all callbacks of their target have run",
    "age of the revived": "objects finalized at the end of their count that keep their generation",
    "revived within garbage": "... and stay in the collection that has found them",
    "gone with the callback": "weak references that died with their callback, not counted by collect",
}


class Uses:
    """How often each rule was used."""

    def __init__(self):
        self.counts = dict.fromkeys(RULES, 0)

    def use(self, name, times=1):
        self.counts[name] += times
