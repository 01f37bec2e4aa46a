#!/usr/bin/env python3
"""Runs the benchmark programs of all subjects and compares them.

    run.py --out DIR --program maiko=PATH --program limits=PATH [--program PEER=PATH ...]

Builds nothing. Within one variant the subjects take turns, so that a drift of the machine
hits all alike; one uncounted run of each comes first. Writes DIR/table.txt (and shows it),
DIR/results.json, and plots. A subject that fails or hangs is shown as failed, and the rest
goes on; the exit code is 1 if that was maiko or limits.

SPDX-License-Identifier: MIT
"""

import argparse
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent / "driver"))

import goals
import plots
import results
import subjects
import table

OURS = ("maiko", "limits")


def arguments():
    parser = argparse.ArgumentParser(description="Runs the benchmarks of all subjects and compares them.")
    parser.add_argument("--program", action="append", required=True, metavar="SUBJECT=PATH",
                        help="a subject's program (bench/README.md says what it must understand)")
    parser.add_argument("--out", type=pathlib.Path, required=True, metavar="DIR", help="where the results go")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="counted runs of each (5)")
    parser.add_argument("--only", metavar="W1,W2/one", help="these workloads and variants")
    parser.add_argument("--subjects", metavar="maiko,limits,go", help="these subjects")
    parser.add_argument("--scale", type=float, default=1.0, metavar="X", help="times as many events (1)")
    parser.add_argument("--sweep", action="store_true", help="the sweeps too (S/..., G/...)")
    parser.add_argument("--timeout", type=float, default=120.0, metavar="S", help="seconds a run may take (120)")
    options = parser.parse_args()
    if options.runs < 1 or not 0 < options.scale <= 1000 or options.timeout <= 0:
        parser.error("--runs, --scale and --timeout are greater than 0")
    return options


def chosen_subjects(options):
    wanted = options.subjects.split(",") if options.subjects else None
    chosen = []
    for pair in options.program:
        name, _, path = pair.partition("=")
        if wanted is None or name in wanted:
            chosen.append(subjects.Subject(name, path, options.timeout))
    for name in wanted or []:
        if name not in [s.name for s in chosen]:
            sys.exit(f"run.py: there is no program of the subject {name}")
    # maiko, then what it is measured by, then its peers.
    return sorted(chosen, key=lambda s: (OURS.index(s.name) if s.name in OURS else len(OURS), s.name))


def chosen_variants(chosen, options):
    only = options.only.split(",") if options.only else None
    variants = {variant for subject in chosen for variant in subject.variants}
    if only is not None:
        variants = {v for v in variants if v in only or v.split("/")[0] in only}
    elif not options.sweep:
        variants = {v for v in variants if not v.startswith(("S/", "G/"))}
    if not variants:
        sys.exit("run.py: nothing to run")
    return sorted(variants, key=subjects.order_of)


def measure(chosen, variants, options):
    found = results.Results()
    for variant in variants:
        running = [s for s in chosen if variant in s.variants]
        print(f"{variant}: {', '.join(s.name for s in running)}", file=sys.stderr, flush=True)
        for turn in range(options.runs + 1):
            for subject in running:
                if found.has_failed(variant, subject.name):
                    continue
                try:
                    figures = subject.run(variant, options.scale)
                except subjects.Failed as why:
                    print(f"{variant}: {subject.name} failed: {why}", file=sys.stderr, flush=True)
                    found.fail(variant, subject.name, str(why))
                    continue
                if turn > 0:
                    found.add(variant, subject.name, figures)
    return found


def main():
    options = arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    chosen = chosen_subjects(options)
    before = table.load()
    found = measure(chosen, chosen_variants(chosen, options), options)
    for subject in chosen:
        if subject.broken:
            found.fail("list", subject.name, subject.broken)

    text = "\n".join([table.head(chosen, options, before), table.figures(found, chosen), goals.table(found)])
    print(text)
    (options.out / "table.txt").write_text(text + "\n")
    (options.out / "results.json").write_text(found.json())
    plots.draw(found, [s.name for s in chosen], options.out)
    print(f"in {options.out}: table.txt, results.json, plots")
    return 1 if any(subject in OURS for _, subject in found.failed) else 0


if __name__ == "__main__":
    sys.exit(main())
