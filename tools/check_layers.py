#!/usr/bin/env python3
"""Holds includes and CMake links to src/layers.txt: check_layers.py [ROOT]"""

import re
import sys
from pathlib import Path

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
LIBRARY = re.compile(r"(?:forge_library|add_library|add_executable|target_link_libraries)\(\s*(\w+)([^)]*)\)")
SUFFIXES = {".h", ".cpp"}


def read_law(path):
    law = {}
    for line in path.read_text().splitlines():
        line = line.split("#")[0].strip()
        if line:
            layer, allowed = line.split(":")
            law[layer.strip()] = set(allowed.split()) - {"nothing"}
    return law


def layer_of(folder, law):
    """The layer of a folder below src: `sandbox/local` is in `sandbox/*`, `gateway/http` in `gateway`."""
    parts = folder.split("/")
    if len(parts) > 1 and parts[0] + "/*" in law:
        return parts[0] + "/*"
    return parts[0] if parts[0] in law else None


def may_use(user, used, law):
    """Both are folders below src."""
    user_layer, used_layer = layer_of(user, law), layer_of(used, law)
    if user_layer is None or used_layer is None:
        return False
    if user_layer == used_layer:
        # Two backends of one interface know nothing of each other.
        return not user_layer.endswith("/*") or user.split("/")[1] == used.split("/")[1]
    return used_layer in law[user_layer] or "everything" in law[user_layer]


def check_includes(src, law):
    known = {path.name for path in src.iterdir() if path.is_dir()}
    for path in sorted(src.rglob("*")):
        if path.suffix not in SUFFIXES:
            continue
        folder = path.parent.relative_to(src).as_posix()
        for name in INCLUDE.findall(path.read_text(errors="replace")):
            # The suites that every implementation of an interface passes are in tests/contract.
            if name.startswith("contract/") and path.name.endswith("_test.cpp"):
                continue
            if name.split("/")[0] not in known or "/" not in name:
                yield f'{path}: include "{name}": name it from src/, as "folder/{name.split("/")[-1]}"'
                continue
            used = name.rsplit("/", 1)[0]
            if not may_use(folder, used, law):
                yield f'{path}: {folder} may not include "{name}" (src/layers.txt)'


def check_links(src, law):
    lists = {path: path.read_text() for path in sorted(src.rglob("CMakeLists.txt"))}
    folder_of, links = {}, []
    for path, text in lists.items():
        folder = path.parent.relative_to(src).as_posix()
        for name, rest in LIBRARY.findall(text):
            if folder != ".":
                folder_of[name] = folder
                links += [(path, folder, used) for used in re.findall(r"\bforge_\w+", rest)]
    for path, folder, used in links:
        if used in folder_of and not may_use(folder, folder_of[used], law):
            yield f"{path}: {folder} may not link {used} of {folder_of[used]} (src/layers.txt)"


def check(root):
    src = Path(root) / "src"
    law = read_law(src / "layers.txt")
    for folder in sorted(path.name for path in src.iterdir() if path.is_dir()):
        if folder not in law:
            yield f"{src / folder}: src/layers.txt does not name this folder"
    yield from check_includes(src, law)
    yield from check_links(src, law)


def main():
    problems = list(check(sys.argv[1] if len(sys.argv) > 1 else "."))
    print("\n".join(problems) or "layers: as src/layers.txt says")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
