// A run whose socket, or whose server, is gone goes on.

import assert from "node:assert/strict";
import { after, before, beforeEach, it } from "node:test";

import { Client } from "../support/clients.mjs";
import { example, Forge, pause } from "../support/forge.mjs";

// A person reads before the server is killed: the contract has no acknowledgements, so what was on its way to the client
// just then comes twice.
const READING_MS = 300;

let forge;
let account;
before(async () => {
  forge = await Forge.start();
  account = await forge.account("alice", "correct horse");
});
after(() => forge.stop());
beforeEach(async () => (account = await forge.login(account.email, "correct horse")));

const connect = (options = {}) => Client.connected(forge.url, { cookie: account.cookie, ...options });

it("the same login's next socket gets the rest of the output and the end", async () => {
  const first = await connect();
  first.execute("print('one')\nprint(input())\nprint('three')", account.id);
  await first.shows("one\n");
  await first.settled();
  first.close();
  const next = await connect();
  next.type("two");
  await next.completed();
  assert.equal(next.output, "two\nthree\n");
  assert.equal(next.count("command_complete"), 1);
  next.close();
});

it("what was printed and how it ended while no socket was there is told to the next one", async () => {
  const first = await connect();
  first.execute("print('one')\ninput()\nimport time\nfor n in range(5):\n    time.sleep(0.1)\n    print(n)", account.id);
  await first.shows("one\n");
  first.type("go");
  await first.shows("0\n");
  await first.settled();
  const had = first.output;
  first.close();
  const next = await connect();
  await next.completed();
  assert.equal(had + next.output, "one\n0\n1\n2\n3\n4\n");
  next.close();
});

it("an end that was told is not told again", async () => {
  const first = await connect();
  assert.equal(await first.run("print('whole')", account.id), "whole\n");
  await first.settled();
  first.close();
  const next = await connect();
  next.type("anyone there?");
  await next.completed();
  assert.equal(next.output, "No running command is available for input.\n");
  next.close();
});

it("another login of the same account does not get it", async () => {
  const first = await connect();
  first.execute("print('one')\ninput()", account.id);
  await first.shows("one\n");
  await first.settled();
  first.close();
  const other = await forge.login(account.email, "correct horse");
  const stranger = await connect({ cookie: other.cookie });
  stranger.type("x");
  await stranger.completed();
  assert.equal(stranger.output, "No running command is available for input.\n");
  stranger.close();
  const next = await connect();
  next.type("x");
  await next.completed();
  assert.equal(next.output, "");
  next.close();
});

it("the account's next execute_command stops runs that lost their socket", async () => {
  const first = await connect();
  first.execute("import time\nprint('up')\ntime.sleep(1000)", account.id);
  await first.shows("up");
  first.close();
  const other = await forge.login(account.email, "correct horse");
  const next = await connect({ cookie: other.cookie });
  assert.equal(await next.run("print('next')", account.id), "next\n");
  const { executions } = await next.ask("execution_list", {});
  assert.deepEqual(
    executions.filter(({ status }) => status === "running" || status === "starting"),
    [],
  );
  next.close();
});

it("the guessing game goes on when the server is killed in the middle, by the contract's events", async () => {
  const client = await connect();
  client.execute(example("guessing_game.py"), account.id);
  const answers = example("guessing_game.input").split("\n").slice(0, -1);
  for (const [index, answer] of answers.entries()) {
    await client.until(() => client.output.split("Take a guess: ").length > index + 1, `prompt ${index + 1}`);
    if (index > 0) {
      const connects = client.connect.count;
      await pause(READING_MS);
      await forge.kill();
      await client.until(() => !client.socket.connected, "the loss of the connection");
      await forge.serve();
      await client.until(() => client.connect.count > connects && client.socket.connected, "a connection");
    }
    client.type(answer);
  }
  await client.completed();
  assert.equal(client.output, example("guessing_game.expected"));
  assert.equal(client.count("command_complete"), 1);
  client.close();
});

it("a run that prints all the time loses nothing when the server is killed, by execution_attach", async () => {
  const client = await connect({ reconnection: false });
  const code = "import time\nfor n in range(3000):\n    print(f'line {n} €')\n    if n % 10 == 0: time.sleep(0.005)";
  const { execution } = await client.ask("execution_start", { code });
  let text = "";
  let next = { stdout: 0, stderr: 0 };
  let ended = false;
  let watcher = client;
  const listen = (socket) => {
    socket.on("execution_output", (event) => ((text += event.text), (next = event.next)));
    socket.on("execution_ended", () => (ended = true));
  };
  for (const event of client.events) {
    if (event.name === "execution_output") (text += event.arguments[0].text), (next = event.arguments[0].next);
  }
  listen(client.socket);
  for (let kill = 0; kill < 3; kill += 1) {
    const so_far = text.length;
    await watcher.until(() => text.length > so_far + 2000 || ended, "more output");
    await forge.kill();
    await watcher.until(() => !watcher.socket.connected, "the loss of the connection");
    watcher.close();
    await forge.serve();
    watcher = await connect({ reconnection: false });
    listen(watcher.socket);
    const answer = await watcher.ask("execution_attach", { execution_id: execution.id, from: next });
    assert.equal(answer.ok, true, JSON.stringify(answer));
  }
  await watcher.until(() => ended || watcher.events.some(({ name }) => name === "execution_ended"), "the end");
  assert.equal(text, Array.from({ length: 3000 }, (_, n) => `line ${n} €\n`).join(""));
  watcher.close();
});
