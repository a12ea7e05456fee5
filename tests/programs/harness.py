"""Runs one program in three ways: by `python3 -u -c`, by the fork server alone, by the whole agent.

All three start their interpreter in the image (FORGE_ROOTFS), in the same home, with the same environment and limits.
"""

import collections
import contextlib
import ctypes
import os
import re
import resource
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

import wire

HERE = Path(__file__).resolve().parent
FORK_SERVER = HERE.parent.parent / "src/agent/python/fork_server.py"
ROOT = Path(os.environ.get("FORGE_ROOTFS", "/"))
AGENT = os.environ["FORGE_AGENT"]
PYTHON = os.environ.get("FORGE_TEST_PYTHON", "python3")
# As src/agent/child.cpp has it.
BOOT = (
    "(lambda source: exec(compile(source, '<fork server>', 'exec'), {'__name__': 'fork_server', 'source': source}))"
    "(open(3, 'rb').read())"
)
ARGUMENT_BYTES_MAX = 100_000
PROCESSES_MAX = 240
CHUNK_PAUSE_S = 0.03
PATIENCE_S = float(os.environ.get("FORGE_TEST_PATIENCE_S", 60))

KEPT_IN_HOME = (".config", ".cache")

Result = collections.namedtuple("Result", "stdout stderr end")
Case = collections.namedtuple("Case", "kind name code stdin keep_open files")


class Stuck(Exception):
    """A program, or what runs it, did not end."""


def read_cases():
    """Of cases/KIND.py: programs that begin with `# --- name`, then lines of `#: directive expression`."""
    cases = []
    for path in sorted((HERE / "cases").glob("*.py")):
        for block in ("\n" + path.read_text()).split("\n# --- ")[1:]:
            name, _, code = block.partition("\n")
            directives = collections.defaultdict(list)
            while code.startswith("#: "):
                line, _, code = code.partition("\n")
                word, _, expression = line[3:].partition(" ")
                directives[word].append(eval(expression or "True", {"code": code}))
            if "code" in directives:
                code = directives["code"][0]
            code = code if isinstance(code, bytes) else code.encode()
            stdin = [chunk if isinstance(chunk, bytes) else chunk.encode() for chunk in sum(directives["stdin"], [])]
            case = Case(path.stem, name.strip(), code, stdin, "keep_open" in directives, dict(directives["file"]))
            cases.append(case)
    names = [(case.kind, case.name) for case in cases]
    assert len(names) == len(set(names)), [name for name in names if names.count(name) > 1]
    return cases


ADDRESS = re.compile(rb"\b0x[0-9a-f]{8,}")  # what no two interpreters share


def difference(expected, actual):
    out = []
    for part in expected._fields:
        theirs, ours = getattr(expected, part), getattr(actual, part)
        if isinstance(theirs, bytes):
            theirs, ours = ADDRESS.sub(b"0xADDRESS", theirs), ADDRESS.sub(b"0xADDRESS", ours)
        if theirs != ours:
            out.append(f"    {part}, python: {shorten(theirs, ours)}\n    {part}, ours:   {shorten(ours, theirs)}")
    return "\n".join(out) or None


def shorten(text, other):
    """From a little before where it differs."""
    common = len(os.path.commonprefix([text, other]))
    begin = max(0, common - 60)
    return ("…" if begin else "") + repr(text[begin : begin + 400])


class Place:
    """A home of one's own in the image, the same for each way of running."""

    def __init__(self, name):
        base = "/tmp" if str(ROOT) != "/" else os.environ["FORGE_TEST_DIR"]
        self.folder = f"{base}/{name}"
        self.home = f"{self.folder}/home"
        # A new home has what the image gives it: Matplotlib's list of fonts.
        shutil.copytree(ROOT / "etc/skel", self.outside(self.home))
        self.supervisor = f"{self.folder}/forge-agent"
        shutil.copy(AGENT, self.outside(self.supervisor))

    @staticmethod
    def outside(path):
        return ROOT / path.lstrip("/")

    def environment(self):
        """As src/agent/settings.cpp makes it."""
        return {
            "HOME": self.home,
            "USER": "user",
            "LOGNAME": "user",
            "PATH": self.home + "/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "SHELL": "/bin/bash",
            "LANG": "C.UTF-8",
        }

    def fill_home(self, files):
        home = self.outside(self.home)
        for old in (path for path in home.iterdir() if path.name not in KEPT_IN_HOME):
            shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
        for name, content in files.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    def enter(self):
        """In a child that becomes an interpreter: what the agent does for the fork server."""
        os.chroot(ROOT)
        os.chdir(self.home)
        os.umask(0o022)
        resource.setrlimit(resource.RLIMIT_NPROC, (PROCESSES_MAX, PROCESSES_MAX))
        libc = ctypes.CDLL(None)
        for capability in range(64):
            libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
        libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS

    def popen(self, arguments, fds=(), **options):
        """`fds` become 3, 4, …"""

        def prepare():
            self.enter()
            clear = [os.dup2(fd, 100 + place) for place, fd in enumerate(fds)]
            for place, fd in enumerate(clear):
                os.dup2(fd, 3 + place)
            os.closerange(3 + len(fds), 4096)

        return subprocess.Popen(
            arguments,
            env=self.environment(),
            preexec_fn=prepare,
            close_fds=False,
            start_new_session=True,
            bufsize=0,
            **options,
        )


def describe(status):
    return f"signal {-status}" if status < 0 else f"exit {status}"


def converse(case, stdin, stdout, stderr):
    """Gives a program its input in its pieces, and reads both outputs to their ends."""
    outputs = {stdout: bytearray(), stderr: bytearray()}
    chunks = collections.deque(case.stdin)
    deadline = time.monotonic() + PATIENCE_S
    next_chunk = time.monotonic()
    os.set_blocking(stdin, False)
    with selectors.DefaultSelector() as selector:
        for fd in outputs:
            selector.register(fd, selectors.EVENT_READ)
        while selector.get_map():
            if time.monotonic() > deadline:
                raise Stuck(f"{case.kind}/{case.name}: {outputs}"[:2000])
            if stdin is not None and time.monotonic() >= next_chunk:
                next_chunk = time.monotonic() + CHUNK_PAUSE_S
                stdin = feed(stdin, chunks, case.keep_open)
            for key, _ in selector.select(0.01 if stdin is not None else 1):
                data = os.read(key.fd, 1 << 20)
                outputs[key.fd] += data
                if not data:
                    selector.unregister(key.fd)
    if stdin is not None:
        os.close(stdin)
    return bytes(outputs[stdout]), bytes(outputs[stderr])


def feed(stdin, chunks, keep_open):
    """The descriptor, or None once it is closed."""
    try:
        while chunks:
            written = os.write(stdin, chunks[0])
            whole = written == len(chunks[0])
            chunks[0] = chunks[0][written:]
            if whole:
                chunks.popleft()
                break
    except BlockingIOError:
        return stdin
    except BrokenPipeError:
        chunks.clear()
    if not chunks and not keep_open:
        os.close(stdin)
        return None
    return stdin


# Where the code is too long for an argument; the frame of this line is the difference.
LONG_CODE = (
    "import os; exec(compile(open(3, 'rb').read(), '<string>', 'exec'), "
    "(lambda main: [main.pop('os'), main.pop('__warningregistry__', 0), main][2])(vars(__import__('sys').modules['__main__'])))"
)


class Reference:
    def __init__(self, place):
        self._place = place

    def run(self, case):
        self._place.fill_home(case.files)
        fds, command = [], case.code
        if len(case.code) > ARGUMENT_BYTES_MAX:
            fds.append(os.memfd_create("code"))
            os.write(fds[0], case.code)
            os.lseek(fds[0], 0, os.SEEK_SET)
            command = LONG_CODE
        pipe = subprocess.PIPE
        arguments = [PYTHON, "-u", "-c", command]
        process = self._place.popen(arguments, fds, stdin=pipe, stdout=pipe, stderr=pipe)
        for fd in fds:
            os.close(fd)
        try:
            fds = [os.dup(file.fileno()) for file in (process.stdin, process.stdout, process.stderr)]
            for file in (process.stdin, process.stdout, process.stderr):
                file.close()
            output = converse(case, *fds)
            return Result(*output, describe(process.wait(PATIENCE_S)))
        finally:
            process.kill()
            for fd in fds[1:]:
                os.close(fd)

    def close(self):
        pass


class Forked:
    """A Python twin of the agent's part in PROTOCOL.md, with the real supervisor."""

    def __init__(self, place, preload=(), source=None, memory_max=0):
        self._place = place
        self._preload = list(preload)
        self._memory_max = memory_max
        self._source = source or FORK_SERVER.read_bytes()
        self._server = None
        self.restarts = -1
        self.started_after_s = 0
        self.learned = set()

    def _start(self):
        self.close()
        self.restarts += 1
        began = time.monotonic()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        source = os.memfd_create("source")
        os.write(source, self._source)
        os.lseek(source, 0, os.SEEK_SET)
        self._words = open(self._place.outside(self._place.folder) / "words", "ab")
        null = subprocess.DEVNULL
        arguments = [PYTHON, "-u", "-c", BOOT]
        fds = [source, theirs.fileno()]
        self._server = self._place.popen(arguments, fds, stdin=null, stdout=null, stderr=self._words)
        os.close(source)
        theirs.close()
        self._say(
            "init", supervisor=self._place.supervisor, preload=",".join(self._preload), memory_max=self._memory_max
        )
        self._spare = self._wait_for("spare")
        self.started_after_s = time.monotonic() - began

    def _say(self, verb, **fields):
        self._control.send("\n".join([verb] + [f"{key}={value}" for key, value in fields.items()]).encode())

    def _wait_for(self, verb):
        self._control.settimeout(PATIENCE_S)
        while True:
            try:
                data, fds, _, _ = socket.recv_fds(self._control, 65536, 2)
            except socket.timeout as error:
                raise Stuck(f"the fork server does not say {verb}") from error
            got, *lines = data.decode().split("\n")
            fields = dict(line.split("=", 1) for line in lines)
            if got == "learned":
                self.learned.update(fields["modules"].split(","))
            elif got == "ready":
                self.ready = fields
            if got == verb:
                return fields, [socket.socket(fileno=fd) for fd in fds]
            if not data:
                raise Stuck("the fork server ended")

    def run(self, case):
        self._place.fill_home(case.files)
        if self._server is None:
            self._start()
        for tries in range(3):
            result = self._run(case)
            if result:
                if tries:
                    self.close()  # the next program finds everything preloaded again
                return result
            self._start()
        raise Stuck("every spare is stale")

    def _run(self, case):
        fields, (spare, supervisor) = self._spare
        pipes = [os.pipe2(os.O_CLOEXEC) for _ in range(3)]
        theirs = [pipes[0][0], pipes[1][1], pipes[2][1]]
        ours = [pipes[0][1], pipes[1][0], pipes[2][0]]
        header = b"run\nlength=%d\n\n" % len(case.code)
        inline = len(case.code) <= 65536
        code = os.memfd_create("code")
        os.write(code, case.code)
        with spare, supervisor:
            socket.send_fds(spare, [header + case.code * inline], theirs + [code] * (not inline))
            for fd in [*theirs, code]:
                os.close(fd)
            spare.settimeout(PATIENCE_S)
            if spare.recv(100) == b"stale":
                for fd in ours:
                    os.close(fd)
                return None
            output = converse(case, *ours)
            os.close(ours[1]), os.close(ours[2])
            supervisor.settimeout(PATIENCE_S)
            report = supervisor.recv(100)
        self._say("ended", pid=fields["pid"])
        self._say("fork")
        self._spare = self._wait_for("spare")
        if not report:
            return Result(*output, "no report")
        status = struct.unpack_from("<i", report)[0]
        return Result(*output, describe(os.waitstatus_to_exitcode(status)))

    def rss_bytes(self):
        return int(self.ready["rss"])

    def close(self):
        if self._server:
            self._control.close()
            for one in self._spare[1]:
                one.close()
            self._server.wait(PATIENCE_S)
            self._words.close()
            self._server = None


class ByAgent:
    """The real agent over its socket, as a server speaks to it."""

    def __init__(self, place):
        self._place = place
        folder = place.folder
        arguments = [place.supervisor, "serve", "--socket", f"{folder}/socket", "--journal", f"{folder}/journal"]
        arguments += ["--home", place.home, "--supervisor", place.supervisor, "--python", PYTHON]
        self._words = open(place.outside(folder) / "agent.log", "ab")
        self._agent = subprocess.Popen(
            arguments,
            preexec_fn=lambda: os.chroot(ROOT),
            stdin=subprocess.DEVNULL,
            stdout=self._words,
            stderr=self._words,
        )
        self._socket = self._connect(str(place.outside(f"{folder}/socket")))
        self._received = bytearray()
        self._requests = 0
        self._runs = 0
        self._send(wire.hello())

    @staticmethod
    def _connect(path):
        for _ in range(1000):
            link = socket.socket(socket.AF_UNIX)
            link.settimeout(PATIENCE_S)
            with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
                link.connect(path)
                return link
            link.close()
            time.sleep(0.01)
        raise Stuck("the agent does not listen")

    def _send(self, body):
        self._requests += 1
        number, content = body
        self._socket.sendall(wire.frame(wire.message((1, self._requests), (number, content))))
        return self._requests

    def _next(self, patience_s):
        """The next message's fields, or None."""
        self._socket.settimeout(patience_s)
        try:
            while len(self._received) < 4 or len(self._received) < 4 + struct.unpack_from("<I", self._received)[0]:
                data = self._socket.recv(1 << 20)
                if not data:
                    raise Stuck("the agent closed the connection")
                self._received += data
        except (TimeoutError, socket.timeout):
            return None
        length = struct.unpack_from("<I", self._received)[0]
        body = bytes(memoryview(self._received)[4 : 4 + length])
        del self._received[: 4 + length]
        return wire.fields(body)

    def _answer(self, request):
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            answer = self._next(PATIENCE_S)
            if answer and answer.get(1) == request:
                return answer
        raise Stuck("the agent does not answer")

    def run(self, case):
        self._place.fill_home(case.files)
        self._runs += 1
        name = b"run-%d" % self._runs
        answer = self._answer(self._send(wire.start(name, case.code)))
        if wire.FAILURE in answer:
            raise Stuck(f"{case.kind}/{case.name}: {answer}")
        attachment = self._send(wire.attach(name, 64 << 20))
        return self._watch(case, name, attachment)

    def _watch(self, case, name, attachment):
        outputs = {wire.STDOUT: bytearray(), wire.STDERR: bytearray()}
        chunks = collections.deque(case.stdin)
        input_open = True
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if chunks:
                self._send(wire.give_input(name, chunks.popleft()))
            if input_open and not chunks and not case.keep_open:
                self._send(wire.end_input(name))
                input_open = False
            answer = self._next(CHUNK_PAUSE_S if chunks else PATIENCE_S)
            if not answer or answer.get(1) != attachment:
                continue
            if wire.FAILURE in answer:
                raise Stuck(f"{case.kind}/{case.name}: {answer}")
            if wire.OUTPUT in answer:
                output = wire.fields(answer[wire.OUTPUT])
                outputs[output[2]] += output[3]
                self._send(wire.acknowledge(attachment, output.get(1, 0) + len(output[3])))
            elif wire.ENDED in answer:
                ended = wire.fields(answer[wire.ENDED])
                self._send(wire.detach(attachment))
                return Result(bytes(outputs[1]), bytes(outputs[2]), self._end(ended))
        raise Stuck(f"{case.kind}/{case.name}: {outputs}"[:2000])

    @staticmethod
    def _end(info):
        if info.get(2) == wire.EXITED:
            return f"exit {info.get(3, 0)}"
        if info.get(2) == wire.SIGNALED:
            return f"signal {info.get(4, 0)}"
        return f"status {info.get(2)}: {info.get(5, b'').decode()}"

    def wait_until_preloaded(self, module):
        for _ in range(int(PATIENCE_S * 10)):
            status = self._answer(self._send(wire.get_status()))[wire.STATUS]
            if module in wire.texts(status, 6):
                return
            time.sleep(0.1)
        raise Stuck(f"{module} is not preloaded")

    def close(self):
        self._agent.send_signal(signal.SIGTERM)
        self._agent.wait(PATIENCE_S)
        self._socket.close()
        self._words.close()
