"""A subject's program, as the protocol of bench/README.md has it.

SPDX-License-Identifier: MIT
"""

import os
import re
import signal
import subprocess


class Failed(Exception):
    """A run that gave no figures, and why."""


def order_of(variant):
    """W1 before W10, the workloads of others after them; variants by name, numbers by value."""
    pieces = re.split(r"(\d+)", variant)
    return (not variant.startswith("W"), [(p.isdigit(), int(p) if p.isdigit() else 0, p) for p in pieces])


class Subject:
    def __init__(self, name, path, timeout_s):
        self.name, self.path, self.timeout_s = name, path, timeout_s
        self.broken = ""
        self.variants, self.about = [], ""
        try:
            self.variants = self._call("list").split()
            self.about = self._call("about").strip()
        except Failed as why:
            self.broken = str(why)

    def run(self, variant, scale):
        """{figure: (unit, value)} of one run."""
        figures = {}
        for line in self._call("run", variant, f"{scale:g}").splitlines():
            try:
                figure, unit, value = line.split()
                figures[figure] = (unit, float(value))
            except ValueError:
                raise Failed(f"not a figure: {line[:80]}") from None
        if not figures:
            raise Failed("no figures")
        return figures

    def _call(self, *arguments):
        """What the program prints. It and its children get so much time, and no more."""
        try:
            process = subprocess.Popen([self.path, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True)
        except OSError as error:
            raise Failed(f"cannot be started: {error.strerror}") from None
        try:
            out, err = process.communicate(timeout=self.timeout_s)
        except subprocess.TimeoutExpired:
            raise Failed(f"not done after {self.timeout_s:g} s") from None
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.stdout.close()
            process.stderr.close()
            process.wait()
        if process.returncode != 0:
            said = err.strip().splitlines()
            raise Failed(f"exit code {process.returncode}" + (f": {said[0][:120]}" if said else ""))
        return out
