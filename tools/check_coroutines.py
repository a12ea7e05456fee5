#!/usr/bin/env python3
"""Coroutines own what they use: check_coroutines.py [ROOT]

A reference that can bind a temporary (`const T&`, `T&&`) may hang once a coroutine is suspended, and so may what a
lambda captured; `T&` names what outlives the call. Private steps, and those of a source file, may borrow from the
coroutine that awaits them. clang-tidy's own checks of this come with version 17, or take plain lambdas for coroutines.
"""

import re
import sys
from pathlib import Path

from check_sizes import NOISE, blank, tracked

DECLARATION = re.compile(
    r"\bawaitable<[^;{}=]*?>\s+([\w:]+)\s*\(([^;{}]*?)\)\s*(?:const\s*)?(?:noexcept\s*)?[^;{}()]*[;{]"
)
LAMBDA = re.compile(r"\[([^\[\]]*)\]\s*\(([^;{}()]*)\)[^;{}]*->\s*[\w:]*awaitable<")
SECTION = re.compile(r"\b(public|private|protected)\s*:|\b(?:class|struct)\s+\w+[^;(){}]*{|^};", re.MULTILINE)
REFERENCE = re.compile(r"\bconst\s[^,&]*&(?!&)|&&")


def is_private(text, at):
    sections = [match.group(1) for match in SECTION.finditer(text, 0, at)]
    return bool(sections) and sections[-1] in {"private", "protected"}


def check_text(name, text):
    text = NOISE.sub(blank, text)

    def problem(match, what):
        return f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {what}"

    for match in DECLARATION.finditer(text):
        is_step = not name.endswith(".h") or is_private(text, match.start())
        if not is_step and REFERENCE.search(match.group(2)):
            yield problem(match, f"{match.group(1)}: a coroutine takes its parameters by value, not by const T& or T&&")
    for match in LAMBDA.finditer(text):
        if REFERENCE.search(match.group(2)):
            yield problem(match, "a coroutine takes its parameters by value, not by const T& or T&&")
        if match.group(1).strip():
            yield problem(
                match, "a lambda that is a coroutine captures nothing: give it parameters, or name a function"
            )


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else "."
    problems = []
    for name in tracked(root):
        path = Path(root) / name
        if name.startswith("src/") and path.suffix in {".h", ".cpp"} and path.is_file():
            problems += check_text(name, path.read_text(errors="replace"))
    print("\n".join(problems) or "coroutines: they own what they use")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
