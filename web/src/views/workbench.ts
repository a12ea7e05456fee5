import { Editor } from "../editor/editor";
import { isActive, type Run } from "../state/run";
import { Session } from "../state/session";
import { describe } from "../state/words";
import type { LineRequest } from "../terminal/line_editor";
import { Terminal } from "../terminal/terminal";
import { Connection } from "../transport/connection";
import type { Account } from "../transport/protocol";
import { h, setText } from "./dom";
import { runMemory, saveCode, savedCode, savedDraft, saveDraft } from "./storage";
import { WELCOME } from "./welcome";

const CLOCK_MS = 100;
const COMPLAINT_MS = 12_000;
const BANNER_AFTER_MS = 600; // a shorter break is not worth a word

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** The editor, the console and what is between them. */
export class Workbench {
  private readonly run = button("Run", "primary run", "Run the program");
  private readonly stop = button("Stop", "stop", "Stop the program");
  private readonly endInput = button("End input", "quiet", "Tell the program that no more input comes (Ctrl-D)");
  private readonly banner = h("p", { className: "banner", hidden: true, attributes: { role: "status" } });
  private readonly complaint = h("p", { className: "complaint", hidden: true, attributes: { role: "alert" } });
  private readonly headline = h("span", { className: "headline", attributes: { role: "status" } });
  private readonly details = h("span", { className: "details" });
  private readonly status = h("footer", { className: "status" }, h("span", { className: "dot" }), this.headline, this.details);
  private readonly editorPane = h("div", { className: "editor" });
  private readonly consolePane = h("div", { className: "console" });
  private readonly session: Session;
  private readonly connection: Connection;
  private readonly editor: Editor;
  private readonly terminal: Terminal;
  private readonly clock: number;
  private bannerDelay = 0;
  private complaintEnd = 0;
  private runShown = "";

  /** Takes the parent's place on the page. */
  constructor(
    parent: HTMLElement,
    private readonly account: Account,
    private readonly left: (message?: string) => void,
  ) {
    parent.replaceChildren(this.layout());
    const id = account.container_id;
    this.editor = new Editor(this.editorPane, savedCode(id) ?? WELCOME, {
      run: () => this.start(),
      changed: (code) => saveCode(id, code),
    });
    this.terminal = new Terminal(this.consolePane, {
      request: (request) => this.terminalAsks(request),
      draftChanged: (text) => saveDraft(id, { run: this.session.state.id, text }),
    });
    this.session = new Session({
      console: this.terminal,
      memory: runMemory(id),
      now: () => Date.now(),
      newId,
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      changed: (run, connected) => this.show(run, connected),
      complain: (message, code) => this.complain(message, code),
    });
    this.connection = new Connection(this.session);
    this.session.use(this.connection);
    this.run.addEventListener("click", () => this.start());
    this.stop.addEventListener("click", () => void this.session.stop());
    this.endInput.addEventListener("click", () => this.session.endInput());
    this.clock = window.setInterval(() => this.showStatus(this.session.state), CLOCK_MS);
    this.show(this.session.state, false);
    document.title = "PyRuntime Forge";
    this.editor.focus();
  }

  close(): void {
    clearInterval(this.clock);
    clearTimeout(this.bannerDelay);
    clearTimeout(this.complaintEnd);
    this.connection.close();
  }

  private layout(): HTMLElement {
    const logOut = button("Log out", "quiet", "Log out");
    logOut.addEventListener("click", () => this.left());
    const shortcut = h("kbd", { attributes: { "aria-hidden": "true" } }, IS_MAC ? "⌘ ↵" : "Ctrl ↵");
    this.run.setAttribute("aria-keyshortcuts", IS_MAC ? "Meta+Enter" : "Control+Enter");
    const brand = h("span", { className: "brand" }, h("img", { src: "/icon.svg", alt: "", width: 22, height: 22 }), "PyRuntime Forge");
    const who = h("span", { className: "who", title: this.account.email }, this.account.username);
    return h(
      "div",
      { className: "workbench" },
      h("header", { className: "top" }, brand, who, logOut),
      h("div", { className: "messages" }, this.banner, this.complaint),
      h(
        "main",
        { className: "panes" },
        h(
          "section",
          { className: "pane", attributes: { "aria-label": "Program" } },
          h("div", { className: "bar" }, h("h2", {}, "Program"), shortcut, this.run),
          this.editorPane,
        ),
        h(
          "section",
          { className: "pane", attributes: { "aria-label": "Console" } },
          h("div", { className: "bar" }, h("h2", {}, "Console"), this.endInput, this.stop),
          this.consolePane,
          this.status,
        ),
      ),
    );
  }

  private start(): void {
    this.session.start(this.editor.code);
    if (isActive(this.session.state)) this.terminal.focus();
  }

  private terminalAsks(request: LineRequest): void {
    if (request.kind === "line") this.session.type(`${request.text}\n`);
    if (request.kind === "interrupt") this.session.interrupt();
    if (request.kind === "end_input") this.session.endInput();
  }

  private show(run: Run, connected: boolean): void {
    const active = isActive(run);
    this.run.disabled = active || !connected;
    this.stop.disabled = !active || run.stopping || !connected;
    this.endInput.hidden = !active;
    this.endInput.disabled = run.inputClosed || !connected;
    this.terminal.setTakesInput(active && !run.inputClosed);
    if (run.phase === "running" && run.id !== this.runShown) {
      this.runShown = run.id;
      this.terminal.setDraft(this.terminal.draft || savedDraft(this.account.container_id, run.id));
    }
    this.showStatus(run);
    this.showBanner(connected);
  }

  private showStatus(run: Run): void {
    const { tone, headline, details } = describe(run, Date.now());
    this.status.dataset.tone = tone;
    this.status.dataset.phase = run.phase;
    setText(this.headline, headline);
    setText(this.details, details.join(" · "));
  }

  private showBanner(connected: boolean): void {
    if (connected) {
      clearTimeout(this.bannerDelay);
      this.bannerDelay = 0;
      this.banner.hidden = true;
    } else if (!this.bannerDelay) {
      this.bannerDelay = window.setTimeout(() => {
        this.banner.hidden = false;
        this.banner.textContent = "No connection to the server. Trying again; a running program goes on meanwhile.";
      }, BANNER_AFTER_MS);
    }
  }

  private complain(message: string, code: string): void {
    if (code === "unauthorized") return this.left(message);
    this.complaint.textContent = message;
    this.complaint.hidden = false;
    clearTimeout(this.complaintEnd);
    this.complaintEnd = window.setTimeout(() => (this.complaint.hidden = true), COMPLAINT_MS);
  }
}

function button(text: string, className: string, title: string): HTMLButtonElement {
  return h("button", { type: "button", className, title }, text);
}

/** 16 characters of [a-z0-9]. */
function newId(): string {
  const letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => letters[byte % letters.length]).join("");
}
