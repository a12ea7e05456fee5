"""The fork server: keeps one spare interpreter forked ahead, so that a run need only send its code.

Theory of operation. The agent starts `python3 -u -c BOOT`, whose BOOT executes this file. Server.serve() imports what the
account's runs tend to import and forks spares. A spare waits for one datagram with the code, then raises HandOver up
through every frame of ours to the interpreter's own `-c` machinery, which calls sys.excepthook to print it. That hook is
PyRun_SimpleStringFlags itself, the function behind `python -c`: the code runs with no frame below it, and exceptions,
SystemExit, exit codes and finalisation are the interpreter's own work. What is left to do here is to undo what sharing
an ancestor makes visible (descriptors, seeds, sys.modules) and to notice when sharing would be wrong (Freshness).

PROTOCOL.md has the messages. What still differs from `python -u -c`: sys.modules holds preloaded modules, the hash seed is
the server's, /proc/PID/cmdline and gc.get_freeze_count() show the server.
"""

import sys

MODULES_AT_START = frozenset(sys.modules)

import _signal
import _socket
import array
import atexit
import ctypes
import gc
import mmap
import os
import stat
import time

CONTROL_FD = 4
DATAGRAM_BYTES_MAX = 128 * 1024
PAGE_BYTES = 32 * 1024
OUTSTANDING_RUNS_MAX = 256
PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36

# Importing these starts no Python thread, opens no file that stays open, and changes nothing that a script which does not
# import them could see.
SAFE_MODULES = frozenset(
    """
    argparse array ast asyncio base64 bisect calendar cmath collections collections.abc concurrent.futures configparser
    contextlib copy csv dataclasses datetime decimal difflib enum fractions functools glob hashlib heapq html
    importlib.metadata inspect io itertools json logging math numbers operator pathlib pickle platform pprint queue
    random re secrets shutil socket sqlite3 ssl statistics string struct subprocess tempfile textwrap threading
    traceback types typing unittest urllib.parse urllib.request uuid warnings weakref xml.etree.ElementTree zipfile zlib
    numpy numpy.linalg numpy.random pandas matplotlib matplotlib.pyplot matplotlib.figure
    sklearn sklearn.cluster sklearn.datasets sklearn.decomposition sklearn.ensemble sklearn.linear_model sklearn.metrics
    sklearn.model_selection sklearn.naive_bayes sklearn.neighbors sklearn.pipeline sklearn.preprocessing sklearn.svm
    sklearn.tree scipy scipy.optimize scipy.stats scipy.linalg scipy.interpolate scipy.integrate scipy.signal
    """.split()
)


class HandOver(BaseException):
    """Unwinds a spare to the interpreter's bottom, where its code runs."""


def set_dumpable(dumpable):
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, int(dumpable), 0, 0, 0)


def rss_bytes():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def parse(datagram):
    """`verb`, then `key=value` lines."""
    verb, *lines = datagram.decode("utf-8", "replace").split("\n")
    return verb, dict(line.split("=", 1) for line in lines if "=" in line)


def format_message(verb, **fields):
    return "\n".join([verb] + ["%s=%s" % field for field in fields.items()]).encode()


def receive(control, bytes_max, fds_max):
    """One datagram and the descriptors that came with it; empty at the end of file."""
    fds = array.array("i")
    data, ancillary, _, _ = control.recvmsg(bytes_max, _socket.CMSG_SPACE(fds_max * fds.itemsize))
    for level, kind, content in ancillary:
        if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS:
            fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
    return data, list(fds)


def read_whole(fd, length):
    """The memfd's first `length` bytes, wherever its offset stands."""
    parts = []
    while length > 0:
        part = os.pread(fd, length, sum(map(len, parts)))
        if not part:
            break
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


class Page:
    """Shared memory of one run: its pid and, at its end, the safe modules that it had loaded."""

    def __init__(self):
        self._memory = mmap.mmap(-1, PAGE_BYTES)

    def write_pid(self, pid):
        self._memory[:8] = pid.to_bytes(8, "little")

    def pid(self):
        return int.from_bytes(self._memory[:8], "little")

    def write_modules(self, names):
        text = ",".join(names).encode()[: PAGE_BYTES - 12]
        self._memory[12 : 12 + len(text)] = text
        self._memory[8:12] = len(text).to_bytes(4, "little")

    def modules(self):
        length = min(int.from_bytes(self._memory[8:12], "little"), PAGE_BYTES - 12)
        names = self._memory[12 : 12 + length].decode("ascii", "replace").split(",")
        return [name for name in names if name in SAFE_MODULES]


class Server:
    def __init__(self, control, source):
        self._control = control
        self._source = source
        self._main_at_start = dict(vars(sys.modules["__main__"]))
        self._pages = []
        self._reported = set()
        self._supervisor = ""
        self._freshness = None

    def serve(self):
        """Returns in the fork server alone, when the agent is gone; a spare leaves by HandOver."""
        set_dumpable(False)
        verbs = {"init": self._init, "fork": self._fork, "ended": self._ended}
        while True:
            datagram, _ = receive(self._control, DATAGRAM_BYTES_MAX, 1)
            if not datagram:
                return
            verb, fields = parse(datagram)
            try:
                verbs[verb](fields)
            except BrokenPipeError:
                return
            self._reap()

    def _init(self, fields):
        self._supervisor = fields["supervisor"]
        memory_max = int(fields.get("memory_max", 0))
        for name in filter(None, fields.get("preload", "").split(",")):
            if name in SAFE_MODULES and (not memory_max or rss_bytes() < memory_max):
                self._preload(name)
        gc.collect()
        gc.freeze()
        self._control.send(format_message("ready", modules=",".join(self._loaded()), rss=rss_bytes()))
        self._fork({})

    def _preload(self, name):
        try:
            __import__(name)
        except Exception:
            pass

    def _loaded(self):
        return sorted(SAFE_MODULES.intersection(sys.modules))

    def _ended(self, fields):
        pid = int(fields["pid"])
        for page in [page for page in self._pages if page.pid() == pid]:
            self._pages.remove(page)
            names = [name for name in page.modules() if name not in sys.modules]
            if names:
                self._control.send(format_message("learned", modules=",".join(names)))

    def _reap(self):
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass

    def _fork(self, _):
        page = Page()
        self._pages = self._pages[1 - OUTSTANDING_RUNS_MAX :] + [page]
        sockets = [_socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET, 0, fd) for fd in seqpacket_pairs()]
        agent_spare, spare, agent_supervisor, supervisor = sockets
        if os.fork() == 0:
            self._become_supervisor(page, agent_spare, spare, agent_supervisor, supervisor)
        for socket in sockets:
            socket.close()

    def _become_supervisor(self, page, agent_spare, spare, agent_supervisor, supervisor):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # outlasts execv; the run may begin before that
        pid = os.fork()
        if pid == 0:
            for socket in (self._control, agent_spare, agent_supervisor, supervisor):
                socket.close()
            Spare(spare, page, self._main_at_start, self._source).wait()
        page.write_pid(pid)
        fds = array.array("i", [agent_spare.fileno(), agent_supervisor.fileno()])
        self._control.sendmsg(
            [format_message("spare", pid=pid, supervisor=os.getpid())],
            [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, fds)],
        )
        os.dup2(supervisor.fileno(), 3, inheritable=True)
        os.execv(self._supervisor, [self._supervisor, "supervise", str(pid)])


def seqpacket_pairs():
    """Two pairs of sockets as four descriptors."""
    pairs = [_socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET) for _ in range(2)]
    return [socket.detach() for pair in pairs for socket in pair]


class Spare:
    """An interpreter that waits for its code."""

    def __init__(self, agent, page, main_at_start, source):
        self._agent = agent
        self._page = page
        self._main_at_start = main_at_start
        self._source = source

    def wait(self):
        os.setsid()
        reseed()
        datagram, fds = receive(self._agent, DATAGRAM_BYTES_MAX, 4)
        if not datagram:
            os._exit(0)
        code = self._take_over(datagram, fds)
        take_standard_streams()
        hide_server_modules()
        set_dumpable(True)
        self._agent.send(b"started")
        self._agent.close()
        hand_over(code, self._main_at_start, self._page)

    def _take_over(self, datagram, fds):
        """Puts the run's descriptors in their places; the code."""
        header, _, inline = datagram.partition(b"\n\n")
        length = int(parse(header)[1]["length"])
        code = read_whole(fds[3], length) if len(fds) > 3 else inline
        for fd, source in enumerate(fds[:3]):
            os.dup2(source, fd)
        for fd in fds:
            os.close(fd)
        return code


def reseed():
    """What fork copies and each run must have of its own. `random` and `ssl` see to it themselves."""
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random:
        numpy_random.seed()
    process = sys.modules.get("multiprocessing.process")
    if process:
        process.current_process().authkey = os.urandom(32)


def take_standard_streams():
    """New wrappers, as the interpreter makes them under -u, since the old ones know the old descriptors."""
    import io

    for fd, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        before = getattr(sys, name)
        buffer = io.open(fd, mode + "b", -1 if mode == "r" else 0, closefd=False)
        raw = buffer.raw if mode == "r" else buffer
        raw.name = "<%s>" % name
        stream = io.TextIOWrapper(buffer, before.encoding, before.errors, "\n", False, True)
        stream.mode = mode
        setattr(sys, name, stream)
        setattr(sys, "__%s__" % name, stream)


def hide_server_modules():
    for name in ("_ctypes", "_socket", "_struct", "array", "atexit", "ctypes", "ctypes._endian", "mmap", "struct"):
        if name not in MODULES_AT_START:
            sys.modules.pop(name, None)


def hand_over(code, main_at_start, page):
    """Runs `code` as `python -c` does, from below every frame of ours; see the theory of operation."""
    mains = [type(sys)("__main__")]  # emptied before the run, so that only sys.modules holds it
    vars(mains[0]).clear()
    vars(mains[0]).update(main_at_start)
    flags = (ctypes.c_int * 2)(0x0800, sys.version_info[1])  # PyCF_IGNORE_COOKIE, the grammar's minor version
    excepthook = sys.excepthook
    sys.orig_argv = sys.orig_argv[:-1] + [code.decode("utf-8", "surrogateescape")]
    atexit.register(finish, page, os.getpid())

    class Code:
        @staticmethod
        def from_param(_):
            return code

    class Flags:
        @staticmethod
        def from_param(_):
            sys.modules["__main__"] = mains.pop()
            return ctypes.byref(flags)

    class Rest:
        @staticmethod
        def from_param(_):
            sys.excepthook = excepthook
            for name in ("last_type", "last_value", "last_traceback", "last_exc"):
                if hasattr(sys, name):
                    delattr(sys, name)
            return None

    def result(value):
        if value == 0:
            raise SystemExit(0)
        return value

    run = ctypes.pythonapi.PyRun_SimpleStringFlags
    run.argtypes = [Code, Flags, Rest]
    run.restype = result
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(run))
    sys.excepthook = run
    raise HandOver


def finish(page, pid):
    """Runs after every exit function of the program."""
    if os.getpid() == pid:
        page.write_modules(SAFE_MODULES.intersection(sys.modules))


if __name__ == "fork_server":
    os.set_inheritable(CONTROL_FD, False)
    Server(_socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET, 0, CONTROL_FD), globals()["source"]).serve()
