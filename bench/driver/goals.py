"""What maiko is to reach, and whether it does.

SPDX-License-Identifier: MIT
"""

import math

from table import aligned, number


def table(found):
    rows = [("goal", "wanted", "reached", "")]
    for name, wanted, value, holds, unit in all_goals(found):
        if value is None:
            rows.append((name, wanted, "not measured", ""))
        else:
            reached = number(value) + (unit if math.isfinite(value) else "")
            rows.append((name, wanted, reached, "yes" if holds(value) else "NO"))
    return aligned(rows)


def at_most(bound):
    return lambda value: value <= bound


def at_least(bound):
    return lambda value: value >= bound


def quotient(one, other):
    return None if one is None or other is None or other == 0 else one / other


def all_goals(found):
    """(name, what is wanted, what was reached or None, whether a value will do, its unit)"""
    times, median = found.times, found.median

    def limit(name, variant, figure, bound):
        return (name, f"<= {bound} x limit", times(variant, figure, "maiko", "limits"), at_most(bound), " x")

    yield limit("W1/one round trip", "W1/one", "round_trip", 4)
    yield limit("W1/two round trip", "W1/two", "round_trip", 3)
    yield limit("W2/one hop", "W2/one", "hop", 2.2)
    yield limit("W3/one delivery", "W3/one", "deliveries", 2.5)
    for size in ("1KiB", "64KiB"):
        value = quotient(median("W3/one", "deliveries"), median(f"W3/one-{size}", "deliveries"))
        yield (f"W3/one-{size} delivery", "<= 1.1 x W3/one", value, at_most(1.1), " x")
    yield fan_in(found)
    yield limit("X/event between workers", "X/event", "event", 3)
    yield ("W5/idle memory an actor", "<= 256 B", median("W5/idle", "memory"), at_most(256), " B")
    yield ("W5/idle start", ">= 3 M actors/s", median("W5/idle", "start"), at_least(3e6), " actors/s")
    yield ("W6/100k p50", "<= 1 us", median("W6/100k", "p50"), at_most(1), " us")
    yield ("W6/100k p99", "<= 10 us", median("W6/100k", "p99"), at_most(10), " us")
    yield limit("W6/1k-idle processor time", "W6/1k-idle", "cpu", 1.5)
    yield limit("W6/100k-idle of the receiver", "W6/100k-idle", "receiver_cpu", 1.5)
    for stages, one, two in (("three", "W7/one", "W7/two"), ("four", "W7/one-even", "W7/two-even")):
        yield (f"W7 two workers, {stages} stages", ">= 1.85 x one", quotient(median(two, "events"), median(one, "events")),
               at_least(1.85), " x")
    yield ("W8/skew both busy", "<= 50 ms", median("W8/skew", "both_busy"), at_most(50), " ms")
    yield ("W8/skew events", ">= 0.9 x even", quotient(median("W8/skew", "events"), median("W8/even", "events")),
           at_least(0.9), " x")
    yield ("W9 1,000 topics", "<= 1.5 x 10 topics",
           quotient(median("W9/1000", "publish"), median("W9/10", "publish")), at_most(1.5), " x")
    yield routing(found)
    yield ("W11/echo", ">= 0.9 x plain libuv",
           quotient(median("W11/echo", "round_trips"), median("W11/echo", "round_trips", "limits")),
           at_least(0.9), " x")


def fan_in(found):
    """Either of two: a speed, or a ratio to a bare hop."""
    value = found.median("W4/actors", "events")
    ratio = found.times("W4/actors", "events", "maiko", "limits")
    return ("W4/actors", ">= 55 M/s, or <= 2.5 x limit", value,
            lambda events: events >= 55e6 or (ratio is not None and ratio <= 2.5),
            "/s" + ("" if ratio is None else f", {ratio:.2f} x"))


def routing(found):
    """A hundred thousand topics are slower than ten as the caches are; that may be no other."""
    growth, bare = (quotient(found.median("W9/100000", "publish", who), found.median("W9/10", "publish", who))
                    for who in ("maiko", "limits"))
    wanted = "as an array's" if bare is None else f"<= {bare:.2f} x, as an array's"
    return ("W9 100,000 topics, to 10", wanted, None if bare is None else growth,
            at_most(math.inf if bare is None else bare), " x")
