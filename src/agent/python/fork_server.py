"""The fork server: keeps one spare interpreter forked ahead, so that a run need only send its code.

Theory of operation. The agent starts `python3 -u -c BOOT`, whose BOOT executes this file. Server.serve() imports what the
account's runs tend to import and forks spares. A spare waits for one datagram with the code, then raises HandOver up
through every frame of ours to the interpreter's own `-c` machinery, which calls sys.excepthook to print it. That hook is
PyRun_SimpleStringFlags itself, the function behind `python -c`: the code runs with no frame below it, and tracebacks,
SystemExit, exit codes and finalisation are the interpreter's own work. What is left to do here is to undo what a shared
ancestor makes visible (run_spare()), to notice when sharing would be wrong (class Freshness), and to spare the
interpreter the unloading of what it did not load (finish()).

PROTOCOL.md has the messages. What still differs from `python -u -c`: sys.modules holds what was preloaded, with the
effects of importing it (warning filters, submodules as attributes, exit functions, threading's signal in SigCgt), and at
the end it is not unloaded, so that finalizers can still use it; the hash seed is the server's;
/proc/PID/cmdline, gc.get_freeze_count() and atexit._ncallbacks() show the server; from 3.13 on a SyntaxWarning shows its
line.
"""

import sys

MODULES_AT_START = dict(sys.modules)
PATH_AT_START = sys.path[:]
sys.path.remove("")  # what follows comes from the library, whatever the home has

import _socket  # noqa: E402
import atexit  # noqa: E402
import ctypes  # noqa: E402
import fcntl  # noqa: E402
import gc  # noqa: E402
import io  # noqa: E402
import mmap  # noqa: E402
import os  # noqa: E402
import stat  # noqa: E402
import time  # noqa: E402

for own in set(sys.modules).difference(MODULES_AT_START):
    del sys.modules[own]  # a run, and what is preloaded, imports its own
sys.path[:] = PATH_AT_START

CONTROL_FD = 4
SEQPACKET = _socket.AF_UNIX, _socket.SOCK_SEQPACKET
DATAGRAM_BYTES_MAX = 128 * 1024
INT_BYTES = 4
CLOCK_TICK_NS = 20_000_000  # more than the granularity of file times
PAGE_BYTES = 32 * 1024
OUTSTANDING_RUNS_MAX = 256
PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36

# Importing these starts no Python thread, leaves no file open, and changes nothing that a script which does not import
# them is likely to see.
SAFE_MODULES = frozenset(
    """
    argparse ast asyncio base64 bisect calendar cmath collections concurrent.futures configparser contextlib copy csv
    dataclasses datetime decimal difflib email enum fractions functools getpass glob hashlib heapq hmac html
    html.parser http.client http.server importlib.metadata importlib.resources inspect itertools json keyword logging
    math multiprocessing numbers operator pathlib pickle platform pprint queue random re secrets shlex shutil signal
    socket sqlite3 ssl statistics string struct subprocess tempfile textwrap threading timeit traceback types typing
    unittest urllib.error urllib.parse urllib.request uuid warnings weakref xml.etree.ElementTree zipfile zlib
    zoneinfo joblib matplotlib matplotlib.animation matplotlib.colors matplotlib.dates matplotlib.figure
    matplotlib.pyplot matplotlib.ticker numpy numpy.fft numpy.linalg numpy.random pandas PIL PIL.Image scipy
    scipy.cluster.hierarchy scipy.fft scipy.integrate scipy.interpolate scipy.linalg scipy.optimize scipy.signal
    scipy.sparse scipy.spatial scipy.special scipy.stats sklearn sklearn.base sklearn.cluster sklearn.compose
    sklearn.datasets sklearn.decomposition sklearn.ensemble sklearn.feature_extraction sklearn.impute
    sklearn.linear_model sklearn.metrics sklearn.model_selection sklearn.naive_bayes sklearn.neighbors
    sklearn.neural_network sklearn.pipeline sklearn.preprocessing sklearn.svm sklearn.tree
    """.split()
)


class HandOver(BaseException):
    """Unwinds a spare to the interpreter's bottom, where its code runs."""


prctl = ctypes.CDLL(None).prctl


def rss_bytes():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def parse(datagram):
    """`verb`, then `key=value` lines."""
    verb, *lines = datagram.decode("utf-8", "replace").split("\n")
    return verb, dict(line.split("=", 1) for line in lines if "=" in line)


def format_message(verb, **fields):
    return "\n".join([verb] + ["{}={}".format(*field) for field in fields.items()]).encode()


def receive(socket, fds_max):
    """One datagram and the descriptors that came with it; empty at the end of file."""
    data, ancillary, _, _ = socket.recvmsg(DATAGRAM_BYTES_MAX, _socket.CMSG_SPACE(fds_max * INT_BYTES))
    fds = []
    for _, kind, content in ancillary:
        if kind == _socket.SCM_RIGHTS:
            starts = range(0, len(content) - INT_BYTES + 1, INT_BYTES)
            fds += [int.from_bytes(content[at : at + INT_BYTES], sys.byteorder) for at in starts]
    return data, fds


def memory_file(content):
    fd = os.memfd_create("code")
    with open(fd, "wb", closefd=False) as file:
        file.write(content)
    return fd


def read_whole(fd):
    """A memory file's content, wherever its offset stands."""
    os.lseek(fd, 0, os.SEEK_SET)
    with open(fd, "rb", closefd=False) as file:
        return file.read()


class Page:
    """Shared memory of one run: its pid and, at its end, the safe modules that it had loaded."""

    def __init__(self):
        self._memory = mmap.mmap(-1, PAGE_BYTES)

    def write(self, pid, names=()):
        text = ",".join([str(pid), *names]).encode()
        self._memory[: len(text)] = text

    def read(self):
        pid, *names = self._memory[:].rstrip(b"\0").decode("ascii", "replace").split(",")
        return pid, SAFE_MODULES.intersection(names)


def names_of_main():
    names = vars(sys.modules["__main__"]).items()
    return {name: value for name, value in names if name != "__warningregistry__"}  # that is of BOOT's own line


def attempt(call, *arguments):
    try:
        return call(*arguments)
    except OSError:
        return None


def stamp(path):
    status = attempt(os.stat, path)
    return status and (status.st_mtime_ns, status.st_ino, status.st_dev)


def names_in(folder, ending=""):
    return {name for name in attempt(os.listdir, folder or ".") or () if name.endswith(ending)}


def modules_in(folder):
    """What `import` could find there: names up to the first dot."""
    return {name.split(".")[0] for name in names_in(folder)}


class Freshness:
    """Whether a new interpreter would still import what was imported here. Made before the preload."""

    def __init__(self):
        site = sys.modules.get("site")
        self._user_site = site.USER_SITE if site and site.ENABLE_USER_SITE else None
        paths = sys.path[1:] + [self._user_site] * bool(self._user_site)
        paths += [os.path.expanduser("~/.config/matplotlib/" + name) for name in ("matplotlibrc", "stylelib")]
        paths += self._pth_files()
        self._stamps = [(path, stamp(path)) for path in paths]
        self._home = stamp(".")
        self.shadowing = modules_in("")
        self._loaded = frozenset()
        # Start-up code of the person's own must run in every interpreter anew.
        self.cold = self._has_startup_code()

    def remember_loaded(self):
        added = set(sys.modules).difference(MODULES_AT_START)
        self._loaded = frozenset(name.split(".")[0] for name in added)
        if "matplotlib" in added:
            self._loaded |= {"matplotlibrc"}

    def is_stale(self):
        for path, before in self._stamps:
            if stamp(path) != before:
                return True
        home = stamp(".")
        if home == self._home:
            return False
        if home and time.time_ns() - home[0] > CLOCK_TICK_NS:  # else it may change again and show the same time
            self._home = home
        return not self._loaded.isdisjoint(modules_in(""))

    def _pth_files(self):
        site = self._user_site
        return [os.path.join(site, name) for name in names_in(site, ".pth")] if site else []

    def _has_startup_code(self):
        if not self._user_site:
            return False
        if not {"sitecustomize", "usercustomize"}.isdisjoint(modules_in(self._user_site)):
            return True
        files = [attempt(open, path, "rb") for path in self._pth_files()]
        lines = [line for file in files if file for line in file]
        return any(line.startswith((b"import ", b"import\t")) for line in lines)


class Preload:
    """Imports modules for runs to share. Meanwhile it is a finder that refuses what the home shadows, since a run would
    import another module of that name."""

    def __init__(self, freshness, memory_max):
        self._shadowing = freshness.shadowing
        self._refused = False
        self._rss_max = memory_max // 4 or sys.maxsize

    def find_spec(self, name, path=None, _=None):
        if path is None and name in self._shadowing:
            self._refused = True
            raise ImportError("the home has a " + name)

    def load(self, names):
        """None, or the names to start over with: what a failed import leaves behind is in the way."""
        import_path, environment, streams = sys.path[:], dict(os.environ), (sys.stdout, sys.stderr)
        sys.path[:] = import_path[1:]
        sys.meta_path.insert(0, self)
        try:
            for name in names:
                if name in SAFE_MODULES and rss_bytes() < self._rss_max:
                    imported = self._import(name)
                    if self._refused:
                        return []
                    if not imported:
                        return [other for other in names if other != name]
        finally:
            sys.stdout, sys.stderr = streams
            sys.meta_path.remove(self)
            sys.path[:] = import_path
            for name in set(os.environ).difference(environment):
                del os.environ[name]
        return None

    @staticmethod
    def _import(name):
        """False where it fails, says something, which later runs would miss, or starts a thread."""
        sys.stdout = sys.stderr = words = io.StringIO()
        try:
            __import__(name)
        except Exception:
            return False
        return not words.getvalue() and len(sys._current_frames()) == 1


class Server:
    def __init__(self, control, source, init=None):
        self._control = control
        self._source = source
        self._init_datagram = init
        self._main_at_start = names_of_main()
        self._pages = []
        self._supervisor = ""
        self._freshness = Freshness()

    def serve(self):
        """Returns when the agent is gone, in the fork server alone; a spare leaves by HandOver."""
        # For want of memory what is forked here goes first: the agent has to tell of it.
        attempt(lambda: open("/proc/self/oom_score_adj", "wb", 0).write(b"500"))
        # A spare that gets its code would push the agent aside, and its first output wait for a time slice to end.
        attempt(os.sched_setscheduler, 0, os.SCHED_BATCH, os.sched_param(0))
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
        verbs = {"init": self._init, "fork": self._fork, "ended": self._ended}
        while True:
            try:
                datagram = self._init_datagram or receive(self._control, 0)[0]
                self._init_datagram = None
                if not datagram:
                    return
                verb, fields = parse(datagram)
                verbs[verb](fields)
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass  # supervisors
            except ChildProcessError:
                pass
            except ConnectionError:
                return

    def _init(self, fields):
        self._supervisor = fields["supervisor"]
        if not self._freshness.cold:
            names = [name for name in fields.get("preload", "").split(",") if name]
            instead = Preload(self._freshness, int(fields.get("memory_max", 0))).load(names)
            if instead is not None:
                self._start_over(dict(fields, preload=",".join(instead)))
        self._freshness.remember_loaded()
        for finder in sys.path_importer_cache.values():
            if hasattr(finder, "invalidate_caches"):
                finder.invalidate_caches()  # a run looks into every folder anew
        gc.collect()
        gc.freeze()
        loaded = sorted(SAFE_MODULES.intersection(sys.modules).difference(MODULES_AT_START))
        self._control.send(format_message("ready", modules=",".join(loaded), rss=rss_bytes()))
        self._fork({})

    def _start_over(self, fields):
        source = memory_file(b"INIT = %r\n" % format_message("init", **fields) + self._source)
        place_and_execute(source, os.dup(CONTROL_FD))

    def _ended(self, fields):
        for page in [page for page in self._pages if page.read()[0] == fields["pid"]]:
            self._pages.remove(page)
            if names := page.read()[1].difference(sys.modules):
                self._control.send(format_message("learned", modules=",".join(sorted(names))))

    def _fork(self, _):
        page = Page()
        self._pages = self._pages[1 - OUTSTANDING_RUNS_MAX :] + [page]
        agent_spare, spare = _socket.socketpair(*SEQPACKET)
        agent_supervisor, supervisor = _socket.socketpair(*SEQPACKET)
        try:
            if os.fork() == 0:
                self._become_supervisor(page, agent_spare, spare, agent_supervisor, supervisor)
        except OSError as error:  # the sandbox has no process left
            self._unspared(error)
        for socket in (agent_spare, spare, agent_supervisor, supervisor):
            socket.close()

    def _become_supervisor(self, page, agent_spare, spare, agent_supervisor, supervisor):
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        try:
            pid = os.fork()
            if pid == 0:
                for socket in (self._control, agent_spare, agent_supervisor, supervisor):
                    socket.close()
                run_spare(spare, page, self._freshness, self._source, self._main_at_start)
            page.write(pid)
            message = format_message("spare", pid=pid, supervisor=os.getpid())
            fds = [socket.fileno().to_bytes(INT_BYTES, sys.byteorder) for socket in (agent_spare, agent_supervisor)]
            self._control.sendmsg([message], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, b"".join(fds))])
            os.dup2(supervisor.fileno(), 3)
            os.execv(self._supervisor, [self._supervisor, "supervise", str(pid)])
        except OSError as error:
            self._unspared(error)
            os._exit(127)

    def _unspared(self, error):
        self._control.send(format_message("unspared", why=error.strerror))


def place_and_execute(source, control):
    """This file in a new interpreter, which finds the control socket, or else the code that it is to run."""
    with open("/proc/self/cmdline", "rb") as file:
        command = file.read().split(b"\0")[:-1]
    os.lseek(source, 0, os.SEEK_SET)
    clear = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, CONTROL_FD + 1) for fd in (source, control)]
    os.dup2(clear[0], CONTROL_FD - 1)
    os.dup2(clear[1], CONTROL_FD)
    os.execv(sys.executable, command)


def run_spare(agent, page, freshness, source, main_at_start):
    """An interpreter that waits for its code. What can be done before the code is there, is."""
    os.setsid()
    forget_shared_state()
    take_standard_streams_of_pipes()
    preloaded = {name: module for name, module in sys.modules.items() if name not in MODULES_AT_START}
    last_words.update(page=page, pid=os.getpid(), preloaded=preloaded)
    hand_over = prepare_hand_over(main_at_start)
    freshness.is_stale()  # looks at a changed home
    datagram, fds = receive(agent, 4)
    if not datagram:
        os._exit(0)
    if freshness.is_stale():
        agent.send(b"stale")
        os._exit(0)
    code = take_over(datagram, fds)
    agent.send(b"started")
    agent.close()
    if freshness.cold:
        place_and_execute(memory_file(source), memory_file(code))
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
    if not all(stat.S_ISFIFO(os.fstat(fd).st_mode) for fd in (0, 1, 2)):
        take_standard_streams()
    attempt(os.sched_setscheduler, 0, os.SCHED_OTHER, os.sched_param(0))
    start_clocks()
    hand_over(code)


def take_over(datagram, fds):
    """Puts the run's descriptors in their places; the code."""
    code = read_whole(fds[3]) if len(fds) > 3 else datagram.partition(b"\n\n")[2]
    for place, fd in enumerate(fds[:3]):
        os.dup2(fd, place)
    for fd in fds:
        os.close(fd)
    return code


def forget_shared_state():
    """What fork copies and each run must have of its own. `random`, `ssl`, `tempfile` see to it themselves."""
    loaded = sys.modules.get
    if loaded("numpy.random"):
        loaded("numpy.random").seed()
    if loaded("multiprocessing.process"):
        loaded("multiprocessing.process").current_process().authkey = os.urandom(32)
    if loaded("threading"):
        loaded("threading").main_thread()._set_native_id()
    if loaded("linecache"):
        loaded("linecache").clearcache()


def start_clocks():
    logging = sys.modules.get("logging")
    if logging:
        logging._startTime = time.time_ns() if isinstance(logging._startTime, int) else time.time()


def take_standard_streams_of_pipes():
    """Ahead of the run, whose descriptors are pipes, nearly always: pipes stand in for them."""
    ours = [os.dup(fd) for fd in (0, 1, 2)]
    pipe = os.pipe()
    for place, fd in enumerate((pipe[0], pipe[1], pipe[1])):
        os.dup2(fd, place)
    take_standard_streams()
    for place, fd in enumerate(ours):
        os.dup2(fd, place)
    for fd in (*ours, *pipe):
        os.close(fd)


def take_standard_streams():
    """New wrappers, as the interpreter makes them under -u. The old ones know what kind of files they were on."""
    for fd, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        before = getattr(sys, name)
        buffer = io.open(fd, mode + "b", -1 if mode == "r" else 0, closefd=False)
        raw = buffer.raw if mode == "r" else buffer
        raw.name = "<%s>" % name
        stream = io.TextIOWrapper(buffer, before.encoding, before.errors, "\n", write_through=True)
        stream.mode = mode
        setattr(sys, name, stream)
        setattr(sys, "__%s__" % name, stream)


def recursion_counter():
    """The interpreter's count of nested calls from C, which our way in has changed by one, and which decides where a
    RecursionError strikes: (the thread's state as ints, place, step), or None.

    It has no name and moves between versions, so it is found by what it does: up to 3.11 one count, which changes by one
    with each call of a Python function, serves for both; from 3.12 on it changes with calls through C alone, downwards.
    """
    get_state = ctypes.pythonapi.PyThreadState_Get
    get_state.restype = ctypes.c_void_p
    ints = (ctypes.c_int * 32).from_address(get_state())

    def by_python(depth):
        return by_python(depth - 1) if depth else list(ints)

    def by_c(depth):
        return next(map(by_c, [depth - 1])) if depth else list(ints)

    for at, (python_steps, c_steps) in enumerate(zip(steps_of(by_python), steps_of(by_c))):
        if sys.version_info < (3, 12) and python_steps in ({1}, {-1}):
            return ints, at, python_steps.pop()
        if sys.version_info >= (3, 12) and python_steps == {0} and c_steps.issubset(range(-8, 0)):
            return ints, at, -1
    return None


def steps_of(sample):
    """For each number, by how much it changes from depth to depth."""
    for column in zip(*[sample(depth) for depth in range(4)]):
        yield {after - before for before, after in zip(column, column[1:])}


def as_command(code):
    """What `python -c` would be asked to run."""
    if b"\0" in code:  # never cut short
        return b"compile('\\0', '<string>', 'exec')"
    text = code.decode("utf-8", "surrogateescape")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        words = "Unable to decode the command from the command line:\nUnicodeEncodeError: %s" % error
        return b"raise SystemExit(%a)" % words
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[:] = [os.path.basename(sys.orig_argv[0]), "-u", "-c", text]
    if sys.version_info >= (3, 14):
        import textwrap

        text = textwrap.dedent(text)
    if sys.version_info >= (3, 13):
        register_source(text)
    return text.encode()


def register_source(text):
    """From 3.13 on tracebacks show the lines of `-c`; 3.13.0 knows them by file name, later ones by (equal) code."""
    import linecache

    try:
        by_code = hasattr(linecache, "_interactive_cache")
        key = compile(text, "<string>", "exec", dont_inherit=True) if by_code else "<string>"
        linecache._register_code(key, text, "<string>")
    except Exception:
        return  # the interpreter will say what is wrong with the code


def prepare_hand_over(main_at_start):
    """A function that runs code as `python -c` does, from below every frame of ours; see the theory of operation.

    Each argument of the call is made by a function that has returned when the call begins.
    """
    main = type(sys)("__main__")
    vars(main).clear()
    vars(main).update(main_at_start)
    given = {"main": main}  # emptied, so that only sys.modules holds it
    del main
    ignore_cookie = 0x0800 if sys.version_info >= (3, 10) else 0  # PyCF_IGNORE_COOKIE, as `-c` of that version has it
    flags = (ctypes.c_int * 2)(ignore_cookie, sys.version_info[1])  # and the grammar's minor version
    excepthook = sys.excepthook
    counter = recursion_counter()

    class Code:
        @staticmethod
        def from_param(_):
            sys.modules["__main__"] = given.pop("main")
            return given.pop("code")

    class Flags:
        @staticmethod
        def from_param(_):
            sys.excepthook = excepthook
            for name in ("last_type", "last_value", "last_traceback", "last_exc"):
                if hasattr(sys, name):
                    delattr(sys, name)
            return ctypes.byref(flags)

    class Unused:
        @staticmethod
        def from_param(_):
            if counter:
                ints, at, step = counter
                ints[at] -= step
            return None

    def result(status):
        if status == 0:
            raise SystemExit(0)
        return status  # the interpreter ends with 1, or by SIGINT where that was the exception

    run = ctypes.pythonapi.PyRun_SimpleStringFlags
    run.argtypes = [Code, Flags, Unused]
    run.restype = result
    keep_for_ever(run)

    def hand_over(code):
        given["code"] = as_command(code)
        sys.excepthook = run
        raise HandOver

    return hand_over


def keep_for_ever(thing):
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


last_words = {}  # what finish() needs of a run


def finish():
    """Runs after every exit function of a run: tells what was imported, and withholds from finalisation the modules that
    were preloaded, since unloading them takes longer than most runs."""
    if sys._getframe().f_back is not None:  # called by the program, through atexit
        atexit.register(finish)
        return
    if last_words.get("pid") == os.getpid():
        last_words["page"].write(os.getpid(), SAFE_MODULES.intersection(sys.modules))
    kept = {}
    for name, module in last_words.get("preloaded", {}).items():
        if sys.modules.get(name) is module:
            kept[name] = sys.modules.pop(name)
    keep_for_ever(kept)


def main(source, init=None):
    if not stat.S_ISSOCK(os.fstat(CONTROL_FD).st_mode):
        code = read_whole(CONTROL_FD)
        os.close(CONTROL_FD)
        prepare_hand_over(names_of_main())(code)
    os.set_inheritable(CONTROL_FD, False)
    atexit.register(finish)  # before anything else, so that it runs last
    Server(_socket.socket(*SEQPACKET, 0, CONTROL_FD), source, init).serve()
    os._exit(0)


if __name__ == "fork_server":
    main(globals()["source"], globals().get("INIT"))
