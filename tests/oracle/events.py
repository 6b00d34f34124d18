# SPDX-License-Identifier: MIT
"""The events of a log: a kind in the upper half of a number, and what it is about in the lower."""

KINDS = ("RESULT", "FINALIZE", "CALLBACK", "TARGET", "END", "DIED", "COLLECT", "COLLECTED",
         "DEFERRED", "GENERATION", "COUNT", "LOOKED_AT", "FINALIZED", "REFERENTS", "GARBAGE",
         "FROZEN", "BUSY", "BAGGED")
# Said by ouro's side alone, at the moment when something goes into the bag.
HINT = KINDS.index("BAGGED")
CODE = {name: code << 16 for code, name in enumerate(KINDS)}


def name_text(number):
    """An object's number in the log, as it is spoken of."""
    if number == 0xFFFF:
        return "none"
    if number >= 3000:
        return f"plain weak reference to #{number - 3000}"
    return f"weak reference w{number - 2000}" if number >= 2000 else f"#{number}"


def event_text(event):
    kind, number = KINDS[event >> 16], event & 0xFFFF
    if kind == "RESULT":
        return f"result {name_text(number)} ({number})"
    if kind in ("FINALIZE", "DIED", "TARGET", "DEFERRED"):
        return f"{kind.lower()} {name_text(number)}"
    if kind == "CALLBACK":
        return f"callback of w{number}"
    if kind == "GENERATION":
        generation, thing = number >> 12, number & 0xFFF
        name = f"#{thing}" if thing < 600 else f"w{thing - 600}"
        return f"{name} is " + (f"in generation {generation}" if generation < 3 else "frozen")
    return f"{kind.lower()} {number}"


def orders_of(log):
    """In which order each collection goes through garbage, as far as ouro's log shows it.

    Callbacks go by their targets.  What is finalized by the collector itself has an order; what dies within
    such a finalizer, or of it, comes later in the row, or it would have had its own turn.
    The same of weak references that the collector itself calls.
    Returns for each collection names of objects, in an order that agrees with all that.
    """
    orders, running = [], []
    for event in log:
        kind, number = event >> 16, event & 0xFFFF
        if kind == _COLLECT:
            running.append(_Row(len(orders)))
            orders.append(None)
        elif not running:
            continue
        elif kind == _COLLECTED:
            row = running.pop()
            orders[row.index] = row.order()
        elif kind in _OF_ROWS:
            running[-1].event(KINDS[kind], number)
    return orders


_COLLECT, _COLLECTED = KINDS.index("COLLECT"), KINDS.index("COLLECTED")
_OF_ROWS = {KINDS.index(name) for name in ("FINALIZE", "CALLBACK", "TARGET", "END", "BAGGED")}


class _Row:
    """What one collection calls, and who comes before whom."""

    def __init__(self, index):
        self.index, self.depth = index, 0
        self.last_target = self.last_called = self.last_finalized = None
        self.before = {}  # by name: those who come before it

    def comes_after(self, serial, earlier):
        before = self.before.setdefault(serial, [])
        if earlier is not None and earlier != serial:
            self.before.setdefault(earlier, [])
            before.append(earlier)

    def event(self, kind, number):
        if kind == "END":
            self.depth -= 1
        elif kind == "CALLBACK":
            if self.depth == 0:
                self.comes_after(2000 + number, self.last_called)
                self.last_called = 2000 + number
            self.depth += 1
        elif kind == "TARGET":
            if self.depth == 1:
                self.comes_after(number, self.last_target)
                self.last_target = number
        else:
            self.comes_after(number, self.last_finalized)
            if kind == "FINALIZE":
                if self.depth == 0:
                    self.last_finalized = number
                self.depth += 1

    def order(self):
        """Where two demands contradict each other, somebody is left with no place before another."""
        order, left = [], dict(self.before)
        while left:
            serial = next((one for one, before in left.items()
                           if not any(other in left for other in before)), next(iter(left)))
            del left[serial]
            order.append(serial)
        return order
