#!/usr/bin/env python3
"""Plants one small mistake after the other in the core, and tells which of them no test sees.

    mutate.py --root DIR --out DIR [--count N] [--seed S] [--seeds N] [--jobs N] [--only REGEX] [--again]

The mistakes (operators.py) are sampled by --seed from all places of src/core. Each is built and tried against
2,000 explored seeds and the tests that run its line, the quickest first, and the first that fails kills it. What
survives these is tried again with the explorer and the quick ones under the address and undefined behaviour
sanitizers; where a lock is missing and where a memory order is weaker, it is the thread sanitizer. A result is written down at once, so that a run that was
stopped goes on where it was; --again forgets the results. What is argued to change nothing that can be seen
stands in equivalent.txt, with the argument.

Ends with 1 if fewer than 95 % of those that are not equivalent were killed.

SPDX-License-Identifier: MIT
"""

import argparse
import concurrent.futures
import hashlib
import json
import pathlib
import queue
import random
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import coverage
import operators
import tree

LABELS = ("unit", "contract", "sim", "stress")
KILLED_PERCENT = 95
QUICK_S = 0.5
SLOWER = {"plain": 1, "asan": 10, "tsan": 20}  # a guess from above


def arguments():
    parser = argparse.ArgumentParser(description="Plants mistakes in the core and tells which of them no test sees.")
    parser.add_argument("--root", type=pathlib.Path, required=True, metavar="DIR", help="the project")
    parser.add_argument("--out", type=pathlib.Path, required=True, metavar="DIR", help="where trees and results go")
    parser.add_argument("--count", type=int, default=120, metavar="N", help="mistakes (120)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="which ones (1)")
    parser.add_argument("--seeds", type=int, default=2000, metavar="N", help="explored seeds for each (2,000)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="mistakes at a time (1)")
    parser.add_argument("--only", default="", metavar="REGEX", help="in these places: FILE:LINE:OPERATOR")
    parser.add_argument("--again", action="store_true", help="forget the results of this seed")
    options = parser.parse_args()
    if min(options.count, options.jobs, options.seeds) < 1:
        parser.error("--count, --jobs and --seeds are greater than 0")
    options.root, options.out = options.root.resolve(), options.out.resolve()
    return options


def say(text):
    print(text, flush=True)


def core_files(root):
    return sorted(p for p in (root / "src" / "core").rglob("*.[ch]"))


def digest(root):
    total = hashlib.sha256()
    for path in [*core_files(root), *sorted((root / "tests").rglob("*.[ch]"))]:
        total.update(path.read_bytes())
    return total.hexdigest()


def covered(options):
    """What coverage.measure tells of this state of the sources; kept beside it."""
    kept, state = options.out / "coverage.json", digest(options.root)
    if kept.exists():
        known = json.loads(kept.read_text())
        if known["state"] == state:
            return known
    say("building and running: which test runs which line")
    built = tree.Tree(options.root, options.out / "coverage", "coverage").make()
    if not built.compile("all", jobs=2):
        sys.exit("mutate: the project does not build with --coverage")
    known = coverage.measure(built.build, built.folder, LABELS, say)
    known |= {"state": state, "tree": str(built.folder)}
    kept.write_text(json.dumps(known))
    return known


def equivalents(root):
    """The mistakes that are argued to change nothing: (file, operator, the line as it is)."""
    listed = set()
    for line in (root / "tests" / "mutate" / "equivalent.txt").read_text().splitlines():
        if line and not line.startswith("#") and not line.startswith("\t"):
            file, operator, text = line.split(" ", 2)
            listed.add((file, operator, text.strip()))
    return listed


def stale(root, listed):
    """Those that are no place of the core any more: the file, the operator there or the line has changed."""
    files = {file for file, _, _ in listed}
    texts = {file: (root / file).read_text() for file in files if (root / file).is_file()}
    there = {(file, site.operator, text.splitlines()[site.line - 1].strip())
             for file, text in texts.items() for site in operators.sites_of(file, text)}
    return sorted(listed - there)


def kinds_for(site):
    """The builds that a mistake is tried in, one after the other."""
    if site.operator == "order":
        return ("tsan",)
    return ("plain", "tsan") if "lock(" in site.old else ("plain", "asan")


class Trial:
    """Tries mistakes, each on a set of trees that nobody else has meanwhile."""

    def __init__(self, options, known):
        self.options, self.known = options, known
        self.trees = queue.Queue()
        for job in range(options.jobs):
            self.trees.put({kind: None for kind in SLOWER} | {"job": job})

    def tree(self, mine, kind):
        if mine[kind] is None:
            mine[kind] = tree.Tree(self.options.root, self.options.out / f"{kind}-{mine['job']}", kind).make()
            mine[kind].compile("maiko_static", "maiko-test_static", "maiko_test_support", "explore", jobs=2)
        return mine[kind]

    def tests(self, site, kind):
        """The explorer, then what runs the line (where none is known to: what does not tell), the quickest first."""
        explorer = [f"{self.known['tree']}/build/tests/explore", "--quiet", "--jobs", "1", "--seeds"]
        yield "explore", {"command": [*explorer, str(self.options.seeds)], "seconds": 1}
        names = self.known["lines"].get(f"{site.file}:{site.line}", coverage.UNTOLD)
        tests = {name: self.known["tests"][name] for name in names if name in self.known["tests"]}
        for name, test in sorted(tests.items(), key=lambda item: item[1]["seconds"]):
            if kind != "asan" or test["seconds"] <= QUICK_S:
                yield name, test

    def killer(self, site, built):
        """The first test that fails, and how; "" if it does not compile, None if all pass."""
        built.plant(site)
        try:
            if not built.compile("maiko_static", jobs=2):
                return "", None
            for name, test in self.tests(site, built.kind):
                limit_s = 30 + 10 * test["seconds"] * SLOWER[built.kind]
                how = built.fails(test | {"tree": self.known["tree"]}, limit_s)
                if how:
                    return name, how
            return None, None
        finally:
            built.restore(site)

    def __call__(self, site):
        mine = self.trees.get()
        try:
            for kind in kinds_for(site):
                by, how = self.killer(site, self.tree(mine, kind))
                if by is not None:
                    return {"by": by, "how": how, "under": kind}
            return {"by": None, "under": kind}
        finally:
            self.trees.put(mine)


def line_of(root, site):
    return (root / site.file).read_text().splitlines()[site.line - 1].strip()


def sample(options):
    """All places, in the order of the seed: the first that compile are the sample."""
    found = [s for path in core_files(options.root)
             for s in operators.sites_of(str(path.relative_to(options.root)), path.read_text())]
    found = [s for s in found if re.search(options.only, f"{s.file}:{s.line}:{s.operator}")]
    random.Random(options.seed).shuffle(found)
    return found


def identity(root, site):
    """Of a result: the same place in a file that has changed elsewhere is the same mistake."""
    text = (root / site.file).read_text()
    before = text[:site.start].count(line_of(root, site))
    return f"{site.file}|{site.operator}|{line_of(root, site)}|{before}|{site.start - text.rfind(chr(10), 0, site.start)}"


def try_all(options, known, results_file):
    """The results of the first --count mistakes that compile, in order: [(site, result)]."""
    results = {}
    if results_file.exists() and not options.again:
        results = dict(json.loads(line) for line in results_file.read_text().splitlines())
    places, trial = iter(sample(options)), Trial(options, known)
    done = []
    with results_file.open("w" if options.again else "a") as kept, \
            concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        while len(done) < options.count:
            batch = [s for _, s in zip(range(min(options.jobs, options.count - len(done))), places)]
            if not batch:
                break
            fresh = [s for s in batch if identity(options.root, s) not in results]
            for site, result in zip(fresh, pool.map(trial, fresh)):
                results[identity(options.root, site)] = result
                kept.write(json.dumps([identity(options.root, site), result]) + "\n")
                kept.flush()
            for site in batch:
                result = results[identity(options.root, site)]
                if result["by"] == "":
                    continue
                done.append((site, result))
                word = f"killed by {result['by']}" if result["by"] else "SURVIVED"
                word += ", which did not end" if result.get("how") == "hung" else ""
                say(f"{len(done)}/{options.count} {site.file}:{site.line} {site.operator}: {word} ({result['under']})")
    return done


def tell(options, done):
    """Prints the survivors; returns whether few enough are not argued away."""
    listed = equivalents(options.root)
    alive = [s for s, result in done if result["by"] is None]
    argued = [s for s in alive if (s.file, s.operator, line_of(options.root, s)) in listed]
    open_ones = [s for s in alive if s not in argued]
    for site in open_ones:
        say(f"survived: {site.file}:{site.line} {site.operator}\n\t{line_of(options.root, site)}"
            f"\n\t{' '.join(site.old.split())} -> {' '.join(site.new.split())}")
    counted = len(done) - len(argued)
    killed = counted - len(open_ones)
    percent = 100 * killed / counted if counted else 0
    say(f"{len(done)} mistakes: {killed} killed, {len(argued)} equivalent, {len(open_ones)} survived: {percent:.1f} %")
    return percent >= KILLED_PERCENT


def main():
    options = arguments()
    gone = stale(options.root, equivalents(options.root))
    if gone:
        sys.exit("mutate: equivalent.txt has what is nowhere in the core:\n" + "\n".join(map(" ".join, gone)))
    options.out.mkdir(parents=True, exist_ok=True)
    known = covered(options)
    done = try_all(options, known, options.out / f"results-{options.seed}.jsonl")
    sys.exit(0 if tell(options, done) else 1)


if __name__ == "__main__":
    main()
