"""The plots: a data file and a gnuplot script each, and the SVG that gnuplot makes of them.

SPDX-License-Identifier: MIT
"""

import math
import shutil
import subprocess

HEAD = """set terminal svg size 900,480 background rgb 'white' font 'sans,13'
set output '{name}.svg'
set title '{title}'
set ylabel '{ylabel}'
set grid ytics
set key outside right top
"""
BARS = """set style data histograms
set style histogram clustered gap 1
set style fill solid 0.8 border -1
set boxwidth 0.9
set xtics rotate by -35
plot {plots}
"""
LINES = """set logscale x
set format x '10^{{%T}}'
set xlabel 'how many'
plot {plots}
"""
# Of bench/growth, in the plot from one object on; the others are measured at two numbers only.
GROWTH = ("cancel", "mute", "muted-by", "thread", "observation")
# Of one kind, so that they may stand beside each other; more is better.
THROUGHPUT = [("W2/one", "events"), ("W2/two", "events"), ("W2/default", "events"),
              ("W3/one", "deliveries"), ("W3/two", "deliveries"),
              ("W4/actors", "events"), ("W4/actors-two", "events"), ("W4/threads", "events"), ("W7/one", "events"),
              ("W7/two", "events"), ("W7/default", "events"), ("W8/even", "events"), ("W8/skew", "events"),
              ("W10/ring", "hops"),
              ("W10/ring-two", "hops"), ("W10/ring-default", "hops"), ("W10/mesh", "hops"), ("W10/mesh-two", "hops"),
              ("W10/mesh-default", "hops"), ("W11/echo", "round_trips")]
PACES = ("W6/100k", "W6/1k", "W6/100k-idle", "W6/1k-idle")


def draw(found, subjects, out):
    bars(found, subjects, out, "throughput", "Throughput", "a second", "set logscale y\n",
         [(variant, variant, figure) for variant, figure in THROUGHPUT])
    bars(found, subjects, out, "latency", "Latency from send to handler, at a pace", "microseconds",
         "set logscale y\n", [(f"{variant} {figure}", variant, figure) for variant in PACES
                              for figure in ("p50", "p99", "p999")])
    bars(found, subjects, out, "memory", "Memory of an idle actor besides its state", "bytes",
         "set yrange [0:*]\n", [("W5/idle", "W5/idle", "memory")])
    sweep(found, out, "sweep-time", "An event, as there are more", "nanoseconds", "S", "event")
    sweep(found, out, "sweep-memory", "Memory of each, as there are more", "bytes", "S", "memory")
    sweep(found, out, "sweep-operations", "An operation among as many objects of its kind", "nanoseconds", "G",
          "operation", GROWTH)
    if not shutil.which("gnuplot"):
        print("gnuplot is missing (Debian package gnuplot-nox): scripts and data are there, plots are not")


def cell(value):
    return "?" if value is None or not math.isfinite(value) or value <= 0 else f"{value:g}"


def bars(found, subjects, out, name, title, ylabel, more, places):
    """A group of bars a place, a bar a subject; places and subjects without a figure are left out."""
    places = [p for p in places if any(found.median(p[1], p[2], s) is not None for s in subjects)]
    subjects = [s for s in subjects if any(found.median(p[1], p[2], s) is not None for p in places)]
    if not places:
        return
    rows = [["place"] + subjects]
    rows += [[f'"{label}"'] + [cell(found.median(variant, figure, s)) for s in subjects]
             for label, variant, figure in places]
    plots = ", ".join(f"'{name}.dat' using {i + 2}" + (":xtic(1)" if i == 0 else "") + f" title '{subject}'"
                      for i, subject in enumerate(subjects))
    write(out, name, rows, HEAD.format(name=name, title=title, ylabel=ylabel) + "set datafile missing '?'\n" +
          more + BARS.format(plots=plots))


def sweep(found, out, name, title, ylabel, workload, figure, only=None):
    """A line a kind: S/actors-N, S/topics-N, S/subscribers-N; or of G, those kinds only."""
    kinds, counts = [], set()
    for variant, of, subject in found.series:
        kind, _, count = variant.partition("/")[2].rpartition("-")
        if (variant.startswith(f"{workload}/") and of == figure and subject == "maiko" and
                (only is None or kind in only)):
            counts.add(int(count))
            if kind not in kinds:
                kinds.append(kind)
    if not kinds:
        return
    rows = [["count"] + kinds]
    rows += [[str(n)] + [cell(found.median(f"{workload}/{kind}-{n}", figure)) for kind in kinds]
             for n in sorted(counts)]
    plots = ", ".join(f"'{name}.dat' using 1:{i + 2} with linespoints linewidth 2 title '{kind}'"
                      for i, kind in enumerate(kinds))
    write(out, name, rows, HEAD.format(name=name, title=title, ylabel=ylabel) +
          "set datafile missing '?'\nset logscale y\n" + LINES.format(plots=plots))


def write(out, name, rows, script):
    (out / f"{name}.dat").write_text("".join("\t".join(row) + "\n" for row in [["# " + rows[0][0]] + rows[0][1:]] +
                                             rows[1:]))
    (out / f"{name}.gp").write_text(script)
    if not shutil.which("gnuplot"):
        return
    made = subprocess.run(["gnuplot", f"{name}.gp"], cwd=out, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        print(f"gnuplot could not draw {name}: {made.stderr.strip()}")
