"""Figures, each beside its peer, taken in one run on one machine. Called by `./dev bench`; prints one table.

Environment: FORGE_BIN (forge, forge-agent, forge_bench_client, socketio_example), FORGE_ROOTFS, FORGE_BENCH_PYTHON (a
Python with the peers' packages), FORGE_TEST_DIR (a scratch folder that sandboxes can reach).
"""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).parent
BIN = pathlib.Path(os.environ["FORGE_BIN"])
ROOTFS = pathlib.Path(os.environ["FORGE_ROOTFS"])
PEER_PYTHON = os.environ["FORGE_BENCH_PYTHON"]
RUNS = int(os.environ.get("FORGE_BENCH_RUNS", "200"))

PRINT = "print('hi')\n"
PANDAS = "import pandas\nprint(pandas.__name__)\n"
NAMED = "import importlib\nm = importlib.import_module(''.join(['pan', 'das']))\nprint(m.__name__)\n"
BIG_BYTES = 512 << 20
BIG = f"import os\nb = b'x' * 65535 + b'\\n'\nfor _ in range({BIG_BYTES} // 65536):\n    os.write(1, b)\n"
LINES = 600_000
PRINTS = f"for _ in range({LINES}):\n    print('x' * 79)\n"


class Program:
    """A process of ours that ends with this object."""

    def __init__(self, argv, env=None, **options):
        self.process = subprocess.Popen(argv, env={**os.environ, **(env or {})}, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, seconds=30):
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return (time.perf_counter() - begin) * 1000
        except OSError:
            time.sleep(0.001)
    sys.exit(f"nothing listens on port {port} after {seconds} s")


def client(*arguments):
    done = subprocess.run(
        [BIN / "forge_bench_client", *map(str, arguments)], capture_output=True, text=True, timeout=600, check=False
    )
    if done.returncode != 0:
        sys.exit(f"forge_bench_client {arguments}: {done.stderr}")
    return json.loads(done.stdout)


def post(port, path, body):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def register(port, name):
    post(port, "/register", {"username": name, "email": f"{name}@bench"})
    return post(port, "/login", {"email": f"{name}@bench"})["container_id"]


def pss(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as maps:
        return next(int(line.split()[1]) * 1024 for line in maps if line.startswith("Pss:"))


def descendants(pid):
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += descendants(int(child))
    return found


def sandbox_processes(name):
    """The agent whose sandbox has this host name, and all below it."""
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if b"forge/agent" not in (entry / "cmdline").read_bytes().split(b"\0")[0]:
                continue
            if b"\0serve\0" not in (entry / "cmdline").read_bytes():
                continue
            uts = subprocess.run(
                ["nsenter", "-t", entry.name, "-u", "hostname"], capture_output=True, text=True, check=True
            )
            if uts.stdout.strip() == name:
                return descendants(int(entry.name))
        except (OSError, subprocess.CalledProcessError):
            continue
    sys.exit(f"no agent found for the sandbox {name}")


class Table:
    def __init__(self):
        self.rows = []

    def add(self, figure, ours, unit, aim=None, **peers):
        self.rows.append((figure, ours, unit, aim, peers))
        row = self.lines()[-1]
        print(row, file=sys.stderr, flush=True)

    def lines(self):
        out = []
        for figure, ours, unit, aim, peers in self.rows:
            beside = ", ".join(
                f"{name.replace('_', ' ')} {value:,.3g} (×{ours / value:.2f})" for name, value in peers.items()
            )
            out.append(f"| {figure} | {ours:,.3g} {unit} | {aim or ''} | {beside} |")
        return out

    def print(self):
        print("\n| figure | ours | aim | peers, and ours as a multiple of theirs |\n|---|---|---|---|")
        print("\n".join(self.lines()))


def python_command(code, count, pause_ms, env=None):
    """`python3 -u -c` as a whole, first output and end, in the form that the bench client gives."""
    first, complete = [], []
    for _ in range(count):
        time.sleep(pause_ms / 1000)
        begin = time.perf_counter()
        with subprocess.Popen(
            ["/usr/bin/python3", "-u", "-c", code], stdout=subprocess.PIPE, env={**os.environ, **(env or {})}
        ) as run:
            run.stdout.read(1)
            first.append((time.perf_counter() - begin) * 1000)
            run.stdout.read()
        complete.append((time.perf_counter() - begin) * 1000)
    quantile = lambda times, share: sorted(times)[min(count - 1, int(share * count))]  # noqa: E731
    return {
        "first_output_ms": {"p50": quantile(first, 0.5), "p99": quantile(first, 0.99)},
        "complete_ms": {"p50": quantile(complete, 0.5)},
    }


def python_pipe(code, size):
    begin = time.perf_counter()
    subprocess.run(["sh", "-c", '/usr/bin/python3 -u -c "$0" | cat > /dev/null', code], check=True)
    return size / 1e6 / (time.perf_counter() - begin)


def jupyter(path, count, pause_ms=0, env=None):
    done = subprocess.run(
        [PEER_PYTHON, HERE / "peers/jupyter_warm.py", path, str(count), str(pause_ms)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(env or {})},
    )
    if done.returncode != 0:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def measure(scratch, table):
    codes = {}
    for name, text in {"print": PRINT, "pandas": PANDAS, "named": NAMED, "big": BIG, "prints": PRINTS}.items():
        codes[name] = scratch / f"{name}.py"
        codes[name].write_text(text)
    (scratch / "big_jupyter.py").write_text(
        "import sys\nfor _ in range(1000):\n    sys.stdout.write('x' * 65535 + '\\n')\n"
    )
    data, port, node_port, echo_port = scratch / "data", free_port(), free_port(), free_port()
    forge_env = {
        "PORT": str(port),
        "FORGE_DATA_DIR": str(data),
        "FORGE_IMAGE": str(ROOTFS),
        "FORGE_LOG_LEVEL": "warning",
    }
    packages = ROOTFS / "usr/local/lib/python3.11/dist-packages"
    with_packages = {"PYTHONPATH": str(packages)}
    peers = HERE / "peers"
    try:
        with (
            Program([BIN / "forge", "serve"], forge_env, stdout=subprocess.DEVNULL) as forge,
            Program(
                ["node", peers / "node_spawn.js", str(node_port)],
                {"PEER_PYTHON": "/usr/bin/python3", **with_packages},
                stdout=subprocess.DEVNULL,
                cwd=peers,
            ) as node,
            Program([BIN / "socketio_example", "--port", str(echo_port)], stdout=subprocess.DEVNULL) as example,
        ):
            wait_for_port(port)
            wait_for_port(node_port)
            wait_for_port(echo_port)
            idle, node_idle = pss(forge.process.pid), pss(node.process.pid)
            register(port, "bench")
            client(port, "bench", "runs", codes["print"], 1, 20, 0)
            measure_first_output(table, port, node_port, codes, with_packages)
            measure_throughput(table, port, node_port, codes, scratch)
            measure_socketio(table, echo_port, node_port, example, node)
            measure_starts(table, port, codes, scratch)
            table.add("memory of the server, just started", idle / 1e6, "MB", Node=node_idle / 1e6)
            table.add(
                "memory of the server, after all this",
                pss(forge.process.pid) / 1e6,
                "MB",
                Node=pss(node.process.pid) / 1e6,
            )
    finally:
        subprocess.run([BIN / "forge", "down"], env={**os.environ, **forge_env}, check=False, stdout=subprocess.DEVNULL)


def add_times(table, title, ours, aims, **peers):
    """Three rows: first output at the median and at the 99th percentile, and the whole run."""
    for quantile, aim in zip(("p50", "p99"), aims):
        beside = {name: peer["first_output_ms"][quantile] for name, peer in peers.items()}
        table.add(f"first output {quantile}, {title}", ours["first_output_ms"][quantile], "ms", aim, **beside)
    beside = {name: peer["complete_ms"]["p50"] for name, peer in peers.items()}
    table.add(f"complete run p50, {title}", ours["complete_ms"]["p50"], "ms", None, **beside)


def measure_first_output(table, port, node_port, codes, with_packages):
    for title, pause, aims in (("a run every 50 ms", 50, ("1.5", "6")), ("runs back to back", 0, (None, None))):
        ours = client(port, "bench", "runs", codes["print"], RUNS, 10, pause)
        node = client(node_port, "bench", "runs", codes["print"], RUNS, 10, pause)
        plain = python_command(PRINT, RUNS, pause)
        kernel = jupyter(codes["print"], RUNS, pause)
        add_times(table, title, ours, aims, Jupyter_warm=kernel, Node=node, python3=plain)
    client(port, "bench", "runs", codes["pandas"], 1, 1, 0)
    time.sleep(2.5)
    for name, title in (("pandas", "import pandas"), ("named", "a module named at run time")):
        ours = client(port, "bench", "runs", codes[name], max(20, RUNS // 4), 2, 50)
        node = client(node_port, "bench", "runs", codes[name], 8, 1, 50)
        plain = python_command(codes[name].read_text(), 8, 50, with_packages)
        kernel = jupyter(codes[name], max(20, RUNS // 4), 50, with_packages)
        add_times(table, title, ours, ("2.5", None), python3=plain, Node=node, Jupyter_warm_and_imported=kernel)


def measure_throughput(table, port, node_port, codes, scratch):
    ours = client(port, "bench", "output", codes["big"], BIG_BYTES)
    node = client(node_port, "bench", "output", codes["big"], BIG_BYTES)
    kernel = jupyter(scratch / "big_jupyter.py", 1)
    table.add(
        "one run's output, big writes",
        ours["mb_per_s"],
        "MB/s",
        "600",
        Node=node["mb_per_s"],
        Jupyter_warm=kernel["mb_per_s"],
    )
    ours = client(port, "bench", "output", codes["prints"], LINES * 80)
    node = client(node_port, "bench", "output", codes["prints"], LINES * 80)
    pipe = python_pipe(PRINTS, LINES * 80)
    table.add(
        "one run's output, print of 80 characters",
        ours["mb_per_s"],
        "MB/s",
        "×0.9 of the pipe",
        pipe_to_cat=pipe,
        Node=node["mb_per_s"],
    )


@contextlib.contextmanager
def hold(port, count):
    """So many connections, held; gives how many were made per second."""
    with Program(
        [BIN / "forge_bench_client", str(port), "-", "hold", str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as held:
        result = json.loads(held.process.stdout.readline())
        yield result["per_second"]
        held.process.stdin.close()


def measure_socketio(table, echo_port, node_port, example, node):
    ours, peer = client(echo_port, "-", "echo", 5000), client(node_port, "-", "echo", 5000)
    table.add("Socket.IO echo round trip p50", ours["echo_ms"]["p50"], "ms", "0.05", Node=peer["echo_ms"]["p50"])
    held = 4000
    before, node_before = pss(example.process.pid), pss(node.process.pid)
    with hold(echo_port, held) as rate:
        memory = (pss(example.process.pid) - before) / held
    with hold(node_port, held) as node_rate:
        node_memory = (pss(node.process.pid) - node_before) / held
    table.add("connections accepted", rate, "/s", "10,000", Node=node_rate)
    table.add("memory per idle connection", memory / 1000, "kB", "6", Node=node_memory / 1000)


def measure_starts(table, port, codes, scratch):
    times, names = [], [f"cold{i}" for i in range(5)]
    for name in names:
        begin = time.perf_counter()
        container = register(port, name)
        client(port, container, "runs", codes["print"], 1, 0, 0)
        times.append((time.perf_counter() - begin) * 1000)
    kernel = jupyter(codes["print"], 1)
    title = "start of a sandbox: new account → first output, p50"
    table.add(title, sorted(times)[2], "ms", "120", Jupyter_kernel_start=kernel["start_ms"])
    processes = sandbox_processes(names[-1])
    table.add(
        "memory of an idle sandbox",
        sum(map(pss, processes)) / 1e6,
        "MB",
        None,
        Jupyter_kernel=kernel["memory_bytes"] / 1e6,
    )
    starts = []
    for _ in range(3):
        other = free_port()
        begin = time.perf_counter()
        env = {
            "PORT": str(other),
            "FORGE_DATA_DIR": str(scratch / "other"),
            "FORGE_IMAGE": str(ROOTFS),
            "FORGE_LOG_LEVEL": "warning",
        }
        with Program([BIN / "forge", "serve"], env, stdout=subprocess.DEVNULL):
            wait_for_port(other)
            starts.append((time.perf_counter() - begin) * 1000)
    node_starts = []
    for _ in range(3):
        other = free_port()
        begin = time.perf_counter()
        with Program(["node", HERE / "peers/node_spawn.js", str(other)], stdout=subprocess.DEVNULL, cwd=HERE / "peers"):
            wait_for_port(other)
            node_starts.append((time.perf_counter() - begin) * 1000)
    table.add("start of the server", sorted(starts)[1], "ms", None, Node=sorted(node_starts)[1])


def main():
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=os.environ["FORGE_TEST_DIR"]))
    scratch.chmod(0o755)
    table = Table()
    try:
        measure(scratch, table)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    table.print()


main()
