#!/usr/bin/env python3
"""Adds up the cases of GoogleTest's XML reports in a folder: count_cases.py DIR"""

import sys
import xml.etree.ElementTree as xml
from pathlib import Path


def count(folder):
    passed, failed = 0, []
    for path in sorted(Path(folder).glob("*.xml")):
        for case in xml.parse(path).getroot().iter("testcase"):
            name = f"{case.get('classname')}.{case.get('name')}"
            if case.get("status") != "run" or case.get("result") != "completed":
                failed.append(f"{name} (skipped)")
            elif case.find("failure") is not None:
                failed.append(name)
            else:
                passed += 1
    return passed, failed


def main():
    passed, failed = count(sys.argv[1])
    for name in failed:
        print(f"failed: {name}")
    print(f"{passed} cases passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
