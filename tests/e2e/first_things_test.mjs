// What the contract's users try first, through the page.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";

import { launch, Person } from "../support/browser.mjs";
import { example, Forge } from "../support/forge.mjs";

let forge;
let browser;
let person;
before(async () => {
  forge = await Forge.start();
  browser = await launch();
  person = await Person.at(browser, forge.url);
  await person.signUp("first");
});
after(async () => {
  await browser?.close();
  await forge.stop();
});

const runs = async (name) => assert.equal(await person.run(example(`${name}.py`)), example(`${name}.expected`) || "\n");

// The game with the lines typed in it, as a terminal shows it.
const answers = example("guessing_game.input").split("\n").slice(0, -1);
const played = answers.reduce(
  (screen, answer) => screen.replace(/(Take a guess: )(?=[A-Z])/, `$1${answer}\n`),
  example("guessing_game.expected"),
);
const prompt = (number) =>
  person.until(async () => (await person.console()).split("Take a guess:").length > number, `prompt ${number}`);

it("a file that one run writes is there in the next", async () => {
  await runs("sales_write");
  await runs("sales_read");
  assert.equal(await person.status(), "Finished");
});

it("a variable is not", async () => {
  await runs("variable_set");
  await runs("variable_gone");
  assert.equal(await person.status(), "Ended with exit code 1");
});

it("totals come out", async () => {
  await runs("global_sales_write");
  await runs("global_sales_read");
});

it("the guessing game is played at the prompt", async () => {
  await person.start(example("guessing_game.py"));
  for (const [index, answer] of answers.entries()) {
    await prompt(index + 1);
    await person.enter(answer);
  }
  await person.ended();
  assert.equal(await person.console(), played);
});

it("the guessing game goes on after a reload in the middle, with all that was on the screen", async () => {
  await person.start(example("guessing_game.py"));
  for (const [index, answer] of answers.entries()) {
    await prompt(index + 1);
    if (index === 2) {
      const before = await person.console();
      await person.page.reload();
      await person.atWorkbench();
      await prompt(index + 1);
      assert.equal(await person.console(), before);
      assert.equal(await person.status(), "Running");
    }
    await person.enter(answer);
  }
  await person.ended();
  assert.equal(await person.console(), played);
});

it("the guessing game goes on when the server is killed and started again, with nothing lost", async () => {
  await person.start(example("guessing_game.py"));
  for (const [index, answer] of answers.entries()) {
    await prompt(index + 1);
    if (index === 1) {
      await forge.kill();
      await person.page.getByText("No connection to the server").waitFor();
      await forge.serve();
      await person.page.getByText("No connection to the server").waitFor({ state: "hidden" });
    }
    if (index === 2) {
      // A line sent into the gap, before the page knows that the server is gone.
      await forge.kill();
      await person.enter(answer);
      await forge.serve();
    } else {
      await person.enter(answer);
    }
  }
  await person.ended();
  assert.equal(await person.console(), played);
  assert.equal(await person.status(), "Finished");
});

it("nothing was asked of other sites, and the page itself made no error", () => person.leave());
