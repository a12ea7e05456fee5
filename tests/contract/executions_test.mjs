// docs/protocol.md: the events beyond the contract.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";

import { Client } from "../support/clients.mjs";
import { Forge } from "../support/forge.mjs";

const MIB = 1 << 20;

let forge;
let account;
let client;
before(async () => {
  forge = await Forge.start();
  account = await forge.account("alice", "correct horse");
});
after(async () => {
  client.close();
  await forge.stop();
});
beforeEach(async () => {
  client?.close();
  client = await connect();
});

const connect = (options = {}) => Client.connected(forge.url, { cookie: account.cookie, ...options });
const of = (watcher, id, name) =>
  watcher.events.filter((e) => e.name === name && e.arguments[0].execution_id === id).map((e) => e.arguments[0]);
const outputs = (watcher, id) => of(watcher, id, "execution_output");
const textOf = (events, stream) =>
  events.filter((event) => !stream || event.stream === stream).map(({ text }) => text).join("");

async function start(code, fields = {}) {
  const answer = await client.ask("execution_start", { code, ...fields });
  assert.equal(answer.ok, true, JSON.stringify(answer));
  return answer.execution.id;
}
async function end(id, watcher = client) {
  await watcher.until(() => of(watcher, id, "execution_ended").length > 0, "execution_ended");
  return of(watcher, id, "execution_ended")[0].execution;
}
const shows = (id, text, watcher = client) =>
  watcher.until(() => textOf(outputs(watcher, id)).includes(text), `output with ${JSON.stringify(text)}`);

describe("a start", () => {
  it("is followed by execution_started, the output by streams, and one end with all figures", async () => {
    const id = await start("import sys\nprint('out')\nprint('err', file=sys.stderr)\nsys.exit(3)");
    const execution = await end(id);
    assert.match(id, /^[a-z0-9]{8,32}$/);
    assert.equal(of(client, id, "execution_started").length, 1);
    assert.equal(textOf(outputs(client, id), "stdout"), "out\n");
    assert.equal(textOf(outputs(client, id), "stderr"), "err\n");
    assert.equal(client.events.at(-1).name, "execution_ended");
    assert.deepEqual(Object.keys(execution).sort(), [
      "exit_code",
      "id",
      "input_closed",
      "input_end",
      "output_begin",
      "output_end",
      "reason",
      "signal",
      "started_ms",
      "status",
      "usage",
    ]);
    assert.deepEqual([execution.status, execution.exit_code, execution.signal, execution.reason], ["exited", 3, null, ""]);
    assert.equal(execution.output_end, 8);
    assert.ok(execution.usage.wall_ms > 0 && execution.usage.cpu_ms > 0);
    assert.ok(execution.usage.memory_peak_bytes > MIB);
  });

  it("with an id that was given is the same start when it is sent again", async () => {
    const execution_id = "retried0start001";
    const code = "open('starts', 'a').write('x')\nprint(input())";
    await start(code, { execution_id });
    const again = await client.ask("execution_start", { code, execution_id });
    assert.equal(again.execution.id, execution_id);
    await client.ask("execution_input", { execution_id, text: "on\n" });
    assert.equal((await end(execution_id)).exit_code, 0);
    assert.equal(textOf(outputs(client, execution_id)), "on\n");
    assert.equal(textOf(outputs(client, await ended("print(open('starts').read())"))), "x\n");
  });

  for (const [what, fields] of [
    ["no code", {}],
    ["a number for the code", { code: 1 }],
    ["a number for the id", { code: "pass", execution_id: 7 }],
    ["an id of other characters", { code: "pass", execution_id: "../../etc/passwd" }],
    ["an id that is too short", { code: "pass", execution_id: "abc" }],
    ["code that is too large", { code: `#${"x".repeat(11 * MIB)}` }],
  ]) {
    it(`with ${what} is refused in words`, async () => {
      const answer = await client.ask("execution_start", fields);
      assert.equal(answer.ok, false);
      assert.match(answer.error.message, /\S+ \S+/);
    });
  }
});

const ended = async (code) => {
  const id = await start(code);
  await end(id);
  return id;
};

describe("an attach", () => {
  it("gives every byte once, from any point that was seen", async () => {
    const code = [
      "import sys",
      "for n in range(40):",
      "    sys.stdout.write(f'out {n} €😀\\n')",
      "    sys.stderr.write(f'err {n} ü\\n')",
    ];
    const id = await ended(code.join("\n"));
    const all = outputs(client, id);
    for (const at of [0, 1, Math.floor(all.length / 2), all.length - 1]) {
      await attachesExactly(id, all, at);
    }
  });

  async function attachesExactly(id, all, at) {
    const watcher = await connect();
    const answer = await watcher.ask("execution_attach", { execution_id: id, from: all[at].next });
    assert.equal(answer.execution.id, id);
    await end(id, watcher);
    for (const stream of ["stdout", "stderr"]) {
      const before = textOf(all.slice(0, at + 1), stream);
      assert.equal(before + textOf(outputs(watcher, id), stream), textOf(all, stream));
    }
    watcher.close();
  }

  it("from 0 gives a running one's output so far, and goes on", async () => {
    const id = await start("print('one')\nprint(input())");
    await shows(id, "one\n");
    const watcher = await connect();
    await watcher.ask("execution_attach", { execution_id: id, from: 0 });
    await shows(id, "one\n", watcher);
    await watcher.ask("execution_input", { execution_id: id, text: "two\n" });
    await end(id, watcher);
    assert.equal(textOf(outputs(watcher, id)), "one\ntwo\n");
    await end(id);
    assert.equal(textOf(outputs(client, id)), "one\ntwo\n");
    watcher.close();
  });

  it("of a half character gives it whole", async () => {
    const id = await start("import os\nos.write(1, b'a\\xe2\\x82')\ninput()\nos.write(1, b'\\xac!\\n')");
    await shows(id, "a");
    const [{ next }] = outputs(client, id);
    assert.equal(next.stdout, 1);
    const watcher = await connect();
    await watcher.ask("execution_attach", { execution_id: id, from: next });
    await watcher.ask("execution_input", { execution_id: id, text: "\n" });
    await end(id, watcher);
    assert.equal(textOf(outputs(watcher, id)), "€!\n");
    watcher.close();
  });

  it("to what is not there is refused in words", async () => {
    for (const [fields, code] of [
      [{ execution_id: "nothere000000001", from: 0 }, "not_found"],
      [{ from: 0 }, "invalid"],
      [{ execution_id: 5, from: 0 }, "invalid"],
      [{ execution_id: "nothere000000001", from: "start" }, "invalid"],
      [{ execution_id: "nothere000000001", from: -1 }, "invalid"],
      [{ execution_id: "nothere000000001", from: { stdout: 0 } }, "invalid"],
    ]) {
      const answer = await client.ask("execution_attach", fields);
      assert.equal(answer.error?.code, code, JSON.stringify([fields, answer]));
    }
  });

  it("ends with a detach", async () => {
    const id = await start("print('one')\ninput()\nprint('two')");
    await shows(id, "one\n");
    assert.equal((await client.ask("execution_detach", { execution_id: id })).ok, true);
    const watcher = await connect();
    await watcher.ask("execution_attach", { execution_id: id, from: 0 });
    await client.ask("execution_input", { execution_id: id, text: "\n" });
    await end(id, watcher);
    await client.ask("execution_list", {});
    assert.equal(textOf(outputs(client, id)), "one\n");
    assert.equal(of(client, id, "execution_ended").length, 0);
    watcher.close();
  });
});

describe("flow control", () => {
  it("holds a program back that is not acknowledged, and drops nothing", async () => {
    const id = await start("import sys\nfor n in range(16 * 1024): sys.stdout.write('%01023d\\n' % n)");
    let acknowledged = 0;
    let received = 0;
    let text = "";
    let at = 0;
    const gather = () => {
      for (; at < client.events.length; at += 1) {
        const { name, arguments: given } = client.events[at];
        if (name !== "execution_output" || given[0].execution_id !== id) continue;
        text += given[0].text;
        received = given[0].next.stdout;
      }
    };
    client.socket.emit("execution_ack", { execution_id: id, offset: 0 });
    while (received < 16 * MIB) {
      await client.until(() => (gather(), received > acknowledged), "more output");
      // A few messages may have been on their way before the first acknowledgement came.
      if (acknowledged > 0) assert.ok(received - acknowledged <= 4 * MIB, `${received - acknowledged} bytes beyond`);
      acknowledged = received;
      client.socket.emit("execution_ack", { execution_id: id, offset: acknowledged });
    }
    await end(id);
    const lines = text.split("\n");
    assert.equal(lines.length, 16 * 1024 + 1);
    assert.ok(lines.every((line, n) => n === 16 * 1024 || Number(line) === n));
  });
});

describe("input", () => {
  it("that is sent twice is written once", async () => {
    const id = await start("print(input(), input())");
    const first = { execution_id: id, text: "é\n", offset: 0 };
    assert.equal((await client.ask("execution_input", first)).offset, 3);
    assert.equal((await client.ask("execution_input", first)).offset, 3);
    assert.equal((await client.ask("execution_input", { execution_id: id, text: "b\n", offset: 3 })).offset, 5);
    const execution = await end(id);
    assert.equal(textOf(outputs(client, id)), "é b\n");
    assert.equal(execution.input_end, 5);
  });

  it("ends where one says so", async () => {
    const id = await start("import sys\nprint(repr(sys.stdin.read()))");
    await client.ask("execution_input", { execution_id: id, text: "all of it" });
    assert.equal((await client.ask("execution_end_input", { execution_id: id })).ok, true);
    const execution = await end(id);
    assert.equal(textOf(outputs(client, id)), "'all of it'\n");
    assert.equal(execution.input_closed, true);
  });

  it("behind its end, or to what has ended, is refused in words", async () => {
    const id = await start("import sys, time\nsys.stdin.read()\nprint('eof')\ntime.sleep(1000)");
    await client.ask("execution_end_input", { execution_id: id });
    await shows(id, "eof");
    const late = await client.ask("execution_input", { execution_id: id, text: "late\n" });
    assert.equal(late.error.code, "input_closed");
    await client.ask("execution_stop", { execution_id: id });
    await end(id);
    const later = await client.ask("execution_input", { execution_id: id, text: "later\n" });
    assert.equal(later.ok, false);
    assert.match(later.error.message, /\S+ \S+/);
  });

  it("of other types is refused in words", async () => {
    const id = await start("input()");
    for (const fields of [{}, { text: 5 }, { text: "x", offset: "0" }, { text: "x", offset: -1 }, { text: "x", offset: 0.5 }]) {
      const answer = await client.ask("execution_input", { execution_id: id, ...fields });
      assert.equal(answer.error?.code, "invalid", JSON.stringify(fields));
    }
    await client.ask("execution_stop", { execution_id: id });
    await end(id);
  });
});

describe("ending a run", () => {
  it("by a stop is told as that", async () => {
    const id = await start("print('up')\nwhile True: pass");
    await shows(id, "up");
    assert.equal((await client.ask("execution_stop", { execution_id: id })).ok, true);
    const execution = await end(id);
    assert.equal(execution.status, "stopped");
    assert.match(execution.reason, /stopped/i);
    assert.equal(execution.exit_code, null);
  });

  it("by an interrupt raises KeyboardInterrupt, which the program may handle", async () => {
    const id = await start(
      "import time\nprint('up')\ntry:\n    time.sleep(1000)\nexcept KeyboardInterrupt:\n    print('handled')",
    );
    await shows(id, "up");
    assert.equal((await client.ask("execution_interrupt", { execution_id: id })).ok, true);
    assert.equal((await end(id)).exit_code, 0);
    assert.equal(textOf(outputs(client, id)), "up\nhandled\n");
  });

  it("by a signal names it", async () => {
    const execution = await end(await start("import os\nos.kill(os.getpid(), 11)"));
    assert.deepEqual([execution.status, execution.signal, execution.exit_code], ["signaled", 11, null]);
    assert.notEqual(execution.reason, "");
  });

  it("by the memory limit names that", async () => {
    const execution = await end(await start("x = b'x' * (2 << 30)"));
    assert.equal(execution.status, "out_of_memory");
    assert.match(execution.reason, /memory/i);
  });
});

describe("the list", () => {
  it("has running ones and those that have ended", async () => {
    const gone = await ended("print('gone')");
    const id = await start("print('up')\ninput()");
    await shows(id, "up");
    const { executions } = await client.ask("execution_list", {});
    const find = (wanted) => executions.find((execution) => execution.id === wanted);
    assert.equal(find(gone).status, "exited");
    assert.equal(find(id).status, "running");
    assert.ok(find(id).started_ms >= find(gone).started_ms);
    await client.ask("execution_stop", { execution_id: id });
    await end(id);
  });
});

describe("sockets of the contract", () => {
  it("never get these events", async () => {
    const contract = await connect();
    contract.execute("print('mine')\ninput()", account.id);
    await contract.shows("mine");
    const id = await ended("print('beyond')");
    contract.type("");
    await contract.completed();
    assert.deepEqual([...new Set(contract.events.map(({ name }) => name))].sort(), [
      "command_complete",
      "command_output",
      "command_started",
    ]);
    assert.equal(client.events.filter(({ name }) => name.startsWith("command_")).length, 0);
    assert.equal(textOf(outputs(client, id)), "beyond\n");
    contract.close();
  });

  it("without a login, in open mode, may use them by naming the container", async () => {
    const open = await forge.account("open");
    const nobody = await Client.connected(forge.url);
    const refused = await nobody.ask("execution_start", { code: "print('x')" });
    assert.equal(refused.error.code, "unauthorized");
    const { execution } = await nobody.ask("execution_start", { code: "print('x')", container_id: open.id });
    await end(execution.id, nobody);
    assert.equal(textOf(outputs(nobody, execution.id)), "x\n");
    nobody.close();
  });
});
