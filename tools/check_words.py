#!/usr/bin/env python3
"""What no file may say, and how long documents may be: check_words.py [ROOT]"""

import re
import sys
from pathlib import Path

from check_sizes import tracked

# An address in a lock file binds everybody to one registry.
LOCK_NAMES = {"package-lock.json"}
ADDRESS = re.compile(r"https?://[^\s\"']+|\"resolved\"\s*:")
REQUIREMENT = re.compile(r"^[A-Za-z0-9][^\s#]*", re.MULTILINE)
# Folders of one machine or one person.
MACHINE_PATH = re.compile(r"(?<![\w./-])/(?:work|home/(?!user\b|you\b|alice\b)[a-z]\w*|Users/\w+)/")
MARK = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b(?!\(#\d+\)| #\d+)")
BINARY = {".png", ".jpg", ".ico", ".woff2", ".gz", ".zst"}

SRC_README_LINES_MAX = 25
DECISION_LINES_MAX = 40


def check_text(name, text):
    path = Path(name)
    is_requirements = path.suffix in {".txt", ".lock"} and "requirements" in path.name
    if path.name in LOCK_NAMES or is_requirements:
        for found in ADDRESS.findall(text):
            if "funding" not in found and not re.search(r'"url":\s*"' + re.escape(found), text):
                yield f"{name}: names an address, {found[:80]}: lock files name packages and hashes"
                break
    if is_requirements and any("==" not in line for line in REQUIREMENT.findall(text)):
        yield f"{name}: a requirement without an exact version (name==version, with hashes)"
    if is_requirements and "==" in text and "--hash=" not in text:
        yield f"{name}: no hashes"
    if path.name not in LOCK_NAMES:
        for number, line in enumerate(text.splitlines(), 1):
            if MACHINE_PATH.search(line):
                yield f"{name}:{number}: a path of one machine: {line.strip()[:80]}"
            if MARK.search(line):
                yield f"{name}:{number}: a note to oneself without an issue's number: {line.strip()[:80]}"


def check_documents(root, names):
    folders = {str(Path(name).parent) for name in names if re.match(r"src/.*/CMakeLists.txt$", name)}
    for folder in sorted(folders):
        readme = Path(root) / folder / "README.md"
        if not readme.exists():
            yield f"{folder}: no README.md (what it does, what it must not know, start here, where to look)"
        elif len(readme.read_text().splitlines()) > SRC_README_LINES_MAX:
            yield f"{folder}/README.md: over {SRC_README_LINES_MAX} lines"
    for name in names:
        path = Path(root) / name
        if name.startswith("docs/decisions/") and path.is_file():
            if not re.fullmatch(r"docs/decisions/\d{4}-[a-z0-9-]+\.md", name):
                yield f"{name}: decisions are named NNNN-title.md"
            if len(path.read_text().splitlines()) > DECISION_LINES_MAX:
                yield f"{name}: over {DECISION_LINES_MAX} lines"


def check_links(root, name, text):
    """Links of a document to files of this project lead somewhere."""
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        is_ours = "://" not in target and not target.startswith("mailto:")
        if is_ours and not (Path(root) / name).parent.joinpath(target).exists():
            yield f"{name}: a link to {target}, which does not exist"


def check(root, names):
    for name in names:
        path = Path(root) / name
        if not path.is_file() or path.is_symlink() or path.suffix in BINARY:
            continue
        text = path.read_text(errors="replace")
        yield from check_text(name, text)
        if path.suffix == ".md":
            yield from check_links(root, name, text)
    yield from check_documents(root, names)


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else "."
    problems = list(check(root, tracked(root)))
    print("\n".join(problems) or "words and documents: nothing amiss")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
