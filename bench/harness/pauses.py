# SPDX-License-Identifier: MIT
"""The longest pause that recurs: what the work causes, and not what stops the machine.

A machine stops a program now and then: an interrupt, or a host that is busy or looks for memory.  No clock
of the program tells (workload shapes, case nothing, shows how long and how often), but it
stops something else in each round, while what the work causes comes up in every one.  So the longest pause of
each cause is compared over the rounds, the shortest of them counts, and of those the longest.  A program that
knows its causes reports, as `pause_max_us:CAUSE`, the longest pause of each that lasted longer than LONG_US.
"""

PREFIX = "pause_max_us:"
METRIC = "pause_recurring_us"
LONG_US = 100   # PAUSES_LONG_NS


def _causes(results, workload, case, system):
    return {metric[len(PREFIX):]: values
            for (name, of, metric, by), values in results.figures.items()
            if (name, of, by) == (workload, case, system) and metric.startswith(PREFIX)}


def _least(values, rounds):
    """Where it did not come up in some round, it did not last long there."""
    return min(values) if len(values) == rounds else LONG_US


def is_of_a_cause(metric):
    return metric.startswith(PREFIX)


def add_recurring(results, workload, system):
    """Adds METRIC to each case of which the causes are known, and says what they were."""
    cases = {case for name, case, metric, by in results.figures
             if (name, by) == (workload, system) and is_of_a_cause(metric)}
    for case in sorted(cases):
        rounds = len(results.get(workload, case, "pause_max_us", system))
        least = {cause: _least(values, rounds)
                 for cause, values in _causes(results, workload, case, system).items()}
        results.add(workload, case, METRIC, system, max(least.values()))
        longest = sorted(least.items(), key=lambda item: -item[1])[:4]
        said = ", ".join(f"{us:.0f} us {cause}" for cause, us in longest)
        results.remark(workload, system, f"{case}, what recurs: {said}")
