#!/usr/bin/env python3
"""Bounds on files and functions, but for those in tools/exceptions.txt: check_sizes.py [ROOT]

A line of tools/exceptions.txt is `PATH[:FUNCTION] LINES`. The list may only shrink: an entry that is no longer needed,
and one that the commit before had not, is an error.
"""

import ast
import re
import subprocess
import sys
from pathlib import Path

FILE_LINES_MAX = 600
HEADER_LINES_MAX = 200
FUNCTION_LINES_MAX = 75
SOURCES = {".h", ".cpp", ".py", ".ts", ".sh", ".css", ".mjs", ".js", ""}

# Comments, strings and characters, so that their braces do not count.
NOISE = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"(?P<tag>[^(\s]{0,16})\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"|(?<!\w)'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`""",
    re.DOTALL,
)
CONTAINER = re.compile(r"\b(namespace|class|struct|union|enum|extern|interface)\b")
NAME = re.compile(r"([~\w:]+|operator\S+)\s*(?:<[^<>]*>)?\s*\(")


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def brace_functions(text):
    """(name, lines) of each outermost function of C++ or TypeScript."""
    text = NOISE.sub(blank, text)
    scopes, head_start, function = [], 0, None
    for at, character in enumerate(text):
        if character == "{":
            head = text[head_start:at]
            is_container = CONTAINER.search(head) and "(" not in head.split("\n")[-1]
            if function is None and not is_container and "(" in head:
                name = NAME.search(head)
                start = text.count("\n", 0, head_start + len(head) - len(head.lstrip()))
                function = (len(scopes), name.group(1) if name else "(unnamed)", start)
            scopes.append(character)
            head_start = at + 1
        elif character == "}":
            if scopes:
                scopes.pop()
            if function and len(scopes) == function[0]:
                yield function[1], text.count("\n", 0, at) - function[2] + 1
                function = None
            head_start = at + 1
        elif character == ";":
            head_start = at + 1


def python_functions(text):
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return  # a program that is a test of just that; ruff names others
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.end_lineno - node.lineno + 1


def functions(path, text):
    if path.suffix == ".py":
        return python_functions(text)
    if path.suffix in {".h", ".cpp", ".ts", ".mjs"}:
        return brace_functions(text)
    return ()


def measure(root, names):
    """(subject, lines, bound) of all that is over its bound."""
    for name in names:
        path = Path(root) / name
        if path.suffix not in SOURCES or not path.is_file():
            continue
        text = path.read_text(errors="replace")
        if path.suffix == "" and not text.startswith("#!"):
            continue
        lines = text.count("\n")
        bound = HEADER_LINES_MAX if path.suffix == ".h" else FILE_LINES_MAX
        if lines > bound:
            yield name, lines, bound
        longest = {}
        for function, size in functions(path, text):
            longest[function] = max(size, longest.get(function, 0))
        for function, size in longest.items():
            # A test program's or a suite's body is a list of cases.
            if size > FUNCTION_LINES_MAX and function not in {"describe", "suite"}:
                yield f"{name}:{function}", size, FUNCTION_LINES_MAX


def parse_exceptions(text):
    lines = (line.split("#")[0].split() for line in text.splitlines())
    return {line[0]: int(line[1]) for line in lines if line}


def problems(measured, exceptions, earlier):
    over = {subject: lines for subject, lines, _ in measured}
    for subject, lines, bound in measured:
        if lines > exceptions.get(subject, bound):
            yield f"{subject}: {lines} lines; the bound is {exceptions.get(subject, bound)}"
    for subject, lines in exceptions.items():
        if subject not in over:
            yield f"tools/exceptions.txt: {subject} is within its bound now; take it out"
        elif earlier is not None and lines > earlier.get(subject, 0):
            yield f"tools/exceptions.txt: {subject} {lines}: the list may only shrink"


def tracked(root):
    listed = subprocess.run(
        ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True, capture_output=True, text=True)  # fmt: skip
    return sorted(set(filter(None, listed.stdout.split("\0"))))


def earlier_exceptions(root):
    """The list as the commit before had it; None where it had none."""
    shown = subprocess.run(
        ["git", "-C", root, "show", "HEAD~1:tools/exceptions.txt"], capture_output=True, text=True)  # fmt: skip
    return parse_exceptions(shown.stdout) if shown.returncode == 0 else None


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else "."
    listing = Path(root) / "tools/exceptions.txt"
    exceptions = parse_exceptions(listing.read_text()) if listing.exists() else {}
    found = list(problems(list(measure(root, tracked(root))), exceptions, earlier_exceptions(root)))
    print("\n".join(found) or "sizes: within their bounds")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
