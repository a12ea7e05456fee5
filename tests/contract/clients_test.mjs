// Every row of the contract's table of events, by each client over each transport.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { Client, libraries, transports } from "../support/clients.mjs";
import { example, Forge } from "../support/forge.mjs";

const CONTRACT = new Set(["command_started", "command_output", "command_complete"]);

let forge;
let account;
before(async () => {
  forge = await Forge.start();
  account = await forge.account("alice");
});
after(() => forge.stop());

function assertOnlyTheContract(client) {
  for (const { name, arguments: given } of client.events) {
    assert.ok(CONTRACT.has(name), `an event beyond the contract: ${name}`);
    if (name !== "command_output") assert.deepEqual(given, [], name);
    else assert.ok(given.length === 1 && Object.keys(given[0]).join() === "output", JSON.stringify(given));
  }
}

for (const library of Object.keys(libraries)) {
  for (const [transport, list] of Object.entries(transports)) {
    describe(`${library} over ${transport}`, () => {
      let client;
      before(async () => (client = await Client.connected(forge.url, { library, transports: list })));
      after(() => client.close());

      it("a run starts, prints to both streams and completes", async () => {
        const output = await client.run("import sys; print('out'); print('err', file=sys.stderr)", account.id);
        assert.equal(output, "out\nerr\n");
        assert.equal(client.recent[0].name, "command_started");
        assert.equal(client.recent.at(-1).name, "command_complete");
        assert.equal(client.count("command_started"), 1);
        assertOnlyTheContract(client);
      });

      it("a prompt shows before its answer is typed", async () => {
        client.execute("name = input('Name: ')\nprint('Hello, ' + name)", account.id);
        await client.shows("Name: ");
        client.type("Zoë 😀");
        await client.completed();
        assert.equal(client.output, "Name: Hello, Zoë 😀\n");
      });

      it("input without a run is answered in words", async () => {
        client.forget();
        client.type("anything");
        await client.completed();
        assert.deepEqual(
          client.recent.map(({ name, arguments: given }) => [name, ...given]),
          [
            ["command_output", { output: "No running command is available for input.\n" }],
            ["command_complete"],
          ],
        );
      });

      it("a run that cannot start says why and completes", async () => {
        const output = await client.run("print(1)", "nobody-of-this-name");
        assert.match(output, /\S.*\n$/);
        assert.equal(client.count("command_started"), 0);
        assert.equal(client.count("command_complete"), 1);
      });

      it("the guessing game is played", async () => {
        client.execute(example("guessing_game.py"), account.id);
        const answers = example("guessing_game.input").split("\n").slice(0, -1);
        for (const [index, answer] of answers.entries()) {
          await client.until(() => client.output.split("Take a guess: ").length > index + 1, `prompt ${index + 1}`);
          client.type(answer);
        }
        await client.completed();
        assert.equal(client.output, example("guessing_game.expected"));
        assertOnlyTheContract(client);
      });
    });
  }

  it(`${library} may connect before its person has an account`, async () => {
    const client = await Client.connected(forge.url, { library });
    const name = `late-${library.replace(/\W+/g, "-")}`;
    const late = await forge.account(name);
    assert.equal(late.id, name);
    assert.equal(await client.run("print('there')", late.id), "there\n");
    client.close();
  });
}
