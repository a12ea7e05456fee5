// Pictures of the page for docs/screenshots/, made again with FORGE_SCREENSHOTS=1; without it only taken.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { after, before, it } from "node:test";
import { fileURLToPath } from "node:url";

import { launch, Person } from "../support/browser.mjs";
import { example, Forge } from "../support/forge.mjs";

const FOLDER = fileURLToPath(new URL("../../docs/screenshots/", import.meta.url));

let forge;
let browser;
before(async () => {
  forge = await Forge.start();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await forge.stop();
});

for (const [name, options] of Object.entries({
  "workbench-light": { colorScheme: "light", viewport: { width: 1200, height: 640 } },
  "workbench-dark": { colorScheme: "dark", viewport: { width: 1200, height: 640 } },
  phone: { colorScheme: "light", viewport: { width: 390, height: 780 } },
})) {
  it(`${name} shows a run that waits for input`, async () => {
    const person = await Person.at(browser, forge.url, options);
    await person.signUp(name);
    await person.write(example("guessing_game.py"));
    await person.page.keyboard.press("Control+Home");
    await person.runButton.click();
    for (const answer of ["50", "20"]) {
      await person.shows("Take a guess:");
      await person.enter(answer);
    }
    await person.shows("Too low.");
    const picture = await person.page.screenshot();
    assert.ok(picture.length > 10_000);
    if (process.env.FORGE_SCREENSHOTS === "1") {
      mkdirSync(FOLDER, { recursive: true });
      writeFileSync(`${FOLDER}${name}.png`, picture);
    }
    await person.leave();
  });
}
