// Editor, console and status.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { launch, Person } from "../support/browser.mjs";
import { Forge } from "../support/forge.mjs";

let forge;
let browser;
let person;
before(async () => {
  forge = await Forge.start();
  browser = await launch();
  person = await Person.at(browser, forge.url);
  await person.signUp("console");
});
after(async () => {
  await browser?.close();
  await forge.stop();
});

describe("a run", () => {
  it("is stopped by Stop, however busy it is", async () => {
    await person.start("print('up')\nwhile True: pass");
    await person.shows("up");
    await person.stopButton.click();
    await person.ended();
    assert.match(await person.status(), /stopped/i);
    assert.ok(await person.runButton.isEnabled());
  });

  it("is started by Ctrl+Enter in the editor, which adds no line", async () => {
    await person.write("print('by keyboard')");
    await person.page.keyboard.press("Control+Enter");
    await person.ended();
    assert.equal(await person.console(), "by keyboard\n");
    assert.equal((await person.editor.innerText()).trim(), "print('by keyboard')");
  });

  it("that ended shows its time, CPU and peak memory", async () => {
    await person.run("x = b'x' * 50_000_000");
    assert.match(await person.details(), /^\d[\d.]* m?s · CPU \d[\d.]* m?s · peak memory \d[\d.]* MiB$/);
  });

  it("over its memory says so in words", async () => {
    await person.run("x = b'x' * (2 << 30)");
    assert.match(await person.status(), /memory/i);
  });

  it("that ended is still there after a reload", async () => {
    await person.run("print('before the reload')");
    await person.page.reload();
    await person.atWorkbench();
    await person.shows("before the reload");
    await person.ended();
    assert.equal(await person.status(), "Finished");
  });

  it("that prints 20 MB ends, and its last line shows", async () => {
    await person.start("for n in range(400_000): print('%049d' % n)");
    await person.ended();
    await person.shows("399999");
  });
});

describe("the console", () => {
  it("tells stderr apart by colour and by a bar", async () => {
    await person.run("import sys\nprint('plain')\nprint('wrong', file=sys.stderr)");
    const row = (text) => person.page.locator(".xterm-rows > div", { hasText: text }).locator("span").first();
    const colour = (text) => row(text).evaluate((span) => getComputedStyle(span).color);
    assert.notEqual(await colour("wrong"), await colour("plain"));
    assert.equal(await person.page.locator(".stderr-mark:visible").count(), 1);
  });

  it("interrupts at Ctrl+C", async () => {
    await person.start("try:\n    input('> ')\nexcept KeyboardInterrupt:\n    print('handled')");
    await person.shows(">");
    await person.type("half a line");
    await person.page.keyboard.press("Control+c");
    await person.ended();
    await person.shows("handled");
  });

  it("ends the input at Ctrl+D and by its button", async () => {
    const code = "import sys\nprint('go')\nprint(len(sys.stdin.read()))";
    await person.start(code);
    await person.shows("go");
    await person.enter("four");
    await person.page.keyboard.press("Control+d");
    await person.ended();
    assert.equal(await person.console(), "go\nfour\n5\n");
    await person.start(code);
    await person.shows("go");
    await person.page.getByRole("button", { name: "End input" }).click();
    await person.ended();
    assert.equal(await person.console(), "go\n0\n");
  });

  it("edits the line that is typed, also while output comes", async () => {
    await person.start("import threading, time\ndone = False\ndef tick():\n    while not done:\n        print('tick')\n        time.sleep(0.05)\nthreading.Thread(target=tick).start()\nline = input()\ndone = True\ntime.sleep(0.2)\nprint(repr(line))");
    await person.shows("tick");
    await person.type("colour");
    for (const key of ["ArrowLeft", "Backspace", "End", "!"]) await person.page.keyboard.press(key);
    await person.shows("color!");
    await person.page.keyboard.press("Enter");
    await person.ended();
    await person.shows("'color!'");
  });

  it("keeps a line that was typed and not sent while the connection is lost, and over a reload", async () => {
    await person.start("print('got', input('> '))");
    await person.shows(">");
    await person.type("half");
    await forge.kill();
    await person.page.getByText("No connection to the server").waitFor();
    await person.type(" and half");
    await forge.serve();
    await person.page.getByText("No connection to the server").waitFor({ state: "hidden" });
    await person.page.reload();
    await person.atWorkbench();
    await person.shows("> half and half");
    await person.enter("!");
    await person.ended();
    await person.shows("got half and half!");
  });

  it("shows text of all scripts", async () => {
    assert.equal(await person.run("print('Zoë 漢字 😀 €')"), "Zoë 漢字 😀 €\n");
  });
});

describe("the keyboard", () => {
  it("leaves the editor by Escape and Tab", async () => {
    await person.editor.click();
    await person.page.keyboard.press("Tab");
    assert.ok(await person.editor.evaluate((element) => element.contains(document.activeElement)));
    await person.page.keyboard.press("Escape");
    await person.page.keyboard.press("Tab");
    assert.ok(!(await person.editor.evaluate((element) => element.contains(document.activeElement))));
  });

  it("leaves the console by Tab", async () => {
    await person.page.locator(".xterm-helper-textarea").focus();
    await person.page.keyboard.press("Shift+Tab");
    const inside = await person.page.evaluate(() => document.querySelector(".console").contains(document.activeElement));
    assert.ok(!inside);
  });
});

it("nothing was asked of other sites, and the page itself made no error", () => person.leave());
