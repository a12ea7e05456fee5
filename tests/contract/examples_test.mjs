// The programs of examples/, which their README promises are run.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";

import { Client } from "../support/clients.mjs";
import { example, Forge } from "../support/forge.mjs";

let forge;
let account;
let client;
before(async () => {
  forge = await Forge.start();
  account = await forge.account("examples");
  client = await Client.connected(forge.url);
});
after(async () => {
  client.close();
  await forge.stop();
});

for (const names of [
  ["sales_write", "sales_read"],
  ["variable_set", "variable_gone"],
  ["global_sales_write", "global_sales_read"],
]) {
  it(`${names.join(", then ")}`, async () => {
    for (const name of names) {
      assert.equal(await client.run(example(`${name}.py`), account.id), example(`${name}.expected`));
    }
  });
}
