"""The table: every figure of every subject, with its ratios.

SPDX-License-Identifier: MIT
"""

import datetime
import math
import os
import platform


def load():
    """How busy the machine is, as text."""
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()


def head(chosen, options, load_before):
    lines = [f"{datetime.datetime.now():%Y-%m-%d %H:%M}, {processor()}, {len(os.sched_getaffinity(0))} cores,"
             f" {platform.system()} {platform.release()}",
             f"load before {load_before}, after {load()}; {options.runs} counted runs of each, scale {options.scale:g}",
             ""]
    lines += [f"{s.name}: {s.about or s.broken}" for s in chosen]
    lines += ["", "x limit, x maiko: how many times their cost; more is worse", ""]
    return "\n".join(lines)


def number(value):
    """Four digits that count, with a unit's prefix above a million."""
    if math.isinf(value):
        return "never"
    for size, prefix in ((1e9, "G"), (1e6, "M")):
        if abs(value) >= size:
            return f"{value / size:.4g} {prefix}"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def ratio(value):
    return "" if value is None or not math.isfinite(value) else f"{value:.2f}"


def figures(found, chosen):
    rows = [("variant", "figure", "subject", "median", "min", "max", "unit", "x limit", "x maiko")]
    for variant, names in found.figures().items():
        for figure in names:
            for name in (s.name for s in chosen):
                series = found.series.get((variant, figure, name))
                if series is None or found.has_failed(variant, name):
                    continue
                by_limit = found.times(variant, figure, name, "limits") if name != "limits" else None
                by_maiko = found.times(variant, figure, name, "maiko") if name not in ("maiko", "limits") else None
                rows.append((variant, figure, name, number(series.median), number(min(series.runs)),
                             number(max(series.runs)), series.unit, ratio(by_limit), ratio(by_maiko)))
        for name in (s.name for s in chosen):
            if found.has_failed(variant, name):
                rows.append((variant, "", name, "failed", "", "", "", "", ""))
    return aligned(rows, right=(3, 4, 5, 7, 8)) + failures(found)


def failures(found):
    if not found.failed:
        return ""
    return "\n" + "".join(f"failed: {subject} {variant}: {why}\n" for (variant, subject), why in found.failed.items())


def aligned(rows, right=()):
    """Columns as wide as their widest cell; a line under the first row."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.rjust(width) if i in right else cell.ljust(width)
                       for i, (cell, width) in enumerate(zip(row, widths))).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines) + "\n"
