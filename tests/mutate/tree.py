"""A copy of the project that is built and tested with one mutant after the other.

SPDX-License-Identifier: MIT
"""

import os
import pathlib
import shutil
import signal
import subprocess

FLAGS = {
    "plain": ["-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O1 -w"],
    "asan": ["-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O1 -g1 -w", "-DMAIKO_SANITIZE=address,undefined"],
    "tsan": ["-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O1 -g1 -w", "-DMAIKO_SANITIZE=thread"],
    "coverage": ["-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O0 -g1 --coverage -fprofile-update=atomic"],
}
CHECKS = {
    # Memory that is new or freed has no zeroes, and is used again at once.
    "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0:glibc.malloc.perturb=165",
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1",
    "TSAN_OPTIONS": "halt_on_error=1",
}


def sources(root):
    listing = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=root, check=True, capture_output=True)
    return sorted(p for p in listing.stdout.decode().splitlines() if (root / p).is_file())


def ended(command, folder, seconds):
    """The exit code of a command with all it started; None if it did not end in time."""
    process = subprocess.Popen(command, cwd=folder, env=os.environ | CHECKS, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()


class Tree:
    def __init__(self, root, folder, kind):
        self.root, self.folder, self.kind = root, folder, kind
        self.build = folder / "build"
        self.prefix = []
        if kind == "tsan" and subprocess.run(["setarch", "-R", "true"], capture_output=True).returncode == 0:
            self.prefix = ["setarch", "-R"]

    def make(self):
        """Copies what has changed in the project and configures; the rest stays built."""
        wanted = sources(self.root)
        for path in wanted:
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            content = (self.root / path).read_bytes()
            if not target.exists() or target.read_bytes() != content:
                target.write_bytes(content)
                shutil.copymode(self.root / path, target)
        for path in self.folder.glob("src/**/*.[ch]"):
            if str(path.relative_to(self.folder)) not in wanted:
                path.unlink()
        subprocess.run(["cmake", "-S", self.folder, "-B", self.build, "-G", "Ninja", "-DCMAKE_C_COMPILER=gcc",
                        "-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DMAIKO_BUILD_TESTS=ON", "-DMAIKO_BUILD_EXAMPLES=OFF",
                        "-DMAIKO_BUILD_BENCH=OFF", *FLAGS[self.kind]], check=True, stdout=subprocess.DEVNULL)
        return self

    def compile(self, *targets, jobs=1):
        command = ["ninja", "-C", self.build, "-j", str(jobs), *map(str, targets)]
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0

    def plant(self, site):
        path = self.folder / site.file
        path.write_text(site.apply((self.root / site.file).read_text()))

    def restore(self, site):
        (self.folder / site.file).write_text((self.root / site.file).read_text())

    def fails(self, test, seconds):
        """How a test of another tree fails in this one: "failed", "hung" if it does not end in time; None if it passes."""
        command = [part.replace(test["tree"], str(self.folder)) for part in test["command"]]
        program = pathlib.Path(command[0])
        if program.is_relative_to(self.build) and not self.compile(program.relative_to(self.build)):
            return "failed"
        code = ended(self.prefix + command, self.build, seconds)
        return {None: "hung", 0: None}.get(code, "failed")
