// Two accounts cannot reach each other's files, runs, or sockets.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { Client } from "../support/clients.mjs";
import { Forge, pause } from "../support/forge.mjs";

let forge;
let alice; // has a password
let bob; // has one too
let carol; // has none
before(async () => {
  forge = await Forge.start();
  alice = await forge.account("alice", "correct horse");
  bob = await forge.account("bob", "battery staple");
  carol = await forge.account("carol");
});
after(() => forge.stop());

async function refused(client, id) {
  const output = await client.run("print('in')", id);
  assert.match(output, /\S.*\n$/);
  assert.doesNotMatch(output, /^in$/m);
  assert.equal(client.count("command_started"), 0);
  assert.equal(client.count("command_complete"), 1);
}

describe("an account with a password", () => {
  it("is not reached by its container_id", async () => {
    const nobody = await Client.connected(forge.url);
    await refused(nobody, alice.id);
    const answer = await nobody.ask("execution_start", { code: "print('in')", container_id: alice.id });
    assert.equal(answer.error.code, "unauthorized");
    nobody.close();
  });

  it("is not reached by another's login", async () => {
    const intruder = await Client.connected(forge.url, { cookie: bob.cookie });
    await refused(intruder, alice.id);
    await refused(intruder, carol.id);
    for (const event of ["execution_list", "execution_start"]) {
      const answer = await intruder.ask(event, { code: "print('in')", container_id: alice.id });
      assert.equal(answer.error.code, "unauthorized", event);
    }
    intruder.close();
  });

  it("is not reached by a login that was made up or has ended", async () => {
    const ended = await forge.login(alice.email, "correct horse");
    await forge.post("/logout", {}, { Cookie: ended.cookie });
    for (const cookie of [ended.cookie, "forge_login=", "forge_login=made-up", `forge_login=${"x".repeat(5000)}`]) {
      const client = await Client.connected(forge.url, { cookie });
      await refused(client, alice.id);
      client.close();
    }
  });

  it("is not reached any more by a socket whose login has ended", async () => {
    const { cookie } = await forge.login(alice.email, "correct horse");
    const client = await Client.connected(forge.url, { cookie });
    assert.equal(await client.run("print('in')", alice.id), "in\n");
    await forge.post("/logout", {}, { Cookie: cookie });
    await pause(1500); // a socket knows its login for a second
    assert.equal(await client.run("print('in')", alice.id), "Your login has ended: log in again.\n");
    assert.equal(client.count("command_started"), 0);
    client.close();
  });

  it("is reached by its own login, by the contract's events too", async () => {
    const client = await Client.connected(forge.url, { cookie: alice.cookie });
    assert.equal(await client.run("print('in')", alice.id), "in\n");
    client.close();
  });
});

describe("another's", () => {
  let mine;
  let theirs;
  before(async () => {
    mine = await Client.connected(forge.url, { cookie: alice.cookie });
    theirs = await Client.connected(forge.url, { cookie: bob.cookie });
  });
  after(() => {
    mine.close();
    theirs.close();
  });

  it("files are not there", async () => {
    await mine.run("open('secret.txt', 'w').write('tulip')", alice.id);
    const search = [
      "import os, subprocess",
      "print(os.path.exists('secret.txt'))",
      "print(subprocess.run(['grep', '-rls', 'tul' + 'ip', '/home', '/tmp', '/var', '/root', '/mnt', '/srv'], capture_output=True, text=True).stdout)",
    ];
    assert.equal(await theirs.run(search.join("\n"), bob.id), "False\n\n");
    assert.equal(await mine.run("print(open('secret.txt').read())", alice.id), "tulip\n");
  });

  it("processes are not there", async () => {
    mine.execute("import subprocess\nwith subprocess.Popen(['sleep', '86399']): print('up')", alice.id);
    await mine.shows("up");
    const look = "import glob; print([p for p in glob.glob('/proc/[0-9]*/cmdline') if b'863' + b'99' in open(p, 'rb').read()])";
    assert.equal(await theirs.run(look, bob.id), "[]\n");
    await mine.run("pass", alice.id);
  });

  it("runs can neither be watched, typed to, nor ended", async () => {
    const started = await mine.ask("execution_start", { code: "print('up')\nprint(input())" });
    const execution_id = started.execution.id;
    for (const [event, fields] of [
      ["execution_attach", { from: 0 }],
      ["execution_input", { text: "intruder\n" }],
      ["execution_end_input", {}],
      ["execution_interrupt", {}],
      ["execution_stop", {}],
    ]) {
      const answer = await theirs.ask(event, { execution_id, ...fields });
      assert.equal(answer.ok, false, event);
      assert.equal(answer.error.code, "not_found", event);
    }
    const listed = await theirs.ask("execution_list", {});
    assert.ok(listed.executions.every(({ id }) => id !== execution_id));
    await mine.ask("execution_input", { execution_id, text: "own\n" });
    await mine.until(() => mine.events.some(({ name }) => name === "execution_ended"), "the end");
    const text = mine.events.filter(({ name }) => name === "execution_output").map((e) => e.arguments[0].text);
    assert.equal(text.join(""), "up\nown\n");
  });

  it("sockets get nothing of it", async () => {
    theirs.forget();
    mine.execute("print('for alice')", alice.id);
    await mine.completed();
    await theirs.ask("execution_list", {}); // behind anything that was on its way
    assert.deepEqual(theirs.recent, []);
  });

  it("run is not started again by its id", async () => {
    const execution_id = "sharedid00000001";
    await mine.ask("execution_start", { execution_id, code: "print('of alice')" });
    const answer = await theirs.ask("execution_start", { execution_id, code: "print('of bob')" });
    assert.equal(answer.ok, true);
    await theirs.until(() => theirs.events.some(({ name }) => name === "execution_ended"), "the end");
    const text = theirs.events.filter(({ name }) => name === "execution_output").map((e) => e.arguments[0].text);
    assert.equal(text.join(""), "of bob\n");
  });
});

describe("where open mode is off", () => {
  let closed;
  before(async () => (closed = await Forge.start({ FORGE_OPEN_MODE: "off" })));
  after(() => closed.stop());

  it("an account needs a password", async () => {
    const answer = await closed.post("/register", { username: "dora", email: "dora@example.org" });
    assert.equal(answer.status, 400);
    assert.match(answer.json.error, /password/);
  });

  it("an unknown e-mail and a wrong password get one answer", async () => {
    await closed.account("emil", "correct horse");
    const unknown = await closed.post("/login", { email: "nobody@example.org", password: "correct horse" });
    const wrong = await closed.post("/login", { email: "emil@example.org", password: "wrong horse" });
    assert.deepEqual([unknown.status, unknown.text], [401, wrong.text]);
    assert.equal(wrong.status, 401);
  });

  it("only a login reaches a sandbox", async () => {
    const emil = await closed.login("emil@example.org", "correct horse");
    const nobody = await Client.connected(closed.url);
    await refused(nobody, emil.id);
    nobody.close();
    const client = await Client.connected(closed.url, { cookie: emil.cookie });
    assert.equal(await client.run("print('in')", emil.id), "in\n");
    client.close();
  });
});
