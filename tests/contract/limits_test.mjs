// Limits that are settings: each end of a run by one says which.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";

import { Client } from "../support/clients.mjs";
import { Forge, pause } from "../support/forge.mjs";

let forge;
let id;
let client;
before(async () => {
  forge = await Forge.start({
    FORGE_RUN_SECONDS: "3",
    FORGE_MEMORY_MIB: "256",
    FORGE_PROCESSES: "64",
    FORGE_JOURNAL_MIB: "1",
  });
  ({ id } = await forge.account("alice"));
  client = await Client.connected(forge.url);
});
after(async () => {
  client.close();
  await forge.stop();
});

it("a run over its time ends, and says so", async () => {
  const output = await client.run("print('up')\nwhile True: pass", id);
  assert.match(output, /^up\n[^\n]*(time|seconds|3 s)[^\n]*\n$/i);
});

it("a run over its memory ends, and names the limit", async () => {
  const output = await client.run("print('up')\nx = b'x' * (400 << 20)", id);
  assert.match(output, /^up\n[^\n]*memory[^\n]*\n$/i);
  assert.match(output, /256/);
});

it("a run that makes processes without end harms only itself", async () => {
  const output = await client.run("import os\ntry:\n    while True: os.fork()\nexcept OSError as error:\n    os._exit(0)", id);
  assert.equal(client.count("command_complete"), 1, output);
  assert.equal(await client.run("print('after')", id), "after\n");
});

it("output that nobody watched is kept up to the limit; what went is told where it was", async () => {
  const code = "for n in range(40_000): print('%079d' % n)\nprint('end')";
  const nobody = await Client.connected(forge.url);
  const { execution } = await nobody.ask("execution_start", { code, container_id: id });
  nobody.close();
  const watcher = await Client.connected(forge.url);
  const status = async () => {
    const { executions } = await watcher.ask("execution_list", { container_id: id });
    return executions.find((one) => one.id === execution.id).status;
  };
  while ((await status()) === "running") await pause(50); // at most as long as a run may last
  assert.equal(await status(), "exited");
  await watcher.ask("execution_attach", { execution_id: execution.id, from: 0, container_id: id });
  await watcher.until(() => watcher.events.some(({ name }) => name === "execution_ended"), "the end");
  const gap = watcher.events.find(({ name }) => name === "execution_gap").arguments[0];
  const text = watcher.events
    .filter(({ name }) => name === "execution_output")
    .map((event) => event.arguments[0].text)
    .join("");
  assert.equal(gap.offset, 0);
  assert.equal(gap.bytes + text.length, 40_000 * 80 + 4);
  assert.match(text, /0039999\nend\n$/);
  assert.ok(text.length >= 512 << 10 && text.length <= 1 << 20, `${text.length} bytes were kept`);
  watcher.close();
});
