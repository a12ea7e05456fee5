// Debian's Chromium, and the page as a person uses it.

import assert from "node:assert/strict";

import { chromium } from "playwright-core";

const PATIENCE_MS = Number(process.env.FORGE_TEST_PATIENCE_S ?? 60) * 1000; // for what must happen; a bound, not a measure
const EXECUTABLE = process.env.FORGE_CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function launch() {
  return chromium.launch({ executablePath: EXECUTABLE, args: FLAGS, headless: true });
}

export class Person {
  /** A person with a browser profile of their own, at the page. */
  static async at(browser, url, options = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    const person = new Person();
    person.context = context;
    person.url = url;
    person.foreign = []; // requests to anywhere but the server
    person.errors = []; // what the page itself got wrong
    await person.#open();
    return person;
  }

  async #open() {
    this.page = await this.context.newPage();
    this.page.setDefaultTimeout(PATIENCE_MS);
    this.page.on("request", (request) => {
      if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(this.url)) this.foreign.push(request.url());
    });
    this.page.on("pageerror", (error) => this.errors.push(String(error)));
    this.page.on("console", (message) => {
      if (/Content.Security.Policy/i.test(message.text())) this.errors.push(message.text());
    });
    await this.page.goto(this.url);
  }

  async leave() {
    await this.context.close();
    assert.deepEqual(this.errors, []);
    assert.deepEqual(this.foreign, []);
  }

  async signUp(name, password = "") {
    await this.page.getByRole("button", { name: "Create an account" }).click();
    await this.page.getByLabel("Name").fill(name);
    await this.page.getByLabel("E-mail").fill(`${name}@example.org`);
    await this.page.getByLabel("Password").fill(password);
    await this.page.getByRole("button", { name: "Create account" }).click();
    await this.atWorkbench();
  }

  async fillLogin(name, password = "") {
    await this.page.getByLabel("E-mail").fill(`${name}@example.org`);
    await this.page.getByLabel("Password").fill(password);
    await this.page.getByRole("button", { name: "Log in" }).click();
  }

  async logOut() {
    await this.page.getByRole("button", { name: "Log out" }).click();
    await this.page.getByRole("heading", { name: "Log in" }).waitFor();
  }

  /** The workbench is there and connected. */
  async atWorkbench() {
    await this.page.getByRole("button", { name: "Run" }).waitFor();
    await this.until(
      async () => (await this.runButton.isEnabled()) || (await this.stopButton.isEnabled()),
      "a connection to the server",
    );
  }

  get runButton() {
    return this.page.getByRole("button", { name: "Run" });
  }
  get stopButton() {
    return this.page.getByRole("button", { name: "Stop" });
  }
  get editor() {
    return this.page.locator(".cm-content");
  }

  /** Pastes a program in place of what is in the editor. */
  async write(code) {
    await this.editor.click();
    await this.page.keyboard.press("Control+a");
    await this.editor.evaluate((element, text) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/plain", text);
      element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }, code);
  }

  async start(code) {
    await this.write(code);
    await this.runButton.click();
  }

  /** Runs a program to its end; gives what is on the console. */
  async run(code) {
    await this.start(code);
    await this.ended();
    return this.console();
  }

  async ended() {
    await this.page.locator('.status[data-phase="ended"]').waitFor();
    // The last output may still be drawn.
    await this.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  }

  status() {
    return this.page.locator(".status .headline").innerText();
  }
  details() {
    return this.page.locator(".status .details").innerText();
  }

  /** The console's screen, without empty lines at its end. */
  async console() {
    const rows = await this.page.locator(".xterm-rows > div").allTextContents();
    const lines = rows.map((row) => row.replaceAll("\u00a0", " ").trimEnd());
    return `${lines.join("\n").trimEnd()}\n`;
  }

  async picture() {
    return `status: ${await this.status()} ${await this.details()}; console:\n${await this.console()}`;
  }

  shows(text) {
    return this.until(async () => (await this.console()).includes(text), `a console with ${JSON.stringify(text)}`);
  }

  async type(text) {
    await this.page.locator(".xterm-helper-textarea").focus();
    await this.page.keyboard.type(text);
  }

  async enter(line) {
    await this.type(line);
    await this.page.keyboard.press("Enter");
  }

  async until(condition, what) {
    const deadline = Date.now() + PATIENCE_MS;
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error(`never came: ${what}; ${await this.picture()}`);
      await this.page.waitForTimeout(30);
    }
  }
}
