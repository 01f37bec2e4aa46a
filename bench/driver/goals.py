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
    yield ("W1/eight round trip", "<= 2 x W1/two",
           quotient(median("W1/eight", "round_trip"), median("W1/two", "round_trip")), at_most(2), " x")
    yield limit("W2/one hop", "W2/one", "hop", 2.2)
    yield limit("W3/one delivery", "W3/one", "deliveries", 2.5)
    for size in ("1KiB", "64KiB"):
        value = quotient(median("W3/one", "deliveries"), median(f"W3/one-{size}", "deliveries"))
        yield (f"W3/one-{size} delivery", "<= 1.1 x W3/one", value, at_most(1.1), " x")
    yield fan_in(found)
    yield ("W4/threads", ">= 8 M/s", median("W4/threads", "events"), at_least(8e6), "/s")
    yield limit("X/event between workers", "X/event", "event", 3)
    yield ("W5/idle memory an actor", "<= 256 B", median("W5/idle", "memory"), at_most(256), " B")
    yield ("W5/idle start", ">= 3 M actors/s", median("W5/idle", "start"), at_least(3e6), " actors/s")
    yield ("W6/100k p50", "<= 0.5 us", median("W6/100k", "p50"), at_most(0.5), " us")
    yield tail(found)
    yield limit("W6/1k-idle processor time", "W6/1k-idle", "cpu", 1.5)
    yield limit("W6/100k-idle of the receiver", "W6/100k-idle", "receiver_cpu", 1.5)
    for stages, one, two, bound in (("three", "W7/one", "W7/two", 1.7), ("four", "W7/one-even", "W7/two-even", 1.85)):
        yield (f"W7 two workers, {stages} stages", f">= {bound} x one",
               quotient(median(two, "events"), median(one, "events")), at_least(bound), " x")
    yield ("W8/skew both busy", "<= 50 ms", median("W8/skew", "both_busy"), at_most(50), " ms")
    yield ("W8/skew events", ">= 0.9 x even", quotient(median("W8/skew", "events"), median("W8/even", "events")),
           at_least(0.9), " x")
    yield ("W9 1,000 topics", "<= 1.5 x 10 topics",
           quotient(median("W9/1000", "publish"), median("W9/10", "publish")), at_most(1.5), " x")
    yield routing(found)
    yield ("W10/ring", ">= 40 M hops/s", median("W10/ring", "hops"), at_least(40e6), " hops/s")
    for kind in ("ring", "mesh"):
        yield (f"W10/{kind}-eight", f">= 0.5 x {kind}-two",
               quotient(median(f"W10/{kind}-eight", "hops"), median(f"W10/{kind}-two", "hops")), at_least(0.5), " x")
    yield ("W11/echo", ">= 0.9 x plain libuv",
           quotient(median("W11/echo", "round_trips"), median("W11/echo", "round_trips", "limits")),
           at_least(0.9), " x")
    for part in ("insert", "cancel", "fire"):
        yield limit(f"T/million {part}", "T/million", part, 2)
    yield from defaults(found)
    for size in ("4KiB", "16KiB", "64KiB"):
        yield payload(found, size)
    yield from watched(found)


def tail(found):
    """A machine that interrupts the bare rings interrupts maiko, too."""
    value, bare = (found.median("W6/100k", "p99", who) for who in ("maiko", "limits"))
    bound = max(10, 3 * (bare or 0))
    return ("W6/100k p99", f"<= {number(bound)} us, 10 us or 3 x limit", value, at_most(bound), " us")


def defaults(found):
    """What a user gets who says nothing is no slower than the better of one worker and two."""
    for default, figure, rivals in (("W1/default", "round_trip", ("W1/one", "W1/two")),
                                    ("W2/default", "events", ("W2/one", "W2/two")),
                                    ("W3/default", "deliveries", ("W3/one", "W3/two")),
                                    ("W7/default", "events", ("W7/one", "W7/two")),
                                    ("W10/ring-default", "hops", ("W10/ring", "W10/ring-two")),
                                    ("W10/mesh-default", "hops", ("W10/mesh", "W10/mesh-two"))):
        speeds = [found.speed(v, figure) for v in (default, *rivals)]
        value = None if None in speeds else quotient(speeds[0], max(speeds[1:]))
        yield (default, ">= 0.95 x better of one and two", value, at_least(0.95), " x")


def payload(found, size):
    """1.5 times its copy, and 100 ns."""
    value, copy = (found.median(f"P/{size}", "event", who) for who in ("maiko", "limits"))
    bound = math.inf if copy is None else 1.5 * copy + 100
    return (f"P/{size} an event", f"<= {number(bound)} ns, 1.5 x memcpy + 100",
            None if copy is None else value, at_most(bound), " ns")


def watched(found):
    """What a hop costs more while it is watched; a recorded one in all."""
    alone = found.median("M/none", "hop")
    for variant, bound in (("M/failures", 1), ("M/all", 25)):
        value = found.median(variant, "hop")
        more = None if value is None or alone is None else value - alone
        yield (f"{variant} more a hop", f"<= {bound} ns", more, at_most(bound), " ns")
    yield ("M/recorder a hop", "<= 150 ns", found.median("M/recorder", "hop"), at_most(150), " ns")
    for variant, bound in (("C/actor", 32), ("C/actor-two", 80), ("C/subscription", 70)):
        yield (f"{variant} pair of changes", f"<= {bound} us", found.median(variant, "pair"), at_most(bound), " us")


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
