// Events that the contract does not know, and those that a broken client sends: a clear word, and nothing breaks.

import assert from "node:assert/strict";
import { after, before, beforeEach, it } from "node:test";

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

const works = async () => assert.equal(await client.run("print('well')", id), "well\n");

it("unknown events are ignored", async () => {
  for (const name of ["no_such_event", "command_output", "command_complete", "toString", "__proto__", ""]) {
    client.socket.emit(name, { command: "print(1)", container_id: id });
  }
  await works();
  assert.deepEqual([...new Set(client.events.map(({ name }) => name))].sort(), [
    "command_complete",
    "command_output",
    "command_started",
  ]);
});

it("binary data, which no event takes, closes the connection and nothing else", async () => {
  const other = await Client.connected(forge.url, { reconnection: false });
  other.socket.emit("execute_command", { command: Buffer.from("print(1)"), container_id: id });
  await other.until(() => !other.socket.connected, "the end of the connection");
  other.close();
  await works();
});

for (const [what, given] of [
  ["no argument", []],
  ["null", [null]],
  ["a number", [42]],
  ["a text", ["print(1)"]],
  ["a list", [[]]],
  ["an empty object", [{}]],
  ["no container_id", [{ command: "print(1)" }]],
  ["no command", [{ container_id: "alice" }]],
  ["a number for the code", [{ command: 1, container_id: "alice" }]],
  ["an object for the container_id", [{ command: "print(1)", container_id: {} }]],
  ["an empty container_id", [{ command: "print(1)", container_id: "" }]],
  ["../../etc as container_id", [{ command: "print(1)", container_id: "../../etc" }]],
  ["a container_id of 10,000 characters", [{ command: "print(1)", container_id: "a".repeat(10_000) }]],
]) {
  it(`execute_command with ${what} is refused in words`, async () => {
    client.forget();
    client.socket.emit("execute_command", ...given);
    await client.completed();
    assert.match(client.output, /\S.*\n$/);
    assert.equal(client.count("command_started"), 0);
    await works();
  });
}

for (const [what, given] of [
  ["no argument", []],
  ["null", [null]],
  ["a number", [{ input: 42 }]],
  ["a list", [[]]],
]) {
  it(`send_stdin with ${what} is refused in words, with and without a run`, async () => {
    client.forget();
    client.socket.emit("send_stdin", ...given);
    await client.completed();
    assert.match(client.output, /\S.*\n$/);
    client.execute("print('>', end='')\nprint(input())", id);
    await client.shows(">");
    client.socket.emit("send_stdin", ...given);
    client.type("right");
    await client.completed();
    assert.match(client.output, /^>/);
    assert.match(client.output, /right\n$/);
  });
}

it("input that comes before its run starts is kept for it", async () => {
  client.execute("print(input() + input())", id);
  client.type("a");
  client.type("b");
  await client.completed();
  assert.equal(client.output, "ab\n");
});

it("an acknowledgement nobody asked for and packets without sense are ignored", async () => {
  client.socket.io.engine.write('43[1,"x"]'.slice(1));
  client.socket.emit("execution_ack");
  client.socket.emit("execution_input", 5);
  await works();
});

for (const transport of ["websocket", "polling"]) {
  it(`a message larger than the limit ends its connection over ${transport}, and no other`, async () => {
    const large = await Client.connected(forge.url, { transports: [transport], reconnection: false });
    large.socket.emit("execute_command", { command: "x".repeat(34 << 20), container_id: id });
    await large.until(() => large.disconnect, "the end of the connection");
    large.close();
    assert.ok(forge.isAlive());
    await works();
  });
}

it("a binary event, which this server does not know, ends its connection, and no other", async () => {
  const binary = await Client.connected(forge.url, { reconnection: false });
  binary.socket.emit("execute_command", { command: Buffer.from("print(1)"), container_id: id });
  await binary.until(() => binary.disconnect, "the end of the connection");
  assert.ok(forge.isAlive());
  await works();
});

it("text that is no packet ends its connection, and no other", async () => {
  const broken = await Client.connected(forge.url, { reconnection: false });
  broken.socket.io.engine.write('2{"not": ["an event"');
  await broken.until(() => broken.disconnect, "the end of the connection");
  assert.ok(forge.isAlive());
  await works();
});
