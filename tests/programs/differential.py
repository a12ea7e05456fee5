"""The differential test: each program of cases/ ends, prints and fails under us exactly as under `python3 -u -c`.

Every program runs by Python itself, then through the whole agent, whose fork server learns as it goes, then through a
fork server that has everything preloaded that may be. Then every mutation of the fork server must be caught by a program
(mutations.py), and what takes several runs is tried (several_runs.py).
"""

import argparse
import collections
import contextlib
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor

import harness
import mutations
import several_runs

CASES_MIN = 300
KIND_CASES_MIN = 20
KINDS = (
    "exits tracebacks systemexit threads atexit_ signals stdout_closed subprocesses multiprocessing_ asyncio_ encodings "
    "recursion huge_output stdin big_code"
).split()
PRELOAD = (
    "argparse asyncio collections concurrent.futures csv dataclasses datetime decimal enum fractions functools hashlib "
    "heapq inspect json logging math multiprocessing pathlib pickle pprint queue random re shutil signal socket sqlite3 "
    "statistics string subprocess tempfile textwrap threading traceback typing unittest urllib.request uuid warnings "
    "weakref zipfile"
).split()
SCIENCE = ["numpy", "pandas"]


class Worker:
    """What one process of the pool keeps between cases."""

    def __init__(self, ways):
        self.place = harness.Place(f"w{os.getpid()}")
        self.reference = harness.Reference(self.place)
        self._make = {
            "agent": lambda: harness.ByAgent(self.place),
            "bare": lambda: harness.Forked(self.place),
            "preloaded": lambda: harness.Forked(self.place, PRELOAD + SCIENCE),
        }
        self.ways = {name: self._make[name]() for name in ways}

    def try_case(self, case):
        """(name of the way, what differs or None) of each way."""
        try:
            expected = self.reference.run(case)
        except harness.Stuck as error:
            return [("reference", f"stuck: {error}")]
        return [(name, self._compare(name, case, expected)) for name in self.ways]

    def _compare(self, name, case, expected):
        try:
            return harness.difference(expected, self.ways[name].run(case))
        except harness.Stuck as error:
            self.ways[name].close()
            self.ways[name] = self._make[name]()
            return f"stuck: {error}"

    def close(self):
        for way in self.ways.values():
            way.close()


worker = None


def start_worker(ways):
    global worker
    worker = Worker(ways)


def try_case(case):
    return case, worker.try_case(case)


def stop_worker(_):
    time.sleep(0.2)  # so that each worker takes one
    if worker:
        worker.close()


def run_cases(cases, ways, workers):
    """(passed, failures)"""
    passed, failures = 0, []
    with ProcessPoolExecutor(workers, initializer=start_worker, initargs=(ways,)) as pool:
        for case, results in pool.map(try_case, cases):
            for way, problem in results:
                passed += problem is None
                if problem:
                    failures.append(f"{case.kind}/{case.name} ({way})\n{problem}")
                    print("FAILED", failures[-1], flush=True)
        list(pool.map(stop_worker, range(workers)))
    return passed, failures


def check_counts(cases):
    counts = collections.Counter(case.kind for case in cases)
    print(f"{len(cases)} programs:", ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items())))
    few = [kind for kind in KINDS if counts[kind] < KIND_CASES_MIN]
    assert len(cases) >= CASES_MIN and not few, f"too few programs: {few}"


def run_steps(title, steps):
    """Each step is a named callable that raises where it fails."""
    passed, failures = 0, []
    for name, step in steps:
        try:
            step()
            passed += 1
        except Exception as error:
            failures.append(f"{title}: {name}\n    {type(error).__name__}: {error}")
            print("FAILED", failures[-1], flush=True)
    return passed, failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("filter", nargs="*", help="only programs whose KIND/NAME contains one of these")
    parser.add_argument("--ways", default="agent,preloaded", help="of: agent, bare, preloaded")
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--only", choices=("programs", "mutations", "runs"), help="one of the three parts")
    options = parser.parse_args()
    cases = harness.read_cases()
    total, failures = 0, []

    def note(results):
        nonlocal total
        total += results[0]
        failures.extend(results[1])

    if options.only in (None, "programs"):
        check_counts(cases)
        chosen = [c for c in cases if not options.filter or any(f in f"{c.kind}/{c.name}" for f in options.filter)]
        began = time.monotonic()
        note(run_cases(chosen, options.ways.split(","), options.workers))
        print(f"programs: {time.monotonic() - began:.0f} s")
    for title, steps in (("mutations", mutations.steps(cases)), ("runs", several_runs.steps())):
        if options.only in (None, title):
            began = time.monotonic()
            note(run_steps(title, [s for s in steps if not options.filter or any(f in s[0] for f in options.filter)]))
            print(f"{title}: {time.monotonic() - began:.0f} s")
    print(f"{total} passed, {len(failures)} failed")
    return 1 if failures or not total else 0


if __name__ == "__main__":
    with contextlib.ExitStack() as stack:
        if harness.ROOT == harness.Path("/") and "FORGE_TEST_DIR" not in os.environ:
            os.environ["FORGE_TEST_DIR"] = stack.enter_context(tempfile.TemporaryDirectory())
        sys.exit(main())
