// Sign up, log in, log out.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";

import { launch, Person } from "../support/browser.mjs";
import { Forge } from "../support/forge.mjs";

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

const alert = (person) => person.page.locator('[role="alert"]:visible').innerText();

it("an account with a password is made, left, and entered by its password alone", async () => {
  const person = await Person.at(browser, forge.url);
  await person.signUp("anna", "correct horse");
  assert.equal(await person.run("open('note', 'w').write('x')\nprint('written')"), "written\n");
  await person.logOut();
  await person.fillLogin("anna", "wrong horse");
  assert.match(await alert(person), /\S/);
  await person.fillLogin("anna");
  assert.match(await alert(person), /\S/);
  await person.fillLogin("anna", "correct horse");
  await person.atWorkbench();
  assert.equal(await person.run("print(open('note').read())"), "x\n");
  await person.leave();
});

it("an account without a password is entered by its e-mail", async () => {
  const person = await Person.at(browser, forge.url);
  await person.signUp("otto");
  await person.logOut();
  await person.fillLogin("otto");
  await person.atWorkbench();
  await person.leave();
});

it("an e-mail that is not known is said to be that", async () => {
  const person = await Person.at(browser, forge.url);
  await person.fillLogin("nobody");
  assert.match(await alert(person), /not found/i);
  await person.leave();
});

it("a password that is too short is said to be that", async () => {
  const person = await Person.at(browser, forge.url);
  await person.page.getByRole("button", { name: "Create an account" }).click();
  await person.page.getByLabel("Name").fill("short");
  await person.page.getByLabel("E-mail").fill("short@example.org");
  await person.page.getByLabel("Password").fill("abc");
  await person.page.getByRole("button", { name: "Create account" }).click();
  assert.match(await alert(person), /password/i);
  await person.leave();
});

it("a login lasts over a reload, and the program in the editor is the account's own", async () => {
  const person = await Person.at(browser, forge.url);
  await person.signUp("ida");
  await person.write("# of ida");
  await person.page.reload();
  await person.atWorkbench();
  assert.equal((await person.editor.innerText()).trim(), "# of ida");
  await person.logOut();
  await person.signUp("ivo");
  assert.doesNotMatch(await person.editor.innerText(), /of ida/);
  await person.leave();
});

it("a login that ended elsewhere leads back to the login", async () => {
  const person = await Person.at(browser, forge.url);
  await person.signUp("uwe");
  await person.page.evaluate(() => fetch("/logout", { method: "POST", body: "{}" }));
  await person.page.reload();
  await person.page.getByRole("heading", { name: "Log in" }).waitFor();
  await person.leave();
});

for (const colorScheme of ["light", "dark"]) {
  it(`the page fits a phone, ${colorScheme}`, async () => {
    const viewport = { width: 390, height: 844 };
    const person = await Person.at(browser, forge.url, { viewport, colorScheme, hasTouch: true, isMobile: true });
    const width = () => person.page.evaluate(() => document.documentElement.scrollWidth);
    assert.equal(await width(), viewport.width);
    await person.signUp(`phone-${colorScheme}`);
    assert.equal(await person.run("print('on a phone')"), "on a phone\n");
    assert.equal(await width(), viewport.width);
    assert.ok(await person.runButton.isVisible());
    await person.leave();
  });
}
