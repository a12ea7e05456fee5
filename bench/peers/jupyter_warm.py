"""The peer: one warm Jupyter kernel over ZeroMQ. Prints one line of JSON for one piece of code."""

import json
import sys
import time
from queue import Empty

from jupyter_client.manager import start_new_kernel


def quantile(times, share):
    times = sorted(times)
    return times[min(len(times) - 1, int(share * len(times)))]


def run_once(client, code):
    """Milliseconds to the first output and to idle, and the bytes that came."""
    begin = time.perf_counter()
    request = client.execute(code)
    first, received = None, 0
    while True:
        message = client.get_iopub_msg(timeout=120)
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["msg_type"] == "stream":
            first = first or (time.perf_counter() - begin) * 1000
            received += len(message["content"]["text"])
        elif message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            break
    complete = (time.perf_counter() - begin) * 1000
    try:
        client.get_shell_msg(timeout=10)
    except Empty:
        sys.exit("the kernel sent no reply")
    return first, complete, received


def main():
    code = open(sys.argv[1], encoding="utf-8").read()
    count, pause = int(sys.argv[2]), float(sys.argv[3]) / 1000
    begin = time.perf_counter()
    manager, client = start_new_kernel()
    start_ms = (time.perf_counter() - begin) * 1000
    try:
        run_once(client, "print(1)")
        runs = []
        for _ in range(count):
            time.sleep(pause)
            runs.append(run_once(client, code))
        memory = 0
        with open(f"/proc/{manager.provisioner.process.pid}/smaps_rollup", encoding="ascii") as maps:
            for line in maps:
                if line.startswith("Pss:"):
                    memory = int(line.split()[1]) * 1024
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    first = [run[0] for run in runs]
    complete = [run[1] for run in runs]
    print(
        json.dumps(
            {
                "first_output_ms": {"p50": quantile(first, 0.5), "p99": quantile(first, 0.99), "n": count},
                "complete_ms": {"p50": quantile(complete, 0.5), "p99": quantile(complete, 0.99), "n": count},
                "mb_per_s": sum(run[2] for run in runs) / 1e6 / (sum(complete) / 1000),
                "start_ms": start_ms,
                "memory_bytes": memory,
            }
        )
    )


main()
