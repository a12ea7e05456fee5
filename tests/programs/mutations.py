"""Mutations of the fork server, each of which a program of cases/ must notice."""

import contextlib
import itertools

import harness
import several_runs
from harness import difference

numbers = itertools.count()

# What it breaks; the text, which is there once; its replacement; what to preload; the programs that must notice.
MUTATIONS = [
    (
        "a frame shows below the program",
        "        sys.excepthook = run\n        raise HandOver\n",
        "        run(*[None] * 3)\n        os._exit(0)\n",
        [],
        ["tracebacks/no frame below", "tracebacks/inspect.stack has one frame"],
    ),
    (
        "module variables are not finalized",
        '        last_words["page"].write(os.getpid(), SAFE_MODULES.intersection(sys.modules))\n',
        "        sys.stdout.flush()\n        os._exit(0)\n",
        [],
        ["exits/a finalizer of a module variable runs"],
    ),
    (
        "exit functions are not called",
        "    def result(status):\n",
        "    def result(status):\n        os._exit(abs(status))\n",
        [],
        ["atexit_/one", "threads/a thread that outlives main is joined"],
    ),
    (
        "threads are not waited for",
        "    def result(status):\n",
        '    def result(status):\n        sys.modules.pop("threading", None)\n',
        [],
        ["threads/a thread that outlives main is joined"],
    ),
    (
        "standard input has a wrong name",
        '        raw.name = "<%s>" % name\n',
        "        raw.name = fd\n",
        [],
        ["encodings/what the streams say"],
    ),
    (
        "output is held back",
        'before.errors, "\\n", write_through=True)',
        'before.errors, "\\n", write_through=False)',
        [],
        ["exits/os._exit loses nothing that was written"],
    ),
    (
        "the streams' errors handler is lost",
        "buffer, before.encoding, before.errors,",
        'buffer, before.encoding, "strict",',
        [],
        ["encodings/a lone surrogate to stderr"],
    ),
    (
        "main keeps names of ours",
        "    vars(main).clear()\n",
        "    vars(main).update(ours=1)\n",
        [],
        ["interpreter/the names of main"],
    ),
    (
        "sys.argv is wrong",
        "    excepthook = sys.excepthook\n",
        '    excepthook = sys.excepthook\n    sys.argv = ["fork_server"]\n',
        [],
        ["interpreter/argv"],
    ),
    (
        "a descriptor is left open",
        '    agent.send(b"started")\n    agent.close()\n',
        '    agent.send(b"started")\n',
        [],
        ["interpreter/descriptors", "interpreter/the next descriptor"],
    ),
    (
        "SIGINT is not at its default",
        "    start_clocks()\n    hand_over(code)\n",
        '    start_clocks()\n    __import__("signal").signal(2, 0)\n    hand_over(code)\n',
        [],
        ["signals/SIGINT is a keyboard interrupt", "signals/handlers at the start"],
    ),
    (
        "a failed run ends with another code",
        "        return status  # the",
        "        raise SystemExit(3)  # the",
        [],
        ["tracebacks/division by zero"],
    ),
    (
        "last_value is left behind",
        '            for name in ("last_type", "last_value", "last_traceback", "last_exc"):\n',
        "            for name in ():\n",
        [],
        ["tracebacks/excepthook sees last_value"],
    ),
    (
        "the recursion limit strikes one call early",
        "                ints[at] -= step\n",
        "                pass\n",
        [],
        ["recursion/the exact edge"],
    ),
    (
        "the run stays undumpable",
        "    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)\n",
        "",
        [],
        ["interpreter/dumpable"],
    ),
    (
        "the run shares the supervisor's group",
        "    os.setsid()\n",
        "",
        [],
        ["signals/leader of its group and session"],
    ),
    (
        "the thread's number is the fork server's",
        '        loaded("threading").main_thread()._set_native_id()\n',
        "        pass\n",
        ["threading"],
        ["threads/the main thread"],
    ),
    (
        "numpy's random numbers are not seeded anew",
        '        loaded("numpy.random").seed()\n',
        "        pass\n",
        ["numpy.random"],
        ["seeds/numpy.random"],
    ),
    (
        "the key of multiprocessing is shared",
        ".current_process().authkey = os.urandom(32)\n",
        ".current_process()\n",
        ["multiprocessing"],
        ["seeds/multiprocessing's key"],
    ),
    (
        "what the home shadows is preloaded",
        "        if path is None and name in self._shadowing:\n",
        "        if False:\n",
        ["random", "json"],
        ["interpreter/a module of the home shadows the library"],
    ),
    (
        "a change of the home is not noticed",
        '        home = stamp(".")\n        if home == self._home:\n',
        '        home = stamp(".")\n        if True:\n',
        ["random", "json"],
        ["interpreter/a module of the home shadows the library"],
    ),
]


def try_mutation(cases, text, replacement, preload, names):
    source = harness.FORK_SERVER.read_text()
    if source.count(text) != 1:
        raise AssertionError(f"its text is in the fork server {source.count(text)} times: {text!r}")
    by_name = {f"{case.kind}/{case.name}": case for case in cases}
    for name in names:
        kind, _, rest = name.partition("/")
        mutant = source.replace(text, replacement).encode()
        notice = notice_by_seeds if kind == "seeds" else notice_by_program
        if not notice(mutant, preload, rest if kind == "seeds" else by_name[name], by_name["exits/prints and ends"]):
            raise AssertionError(f"not noticed by {name}")


def notice_by_program(mutant, preload, case, ordinary):
    place = harness.Place(f"m{next(numbers)}")
    way, reference = harness.Forked(place, preload, mutant), harness.Reference(place)
    try:
        # A mutant that does not run at all proves nothing. It also lets the home change under a waiting spare.
        assert not difference(reference.run(ordinary), way.run(ordinary)), "it runs no ordinary program"
        with contextlib.suppress(harness.Stuck):  # as much a difference as any
            return difference(reference.run(case), way.run(case))
        return True
    finally:
        way.close()


def notice_by_seeds(mutant, _, name, __):
    try:
        several_runs.seeds_differ(name, source=mutant)
    except AssertionError:
        return True
    return False


def steps(cases):
    return [(title, lambda rest=rest: try_mutation(cases, *rest)) for title, *rest in MUTATIONS]
