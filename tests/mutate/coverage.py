"""Which test runs which line of the core, and how long it takes.

Each test of a tree that was built with --coverage runs alone and leaves its counts in a folder of its own.

SPDX-License-Identifier: MIT
"""

import collections
import json
import os
import subprocess
import time

LEFT_OUT = ("sim.signature",)  # compares what two compilers make of the sources
UNTOLD = ("contract.test_refused_by_system",)  # its children, which end by _exit, leave no counts


def tests_of(build, labels):
    """The tests of a build by name, with their commands."""
    listing = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"], check=True, capture_output=True)
    found = {}
    for test in json.loads(listing.stdout)["tests"]:
        properties = {p["name"]: p["value"] for p in test["properties"]}
        ours = set(labels) & set(properties.get("LABELS", []))
        if ours and "command" in test and test["name"] not in LEFT_OUT:
            found[test["name"]] = {"command": test["command"]}
    return found


def run_alone(test, build, counts):
    """Runs a test in a folder, its counts below the folder `counts`; returns its seconds, or None if it fails."""
    start = time.monotonic()
    done = subprocess.run(test["command"], cwd=build, env=os.environ | {"GCOV_PREFIX": str(counts)},
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600)
    return time.monotonic() - start if done.returncode == 0 else None


def lines_run(counts, build, root):
    """The lines of src/core that the counts below a folder tell of, as "file:line"."""
    folder = counts / str(build).lstrip("/")
    found, data = set(), []
    # The library, and what a test compiles itself.
    for pattern in ("CMakeFiles/maiko_static.dir/**/*.gcda", "tests/CMakeFiles/*.dir/**/*.gcda"):
        for counted in sorted(folder.glob(pattern)):
            note = counted.with_suffix(".gcno")
            if not note.exists():
                note.symlink_to(build / note.relative_to(folder))
            data.append(str(counted))
    if not data:
        return found
    out = subprocess.run(["gcov", "--json-format", "--stdout", *data], cwd=counts, check=True, capture_output=True)
    for report in out.stdout.splitlines():
        for file in json.loads(report)["files"]:
            path = os.path.relpath(os.path.normpath(os.path.join(root, file["file"])), root)
            if path.startswith("src/core/"):
                found.update(f"{path}:{line['line_number']}" for line in file["lines"] if line["count"] > 0)
    return found


def measure(build, root, labels, say):
    """{"tests": {name: test}, "lines": {"file:line": [name, ...]}} of the tests that pass.

    A test is its command and its seconds."""
    tests, lines = {}, collections.defaultdict(list)
    for name, test in tests_of(build, labels).items():
        counts = build / "counts" / name
        subprocess.run(["rm", "-rf", counts], check=True)
        counts.mkdir(parents=True)
        took = run_alone(test, build, counts)
        if took is None:
            say(f"left out, because it fails without a mutant: {name}")
            continue
        tests[name] = test | {"seconds": took}
        for line in lines_run(counts, build, root):
            lines[line].append(name)
    return {"tests": tests, "lines": lines}
