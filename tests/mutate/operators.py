"""Where the core can be changed by one small mistake, and how.

A site is one place in one file where one operator applies. Sites are found in the text, not in a syntax
tree: a mutant that does not compile is simply not counted. Comments, strings, preprocessor lines and
assertions are left alone.

SPDX-License-Identifier: MIT
"""

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Site:
    file: str  # below the root of the tree
    line: int  # from 1
    operator: str
    start: int  # where in the file's text, and what stands there
    old: str
    new: str

    @property
    def key(self):
        return f"{self.file}:{self.line}:{self.operator}:{self.start}"

    def apply(self, text):
        assert text[self.start:self.start + len(self.old)] == self.old
        return text[:self.start] + self.new + text[self.start + len(self.old):]


# What may be lost without a compiler's notice: a call, an assignment, a step, as a whole line of its own.
STATEMENT = re.compile(r"^(\t+)((?:\(void\))?[*a-zA-Z_][\w>.\[\]*& ()-]*?(?:\([^;{}]*\)| (?:[-+|&]?=|<<=|>>=) [^;{}]*|\+\+|--));$", re.M)
NOT_LOST = re.compile(r"(?:if|else|for|while|do|switch|return|goto|break|continue|case|typedef|extern|static|const|struct|enum|union"
                      r"|u?int\d*(?:_t)?|bool|size_t|char|void|double|maiko_\w+ \*?\w+ =|mk_\w+ \*?\w+ =)\b")
COUNTER = re.compile(r"mk_count|mk_tally|_count(?:ed|s)?\b.*(?:\+=|\+\+|-=|--)")
CONDITION = re.compile(r"\b(if|while) \(")
DECLARATION = re.compile(r"^(?:const )?(?:\w+ )+\*?\w+ = ")

ORDERS = ("seq_cst", "acq_rel", "acquire", "release")


def blank(text):
    """The text with comments, strings and preprocessor lines as spaces, place for place."""
    def spaces(match):
        return re.sub(r"[^\n]", " ", match.group())
    text = re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', spaces, text, flags=re.S)
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", spaces, text, flags=re.M)
    return re.sub(r"\b(?:assert|_Static_assert)\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)", spaces, text)


def closing(text, at):
    """The index of the bracket that closes the one at `at`, or None."""
    depth = 0
    for i in range(at, len(text)):
        depth += {"(": 1, ")": -1}.get(text[i], 0)
        if depth == 0:
            return i
    return None


def conditions(text):
    for match in CONDITION.finditer(text):
        opened = match.end() - 1
        closed = closing(text, opened)
        if closed is not None:
            inner = text[opened + 1:closed]
            yield "negate", opened + 1, inner, f"!({inner})"


def comparisons(text):
    for old, new in ((" < ", " <= "), (" <= ", " < "), (" > ", " >= "), (" >= ", " > ")):
        for match in re.finditer(re.escape(old), text):
            yield "bound", match.start(), old, new
    for match in re.finditer(r" ([-+]) 1\b(?!\.)", text):
        yield "bound", match.start(), match.group(), f" {match.group(1)} 0"


def connections(text):
    for old, new in ((" && ", " || "), (" || ", " && "), (" == ", " != "), (" != ", " == "), (" & ~", " & ")):
        for match in re.finditer(re.escape(old), text):
            yield "connect", match.start(), old, new


def statements(text):
    for match in STATEMENT.finditer(text):
        statement = match.group(2)
        if NOT_LOST.match(statement) or DECLARATION.match(statement):
            continue
        operator = "uncounted" if COUNTER.search(statement) else "dropped"
        yield operator, match.start(2), statement + ";", ";"


def orders(text):
    for match in re.finditer(r"memory_order_(\w+)", text):
        if match.group(1) in ORDERS:
            yield "order", match.start(), match.group(), "memory_order_relaxed"


def sites_of(file, text):
    code = blank(text)
    found = []
    for operator in (conditions, comparisons, connections, statements, orders):
        for name, start, old, new in operator(code):
            # What a condition contains is taken from the text itself: the blanked one has lost its strings.
            whole = text[start:start + len(old)]
            if whole != old:
                if name != "negate":
                    continue
                new = f"!({whole})"
            found.append(Site(file, text.count("\n", 0, start) + 1, name, start, whole, new))
    return found
