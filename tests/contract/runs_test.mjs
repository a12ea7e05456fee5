// What the contract says of runs: output of every kind, ends of every kind, code of every kind.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";

import { Client } from "../support/clients.mjs";
import { Forge } from "../support/forge.mjs";

let forge;
let id;
let client;
before(async () => {
  forge = await Forge.start();
  ({ id } = await forge.account("alice"));
});
after(async () => {
  client.close();
  await forge.stop();
});
beforeEach(async () => {
  client?.close();
  client = await Client.connected(forge.url);
});

describe("output", () => {
  it("shows as it is printed, without a newline or a flush", async () => {
    client.execute("print('ready', end='')\ninput()\nprint('!')", id);
    await client.shows("ready");
    assert.equal(client.count("command_complete"), 0);
    client.type("");
    await client.completed();
    assert.equal(client.output, "ready!\n");
  });

  it("that is not UTF-8 shows as U+FFFD and ends nothing", async () => {
    const output = await client.run(String.raw`import sys; sys.stdout.buffer.write(b'a\xff\xfeb\n'); print('on')`, id);
    assert.equal(output, "a\ufffd\ufffdb\non\n");
  });

  it("whose characters are cut between two writes comes whole", async () => {
    const code = [
      "import os, time",
      "for byte in 'grün €uro 😀\\n'.encode():",
      "    os.write(1, bytes([byte]))",
      "    time.sleep(0.01)",
    ];
    assert.equal(await client.run(code.join("\n"), id), "grün €uro 😀\n");
  });

  it("of 20 MB comes whole and in order", async () => {
    const output = await client.run("for n in range(250_000): print('%079d' % n)", id);
    assert.equal(output.length, 20_000_000);
    const lines = output.split("\n");
    assert.ok(lines.every((line, n) => n === 250_000 || Number(line) === n));
  });

  it("of one long line comes whole", async () => {
    assert.equal(await client.run("print('x' * 9_000_000, end='')", id), "x".repeat(9_000_000));
  });
});

describe("ends", () => {
  for (const [what, code, expected] of [
    ["without output", "pass", ""],
    ["with exit code 3", "import sys; print('a'); sys.exit(3)", "a\n"],
    ["with a text for SystemExit", "raise SystemExit('over')", "over\n"],
    ["with os._exit", "import os; os._exit(7)", ""],
  ]) {
    it(`${what} adds nothing to the output`, async () => {
      assert.equal(await client.run(code, id), expected);
    });
  }

  it("with an exception show Python's own traceback", async () => {
    const output = await client.run("def f():\n    1/0\nf()", id);
    assert.match(output, /^Traceback \(most recent call last\):\n {2}File "<string>", line 3, in <module>\n/);
    assert.match(output, /ZeroDivisionError: division by zero\n$/);
  });

  it("by a signal get one last line that says so", async () => {
    const output = await client.run("import os, signal; print('a'); os.kill(os.getpid(), signal.SIGKILL)", id);
    assert.match(output, /^a\n[^\n]*(SIGKILL|killed|signal)[^\n]*\n$/i);
  });

  it("by a signal in the middle of a line begin a new one", async () => {
    const output = await client.run("import os; print('a', end=''); os.abort()", id);
    assert.match(output, /^a\n[^\n]*(SIGABRT|aborted|signal)[^\n]*\n$/i);
  });

  it("by the memory limit say so", async () => {
    const output = await client.run("print('begin')\nx = b'x' * (2 << 30)\nprint('unreachable')", id);
    assert.match(output, /^begin\n/);
    assert.match(output, /memory/i);
    assert.doesNotMatch(output, /unreachable/);
    assert.equal(await client.run("print('after')", id), "after\n");
  });
});

describe("a run that is replaced", () => {
  it("says nothing more, no command_complete either", async () => {
    client.execute("import time\nwhile True:\n    print('old', flush=True)\n    time.sleep(0.001)", id);
    await client.shows("old");
    client.execute("import time\ntime.sleep(0.5)\nprint('new')", id);
    await client.started();
    client.forget();
    await client.completed();
    assert.equal(client.output, "new\n");
    assert.equal(client.count("command_complete"), 1);
  });

  it("has ended", async () => {
    client.execute("import os, time\nopen('pid', 'w').write(str(os.getpid()))\nprint('x')\ntime.sleep(1000)", id);
    await client.shows("x");
    const output = await client.run(
      "import os\npid = int(open('pid').read())\ntry:\n    os.kill(pid, 0)\n    print('lives')\nexcept OSError:\n    print('gone')",
      id,
    );
    assert.equal(output, "gone\n");
  });

  it("leaves the last of several that follow at once", async () => {
    client.forget();
    for (let n = 0; n < 10; n += 1) {
      client.socket.emit("execute_command", { command: `print(${n})\ninput()\nprint('end ${n}')`, container_id: id });
    }
    await client.shows("9\n");
    client.type("");
    await client.completed();
    assert.equal(client.output.slice(client.output.indexOf("9\n")), "9\nend 9\n");
    assert.equal(client.count("command_complete"), 1);
  });
});

describe("code", () => {
  it("of 9 MB runs", async () => {
    assert.equal(await client.run(`# ${"x".repeat(9 << 20)}\nprint('end')`, id), "end\n");
  });

  it("of 11 MB is refused in words", async () => {
    const output = await client.run(`# ${"x".repeat(11 << 20)}\nprint('end')`, id);
    assert.match(output, /10 ?MB|10 ?MiB|too (large|long|big)/i);
    assert.equal(client.count("command_started"), 0);
    assert.equal(client.count("command_complete"), 1);
  });

  it("with a NUL ends with words", async () => {
    assert.match(await client.run("print('a\0b')", id), /null byte|NUL/i);
    assert.equal(await client.run("print('well')", id), "well\n");
  });

  it("with a lone surrogate ends with words", async () => {
    const output = await client.run("print('a\ud800b')", id);
    assert.equal(client.count("command_complete"), 1);
    assert.notEqual(output, "");
    assert.equal(await client.run("print('well')", id), "well\n");
  });

  it("is not in any command line, and the environment holds nothing of ours", async () => {
    const code = [
      "import glob, os",
      "marker = 'not-' + 'to-be-seen'  # not-to-be-seen",
      "seen = [path for path in glob.glob('/proc/[0-9]*/cmdline') if marker.encode() in open(path, 'rb').read()]",
      "print(seen, [name for name in os.environ if 'FORGE' in name.upper()], os.getcwd() == os.path.expanduser('~'))",
    ];
    assert.equal(await client.run(code.join("\n"), id), "[] [] True\n");
  });
});

describe("the home", () => {
  it("keeps what pip installed for the next run", async () => {
    const code = `
import subprocess, sys, zipfile
with zipfile.ZipFile("parcel-1.0-py3-none-any.whl", "w") as wheel:
    info = "parcel-1.0.dist-info/"
    wheel.writestr("parcel.py", "content = 'from the wheel'\\n")
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: parcel\\nVersion: 1.0\\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(info + "RECORD", "".join(name + ",,\\n" for name in ("parcel.py", info + "METADATA", info + "WHEEL", info + "RECORD")))
sys.exit(subprocess.call(["pip", "install", "--no-index", "--quiet", "./parcel-1.0-py3-none-any.whl"]))
`;
    const installed = await client.run(code, id);
    assert.doesNotMatch(installed, /error/i);
    assert.equal(await client.run("import parcel; print(parcel.content)", id), "from the wheel\n");
  });

  it("has python, python3, pip and bash", async () => {
    const output = await client.run("import shutil\nprint(all(map(shutil.which, ['python', 'python3', 'pip', 'bash'])))", id);
    assert.equal(output, "True\n");
  });
});

it("an account that never imported pandas has a fork server under 15 MB", async () => {
  const code = `
import os
def parent(pid):
    return int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1])
fork_server = parent(os.getppid())
print(int(open(f"/proc/{fork_server}/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
`;
  const output = await client.run(code, (await forge.account("plain")).id);
  const bytes = Number(output);
  assert.ok(bytes > 1e6 && bytes < 15e6, output);
});
