"""asleep.py -- whether a test waits for ever

Who waits for what never comes sleeps, uses no processor and is not even switched to.  A process that was
stopped, or waits for a processor or a disk, is in another state, and one that looks again and again is switched
to.  So all threads of a session are looked at, several times: if nothing has moved meanwhile and all sleep, they
wait for each other, or for nobody.
"""
from pathlib import Path

SLEEPING, GONE = "S", "ZX"


def fields_of(path):
    """Of a process or a thread, from its state on; none when it is gone."""
    try:
        return (path / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def switches_of(path):
    """How often a thread was switched to, as its status says."""
    try:
        lines = (path / "status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return ()
    return tuple(line for line in lines if "ctxt_switches" in line)


def threads_of(session):
    """The threads of all processes of a session; none of a process that ends meanwhile."""
    for process in Path("/proc").glob("[0-9]*"):
        if fields_of(process)[3:4] != [str(session)]:
            continue
        try:
            yield from list(process.glob("task/[0-9]*"))
        except (FileNotFoundError, ProcessLookupError):
            continue


def moment_of(session):
    """What would be another when a thread of the session had moved; None unless all sleep."""
    moment = []
    for thread in threads_of(session):
        fields = fields_of(thread)
        if not fields or fields[0] in GONE:
            continue
        if fields[0] != SLEEPING:
            return None
        moment.append((thread.name, *fields[11:13], *switches_of(thread)))
    return sorted(moment) or None


class Watch:
    """Looks at a session from time to time."""

    def __init__(self, session):
        self.session = session
        self.last = None
        self.looks = 0  # in a row, at which nothing had moved

    def look(self):
        """How often in a row nothing has moved, while all were asleep."""
        moment = moment_of(self.session)
        self.looks = self.looks + 1 if moment is not None and moment == self.last else 0
        self.last = moment
        return self.looks
