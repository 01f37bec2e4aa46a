"""What was measured.

SPDX-License-Identifier: MIT
"""

import json
import math
import statistics


class Series:
    """The counted runs of one figure of one subject."""

    def __init__(self, unit):
        self.unit, self.runs = unit, []

    @property
    def median(self):
        return statistics.median(self.runs)

    def cost(self):
        """The median as something of which less is better."""
        return 1 / self.median if self.unit.endswith("/s") and self.median else self.median


class Results:
    def __init__(self):
        self.series = {}  # (variant, figure, subject): Series
        self.failed = {}  # (variant, subject): why

    def add(self, variant, subject, figures):
        for figure, (unit, value) in figures.items():
            self.series.setdefault((variant, figure, subject), Series(unit)).runs.append(value)

    def fail(self, variant, subject, why):
        self.failed[variant, subject] = why

    def has_failed(self, variant, subject):
        return (variant, subject) in self.failed

    def median(self, variant, figure, subject="maiko"):
        """None if it was not measured; a subject that failed once has no figures."""
        series = self.series.get((variant, figure, subject))
        return None if series is None or self.has_failed(variant, subject) else series.median

    def speed(self, variant, figure, subject="maiko"):
        """The median as something of which more is better. Or None."""
        if self.median(variant, figure, subject) is None:
            return None
        cost = self.series[variant, figure, subject].cost()
        return 1 / cost if cost else None

    def times(self, variant, figure, subject, other):
        """How many times the cost of another a subject has: greater is worse. Or None."""
        if self.median(variant, figure, subject) is None or self.median(variant, figure, other) is None:
            return None
        base = self.series[variant, figure, other].cost()
        return self.series[variant, figure, subject].cost() / base if base else None

    def figures(self):
        """Variants with the names of their figures, both in the order measured."""
        found = {}
        for variant, figure, _ in self.series:
            names = found.setdefault(variant, [])
            if figure not in names:
                names.append(figure)
        for variant, _ in self.failed:
            found.setdefault(variant, [])
        return found

    def json(self):
        """A list with one object a figure, and one a failure. What is infinite is null."""
        objects = []
        for (variant, figure, subject), series in self.series.items():
            workload, _, rest = variant.partition("/")
            objects.append({"workload": workload, "variant": rest, "figure": figure, "subject": subject,
                            "unit": series.unit, "median": finite(series.median), "min": finite(min(series.runs)),
                            "max": finite(max(series.runs)), "runs": [finite(run) for run in series.runs]})
        for (variant, subject), why in self.failed.items():
            workload, _, rest = variant.partition("/")
            objects.append({"workload": workload, "variant": rest, "subject": subject, "failed": why})
        return "[\n" + ",\n".join(json.dumps(o) for o in objects) + "\n]\n"


def finite(value):
    return value if math.isfinite(value) else None
