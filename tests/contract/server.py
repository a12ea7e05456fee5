"""The server under test, for the Python clients: the same as support/forge.mjs."""

import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_PATIENCE_S = 60


class Forge:
    def __init__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.program = str(Path(os.environ["FORGE_BIN"]) / "forge")
        self.data = tempfile.mkdtemp(prefix="data-", dir=os.environ["FORGE_TEST_DIR"])
        os.chmod(self.data, 0o755)  # sandboxes have other users
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "FORGE_WEB": str(ROOT / "web/dist"),
            "FORGE_IMAGE": os.environ["FORGE_ROOTFS"],
            "FORGE_DATA_DIR": self.data,
            "PORT": str(self.port),
        }
        self.process = None
        self.serve()

    def serve(self):
        log = open(Path(self.data) / "server.log", "ab")  # noqa: SIM115
        self.process = subprocess.Popen(
            [self.program, "serve"], cwd=self.data, env=self.environment, stdout=log, stderr=log
        )
        log.close()
        deadline = time.monotonic() + START_PATIENCE_S
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the server did not start: " + (Path(self.data) / "server.log").read_text())
            time.sleep(0.02)

    def _answers(self):
        try:
            with urllib.request.urlopen(self.url + "/healthz") as answer:
                return answer.status == 200
        except OSError:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait()
        subprocess.run([self.program, "down"], cwd=self.data, env=self.environment, check=True)

    def post(self, path, fields):
        request = urllib.request.Request(
            self.url + path, json.dumps(fields).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer), answer.headers

    def account(self, username, password=None):
        """Makes an account and logs it in: (container_id, cookie)."""
        secret = {} if password is None else {"password": password}
        email = username + "@example.org"
        self.post("/register", {"username": username, "email": email, **secret})
        answer, headers = self.post("/login", {"email": email, **secret})
        return answer["container_id"], (headers.get("Set-Cookie") or "").split(";")[0]


def example(name):
    return (ROOT / "examples" / name).read_text()
