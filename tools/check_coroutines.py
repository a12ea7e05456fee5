#!/usr/bin/env python3
"""Coroutines own their parameters: check_coroutines.py [ROOT]

A reference that can bind a temporary (`const T&`, `T&&`) may hang once a coroutine is suspended. clang-tidy's own check of
this takes plain lambdas inside of coroutines for coroutines, hence this one. A plain reference names what outlives the caller.
"""

import re
import sys
from pathlib import Path

from check_sizes import NOISE, blank, tracked

DECLARATION = re.compile(
    r"\bawaitable<[^;{}=]*?>\s+([\w:]+)\s*\(([^;{}]*?)\)\s*(?:const\s*)?(?:noexcept\s*)?[^;{}()]*[;{]"
)
LAMBDA = re.compile(r"\[[^\[\]]*\]\s*\(([^;{}()]*)\)[^;{}]*->\s*[\w:]*awaitable<")
REFERENCE = re.compile(r"\bconst\s[^,&]*&(?!&)|&&")


def check_text(name, text):
    text = NOISE.sub(blank, text)
    for match in DECLARATION.finditer(text):
        if REFERENCE.search(match.group(2)):
            line = text.count("\n", 0, match.start()) + 1
            yield f"{name}:{line}: {match.group(1)}: a coroutine takes its parameters by value, not by const T& or T&&"
    for match in LAMBDA.finditer(text):
        if REFERENCE.search(match.group(1)):
            line = text.count("\n", 0, match.start()) + 1
            yield f"{name}:{line}: a coroutine takes its parameters by value, not by const T& or T&&"


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else "."
    problems = []
    for name in tracked(root):
        path = Path(root) / name
        if name.startswith("src/") and path.suffix in {".h", ".cpp"} and path.is_file():
            problems += check_text(name, path.read_text(errors="replace"))
    print("\n".join(problems) or "coroutines: they own their parameters")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
